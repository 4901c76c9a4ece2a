"""« Guide »: the procedure in ten pages, beside their titles where there is room for both."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui_transfer.guide.pages import Heading, Item, Paragraph, Picture, guide_pages
from tui_transfer.tui.screens.page import Page
from tui_transfer.tui.widgets.actions import FIELD
from tui_transfer.tui.widgets.lists import EndedList
from tui_transfer.tui.widgets.prose import Prose

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from textual import events
    from textual.widget import Widget

    from tui_transfer.guide.pages import Block

_BOTH: Final = 108
"""Columns from which titles and a page stand side by side."""


class GuidePage(Page):
    """The titles, and the page that is read."""

    TRAIL = "Guide"
    HELP = (
        "Choisissez une page avec ↑ et ↓, ouvrez-la avec Entrée. Dans une page, ↑ et ↓ la font défiler, ← et "
        "→ mènent à la page d’avant et à celle d’après, Échap revient aux titres. Le même guide s’affiche en "
        "texte par la commande « tui-transfer guide »."
    )
    CSS_PATH = "guide.tcss"
    AUTO_FOCUS = "#titles"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,down", "none", "Choisir, lire", key_display="↑ ↓",
                tooltip="Choisir une page, ou la lire"),
        Binding("left", "turn(-1)", "Page d’avant", key_display="←", tooltip="Lire la page d’avant"),
        Binding("right", "turn(1)", "Page d’après", key_display="→", tooltip="Lire la page d’après"),
        Binding("escape", "back", "Retour", tooltip="Revenir aux titres, puis à l’écran précédent"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self._shown: int | None = None
        """The number of the page whose text is there."""

    def body(self) -> Iterable[Widget]:
        """Titles on the left, text on the right; in a narrow window one after the other."""
        titles = EndedList(
            *(Option(Content(f"{page.number:>2}  {page.title}")) for page in guide_pages()),
            id="titles",
            classes=f"panel {FIELD}",
            markup=False,
        )
        titles.border_title = "Guide"
        yield Horizontal(titles, VerticalScroll(id="page", can_focus=True), id="columns")

    def on_resize(self, event: events.Resize) -> None:
        """Which of the two there is room for."""
        super().on_resize(event)
        self.set_class(event.size.width >= _BOTH, "-both")

    @property
    def _has_both(self) -> bool:
        return self.has_class("-both")

    @property
    def _is_reading(self) -> bool:
        return self.has_class("-reading")

    # ── Choosing ──────────────────────────────────────────────

    @on(OptionList.OptionHighlighted)
    async def _title_chosen(self, event: OptionList.OptionHighlighted) -> None:
        await self._show(event.option_index + 1)

    @on(OptionList.OptionSelected)
    async def _title_opened(self, event: OptionList.OptionSelected) -> None:
        await self._read(event.option_index + 1)

    async def action_turn(self, step: int) -> None:
        """Goes to the page before or after; from the titles, to the one that is chosen."""
        chosen = (self.query_one("#titles", OptionList).highlighted or 0) + 1
        wanted = chosen + step if self._is_reading else chosen
        if not self._is_reading and step < 0:
            return
        if 1 <= wanted <= len(guide_pages()):
            await self._read(wanted)
        else:
            self.say("C’est la première page." if step < 0 else "C’est la dernière page.")

    async def _read(self, number: int) -> None:
        self.say("")
        self.add_class("-reading")
        self.query_one("#titles", OptionList).highlighted = number - 1
        await self._show(number)
        text = self.query_one("#page", VerticalScroll)
        text.scroll_home(animate=False)
        self.set_focus(text)

    def action_back(self) -> None:
        """From a page to the titles, and from these to where one was."""
        if self._is_reading:
            self.remove_class("-reading")
            self.set_focus(self.query_one("#titles"))
        else:
            super().action_back()

    def action_none(self) -> None:
        """Titles and text see to these keys themselves."""

    # ── Showing ───────────────────────────────────────────────

    async def _show(self, number: int) -> None:
        if self._shown == number:
            return
        self._shown = number
        page = guide_pages()[number - 1]
        text = self.query_one("#page", VerticalScroll)
        async with text.batch():
            await text.remove_children()
            if not text.is_attached:  # the program was left meanwhile
                return
            await text.mount(
                Static(f"{page.number}. {page.title}", classes="title", markup=False),
                *_text(page.blocks),
            )


def _text(blocks: Sequence[Block]) -> Iterable[Widget]:
    for block, following in zip(blocks, (*blocks[1:], None), strict=True):
        for widget in _widgets(block):
            # The items of a list stand together.
            widget.set_class(isinstance(block, Item) and isinstance(following, Item), "-goes-on")
            yield widget


def _widgets(block: Block) -> Iterable[Widget]:
    match block:
        case Heading(text):
            yield Static(text, classes="heading", markup=False)
        case Paragraph(text):
            yield Prose(text, classes="text")
        case Item(marker, text):
            yield Horizontal(Static(marker, classes="marker", markup=False), Prose(text), classes="item")
        case Picture(_, caption):
            yield Static("\n".join(block.lines), classes="picture", markup=False)
            yield Prose(caption, classes="caption")
