"""What a terminal shows besides its screen: its title, progress in the taskbar, a call at the end.

Control sequences, read by terminals that know them and ignored by the others: the title is xterm's OSC 2,
kept and given back by CSI 22 t and 23 t; progress is ConEmu's OSC 9;4; notifications are OSC 9 (iTerm2) and
OSC 777 (rxvt), besides the bell, which every terminal knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui_transfer import french

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NAME: Final = "Impact emploi"
_SILENT: Final = ("linux", "dumb", "vt")
"""Beginnings of TERM of terminals that would print a sequence they do not know."""
_MULTIPLEXERS: Final = ("tmux", "screen")
"""These keep a title for themselves, and pass on nothing else but the bell."""


class Announcer:
    """Speaks to the terminal around the screen.

    Args:
        write: sends text to the terminal; None where there is none.
        environment: tells which terminal it is.
        notify: whether the end of a transfer is announced.
    """

    def __init__(
        self, write: Callable[[str], object] | None, environment: Mapping[str, str], *, notify: bool = True
    ) -> None:
        term = environment.get("TERM", "")
        self._write = None if term.startswith(_SILENT) else write
        self._bell = write
        self._alone = not (term.startswith(_MULTIPLEXERS) or environment.get("TMUX"))
        self._shown: int | None = None
        self.notify = notify
        self.show_notice: Callable[[str, str], object] = lambda title, text: None
        """Shows one on the desktop, where the person sits at it; neither waits nor raises."""

    def open(self) -> None:
        """Keeps the terminal's title, and gives it the program's."""
        self._send("\x1b[22;0t" + _title(NAME))

    def close(self) -> None:
        """Gives the title back, and ends what is shown in the taskbar."""
        self.progress(None)
        self._send("\x1b[23;0t")

    def progress(self, fraction: float | None) -> None:
        """Shows how far a transfer is, from 0 to 1; None where none is followed."""
        percent = None if fraction is None else int(fraction * 100)
        if percent == self._shown:
            return
        self._shown = percent
        title = NAME if percent is None else f"{french.percent(percent / 100)} – {NAME}"
        self._send(_title(title))
        if self._alone:
            self._send("\x1b]9;4;0\x07" if percent is None else f"\x1b]9;4;1;{percent}\x07")

    def call(self, text: str, whose: str) -> None:
        """Calls the person who went to do something else, unless that was turned off.

        Args:
            text: what is the matter.
            whose: the association whose transfer it is.
        """
        if not self.notify:
            return
        self.show_notice(f"{whose} – {NAME}", text)
        if self._bell is not None:
            self._bell("\x07")
        if self._alone:
            clean = "".join(char for char in text if char.isprintable()).replace(";", ",")
            self._send(f"\x1b]9;{clean}\x07\x1b]777;notify;{NAME};{clean}\x07")

    def _send(self, sequence: str) -> None:
        if self._write is not None:
            self._write(sequence)


def _title(text: str) -> str:
    return f"\x1b]2;{text}\x07"
