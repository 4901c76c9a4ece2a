"""The Escape key at any speed: typed with another key, both are heard.

A terminal sends the same byte for the Escape key and for the beginning of an arrow or function key. Textual
takes whatever comes within a tenth of a second after it for one sequence, so that Escape and a letter become
« Alt and the letter », and Escape and Enter become Enter alone: who meant to refuse would have agreed. Yet
what begins a sequence is told by the next character, and nothing here is done with Alt.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Final

from textual._xterm_parser import XTermParser

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.message import Message

_ESCAPE: Final = "\x1b"
_NO_SEQUENCE: Final = r"[^\x1b\[O\]P_^]"
"""What follows Escape in no sequence of a terminal: they begin with CSI, SS3, OSC, DCS, APC or PM."""
_BETWEEN: Final = re.compile(rf"(?<=\x1b)(?={_NO_SEQUENCE})")


class EscapeParser(XTermParser):
    """Lets an Escape stand for itself as soon as what follows cannot belong to it."""

    def __init__(self, debug: bool = False) -> None:
        super().__init__(debug)
        self._is_open = False
        """Whether the last that came was an Escape, of which more may come."""

    def feed(self, data: str) -> Iterable[Message]:
        """Gives the events that `data` completes."""
        if self._is_open and re.match(_NO_SEQUENCE, data):
            yield from self._end_escape()
        *escapes, last = _BETWEEN.split(data)
        for part in escapes:
            yield from super().feed(part)
            yield from self._end_escape()
        yield from super().feed(last)
        self._is_open = data.endswith(_ESCAPE)

    def _end_escape(self) -> Iterable[Message]:
        """Does at once what Textual does a tenth of a second later. No public name sets the time."""
        if self._timeout_time is not None:
            self._timeout_time = 0.0
        yield from self.tick()


def hear_every_escape() -> None:
    """Lets Textual's drivers use it, as far as they are loaded: they offer no way to give them a parser."""
    for name in ("textual.drivers.linux_driver", "textual.drivers.win32"):
        if (driver := sys.modules.get(name)) is not None:
            vars(driver)["XTermParser"] = EscapeParser
