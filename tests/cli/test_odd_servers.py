"""Commands that meet a server which is too busy, another protocol, or one that breaks the rules."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import struct
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import asyncssh
import pytest

from tests.cli.place import Nowhere, Place, archives, place_for
from tests.servers.asyncssh_server import PASSWORD, asyncssh_server
from tests.servers.greeter import greeter
from tests.servers.openssh import openssh
from tui_transfer.settings.config import TransferSettings

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.account import Account

MYSQL = b"J\x00\x00\x00\x0a8.0.36\x00\x08\x00\x00\x00abcdefgh\x00"
MOST_GROWTH = 50 << 20


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "base.db").write_bytes(os.urandom(10_000))
    return place_for(tmp_path / "home", "mot de passe")


def configured(place: Place, port: int) -> None:
    place.configure(Nowhere(), {"Base active": place.folder.parent / "base.db"}, port=port)
    place.change(transfer=TransferSettings(retry_for=0))


def test_a_busy_server_is_tried_again(tmp_path: Path, account: Account) -> None:
    place = place_for(tmp_path / "home", account.password)
    (tmp_path / "base.db").write_bytes(os.urandom(10_000))
    with openssh(account, chroot=True) as server:

        def speak(link: socket.socket) -> None:
            if busy.connections == 1:
                link.sendall("Trop de connexions, réessayez\r\n".encode("latin-1"))
                return
            with socket.create_connection((server.host, server.port)) as inner:
                _carry(link, inner)

        with greeter(speak) as busy:
            place.configure(server, {"Base active": tmp_path / "base.db"}, port=busy.port)
            result = place.run("run", "--yes", "--json")
        waits = [event for event in result.events if event["type"] == "sharebox.waiting"]
        assert (result.code, len(archives(server.root))) == (0, 1), result.err
        assert "« Trop de connexions, réessayez »" in waits[0]["reason"]
        server.wait_for_sessions()


def _carry(one: socket.socket, other: socket.socket) -> None:
    def pipe(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_RDWR)

    threading.Thread(target=pipe, args=(other, one), daemon=True).start()
    pipe(one, other)


def test_another_protocol_is_named_without_a_traceback(place: Place) -> None:
    with greeter(MYSQL) as server:
        configured(place, server.port)
        checked = place.run("check")
        run = place.run("run", "--yes", "--json")
    assert "un serveur MySQL" in checked.out
    assert "Traceback" not in checked.out + checked.err + run.err
    assert (checked.code, run.code, run.finished["exit_code"]) == (5, 5, 5)


def test_a_packet_of_two_gigabytes_takes_no_memory(place: Place) -> None:
    """The whole process is looked at, which takes the bytes that C code asks for too."""
    program = (
        "import json, resource, sys\n"
        "from tui_transfer.sharebox.proxy.routes import Direct\n"
        "from tui_transfer.sharebox.ssh.route_trial import try_route\n"
        "from tui_transfer.system.cancellation import Cancellation\n"
        # The most of a process is counted from before its own program began, while it was a copy of another.
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024\n"
        "problems = []\n"
        "for port in sys.argv[1:]:\n"
        "    try: try_route('127.0.0.1', int(port), Direct(), Cancellation())\n"
        "    except Exception as error: problems.append(str(error.problem))\n"
        "most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024\n"
        "print(json.dumps([most - before, problems]))\n"
    )

    def announce(size: int) -> bytes:
        return b"SSH-2.0-hostile\r\n" + struct.pack(">I", size) + bytes(100)

    with greeter(announce(1 << 31)) as one, greeter(announce(0xFFFFFFFF)) as other:
        done = subprocess.run(
            [sys.executable, "-c", program, str(one.port), str(other.port)],
            env=place.environment(PYTHONPATH=os.pathsep.join(sys.path)),
            capture_output=True,
            timeout=60,
            check=True,
        )
    growth, problems = json.loads(done.stdout)
    assert problems == ["protocol-violated"] * 2
    assert growth < MOST_GROWTH


def test_a_violation_ends_a_run_as_what_it_is(place: Place) -> None:
    with greeter(b"SSH-2.0-hostile\r\n" + b"\xff" * 100) as server:
        configured(place, server.port)
        run = place.run("run", "--yes", "--json")
    assert (run.code, run.finished["exit_code"]) == (5, 5)
    assert "ne suit pas les règles de la liaison chiffrée SSH" in run.err + run.out


def test_what_a_server_says_to_whoever_logs_in_is_told(tmp_path: Path, account: Account) -> None:
    """By `check`, and by `run`; what would move the cursor of a terminal is no part of it."""
    banner = tmp_path / "banner"
    banner.write_bytes("Maintenance samedi, fermé dès 8 h\x1b[2J\n".encode())
    place = place_for(tmp_path / "home", account.password)
    with openssh(account, chroot=True, options=[f"Banner {banner}"]) as server:
        place.configure(server, {"Base active": tmp_path / "base.db"})
        (tmp_path / "base.db").write_bytes(os.urandom(10_000))
        said = "Le serveur dit : « Maintenance samedi, fermé dès 8 h"
        for command in (("check",), ("run", "--yes")):
            result = place.run(*command)
            assert (result.code, said in result.out) == (0, True), result.out + result.err
            assert "\x1b" not in result.out


class _Talks(asyncssh.SFTPServer):
    def __init__(self, chan: asyncssh.SSHServerChannel[bytes], chroot: bytes | None = None) -> None:
        super().__init__(chan, chroot)
        chan.write_stderr("Fermé dès 8 h\r\n".encode())


def test_so_is_what_it_says_beside_sftp(tmp_path: Path) -> None:
    place = place_for(tmp_path / "home", PASSWORD)
    (tmp_path / "base.db").write_bytes(os.urandom(10_000))
    with asyncssh_server(tmp_path / "depot", files=_Talks) as server:
        place.configure(server, {"Base active": tmp_path / "base.db"})
        for command in (("check",), ("run", "--yes")):
            result = place.run(*command)
            said = result.out.count("Le serveur dit : « Fermé dès 8 h »")
            assert (result.code, said) == (0, 1), result.out + result.err
