"""The servers that other tests stand on do what their docstrings say, seen with OpenSSH's own client."""

from __future__ import annotations

import base64
import socket
import subprocess
from typing import TYPE_CHECKING

from tests.programs import require
from tests.servers.account import system_account
from tests.servers.openssh import openssh
from tests.servers.processes import wait_until
from tests.servers.squid import PASSWORD, USERNAME

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.account import Account
    from tests.servers.danted import DantedServer
    from tests.servers.openssh import SshServer
    from tests.servers.squid import SquidServer


def sftp(server: SshServer, batch: str) -> subprocess.CompletedProcess[str]:
    command = [require("sftp"), "-q", "-b", "-", "-i", str(server.key_file), "-P", str(server.port)]
    options = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"]
    target = f"{server.username}@{server.host}"
    return subprocess.run(
        [*command, *options, target], input=batch, capture_output=True, text=True, timeout=30
    )


def test_files_arrive_in_root(ssh_server: SshServer, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    done = sftp(ssh_server, f"put {tmp_path / 'file'} {ssh_server.directory}/arrived\n")
    assert done.returncode == 0, done.stderr
    assert (ssh_server.root / "arrived").read_bytes() == b"content"
    assert ssh_server.authentication_requests()


def test_a_second_account_of_the_same_process_stands_beside_the_first(account: Account) -> None:
    with system_account() as other, openssh(other, chroot=True) as server:
        assert other.uid != account.uid
        assert sftp(server, "ls\n").returncode == 0
    assert account.home.is_dir()
    assert not other.home.exists()


def test_denied_requests_are_refused(ssh_server_unreadable: SshServer, tmp_path: Path) -> None:
    (ssh_server_unreadable.root / "file").write_bytes(b"content")
    done = sftp(ssh_server_unreadable, f"get {ssh_server_unreadable.directory}/file {tmp_path / 'copy'}\n")
    assert done.returncode != 0
    assert "Permission denied" in done.stderr


def test_password_and_exec(account: Account) -> None:
    with openssh(account, allow_exec=True, authentication="password") as server:
        command = [
            "sshpass",
            "-e",
            "ssh",
            "-p",
            str(server.port),
            f"{server.username}@{server.host}",
            "id -un",
        ]
        options = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"]
        done = subprocess.run(
            [require(command[0]), *command[1:2], *command[2:3], *options, *command[3:]],
            env={"SSHPASS": server.password, "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            timeout=30,
        )
        assert done.stdout.strip() == account.username, done.stderr


def connect_through(proxy: SquidServer, port: int, credentials: str | None = None) -> bytes:
    request = f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
    if credentials:
        request += f"Proxy-Authorization: Basic {base64.b64encode(credentials.encode()).decode()}\r\n"
    with socket.create_connection((proxy.host, proxy.port), timeout=10) as link:
        link.sendall(request.encode() + b"\r\n")
        return link.recv(100).split(b"\r\n")[0]


def test_squid_forbids_other_ports(squid_as_shipped: SquidServer) -> None:
    assert b" 403 " in connect_through(squid_as_shipped, 22)


def test_squid_asks_credentials(ssh_server: SshServer, squid_with_password: SquidServer) -> None:
    assert b" 407 " in connect_through(squid_with_password, ssh_server.port)
    assert b" 407 " in connect_through(squid_with_password, ssh_server.port, f"{USERNAME}:wrong")
    assert b" 200 " in connect_through(squid_with_password, ssh_server.port, f"{USERNAME}:{PASSWORD}")
    wait_until(lambda: len(squid_with_password.requests()) == 3, what="three lines in the access log")


def socks_methods(proxy: DantedServer) -> bytes:
    with socket.create_connection((proxy.host, proxy.port), timeout=10) as link:
        link.sendall(b"\x05\x02\x00\x02")  # version 5, two methods: none, username
        return link.recv(2)


def test_danted_chooses_its_method(danted_open: DantedServer, danted_with_password: DantedServer) -> None:
    assert socks_methods(danted_open) == b"\x05\x00"
    assert socks_methods(danted_with_password) == b"\x05\x02"
