"""The report of a job on its way to people: kept as files where a person finds them, and sent by SMTP.

The draft is there before anything is sent, and stays: whatever becomes of sending, there is something to send
by hand.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from tui_transfer.errors import Problem, TransferError
from tui_transfer.job import report_mark
from tui_transfer.report.message import make_message
from tui_transfer.report.receipts import ReceiptFiles
from tui_transfer.settings.secrets import given_secret
from tui_transfer.settings.variables import SMTP_PASSWORD_VARIABLE
from tui_transfer.system.files import disk_errors, read_file, write_private

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tui_transfer.job.control import Follower
    from tui_transfer.report.message import Message
    from tui_transfer.settings.config import Home, MailSettings

_log = logging.getLogger("tui_transfer.report")


@dataclass(frozen=True)
class KeptFiles:
    """What was put where a person finds it."""

    draft: Path
    text: Path
    receipt: Path | None
    """The page of the receipt; None where the job has none."""


def keep_files(home: Home, message: Message) -> KeptFiles:
    """Writes the message as a draft for mail programs and as plain text, and copies the page of the receipt.

    Raises:
        TransferError: DISK_FULL or DISK_UNWRITABLE.
    """
    draft = home.reports / f"rapport-{message.job}.eml"
    text = draft.with_suffix(".txt")
    lines = f"À : {message.recipients_line}\nObjet : {message.subject}\n\n{message.body}"
    write_private(draft, message.eml())
    write_private(text, lines.encode())
    page = ReceiptFiles.of(home.receipts, message.job).page
    if not page.is_file():
        return KeptFiles(draft, text, None)
    with disk_errors(page):
        content = read_file(page)
    copy = draft.with_name(page.name)
    write_private(copy, content)
    return KeptFiles(draft, text, copy)


@dataclass(frozen=True)
class SentReport:
    """A report that a server took."""

    recipients: tuple[str, ...]
    host: str
    said: str
    """What the server said with its 250, mostly a number that its administrator can look for."""


def mail_password(mail: MailSettings, environment: Mapping[str, str]) -> str | None:
    """The password that needs nobody to type it; None where none is given, or none is needed.

    Raises:
        TransferError: SECRET_FILE_UNREADABLE.
    """
    return None if mail.username is None else given_secret(SMTP_PASSWORD_VARIABLE, environment)


def send_report(
    home: Home, follower: Follower, mail: MailSettings | None, password: str | None
) -> SentReport:
    """Sends the report of a job, of which a draft is kept first; that it was sent is kept with the job.

    Raises:
        TransferError: a problem of mail; DISK_FULL or DISK_UNWRITABLE.
    """
    # Loaded when it is wanted: what connects and encrypts is of no use to who only looks.
    from tui_transfer.report import mime, smtp

    if mail is None:
        raise TransferError(Problem.MAIL_NOT_SET)
    message = make_message(follower.state)
    keep_files(home, message)
    now = datetime.now().astimezone()
    said = smtp.send(mime.letter(message, mail.sender, now), message.recipients, mail, password)
    try:
        report_mark.mark_sent(follower.job, accepted=True)
    except TransferError as error:  # it is sent all the same, and whoever asked hears that
        _log.warning("that the report of %s was sent is not kept: %s", follower.job.id, error)
    return SentReport(message.recipients, mail.host, said)
