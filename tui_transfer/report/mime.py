"""The message as mail programs and servers take it: a draft in a file, and the letter that is sent.

Quoted-printable is plain ASCII in short lines, which survives whatever it is carried through.
"""

from __future__ import annotations

import hashlib
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from tui_transfer.report.message import Message


def draft(message: Message) -> bytes:
    """A file that mail programs open as a message to be sent (`X-Unsent`); sender and date they add."""
    mail = _content(message)
    mail["X-Unsent"] = "1"
    return _subject(message) + mail.as_bytes()


def letter(message: Message, sender: str, at: datetime) -> bytes:
    """What a server is given to send.

    The same report has the same `Message-ID` whenever it is sent: one that arrives twice is known as one.
    """
    mail = _content(message)
    mail["From"] = sender
    mail["Date"] = format_datetime(at)
    parts = (message.recipients_line, message.subject, message.body)
    content = hashlib.sha256("\0".join(parts).encode() + message.facts).hexdigest()
    mail["Message-ID"] = f"<{message.job or 'rapport'}.{content[:16]}@{sender.rpartition('@')[2]}>"
    return _subject(message) + mail.as_bytes()


def _content(message: Message) -> EmailMessage:
    mail = EmailMessage(policy=SMTP)
    mail["To"] = message.recipients_line
    mail.set_content(message.body, cte="quoted-printable")
    if message.facts:
        name = f"{message.job}.json"
        mail.add_attachment(message.facts, "application", "json", filename=name, cte="base64")
    return mail


def _subject(message: Message) -> bytes:
    """Not by `EmailMessage`, which loses spaces where it folds a subject with accents (Python 3.11)."""
    subject = Header(message.subject, "utf-8", header_name="Subject").encode(linesep="\r\n")
    return f"Subject: {subject}\r\n".encode("ascii")
