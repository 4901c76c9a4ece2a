"""A small file of our own that shows what a server does with what it is given; it is taken away again."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from tui_transfer.sharebox.delivery.evidence import TrialFate
from tui_transfer.sharebox.delivery.part import PART
from tui_transfer.sharebox.delivery.sighting import find, is_forbidden, is_missing
from tui_transfer.sharebox.delivery.small_file import write
from tui_transfer.sharebox.sftp.session import CREATE, EXCLUSIVE, READ, WRITE, SftpError, SftpLostError
from tui_transfer.sharebox.sftp.window import read_ahead

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from tui_transfer.sharebox.sftp.session import Attributes
    from tui_transfer.sharebox.ssh.sharebox import Sharebox

CONTENT: Final = "Essai de connexion de tui-transfer : ce fichier peut être supprimé.\n".encode()
_NAME: Final = "tui-transfer-{mark}"
_ENDING: Final = ".essai"
"""Nothing that fetches archives may take it for one."""
_LIKE_A_PART: Final = f"-essai.7z{PART}"
"""For servers that take no other names than those of archives, and of their partial files."""


class TrialFile:
    """The file in the drop folder. A context manager, which removes it.

    Its names end as those of an archive do, except for the final one: where only such names are taken, the
    final one is that of another partial file.

    Attributes:
        part: the path under which it is written.
        other: another path that it may have.
        left: the path of the file, as long as it is there; afterwards that of one that could not be removed.
    """

    def __init__(self, sharebox: Sharebox) -> None:
        self._sharebox = sharebox
        self._mark = sharebox.knowledge.begin_trial()
        self._has_temporary_name = sharebox.address.temporary_names
        temporary, *finals = _paths(sharebox, self._mark)
        self._finals = finals
        self.other = finals[-1]
        self.part = temporary if self._has_temporary_name else finals[0]
        self.left: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        knowledge = self._sharebox.knowledge
        try:
            self.remove()
        except SftpLostError:  # the next connection takes it away
            knowledge.leave_trial(self._mark)
        else:
            knowledge.end_trial(self._mark)

    def write(self) -> None:
        """Writes the file, from its beginning to its end.

        Raises:
            TransferError: what the server refuses, CONNECTION_LOST.
        """
        self.left = self.part
        write(self._sharebox, self.part, CONTENT)

    def seen(self) -> Attributes | None:
        """What is told of the file, if anything.

        Raises:
            TransferError: CONNECTION_LOST.
        """
        return find(self._sharebox, self.part).attributes

    def read(self, path: str | None = None) -> bytes:
        """What is in the file, or in the one at `path`; what follows what was written counts as well.

        Raises:
            SftpError, SftpLostError: it may not be read, or is not there.
        """
        sftp = self._sharebox.sftp
        handle = sftp.open(path or self.part, READ)
        content = b"".join(read_ahead(sftp, handle, 0, len(CONTENT) + 1))
        sftp.close(handle)
        return content

    def follow(self) -> tuple[TrialFate, SftpError | None]:
        """Gives the file its final name, sees what becomes of it, and removes it.

        Returns:
            What became of it, and what the server had against its new name.

        Raises:
            TransferError: CONNECTION_LOST.
        """
        with self._sharebox.refusals("essai de", self.part):
            return self._follow() if self._has_temporary_name else (self._stay(), None)

    def _follow(self) -> tuple[TrialFate, SftpError | None]:
        closed = find(self._sharebox, self.part)
        final, refusal = self._rename()
        part, renamed = find(self._sharebox, self.part), find(self._sharebox, final)
        if renamed.is_something:
            self.left = final
        if part.is_something or renamed.is_something:
            fate = TrialFate.STAYED
        elif refusal is None and renamed.refusal is not None and self._is_hidden(final):
            fate = TrialFate.GONE_AT_RENAME if self.remove() is False else TrialFate.HIDDEN
        elif not self._is_free(final if refusal is None else self.part):
            fate = TrialFate.STAYED
        elif refusal is not None and (closed.is_nothing or is_missing(refusal)):
            fate = TrialFate.GONE_AT_CLOSE
        else:
            fate = TrialFate.GONE_AT_RENAME
        self.remove()
        return fate, refusal

    def _stay(self) -> TrialFate:
        """What becomes of the file where it bears its final name from the start."""
        closed = find(self._sharebox, self.part)
        if closed.is_something:
            fate = TrialFate.STAYED
        elif closed.refusal is not None and self._is_hidden(self.part):
            fate = TrialFate.GONE_AT_CLOSE if self.remove() is False else TrialFate.HIDDEN
        else:
            fate = TrialFate.GONE_AT_CLOSE if self._is_free(self.part) else TrialFate.STAYED
        self.remove()
        return fate

    def _is_free(self, path: str) -> bool:
        """Whether nothing is at `path`. A server that lets nobody look may say so of what is there, but makes
        no new file in its place. Where it makes none anywhere, its answer to a removal counts.
        """
        if self._can_make(path):
            return True
        return not self._can_make(self.part + _ENDING) and self.remove() is False

    def _can_make(self, path: str) -> bool:
        """Whether an empty file can be made at `path`, where nothing may be; it is removed."""
        if not self.make_empty(path):
            return False
        with contextlib.suppress(SftpError):
            self._sharebox.sftp.remove(path)
        return True

    def make_empty(self, path: str) -> bool:
        """Makes an empty file at `path`, unless something is there, or the server refuses it."""
        sftp = self._sharebox.sftp
        try:
            sftp.close(sftp.open(path, WRITE | CREATE | EXCLUSIVE))
        except SftpError:
            return False
        return True

    def _is_hidden(self, path: str) -> bool:
        """Whether nobody may read what is there, where nobody may look at it."""
        try:
            self.read(path)
        except SftpError as error:
            return is_forbidden(error)
        return False

    def _rename(self) -> tuple[str, SftpError | None]:
        """Renames the file; gives the new path, and what the server has against it."""
        refusal: SftpError | None = None
        for final in self._finals:
            try:
                self._sharebox.sftp.rename(self.part, final)
            except SftpError as error:
                refusal = refusal or error
                if is_missing(error):  # whatever the name: there is nothing to be renamed
                    break
            else:
                self.left = final
                return final, None
        return self._finals[0], refusal

    def remove(self) -> bool | None:
        """Removes the file; tells whether it was there, None where it may not be removed.

        Raises:
            SftpLostError: the connection is lost.
        """
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


def clear_up(sharebox: Sharebox) -> None:
    """Takes away what trials have left that were cut, or whose process died.

    Raises:
        TransferError: CONNECTION_LOST.
    """
    for mark in sharebox.knowledge.abandoned():
        for path in _paths(sharebox, mark):
            with sharebox.refusals("suppression de", path), contextlib.suppress(SftpError):
                sharebox.sftp.remove(path)
        sharebox.knowledge.end_trial(mark)


def _paths(sharebox: Sharebox, mark: str) -> list[str]:
    """The temporary path of a trial file, and the final ones that it may get."""
    name = _NAME.format(mark=mark)
    return [sharebox.path(name + ending) for ending in (f".7z{PART}", _ENDING, _LIKE_A_PART)]


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
    with TrialFile(sharebox) as trial:
        trial.write()
        return trial.follow()[0]
