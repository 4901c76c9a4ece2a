"""The Sharebox password, or the passphrase of its key."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input

from tui_transfer.errors import Need, Problem
from tui_transfer.tui.answers import Answer
from tui_transfer.tui.dialogs.dialog import Dialog, paragraph
from tui_transfer.tui.widgets.actions import Action
from tui_transfer.tui.widgets.field import Field, QuietInput

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.widget import Widget

    from tui_transfer.errors import TransferError
    from tui_transfer.tui.practice import Practice

_NEEDED = (Problem.PASSWORD_NEEDED, Problem.KEY_PASSPHRASE_NEEDED, Problem.ARCHIVE_PASSPHRASE_NEEDED)
"""Nothing was tried yet; whatever else asks for a secret says why the last one did not do."""


class SecretDialog(Dialog[Answer | None]):
    """Gives the secret, or None. It is kept in memory until the program is closed, and nowhere else."""

    AUTO_FOCUS = "#secret"
    HELP = (
        "Le mot de passe ne s'affiche pas pendant la saisie, et n'est écrit nulle part. Il est essayé une "
        "seule fois. Si vous annulez, le transfert attend ; « Reprendre » le demande de nouveau."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Continuer", show=False),
        Binding("escape", "cancel", "Annuler", show=False),
    ]

    def __init__(self, failure: TransferError, account: str, practice: Practice | None = None) -> None:
        """`account`: who logs in, and where."""
        super().__init__(failure.title, kind="info" if failure.problem in _NEEDED else "error")
        self._failure = failure
        self._account = account
        self._practice = practice

    @property
    def _is_passphrase(self) -> bool:
        return self._failure.need in (Need.PASSPHRASE, Need.ARCHIVE_PASSPHRASE)

    def body(self) -> Iterable[Widget]:
        """What for, and the field."""
        failure = self._failure
        if failure.problem not in _NEEDED or failure.need is Need.ARCHIVE_PASSPHRASE:
            yield paragraph(f"{failure.why} {failure.advice}")
        elif self._is_passphrase:
            yield paragraph(failure.why)
        else:
            yield paragraph(Content.assemble("Compte ", (self._account, "bold"), "."))
        kept = (
            "Elle n'est enregistrée nulle part, et"
            if self._is_passphrase
            else "Il n'est enregistré nulle part, et"
        )
        forgotten = "oubliée" if self._is_passphrase else "oublié"
        yield paragraph(f"{kept} {forgotten} à la fermeture du programme.", "muted")
        if self._practice is not None and not self._is_passphrase:
            line = f" : le mot de passe est {self._practice.password}"
            yield paragraph(Content.assemble(("Démonstration", "bold"), line), "warning")
        label = "Phrase secrète" if self._is_passphrase else "Mot de passe"
        yield Field(label, QuietInput(id="secret", password=True))

    def buttons(self) -> Iterable[Action]:
        """« Continuer » and « Annuler »."""
        yield Action("submit", primary=True)
        yield Action("cancel")

    @on(Input.Submitted)
    def action_submit(self) -> None:
        """Gives the secret, if there is one."""
        secret = self.query_one("#secret", Input).value
        if not secret:
            self.query_one(Field).set_error("Saisissez-le, ou appuyez sur Échap pour annuler.")
            self.set_focus(self.query_one("#secret"))
        elif self._failure.need is Need.ARCHIVE_PASSPHRASE:
            self.dismiss(Answer(archive_password=secret.strip()))
        elif self._is_passphrase:
            self.dismiss(Answer(key_passphrase=secret))
        else:
            self.dismiss(Answer(sftp_password=secret))

    def action_cancel(self) -> None:
        """Gives up for now; the job stays resumable."""
        self.dismiss(None)
