"""A person who plays a scenario: reads the screen, does what it says, and keeps a picture of each step."""

from __future__ import annotations

import io
import re
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.text import Text

from tests.procedure.terminal import words_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.procedure.terminal import Terminal

_KEYS: Final = {
    "Échap": "Escape",
    "Entrée": "Enter",
    "Suppr": "Delete",
    "Espace": "Space",
    "→": "Right",
}
"""Keys as the screens write them, and as tmux names them; a letter is its own name."""
_TOO_EARLY: Final = "tapée avant que l’écran s’affiche"
_PAUSE: Final = 1.5
"""Seconds for somebody who watches to see what is about to be done."""


@dataclass
class Player:
    """Whoever sits at the terminal. No key of a screen is known here: it is read beside its label.

    Attributes:
        terminal: what is read and typed into.
        pictures: where each step is kept, as SVG and as text; None for nowhere.
        slow: for somebody who watches.
        keys: how many keys were pressed.
        typed: how many characters were typed into fields, or pasted.
    """

    terminal: Terminal
    pictures: Path | None = None
    slow: bool = False
    keys: int = 0
    typed: int = 0
    steps: list[str] = field(default_factory=list)

    def see(self, name: str, *words: str, limit: float = 60) -> None:
        """Waits until `words` are on the screen, and keeps a picture of it under `name`."""
        self.terminal.wait_for(*words, limit=limit)
        self.steps.append(name)
        if self.pictures is not None:
            self.pictures.mkdir(parents=True, exist_ok=True)
            file = self.pictures / f"{len(self.steps):02d}-{name}"
            file.with_suffix(".txt").write_text(self.terminal.screen(), "utf-8")
            file.with_suffix(".svg").write_text(_drawn(self.terminal.styled(), name), "utf-8")
        if self.slow:
            time.sleep(_PAUSE)

    def choose(self, label: str) -> None:
        """Does what a button or an entry says, by the key that stands before it."""
        self.do(self._key_of(label))

    def do(self, key: str) -> None:
        """Presses a key that does something; once more where the screen says that it came too early: this is
        quicker than any person.
        """
        while True:
            before = self.terminal.screen()
            self.press(key)
            self.terminal.waits(partial(self._has_changed, before), limit=5)
            if not self.terminal.waits(self._came_too_early, limit=1):
                return

    def _came_too_early(self) -> bool:
        return _TOO_EARLY in words_of(self.terminal.screen())

    def _has_changed(self, before: str) -> bool:
        return self.terminal.screen() != before

    def answer(self, label: str, *asked: str, limit: float = 60) -> None:
        """The same in answer to a question, until that is gone."""
        self.terminal.wait_for(*asked, label, limit=limit)
        self._pause()
        self.keys += 1
        self.terminal.answer(self._key_of(label), *asked, limit=limit)

    def press(self, *keys: str) -> None:
        """Presses keys, named as tmux does."""
        for key in keys:
            self._pause()
            self.keys += 1
            self.terminal.press(key)

    def type(self, text: str) -> None:
        """Types or pastes a text."""
        self._pause()
        self.typed += len(text)
        self.terminal.type(text)

    def fill(self, text: str) -> None:
        """Types a text into a field and goes to the next."""
        self._pause()
        self.typed += len(text)
        self.keys += 1
        self.terminal.fill(text)

    def _key_of(self, label: str) -> str:
        self.terminal.wait_until(lambda text: bool(_keys_before(label, text)), f"a key for « {label} »")
        return _keys_before(label, words_of(self.terminal.screen()))[0]

    def _pause(self) -> None:
        if self.slow:
            time.sleep(_PAUSE / 2)


def _keys_before(label: str, text: str) -> list[str]:
    """The keys that stand before a label, as tmux names them."""
    found = re.findall(rf"(\S+) {re.escape(label)}(?!\w)", text)
    letters = [key.lower() for key in found if len(key) == 1 and (key.isupper() or key.isdigit())]
    return letters + [_KEYS[key] for key in found if key in _KEYS]


def _drawn(styled: str, title: str) -> str:
    """A screen with its colours as SVG."""
    console = Console(width=80, record=True, file=io.StringIO(), force_terminal=True, legacy_windows=False)
    console.print(Text.from_ansi(styled), no_wrap=True, crop=False)
    return console.export_svg(title=title)
