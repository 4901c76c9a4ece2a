"""What a person gives to a worker when it starts: secrets and decisions, on its standard input only."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

from tui_transfer.job.spec import Waiver
from tui_transfer.settings.config import ProxySettings, ShareboxSettings
from tui_transfer.settings.secrets import given_secret
from tui_transfer.settings.variables import (
    ARCHIVE_PASSWORD_VARIABLE,
    KEY_PASSPHRASE_VARIABLE,
    PROXY_PASSWORD_VARIABLE,
    SECRET_VARIABLES,
    SFTP_PASSWORD_VARIABLE,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


def forget_environment() -> None:
    """Takes the secrets out of the environment that programs started from here get.

    For the screens, which ask a person: what they start is a mail program, or the clipboard's.
    """
    for name in SECRET_VARIABLES:
        os.environ.pop(name, None)


class Orders(msgspec.Struct, frozen=True, kw_only=True):
    """Secrets, which are never written anywhere, and decisions, which the worker puts in the journal."""

    sftp_password: str | None = None
    key_passphrase: str | None = None
    proxy_password: str | None = None
    archive_password: str | None = None
    """The passphrase that archives are encrypted with."""
    sharebox: ShareboxSettings | None = None
    """The Sharebox as the settings have it now: what was mended there since is taken up."""
    proxy: ProxySettings | None = None
    """The proxy to go through from now on."""
    host_key: str | tuple[str, ...] | None = None
    """The fingerprints that a person accepted, beside those that are pinned: `SHA256:…` or `MD5:…`."""
    damage: Waiver | None = None
    """Who decided that what is known to be damaged goes nevertheless."""
    folder: bytes = b""
    """Of the job, as the system knows it."""
    journal_lines: int | None = None
    """Lines that the journal had when the worker was asked for: where it has others now, somebody else was
    faster. None where that does not matter."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Orders:
        """The secrets that the environment gives, for use without a terminal; an empty one is none.

        Raises:
            TransferError: SECRET_FILE_UNREADABLE, SECRET_UNFIT.
        """
        return cls(
            sftp_password=given_secret(SFTP_PASSWORD_VARIABLE, environment),
            key_passphrase=given_secret(KEY_PASSPHRASE_VARIABLE, environment),
            proxy_password=given_secret(PROXY_PASSWORD_VARIABLE, environment),
            archive_password=given_secret(ARCHIVE_PASSWORD_VARIABLE, environment),
        )

    def encode(self) -> bytes:
        """The line that goes to the worker."""
        return msgspec.json.encode(self) + b"\n"

    @classmethod
    def decode(cls, content: bytes) -> Orders:
        """Reads what the worker was given."""
        return msgspec.json.decode(content, type=cls)

    def __repr__(self) -> str:
        """Says which secrets are there, never what they are."""
        names = ("sftp_password", "key_passphrase", "proxy_password", "archive_password")
        given = [name for name in names if getattr(self, name)]
        return f"Orders(secrets={given}, proxy={self.proxy!r}, host_key={self.host_key!r})"
