"""A folder of this machine, served over SFTP: what a client may do in a Sharebox."""

from __future__ import annotations

import errno
import os
from functools import wraps
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar

from paramiko.sftp import SFTP_EOF, SFTP_OK
from paramiko.sftp_attr import SFTPAttributes
from paramiko.sftp_handle import SFTPHandle
from paramiko.sftp_server import SFTPServer
from paramiko.sftp_si import SFTPServerInterface

if TYPE_CHECKING:
    from collections.abc import Callable

    from paramiko.server import ServerInterface

_LONGEST_READ: Final = 256 * 1024
_OPEN_FLAGS: Final = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)

Asked = ParamSpec("Asked")
Given = TypeVar("Given")


def _answer(operation: Callable[Asked, Given]) -> Callable[Asked, Given | int]:
    """Turns an `OSError` of the operation into the SFTP status that says the same."""

    @wraps(operation)
    def answering(*args: Asked.args, **kwargs: Asked.kwargs) -> Given | int:
        try:
            return operation(*args, **kwargs)
        except OSError as error:
            return SFTPServer.convert_errno(error.errno or errno.EIO)

    return answering


class OpenFile(SFTPHandle):
    """A file a client has open. Closing it closes the descriptor."""

    def __init__(self, descriptor: int, flags: int) -> None:
        super().__init__(flags)
        self._descriptor = descriptor

    def close(self) -> None:
        """Releases the file."""
        os.close(self._descriptor)

    @_answer
    def read(self, offset: int, length: int) -> bytes | int:
        """At most `length` bytes from `offset`; the end of the file is said as SFTP_EOF."""
        os.lseek(self._descriptor, offset, os.SEEK_SET)
        return os.read(self._descriptor, min(length, _LONGEST_READ)) or SFTP_EOF

    @_answer
    def write(self, offset: int, data: bytes) -> int:  # type: ignore[override]
        """Writes all of `data` at `offset`, or says why not."""
        os.lseek(self._descriptor, offset, os.SEEK_SET)
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]
        return SFTP_OK

    @_answer
    def stat(self) -> SFTPAttributes:
        """Size, mode and times."""
        return SFTPAttributes.from_stat(os.fstat(self._descriptor))

    @_answer
    def chattr(self, attr: SFTPAttributes) -> int:
        """Truncates, or sets mode and times."""
        return _change(self._descriptor, attr)


class FolderSession(SFTPServerInterface):
    """One client's session in `folder`, which it sees as `/` and cannot leave.

    A path is followed on disk before it is used, so that neither `..` nor a symbolic link leads out of
    the folder; clients cannot make links. Files are created 0600 and folders 0700, whatever was asked.

    Args:
        server: of the connection.
        folder: absolute, links resolved.
    """

    def __init__(self, server: ServerInterface, folder: Path) -> None:
        super().__init__(server)
        self._folder = folder

    @_answer
    def open(self, path: str, flags: int, attr: SFTPAttributes) -> SFTPHandle:
        """Opens a file, creating it where the flags ask for that."""
        return OpenFile(os.open(self._target(path), flags | _OPEN_FLAGS, 0o600), flags)

    @_answer
    def list_folder(self, path: str) -> list[SFTPAttributes]:
        """The entries of a folder."""
        with os.scandir(self._target(path)) as entries:
            return [SFTPAttributes.from_stat(e.stat(follow_symlinks=False), e.name) for e in entries]

    @_answer
    def stat(self, path: str) -> SFTPAttributes:
        """What the path leads to."""
        return SFTPAttributes.from_stat(self._target(path).stat())

    @_answer
    def lstat(self, path: str) -> SFTPAttributes:
        """The entry itself, even if it is a link."""
        is_root = self.canonicalize(path) == "/"
        return SFTPAttributes.from_stat((self._folder if is_root else self._entry(path)).lstat())

    @_answer
    def remove(self, path: str) -> int:
        """Deletes a file."""
        self._entry(path).unlink()
        return SFTP_OK

    @_answer
    def rename(self, oldpath: str, newpath: str) -> int:
        """Renames, and never overwrites.

        For a file that is a new link, which the system refuses to make over an existing name, and then the
        removal of the old one: no other client can slip in between. Folders cannot be linked.
        """
        old, new = self._entry(oldpath), self._entry(newpath)
        if not old.is_dir():
            os.link(old, new, follow_symlinks=False)
            old.unlink()
        elif os.path.lexists(new):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        else:
            old.rename(new)
        return SFTP_OK

    @_answer
    def posix_rename(self, oldpath: str, newpath: str) -> int:
        """Renames, overwriting (posix-rename@openssh.com)."""
        self._entry(oldpath).replace(self._entry(newpath))
        return SFTP_OK

    @_answer
    def mkdir(self, path: str, attr: SFTPAttributes) -> int:
        """Makes a folder."""
        self._entry(path).mkdir(mode=0o700)
        return SFTP_OK

    @_answer
    def rmdir(self, path: str) -> int:
        """Removes an empty folder."""
        self._entry(path).rmdir()
        return SFTP_OK

    @_answer
    def chattr(self, path: str, attr: SFTPAttributes) -> int:
        """Truncates, or sets mode and times."""
        return _change(self._target(path), attr)

    def _target(self, path: str) -> Path:
        """Where a client's path leads, links followed."""
        return self._inside(self._local(path).resolve())

    def _entry(self, path: str) -> Path:
        """The directory entry a client's path names, a final link not followed. The root is none."""
        local = self._local(path)
        return self._inside(local.parent.resolve()) / local.name

    def _local(self, path: str) -> Path:
        return self._folder.joinpath(*PurePosixPath(self.canonicalize(path)).parts[1:])

    def _inside(self, real: Path) -> Path:
        if not real.is_relative_to(self._folder):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return real


def _change(file: Path | int, attr: SFTPAttributes) -> int:
    if attr.st_uid is not None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    if attr.st_size is not None:
        os.truncate(file, attr.st_size)
    if attr.st_mode is not None:
        os.chmod(file, attr.st_mode & 0o777)  # noqa: PTH101 - an open file has no path
    if attr.st_atime is not None and attr.st_mtime is not None:
        os.utime(file, (attr.st_atime, attr.st_mtime))
    return SFTP_OK
