"""The environment variables that give a secret."""

from __future__ import annotations

from typing import Final

SFTP_PASSWORD_VARIABLE: Final = "TUI_TRANSFER_SFTP_PASSWORD"  # noqa: S105 - the variable's name
KEY_PASSPHRASE_VARIABLE: Final = "TUI_TRANSFER_KEY_PASSPHRASE"  # noqa: S105
PROXY_PASSWORD_VARIABLE: Final = "TUI_TRANSFER_PROXY_PASSWORD"  # noqa: S105
ARCHIVE_PASSWORD_VARIABLE: Final = "TUI_TRANSFER_ARCHIVE_PASSWORD"  # noqa: S105
SMTP_PASSWORD_VARIABLE: Final = "TUI_TRANSFER_SMTP_PASSWORD"  # noqa: S105
SECRET_VARIABLES: Final = (
    SFTP_PASSWORD_VARIABLE,
    KEY_PASSPHRASE_VARIABLE,
    PROXY_PASSWORD_VARIABLE,
    ARCHIVE_PASSWORD_VARIABLE,
    SMTP_PASSWORD_VARIABLE,
)
"""None of them is in the environment of a program that is started from here."""
