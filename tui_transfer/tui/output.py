"""An output that outlives its terminal, and writes only what the terminal can show.

Textual writes from a thread, fed by a queue of limited length. When the terminal closes, a write fails and
that thread dies; the queue fills, and the program waits for room in it for ever, seen by nobody and still
holding the passwords it was given. With an output whose writes never fail, that cannot happen.

Signs and frames are those of UTF-8. Where the terminal's encoding lacks one, or the font of the Linux
console does, another sign of the same width takes its place here, and nowhere else.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TextIO

from tui_transfer.system.signs import stand_in
from tui_transfer.system.terminal import SCREEN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ON_THE_CONSOLE: Final = dict(zip("╭╮╰╯✓✗▸↻›\u202f", "┌┐└┘vx>@> ", strict=True))
"""What the usual fonts of the Linux console lack, and what they have instead."""


class LastingOutput:
    """Writes to `stream` for as long as there is a terminal behind it, and then to nowhere.

    Args:
        stream: the terminal.
        console: whether it is the Linux console, whose fonts lack some signs.
    """

    def __init__(self, stream: TextIO, *, console: bool = False) -> None:
        self._stream = stream
        encoding = stream.encoding or "utf-8"

        @lru_cache(maxsize=1024)
        def shown(sign: str) -> str:
            return _shown(sign, encoding, console=console)

        self._shown = shown

    def write(self, text: str) -> int:
        """Writes `text`, or drops it."""
        if not text.isascii():
            text = "".join(map(self._shown, text))
        try:
            return self._stream.write(text)
        except OSError:
            return len(text)

    def write_now(self, text: str) -> None:
        """Writes `text` between two pieces of the screen."""
        self.write(text)
        self.flush()

    def flush(self) -> None:
        """Sends what was written, or drops it."""
        try:
            self._stream.flush()
        except OSError:
            return

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _shown(sign: str, encoding: str, *, console: bool) -> str:
    """`sign`, or what stands for it where it cannot be written or seen."""
    if console:
        sign = _ON_THE_CONSOLE.get(sign, sign)
    try:
        sign.encode(encoding)
    except UnicodeEncodeError:
        return stand_in(sign)
    return sign


@contextmanager
def lasting_output(environment: Mapping[str, str]) -> Iterator[LastingOutput | None]:
    """Lets Textual, which draws on a stream of `sys`, draw on an output that outlives the terminal."""
    original = getattr(sys, SCREEN)
    if original is None:
        yield None
        return
    output = LastingOutput(original, console=environment.get("TERM") == "linux")
    setattr(sys, SCREEN, output)
    try:
        yield output
    finally:
        setattr(sys, SCREEN, original)
