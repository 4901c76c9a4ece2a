"""A person who attends a worker: the line on which a view answers what the Sharebox asks.

It is the standard input of the worker, after its orders. Answers are secrets, so they go nowhere else. Who
merely follows the journal has no such line, and it is gone once the view that started the worker has ended.
"""

from __future__ import annotations

import contextlib
import threading
from typing import IO, TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence


class Answers(msgspec.Struct, frozen=True):
    """What a person answers to the question of that number; None where they would rather not."""

    number: int
    answers: list[str] | None

    def __repr__(self) -> str:
        """Never says what was answered."""
        return f"Answers({self.number})"


class Attendance:
    """A view's end of the line. Thread-safe. Without a worker it is closed."""

    def __init__(self) -> None:
        self._stream: IO[bytes] | None = None
        self._lock = threading.Lock()

    @property
    def is_open(self) -> bool:
        """Whether a worker that was started with it may hear an answer."""
        return self._stream is not None

    def attach(self, stream: IO[bytes]) -> None:
        """Takes over a worker's standard input; that of an earlier worker is closed."""
        self.close()
        with self._lock:
            self._stream = stream

    def answer(self, number: int, answers: Sequence[str] | None) -> None:
        """Answers a question, prompt by prompt; nothing happens where the worker has ended."""
        line = msgspec.json.encode(Answers(number, None if answers is None else list(answers))) + b"\n"
        with self._lock, contextlib.suppress(OSError):
            if self._stream is not None:
                self._stream.write(line)
                self._stream.flush()

    def close(self) -> None:
        """From now on nobody attends: the worker is told so, and goes on as long as nothing is asked."""
        with self._lock, contextlib.suppress(OSError):
            if self._stream is not None:
                stream, self._stream = self._stream, None
                stream.close()
