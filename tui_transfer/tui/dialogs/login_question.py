"""What the Sharebox asks a person before it lets them in: a code, for instance, or a new password."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input

from tui_transfer.tui.dialogs.dialog import Dialog, paragraph
from tui_transfer.tui.widgets.actions import Action
from tui_transfer.tui.widgets.field import ENTER_GOES_ON, Field, FormInput, QuietInput
from tui_transfer.tui.widgets.secret_input import HOW_TO_REVEAL, REVEAL, SecretInput

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.widget import Widget

    from tui_transfer.job.events import LoginAsked


class _FormSecret(SecretInput):
    """One that others come after."""

    BINDINGS: ClassVar[list[BindingType]] = [ENTER_GOES_ON]


class LoginQuestionDialog(Dialog[list[str] | None]):
    """Gives an answer for each prompt, or None. They go to the Sharebox, and nowhere else."""

    AUTO_FOCUS = "QuietInput"
    HELP = (
        "Sharebox pose cette question avant de vous laisser entrer ; ses mots sont montrés tels quels. Un "
        "code vous est donné par SMS, par courriel ou par une application, et n’est essayé qu’une fois. Si "
        "vous annulez, le transfert s’arrête ; « Reprendre » pose la question de nouveau."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Continuer", show=False),
        Binding("escape", "cancel", "Annuler", show=False),
        REVEAL,
    ]

    def __init__(self, asked: LoginAsked, account: str) -> None:
        """`account`: who logs in, and where."""
        super().__init__("Sharebox vous pose une question", kind="info")
        self._asked = asked
        self._account = account

    def body(self) -> Iterable[Widget]:
        """The server's words, and a field for each thing that it asks."""
        yield paragraph(Content.assemble("Compte ", (self._account, "bold"), "."))
        for words in (self._asked.title, self._asked.text):
            if words:
                yield paragraph(Content(words))
        for index, prompt in enumerate(self._asked.prompts, 1):
            label = prompt.text.rstrip(" :") or "Réponse"
            is_last = index == len(self._asked.prompts)
            if prompt.hidden:
                kind = SecretInput if is_last else _FormSecret
                yield Field(label, kind(id=f"answer-{index}"), HOW_TO_REVEAL)
            else:
                yield Field(label, (QuietInput if is_last else FormInput)(id=f"answer-{index}"))
        yield paragraph("Votre réponse n’est enregistrée nulle part.", "muted")

    def buttons(self) -> Iterable[Action]:
        """« Continuer » and « Annuler »."""
        yield Action("submit", primary=True)
        yield Action("cancel")

    @on(Input.Submitted)
    def action_submit(self) -> None:
        """Goes on to the first field without an answer, or gives all of them."""
        for field in self.query(Field):
            entry = field.query_one(Input)
            if not entry.value:
                if entry.has_focus:
                    field.set_error("Une réponse est nécessaire, ou appuyez sur Échap pour annuler.")
                self.set_focus(entry)
                return
        self.dismiss([entry.value for entry in self.query(Input)])

    def action_cancel(self) -> None:
        """Gives no answer: the transfer stops, and can be resumed."""
        self.dismiss(None)
