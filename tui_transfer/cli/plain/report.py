"""Step 6: the message to the Urssaf, read, sent, copied or kept."""

from __future__ import annotations

import asyncio
import base64
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import click

from tui_transfer.cli import headless, mailing, questions
from tui_transfer.cli.plain.doing import Menu, Visit, does
from tui_transfer.deeds import Deed
from tui_transfer.job import control, report_mark
from tui_transfer.report import reminders
from tui_transfer.report.message import make_message
from tui_transfer.report.sending import keep_files
from tui_transfer.settings import config
from tui_transfer.system.files import printable
from tui_transfer.system.terminal import is_terminal
from tui_transfer.tui import clipboard, mailer
from tui_transfer.tui.wording import detail

if TYPE_CHECKING:
    from tui_transfer.job.control import Job
    from tui_transfer.report.message import Message

__all__ = ["about", "copy", "detail"]

_MENU: Final = Menu(
    "Que voulez-vous faire du rapport ? Tapez un numéro",
    Deed.PLAIN,
    Deed.SEND,
    Deed.REPORT_SENT,
    Deed.SAVE,
    Deed.COPY_RECIPIENTS,
    Deed.COPY_SUBJECT,
    Deed.COPY_BODY,
    back=True,
)


@does(Deed.REPORT)
def show(visit: Visit) -> None:
    """The report that waits longest to be sent; where none does, that of the last transfer."""
    unsent = visit.standing().unsent
    about(visit, unsent[-1].job if unsent else control.find(visit.home, None))


def about(visit: Visit, job: Job) -> None:
    """Asks what to do with the report of a transfer, until that is enough."""
    follower = control.Follower(job)
    message = make_message(follower.state)
    click.echo(f"Rapport à {message.recipients_line}. Objet : {message.subject}.")
    while (deed := _MENU.ask()) is not None:
        match deed:
            case Deed.PLAIN:
                headless.print_message(follower.state)
            case Deed.SEND:
                _send(visit, follower, message)
            case Deed.REPORT_SENT:
                _mark(job)
            case Deed.SAVE:
                _save(visit, message)
            case Deed.COPY_RECIPIENTS:
                copy(visit, message.recipients_line, "Destinataires")
            case Deed.COPY_SUBJECT:
                copy(visit, message.subject, "Objet")
            case Deed.COPY_BODY:
                copy(visit, message.body, "Contenu")


def _send(visit: Visit, follower: control.Follower, message: Message) -> None:
    """By the server that the settings name; otherwise with the mail program, where there is one."""
    if config.load(visit.home.config_file).mail is not None:
        mailing.send(visit.home, follower)
        return
    why = mailer.why_unavailable()
    if why is None and mailer.open_message(message) is not mailer.Opened.FAILED:
        click.echo("Votre messagerie a été appelée : relisez le message, puis envoyez-le.")
        _mark(follower.job)
        return
    click.echo(f"La messagerie ne peut pas être ouverte{f' : {why}' if why else ''}.")
    _save(visit, message)


def _mark(job: Job) -> None:
    """Says whether the report was sent, and changes that."""
    mark = report_mark.sent(job)
    if mark is None:
        if questions.wants("Le rapport de ce transfert est-il envoyé ?"):
            click.echo(reminders.describe_sent(report_mark.mark_sent(job)))
            for title, sentence in reminders.afterwards(control.Follower(job)):
                click.echo(f"{title} : {sentence}")
        return
    click.echo(reminders.describe_sent(mark))
    if not mark.accepted and questions.wants("Décocher : le rapport de ce transfert n’est pas envoyé ?"):
        report_mark.unmark(job)
        click.echo("Le rapport de ce transfert reste à envoyer.")


def _save(visit: Visit, message: Message) -> None:
    kept = keep_files(visit.home, message)
    click.echo(f"Message enregistré comme brouillon : {printable(kept.draft)}")
    click.echo(f"Le même en texte : {printable(kept.text)}")
    if kept.receipt is not None:
        click.echo(f"Reçu signé, à imprimer : {printable(kept.receipt)}")


def copy(visit: Visit, text: str, what: str) -> None:
    """Copies a text by what this terminal has, keeps it in a file, and says what was done."""
    environment = dict(os.environ)
    if environment.get("TERM") == "dumb":  # it would show the text's encoding instead of taking it
        environment["TERM"] = "linux"
    said = clipboard.copy(_Terminal(), text, what, visit.home.reports, environment=environment)
    click.echo(asyncio.run(said))


@dataclass(frozen=True)
class _Terminal:
    """A terminal that takes a text for the clipboard."""

    def copy_to_clipboard(self, text: str) -> None:
        """Sends it, as OSC 52."""
        terminal = sys.__stdout__
        if terminal is not None and is_terminal(terminal):
            terminal.write(f"\x1b]52;c;{base64.b64encode(text.encode()).decode()}\a")
            terminal.flush()
