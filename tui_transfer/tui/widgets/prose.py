"""Running text with French typography: no line begins with « : », « ; » or « » », nor parts « 14 h 05 »."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tui_transfer.french import NO_BREAK

if TYPE_CHECKING:
    from textual.geometry import Size

_BEFORE_SIGN = re.compile(r" (?=[:;!?»])|(?<=«) ")


def typeset(text: str) -> str:
    """The same text, of the same length, with no-break spaces where French wants them."""
    return _BEFORE_SIGN.sub(NO_BREAK, text)


def wrap(content: Content, width: int) -> Content:
    """Breaks lines at plain spaces only; Textual's own wrapping also breaks at no-break spaces.

    A space becomes a line break, so that the styles keep their places.
    """
    letters = list(typeset(content.plain))
    start = last_space = -1
    for index, letter in enumerate(letters):
        if letter == "\n":
            start, last_space = index, -1
        elif index - start > width and last_space > start:
            letters[last_space] = "\n"
            start = last_space
        if letter == " ":
            last_space = index
    return Content("".join(letters), list(content.spans))


class Prose(Widget):
    """A paragraph, or several; markup is not interpreted."""

    text: reactive[Content] = reactive(Content(""), layout=True, always_update=False)

    def __init__(self, text: str | Content = "", *, id: str | None = None, classes: str = "") -> None:
        super().__init__(id=id, classes=classes)
        self.set_reactive(Prose.text, Content(text) if isinstance(text, str) else text)

    def update(self, text: str | Content) -> None:
        """Replaces the text, if it differs."""
        self.text = Content(text) if isinstance(text, str) else text

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as the text takes at that width."""
        return wrap(self.text, width).plain.count("\n") + 1 if self.text.plain else 0

    def render(self) -> Content:
        """The text, wrapped."""
        return wrap(self.text, max(1, self.content_size.width))
