"""A small SFTP client (version 3, draft-ietf-secsh-filexfer-02) over a channel of paramiko.

paramiko's own client has no public way to send a request without waiting for its answer, loses the errors of
those it sends that way itself, forgets what extensions the server announced, and takes what is missing in a
reply for zeros. Here every request has its answer, `replies` alone says what one is, and every refusal is an
`SftpError` with the server's status.
"""

from __future__ import annotations

import struct
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, Final, TypeVar

import paramiko
from paramiko import sftp as protocol

from tui_transfer.sharebox.sftp import replies, status
from tui_transfer.sharebox.sftp.errors import (
    SftpError,
    SftpLostError,
    SftpNotOfferedError,
    SftpProtocolError,
)
from tui_transfer.sharebox.sftp.limits import PACKET_BYTES, Limits
from tui_transfer.sharebox.sftp.replies import (
    AttributeFlag,
    Attributes,
    Data,
    Expected,
    Extension,
    Handle,
    Name,
    Names,
    Reply,
    Status,
    StatusCode,
)
from tui_transfer.sharebox.wire import displayed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    Granted = TypeVar("Granted", Status, Handle, Names, Attributes, Extension)
    Told = TypeVar("Told")

__all__ = [
    "ANSWER_SECONDS",
    "CREATE",
    "PACKET_BYTES",
    "READ",
    "TRUNCATE",
    "WRITE",
    "Attributes",
    "Limits",
    "SftpError",
    "SftpLostError",
    "SftpProtocolError",
    "SftpSession",
    "StatusCode",
]

ANSWER_SECONDS: Final = 300.0
"""How long a living server may take for one answer: a sync of gigabytes to a slow disk takes minutes."""
READ: Final = protocol.SFTP_FLAG_READ
WRITE: Final = protocol.SFTP_FLAG_WRITE
CREATE: Final = protocol.SFTP_FLAG_CREATE
TRUNCATE: Final = protocol.SFTP_FLAG_TRUNC
EXCLUSIVE: Final = protocol.SFTP_FLAG_EXCL
"""With CREATE: refused where the file exists."""

_SLOW: Final = frozenset(
    {
        protocol.CMD_CLOSE,
        protocol.CMD_RENAME,
        protocol.CMD_REMOVE,
        protocol.CMD_FSETSTAT,
        protocol.CMD_EXTENDED,
    }
)
"""Requests by which a server has to do with a whole file: it scans it, brings it to its disk, copies or
hashes it. What it reads or writes is a piece at a time, and what it opens or looks at is known by name.
"""
_RECEIVED_AT_ONCE: Final = 1 << 20
_LONGEST_SAID: Final = 1 << 12
"""Bytes of a server's words that are looked at."""
_MOST_NAMES: Final = 1_000_000
"""Or a server that goes on and on would never be done with."""


class SftpSession:
    """One SFTP session. Used by one thread at a time.

    Args:
        channel: an open channel on which the subsystem « sftp » runs.
        slow_request: for as long as the context that it gives lasts, the server may say nothing at all, for
            the seconds that it is given: it is at work on a whole file.

    Raises:
        SftpLostError: now or in any later call.
    """

    def __init__(
        self,
        channel: paramiko.Channel,
        slow_request: Callable[[float], AbstractContextManager[None]] = nullcontext,  # type: ignore[assignment]
    ) -> None:
        channel.settimeout(ANSWER_SECONDS)
        self._channel = channel
        self._slow_request = slow_request
        self._packets = replies.PacketStream()
        self._last_id = 0
        self._waiting: dict[int, tuple[Expected, Callable[[Reply], None]]] = {}
        self._nonsense: SftpProtocolError | None = None
        """What the server said that makes no sense: nothing more is asked of it."""
        self._refused_sync = False
        self._begun = self._beside = b""
        """The first of what the server sent, until it has greeted."""
        self.extensions = self._greet()
        """What the server announced beyond version 3: names, and the data of each."""
        self.limits = self._ask_limits()

    # Requests that do not wait

    def write(self, handle: bytes, offset: int, data: bytes, on_answer: Callable[[Reply], None]) -> None:
        """Sends a write request; a later `receive` gives its answer, a `Status`, to `on_answer`."""
        body = b"".join((_string(handle), struct.pack(">QI", offset, len(data)), data))
        self._send(protocol.CMD_WRITE, body, Expected(Status), on_answer)

    def read(self, handle: bytes, offset: int, length: int, on_answer: Callable[[Reply], None]) -> None:
        """Sends a read request; a later `receive` gives `on_answer` a `Status`, or `Data` that may be shorter
        than `length`."""
        body = _string(handle) + struct.pack(">QI", offset, length)
        self._send(protocol.CMD_READ, body, Expected(Data, length), on_answer)

    def has_answer(self) -> bool:
        """Whether `receive` would end at once."""
        if self._channel.recv_ready():
            self._packets.feed(self._receive_data())
        return self._packets.has_next

    @property
    def awaits_answers(self) -> bool:
        """Whether a request has not been answered yet."""
        return bool(self._waiting)

    def receive(self) -> None:
        """Waits for one answer, and hands it to the `on_answer` of its request."""
        self._require_sense()
        try:
            on_answer, reply = self._receive_answer()
        except SftpProtocolError as error:
            self._nonsense = error
            raise
        on_answer(reply)

    # Requests that wait for their answer

    def open(self, path: str, flags: int) -> bytes:
        """Opens a file; gives its handle. `flags` are READ, WRITE, CREATE, TRUNCATE, EXCLUSIVE."""
        no_attributes = struct.pack(">I", 0)
        body = _string(path) + struct.pack(">I", flags) + no_attributes
        return self._request(protocol.CMD_OPEN, body, Handle).handle

    def close(self, handle: bytes) -> None:
        """Closes a file; a server may find only now that it cannot keep what was written."""
        self._request(protocol.CMD_CLOSE, _string(handle), Status)

    def stat(self, path: str) -> Attributes | None:
        """Attributes of a file or folder, None if there is none."""
        try:
            return self._request(protocol.CMD_STAT, _string(path), Attributes)
        except SftpError as error:
            if error.code == StatusCode.NO_SUCH_FILE:
                return None
            raise

    def entries(self, path: str) -> dict[str, Attributes]:
        """The names in a folder, « . » and « .. » left out, each with what the server tells of it."""
        handle = self._request(protocol.CMD_OPENDIR, _string(path), Handle).handle
        found: dict[str, Attributes] = {}
        count = 0
        while part := self._next_names(handle):
            found |= {name.filename.decode("utf-8", "surrogateescape"): name.attributes for name in part}
            count += len(part)
            if count > _MOST_NAMES:
                raise SftpProtocolError(f"more than {_MOST_NAMES} names in a folder")
        self.close(handle)
        return {name: like for name, like in found.items() if name not in (".", "..")}

    def fstat(self, handle: bytes) -> Attributes:
        """Attributes of an open file."""
        return self._request(protocol.CMD_FSTAT, _string(handle), Attributes)

    def truncate(self, handle: bytes, size: int) -> None:
        """Cuts an open file to `size` bytes."""
        body = _string(handle) + struct.pack(">IQ", AttributeFlag.SIZE, size)
        self._request(protocol.CMD_FSETSTAT, body, Status)

    def rename(self, old: str, new: str) -> None:
        """Renames a file. Version 3 has the server refuse it where the new name exists."""
        self._request(protocol.CMD_RENAME, _string(old) + _string(new), Status)

    def remove(self, path: str) -> None:
        """Removes a file."""
        self._request(protocol.CMD_REMOVE, _string(path), Status)

    @property
    def can_sync(self) -> bool:
        """Whether the server announced that it can bring a file to its disk, and has not refused to."""
        return "fsync@openssh.com" in self.extensions and not self._refused_sync

    def fsync(self, handle: bytes) -> None:
        """Has the server bring an open file to its disk, if it can. One that refuses is asked no more: many
        say « failure » alone where the account may not, or the file system cannot. Whether the file is as it
        should be is found out otherwise.

        Raises:
            SftpError: there is no room for it.
        """
        if not self.can_sync:
            return
        try:
            self._extended("fsync@openssh.com", _string(handle), Status)
        except SftpError as error:
            self._refused_sync = True
            if status.means_full(error.code, error.text):
                raise

    def free_bytes(self, path: str) -> int | None:
        """Bytes that this account may still write beside `path`; None if the server does not tell."""
        if "statvfs@openssh.com" not in self.extensions:
            return None
        try:
            answer = self._extended("statvfs@openssh.com", _string(path), Extension)
        except SftpError:
            return None
        file_system = _understood(lambda: replies.decode_file_system(answer))
        return file_system.free_bytes if file_system else None

    def sha256(self, path: str) -> str | None:
        """The file's SHA-256 in hexadecimal, computed by the server; None if it did not announce that it can.

        Source: draft-ietf-secsh-filexfer-extensions-00, section 3.
        """
        if "sha256" not in self.extensions.get("check-file", b"").decode("ascii", "replace").split(","):
            return None
        whole_file = struct.pack(">QQI", 0, 0, 0)
        body = _string(path) + _string("sha256") + whole_file
        answer = self._extended("check-file-name", body, Extension)
        found = _understood(lambda: replies.decode_file_hash(answer, b"sha256", 32))
        return found.digest.hex() if found else None

    def _next_names(self, handle: bytes) -> Sequence[Name]:
        try:
            return self._request(protocol.CMD_READDIR, _string(handle), Names).names
        except SftpError as error:
            if error.code == StatusCode.EOF:
                return ()
            raise

    def end(self) -> None:
        """Ends the session; the connection stays."""
        with suppress(paramiko.SSHException, EOFError, OSError):  # so it may have by itself
            self._channel.close()

    # Packets

    def _greet(self) -> dict[str, bytes]:
        try:
            self._send_packet(struct.pack(">BI", protocol.CMD_INIT, replies.VERSION))
            version = replies.decode_version(self._receive_packet())
        except SftpLostError as error:
            if said := self._said():
                raise SftpNotOfferedError(said) from error
            raise
        return {name.decode("utf-8", "replace"): data for name, data in version.extensions}

    def _said(self) -> str:
        """What the server had to say in place of a greeting, or beside it: nobody may log in now, for one."""
        said = b"" if self._begun.startswith(b"\0") else self._begun  # so begins every packet, and no text
        return " ".join(filter(None, (displayed(said), self.overheard())))

    def overheard(self) -> str:
        """What the server has said so far beside its answers, in one line."""
        self._listen_beside()
        return displayed(self._beside)

    def _listen_beside(self) -> None:
        """Reads what stands there, all of it: what nobody reads leaves no room for answers."""
        with suppress(paramiko.SSHException, EOFError, OSError):  # whoever waits for an answer is told
            while self._channel.recv_stderr_ready():
                self._beside = (self._beside + self._channel.recv_stderr(_RECEIVED_AT_ONCE))[:_LONGEST_SAID]

    def _ask_limits(self) -> Limits:
        if "limits@openssh.com" not in self.extensions:
            return Limits()
        try:
            answer = self._extended("limits@openssh.com", b"", Extension)
        except SftpError:
            return Limits()
        told = _understood(lambda: replies.decode_limits(answer))
        return Limits.of(told) if told else Limits()

    def _extended(self, name: str, body: bytes, granted_by: type[Granted]) -> Granted:
        """Asks what version 3 does not know. An answer of another kind is as good as none: it is whole, and
        what follows it is not affected.

        Raises:
            SftpError: the server refused, or does not know what it announced.
        """
        answer = self._answer(protocol.CMD_EXTENDED, _string(name) + body, Expected())
        require_granted(answer)
        if not isinstance(answer, granted_by):
            raise SftpError(StatusCode.OP_UNSUPPORTED, "")
        return answer

    def _request(self, kind: int, body: bytes, granted_by: type[Granted]) -> Granted:
        answer = self._answer(kind, body, Expected(granted_by))
        require_granted(answer)
        assert isinstance(answer, granted_by)
        return answer

    def _answer(self, kind: int, body: bytes, expected: Expected) -> Reply:
        answers: list[Reply] = []
        with self._slow_request(ANSWER_SECONDS) if kind in _SLOW else nullcontext():
            self._send(kind, body, expected, answers.append)
            while not answers:
                self.receive()
        return answers[0]

    def _send(self, kind: int, body: bytes, expected: Expected, on_answer: Callable[[Reply], None]) -> None:
        self._last_id = (self._last_id + 1) & 0xFFFFFFFF
        self._waiting[self._last_id] = expected, on_answer
        self._send_packet(struct.pack(">BI", kind, self._last_id) + body)

    def _send_packet(self, packet: bytes) -> None:
        self._require_sense()
        try:
            self._channel.sendall(struct.pack(">I", len(packet)) + packet)
        except (paramiko.SSHException, EOFError, OSError) as error:
            raise SftpLostError from error

    def _require_sense(self) -> None:
        if self._nonsense is not None:
            raise SftpProtocolError(*self._nonsense.args)

    def _receive_answer(self) -> tuple[Callable[[Reply], None], Reply]:
        number, reply = replies.decode(self._receive_packet())
        if number not in self._waiting:
            raise SftpProtocolError(f"an answer to no request: {number}")
        expected, on_answer = self._waiting.pop(number)
        expected.check(reply)
        return on_answer, reply

    def _receive_packet(self) -> bytes:
        while (packet := self._packets.next()) is None:
            data = self._receive_data()
            if not data:
                raise SftpLostError
            if self._last_id == 0 and len(self._begun) < _LONGEST_SAID:
                self._begun += data
            self._packets.feed(data)
        return packet

    def _receive_data(self) -> bytes:
        """What the channel holds, or the next that comes. The server is told to go on, which may fail too."""
        self._listen_beside()
        try:
            return self._channel.recv(_RECEIVED_AT_ONCE)
        except (paramiko.SSHException, EOFError, OSError) as error:
            raise SftpLostError from error


def require_granted(reply: Reply) -> None:
    """Makes sure that a request was granted.

    Raises:
        SftpError: the server refused.
    """
    if isinstance(reply, Status) and reply.code != StatusCode.OK:
        raise SftpError(reply.code, reply.text)


def read_data(reply: Reply) -> bytes | None:
    """The data in the answer to a read request; None at the end of the file.

    Raises:
        SftpError: the server refused.
    """
    if isinstance(reply, Status) and reply.code == StatusCode.EOF:
        return None
    require_granted(reply)
    assert isinstance(reply, Data)
    return reply.data


def _understood(decode: Callable[[], Told]) -> Told | None:
    """What the answer to an extension holds; None if it makes no sense. It is whole as a reply, and what
    follows it is not affected: the server is taken for one that does not tell."""
    try:
        return decode()
    except SftpProtocolError:
        return None


def _string(value: str | bytes) -> bytes:
    # What a listing gave comes back as it was, be it UTF-8 or not.
    data = value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value
    return struct.pack(">I", len(data)) + data
