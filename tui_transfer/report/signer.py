"""Which key signs: that of the account on the Sharebox, and otherwise one of this home's own."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from tui_transfer.report import signature
from tui_transfer.report.home_key import home_key

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import paramiko

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
