"""Standard output and error through which no words of others command the terminal."""

from __future__ import annotations

import codecs
import contextlib
import errno
import os
import sys
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any, Final, cast

from tui_transfer.errors import harmless_lines
from tui_transfer.system.signs import STAND_IN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

_LEFT: Final = frozenset({errno.EINVAL} if sys.platform == "win32" else ())
"""What writing to a pipe that nobody reads meets, besides what every system says."""


@contextlib.contextmanager
def reader_left_told() -> Iterator[None]:
    """While the body writes to a pipe, that nobody reads it any more is a `BrokenPipeError` on every system.

    Windows calls it an invalid argument, which writing to a pipe meets there for no other reason.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _LEFT:
            raise
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE)) from error


@contextlib.contextmanager
def unless_left() -> Iterator[None]:
    """What the body writes to a pipe is for whoever still reads it."""
    with contextlib.suppress(BrokenPipeError), reader_left_told():
        yield


class HarmlessStream:
    """Writes text to `stream` as `harmless_lines`. It is no terminal: nobody is to send colours there."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Writes `text`; its ends of lines and tabulators are the writer's own."""
        with reader_left_told():
            self._stream.write(harmless_lines(text))
        return len(text)

    def flush(self) -> None:
        """Sends what was written."""
        with reader_left_told():
            self._stream.flush()

    def isatty(self) -> bool:
        """Says that it is not: `sys.__stdout__` tells what is behind it."""
        return False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def keep_streams_harmless() -> None:
    """Has all that this process prints go through `HarmlessStream`, and no letter end it.

    Where the encoding lacks a sign, a typographic apostrophe for instance, another stands for it.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, TextIOWrapper):
            if codecs.lookup(stream.encoding).name == "ascii":
                stream.reconfigure(encoding="utf-8")  # as click would, past us
            stream.reconfigure(errors=STAND_IN)
            setattr(sys, name, cast("TextIO", HarmlessStream(stream)))
