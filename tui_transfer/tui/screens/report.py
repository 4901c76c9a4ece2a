"""Step 6: the message to send, « Message à envoyer »."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Label

from tui_transfer.errors import TransferError
from tui_transfer.job import control
from tui_transfer.job.control import Follower
from tui_transfer.report.message import Message, make_message
from tui_transfer.system.files import write_private
from tui_transfer.tui import clipboard, mailer
from tui_transfer.tui.background import in_background
from tui_transfer.tui.happenings import TextAsked
from tui_transfer.tui.screens.page import Page
from tui_transfer.tui.widgets.actions import FIELD, Action, ActionRow
from tui_transfer.tui.widgets.prose import Prose

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.widget import Widget

    from tui_transfer.job.control import Job


_TOO_LONG: Final = (
    "Votre messagerie a été appelée, mais le message est trop long pour elle : collez-y le contenu."
)


class ReportPage(Page):
    """Recipients, subject and text of the message about `job`, and every way to send it."""

    TRAIL = "Maintenir › Message à envoyer"
    HELP = (
        "« Envoyer le rapport » ouvre votre messagerie avec le message prêt. S’il est grisé, laissez cet "
        "écran ouvert : ouvrez un nouveau message dans votre messagerie, collez-y les destinataires, "
        "l’objet et le contenu, puis envoyez-le."
    )
    CSS_PATH = "report.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,down", "none", "Lire", key_display="↑ ↓", tooltip="Faire défiler le message"),
        Binding("e", "send", "Envoyer le rapport", show=False, tooltip="Ouvrir votre messagerie"),
        Binding("d", "copy_recipients", "Copier les destinataires", show=False,
                tooltip="Copier les adresses"),
        Binding("o", "copy_subject", "Copier l’objet", show=False, tooltip="Copier l’objet du message"),
        Binding("c", "copy_body", "Copier le contenu", show=False, tooltip="Copier le texte du message"),
        Binding("s", "save", "Enregistrer le message", show=False,
                tooltip="Enregistrer le message dans deux fichiers, .eml et .txt"),
        Binding("x", "plain", "Texte à sélectionner", tooltip="Afficher le message seul"),
        Binding("q,ctrl+q", "leave", "Quitter", show=False, key_display="Q",
                tooltip="Fermer le centre de maintenance"),
    ]  # fmt: skip

    def __init__(self, job: Job) -> None:
        super().__init__()
        self._job = job
        self._message = Message("", (), "")
        self._no_mail = mailer.why_unavailable()

    def body(self) -> Iterable[Widget]:
        """The message as it will be read."""
        with_label = (("À", "recipients"), ("Objet", "subject"))
        for label, name in with_label:
            yield Horizontal(Label(label, classes="muted"), Prose(id=name), classes="envelope")
        text = VerticalScroll(Prose(id="text"), classes=f"panel {FIELD}", id="message")
        text.border_title = "Message à envoyer"
        yield text
        yield Prose(id="no-mail")

    def buttons(self) -> Iterable[Widget]:  # type: ignore[override]
        """Two rows: the message itself, then its parts."""
        yield ActionRow(Action("send", primary=True), Action("save"), Action("leave"))
        yield ActionRow(Action("copy_recipients"), Action("copy_subject"), Action("copy_body"))

    def on_mount(self) -> None:
        """Makes the message from the journal."""
        try:
            # Read anew: of a job that another window removed, the message would say that nothing arrived.
            self._message = make_message(Follower(control.load(self._job.folder)).state)
        except TransferError as error:
            self._tell_why_there_is_none(error)
            return
        message = self._message
        self.query_one("#recipients", Prose).update(message.recipients_line)
        self.query_one("#subject", Prose).update(message.subject)
        self.query_one("#text", Prose).update(message.body)
        self.set_available("send", self._no_mail is None)
        if self._no_mail:
            self.query_one("#no-mail", Prose).update(f"« Envoyer le rapport » est grisé : {self._no_mail}.")
        self.query_one("#no-mail").display = self._no_mail is not None
        self.set_focus(self.query_one("#action-copy-recipients" if self._no_mail else "#action-send", Action))

    def _tell_why_there_is_none(self, error: TransferError) -> None:
        self.say(f"{error.title}. {error.why}", "error")
        self.query_one("#no-mail").display = False
        for action in ("send", "save", "copy_recipients", "copy_subject", "copy_body", "plain"):
            self.set_available(action, False)
        self.set_focus(self.query_one("#message"))

    def action_none(self) -> None:
        """The message scrolls by itself."""

    def action_send(self) -> None:
        """Opens the mail program."""
        message = self._message
        in_background(self, lambda: mailer.open_message(message), self._opened)

    async def _opened(self, result: mailer.Opened | TransferError) -> None:
        if result is mailer.Opened.WHOLE:
            self.say("Votre messagerie a été appelée : relisez le message, puis envoyez-le.", "success")
        elif result is mailer.Opened.SHORTENED:
            said = await self._copied(self._message.body, "Contenu")
            self.say(f"{_TOO_LONG} {said}", "warning")
        else:
            self.say("La messagerie n’a pas pu être ouverte : copiez ou enregistrez le message.", "error")

    async def action_copy_recipients(self) -> None:
        """Copies the addresses."""
        await self._copy(self._message.recipients_line, "Destinataires")

    async def action_copy_subject(self) -> None:
        """Copies the subject."""
        await self._copy(self._message.subject, "Objet")

    async def action_copy_body(self) -> None:
        """Copies the text."""
        await self._copy(self._message.body, "Contenu")

    async def _copy(self, text: str, what: str) -> None:
        self.say(await self._copied(text, what))

    async def _copied(self, text: str, what: str) -> str:
        return await clipboard.copy(self.centre, text, what, self.session.home.reports, plain_key="X")

    def action_save(self) -> None:
        """Writes the message as a draft for mail programs and as plain text."""
        draft = self.session.home.reports / f"{self._job.id}.eml"
        message = self._message
        text = f"À : {message.recipients_line}\nObjet : {message.subject}\n\n{message.body}"
        try:
            write_private(draft, message.eml())
            write_private(draft.with_suffix(".txt"), text.encode())
        except TransferError as error:
            self.say(f"{error.title}. {error.why}", "error")
            return
        self.say(f"Enregistré : {clipboard.brief(draft)} (et .txt)", "success")

    def action_plain(self) -> None:
        """Shows the text alone."""
        message = self._message
        self.centre.tell(TextAsked(f"{message.recipients_line}\n\n{message.subject}\n\n{message.body}"))
