"""An SFTP server that misbehaves on demand, where OpenSSH would not. It runs in threads of the test."""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import struct
import threading
from collections import Counter
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import paramiko
from paramiko import common
from paramiko import sftp as protocol

from tests.programs import ON_WINDOWS, missing
from tests.servers.processes import LOOPBACK, stop_listening

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from typing_extensions import Buffer

USERNAME = "exemple"
PASSWORD = "mot de passe"


@dataclass
class Faults:
    """What the server does wrong; may be changed while it runs.

    Attributes:
        refuse_write: is given the number of each write, from 0; True has it refused with a bare « failure ».
        refuse: other requests that are refused likewise: "close" and "fsync" of files that were written,
            "rename", "remove", "statvfs", which is announced all the same.
        take_away_at_close: files that were written disappear as soon as they are closed.
        take_away_at_rename: is given each new name; True has the file disappear as soon as it bears it.
        lie_at_rename: is given each new name; True has « OK » answered, and nothing done.
        lie_at_remove: « OK » is answered to a removal, and nothing done.
        deny_rename: is given each new name; True has it done, and « failure » answered.
        drop_at_rename: is given each new name; True has it done, and the connection broken in place of the
            answer.
        drop_at_close: is given each name that was written to; True breaks the connection likewise.
        hide: is given each name; True has stat and reading refused. No folder is listed then.
        hide_with: the status of that.
        deny_creation: files are created where that is asked, and « failure » is answered, once.
        break_reading: reading is refused with a bare « failure ».
        show_open: is given what is read of a file while it is written, and gives what is answered instead:
            other data, or a status.
        refuse_open: a file that is being written is refused to be opened for reading.
        drop_at_open: breaks the connection likewise.
        keep: is given each name that was written to, and what was; gives what is kept once it is closed.
        offers_sha256: announces and answers `check-file` with SHA-256, in place of fsync.
        drop_at_exec: breaks the connection when asked to run a command.
        drop_at_second_session: breaks the connection when asked for another session.
        drop_at_password: is given the number of each password, from 0; True breaks the connection unanswered.
        room: the eleven numbers that `statvfs@openssh.com` is answered with; None: it is not announced.
        on_sync: is called for each fsync request.
        change_reply: is given the type of a request, and the type and body of its reply, which begins with
            the request's number; gives the body that is sent instead.
        tell_late: is given each name of a file; True has stat tell 0 bytes.
        hide_folder: the drop folder is said not to exist, and takes files.
        forward_only: what is written must follow what is there.
        keeps_as_is: a file that is there may not be written to, unless it is emptied.
        takes: is given each name that a file is to have; False has it refused by permission.
        on_close: is called with each name that was written to, before the answer.
        being_written: how many handles there are to write to a file.
        taken: names of the files that were taken away, in their order.
        writes: how many write requests came.
        commands: how many commands were asked for.
        passwords: how many passwords were shown to it.
    """

    refuse_write: Callable[[int], bool] = field(default=lambda number: False)
    refuse: set[str] = field(default_factory=set)
    take_away_at_close: bool = False
    take_away_at_rename: Callable[[str], bool] = field(default=lambda name: False)
    lie_at_rename: Callable[[str], bool] = field(default=lambda name: False)
    lie_at_remove: bool = False
    deny_rename: Callable[[str], bool] = field(default=lambda name: False)
    drop_at_rename: Callable[[str], bool] = field(default=lambda name: False)
    drop_at_close: Callable[[str], bool] = field(default=lambda name: False)
    hide: Callable[[str], bool] | None = None
    hide_with: int = protocol.SFTP_PERMISSION_DENIED
    deny_creation: bool = False
    break_reading: bool = False
    show_open: Callable[[bytes], bytes | int] = field(default=lambda data: data)
    refuse_open: bool = False
    drop_at_open: bool = False
    keep: Callable[[str, bytes], bytes] | None = None
    offers_sha256: bool = False
    drop_at_exec: bool = False
    drop_at_second_session: bool = False
    drop_at_password: Callable[[int], bool] = field(default=lambda number: False)
    room: Sequence[int] | None = None
    on_sync: Callable[[], object] = field(default=lambda: None)
    change_reply: Callable[[int, int, bytes], bytes] = field(default=lambda request, reply, body: body)
    tell_late: Callable[[str], bool] = field(default=lambda name: False)
    hide_folder: bool = False
    forward_only: bool = False
    keeps_as_is: bool = False
    takes: Callable[[str], bool] = field(default=lambda name: True)
    on_close: Callable[[str], object] = field(default=lambda name: None)
    taken: list[str] = field(default_factory=list)
    being_written: Counter[Path] = field(default_factory=Counter)
    writes: int = 0
    commands: int = 0
    passwords: int = 0


@dataclass(frozen=True)
class FaultyServer:
    """Where the server is; `root` is its drop folder on disk, `/` by SFTP."""

    port: int
    fingerprint: str
    root: Path
    faults: Faults
    host: str = LOOPBACK
    username: str = USERNAME
    password: str = field(default=PASSWORD, repr=False)
    directory: str = "/"


@contextlib.contextmanager
def faulty_server(
    root: Path, *, refused_signatures: Sequence[str] = (), host_key: paramiko.PKey | None = None
) -> Iterator[FaultyServer]:
    """Runs the server on a free loopback port.

    Args:
        root: its drop folder, made if there is none.
        refused_signatures: of users' keys, which it announces not to accept.
        host_key: its key; a new one otherwise.
    """
    if ON_WINDOWS:
        missing("this server opens and names files as Linux has them")
    root.mkdir(exist_ok=True)
    faults = Faults()
    host_key = host_key or paramiko.ECDSAKey.generate()
    transports: list[paramiko.Transport] = []
    listener = socket.create_server((LOOPBACK, 0))

    def accept() -> None:
        while True:
            try:
                link, _ = listener.accept()
            except OSError:
                return
            transport = paramiko.Transport(link, disabled_algorithms={"pubkeys": refused_signatures})
            transports.append(transport)
            transport.add_server_key(host_key)
            transport.set_subsystem_handler("sftp", _SftpServer, _Files, root=root, faults=faults)
            with contextlib.suppress(paramiko.SSHException, EOFError):
                transport.start_server(server=_Server(faults, transport))

    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    try:
        yield FaultyServer(listener.getsockname()[1], host_key.fingerprint, root, faults)
    finally:
        stop_listening(listener)
        acceptor.join(timeout=5)
        for transport in transports:
            transport.close()
            transport.join(timeout=5)


class _Server(paramiko.ServerInterface):
    def __init__(self, faults: Faults, transport: paramiko.Transport) -> None:
        self._faults = faults
        self._transport = transport
        self._sessions = 0

    def get_allowed_auths(self, username: str) -> str:
        return "password,publickey"

    def drop(self) -> None:
        """Breaks the connection at once."""
        self._transport.close()

    def check_auth_password(self, username: str, password: str) -> int:
        self._faults.passwords += 1
        if self._faults.drop_at_password(self._faults.passwords - 1):
            self.drop()
        known = (username, password) == (USERNAME, PASSWORD)
        return common.AUTH_SUCCESSFUL if known else common.AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        self._sessions += 1
        if self._sessions > 1 and self._faults.drop_at_second_session:
            self.drop()
        return common.OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        self._faults.commands += 1
        if self._faults.drop_at_exec:
            self.drop()
        return False


class _SftpServer(paramiko.SFTPServer):
    """paramiko's server, with `fsync@openssh.com` or `check-file-name`, and closings that may be refused."""

    def __init__(self, channel: Any, name: str, server: Any, sftp_si: Any, **arguments: Any) -> None:
        super().__init__(channel, name, server, sftp_si, **arguments)
        self._root: Path = arguments["root"]
        self._faults: Faults = arguments["faults"]
        self._asked = protocol.CMD_INIT

    def _send_packet(self, kind: int, packet: paramiko.Message) -> None:
        body = self._faults.change_reply(self._asked, kind, packet.asbytes())
        super()._send_packet(kind, paramiko.Message(body))  # type: ignore[misc]

    def _send_server_version(self) -> int:
        self._read_packet()  # type: ignore[attr-defined]
        answer = paramiko.Message()
        answer.add_int(3)
        sha256 = self._faults.offers_sha256
        extensions = [("check-file", "md5,sha256") if sha256 else ("fsync@openssh.com", "1")]
        if "statvfs" in self._faults.refuse or self._faults.room is not None:
            extensions.append(("statvfs@openssh.com", "2"))
        for word in chain.from_iterable(extensions):
            answer.add_string(word)
        self._send_packet(protocol.CMD_VERSION, answer)
        return 3

    def _process(self, kind: int, number: int, message: paramiko.Message) -> None:
        self._asked = kind
        start = len(message.get_so_far())
        if kind == protocol.CMD_EXTENDED:
            extension = message.get_text()
            if extension == "check-file-name":
                return self._send_hash(number, message.get_text())
            if extension == "statvfs@openssh.com" and self._faults.room is not None:
                answer = struct.pack(">I11Q", number, *self._faults.room)
                return self._send_packet(protocol.CMD_EXTENDED_REPLY, paramiko.Message(answer))
            if extension == "fsync@openssh.com":
                return self._sync(number, message.get_binary())
        elif kind == protocol.CMD_CLOSE and "close" in self._faults.refuse:
            handle = message.get_binary()
            if self._file(handle).written:
                self._file(handle).close()
                del self.file_table[handle]
                return self._send_status(number, protocol.SFTP_FAILURE)  # type: ignore[attr-defined, no-any-return]
        message.rewind()
        message.get_bytes(start)
        return super()._process(kind, number, message)  # type: ignore[misc, no-any-return]

    def _file(self, handle: bytes) -> _Handle:
        file = self.file_table[handle]
        assert isinstance(file, _Handle)
        return file

    def _send_hash(self, number: int, path: str) -> None:
        content = (self._root / path.lstrip("/")).read_bytes()
        answer = paramiko.Message()
        answer.add_int(number)
        answer.add_string("sha256")
        answer.add_bytes(hashlib.sha256(content).digest())
        self._send_packet(protocol.CMD_EXTENDED_REPLY, answer)

    def _sync(self, number: int, handle: bytes) -> None:
        self._faults.on_sync()
        refused = "fsync" in self._faults.refuse and self._file(handle).written
        status = protocol.SFTP_FAILURE if refused else protocol.SFTP_OK
        self._send_status(number, status)  # type: ignore[attr-defined]


class _Files(paramiko.SFTPServerInterface):
    def __init__(self, server: Any, root: Path, faults: Faults) -> None:
        super().__init__(server)
        self._server: _Server = server
        self._root = root
        self._faults = faults

    def _local(self, path: str) -> Path:
        return self._root / self.canonicalize(path).lstrip("/")

    def _is_hidden(self, path: str) -> bool:
        return self._faults.hide is not None and self._faults.hide(self._local(path).name)

    def stat(self, path: str) -> paramiko.SFTPAttributes | int:
        if self._is_hidden(path):
            return self._faults.hide_with
        if self._faults.hide_folder and path == "/":
            return protocol.SFTP_NO_SUCH_FILE
        try:
            found = paramiko.SFTPAttributes.from_stat(self._local(path).stat())
            if self._faults.tell_late(self._local(path).name):
                found.st_size = 0
            return found
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    lstat = stat

    def list_folder(self, path: str) -> list[paramiko.SFTPAttributes] | int:
        if self._faults.hide is not None:
            return self._faults.hide_with
        return [
            paramiko.SFTPAttributes.from_stat(item.stat(), item.name) for item in self._local(path).iterdir()
        ]

    def open(self, path: str, flags: int, attr: paramiko.SFTPAttributes) -> paramiko.SFTPHandle | int:
        if not flags & (os.O_WRONLY | os.O_RDWR):
            if self._is_hidden(path):
                return self._faults.hide_with
            if self._faults.break_reading:
                return protocol.SFTP_FAILURE
            if self._faults.being_written[self._local(path)]:
                if self._faults.drop_at_open:
                    self._server.drop()
                if self._faults.refuse_open:
                    return protocol.SFTP_FAILURE
        elif not self._faults.takes(self._local(path).name):
            return protocol.SFTP_PERMISSION_DENIED
        elif self._faults.keeps_as_is and not flags & os.O_TRUNC and self._local(path).exists():
            return protocol.SFTP_FAILURE
        try:
            descriptor = os.open(self._local(path), flags, 0o600)
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
        if flags & os.O_CREAT and self._faults.deny_creation:
            self._faults.deny_creation = False
            os.close(descriptor)
            return protocol.SFTP_FAILURE
        return _Handle(self._local(path), descriptor, flags, self._faults, self._server)

    def rename(self, oldpath: str, newpath: str) -> int:
        old, new, faults = self._local(oldpath), self._local(newpath), self._faults
        if not faults.takes(new.name):
            return protocol.SFTP_PERMISSION_DENIED
        if "rename" in faults.refuse or new.exists():
            return protocol.SFTP_FAILURE if old.exists() else protocol.SFTP_NO_SUCH_FILE
        if faults.lie_at_rename(new.name):
            return protocol.SFTP_OK
        try:
            old.rename(new)
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
        if faults.take_away_at_rename(new.name):
            _take_away(new, faults)
        if faults.drop_at_rename(new.name):
            self._server.drop()
        return protocol.SFTP_FAILURE if faults.deny_rename(new.name) else protocol.SFTP_OK

    def remove(self, path: str) -> int:
        if "remove" in self._faults.refuse:
            return protocol.SFTP_PERMISSION_DENIED
        if self._faults.lie_at_remove:
            return protocol.SFTP_OK
        try:
            self._local(path).unlink()
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
        return protocol.SFTP_OK


def _take_away(file: Path, faults: Faults) -> None:
    file.unlink(missing_ok=True)
    faults.taken.append(file.name)


class _Handle(paramiko.SFTPHandle):
    def __init__(self, path: Path, descriptor: int, flags: int, faults: Faults, server: _Server) -> None:
        super().__init__(flags)
        self._path = path
        self._descriptor = descriptor
        self.written = False
        self._faults = faults
        self._server = server
        self._for_writing = bool(flags & (os.O_WRONLY | os.O_RDWR))
        faults.being_written[path] += self._for_writing

    def stat(self) -> paramiko.SFTPAttributes | int:
        return paramiko.SFTPAttributes.from_stat(os.fstat(self._descriptor))

    def chattr(self, attr: paramiko.SFTPAttributes) -> int:
        os.ftruncate(self._descriptor, attr.st_size or 0)
        return protocol.SFTP_OK

    def read(self, offset: int, length: int) -> bytes | int:
        data = os.pread(self._descriptor, length, offset)
        if data and self._faults.being_written[self._path] and not self._for_writing:
            return self._faults.show_open(data)
        return data or protocol.SFTP_EOF

    def write(self, offset: int, data: Buffer) -> int:
        number = self._faults.writes
        self._faults.writes += 1
        is_next = offset == os.fstat(self._descriptor).st_size
        if self._faults.refuse_write(number) or (self._faults.forward_only and not is_next):
            return protocol.SFTP_FAILURE
        os.pwrite(self._descriptor, data, offset)
        self.written = True
        return protocol.SFTP_OK

    def close(self) -> None:
        os.close(self._descriptor)
        self._faults.being_written[self._path] -= self._for_writing
        if self.written and self._faults.keep is not None:
            self._path.write_bytes(self._faults.keep(self._path.name, self._path.read_bytes()))
        if self.written:
            self._faults.on_close(self._path.name)
        if self.written and self._faults.take_away_at_close:
            _take_away(self._path, self._faults)
        if self.written and self._faults.drop_at_close(self._path.name):
            self._server.drop()
