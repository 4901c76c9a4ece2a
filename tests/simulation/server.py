"""The fake Sharebox: SFTP version 3 as draft-ietf-secsh-filexfer-02 has it, with files in memory.

It knows no network, no time and no chance. It is given the bytes that came over a channel, and gives those
that go back; what it does wrong it is told for each request, by a `Deed` (see `faults`).
"""

from __future__ import annotations

import hashlib
import shlex
import struct
from dataclasses import dataclass, field
from itertools import count, zip_longest
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    _Handler = Callable[["Request"], int | tuple[int, bytes]]

INIT, VERSION = 1, 2
OPEN, CLOSE, READ, WRITE, LSTAT, FSTAT, SETSTAT, FSETSTAT = range(3, 11)
OPENDIR, READDIR, REMOVE, MKDIR, RMDIR, REALPATH, STAT, RENAME = range(11, 19)
STATUS, HANDLE, DATA, NAME, ATTRS = range(101, 106)
EXTENDED, EXTENDED_REPLY = 200, 201
OK, EOF, NO_SUCH_FILE, PERMISSION_DENIED, FAILURE, BAD_MESSAGE = range(6)
UNSUPPORTED: Final = 8
FOR_READING, FOR_WRITING, _APPEND, CREATE, TRUNCATE, EXCLUSIVE = 1, 2, 4, 8, 16, 32
_SIZE, _OWNER, _MODE, _TIMES = 1, 2, 4, 8
_WHOLE: Final = range(1 << 62)
_FILE_MODE, _FOLDER_MODE = 0o100600, 0o040700

NAMES: Final = {
    INIT: "init",
    OPEN: "open",
    CLOSE: "close",
    READ: "read",
    WRITE: "write",
    LSTAT: "stat",
    FSTAT: "fstat",
    SETSTAT: "setstat",
    FSETSTAT: "fsetstat",
    OPENDIR: "opendir",
    READDIR: "readdir",
    REMOVE: "remove",
    MKDIR: "mkdir",
    RMDIR: "rmdir",
    REALPATH: "realpath",
    STAT: "stat",
    RENAME: "rename",
}
"""What requests are called in plans."""


@dataclass(frozen=True)
class Character:
    """What a server is like, from its first day to its last.

    Attributes:
        hashes: "" for no way; "extension" for `check-file-name`; "command" for `sha256sum`.
        syncs, tells_room, tells_limits: which extensions it has.
        longest: bytes of one read or write, where it tells limits.
        reads: whether files that were written may be read.
        looks: whether files may be looked at (stat, list).
        reopens: whether a file that exists may be written to.
        takes: "close" or "rename" where it takes files away at once, into its own system.
        sessions: how many sessions one connection may have.
        replaces: whether a rename replaces what is there.
        renames: whether files may be renamed.
        denies_by: the code of what may not be done.
    """

    hashes: str = ""
    syncs: bool = True
    tells_room: bool = True
    tells_limits: bool = True
    longest: int = 4096
    reads: bool = True
    looks: bool = True
    reopens: bool = True
    takes: str = ""
    sessions: int = 10
    replaces: bool = False
    renames: bool = True
    denies_by: int = PERMISSION_DENIED


@dataclass
class File:
    """A file's content, wherever its name is now.

    Attributes:
        synced: what of it a breakdown of the server would leave.
        final: whether it had a name that says « complete »: nobody may change it any more.
    """

    content: bytearray = field(default_factory=bytearray)
    modified: int = 0
    synced: bytes = b""
    final: bool = False


@dataclass
class Deed:
    """What a server does in place of what a request asks, drawn by `faults`.

    Attributes:
        does: whether the request is carried out.
        status: the code that is answered in place of the true answer; None for the true one.
        part: the share of the data that a write carries out before the connection breaks.
        breaks: "before" or "after": the connection breaks before or after the request was carried out,
            unanswered; "within": after `length` bytes of the answer.
        length: bytes to which the answer is shortened: with `breaks`, as they go over the line; otherwise
            those of its body, in a packet that is whole.
        longer: bytes that are added to the answer's body.
        size: the size that is told in place of the true one.
        flips: the place of a bit that is turned over in the data or the hash that is answered; None for none.
        announces: bytes that a data packet announces beyond those that it holds.
        vanishes: whether the file is gone afterwards.
        mute: whether this connection is answered nothing any more.
        held: whether the answer comes only once everything waits.
    """

    does: bool = True
    status: int | None = None
    part: float | None = None
    breaks: str = ""
    length: int | None = None
    longer: int = 0
    size: int | None = None
    flips: int | None = None
    announces: int = 0
    vanishes: bool = False
    mute: bool = False
    held: bool = False

    @property
    def malformed(self) -> bool:
        """Whether the answer is none, by the protocol's own rules."""
        return not self.breaks and (self.length is not None or self.longer > 0 or self.announces > 0)


@dataclass
class Request:
    """One request, as far as others than the server want to know.

    Attributes:
        name: as in `NAMES`, or that of an extension without what follows its « @ ».
        path: of the file that it is about; "" for none.
        target: the new name of a rename.
        data: bytes that a write carries.
        offset: where a read or write begins.
        handle: as the client gave it.
    """

    name: str
    path: str = ""
    target: str = ""
    data: bytes = b""
    offset: int = 0
    length: int = 0
    flags: int = 0
    handle: bytes = b""
    size: int | None = None
    number: int = 0
    known: bool = True

    @property
    def subject(self) -> str:
        """What kind of file it is about."""
        name = self.path.removesuffix(".part")
        if "essai" in name or "/tui-transfer-" in name:
            return "trial"
        if name.endswith(".7z"):
            return "archive"
        if ".7z." in name:
            return "manifest"
        return ""


class BrokenError(Exception):
    """The connection breaks now; the bytes that still go over it are its argument."""


@dataclass
class _Open:
    """An open handle."""

    file: File
    path: str
    flags: int
    written: bool = False


@dataclass
class Touch:
    """Something that happened to a file, for those who ask what is true.

    Attributes:
        tick: when, by the world's count of events.
        who: "client", "server" (what it does by itself) or "outsider".
        what: a request's name, or what an outsider did.
        path: of the file.
        failed: whether the answer said that it did not happen.
        concerned: of what is read, the positions of its bytes; of a change, from the first byte on that is
            another.
    """

    tick: int
    who: str
    what: str
    path: str
    failed: bool = False
    concerned: range = _WHOLE

    @property
    def position(self) -> int:
        """The first byte concerned."""
        return self.concerned.start


class Server:
    """A Sharebox with its files, and all connections to it.

    Args:
        host: its name.
        folders: the folders that there are.
        character: what it is like.
        tick: gives the world's count of events.
        on_change: is told of every change that a client makes to a file that was complete.
    """

    def __init__(
        self,
        host: str,
        folders: tuple[str, ...],
        character: Character,
        tick: Callable[[], int],
        on_change: Callable[[str, str], None],
    ) -> None:
        self.host = host
        self.folders = set(folders)
        self.character = character
        self.files: dict[str, File] = {}
        self.taken: list[tuple[str, bytes]] = []
        """Names and contents of what it took away into its own system."""
        self.touches: list[Touch] = []
        self.tick = tick
        self.on_change = on_change
        self._clock = count(1_646_211_600)

    def touch(
        self, who: str, what: str, path: str, *, failed: bool = False, concerned: range = _WHOLE
    ) -> None:
        """Notes that something happened, to these bytes of a file."""
        self.touches.append(Touch(self.tick(), who, what, path, failed, concerned))

    def seconds(self) -> int:
        """A time that is later each time."""
        return next(self._clock)

    def break_down(self) -> None:
        """Loses what was not brought to its disk."""
        for path, file in self.files.items():
            if bytes(file.content) != file.synced:
                pairs = zip_longest(file.content, file.synced)
                first = next(position for position, (was, now) in enumerate(pairs) if was != now)
                file.content = bytearray(file.synced)
                self.touch("server", "break down", path, concerned=range(first, first + 1))

    def hash_by_command(self, command: str) -> bytes | None:
        """Output of a command."""
        if self.character.hashes != "command":
            return None
        words = shlex.split(command)
        path = words[-1] if words else ""
        self.touch("client", "hash", path)
        if path == "/dev/null":
            return f"{hashlib.sha256().hexdigest()}  -\n".encode()
        file = self.files.get(path)
        return None if file is None else f"{hashlib.sha256(file.content).hexdigest()}  -\n".encode()


class Session:
    """One SFTP session: bytes in, bytes out.

    Args:
        server: whose.
        decide: says what is done in place of what a request asks.
    """

    def __init__(self, server: Server, decide: Callable[[Request], Deed | None]) -> None:
        self._server = server
        self._decide = decide
        self._received = bytearray()
        self._handles: dict[bytes, _Open] = {}
        self._listings: dict[bytes, list[str] | None] = {}
        self._numbers = count(1)
        self.given = 0
        """Bytes given so far."""
        self.malformed: list[tuple[int, Request]] = []
        """Answers that were none: where they end among the bytes given, and to what."""

    def feed(self, data: bytes) -> Iterator[tuple[bytes, bool]]:
        """Takes bytes; gives each answer, and whether it is to be held back.

        Raises:
            BrokenError: the connection breaks.
        """
        self._received += data
        while len(self._received) >= 4:
            end = 4 + int.from_bytes(self._received[:4])
            if len(self._received) < end:
                return
            packet = bytes(self._received[4:end])
            del self._received[:end]
            if answer := self._answer(packet):
                self.given += len(answer[0])
                yield answer

    def close(self) -> None:
        """Ends it: its handles are closed, as by the client."""
        for handle in list(self._handles):
            self._close(self._handles.pop(handle))

    # One packet

    def _answer(self, packet: bytes) -> tuple[bytes, bool] | None:
        request, reader = _parse(packet)
        if (opened := self._handles.get(request.handle)) is not None:
            request.path = opened.path
        deed = self._decide(request) or Deed()
        if deed.mute:
            return None
        if deed.breaks == "before":
            if deed.part is not None and request.name == "write":
                request.data = request.data[: int(len(request.data) * deed.part)]
                self._carry_out(request, reader)
            raise BrokenError(b"")
        if request.name == "write" and not deed.does and deed.status is None:
            self._server.touch("server", "lie", request.path)
        if request.name == "remove" and not deed.does and deed.status is None:
            self._server.touch("server", "not removed", request.path)
        kind, body = self._carry_out(request, reader) if deed.does else (STATUS, _status(OK))
        if deed.vanishes:
            path = request.target or request.path
            self._server.files.pop(path, None)
            self._server.touch("server", "vanish", path)
        if deed.breaks == "after":
            raise BrokenError(b"")
        if deed.status is not None:
            kind, body = STATUS, _status(deed.status)
        told, body = body, _twist(kind, body, deed)
        failed = kind == STATUS and body[:4] != struct.pack(">I", OK)
        concerned = range(request.offset, request.offset + request.length) if request.length else _WHOLE
        self._server.touch("client", request.name, request.path, failed=failed, concerned=concerned)
        if request.name == "init":
            answer = _packet(kind, body)
        else:
            answer = _packet(kind, struct.pack(">I", request.number) + body)
        if deed.breaks == "within":
            raise BrokenError(answer[: deed.length])
        # Eight zeros after a greeting are one extension more, without a name.
        if body != told and deed.malformed and not (request.name == "init" and deed.longer == 8):
            self.malformed.append((self.given + len(answer), request))
        return answer, deed.held

    def _carry_out(self, request: Request, reader: _Reader) -> tuple[int, bytes]:
        handler: _Handler | None = getattr(self, f"_do_{request.name.replace('-', '_')}", None)
        if handler is None or not request.known:
            return STATUS, _status(UNSUPPORTED)
        result = handler(request)
        return (STATUS, _status(result)) if isinstance(result, int) else result

    # What requests ask

    def _do_init(self, request: Request) -> tuple[int, bytes]:
        character = self._server.character
        body = struct.pack(">I", 3)
        announced = [
            (b"fsync@openssh.com", b"1", character.syncs),
            (b"statvfs@openssh.com", b"2", character.tells_room),
            (b"limits@openssh.com", b"1", character.tells_limits),
            (b"check-file", b"md5,sha256", character.hashes == "extension"),
        ]
        for name, value, has in announced:
            if has:
                body += _text(name) + _text(value)
        return VERSION, body

    def _do_open(self, request: Request) -> int | tuple[int, bytes]:
        server, path, flags = self._server, request.path, request.flags
        character = server.character
        if path.rpartition("/")[0] not in server.folders:
            return NO_SUCH_FILE
        file = server.files.get(path)
        if file is not None and flags & EXCLUSIVE:
            return FAILURE
        if flags & FOR_READING and not character.reads:
            return character.denies_by
        if flags & FOR_WRITING and file is not None and not character.reopens:
            return character.denies_by
        if file is None:
            if not flags & CREATE:
                return NO_SUCH_FILE
            file = server.files[path] = File(modified=server.seconds())
        elif flags & TRUNCATE:
            self._change(file, path, "open to empty it")
            file.content.clear()
        handle = f"h{next(self._numbers)}".encode()
        self._handles[handle] = _Open(file, path, flags)
        return HANDLE, _text(handle)

    def _do_close(self, request: Request) -> int:
        opened = self._handles.pop(request.handle, None)
        if opened is None:
            return OK if self._listings.pop(request.handle, False) is not False else FAILURE
        self._close(opened)
        return OK

    def _close(self, opened: _Open) -> None:
        if opened.written and self._server.character.takes == "close":
            self._take(opened.path, opened.file)

    def _take(self, path: str, file: File) -> None:
        if self._server.files.get(path) is file:
            del self._server.files[path]
            self._server.taken.append((path, bytes(file.content)))
            self._server.touch("server", "take", path)

    def _do_read(self, request: Request) -> int | tuple[int, bytes]:
        opened = self._handles.get(request.handle)
        if opened is None or not opened.flags & FOR_READING:
            return FAILURE
        longest = self._server.character.longest if self._server.character.tells_limits else 32_768
        end = request.offset + min(request.length, longest)
        data = bytes(opened.file.content[request.offset : end])
        return (DATA, _text(data)) if data else EOF

    def _do_write(self, request: Request) -> int:
        opened = self._handles.get(request.handle)
        if opened is None or not opened.flags & FOR_WRITING:
            return FAILURE
        content, offset = opened.file.content, request.offset
        self._change(opened.file, opened.path, "write to it")
        if len(content) < offset:
            content.extend(bytes(offset - len(content)))
        content[offset : offset + len(request.data)] = request.data
        opened.file.modified = self._server.seconds()
        opened.written = True
        return OK

    def _do_stat(self, request: Request) -> int | tuple[int, bytes]:
        if request.path in self._server.folders or request.path == "/":
            return ATTRS, struct.pack(">III", _MODE, _FOLDER_MODE, 0)[:8]
        if not self._server.character.looks:
            return self._server.character.denies_by
        file = self._server.files.get(request.path)
        return NO_SUCH_FILE if file is None else (ATTRS, _attributes(file))

    def _do_fstat(self, request: Request) -> int | tuple[int, bytes]:
        opened = self._handles.get(request.handle)
        if opened is None:
            return FAILURE
        if not self._server.character.looks:
            return self._server.character.denies_by
        return ATTRS, _attributes(opened.file)

    def _do_fsetstat(self, request: Request) -> int:
        opened = self._handles.get(request.handle)
        if opened is None:
            return FAILURE
        if request.size is not None:
            self._change(opened.file, opened.path, "cut it")
            del opened.file.content[request.size :]
            opened.file.content.extend(bytes(request.size - len(opened.file.content)))
        return OK

    def _do_setstat(self, request: Request) -> int:
        file = self._server.files.get(request.path)
        if file is None:
            return NO_SUCH_FILE
        if request.size is not None:
            self._change(file, request.path, "cut it")
            del file.content[request.size :]
            file.content.extend(bytes(request.size - len(file.content)))
        return OK

    def _do_rename(self, request: Request) -> int:
        server = self._server
        if not server.character.renames:
            return server.character.denies_by
        file = server.files.get(request.path)
        if file is None:
            return NO_SUCH_FILE
        there = server.files.get(request.target)
        if request.target.rpartition("/")[0] not in server.folders:
            return NO_SUCH_FILE
        if there is not None:
            if not server.character.replaces:
                return FAILURE
            if there.content != file.content:
                self._change(there, request.target, "rename over it")
        del server.files[request.path]
        server.files[request.target] = file
        file.final = not request.target.endswith(".part")
        server.touch("client", "arrive", request.target)
        if server.character.takes == "rename":
            self._take(request.target, file)
        return OK

    def _do_remove(self, request: Request) -> int:
        file = self._server.files.get(request.path)
        if file is None:
            return NO_SUCH_FILE
        if request.subject != "trial":
            self._change(file, request.path, "remove it")
        del self._server.files[request.path]
        return OK

    def _do_realpath(self, request: Request) -> tuple[int, bytes]:
        name = _text(request.path.encode())
        return NAME, struct.pack(">I", 1) + name + name + struct.pack(">I", 0)

    def _do_opendir(self, request: Request) -> int | tuple[int, bytes]:
        if not self._server.character.looks:
            return self._server.character.denies_by
        folder = request.path.rstrip("/")
        if folder not in self._server.folders:
            return NO_SUCH_FILE
        handle = f"d{next(self._numbers)}".encode()
        names = [path for path in self._server.files if path.rpartition("/")[0] == folder]
        self._listings[handle] = names
        return HANDLE, _text(handle)

    def _do_readdir(self, request: Request) -> int | tuple[int, bytes]:
        if request.handle not in self._listings:
            return FAILURE
        names = self._listings[request.handle]
        self._listings[request.handle] = None
        if not names:
            return EOF
        body = struct.pack(">I", len(names))
        for path in names:
            name = _text(path.rpartition("/")[2].encode())
            file = self._server.files.get(path)
            body += name + name + (_attributes(file) if file else struct.pack(">I", 0))
        return NAME, body

    def _do_fsync(self, request: Request) -> int:
        opened = self._handles.get(request.handle)
        if opened is None or not self._server.character.syncs:
            return UNSUPPORTED
        opened.file.synced = bytes(opened.file.content)
        return OK

    def _do_statvfs(self, request: Request) -> int | tuple[int, bytes]:
        if not self._server.character.tells_room:
            return UNSUPPORTED
        return EXTENDED_REPLY, struct.pack(">11Q", 4096, 4096, 1 << 20, 1 << 20, 1 << 20, 9, 9, 9, 1, 0, 255)

    def _do_limits(self, request: Request) -> int | tuple[int, bytes]:
        if not self._server.character.tells_limits:
            return UNSUPPORTED
        longest = self._server.character.longest
        return EXTENDED_REPLY, struct.pack(">QQQQ", 1 << 18, longest, longest, 100)

    def _do_check_file_name(self, request: Request) -> int | tuple[int, bytes]:
        if self._server.character.hashes != "extension":
            return UNSUPPORTED
        file = self._server.files.get(request.path)
        if file is None:
            return NO_SUCH_FILE
        digest = hashlib.sha256(file.content).digest()
        return EXTENDED_REPLY, _text(b"sha256") + digest

    def _change(self, file: File, path: str, what: str) -> None:
        if file.final:
            self._server.on_change(path, what)


class _Reader:
    """Reads the fields of a request."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def number(self) -> int:
        self._at += 4
        return int.from_bytes(self._data[self._at - 4 : self._at])

    def long(self) -> int:
        self._at += 8
        return int.from_bytes(self._data[self._at - 8 : self._at])

    def bytes(self) -> bytes:
        length = self.number()
        self._at += length
        return self._data[self._at - length : self._at]

    def text(self) -> str:
        return self.bytes().decode()


def _parse(packet: bytes) -> tuple[Request, _Reader]:
    kind, reader = packet[0], _Reader(packet[1:])
    if kind == INIT:
        return Request("init"), reader
    request = Request(NAMES.get(kind, "unknown"), number=reader.number(), known=kind in NAMES)
    if kind == EXTENDED:
        request.name, request.known = reader.text().partition("@")[0], True
        if request.name in ("fsync", "fstatvfs"):
            request.handle = reader.bytes()
        elif request.name != "limits":
            request.path = reader.text()
    elif kind in (CLOSE, FSTAT, READDIR):
        request.handle = reader.bytes()
    elif kind in (READ, WRITE):
        request.handle, request.offset = reader.bytes(), reader.long()
        if kind == WRITE:
            request.data = reader.bytes()
        else:
            request.length = reader.number()
    elif kind == FSETSTAT:
        request.handle = reader.bytes()
        request.size = reader.long() if reader.number() & _SIZE else None
    elif kind in NAMES:
        request.path = reader.text()
        if kind == OPEN:
            request.flags = reader.number()
        elif kind == RENAME:
            request.target = reader.text()
        elif kind == SETSTAT:
            request.size = reader.long() if reader.number() & _SIZE else None
    return request, reader


def _twist(kind: int, body: bytes, deed: Deed) -> bytes:
    """The answer as it goes out, where it is not to be the true one."""
    if deed.size is not None and kind == ATTRS:
        body = body[:4] + struct.pack(">Q", deed.size) + body[12:]
    if deed.flips is not None and len(body) > 4:
        at = 4 + deed.flips % (len(body) - 4)
        body = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
    if deed.announces and kind == DATA:
        body = struct.pack(">I", len(body) - 4 + deed.announces) + body[4:]
    if deed.length is not None and not deed.breaks:
        body = body[: min(deed.length, max(0, len(body) - 1))]
    return body + bytes(deed.longer)


def _packet(kind: int, body: bytes) -> bytes:
    return struct.pack(">IB", 1 + len(body), kind) + body


def _text(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def _status(code: int) -> bytes:
    return struct.pack(">I", code) + _text(b"") + _text(b"")


def _attributes(file: File) -> bytes:
    values = (_SIZE | _MODE | _TIMES, len(file.content), _FILE_MODE, file.modified, file.modified)
    return struct.pack(">IQIII", *values)
