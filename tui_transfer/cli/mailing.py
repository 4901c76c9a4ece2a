"""The report of a job, from the command line: kept as a draft, or sent by SMTP."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from tui_transfer.cli import questions
from tui_transfer.errors import ExitCode, Problem, TransferError
from tui_transfer.job import report_mark
from tui_transfer.report.sending import mail_password, send_report
from tui_transfer.settings import config
from tui_transfer.system.files import printable

if TYPE_CHECKING:
    from tui_transfer.job.control import Follower
    from tui_transfer.settings.config import Home


def send(home: Home, follower: Follower) -> ExitCode:
    """Sends the report of a job to its recipients, and says which server took it.

    Raises:
        TransferError: a problem of mail, and what keeps the settings from being read. The draft is kept all
            the same, and where it is stands on standard error.
    """
    mail = config.load(home.config_file).mail
    if mail is None:
        raise TransferError(Problem.MAIL_NOT_SET)
    password = mail_password(mail, os.environ)
    if mail.username and password is None and questions.someone_is_there():
        password = questions.secret(f"Mot de passe de {mail.username} sur {mail.host}")
    try:
        sent = send_report(home, follower, mail, password)
    except TransferError:
        click.echo(f"Message enregistré : {printable(home.reports)}", err=True)
        raise
    click.echo(f"Rapport envoyé à {', '.join(sent.recipients)}.")
    click.echo(f"{sent.host} l’a pris en charge : {sent.said}")
    report_mark.mark_sent(follower.job, accepted=True)
    return ExitCode.SUCCESS
