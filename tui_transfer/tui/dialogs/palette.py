"""The command palette: what can be done here, found by typing a part of its name."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from tui_transfer.tui.dialogs.dialog import Dialog
from tui_transfer.tui.keys import binding_keys, own_bindings
from tui_transfer.tui.widgets.actions import Action
from tui_transfer.tui.widgets.field import QuietInput
from tui_transfer.tui.widgets.lists import EndedList

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual import events
    from textual.screen import Screen
    from textual.widget import Widget

_HIDDEN = frozenset({"none", "palette", "help"})
_GAP = 2


@dataclass(frozen=True)
class Command:
    """An action of the screen below, as its binding tells it."""

    action: str
    keys: str
    meaning: str


class PaletteDialog(Dialog[str | None]):
    """Gives the action that was chosen, or None.

    It is made from the bindings of the screen below, so that it cannot be out of date.
    """

    CSS_PATH = "palette.tcss"
    ASKS = False
    AUTO_FOCUS = "#wanted"
    HELP = "Tapez une partie du nom d’une commande, choisissez avec ↑ et ↓, puis appuyez sur Entrée."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Commande précédente", show=False, priority=True),
        Binding("down", "move(1)", "Commande suivante", show=False, priority=True),
        Binding("escape", "close", "Fermer", show=False),
    ]

    def __init__(self, screen: Screen[Any]) -> None:
        super().__init__("Commandes")
        self._all = list_commands(screen)
        self._found = self._all

    def body(self) -> Iterable[Widget]:
        """Where to type, and what matches."""
        yield QuietInput(id="wanted", placeholder="Chercher une commande…")
        yield EndedList(id="commands", markup=False)

    def buttons(self) -> Iterable[Action]:
        """« Fermer »."""
        yield Action("close")

    def on_mount(self) -> None:
        """Only the field has the focus: its arrows choose."""
        self.query_one("#commands").can_focus = False

    def on_resize(self, event: events.Resize) -> None:
        """The lines are as wide as the window lets them be."""
        super().on_resize(event)
        self.call_after_refresh(lambda: self._show(self.query_one(Input).value))

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._show(event.value)

    @on(Input.Submitted)
    def _chosen(self) -> None:
        index = self.query_one(OptionList).highlighted
        if index is not None and self._found:
            self.dismiss(self._found[index].action)

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._found[event.option_index].action)

    def _show(self, wanted: str) -> None:
        self._found = find_commands(self._all, wanted)
        options = self.query_one(OptionList)
        options.clear_options()
        if not self._found:
            options.add_option(Option(Content("Aucune commande de ce nom ici."), disabled=True))
            return
        width = options.outer_size.width - options.gutter.width - options.styles.scrollbar_size_vertical
        options.add_options(Option(_line(command, width)) for command in self._found)
        options.highlighted = 0

    def action_move(self, step: int) -> None:
        """Chooses another command."""
        options = self.query_one(OptionList)
        if self._found and options.highlighted is not None:
            options.highlighted = min(max(0, options.highlighted + step), len(self._found) - 1)

    def action_close(self) -> None:
        """Does nothing more."""
        self.dismiss(None)


def list_commands(screen: Screen[Any]) -> list[Command]:
    """What can be done on `screen` at this moment, in the order of its help."""
    return [
        Command(binding.action, binding_keys(binding), binding.tooltip or binding.description)
        for binding in own_bindings(type(screen))
        if binding.description
        and binding.action not in _HIDDEN
        and screen.check_action(binding.action, ()) is not False
    ]


def find_commands(commands: Iterable[Command], wanted: str) -> list[Command]:
    """Those that hold every word that was typed, accents and capitals aside."""
    words = _bare(wanted).split()
    return [command for command in commands if all(word in _bare(command.meaning) for word in words)]


def _bare(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _line(command: Command, width: int) -> Content:
    meaning = Content(command.meaning).truncate(width - len(command.keys) - _GAP, ellipsis=True, pad=True)
    return Content.assemble(meaning, " " * _GAP, (command.keys, "bold $primary"))
