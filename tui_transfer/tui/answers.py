"""What a person answers to what is asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui_transfer.settings.config import ProxySettings


@dataclass(frozen=True)
class Answer:
    """What to go on with when a job is blocked; empty to simply try again.

    The secrets are kept out of its representation.
    """

    proxy: ProxySettings | None = None
    host_key: str | None = None
    damage: bool = False
    """Damaged databases go nevertheless."""
    sftp_password: str | None = field(default=None, repr=False)
    key_passphrase: str | None = field(default=None, repr=False)
    proxy_password: str | None = field(default=None, repr=False)
    archive_password: str | None = field(default=None, repr=False)
    mail_password: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Pasted:
    """Several paths of databases, pasted at once: which of them are meant is asked."""

    paths: tuple[str, ...]


class Elsewhere(Enum):
    """Where a failure is mended, instead of going on at once."""

    DATABASES = "databases"
    """The list of databases: a new transfer is begun there."""
    PROXY = "proxy"
    """Step 5bis."""


class Decision(Enum):
    """Whether to transfer."""

    TRANSFER = "transfer"
    NOT_NOW = "not now"
    PREREQUISITES = "prerequisites"
    """Not before these were looked at again."""


class Leaving(Enum):
    """What becomes of a transfer when the program is closed."""

    BACKGROUND = "background"
    INTERRUPT = "interrupt"
    STAY = "stay"


class Purge(Enum):
    """From where a job is removed."""

    EVERYWHERE = "everywhere"
    HERE = "here"


class Unsaved(Enum):
    """What becomes of changes that are not saved."""

    SAVE = "save"
    DROP = "drop"
    STAY = "stay"


class Reminded(Enum):
    """What to do about a report that is still to be sent."""

    SHOW = "show"
    SENT = "sent"
    LEAVE = "leave"
