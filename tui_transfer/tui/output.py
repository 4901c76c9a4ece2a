"""An output that outlives its terminal.

Textual writes from a thread, fed by a queue of limited length. When the terminal closes, a write fails and
that thread dies; the queue fills, and the program waits for room in it for ever, seen by nobody and still
holding the passwords it was given. With an output whose writes never fail, that cannot happen.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterator


class LastingOutput:
    """Writes to `stream` for as long as there is a terminal behind it, and then to nowhere."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Writes `text`, or drops it."""
        try:
            return self._stream.write(text)
        except OSError:
            return len(text)

    def flush(self) -> None:
        """Sends what was written, or drops it."""
        try:
            self._stream.flush()
        except OSError:
            return

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def lasting_output() -> Iterator[None]:
    """Lets Textual, which draws on `sys.__stderr__`, draw on an output that outlives the terminal."""
    original = sys.__stderr__
    if original is None:
        yield
        return
    sys.__stderr__ = cast("Any", LastingOutput(original))  # type: ignore[misc]
    try:
        yield
    finally:
        sys.__stderr__ = original  # type: ignore[misc]
