"""The key of a job's archives: made of the passphrase once it is needed, and of the same one each time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui_transfer.errors import Problem, TransferError
from tui_transfer.job.events import ArchiveLocked
from tui_transfer.worker.recorder import now

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_transfer.archive.encryption import ArchiveKey
    from tui_transfer.job.state import JobState

_ADVICE: Final = (
    "Saisissez celle que vous avez notée, ou donnez-la par la variable TUI_TRANSFER_ARCHIVE_PASSWORD. "
    "Si elle est perdue, lancez un nouveau transfert, qui aura la sienne."
)


class Encryption:
    """Whether and with what the archives of a job are encrypted.

    Args:
        state: of the job.
        passphrase: if one was given; it stays in memory.
        record: is told, the first time, what tells this passphrase from others.
    """

    def __init__(
        self, state: JobState, passphrase: str | None, record: Callable[[ArchiveLocked], object]
    ) -> None:
        self._wanted = state.spec.encrypt
        self._locked = state.locked
        self._passphrase = passphrase
        self._record = record
        self._key: ArchiveKey | None = None

    def key_of(self, archive: str) -> ArchiveKey | None:
        """The key of the archive of that name; None where it is not to be encrypted.

        Raises:
            TransferError: ARCHIVE_PASSPHRASE_NEEDED, or ARCHIVE_PASSPHRASE_WRONG where the job began with
                another.
        """
        if not self._wanted:
            return None
        self._key = self._key or self._make_key()
        return self._key.of(archive)

    def _make_key(self) -> ArchiveKey:
        from tui_transfer.archive.encryption import ArchiveKey, new_salt

        if not self._passphrase:
            raise TransferError(Problem.ARCHIVE_PASSPHRASE_NEEDED, advice=_ADVICE)
        salt = bytes.fromhex(self._locked.salt) if self._locked else new_salt()
        key = ArchiveKey.derive(self._passphrase, salt)
        if self._locked is None:
            self._record(ArchiveLocked(at=now(), salt=salt.hex(), check=key.check))
        elif key.check != self._locked.check:
            raise TransferError(Problem.ARCHIVE_PASSPHRASE_WRONG)
        return key
