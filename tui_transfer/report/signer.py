"""Which key signs: that of the account on the Sharebox, and otherwise one of this home's own."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from tui_transfer.errors import TransferError
from tui_transfer.report import signature
from tui_transfer.report.home_key import home_key

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import paramiko

    from tui_transfer.settings.config import ShareboxSettings

_log = logging.getLogger("tui_transfer.report")


class Signer:
    """Signs what a home hands over, and its receipts.

    An agent's keys do not sign here: an agent may ask a person, or for a touch, long after they have left.

    Args:
        home: the folder of the home's data.
        account_key: gives the key of the account, where a file holds one that can be read now.
    """

    def __init__(self, home: Path, account_key: Callable[[], paramiko.PKey | None] = lambda: None) -> None:
        self._home = home
        self._account_key = account_key

    def sign(self, message: bytes) -> bytes:
        """The signature of `message`, as a file.

        Raises:
            TransferError: DISK_FULL or DISK_UNWRITABLE, about the home's key.
        """
        import paramiko

        if (key := self._account_key()) is not None:
            try:
                return signature.sign(message, key)
            except paramiko.SSHException:
                _log.exception("the account's key does not sign; the home's does")
        return signature.sign(message, home_key(self._home))


def account_signer(home: Path, sharebox: ShareboxSettings, passphrase: str | None) -> Signer:
    """A signer for whoever is not connected: with the account's key where its file can be read now.

    Args:
        home: the folder of the home's data.
        sharebox: the account.
        passphrase: of the key's file, where somebody gave it.
    """

    def account_key() -> paramiko.PKey | None:
        from tui_transfer.sharebox.ssh.keys import load_private_key

        if sharebox.key_path is None:
            return None
        try:
            return load_private_key(sharebox.key_path, passphrase)
        except TransferError:
            return None

    return Signer(home, account_key)
