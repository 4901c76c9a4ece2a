"""Every key as the person meant it, whatever the terminal makes of it.

**Escape at any speed.** A terminal sends the same byte for the Escape key and for the beginning of an arrow
or function key. Textual takes whatever comes within a tenth of a second after it for one sequence, so that
Escape and a letter become « Alt and the letter », and Escape and Enter become Enter alone: who meant to
refuse would have agreed. Yet what begins a sequence is told by the next character, and nothing here is done
with Alt. A capital O or P may begin one: where nothing follows in time, it was Escape and the letter.

**A key that nobody knows** comes as a sequence that Textual gives out letter by letter, each of which would
do something. Here it is one key, that does nothing.

**Characters of AltGr.** Textual asks the terminal for kitty's keyboard protocol. Windows Terminal then sends
AltGr and « à » as « Alt and à », and the « @ » that was meant is lost. Nothing here needs that protocol, so
it is turned off again (`PLAIN_KEYS`); what came before that is understood all the same.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Final

from textual import events
from textual._xterm_parser import XTermParser

from tui_transfer.tui.keyboard import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from textual.message import Message

_ESCAPE: Final = "\x1b"
_NO_SEQUENCE: Final = r"[^\x1b\[O\]P_^]"
"""What follows Escape in no sequence of a terminal: they begin with CSI, SS3, OSC, DCS, APC or PM."""
_BETWEEN: Final = re.compile(rf"(?<=\x1b)(?={_NO_SEQUENCE})")
_REPORT: Final = r"<|\?|M|[\d;]+R$|200~|201~|[IO]$"
"""What comes after CSI where the terminal speaks: of the mouse, its modes and cursor, a paste, the focus."""
_KEY: Final = re.compile(rf"\x1b\[(?!{_REPORT})[0-?]*[ -/]*[@-~]")
PLAIN_KEYS: Final = "\x1b[=0u"
"""Asks the terminal to send keys as it always did. Those that know no other way ignore it."""


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
            yield from _apart(super().feed(part))
            yield from self._end_escape()
        yield from _apart(super().feed(last))
        self._is_open = data.endswith(_ESCAPE)

    def tick(self) -> Iterable[Message]:
        """Gives what time completes."""
        return _apart(super().tick())

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[events.Key]:
        """A whole sequence that is no key that Textual knows is one key all the same."""
        known = list(super()._sequence_to_key_events(sequence, alt))
        is_whole = _KEY.fullmatch(sequence) is not None
        # A function key has a number there, which Textual takes for that of a letter.
        is_no_letter = sequence.endswith("~") and any(len(event.key) == 1 for event in known)
        return [events.Key(UNKNOWN, None)] if is_whole and (is_no_letter or not known) else known

    def _end_escape(self) -> Iterable[Message]:
        """Does at once what Textual does a tenth of a second later. No public name sets the time."""
        if self._timeout_time is not None:
            self._timeout_time = 0.0
        yield from self.tick()


def _apart(messages: Iterable[Message]) -> Iterator[Message]:
    """« Alt and a letter » is Escape, then the letter."""
    for message in messages:
        if isinstance(message, events.Key) and message.key.startswith("alt+") and message.is_printable:
            yield events.Key("escape", _ESCAPE)
            yield events.Key(message.character or "", message.character)
        else:
            yield message


def hear_every_escape() -> None:
    """Lets Textual's drivers use it, as far as they are loaded: they offer no way to give them a parser."""
    for name in ("textual.drivers.linux_driver", "textual.drivers.win32"):
        if (driver := sys.modules.get(name)) is not None:
            vars(driver)["XTermParser"] = EscapeParser
