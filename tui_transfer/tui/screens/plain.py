"""A text alone on the screen, from the first column, to be selected with the terminal's own means."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from tui_transfer.tui.centre import CentreScreen
from tui_transfer.tui.happenings import HelpAsked
from tui_transfer.tui.letters import lettered

if TYPE_CHECKING:
    from textual.app import ComposeResult

_HELP: Final = (
    "Le message seul, sans cadre, pour le sélectionner avec les moyens de votre terminal puis le coller dans "
    "votre messagerie : à la souris en maintenant Maj, ou dans tmux avec le préfixe puis [."
)
_KEYS: Final = "↑ ↓ défiler  Échap retour  ? aide"
_HINT: Final = (
    f"Sélectionnez avec votre terminal (Maj maintenue à la souris, ou le mode copie de tmux).  {_KEYS}"
)


class PlainPage(CentreScreen[None]):
    """No frame and no colour, so that nothing else is selected with the text."""

    CSS_PATH = "plain.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Retour", tooltip="Revenir au message"),
        lettered("plain", "Revenir au message"),
        Binding("question_mark,f1", "help", "Aide", key_display="?", tooltip="Cette aide"),
    ]

    def __init__(self, text: str) -> None:
        super().__init__()
        self._plain = text

    def compose(self) -> ComposeResult:
        """The text, and one line that says how to get back."""
        with VerticalScroll():
            yield Static(self._plain, markup=False)
        yield Static(_HINT, id="plain-hint")

    def remark(self, text: str) -> None:
        """In place of how to select."""
        for hint in self.query("#plain-hint").results(Static):
            hint.update(f"{text}  {_KEYS}" if text else _HINT, layout=False)

    def action_help(self) -> None:
        """Explains how to select."""
        self.centre.tell(HelpAsked(self, _HELP))

    def action_close(self) -> None:
        """Goes back."""
        self.dismiss()

    def action_plain(self) -> None:
        """The letter that led here leads back, too."""
        self.dismiss()
