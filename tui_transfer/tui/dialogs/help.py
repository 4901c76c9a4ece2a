"""What « ? » shows: what this screen is for, and its keys."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.content import Content

from tui_transfer.french import typeset
from tui_transfer.tui.dialogs.dialog import Dialog, paragraph
from tui_transfer.tui.keys import binding_keys, own_bindings
from tui_transfer.tui.letters import DIGITS, DIGITS_MEANING, LETTERS, numbered
from tui_transfer.tui.support_file import make_support_file
from tui_transfer.tui.widgets.actions import TEXT, Action
from tui_transfer.tui.widgets.prose import Prose

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from textual.screen import Screen
    from textual.widget import Widget

_WIDTH = 60
_MOVING = (
    ("Tab, Maj+Tab", "Aller d’un élément à l’autre"),
    ("↑ ↓ ← →", "Se déplacer dans une liste, entre les boutons"),
    ("Entrée", "Valider, appuyer sur le bouton choisi"),
)
_LETTERS_TITLE: Final = Content.styled("Chaque lettre a le même sens partout, en majuscule ou non", "bold")
_LETTERS: Final = (
    *((letter.key.upper(), letter.meaning) for letter in LETTERS),
    (f"{DIGITS[0]} à {DIGITS[-1]}", DIGITS_MEANING),
)


class HelpDialog(Dialog[None]):
    """The help of one screen, made from its bindings so that it cannot be out of date."""

    ASKS = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,f1", "close", "Fermer", show=False, key_display="Échap"),
        numbered(1, "support_file", "Fichier d’aide",
                 tooltip="Créer le fichier à joindre à une demande d’aide"),
    ]  # fmt: skip

    def __init__(self, screen: Screen[Any], text: str) -> None:
        super().__init__("Aide")
        self._text = text
        self._keys = list_keys(screen)

    def body(self) -> Iterable[Widget]:
        """The text, then a table of keys."""
        if self._text:
            yield paragraph(self._text)
        yield paragraph(_table([*self._keys, *_MOVING]), "keys")
        yield paragraph(_LETTERS_TITLE)
        yield paragraph(_table(_LETTERS), "keys")
        said = Prose(id="said", classes="paragraph")
        said.display = False
        yield said

    def buttons(self) -> Iterable[Action]:
        """« Fermer », and what helps to ask for help."""
        yield Action("close", primary=True)
        yield Action("support_file")

    def action_support_file(self) -> None:
        """Writes the file for whoever helps."""
        make_support_file(self, self.centre.session.home, self._say)

    def _say(self, text: str) -> None:
        line = self.query_one("#said", Prose)
        line.update(text)
        line.display = True
        self.call_after_refresh(self.query_one(f"#{TEXT}").scroll_end, animate=False)

    def action_close(self) -> None:
        """Closes the help."""
        self.dismiss()


def list_keys(screen: Screen[Any]) -> list[tuple[str, str]]:
    """The keys of a screen and what each does."""
    return [
        (binding_keys(binding), binding.tooltip or binding.description)
        for binding in own_bindings(type(screen))
        if binding.description
    ]


def _table(rows: Sequence[tuple[str, str]]) -> Content:
    width = max(len(keys) for keys, _ in rows)
    lines = [
        Content.assemble((keys.rjust(width), "bold $primary"), "   ", _hanging(meaning, width + 3))
        for keys, meaning in rows
    ]
    return Content("\n").join(lines)


def _hanging(text: str, indent: int) -> str:
    return ("\n" + " " * indent).join(textwrap.wrap(typeset(text), _WIDTH - indent))
