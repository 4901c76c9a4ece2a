"""Links on which packets vanish without a close are noticed in every phase; slow ones are left alone.

The relay's side of the connection goes on acknowledging at the TCP level, as a proxy does whose other side is
dead: nothing but the program's own watch can notice, on any system. The limits are shortened here;
`tests/benchmarks/silent_link.py` takes the real ones.
"""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import asyncssh
import pytest
from paramiko.common import MSG_KEXINIT

from tests.servers.asyncssh_server import asyncssh_server
from tests.servers.openssh import openssh
from tests.servers.processes import LOOPBACK, wait_until
from tests.servers.relay import Relay, relay
from tests.servers.squid import squid
from tests.sharebox.helpers import connect, failure, make_archive, open_tunnel, send
from tui_transfer.errors import Problem
from tui_transfer.sharebox.delivery.progress import DeliveryProgress, DeliveryStage
from tui_transfer.sharebox.proxy import routes
from tui_transfer.sharebox.proxy.routes import Direct, Proxy
from tui_transfer.sharebox.sftp.session import CREATE, WRITE
from tui_transfer.sharebox.ssh import authentication, connection, handshake, watch
from tui_transfer.sharebox.ssh.watch import ListeningPacketizer
from tui_transfer.system import sockets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import paramiko

    from tests.servers.account import Account
    from tests.servers.openssh import SshServer
    from tui_transfer.sharebox.sftp.session import SftpSession

LIMIT = 4.0
MARGIN = 10.0
"""For a busy machine: together they are far from the limits that are not shortened."""
SIZE = 6_000_000


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits of a few seconds, and none of the system's own."""
    monkeypatch.delattr(socket, "TCP_USER_TIMEOUT", raising=False)
    monkeypatch.setattr(watch, "SILENCE_SECONDS", LIMIT)
    monkeypatch.setattr(watch, "_ASK_AFTER_SECONDS", LIMIT / 4)
    monkeypatch.setattr(handshake, "HANDSHAKE_SECONDS", LIMIT)
    monkeypatch.setattr(authentication, "_ANSWER_SECONDS", LIMIT)
    monkeypatch.setattr(connection, "CHANNEL_SECONDS", LIMIT)


@pytest.fixture(scope="module")
def server(account: Account) -> Iterator[SshServer]:
    """An sshd that asks for new keys after each megabyte."""
    with openssh(account, chroot=True, options=["RekeyLimit 1M"]) as running:
        yield running


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "archive"
    make_archive(path, SIZE)
    return path


class TestConnecting:
    def test_nobody_answers(self) -> None:
        with socket.create_server((LOOPBACK, 0), backlog=0) as full:
            address = full.getsockname()
            with socket.create_connection(address), socket.socket() as second:
                second.setblocking(False)
                second.connect_ex(address)
                started = time.monotonic()
                failure(Problem.SHAREBOX_UNREACHABLE, lambda: open_tunnel(Direct(), *address, timeout=1))
                assert time.monotonic() - started < 1 + MARGIN

    @pytest.mark.parametrize("kind", ["http", "socks5"])
    def test_the_proxy_says_nothing(self, kind: str) -> None:
        with socket.create_server((LOOPBACK, 0)) as mute:
            proxy = Proxy("http" if kind == "http" else "socks5", *mute.getsockname())
            started = time.monotonic()
            failure(Problem.PROXY_PROTOCOL, lambda: open_tunnel(proxy, LOOPBACK, 22, timeout=1))
            assert time.monotonic() - started < 1 + MARGIN

    @pytest.mark.usefixtures("impatient")
    @pytest.mark.parametrize("share", [0, 0.05, 0.3, 0.6, 0.8, 0.95, 0.99])
    def test_the_server_goes_silent_while_connecting(self, server: SshServer, share: float) -> None:
        """Banner, keys, authentication, channel, SFTP: after each share of what a server says meanwhile."""
        with relay(server.port) as link:
            with connect(server, port=link.port):
                said = link.answered
            link.silent_after = link.answered + int(said * share)
            started = time.monotonic()
            problem = Problem.CONNECTION_LOST if share else Problem.SERVER_SILENT
            failure(problem, lambda: connect(server, port=link.port))
            assert time.monotonic() - started < LIMIT + MARGIN


def cut_off(link: Relay, server: SshServer, archive: Path, stage: DeliveryStage, done: int) -> float:
    """Sends, and loses everything from a point on; gives the seconds until that was noticed."""
    swallowed: list[float] = []

    def swallow(progress: DeliveryProgress) -> None:
        if progress.stage is stage and progress.done >= done and not swallowed:
            link.swallow()
            swallowed.append(time.monotonic())

    with connect(server, port=link.port) as sharebox:
        error = failure(Problem.CONNECTION_LOST, lambda: send(sharebox, archive, on_progress=swallow))
    assert "signe de vie" in error.why
    return time.monotonic() - swallowed[0]


@pytest.mark.usefixtures("impatient")
class TestSending:
    @pytest.mark.parametrize(
        ("stage", "done"),
        [
            (DeliveryStage.SENDING, SIZE // 2),
            (DeliveryStage.SENDING, SIZE),
            (DeliveryStage.VERIFYING, SIZE // 2),
            (DeliveryStage.PUBLISHING, SIZE),
        ],
    )
    def test_the_server_goes_silent(
        self, ssh_server: SshServer, archive: Path, stage: DeliveryStage, done: int
    ) -> None:
        with relay(ssh_server.port) as link:
            assert cut_off(link, ssh_server, archive, stage, done) < LIMIT + MARGIN
            link.silent_after = None
            with connect(ssh_server, port=link.port) as sharebox:
                send(sharebox, archive)
        assert (ssh_server.root / "base.7z").read_bytes() == archive.read_bytes()

    def test_the_server_goes_silent_while_keys_change(
        self, server: SshServer, archive: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        read, changes = ListeningPacketizer.read_message, 0

        def read_and_swallow(packetizer: ListeningPacketizer) -> tuple[int, paramiko.Message]:
            nonlocal changes
            kind, message = read(packetizer)
            changes += kind == MSG_KEXINIT
            if changes == 2:
                link.swallow()
            return kind, message

        monkeypatch.setattr(ListeningPacketizer, "read_message", read_and_swallow)
        with relay(server.port) as link, connect(server, port=link.port) as sharebox:
            started = time.monotonic()
            error = failure(Problem.CONNECTION_LOST, lambda: send(sharebox, archive))
            assert "signe de vie" in error.why
            assert time.monotonic() - started < LIMIT + MARGIN
            assert changes == 2
        assert not (server.root / "base.7z").exists()

    def test_keys_change_unnoticed(self, server: SshServer, archive: Path) -> None:
        with connect(server) as sharebox:
            send(sharebox, archive, "changing.7z")
        assert (server.root / "changing.7z").read_bytes() == archive.read_bytes()
        assert server.log().count("rekeying in progress") + server.log().count("SSH2_MSG_KEXINIT sent") > 4


class TestPhases:
    def test_each_has_its_own_limit(self, server: SshServer) -> None:
        """Two sessions use one connection at once: one phase is not the other's."""
        with connect(server) as sharebox:
            watchdog = sharebox.connection.watchdog
            with watchdog.phase(LIMIT / 4, "la première"):
                with watchdog.phase(10 * LIMIT, "la deuxième"):
                    pass
                begun = time.monotonic()
                wait_until(lambda: not sharebox.connection.is_open, what="the end of the connection")
                assert time.monotonic() - begun < LIMIT / 4 + MARGIN
            assert failure(Problem.CONNECTION_LOST, sharebox.check_alive).details["reason"] == "la première"


class _Blocking(asyncssh.SFTPServer):
    """Does one thing at a time, for all of its connections: while it scans a file it answers nobody.

    Attributes:
        seconds: how long it scans.
        during: what it scans at: a name of the methods below.
        scanning: set once it does.
        enough: ends it.
    """

    seconds = 2.5 * LIMIT
    during = "close"
    scanning = threading.Event()
    enough = threading.Event()

    def __init__(self, chan: asyncssh.SSHServerChannel[bytes], chroot: bytes | None = None) -> None:
        super().__init__(chan, chroot)
        link: socket.socket = chan.get_connection().get_extra_info("socket")
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)  # full long before the other's window

    def _scan(self, request: str) -> None:
        if request == self.during:
            self.scanning.set()
            self.enough.wait(self.seconds)

    def close(self, file_obj: object) -> None:
        if getattr(file_obj, "writable", lambda: False)():
            self._scan("close")
        super().close(file_obj)

    def rename(self, oldpath: bytes, newpath: bytes) -> None:
        self._scan("rename")
        super().rename(oldpath, newpath)

    def fsync(self, file_obj: object) -> None:
        self._scan("fsync")
        super().fsync(file_obj)


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits of a few seconds for silence, of the system too."""
    monkeypatch.setattr(watch, "SILENCE_SECONDS", LIMIT)
    monkeypatch.setattr(watch, "_ASK_AFTER_SECONDS", LIMIT / 4)
    monkeypatch.setattr(connection, "CHANNEL_SECONDS", LIMIT)
    monkeypatch.setattr(sockets, "DEAD_AFTER_SECONDS", int(LIMIT))
    monkeypatch.setattr(_Blocking, "scanning", threading.Event())
    monkeypatch.setattr(_Blocking, "enough", threading.Event())


@pytest.mark.usefixtures("busy")
class TestBusyServer:
    """One that says nothing at all, since it is at work, is not taken for one that is gone."""

    @pytest.mark.parametrize("during", ["close", "rename", "fsync"])
    def test_it_is_waited_for(
        self, tmp_path: Path, archive: Path, monkeypatch: pytest.MonkeyPatch, during: str
    ) -> None:
        monkeypatch.setattr(_Blocking, "during", during)
        with asyncssh_server(tmp_path / "depot", files=_Blocking) as server, connect(server) as sharebox:
            send(sharebox, archive)
            assert _Blocking.scanning.is_set()
        assert (server.root / "base.7z").read_bytes() == archive.read_bytes()

    def test_also_where_it_has_no_room_for_more(self, tmp_path: Path, archive: Path) -> None:
        """Another session goes on sending meanwhile; and a third is opened, which takes as long."""
        with asyncssh_server(tmp_path / "depot", files=_Blocking) as server, connect(server) as sharebox:
            beside = sharebox.open_second_session()
            assert beside is not None
            with ThreadPoolExecutor(3) as pool:
                handle = beside.sftp.open("/more", WRITE | CREATE)
                first = pool.submit(send, sharebox, archive)
                assert _Blocking.scanning.wait(MARGIN)
                second = pool.submit(_write, beside.sftp, handle, SIZE)
                third = pool.submit(sharebox.open_second_session)
                first.result()
                second.result()
                assert third.result() is not None
            _Blocking.enough.set()
        assert (server.root / "more").stat().st_size == SIZE

    @pytest.mark.parametrize("during", ["close", "rename"])
    def test_a_link_that_dies_meanwhile_is_noticed(
        self, tmp_path: Path, archive: Path, monkeypatch: pytest.MonkeyPatch, during: str
    ) -> None:
        monkeypatch.setattr(_Blocking, "during", during)
        monkeypatch.setattr(_Blocking, "seconds", 4 * LIMIT)
        with (
            asyncssh_server(tmp_path / "depot", files=_Blocking) as server,
            relay(server.port) as link,
            connect(server, port=link.port) as sharebox,
            ThreadPoolExecutor(1) as pool,
        ):
            sending = pool.submit(send, sharebox, archive)
            assert _Blocking.scanning.wait(MARGIN)
            link.vanish()
            begun = time.monotonic()
            failure(Problem.CONNECTION_LOST, sending.result)
            assert time.monotonic() - begun < 2.5 * LIMIT  # the scan takes four times the limit
            _Blocking.enough.set()

    def test_where_the_system_does_not_tell_it_is_not_waited_for(
        self, tmp_path: Path, archive: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delattr(socket, "TCP_USER_TIMEOUT")
        with asyncssh_server(tmp_path / "depot", files=_Blocking) as server, connect(server) as sharebox:
            assert "signe de vie" in failure(Problem.CONNECTION_LOST, lambda: send(sharebox, archive)).why

    def test_through_a_proxy_that_is_spoken_to_by_tls(
        self, tmp_path: Path, archive: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with (
            asyncssh_server(tmp_path / "depot", files=_Blocking) as server,
            squid(allowed_ports=[server.port], encrypted=True) as proxy,
        ):
            monkeypatch.setenv("SSL_CERT_FILE", str(proxy.certificate))
            with connect(server, route=Proxy("https", proxy.host, proxy.port)) as sharebox:
                send(sharebox, archive)
        assert (server.root / "base.7z").read_bytes() == archive.read_bytes()


def _write(sftp: SftpSession, handle: bytes, size: int) -> None:
    """Sends all at once, as what is under way when the server begins to be busy."""
    answered: list[object] = []
    for offset in range(0, size, 30_000):
        sftp.write(handle, offset, bytes(min(30_000, size - offset)), answered.append)
    while len(answered) * 30_000 < size:
        sftp.receive()


class TestPatience:
    def test_idle_server_that_answers_is_alive(
        self, account: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(watch, "SILENCE_SECONDS", LIMIT)
        monkeypatch.setattr(watch, "_ASK_AFTER_SECONDS", 0.2)
        with openssh(account) as server, connect(server) as sharebox:
            begun = time.monotonic()
            wait_until(lambda: time.monotonic() - begun > LIMIT + 1, what="more than the limit of silence")
            assert server.log().count("keepalive@openssh.com") > 2
            assert sharebox.sftp.stat(server.directory) is not None

    def test_every_phase_ends_within_45_seconds_and_outlives_a_pause_of_20(self) -> None:
        """What the shortened limits above stand for."""
        limits = [
            watch.SILENCE_SECONDS,
            routes.CONNECT_SECONDS,
            handshake.HANDSHAKE_SECONDS,
            authentication._ANSWER_SECONDS,
            connection.CHANNEL_SECONDS,
        ]
        assert max(limits) + 2 * watch._LOOK_EVERY_SECONDS < 45
        asked_and_unanswered = watch._ASK_AFTER_SECONDS + sockets.DEAD_AFTER_SECONDS
        assert asked_and_unanswered + 2 * watch._LOOK_EVERY_SECONDS < 45
        assert min(limits[0], *limits[2:]) > 25
