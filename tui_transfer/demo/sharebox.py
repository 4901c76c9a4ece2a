"""The Sharebox of the demonstration: a real SFTP server on the loopback address, in its own process.

    python -m tui_transfer.demo.sharebox --folder F [--rate BYTES_PER_SECOND] [--behind-proxy]

Its first line of standard input is a JSON object with the passwords, which thus appear in no list of
processes: `{"password": …, "proxy_password": …}`. Once it listens it prints one JSON line, a `launch.Ready`,
on its standard output. It ends when its standard input ends, which the system sees to when the parent dies,
however it dies.

With `--behind-proxy`, the port it announces is refused to direct connections: the port is bound, so that
nothing else can have it, and nobody listens on it. The server listens on another port, which only the proxy
knows: asked for the announced one, it leads there.

With `--rate`, all that clients send together passes at that rate, and what they read back at 8 times that
rate, as on an ADSL line.

fsync@openssh.com is not offered: paramiko gives a server no public way to answer extended requests.
"""

from __future__ import annotations

import argparse
import hmac
import io
import json
import os
import socket
import sys
import threading
from dataclasses import asdict
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from paramiko.common import AUTH_FAILED, AUTH_SUCCESSFUL, OPEN_FAILED_UNKNOWN_CHANNEL_TYPE, OPEN_SUCCEEDED
from paramiko.ed25519key import Ed25519Key
from paramiko.server import ServerInterface
from paramiko.sftp_server import SFTPServer
from paramiko.ssh_exception import SSHException
from paramiko.transport import Transport

from tui_transfer.demo.folder import FolderSession
from tui_transfer.demo.launch import LOOPBACK, PROXY_USERNAME, USERNAME, Ready
from tui_transfer.demo.proxy import ConnectProxy
from tui_transfer.demo.rate import Line, SlowSocket
from tui_transfer.system.sockets import set_option

_WEAK: Final = {
    "ciphers": ["aes128-cbc", "aes192-cbc", "aes256-cbc", "3des-cbc"],
    "macs": ["hmac-sha1", "hmac-md5", "hmac-sha1-96", "hmac-md5-96"],
}
_WINDOW: Final = 2 * 1024 * 1024
_SMALLEST_WINDOW: Final = 64 * 1024


class Account(ServerInterface):
    """The one account: a password, and nothing but SFTP."""

    def __init__(self, password: str) -> None:
        self._password = password.encode()

    def get_allowed_auths(self, username: str) -> str:
        """Passwords only."""
        return "password"

    def check_auth_password(self, username: str, password: str) -> int:
        """Accepts the account's own."""
        known = hmac.compare_digest(password.encode(), self._password) and username == USERNAME
        return AUTH_SUCCESSFUL if known else AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        """Accepts sessions, in which only the subsystem « sftp » is known."""
        return OPEN_SUCCEEDED if kind == "session" else OPEN_FAILED_UNKNOWN_CHANNEL_TYPE


class ShareboxServer(ThreadingTCPServer):
    """Serves `folder` over SFTP on a free port of the loopback address, a thread for each connection.

    Args:
        folder: the clients' root.
        password: of the account `USERNAME`.
        line: what slows the connections down; None for full speed.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, folder: Path, password: str, line: Line | None = None) -> None:
        self.folder = folder.resolve(strict=True)
        self.password = password
        self.line = line
        self.host_key = _make_host_key()
        super().__init__((LOOPBACK, 0), _Connection)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accepts a connection, which comes over the line if there is one."""
        connection, address = super().get_request()
        return (SlowSocket(connection, self.line) if self.line else connection), address

    @property
    def window(self) -> int:
        """Bytes a client may have under way: a quarter of a second of a slow line.

        With more, a client would fill the window at once, and then see nothing move for seconds.
        """
        if self.line is None:
            return _WINDOW
        return min(max(self.line.upload_rate // 4, _SMALLEST_WINDOW), _WINDOW)


class _Connection(BaseRequestHandler):
    server: ShareboxServer
    request: socket.socket

    def handle(self) -> None:
        set_option(self.request, socket.IPPROTO_TCP, "TCP_NODELAY", 1)
        with Transport(
            self.request, default_window_size=self.server.window, disabled_algorithms=_WEAK
        ) as transport:
            transport.add_server_key(self.server.host_key)
            transport.set_subsystem_handler("sftp", SFTPServer, FolderSession, self.server.folder)
            try:
                transport.start_server(server=Account(self.server.password))
            except (SSHException, EOFError):
                return  # the client left during the negotiation, as one does who only wants to see the key
            transport.join()


def _make_host_key() -> Ed25519Key:
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    return Ed25519Key(file_obj=io.StringIO(pem.decode()))


def _serve(server: ThreadingTCPServer) -> None:
    threading.Thread(target=server.serve_forever, daemon=True).start()


def _start(folder: Path, rate: int | None, secrets: dict[str, str], behind_proxy: bool) -> Ready:
    sharebox = ShareboxServer(folder, secrets["password"], Line(rate) if rate else None)
    _serve(sharebox)
    fingerprint = sharebox.host_key.fingerprint
    if not behind_proxy:
        return Ready(sharebox.port, fingerprint, None, os.getpid())
    closed = _closed_port()
    routes = {f"{name}:{closed}": (LOOPBACK, sharebox.port) for name in (LOOPBACK, "localhost")}
    proxy = ConnectProxy(routes, PROXY_USERNAME, secrets["proxy_password"])
    _serve(proxy)
    return Ready(closed, fingerprint, proxy.port, os.getpid())


def _closed_port() -> int:
    """A port that refuses connections for as long as this process lives."""
    holder = socket.socket()
    holder.bind((LOOPBACK, 0))
    port = int(holder.getsockname()[1])
    holder.detach()  # kept by the process itself, not by an object that could be collected
    return port


def main() -> None:
    """Runs until standard input ends."""
    parser = argparse.ArgumentParser(description="Sharebox de démonstration")
    parser.add_argument("--folder", type=Path, required=True, help="dossier servi")
    parser.add_argument("--rate", type=int, help="débit d’envoi, en octets par seconde")
    parser.add_argument("--behind-proxy", action="store_true", help="refuser les connexions directes")
    options = parser.parse_args()
    secrets = json.loads(sys.stdin.readline())
    ready = _start(options.folder, options.rate, secrets, options.behind_proxy)
    print(json.dumps(asdict(ready)), flush=True)
    sys.stdin.read()
    os._exit(0)  # at once: threads that serve someone must not hold it up


if __name__ == "__main__":
    main()
