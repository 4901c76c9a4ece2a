"""A gauge made of text, legible without colour and in any font."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.containers import Horizontal
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tui_transfer import french

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult

# Both are in every terminal font, the Linux console's and PuTTY's included.
FULL: Final = "■"
EMPTY: Final = "·"
_PIECES: Final = 8
_PERCENT_WIDTH: Final = 7


def gauge(fraction: float, width: int) -> Content:
    """`fraction` from 0 to 1 as a bar of `width` cells; full only when all is done."""
    filled = width if fraction >= 1 else min(width - 1, int(fraction * width))
    return Content.assemble((FULL * filled, "$primary"), (EMPTY * (width - filled), "$muted"))


class Gauge(Horizontal):
    """A bar as wide as its place, and the percentage.

    Textual draws a widget's line whole, which twice a second over an SSH connection would be most of what is
    sent; the bar is therefore made of pieces, of which one or two move at a time.
    """

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._fraction = 0.0

    def compose(self) -> ComposeResult:
        """The pieces, then the percentage."""
        for _ in range(_PIECES):
            yield _Piece()
        yield _Piece(classes="percent")

    def show(self, fraction: float) -> None:
        """Moves to `fraction`, from 0 to 1."""
        self._fraction = fraction
        *pieces, percent = self.query(_Piece)
        percent.content = Content.styled(french.percent(fraction).rjust(_PERCENT_WIDTH), "bold")
        bar = gauge(fraction, sum(piece.size.width for piece in pieces))
        for piece in pieces:
            piece.content, bar = bar[: piece.size.width], bar[piece.size.width :]

    def on_resize(self, event: events.Resize) -> None:
        """The pieces have other widths, once they are laid out."""
        self.call_after_refresh(lambda: self.show(self._fraction))


class _Piece(Widget):
    """Some cells, drawn again only when they change."""

    content: reactive[Content] = reactive(Content(""))

    def render(self) -> Content:
        return self.content
