"""Fields for as many words as there are, one a line: the last line is empty, and adds one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from textual import on
from textual.containers import Vertical
from textual.widgets import Input

from tui_transfer.tui.widgets.field import FormInput, QuietInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.app import ComposeResult

_BETWEEN: Final = re.compile(r"[,;\s]+")


class ListInput(Vertical):
    """Adds a line once the last is typed into, and takes away one that is left empty.

    Args:
        value: the words, with commas between them.
        id: its name; that of a line has a number, too.
        placeholder: what the last line says.
    """

    def __init__(self, value: str, *, id: str, placeholder: str = "") -> None:
        super().__init__(id=id)
        self._placeholder = placeholder
        self._made = 0
        """How many lines there were so far: a name is never given twice."""
        self._first = _words(value)

    def compose(self) -> ComposeResult:
        """A line for each, and the one that adds."""
        for word in [*self._first, ""]:
            yield self._line(word)

    @property
    def lines(self) -> list[QuietInput]:
        """The fields, from top to bottom."""
        return [line for line in self.query(QuietInput) if line.is_attached]

    @property
    def value(self) -> str:
        """The words, with commas between them."""
        return ", ".join(word for line in self.lines for word in _words(line.value))

    @value.setter
    def value(self, value: str) -> None:
        self._show([*_words(value), ""])

    def line_of(self, word: str) -> QuietInput:
        """The field that has this word; the first one where none has."""
        lines = self.lines
        return next((line for line in lines if word in _words(line.value)), lines[0])

    def _line(self, word: str) -> QuietInput:
        self._made += 1
        return _Line(word, id=f"{self.id}-{self._made}", placeholder="" if word else self._placeholder)

    def _show(self, words: Sequence[str]) -> None:
        lines = self.lines
        for line, word in zip(lines, words, strict=False):
            line.value, line.placeholder = word, "" if word else self._placeholder
        for line in lines[len(words) :]:
            line.remove()
        if more := words[len(lines) :]:
            self.mount(*map(self._line, more))

    @on(Input.Changed)
    def _edited(self, event: Input.Changed) -> None:
        given = _words(event.value)
        if len(given) > 1:  # several at once, as they are pasted
            self._show([*_words(self.value), ""])
            self.call_after_refresh(self._go_on_after, given[-1])
        elif (last := self.lines[-1]).value.strip():
            last.placeholder = ""
            self.mount(self._line(""))

    def _go_on_after(self, word: str) -> None:
        line = self.line_of(word)
        self.screen.set_focus(line)
        line.cursor_position = len(line.value)

    @on(Input.Blurred)
    def _left(self, event: Input.Blurred) -> None:
        """A line that was emptied goes, unless it is the one that adds."""
        if event.input in self.lines[:-1] and not event.value.strip():
            event.input.remove()


class _Line(FormInput):
    """One line, into which several may be pasted."""

    def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()  # of the lines, that would take the first alone
        self.replace(" ".join(event.text.split()), *self.selection)


def _words(text: str) -> list[str]:
    return [word for word in _BETWEEN.split(text) if word]
