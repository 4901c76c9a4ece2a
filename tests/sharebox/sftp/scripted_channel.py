"""A server in memory that answers each request with what it was given, then hangs up."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, cast

from tests.sharebox.sftp.hostile_replies import (
    FILE,
    HASH,
    LISTED,
    OPENSSH_LIMITS,
    SPACE,
    encode,
    encode_told,
    encode_version,
    frame,
)
from tui_transfer.sharebox.sftp.errors import SftpError, SftpLostError, SftpProtocolError
from tui_transfer.sharebox.sftp.replies import Data, Extension, Handle, Reply, Status, Version
from tui_transfer.sharebox.sftp.session import CREATE, READ, WRITE, SftpSession
from tui_transfer.sharebox.sftp.window import WriteWindow, read_ahead

if TYPE_CHECKING:
    from collections.abc import Sequence

    import paramiko

_READS_AFTER_THE_END: Final = 4


class ScriptedChannel:
    """A channel on which the n-th request is answered with the n-th piece, whatever is asked. Counts what a
    hang would do without end.
    """

    def __init__(self, answers: Sequence[bytes]) -> None:
        self._answers = answers
        self._said = bytearray()
        self._reads_after_the_end = 0
        self.requests: list[bytes] = []

    def settimeout(self, seconds: float) -> None:
        assert seconds > 0

    def sendall(self, data: bytes) -> None:
        assert data[:4] == struct.pack(">I", len(data) - 4), "one request at a time"
        self.requests.append(data[4:])
        self._said += b"".join(self._answers[len(self.requests) - 1 : len(self.requests)])

    def recv_stderr_ready(self) -> bool:
        return False

    def recv_ready(self) -> bool:
        return bool(self._said)

    def recv(self, size: int) -> bytes:
        piece = bytes(self._said[:size])
        del self._said[:size]
        self._reads_after_the_end += not piece
        assert self._reads_after_the_end < _READS_AFTER_THE_END, "reads on after the end"
        return piece

    def open(self) -> SftpSession:
        """An SFTP session over it."""
        return SftpSession(cast("paramiko.Channel", self))


EXTENSIONS: Final = (
    (b"limits@openssh.com", b"1"),
    (b"fsync@openssh.com", b"1"),
    (b"statvfs@openssh.com", b"2"),
    (b"check-file", b"md5,sha256"),
)
CONTENT: Final = b"What is in the file."


def answers(*replies: Reply, extensions: Sequence[tuple[bytes, bytes]] = EXTENSIONS) -> list[bytes]:
    """A greeting, and answers to the requests that follow, numbered as a session does."""
    greeting = encode_version(Version(tuple(extensions)))
    return [frame(greeting), *(frame(encode(number, reply)) for number, reply in enumerate(replies, 1))]


_OK, _HANDLE = Status(0, b"Success", b"en"), Handle(b"h")
CONVERSATION: Final = answers(
    Extension(encode_told(OPENSSH_LIMITS)),
    FILE,
    _HANDLE,
    _OK,
    _OK,
    FILE,
    _OK,
    _OK,
    _HANDLE,
    Data(CONTENT[:5]),
    Data(CONTENT[5:]),
    _OK,
    _HANDLE,
    LISTED,
    Status(1, b"End of file", b"en"),
    _OK,
    Extension(encode_told(SPACE)),
    Extension(encode_told(HASH)),
    _OK,
    _OK,
)
"""What `converse` is answered when all goes well."""


def converse(script: Sequence[bytes]) -> str:
    """Does all that a delivery does, where the server says `script`.

    Returns:
        « done », « refused », « lost » or « nonsense ».
    """
    try:
        sftp = ScriptedChannel(script).open()
        _deliver(sftp)
    except SftpError:
        return "refused"
    except SftpProtocolError:
        return "nonsense"
    except SftpLostError:
        return "lost"
    return "done"


def _deliver(sftp: SftpSession) -> None:
    sftp.stat("/depot")
    handle = sftp.open("/depot/a.part", READ | WRITE | CREATE)
    window = WriteWindow(sftp, handle, lambda *_: None)
    window.write(0, CONTENT)
    window.drain()
    sftp.fsync(handle)
    sftp.fstat(handle)
    sftp.truncate(handle, len(CONTENT))
    sftp.close(handle)
    handle = sftp.open("/depot/a.part", READ)
    b"".join(read_ahead(sftp, handle, 0, len(CONTENT)))
    sftp.close(handle)
    sftp.entries("/depot")
    sftp.free_bytes("/depot")
    sftp.sha256("/depot/a.part")
    sftp.rename("/depot/a.part", "/depot/a")
    sftp.remove("/depot/b")
