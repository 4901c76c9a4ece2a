"""One way to end whatever waits: a pause, a connection being made, a request under way."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tui_transfer.errors import Problem, TransferError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Cancellation:
    """Says once and for good that some work is to end. Thread-safe.

    Work that comes by again and again looks at `is_set`; work that pauses does so in `wait`; work that is
    blocked where it can look at nothing (a socket) says in `ending` what wakes it. None of them polls.

    A `scope` ends with what it is a part of, and may end on its own: so who asked for the end of everything
    is told from a part of the work that gave up.
    """

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._enders: dict[object, Callable[[], object]] = {}

    @property
    def is_set(self) -> bool:
        """Whether the work is to end."""
        return self._event.is_set()

    def check(self) -> None:
        """For work that comes by again and again.

        Raises:
            TransferError: INTERRUPTED, if the work is to end.
        """
        if self.is_set:
            raise self.error()

    @staticmethod
    def error() -> TransferError:
        """What work that was ended raises, wherever it was."""
        return TransferError(Problem.INTERRUPTED, reason="Le transfert a été arrêté")

    def cancel(self) -> None:
        """Ends the work: every `wait` returns, and everything given to `ending` is called, by this thread.

        What was given must neither block nor raise. To cancel again does nothing.
        """
        with self._lock:
            if self._event.is_set():
                return
            self._event.set()
            enders = list(self._enders.values())
            self._enders.clear()
        for ender in enders:
            ender()

    def wait(self, seconds: float) -> bool:
        """Pauses until the work is to end, at most for `seconds`; tells whether it is."""
        return self._event.wait(seconds)

    @contextmanager
    def ending(self, ender: Callable[[], object]) -> Iterator[None]:
        """While the body runs, `cancel` calls `ender`; where it was called before, that is done at once."""
        token = self._register(ender)
        try:
            yield
        finally:
            with self._lock:
                self._enders.pop(token, None)

    @contextmanager
    def scope(self) -> Iterator[Cancellation]:
        """A part of this work: it ends with the whole, and may be cancelled alone."""
        part = Cancellation()
        with self.ending(part.cancel):
            yield part

    def _register(self, ender: Callable[[], object]) -> object:
        token = object()
        with self._lock:
            if not self._event.is_set():
                self._enders[token] = ender
                return token
        ender()
        return token
