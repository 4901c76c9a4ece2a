"""Waits for what nothing can wake, and stops waiting when nobody wants it any more."""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import CancelledError, Future, InvalidStateError
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_transfer.system.cancellation import Cancellation

T = TypeVar("T")


def result_of(
    work: Callable[[], T],
    cancellation: Cancellation,
    discard: Callable[[T], object] = lambda _: None,
    *,
    seconds: float | None = None,
) -> T:
    """Does `work` in a thread of its own, and gives what it gives.

    This is for work that is blocked where no other thread can wake it on every system: in the resolver, in a
    `connect`, in a `recv`. Once nobody waits for it, it goes on to its own end, and nobody hears of that: so
    it must end some day, and a daemon thread does it.

    Args:
        work: what to do.
        cancellation: ends the wait.
        discard: is given, by that thread, a result that came too late, such as a connection to close.
        seconds: to wait at most; None for as long as it takes.

    Raises:
        TransferError: INTERRUPTED.
        TimeoutError: it takes longer.
        BaseException: what `work` raises.
    """
    cancellation.check()
    future: Future[T] = Future()

    def run() -> None:
        try:
            result = work()
        except BaseException as error:  # handed over whole to whoever waits, if somebody does
            with contextlib.suppress(InvalidStateError):
                future.set_exception(error)
            return
        try:
            future.set_result(result)
        except InvalidStateError:
            discard(result)

    with cancellation.ending(future.cancel):
        threading.Thread(target=run, name="awaited", daemon=True).start()
        try:
            return future.result(seconds)
        except CancelledError:
            raise cancellation.error() from None
        except TimeoutError:
            if future.cancel():
                raise
            return future.result()  # it came, or failed, just now
