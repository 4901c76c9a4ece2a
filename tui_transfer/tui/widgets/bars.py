"""The lines that are the same on every screen: title, notice and keys."""

from __future__ import annotations

from typing import Final

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Static

from tui_transfer.tui.keys import binding_keys, own_bindings
from tui_transfer.tui.widgets.prose import Prose

MOST_KEYS: Final = 6


class TopBar(Widget):
    """Where one is, and for whom."""

    manager: reactive[str] = reactive("")

    def __init__(self, trail: str, manager: str) -> None:
        super().__init__()
        self._trail = trail
        self.set_reactive(TopBar.manager, manager)

    def render(self) -> Content:
        """Trail on the left, manager on the right as far as there is room."""
        left = Content.assemble(("Impact emploi", "bold $primary"), ("  ", ""), self._trail)
        room = self.content_size.width - left.cell_length - 2
        right = Content.styled(self.manager, "$muted").truncate(max(0, room), ellipsis=True)
        gap = " " * max(2, self.content_size.width - left.cell_length - right.cell_length)
        return Content.assemble(left, gap, right)


class Notice(Prose):
    """Says what has just happened; empty most of the time, longer than a line where a path is long."""

    SIGNS: Final = {"info": "›", "success": "✓", "warning": "!", "error": "✗"}

    def say(self, text: str, kind: str = "info") -> None:
        """Replaces the line. `kind` is one of `SIGNS`; an empty text clears it."""
        self.set_classes(f"-{kind}")
        self.update(f"{self.SIGNS[kind]} {text}" if text else "")


class KeyBar(Static):
    """The keys that no button shows, six at most, then help."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._in_field = False
        self._remark = ""

    def on_mount(self) -> None:
        """Nothing is focused yet."""
        self._show()

    def show(self, *, in_field: bool) -> None:
        """The keys of a screen never change, but a field takes « ? » as a letter."""
        self._in_field = in_field
        self._show()

    def remark(self, text: str) -> None:
        """Says something about a key, before the keys that there are."""
        self._remark = text
        self._show()

    def _show(self) -> None:
        keys: list[Content] = [
            Content.assemble((binding_keys(binding), "bold $primary"), f" {binding.description}")
            for binding in own_bindings(type(self.screen))
            if binding.show
        ][:MOST_KEYS]
        help_ = Content.assemble(("F1" if self._in_field else "?", "bold $primary"), " Aide")
        # With a remark there may not be room for all: the help knows them.
        told = Content.styled(f"! {self._remark}", "bold $warning")
        content = Content("   ").join([told, help_, *keys] if self._remark else [*keys, help_])
        if self.content != content:
            self.update(content)


class TooSmall(Static):
    """What is seen instead of everything else where nothing fits."""

    def __init__(self) -> None:
        super().__init__(
            Content(
                "Cette fenêtre est trop petite.\n\n"
                "Agrandissez-la : il faut au moins 60 colonnes et 20 lignes."
            )
        )
