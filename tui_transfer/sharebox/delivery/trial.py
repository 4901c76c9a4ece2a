"""Tries on a small file of its own what a delivery needs of a server, and takes it away again."""

from __future__ import annotations

import contextlib
import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from paramiko import sftp as protocol

from tui_transfer.errors import TransferError
from tui_transfer.sharebox.delivery.publication import PART, find, write
from tui_transfer.sharebox.delivery.verification import Verification, hashes_by_command
from tui_transfer.sharebox.sftp.session import READ, WRITE, SftpError, SftpLostError
from tui_transfer.sharebox.sftp.window import read_ahead

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from tui_transfer.sharebox.ssh.sharebox import Sharebox

_CONTENT: Final = "Essai de connexion de tui-transfer : ce fichier peut être supprimé.\n".encode()
_RENAMED: Final = ".essai"
"""Nothing that fetches archives may take it for one."""


@dataclass(frozen=True)
class Abilities:
    """What the server lets this account do with a file.

    Attributes:
        verification: the best way to make sure that one arrived whole.
        taken: the server took the file away as soon as it was there; it could not be looked at.
        rewrites: one that is there may be written to, so that a cut delivery goes on where it was.
        syncs: the server brings it to its disk when asked to.
        refusal: why it cannot be renamed, which no delivery can do without.
    """

    verification: Verification
    taken: bool
    rewrites: bool
    syncs: bool
    refusal: TransferError | None


class Trial:
    """The file in the drop folder: `write` it, then `try_out`. A context manager, which removes it.

    Attributes:
        left: the path of the file, as long as it is there; afterwards that of one that could not be removed.
    """

    def __init__(self, sharebox: Sharebox) -> None:
        self._sharebox = sharebox
        name = f"tui-transfer-{secrets.token_hex(4)}"
        self._part = sharebox.path(name + PART)
        self._renamed = sharebox.path(name + _RENAMED)
        self.left: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(SftpLostError):  # nothing more can be done
            self._remove()

    def write(self) -> None:
        """Writes the file.

        Raises:
            TransferError: what the server refuses, CONNECTION_LOST.
        """
        self.left = self._part
        write(self._sharebox, self._part, _CONTENT)

    def try_out(self) -> Abilities:
        """Tries everything else, and removes the file.

        Raises:
            TransferError: CONNECTION_LOST.
        """
        sharebox = self._sharebox
        with sharebox.refusals("essai de", self._part):
            best = self._best_verification()
            rewrites = self._rewrites()
            refusal = self._rename()
            taken = refusal is not None and self._is_gone()
            self._remove()
        if taken:
            best, refusal = Verification.NONE, None
        elif best is not Verification.SERVER_HASH and self._hashes_by_command():
            best = Verification.SERVER_HASH
        return Abilities(best, taken, rewrites, sharebox.sftp.can_sync, refusal)

    def _best_verification(self) -> Verification:
        found = find(self._sharebox, self._part)
        if self._hashes():
            return Verification.SERVER_HASH
        if self._reads():
            return Verification.READ_BACK
        return Verification.SIZE_ONLY if found is not None and found.size is not None else Verification.NONE

    def _reads(self) -> bool:
        sftp = self._sharebox.sftp
        try:
            handle = sftp.open(self._part, READ)
            content = b"".join(read_ahead(sftp, handle, 0, len(_CONTENT)))
            sftp.close(handle)
        except SftpError:
            return False
        return content == _CONTENT

    def _hashes(self) -> bool:
        try:
            return self._sharebox.sftp.sha256(self._part) == hashlib.sha256(_CONTENT).hexdigest()
        except SftpError:
            return False

    def _hashes_by_command(self) -> bool:
        """Asked when the file is gone: some servers drop the connection then."""
        try:
            return hashes_by_command(self._sharebox)
        except TransferError:
            return False

    def _rewrites(self) -> bool:
        sftp = self._sharebox.sftp
        try:
            sftp.close(sftp.open(self._part, WRITE))
        except SftpError:
            return False
        return True

    def _rename(self) -> TransferError | None:
        """Renames the file; gives what the server has against it."""
        sharebox = self._sharebox
        try:
            with sharebox.refusals("renommage de", self._part):
                sharebox.sftp.rename(self._part, self._renamed)
        except TransferError as error:
            sharebox.check_alive()
            return error
        self.left = self._renamed
        return None

    def _is_gone(self) -> bool:
        try:
            return self._sharebox.sftp.stat(self._part) is None
        except SftpError:
            return False

    def _remove(self) -> None:
        if self.left is None:
            return
        try:
            self._sharebox.sftp.remove(self.left)
        except SftpError as error:
            if error.code != protocol.SFTP_NO_SUCH_FILE:
                return
        self.left = None
