"""Tries on a small file of its own what a server does with what it is given, and takes it away again."""

from __future__ import annotations

import contextlib
import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tui_transfer.errors import TransferError
from tui_transfer.sharebox.delivery.evidence import TrialFate, Verification
from tui_transfer.sharebox.delivery.part import PART
from tui_transfer.sharebox.delivery.sighting import find, in_words, is_forbidden, is_missing
from tui_transfer.sharebox.delivery.small_file import write
from tui_transfer.sharebox.delivery.verification import hashes_by_command
from tui_transfer.sharebox.sftp.session import CREATE, EXCLUSIVE, READ, WRITE, SftpError, SftpLostError
from tui_transfer.sharebox.sftp.window import read_ahead

if TYPE_CHECKING:
    from collections.abc import Callable
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
        taken: the server took the file away as soon as it was closed or renamed.
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
        name = f"tui-transfer-{secrets.token_hex(8)}"
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

    def follow(self) -> TrialFate:
        """Renames the file, sees what becomes of it, and removes it.

        Raises:
            TransferError: CONNECTION_LOST.
        """
        with self._sharebox.refusals("essai de", self._part):
            return self._follow()[0]

    def try_out(self) -> Abilities:
        """Tries everything that a delivery needs, and removes the file.

        Raises:
            TransferError: CONNECTION_LOST.
        """
        sharebox = self._sharebox
        with sharebox.refusals("essai de", self._part):
            best = self._best_verification()
            rewrites = self._rewrites()
            fate, refusal = self._follow()
        taken = fate in (TrialFate.GONE_AT_CLOSE, TrialFate.GONE_AT_RENAME)
        if taken:
            best, refusal = Verification.NONE, None
        elif best is not Verification.SERVER_HASH and self._hashes_by_command():
            best = Verification.SERVER_HASH
        refused = None if refusal is None else in_words(sharebox, "renommage de", self._part, refusal)
        return Abilities(best, taken, rewrites, sharebox.sftp.can_sync, refused)

    def _follow(self) -> tuple[TrialFate, SftpError | None]:
        """What became of the file, which is removed, and what the server had against its being renamed."""
        closed = find(self._sharebox, self._part)
        refusal = self._rename()
        part, renamed = find(self._sharebox, self._part), find(self._sharebox, self._renamed)
        if renamed.is_something:
            self.left = self._renamed
        if part.is_something or renamed.is_something:
            fate = TrialFate.STAYED
        elif refusal is None and renamed.refusal is not None and self._is_hidden():
            fate = TrialFate.HIDDEN
        elif not self._is_free(self._renamed if refusal is None else self._part):
            fate = TrialFate.STAYED
        elif refusal is not None and (closed.is_nothing or is_missing(refusal)):
            fate = TrialFate.GONE_AT_CLOSE
        else:
            fate = TrialFate.GONE_AT_RENAME
        self._remove()
        return fate, refusal

    def _is_free(self, path: str) -> bool:
        """Whether nothing is at `path`. A server that lets nobody look may say so of what is there, but makes
        no new file in its place. Where it makes none anywhere, its answer to a removal counts.
        """
        if self._can_make(path):
            return True
        return not self._can_make(self._part + _RENAMED) and self._remove() is False

    def _can_make(self, path: str) -> bool:
        """Whether an empty file can be made at `path`, where nothing may be; it is removed."""
        sftp = self._sharebox.sftp
        try:
            sftp.close(sftp.open(path, WRITE | CREATE | EXCLUSIVE))
        except SftpError:
            return False
        with contextlib.suppress(SftpError):
            sftp.remove(path)
        return True

    def _is_hidden(self) -> bool:
        """Whether nobody may read what was renamed, where nobody may look at it."""
        try:
            self._read(self._renamed)
        except SftpError as error:
            return is_forbidden(error)
        return False

    def _best_verification(self) -> Verification:
        seen = find(self._sharebox, self._part).attributes
        if self._hashes():
            return Verification.SERVER_HASH
        if self._reads():
            return Verification.READ_BACK
        return Verification.SIZE_ONLY if seen is not None and seen.size is not None else Verification.NONE

    def _reads(self) -> bool:
        try:
            return self._read(self._part) == _CONTENT
        except SftpError:
            return False

    def _read(self, path: str) -> bytes:
        sftp = self._sharebox.sftp
        handle = sftp.open(path, READ)
        content = b"".join(read_ahead(sftp, handle, 0, len(_CONTENT)))
        sftp.close(handle)
        return content

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

    def _rename(self) -> SftpError | None:
        """Renames the file; gives what the server has against it."""
        try:
            self._sharebox.sftp.rename(self._part, self._renamed)
        except SftpError as error:
            return error
        self.left = self._renamed
        return None

    def _remove(self) -> bool | None:
        """Removes the file; tells whether it was there, None where it may not be removed."""
        if self.left is None:
            return None
        try:
            self._sharebox.sftp.remove(self.left)
        except SftpError as error:
            if not is_missing(error):
                return None
            self.left = None
            return False
        self.left = None
        return True


class Trials:
    """Tells what becomes of what a server is given. A trial file is sent when that is first asked; where it
    is gone, which may be an accident, it counts only if another goes the same way.

    Args:
        tell: is told what became of it, before anything is made of that.
    """

    def __init__(self, tell: Callable[[TrialFate], object] = lambda fate: None) -> None:
        self._tell = tell
        self._fate: TrialFate | None = None

    def fate(self, sharebox: Sharebox) -> TrialFate:
        """What became of the trial file.

        Raises:
            TransferError: what the server refuses, CONNECTION_LOST.
        """
        if self._fate is None:
            fate = _try(sharebox)
            if fate in (TrialFate.GONE_AT_CLOSE, TrialFate.GONE_AT_RENAME) and _try(sharebox) is not fate:
                fate = TrialFate.STAYED
            self._tell(fate)
            self._fate = fate
        return self._fate


def _try(sharebox: Sharebox) -> TrialFate:
    with Trial(sharebox) as trial:
        trial.write()
        return trial.follow()
