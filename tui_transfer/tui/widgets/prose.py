"""Running text with French typography: no line begins with « : », « ; » or « » », nor parts « 14 h 05 »."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tui_transfer.french import typeset

if TYPE_CHECKING:
    from collections.abc import Iterator

    from textual.geometry import Size


def wrap(content: Content, width: int) -> Content:
    """Breaks lines at plain spaces only; Textual's own wrapping also breaks at no-break spaces.

    A word longer than a line, as paths are, is cut where the line ends.
    """
    text = typeset(content.plain)
    content = Content(text, list(content.spans))
    lines = []
    for start, end in _paragraphs(text):
        while end - start > width:
            space = text.rfind(" ", start + 1, start + width + 1)
            stop = space if space > start else start + width
            lines.append(content[start:stop])
            start = stop + 1 if stop == space else stop
        lines.append(content[start:end])
    return Content("\n").join(lines)


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for line in text.split("\n"):
        yield start, start + len(line)
        start += len(line) + 1


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
