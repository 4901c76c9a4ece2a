"""What an SFTP server sends, decoded: the only place where its bytes are read. Pure, without I/O.

Version 3 of the protocol: draft-ietf-secsh-filexfer-02. A reply is taken only if every length in it fits and
no byte is missing or left over, so that what was cut short, or belongs to something else, is never taken for
an acceptance. Nothing of a reply is dropped: encoding what was decoded gives the same bytes again.

Where servers in use differ from the draft and mean one thing only, they are understood; each such place says
which servers they are. Everything else is an `SftpProtocolError`, whose message says what was wrong.
"""

from __future__ import annotations

import stat
import struct
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Final, TypeAlias

from tui_transfer.sharebox.sftp.errors import SftpProtocolError
from tui_transfer.sharebox.wire import Reader, displayed

if TYPE_CHECKING:
    from collections.abc import Callable

VERSION: Final = 3
LONGEST_PACKET: Final = 1 << 20
"""Bytes. Servers that list a whole folder in one reply send more than the 256 KiB of OpenSSH."""
LONGEST_HANDLE: Final = 256
"""Bytes: draft-ietf-secsh-filexfer-02, section 7."""


_ENDLESS: Final = 1 << 63
"""Bytes: no file system is as large."""


class ReplyType(IntEnum):
    """The first byte of what a server sends."""

    VERSION = 2
    STATUS = 101
    HANDLE = 102
    DATA = 103
    NAME = 104
    ATTRS = 105
    EXTENDED_REPLY = 201


class StatusCode(IntEnum):
    """What a `Status` says, as far as version 3 knows; servers send codes of later versions too."""

    OK = 0
    EOF = 1
    NO_SUCH_FILE = 2
    PERMISSION_DENIED = 3
    FAILURE = 4
    BAD_MESSAGE = 5
    NO_CONNECTION = 6
    CONNECTION_LOST = 7
    OP_UNSUPPORTED = 8


class AttributeFlag(IntEnum):
    """Which attributes follow."""

    SIZE = 0x1
    OWNER = 0x2
    MODE = 0x4
    TIMES = 0x8
    EXTENDED = 0x80000000


_IDLE_FLAGS: Final = 0x10 | 0x20
"""« Time created » and « time modified » of version 4. WS_FTP and Huawei's servers set them in version 3 too,
and send nothing for them."""
_KNOWN_FLAGS: Final = sum(AttributeFlag) | _IDLE_FLAGS


# What servers say


@dataclass(frozen=True, slots=True)
class Version:
    """The server's greeting: names and data of its extensions, in its order."""

    extensions: tuple[tuple[bytes, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Status:
    """How a request ended. `message` and `language` are None where the server left them out."""

    code: int
    message: bytes | None = None
    language: bytes | None = None

    @property
    def text(self) -> str:
        """The server's own words, fit to be shown on one line: whatever their encoding, without control
        characters."""
        return displayed(self.message or b"")


@dataclass(frozen=True, slots=True)
class Handle:
    """An open file or folder, by the name that the server gave it: 1 to 256 bytes."""

    handle: bytes


@dataclass(frozen=True, slots=True)
class Data:
    """What was read, at least a byte."""

    data: bytes


@dataclass(frozen=True)
class Attributes:
    """What a file or folder is like; None where the server did not say.

    Attributes:
        size: in bytes.
        mode: type and permissions, as `stat.st_mode`.
        modified: seconds since 1970.
        accessed: seconds since 1970. To look at a file changes it: it does not count when two are compared.
        owner: numbers of user and group.
        extended: names and data of others; None unless the server said that there may be some.
        idle_flags: that the server set, and that stand for nothing.
    """

    size: int | None = None
    mode: int | None = None
    modified: int | None = None
    accessed: int | None = field(default=None, compare=False)
    owner: tuple[int, int] | None = None
    extended: tuple[tuple[bytes, bytes], ...] | None = None
    idle_flags: int = 0

    @property
    def is_folder(self) -> bool:
        """Whether the server says that this is a folder."""
        return self.mode is not None and stat.S_ISDIR(self.mode)


@dataclass(frozen=True, slots=True)
class Name:
    """One entry of a folder: its name, a line as `ls -l` writes it, and what it is like."""

    filename: bytes
    longname: bytes
    attributes: Attributes


@dataclass(frozen=True, slots=True)
class Names:
    """Some entries of a folder. None of them means that there are no more, as for OpenSSH's own client."""

    names: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Extension:
    """The answer to an extended request. What `body` holds, the extension says."""

    body: bytes


Reply: TypeAlias = Status | Handle | Data | Names | Attributes | Extension


@dataclass(frozen=True, slots=True)
class Expected:
    """What a request may be answered with: a `Status` that refuses it, or what grants it.

    Attributes:
        granted_by: the kind of reply; `Status` where « OK » is all that is to be said. None: any kind.
        longest_data: bytes, for a reply of `Data`.
    """

    granted_by: type[Reply] | None = None
    longest_data: int = 0

    def check(self, reply: Reply) -> None:
        """Checks that `reply` is an answer to this request.

        Raises:
            SftpProtocolError: it answers something else, or brings more than was asked.
        """
        if self.granted_by is None:
            return
        if isinstance(reply, Status):
            if reply.code == StatusCode.OK and self.granted_by is not Status:
                raise SftpProtocolError(f"« OK » instead of {self.granted_by.__name__}")
        elif not isinstance(reply, self.granted_by):
            raise SftpProtocolError(f"{type(reply).__name__} instead of {self.granted_by.__name__}")
        elif isinstance(reply, Data) and len(reply.data) > self.longest_data:
            raise SftpProtocolError(f"{len(reply.data)} bytes of data instead of {self.longest_data}")


# Packets


class PacketStream:
    """Parts what comes from a server into packets, each of which says how long it is."""

    def __init__(self) -> None:
        self._received = bytearray()

    def feed(self, data: bytes) -> None:
        """Takes the next bytes that came."""
        self._received += data

    @property
    def has_next(self) -> bool:
        """Whether `next` has something to say: a packet is complete, or will never be."""
        length = self._announced()
        return length is not None and (not _is_possible(length) or len(self._received) >= 4 + length)

    def next(self) -> bytes | None:
        """The next packet, without its length; None as long as it is not complete.

        Raises:
            SftpProtocolError: it is announced as empty, or as longer than any is.
        """
        length = self._announced()
        if length is None:
            return None
        if not _is_possible(length):
            raise SftpProtocolError(f"a packet of {length} bytes")
        if len(self._received) < 4 + length:
            return None
        packet = bytes(self._received[4 : 4 + length])
        del self._received[: 4 + length]
        return packet

    def _announced(self) -> int | None:
        return int.from_bytes(self._received[:4]) if len(self._received) >= 4 else None


def _is_possible(length: int) -> bool:
    return 0 < length <= LONGEST_PACKET


def decode_version(packet: bytes) -> Version:
    """Decodes the greeting, the only packet without a number.

    Raises:
        SftpProtocolError: it is none, or of another version than was asked for.
    """
    reader = Reader(packet, SftpProtocolError)
    kind = reader.byte()
    if kind != ReplyType.VERSION:
        raise SftpProtocolError(f"a packet of type {kind} instead of the version")
    version = reader.uint32()
    if version != VERSION:
        raise SftpProtocolError(f"version {version} instead of {VERSION}")
    extensions = []
    while reader.has_more:
        extensions.append((reader.string(), reader.string()))
    return Version(tuple(extensions))


def decode(packet: bytes) -> tuple[int, Reply]:
    """Decodes a reply; gives the number of the request that it answers as well.

    Raises:
        SftpProtocolError: it is none.
    """
    reader = Reader(packet, SftpProtocolError)
    kind, number = reader.byte(), reader.uint32()
    decode_body = _BODIES.get(kind)
    if decode_body is None:
        raise SftpProtocolError(f"a reply of unknown type {kind}")
    reply = decode_body(reader)
    reader.end()
    return number, reply


# Replies, by type


def _status(reader: Reader) -> Status:
    """Version 2 had no texts, and some servers leave them out: Cisco's and others send the code alone, others
    no language. The code is whole in each case, and each text is there or not."""
    code = reader.uint32()
    message = reader.string() if reader.has_more else None
    language = reader.string() if reader.has_more else None
    return Status(code, message, language)


def _handle(reader: Reader) -> Handle:
    handle = reader.string()
    if not 0 < len(handle) <= LONGEST_HANDLE:
        raise SftpProtocolError(f"a handle of {len(handle)} bytes")
    return Handle(handle)


def _data(reader: Reader) -> Data:
    """At the end of a file servers say so; no data would say nothing, and be asked for without end."""
    data = reader.string()
    if not data:
        raise SftpProtocolError("no data, nor the end of the file")
    return Data(data)


def _names(reader: Reader) -> Names:
    """However many are announced: each takes twelve bytes at least, so that the packet ends them."""
    return Names(
        tuple(Name(reader.string(), reader.string(), _attributes(reader)) for _ in range(reader.uint32()))
    )


def _attributes(reader: Reader) -> Attributes:
    flags = reader.uint32()
    if unknown := flags & ~_KNOWN_FLAGS:
        raise SftpProtocolError(f"unknown attributes {unknown:#x}")
    size = reader.uint64() if flags & AttributeFlag.SIZE else None
    owner = (reader.uint32(), reader.uint32()) if flags & AttributeFlag.OWNER else None
    mode = reader.uint32() if flags & AttributeFlag.MODE else None
    accessed, modified = (reader.uint32(), reader.uint32()) if flags & AttributeFlag.TIMES else (None, None)
    extended = None
    if flags & AttributeFlag.EXTENDED:
        extended = tuple((reader.string(), reader.string()) for _ in range(reader.uint32()))
    return Attributes(size, mode, modified, accessed, owner, extended, flags & _IDLE_FLAGS)


def _extension(reader: Reader) -> Extension:
    return Extension(reader.rest())


_BODIES: Final[dict[int, Callable[[Reader], Reply]]] = {
    ReplyType.STATUS: _status,
    ReplyType.HANDLE: _handle,
    ReplyType.DATA: _data,
    ReplyType.NAME: _names,
    ReplyType.ATTRS: _attributes,
    ReplyType.EXTENDED_REPLY: _extension,
}


# Extensions


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """What `limits@openssh.com` tells: bytes of a packet, of data in one request to read or write, and open
    handles; 0 where there is no limit, or none to tell. Source: PROTOCOL of OpenSSH, section 4.8.
    """

    packet: int
    read: int
    write: int
    handles: int


@dataclass(frozen=True, slots=True)
class FileSystem:
    """What `statvfs@openssh.com` tells, as `statvfs(3)`; blocks are of `fragment_size` bytes.

    Source: PROTOCOL of OpenSSH, section 4.4.
    """

    block_size: int
    fragment_size: int
    blocks: int
    free: int
    available: int
    files: int
    files_free: int
    files_available: int
    identity: int
    flags: int
    longest_name: int

    @property
    def free_bytes(self) -> int | None:
        """Bytes that this account may still write; None where the numbers mean nothing: some servers answer
        with zeros, or with ones, for what they do not know."""
        if not self.fragment_size or not self.available <= self.free <= self.blocks:
            return None
        if not 0 < self.fragment_size * self.blocks < _ENDLESS:
            return None
        return self.fragment_size * self.available


@dataclass(frozen=True, slots=True)
class FileHash:
    """What `check-file-name` tells of a whole file: which algorithm was used, and the hash.

    `is_named` is whether the name of the extension comes first.
    """

    algorithm: bytes
    digest: bytes
    is_named: bool


def decode_limits(reply: Extension) -> ServerLimits:
    """Decodes the answer to `limits@openssh.com`.

    Raises:
        SftpProtocolError: it is none.
    """
    return ServerLimits(*_numbers(reply, 4))


def decode_file_system(reply: Extension) -> FileSystem:
    """Decodes the answer to `statvfs@openssh.com`.

    Raises:
        SftpProtocolError: it is none.
    """
    return FileSystem(*_numbers(reply, 11))


def decode_file_hash(reply: Extension, algorithm: bytes, size: int) -> FileHash:
    """Decodes the answer to `check-file-name` for one block, which is the whole file.

    Apache MINA begins with the name of the extension, as in section 9.1.2 of draft-ietf-secsh-filexfer-09;
    ProFTPD with the algorithm, as in section 3 of draft-ietf-secsh-filexfer-extensions-00.

    Args:
        reply: the answer.
        algorithm: that was asked for.
        size: of its hashes, in bytes.

    Raises:
        SftpProtocolError: it is none, or of another algorithm.
    """
    reader = Reader(reply.body, SftpProtocolError)
    first = reader.string()
    is_named = first == b"check-file"
    used = reader.string() if is_named else first
    digest = reader.rest()
    if used != algorithm or len(digest) != size:
        raise SftpProtocolError(f"a hash by {displayed(used)} of {len(digest)} bytes")
    return FileHash(used, digest, is_named)


def _numbers(reply: Extension, count: int) -> tuple[int, ...]:
    if len(reply.body) != 8 * count:
        raise SftpProtocolError(f"{len(reply.body)} bytes instead of {count} numbers")
    return struct.unpack(f">{count}Q", reply.body)
