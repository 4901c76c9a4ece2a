"""A small SFTP client (version 3, draft-ietf-secsh-filexfer-02) over a channel of paramiko.

paramiko's own client has no public way to send a request without waiting for its answer, loses the errors of
those it sends that way itself, and forgets what extensions the server announced. Here every request has its
answer, and every refusal is an `SftpError` with the server's status.
"""

from __future__ import annotations

import stat
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import paramiko
from paramiko import sftp as protocol

if TYPE_CHECKING:
    from collections.abc import Callable

ANSWER_SECONDS: Final = 300.0
"""How long a living server may take for one answer: a sync of gigabytes to a slow disk takes minutes."""
READ: Final = protocol.SFTP_FLAG_READ
WRITE: Final = protocol.SFTP_FLAG_WRITE
CREATE: Final = protocol.SFTP_FLAG_CREATE
TRUNCATE: Final = protocol.SFTP_FLAG_TRUNC
EXCLUSIVE: Final = protocol.SFTP_FLAG_EXCL
"""With CREATE: refused where the file exists."""

_VERSION: Final = 3
_LONGEST_PACKET: Final = 1 << 20
_HAS_SIZE, _HAS_OWNER, _HAS_MODE, _HAS_TIMES, _HAS_EXTENDED = 1, 2, 4, 8, 1 << 31
PACKET_BYTES: Final = 32_000
"""What fits, with its headers, into one SSH packet of 32 KiB, which every server takes (RFC 4253, 6.1)."""
_LONGEST_DATA: Final = 3 * PACKET_BYTES
"""Three SSH packets, so that copies of a message stay below 128 KiB. What is longer, malloc goes on taking
from the system and giving back, and all its pages are made anew: with 256 KiB, 200 MB over loopback meant
190,000 page faults and took half as long again.
"""


class SftpError(Exception):
    """A request that the server refused.

    Args:
        code: the status, one of `paramiko.sftp`'s `SFTP_…`.
        text: the server's own words.
    """

    def __init__(self, code: int, text: str) -> None:
        self.code = code
        self.text = text
        super().__init__(f"{code} {text}")


class SftpLostError(Exception):
    """The session is of no more use: it was closed, no answer came, or the answer made no sense."""


class SftpProtocolError(SftpLostError):
    """The server said something that is not SFTP."""


@dataclass(frozen=True)
class Attributes:
    """What `stat` told, as far as it matters here; None where the server did not say.

    `modified` is in seconds since 1970.
    """

    size: int | None = None
    mode: int | None = None
    modified: int | None = None

    @property
    def is_folder(self) -> bool:
        """Whether the server says that this is a folder."""
        return self.mode is not None and stat.S_ISDIR(self.mode)


@dataclass(frozen=True)
class Limits:
    """The longest data, in bytes, of one read or write request."""

    read: int = PACKET_BYTES
    write: int = PACKET_BYTES


class SftpSession:
    """One SFTP session. Used by one thread at a time.

    Args:
        channel: an open channel on which the subsystem « sftp » runs.

    Raises:
        SftpLostError: now or in any later call.
    """

    def __init__(self, channel: paramiko.Channel) -> None:
        channel.settimeout(ANSWER_SECONDS)
        self._channel = channel
        self._received = bytearray()
        self._last_id = 0
        self._waiting: dict[int, Callable[[int, bytes], None]] = {}
        self.extensions = self._greet()
        """What the server announced beyond version 3: names, and the data of each."""
        self.limits = self._ask_limits()

    # Requests that do not wait

    def write(self, handle: bytes, offset: int, data: bytes, on_answer: Callable[[int, bytes], None]) -> None:
        """Sends a write request; a later `receive` gives `on_answer` the type and body of its answer."""
        body = b"".join((_string(handle), struct.pack(">QI", offset, len(data)), data))
        self._send(protocol.CMD_WRITE, body, on_answer)

    def read(self, handle: bytes, offset: int, length: int, on_answer: Callable[[int, bytes], None]) -> None:
        """Sends a read request, answered like `write`."""
        self._send(protocol.CMD_READ, _string(handle) + struct.pack(">QI", offset, length), on_answer)

    def has_answer(self) -> bool:
        """Whether `receive` would find a whole answer at once."""
        if self._channel.recv_ready():
            self._received += self._receive_data()
        return len(self._received) >= 4 and len(self._received) >= 4 + int.from_bytes(self._received[:4])

    def receive(self) -> None:
        """Waits for one answer, and hands it to the `on_answer` of its request."""
        packet = self._receive_packet()
        if len(packet) < 5:
            raise SftpProtocolError("a packet without number")
        kind, number = struct.unpack_from(">BI", packet)
        on_answer = self._waiting.pop(number, None)
        if on_answer is None:
            raise SftpProtocolError(f"an answer to no request: {number}")
        on_answer(kind, packet[5:])

    # Requests that wait for their answer

    def open(self, path: str, flags: int) -> bytes:
        """Opens a file; gives its handle. `flags` are READ, WRITE, CREATE, TRUNCATE, EXCLUSIVE."""
        no_attributes = struct.pack(">I", 0)
        body = _string(path) + struct.pack(">I", flags) + no_attributes
        return self._request(protocol.CMD_OPEN, body, protocol.CMD_HANDLE).get_string()

    def close(self, handle: bytes) -> None:
        """Closes a file; a server may find only now that it cannot keep what was written."""
        self._request(protocol.CMD_CLOSE, _string(handle))

    def stat(self, path: str) -> Attributes | None:
        """Attributes of a file or folder, None if there is none."""
        try:
            answer = self._request(protocol.CMD_STAT, _string(path), protocol.CMD_ATTRS)
        except SftpError as error:
            if error.code == protocol.SFTP_NO_SUCH_FILE:
                return None
            raise
        return _attributes(answer)

    def entries(self, path: str) -> dict[str, Attributes]:
        """The names in a folder, with what each is like as far as the server tells."""
        handle = self._request(protocol.CMD_OPENDIR, _string(path), protocol.CMD_HANDLE).get_string()
        found: dict[str, Attributes] = {}
        try:
            while True:
                answer = self._request(protocol.CMD_READDIR, _string(handle), protocol.CMD_NAME)
                for _ in range(answer.get_int()):
                    name = answer.get_string().decode("utf-8", "surrogateescape")
                    answer.get_string()  # a line as `ls -l` writes it
                    found[name] = _attributes(answer)
        except SftpError as error:
            if error.code != protocol.SFTP_EOF:
                raise
        self.close(handle)
        return found

    def fstat(self, handle: bytes) -> Attributes:
        """Attributes of an open file."""
        return _attributes(self._request(protocol.CMD_FSTAT, _string(handle), protocol.CMD_ATTRS))

    def truncate(self, handle: bytes, size: int) -> None:
        """Cuts an open file to `size` bytes."""
        self._request(protocol.CMD_FSETSTAT, _string(handle) + struct.pack(">IQ", _HAS_SIZE, size))

    def rename(self, old: str, new: str) -> None:
        """Renames a file. Version 3 has the server refuse it where the new name exists."""
        self._request(protocol.CMD_RENAME, _string(old) + _string(new))

    def remove(self, path: str) -> None:
        """Removes a file."""
        self._request(protocol.CMD_REMOVE, _string(path))

    @property
    def can_sync(self) -> bool:
        """Whether the server announced that it can bring a file to its disk."""
        return "fsync@openssh.com" in self.extensions

    def fsync(self, handle: bytes) -> None:
        """Has the server bring an open file to its disk, if it can."""
        if self.can_sync:
            self._extended("fsync@openssh.com", _string(handle), protocol.CMD_STATUS)

    def free_bytes(self, path: str) -> int | None:
        """Bytes that this account may still write beside `path`; None if the server does not tell."""
        if "statvfs@openssh.com" not in self.extensions:
            return None
        try:
            answer = self._extended("statvfs@openssh.com", _string(path))
        except SftpError:
            return None
        _, fragment_size, _, _, available = (answer.get_int64() for _ in range(5))
        return fragment_size * available

    def sha256(self, path: str) -> str | None:
        """The file's SHA-256 in hexadecimal, computed by the server; None if it did not announce that it can.

        Source: draft-ietf-secsh-filexfer-extensions-00, section 3.
        """
        if "sha256" not in self.extensions.get("check-file", b"").decode("ascii", "replace").split(","):
            return None
        whole_file = struct.pack(">QQI", 0, 0, 0)
        answer = self._extended("check-file-name", _string(path) + _string("sha256") + whole_file).asbytes()
        # The answer ends with the algorithm's name and the hash; servers differ in what comes before.
        algorithm, digest = answer[:-32], answer[-32:]
        return digest.hex() if algorithm.endswith(b"sha256") else None

    # Packets

    def _greet(self) -> dict[str, bytes]:
        self._send_packet(struct.pack(">BI", protocol.CMD_INIT, _VERSION))
        packet = self._receive_packet()
        if packet[:1] != bytes([protocol.CMD_VERSION]):
            raise SftpProtocolError("no version")
        announced = paramiko.Message(packet[5:])
        extensions = {}
        while announced.get_remainder():
            name = announced.get_string().decode("utf-8", "replace")
            extensions[name] = announced.get_string()
        return extensions

    def _ask_limits(self) -> Limits:
        if "limits@openssh.com" not in self.extensions:
            return Limits()
        try:
            answer = self._extended("limits@openssh.com", b"")
        except SftpError:
            return Limits()
        _, read, write = (answer.get_int64() for _ in range(3))
        # Zero means « no limit ».
        return Limits(min(read or _LONGEST_DATA, _LONGEST_DATA), min(write or _LONGEST_DATA, _LONGEST_DATA))

    def _extended(
        self, name: str, body: bytes, expected: int = protocol.CMD_EXTENDED_REPLY
    ) -> paramiko.Message:
        return self._request(protocol.CMD_EXTENDED, _string(name) + body, expected)

    def _request(self, kind: int, body: bytes, expected: int = protocol.CMD_STATUS) -> paramiko.Message:
        answers: list[tuple[int, bytes]] = []
        self._send(kind, body, lambda kind, body: answers.append((kind, body)))
        while not answers:
            self.receive()
        answered, answer = answers[0]
        check(answered, answer, expected)
        return paramiko.Message(answer)

    def _send(self, kind: int, body: bytes, on_answer: Callable[[int, bytes], None]) -> None:
        self._last_id = (self._last_id + 1) & 0xFFFFFFFF
        self._waiting[self._last_id] = on_answer
        self._send_packet(struct.pack(">BI", kind, self._last_id) + body)

    def _send_packet(self, packet: bytes) -> None:
        try:
            self._channel.sendall(struct.pack(">I", len(packet)) + packet)
        except (paramiko.SSHException, EOFError, OSError) as error:
            raise SftpLostError from error

    def _receive_packet(self) -> bytes:
        (length,) = struct.unpack(">I", self._take(4))
        if not 0 < length <= _LONGEST_PACKET:
            raise SftpProtocolError(f"a packet of {length} bytes")
        return self._take(length)

    def _receive_data(self) -> bytes:
        """What the channel holds, or the next that comes. The server is told to go on, which may fail too."""
        try:
            return self._channel.recv(_LONGEST_PACKET)
        except (paramiko.SSHException, EOFError, OSError) as error:
            raise SftpLostError from error

    def _take(self, count: int) -> bytes:
        while len(self._received) < count:
            data = self._receive_data()
            if not data:
                raise SftpLostError
            self._received += data
        taken = bytes(self._received[:count])
        del self._received[:count]
        return taken


def check(kind: int, body: bytes, expected: int = protocol.CMD_STATUS) -> None:
    """Checks an answer: of the expected type, or an acceptance.

    Raises:
        SftpError: the server refused.
        SftpProtocolError: it answered something else.
    """
    if kind == protocol.CMD_STATUS:
        status = paramiko.Message(body)
        code = status.get_int()
        if code != protocol.SFTP_OK or expected != protocol.CMD_STATUS:
            raise SftpError(code, status.get_string().decode("utf-8", "replace"))
    elif kind != expected:
        raise SftpProtocolError(f"an answer of type {kind} instead of {expected}")


def read_data(kind: int, body: bytes) -> bytes | None:
    """The data in the answer to a read request; None at the end of the file.

    Raises:
        SftpError: the server refused.
        SftpProtocolError: it answered something else.
    """
    try:
        check(kind, body, protocol.CMD_DATA)
    except SftpError as error:
        if error.code == protocol.SFTP_EOF:
            return None
        raise
    return paramiko.Message(body).get_string()


def _string(value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return struct.pack(">I", len(data)) + data


def _attributes(message: paramiko.Message) -> Attributes:
    flags = message.get_int()
    size = message.get_int64() if flags & _HAS_SIZE else None
    if flags & _HAS_OWNER:
        message.get_bytes(8)
    mode = message.get_int() if flags & _HAS_MODE else None
    modified = None
    if flags & _HAS_TIMES:
        message.get_bytes(4)  # when it was last read
        modified = message.get_int()
    if flags & _HAS_EXTENDED:
        for _ in range(2 * message.get_int()):
            message.get_string()
    return Attributes(size, mode, modified)
