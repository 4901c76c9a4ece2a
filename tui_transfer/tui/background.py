"""Work that would make the screen wait, done beside it."""

from __future__ import annotations

import contextlib
import threading
import traceback
from typing import TYPE_CHECKING, Final, TypeVar

from tui_transfer.errors import Problem, TransferError

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.message_pump import MessagePump

T = TypeVar("T")
THREAD_NAME: Final = "beside the screen"


def in_background(
    owner: MessagePump, work: Callable[[], T], then: Callable[[T | TransferError], object]
) -> None:
    """Does `work` in a thread and hands its result, or its failure, to `then` on the UI's own thread.

    The thread is a daemon: unlike a Textual thread worker, it does not hold up quitting. If `owner` was
    closed meanwhile, the result is dropped.
    """

    def run() -> None:
        result: T | TransferError
        try:
            result = work()
        except TransferError as error:
            result = error
        except Exception as error:
            reason = "".join(traceback.format_exception_only(error)).strip()
            result = TransferError(Problem.UNEXPECTED, reason=reason, log="—")
        # The loop may have ended with the program: nobody waits for the result then.
        with contextlib.suppress(RuntimeError):
            owner.call_later(then, result)

    threading.Thread(target=run, name=THREAD_NAME, daemon=True).start()
