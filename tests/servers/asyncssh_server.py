"""A Sharebox of another make: asyncssh, which ends a connection that asks for a service twice."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh
from asyncssh.stream import SSHServerStreamSession

from tests.servers.processes import LOOPBACK

PASSWORD = "Soleil-1936"
CODE = "271828"
Round = tuple[str, str, Sequence[tuple[str, bool]], Sequence[str]]
"""A question: title, text, prompts with whether what is typed is shown; and the answers that are right."""
Files = Callable[[Any], asyncssh.SFTPServer]
"""Makes the server of files for one session, from its channel."""


@dataclass
class Script:
    """How the server lets in.

    Attributes:
        methods: each of which lets in: "publickey", "password", "keyboard-interactive".
        password: the right one.
        rounds: of keyboard-interactive.
        expired: the password has to be changed, where it is given by `password`.
        banner: sent before anything is asked.
        farewell: code and reason with which the connection is ended in place of an answer to the password.
    """

    methods: Sequence[str] = ("password",)
    password: str = PASSWORD
    rounds: Sequence[Round] = ()
    expired: bool = False
    banner: str = ""
    farewell: tuple[int, str] | None = None
    public_key: asyncssh.SSHKey | None = None
    second_session: str = ""
    """What a second one in the same connection is: "refused", "fatal" to the connection, or as any other."""
    asked: Counter[str] = field(default_factory=Counter)
    """How often each was tried, counted on this side."""
    given: list[str] = field(default_factory=list)
    """Every answer and password that came."""


class _Server(asyncssh.SSHServer):
    def __init__(self, script: Script, connections: list[asyncssh.SSHServerConnection], files: Files) -> None:
        self._connections = connections
        self._script = script
        self._files = files
        self._round = 0
        self._sessions = 0
        self._connection: asyncssh.SSHServerConnection

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._connections.append(conn)

    def session_requested(self) -> SSHServerStreamSession[bytes] | bool:
        self._sessions += 1
        if self._sessions > 1 and self._script.second_session:
            if self._script.second_session == "fatal":
                self._connection.abort()
            return False
        return SSHServerStreamSession(None, self._files, 3)

    def begin_auth(self, username: str) -> bool:
        if self._script.banner:
            self._connection.send_auth_banner(self._script.banner)
        return True

    def public_key_auth_supported(self) -> bool:
        return "publickey" in self._script.methods

    def password_auth_supported(self) -> bool:
        return "password" in self._script.methods

    def kbdint_auth_supported(self) -> bool:
        return "keyboard-interactive" in self._script.methods

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        self._script.asked["publickey"] += 1
        right = self._script.public_key
        return right is not None and key == right.convert_to_public()

    def validate_password(self, username: str, password: str) -> bool:
        self._script.asked["password"] += 1
        self._script.given.append(password)
        if self._script.farewell:
            raise asyncssh.DisconnectError(*self._script.farewell)
        if self._script.expired and password == self._script.password:
            raise asyncssh.PasswordChangeRequired("Choisissez un mot de passe de 12 signes.")
        return password == self._script.password

    def change_password(self, username: str, old_password: str, new_password: str) -> bool:
        self._script.asked["change"] += 1
        self._script.given.append(new_password)
        if old_password != self._script.password:
            return False
        if len(new_password) < 12:
            raise asyncssh.PasswordChangeRequired("Trop court : 12 signes.")
        self._script.password, self._script.expired = new_password, False
        return True

    def get_kbdint_challenge(
        self, username: str, lang: str, submethods: str
    ) -> tuple[str, str, str, Sequence[tuple[str, bool]]] | bool:
        self._round = 0
        self._script.asked["keyboard-interactive"] += 1
        title, text, prompts, _ = self._script.rounds[0]
        return title, text, "", prompts

    def validate_kbdint_response(
        self, username: str, responses: Sequence[str]
    ) -> tuple[str, str, str, Sequence[tuple[str, bool]]] | bool:
        self._script.given.extend(responses)
        if list(responses) != list(self._script.rounds[self._round][3]):
            return False
        self._round += 1
        if self._round == len(self._script.rounds):
            return True
        title, text, prompts, _ = self._script.rounds[self._round]
        return title, text, "", prompts


@dataclass(frozen=True)
class AsyncsshServer:
    """Where it is, and how to get in."""

    port: int
    fingerprint: str
    root: Path
    script: Script
    host: str = LOOPBACK
    username: str = "exemple"
    directory: str = "/"

    @property
    def password(self) -> str:
        """The right one."""
        return self.script.password


@contextlib.contextmanager
def asyncssh_server(
    root: Path,
    script: Script | None = None,
    *,
    options: Callable[[], dict[str, Any]] = dict,
    files: type[asyncssh.SFTPServer] = asyncssh.SFTPServer,
) -> Iterator[AsyncsshServer]:
    """Runs the server on a free loopback port.

    Args:
        root: its drop folder.
        script: how it lets in; by a password alone otherwise.
        options: more arguments of `asyncssh.listen`.
        files: what it does with files.
    """
    root.mkdir(exist_ok=True)
    script = script or Script()
    key = asyncssh.generate_private_key("ssh-ed25519")
    loop = asyncio.new_event_loop()
    connections: list[asyncssh.SSHServerConnection] = []

    async def listen() -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            LOOPBACK,
            0,
            server_host_keys=[key],
            server_factory=lambda: _Server(
                script, connections, lambda channel: files(channel, chroot=str(root).encode())
            ),
            **options(),
        )

    acceptor = loop.run_until_complete(listen())
    thread = threading.Thread(target=loop.run_forever, name="asyncssh", daemon=True)
    thread.start()
    try:
        yield AsyncsshServer(acceptor.get_port(), key.get_fingerprint(), root, script)
    finally:
        asyncio.run_coroutine_threadsafe(_end(acceptor, connections), loop).result(timeout=10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=10)
        loop.close()


async def _end(acceptor: asyncssh.SSHAcceptor, connections: Sequence[asyncssh.SSHServerConnection]) -> None:
    acceptor.close()
    for connection in connections:
        connection.abort()
    await asyncio.gather(acceptor.wait_closed(), *(connection.wait_closed() for connection in connections))
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
