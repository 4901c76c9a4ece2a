"""Servers of asyncssh that are unlike OpenSSH in one thing each: what their file systems do.

Each is a class for `asyncssh_server(files=…)`. Their drop folder is `/depot`.
"""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import asyncssh
from asyncssh import (
    FXF_READ,
    FXF_TRUNC,
    FXF_WRITE,
    SFTPFailure,
    SFTPNoSuchFile,
    SFTPOpUnsupported,
    SFTPPermissionDenied,
)

if TYPE_CHECKING:
    from asyncssh.sftp import SFTPName

FOLDER = b"/depot"
LATE_SECONDS = 1.0


class FolderUnknown(asyncssh.SFTPServer):
    """The drop folder is not there, and takes files: one that is virtual, or that may be written to alone."""

    def _look(self, path: bytes) -> None:
        if path.rstrip(b"/") == FOLDER:
            raise SFTPNoSuchFile("No such file")

    def stat(self, path: bytes) -> Any:
        self._look(path)
        return super().stat(path)

    def lstat(self, path: bytes) -> Any:
        self._look(path)
        return super().lstat(path)

    async def scandir(self, path: bytes) -> AsyncIterator[SFTPName]:
        self._look(path)
        async for name in super().scandir(path):
            yield name


class ReadingRefused(asyncssh.SFTPServer):
    """Nothing may be read; folders may be listed, and sizes seen."""

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> Any:
        if pflags & FXF_READ:
            raise SFTPPermissionDenied("Permission denied")
        return super().open(path, pflags, attrs)


class NoRoomKnown(asyncssh.SFTPServer):
    """Asked for the room that is left, it answers with zeros."""

    def statvfs(self, path: bytes) -> Any:
        return asyncssh.SFTPVFSAttrs()

    def fstatvfs(self, file_obj: object) -> Any:
        return asyncssh.SFTPVFSAttrs()


class SyncRefused(asyncssh.SFTPServer):
    """It says that it brings files to its disk when asked to, and does not."""

    def fsync(self, file_obj: object) -> Any:
        raise SFTPFailure("Failure")


class SizesComeLate(asyncssh.SFTPServer):
    """What was written has 0 bytes for a second after its close, whatever its name is then."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._late: dict[int, float] = {}
        """Until when, by the number of the file."""

    def _told(self, found: os.stat_result) -> Any:
        if time.monotonic() >= self._late.get(found.st_ino, 0):
            return found
        attrs = asyncssh.SFTPAttrs.from_local(found)
        attrs.size = 0
        return attrs

    def stat(self, path: bytes) -> Any:
        return self._told(os.stat(self.map_path(path)))  # noqa: PTH116 - bytes

    def lstat(self, path: bytes) -> Any:
        return self._told(os.lstat(self.map_path(path)))

    def close(self, file_obj: Any) -> None:
        if file_obj.writable():
            self._late[os.fstat(file_obj.fileno()).st_ino] = time.monotonic() + LATE_SECONDS
        file_obj.close()


class ForwardOnly(asyncssh.SFTPServer):
    """A file takes the next byte only, is never written to again, and not read while it is written."""

    may_append = False

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> Any:
        if pflags & FXF_WRITE:
            if pflags & FXF_READ:
                raise SFTPOpUnsupported("Either reading or writing")
            there = os.path.exists(self.map_path(path))  # noqa: PTH110 - bytes
            if there and not (self.may_append or pflags & FXF_TRUNC):
                raise SFTPFailure("Failure")
        return super().open(path, pflags, attrs)

    def write(self, file_obj: Any, offset: int, data: bytes) -> Any:
        if offset != os.fstat(file_obj.fileno()).st_size:
            raise SFTPFailure("Illegal seek")
        return super().write(file_obj, offset, data)

    def setstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        if attrs.size is not None:
            raise SFTPOpUnsupported("Not supported")

    def fsetstat(self, file_obj: object, attrs: asyncssh.SFTPAttrs) -> None:
        self.setstat(b"", attrs)


class EmptiedAtOpening(asyncssh.SFTPServer):
    """A file that is opened to be written to begins anew, whether that was asked for or not, as where each
    writing makes a new object. It is not read meanwhile.
    """

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> Any:
        if pflags & FXF_WRITE:
            if pflags & FXF_READ:
                raise SFTPOpUnsupported("Either reading or writing")
            pflags |= FXF_TRUNC
        return super().open(path, pflags, attrs)


class ForwardAnew(EmptiedAtOpening, ForwardOnly):
    """Likewise, and a file takes the next byte only."""


class ForwardAndOn(ForwardOnly):
    """A file takes the next byte only; one that is there goes on where it ends."""

    may_append = True


class NamesRefused(asyncssh.SFTPServer):
    """Only archives, their hashes and manifests may be written, by their final names: no signature."""

    endings: tuple[bytes, ...] = (b".7z", b".7z.sha256", b".7z.manifest.json")

    def _require(self, path: bytes) -> None:
        if not path.endswith(self.endings):
            raise SFTPPermissionDenied("Name not allowed")

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> Any:
        if pflags & FXF_WRITE:
            self._require(path)
        return super().open(path, pflags, attrs)

    def rename(self, oldpath: bytes, newpath: bytes) -> Any:
        self._require(newpath)
        return super().rename(oldpath, newpath)

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> Any:
        self._require(newpath)
        return super().posix_rename(oldpath, newpath)


class ArchivesOnly(NamesRefused):
    """Only archives may be written, by their final name: no manifest either."""

    endings = (b".7z",)


class LeavesOnce(asyncssh.SFTPServer):
    """Once, after the first megabyte of a file, it says farewell and ends the connection.

    For one server, a class made from this one: it remembers for all connections that it has done so.
    """

    words = "Maintenance de 12 h à 12 h 05"
    has_left = False

    def write(self, file_obj: Any, offset: int, data: bytes) -> Any:
        if offset > 1 << 20 and not type(self).has_left:
            type(self).has_left = True
            self.connection.disconnect(asyncssh.DISC_BY_APPLICATION, self.words)
            raise SFTPFailure("Closing")
        return super().write(file_obj, offset, data)
