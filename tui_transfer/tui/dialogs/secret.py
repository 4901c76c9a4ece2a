"""The password of the Sharebox or of the mail server, or the passphrase of a key."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input

from tui_transfer.errors import Need, Problem
from tui_transfer.tui import capitals
from tui_transfer.tui.answers import Answer
from tui_transfer.tui.dialogs.dialog import Dialog, paragraph
from tui_transfer.tui.widgets.actions import Action
from tui_transfer.tui.widgets.field import Field
from tui_transfer.tui.widgets.secret_input import HOW_TO_REVEAL, REVEAL, SecretInput

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.widget import Widget

    from tui_transfer.errors import TransferError
    from tui_transfer.tui.practice import Practice

_NEEDED: Final = (
    Problem.PASSWORD_NEEDED,
    Problem.KEY_PASSPHRASE_NEEDED,
    Problem.ARCHIVE_PASSPHRASE_NEEDED,
    Problem.MAIL_PASSWORD_NEEDED,
)
"""Nothing was tried yet; whatever else asks for a secret says why the last one did not do."""
_REFUSED: Final = (
    Problem.CREDENTIALS_REFUSED,
    Problem.KEY_PASSPHRASE_WRONG,
    Problem.ARCHIVE_PASSPHRASE_WRONG,
    Problem.MAIL_CREDENTIALS_REFUSED,
)


class SecretDialog(Dialog[Answer | None]):
    """Gives the secret, or None. It is kept in memory until the program is closed, and nowhere else.

    Args:
        failure: what asks for it.
        account: who logs in, and where.
        practice: the values to show during a demonstration.
        were_capitals: whether the one that was refused looked as if it was typed with the capitals locked.
    """

    SHOWS_CONTACT = True
    CSS_PATH = "secret.tcss"
    AUTO_FOCUS = "#secret"
    HELP = (
        "Le mot de passe ne s’affiche pas pendant la saisie ; F3 le montre, et le cache. Il se cache de "
        "lui-même dès que vous quittez le champ. Il n’est écrit nulle part, et il est essayé une seule fois. "
        "Si vous annulez, le transfert attend ; « Reprendre » le demande de nouveau."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Continuer", show=False),
        Binding("escape", "cancel", "Annuler", show=False),
        REVEAL,
    ]

    def __init__(
        self,
        failure: TransferError,
        account: str,
        practice: Practice | None = None,
        *,
        were_capitals: bool = False,
    ) -> None:
        super().__init__(failure.title, kind="info" if failure.problem in _NEEDED else "error")
        self._failure = failure
        self._account = account
        self._practice = practice
        self._were_capitals = were_capitals

    @property
    def _is_passphrase(self) -> bool:
        return self._failure.need in (Need.PASSPHRASE, Need.ARCHIVE_PASSPHRASE)

    def body(self) -> Iterable[Widget]:
        """Why the last one did not do, or what for; the field, which stays in sight; then what helps."""
        failure = self._failure
        is_new = failure.problem in _NEEDED
        was_tried = failure.problem in (Problem.CREDENTIALS_REFUSED, Problem.MAIL_CREDENTIALS_REFUSED)
        if was_tried:
            yield paragraph(failure.why)
        elif not is_new or failure.need is Need.ARCHIVE_PASSPHRASE:
            yield paragraph(f"{failure.why} {failure.advice}")
        elif self._is_passphrase:
            yield paragraph(failure.why)
        if not self._is_passphrase:
            before, after = (
                ("Essayé avec le compte ", " : est-ce le bon ?") if was_tried else ("Compte ", ".")
            )
            yield paragraph(Content.assemble(before, (self._account, "bold"), after))
        if self._practice is not None and not self._is_passphrase:
            line = f" : le mot de passe est {self._practice.password}"
            yield paragraph(Content.assemble(("Démonstration", "bold"), line), "warning")
        yield Field(self._label, SecretInput(id="secret"), HOW_TO_REVEAL)
        if self._were_capitals and not self._is_passphrase:
            yield paragraph(capitals.WERE_LOCKED, "warning")
        elif failure.problem in _REFUSED:
            yield paragraph(capitals.AFTER_REFUSAL)
        yield paragraph(
            "Elle n’est enregistrée nulle part, et oubliée à la fermeture du programme."
            if self._is_passphrase
            else "Il n’est enregistré nulle part, et oublié à la fermeture du programme.",
            "muted",
        )

    @property
    def _label(self) -> str:
        return "Phrase secrète" if self._is_passphrase else "Mot de passe"

    def buttons(self) -> Iterable[Action]:
        """« Continuer » and « Annuler »."""
        yield Action("submit", primary=True)
        yield Action("cancel")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        field = self.query_one(Field)
        field.set_error(None)
        doubt = capitals.doubt(event.value)
        field.set_hint(doubt or HOW_TO_REVEAL, warn=bool(doubt))

    @on(Input.Submitted)
    def action_submit(self) -> None:
        """Gives the secret, if there is one."""
        secret = self.query_one("#secret", Input).value
        if not secret:
            what = "la phrase secrète" if self._is_passphrase else "le mot de passe"
            self.query_one(Field).set_error(f"Saisissez {what}, ou appuyez sur Échap pour annuler.")
            self.set_focus(self.query_one("#secret"))
        elif self._failure.need is Need.ARCHIVE_PASSPHRASE:
            self.dismiss(Answer(archive_password=secret.strip()))
        elif self._is_passphrase:
            self.dismiss(Answer(key_passphrase=secret))
        elif self._failure.need is Need.MAIL_PASSWORD:
            self.dismiss(Answer(mail_password=secret))
        else:
            self.dismiss(Answer(sftp_password=secret))

    def action_cancel(self) -> None:
        """Gives up for now; the job stays resumable."""
        self.dismiss(None)
