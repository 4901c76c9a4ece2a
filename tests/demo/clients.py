"""Clients for the demonstration's servers."""

from __future__ import annotations

import base64
import socket
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import paramiko

from tests.programs import require
from tui_transfer.demo.launch import LOOPBACK, USERNAME

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def sftp_session(
    port: int, password: str, *, username: str = USERNAME, over: socket.socket | None = None
) -> Iterator[paramiko.SFTPClient]:
    """A paramiko session on a Sharebox, over an open connection if one is given."""
    connection = over or socket.create_connection((LOOPBACK, port))
    with paramiko.Transport(connection) as transport:
        transport.connect(username=username, password=password)
        yield transport.open_sftp_client()


def openssh_sftp(port: int, password: str, folder: Path, commands: str) -> subprocess.CompletedProcess[str]:
    """Runs OpenSSH's sftp in `folder` on a batch of commands."""
    options = (
        "StrictHostKeyChecking=no",
        f"UserKnownHostsFile={folder / 'known_hosts'}",
        "PreferredAuthentications=password",
        "BatchMode=no",
    )
    command = [require("sshpass"), "-e", require("sftp"), *(f"-o{option}" for option in options)]
    return subprocess.run(
        [*command, "-b", "-", "-P", str(port), f"{USERNAME}@{LOOPBACK}"],
        input=commands, env={"SSHPASS": password}, cwd=folder, capture_output=True, text=True, timeout=30,
        check=False,
    )  # fmt: skip


def basic(credentials: str) -> str:
    return "Basic " + base64.b64encode(credentials.encode()).decode()


def connect_request(authority: str, authorization: str | None = None) -> bytes:
    lines = [f"CONNECT {authority} HTTP/1.1", f"Host: {authority}"]
    if authorization is not None:
        lines.append(f"Proxy-Authorization: {authorization}")
    return "\r\n".join([*lines, "", ""]).encode()


def receive_until(connection: socket.socket, end: bytes) -> bytes:
    """What comes up to and including `end`, read byte by byte so that nothing after it is taken."""
    received = b""
    while not received.endswith(end):
        byte = connection.recv(1)
        assert byte, f"the connection ended after {received!r}"
        received += byte
    return received


def refuses(port: int) -> bool:
    """Whether connections to `port` are refused."""
    try:
        socket.create_connection((LOOPBACK, port), timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False
