"""Finds out what a server lets an account do, by doing all that a delivery needs with a small file.

What is seen is left with the connection's `Knowledge`, by which deliveries are made and which a person is
told. What may cost the connection is asked last, when the file is gone.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
from typing import TYPE_CHECKING, Final, Self

import msgspec

from tui_transfer.errors import Problem, Recovery, TransferError
from tui_transfer.sharebox.delivery.evidence import TrialFate, Verification
from tui_transfer.sharebox.delivery.growing import HEADER_BYTES
from tui_transfer.sharebox.delivery.part import open_part
from tui_transfer.sharebox.delivery.sighting import in_words
from tui_transfer.sharebox.delivery.trial import CONTENT, TrialFile, clear_up
from tui_transfer.sharebox.delivery.verification import hash_by_command
from tui_transfer.sharebox.sftp.session import CREATE, READ, TRUNCATE, WRITE, SftpError
from tui_transfer.sharebox.sftp.window import WriteWindow

if TYPE_CHECKING:
    from types import TracebackType

    from tui_transfer.sharebox.ssh.knowledge import Abilities
    from tui_transfer.sharebox.ssh.sharebox import Sharebox

_log = logging.getLogger("tui_transfer.sharebox")

_PIECE: Final = 10
"""Bytes of a write: several are under way at a time, as they are in a delivery."""
_BEGUN: Final = CONTENT[:-_PIECE]
"""What is there when the file is opened again."""
_SHA256: Final = hashlib.sha256(CONTENT).hexdigest()


def find_out(sharebox: Sharebox, *, by_trial: bool = True) -> None:
    """Finds out what the server can do, unless that is known. What earlier trials left is taken away.

    One that refuses the small file may take an archive all the same: it says so when that comes.

    Raises:
        TransferError: CONNECTION_LOST, INTERRUPTED.
    """
    clear_up(sharebox)
    if sharebox.knowledge.is_complete or not by_trial:
        return
    try:
        with Exploration(sharebox) as exploration:
            exploration.write()
            exploration.try_out()
            exploration.ask_at_risk()
    except TransferError as error:
        if error.problem is Problem.INTERRUPTED or error.meaning.recovery is Recovery.TRANSIENT:
            raise
        _log.warning("the trial file was refused: %s", error)


def verification(abilities: Abilities) -> Verification:
    """How the content of what was sent can be verified, at best."""
    if abilities.takes_away:
        return Verification.NONE
    if abilities.hashes:
        return Verification.SERVER_HASH
    if abilities.reads:
        return Verification.READ_BACK
    return Verification.SIZE_ONLY if abilities.sees else Verification.NONE


class Exploration:
    """`write`, then `try_out`, then `ask_at_risk`. A context manager, which removes what was written.

    Attributes:
        refusal: why the file cannot be renamed, which no delivery with temporary names can do without.
    """

    def __init__(self, sharebox: Sharebox) -> None:
        self._sharebox = sharebox
        self._file = TrialFile(sharebox)
        self._seen: dict[str, bool] = {}
        self.refusal: TransferError | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.__exit__(kind, error, trace)

    @property
    def abilities(self) -> Abilities:
        """What is known by now."""
        return msgspec.structs.replace(self._sharebox.knowledge.abilities, **self._seen)

    @property
    def left(self) -> str | None:
        """The path of a file that could not be removed."""
        return self._file.left

    def write(self) -> None:
        """Writes the file, its beginning last, and then its end, as a delivery does that was cut; where that
        is refused, from its beginning to its end.

        Raises:
            TransferError: what the server refuses then, CONNECTION_LOST.
        """
        self._file.left = self._file.part
        with self._sharebox.refusals("écriture de", self._file.part):
            # Twice: what is refused by chance would count for a week.
            back = self._write_back() or self._write_back()
            if not back:
                self._write_forward(_BEGUN)
            goes_on = self._go_on()
            if not goes_on:
                self._write_forward(_BEGUN)
                goes_on = self._go_on()
        if not goes_on:
            self._file.write()
        self._seen.update(writes_back=back, goes_on=goes_on)

    def _write_back(self) -> bool:
        sftp = self._sharebox.sftp
        handle = open_part(sftp, self._file.part, WRITE | CREATE | TRUNCATE)
        try:
            self._write_pieces(handle, bytes(HEADER_BYTES), 0)
            self._write_pieces(handle, _BEGUN[HEADER_BYTES:], HEADER_BYTES)
            self._write_pieces(handle, _BEGUN[:HEADER_BYTES], 0)
            sftp.close(handle)
        except SftpError:
            with contextlib.suppress(SftpError):
                sftp.close(handle)
            return False
        return self._is_there(_BEGUN)

    def _write_forward(self, content: bytes) -> None:
        sftp = self._sharebox.sftp
        handle = open_part(sftp, self._file.part, WRITE | CREATE | TRUNCATE)
        self._write_pieces(handle, content, 0)
        sftp.close(handle)

    def _go_on(self) -> bool:
        sftp = self._sharebox.sftp
        try:
            handle = self._open_as_it_is()
            try:
                self._write_pieces(handle, CONTENT[len(_BEGUN) :], len(_BEGUN))
                sftp.fsync(handle)
            finally:
                sftp.close(handle)
        except SftpError:
            return False
        return self._is_there(CONTENT)

    def _open_as_it_is(self) -> bytes:
        """As a delivery opens what an earlier one left."""
        sftp = self._sharebox.sftp
        try:
            return sftp.open(self._file.part, READ | WRITE | CREATE)
        except SftpError:
            return sftp.open(self._file.part, WRITE | CREATE)

    def _write_pieces(self, handle: bytes, data: bytes, offset: int) -> None:
        window = WriteWindow(self._sharebox.sftp, handle, lambda *_: None)
        for start in range(0, len(data), _PIECE):
            window.write(offset + start, data[start : start + _PIECE])
        window.drain()

    def _is_there(self, content: bytes) -> bool:
        """Whether the file holds this, as far as the server tells: what is written back may end up behind."""
        try:
            return self._file.read() == content
        except SftpError:
            seen = self._file.seen()
            return seen is None or seen.size in (None, len(content))

    def try_out(self) -> None:
        """Tries what a delivery needs beside that, and removes the file.

        Raises:
            TransferError: CONNECTION_LOST.
        """
        sharebox = self._sharebox
        with sharebox.refusals("essai de", self._file.part):
            seen = self._file.seen()
            self._seen.update(
                reads=self._reads(),
                sees=seen is not None and seen.size is not None,
                hashes=self._hashes(),
                syncs=sharebox.sftp.can_sync,
            )
            fate, refusal = self._file.follow()
            taken = fate in (TrialFate.GONE_AT_CLOSE, TrialFate.GONE_AT_RENAME)
            if refusal is not None and not taken:
                self.refusal = in_words(sharebox, "renommage de", self._file.part, refusal)
            self._seen.update(renames=self.refusal is None, takes_away=taken)
            self._seen.update(renames_over=not taken and self.refusal is None and self._renames_over())

    def _reads(self) -> bool:
        try:
            return self._file.read() == CONTENT
        except SftpError:
            return False

    def _hashes(self) -> bool:
        try:
            return self._sharebox.sftp.sha256(self._file.part) == _SHA256
        except SftpError:
            return False

    def _renames_over(self) -> bool:
        """Whether a file takes the name of another, which is lost then. Tried with two empty ones."""
        sftp, one, other = self._sharebox.sftp, self._file.part, self._file.other
        if not self._sharebox.address.temporary_names or self._file.left is not None:
            return False  # there is nothing to be known, or what is made would stay
        is_over = False
        if self._file.make_empty(one):
            if self._file.make_empty(other):
                with contextlib.suppress(SftpError):
                    sftp.rename(one, other)
                    is_over = True
            for path in (one, other):
                with contextlib.suppress(SftpError):
                    sftp.remove(path)
        return is_over

    def ask_at_risk(self) -> None:
        """Asks for what some servers answer by ending the connection, and keeps what is known by then.

        Raises:
            TransferError: CONNECTION_LOST; `Knowledge.blames` tells whether a question was its cause.
        """
        sharebox = self._sharebox
        knowledge = sharebox.knowledge
        if not self._seen["hashes"] and not self._seen["takes_away"] and self._file.left is None:
            self._seen["hashes"] = self._hashes_by_command()
            is_of_use = self._seen["reads"] and not self._seen["hashes"]
            if is_of_use and knowledge.abilities.reads_meanwhile is not False and self._file.left is None:
                with knowledge.at_risk("reads_meanwhile"):
                    self._seen["reads_meanwhile"] = self._reads_meanwhile()
        if knowledge.abilities.takes_two_sessions:
            with knowledge.at_risk("takes_two_sessions"):
                second = sharebox.open_second_session()
            self._seen["takes_two_sessions"] = second is not None
            if second is not None:
                second.sftp.end()
        knowledge.complete(**self._seen)

    def _hashes_by_command(self) -> bool:
        """Whether a command tells the hash of what was sent: in a chroot it may see other files.

        First a file is hashed that is there anyway: nothing of ours stays where the connection is lost.
        """
        if hash_by_command(self._sharebox, "/dev/null", 0) is None:
            return False
        try:
            self._file.write()
            return hash_by_command(self._sharebox, self._file.part, len(CONTENT)) == _SHA256
        except TransferError as error:
            if error.meaning.recovery is Recovery.TRANSIENT:
                raise
            return False
        finally:
            with self._sharebox.refusals("suppression de", self._file.part):
                self._file.remove()

    def _reads_meanwhile(self) -> bool:
        """Whether what was acknowledged of a file can be read before that is closed. Then it is removed."""
        sharebox, sftp, part = self._sharebox, self._sharebox.sftp, self._file.part
        self._file.left = part
        with sharebox.refusals("essai de", part):
            try:
                handle = open_part(sftp, part, WRITE | CREATE | TRUNCATE)
                try:
                    self._write_pieces(handle, CONTENT, 0)
                    return self._file.read() == CONTENT
                finally:
                    sftp.close(handle)
            except SftpError:
                return False
            finally:
                self._file.remove()
