"""Step 6: the message to send, « Message à envoyer »."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Label

from tui_transfer import french
from tui_transfer.errors import Need, TransferError
from tui_transfer.job import control, report_mark
from tui_transfer.job.control import Follower
from tui_transfer.report.message import Message, make_message
from tui_transfer.report.sending import SentReport, keep_files, mail_password, send_report
from tui_transfer.tui import clipboard, mailer
from tui_transfer.tui.background import in_background
from tui_transfer.tui.happenings import (
    FinishedChosen,
    MailPasswordNeeded,
    SendingAsked,
    SendingFailed,
    TextAsked,
)
from tui_transfer.tui.letters import letter_of, lettered, numbered
from tui_transfer.tui.screens.page import Page
from tui_transfer.tui.widgets.actions import FIELD, Action, ActionRow
from tui_transfer.tui.widgets.prose import Prose

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.widget import Widget

    from tui_transfer.job.control import Job
    from tui_transfer.settings.config import MailSettings
    from tui_transfer.tui.answers import Answer


_BY_SERVER: Final = (
    "« Envoyer le rapport » l’envoie par {host}, au nom de {sender}, une fois que vous l’aurez confirmé. "
    "« Enregistrer » le garde en fichier, avec le reçu."
)
_BY_PROGRAM: Final = (
    "1. « Envoyer le rapport » ouvre votre messagerie avec le message prêt.\n"
    "2. Relisez-le dans sa fenêtre, puis envoyez-le : rien ne part sans vous."
)
_BY_HAND: Final = (
    "« Envoyer le rapport » est grisé : {reason}. Laissez cet écran ouvert.\n"
    "1. Ouvrez un nouveau message dans votre messagerie.\n"
    "2. Copiez d’ici les destinataires, l’objet et le contenu, et collez-les-y.\n3. Envoyez-le."
)
_NO_WINDOW: Final = (
    "Relisez le message dans la fenêtre de votre messagerie, puis envoyez-le.\n"
    "Aucune fenêtre ne s’ouvre ? « Enregistrer », puis double-cliquez sur le fichier. Ou copiez d’ici les "
    "destinataires, l’objet et le contenu dans un nouveau message."
)
_TOO_LONG: Final = (
    "Votre messagerie a été appelée, mais le message est trop long pour elle : collez-y le contenu."
)
_SAVED: Final = (
    "Dans {folder} : un double clic sur {name} ouvre le message, prêt à envoyer. S’il s’ouvre comme un "
    "message reçu, ou pas du tout, copiez d’ici les destinataires, l’objet et le contenu dans un nouveau "
    "message."
)
_RECEIPT: Final = " Le reçu, {name}, est à garder ou à imprimer."
_SENDING: Final = "Envoi en cours…"
_SENT: Final = "Rapport envoyé : {host} l’a accepté pour {count}."


class ReportPage(Page):
    """Recipients, subject and text of the message about `job`, and every way to send it."""

    TRAIL = "Maintenir › Message à envoyer"
    HELP = (
        "« Envoyer le rapport » ouvre votre messagerie avec le message prêt, ou l’envoie lui-même si les "
        "réglages nomment un serveur de messagerie. S’il est grisé, laissez cet écran ouvert : ouvrez un "
        "nouveau message dans votre messagerie, collez-y les destinataires, l’objet et le contenu, puis "
        "envoyez-le. « Enregistrer » le met, avec le reçu, dans vos documents."
    )
    CSS_PATH = "report.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,down", "none", "Lire", key_display="↑ ↓", tooltip="Faire défiler le message"),
        lettered("send", "Envoyer le rapport",
                 tooltip="Ouvrir votre messagerie, ou envoyer par le serveur des réglages"),
        numbered(1, "copy_recipients", "Copier les destinataires", tooltip="Copier les adresses"),
        numbered(2, "copy_subject", "Copier l’objet", tooltip="Copier l’objet du message"),
        numbered(3, "copy_body", "Copier le contenu", tooltip="Copier le texte du message"),
        lettered("save", "Enregistrer le message",
                 tooltip="Mettre le message et le reçu dans vos documents"),
        lettered("report_sent", "Rapport envoyé",
                 tooltip="Cocher, ou décocher, que ce rapport est envoyé"),
        lettered("plain", "Texte à sélectionner", show=True, tooltip="Afficher le message seul"),
        lettered("leave", "Quitter", also="ctrl+q", key_display="Q",
                 tooltip="Fermer le centre de maintenance"),
    ]  # fmt: skip

    def __init__(self, job: Job) -> None:
        super().__init__()
        self._job = job
        self._message = Message("", (), "")
        self._follower: Follower | None = None
        self._no_mail: str | None = None
        """Why no mail program can be opened, where no server is set."""
        self._told_mail: MailSettings | None = None
        """The server that the steps name."""

    @property
    def _mail(self) -> MailSettings | None:
        """The server that sends, as the settings are by now: a failure leads there, and back."""
        return self.session.settings.mail if self.session.settings else None

    def body(self) -> Iterable[Widget]:
        """What to do, then the message as it will be read."""
        yield Prose(id="steps")
        with_label = (("À", "recipients"), ("Objet", "subject"))
        for label, name in with_label:
            yield Horizontal(Label(label, classes="muted"), Prose(id=name), classes="envelope")
        text = VerticalScroll(Prose(id="text"), classes=f"panel {FIELD}", id="message")
        text.border_title = "Message à envoyer"
        yield text

    def buttons(self) -> Iterable[Widget]:  # type: ignore[override]
        """Two rows: the message itself, then its parts."""
        yield ActionRow(Action("send", primary=True), Action("report_sent"), Action("save"), Action("leave"))
        yield ActionRow(Action("copy_recipients"), Action("copy_subject"), Action("copy_body"))

    def on_mount(self) -> None:
        """Makes the message from the journal."""
        try:
            # Read anew: of a job that another window removed, the message would say that nothing arrived.
            self._follower = Follower(control.load(self._job.folder))
            self._message = make_message(self._follower.state)
        except TransferError as error:
            self._tell_why_there_is_none(error)
            return
        message = self._message
        self.query_one("#recipients", Prose).update(message.recipients_line)
        self.query_one("#subject", Prose).update(message.subject)
        self.query_one("#text", Prose).update(message.body)
        self._show_tick()
        self._look_for_ways()
        self.set_focus(self.query_one("#action-copy-recipients" if self._no_mail else "#action-send", Action))

    def _tell_why_there_is_none(self, error: TransferError) -> None:
        self.say_failure(error)
        for action in (
            "send",
            "report_sent",
            "save",
            "copy_recipients",
            "copy_subject",
            "copy_body",
            "plain",
        ):
            self.set_available(action, False)
        self.set_focus(self.query_one("#message"))

    def on_screen_resume(self) -> None:
        """The settings may be others."""
        if self._follower is not None and self._mail != self._told_mail:
            self._look_for_ways()

    def _look_for_ways(self) -> None:
        """How the report can be sent, and what is to be done, in order."""
        self._told_mail = self._mail
        self._no_mail = None if self._mail else mailer.why_unavailable()
        self.set_available("send", self._no_mail is None)
        if self._mail is not None:
            steps = _BY_SERVER.format(host=self._mail.host, sender=self._mail.sender)
        elif self._no_mail is not None:
            steps = _BY_HAND.format(reason=self._no_mail)
        else:
            steps = _BY_PROGRAM
        self.query_one("#steps", Prose).update(steps)

    def action_none(self) -> None:
        """The message scrolls by itself."""

    def action_send(self) -> None:
        """Opens the mail program; or asks whether the report may go, where a server is set."""
        message, mail = self._message, self._mail
        if mail is None:
            in_background(self, lambda: mailer.open_message(message), self._opened)
        else:
            self.centre.tell(SendingAsked(mail, message.recipients, self._may_send))

    # ── By the server of the settings ─────────────────────────

    def _may_send(self, agreed: bool | None) -> None:
        if agreed:
            self._send_by_server()

    def _send_by_server(self) -> None:
        """Sends, once the password is known; two at once are kept from each other."""
        home, follower, mail = self.session.home, self._follower, self._mail
        assert follower is not None
        assert mail is not None
        try:
            password = self.session.mail_password or mail_password(mail, os.environ)
        except TransferError as error:
            self.centre.tell(SendingFailed(error))
            return
        self.set_available("send", False)
        self.say(_SENDING)
        in_background(self, lambda: send_report(home, follower, mail, password), self._sent)

    def _sent(self, result: SentReport | TransferError) -> None:
        self.set_available("send", True)
        self.set_focus(self.query_one("#action-send"))
        if isinstance(result, SentReport):
            count = french.count(len(result.recipients), "destinataire")
            said = _SENT.format(host=result.host, count=count)
            self.say(said, "success")
            self._mark(said)
            return
        self.say(f"Rapport non envoyé. {result.title}.", "error")
        if result.need is Need.MAIL_PASSWORD and self._mail is not None:
            self.session.mail_password = None
            self.centre.tell(MailPasswordNeeded(result, self._mail, self._password_given))
        else:
            self.centre.tell(SendingFailed(result))

    def _password_given(self, answer: Answer | None) -> None:
        if answer is not None:
            self.session.mail_password = answer.mail_password
            self._send_by_server()

    # ── « Rapport envoyé » ────────────────────────────────────

    def action_report_sent(self) -> None:
        """Ticks that the report was sent, which ends the procedure; or takes that back."""
        if report_mark.sent(self._job) is None:
            self._mark()
            return
        try:
            report_mark.unmark(self._job)
        except TransferError as error:
            self.say(f"{error.title}. {error.why}", "error")
            return
        self._show_tick()
        self.say("Décoché : l’envoi de ce rapport vous sera rappelé.")

    def _mark(self, said: str = "") -> None:
        """Keeps that it was sent; `said` is what the mail server's acceptance is told by."""
        try:
            report_mark.mark_sent(self._job, accepted=bool(said))
        except TransferError as error:
            self.say(f"{error.title}. {error.why}", "error")
            return
        if self.is_active:  # otherwise something else is asked
            self.centre.tell(FinishedChosen(self._job, instead=True, said=said))

    def _show_tick(self) -> None:
        tick = "✓" if report_mark.sent(self._job) else " "
        self.query_one("#action-report-sent", Action).label = f"[{tick}] Rapport envoyé"

    # ── By the person's own means ─────────────────────────────

    async def _opened(self, result: mailer.Opened | TransferError) -> None:
        if result is mailer.Opened.WHOLE:
            self.query_one("#steps", Prose).update(_NO_WINDOW)
            self.say("Votre messagerie a été appelée.", "success")
        elif result is mailer.Opened.SHORTENED:
            said = await self._copied(self._message.body, "Contenu")
            self.query_one("#steps", Prose).update(_NO_WINDOW)
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
        reports = self.session.home.reports
        return await clipboard.copy(self.centre, text, what, reports, plain_key=letter_of("plain"))

    def action_save(self) -> None:
        """Puts the message, as a draft for mail programs and as plain text, and the receipt's page where the
        person keeps documents.
        """
        try:
            kept = keep_files(self.session.home, self._message)
        except TransferError as error:
            self.say_failure(error)
            return
        folder = clipboard.brief(kept.draft.parent)
        receipt = _RECEIPT.format(name=kept.receipt.name) if kept.receipt else ""
        self.query_one("#steps", Prose).update(_SAVED.format(folder=folder, name=kept.draft.name) + receipt)
        self.say(f"Enregistré : {clipboard.brief(kept.draft)} (et .txt)", "success")

    def action_plain(self) -> None:
        """Shows the text alone."""
        message = self._message
        self.centre.tell(TextAsked(f"{message.recipients_line}\n\n{message.subject}\n\n{message.body}"))
