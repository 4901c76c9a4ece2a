"""Checks passwords for squid by NTLM, in the test's process, so that tests can count what was checked."""

from __future__ import annotations

import base64
import contextlib
import os
import socketserver
import threading
from typing import TYPE_CHECKING

import spnego
from spnego.exceptions import SpnegoError

from tests.servers.processes import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Authority(socketserver.ThreadingTCPServer):
    """Answers squid's questions on handshakes (its protocol for authentication helpers).

    Attributes:
        attempts: the proofs of a password that were checked, each by whether it was right.
    """

    daemon_threads = True

    def __init__(self, *, knows_ntlm: bool) -> None:
        self.knows_ntlm = knows_ntlm
        self.attempts: list[bool] = []
        super().__init__((LOOPBACK, 0), _Questions)

    def helper(self, folder: Path) -> Path:
        """Writes the program that squid starts: it does no more than lead lines to this object."""
        program = folder / f"ask-{self.server_address[1]}.sh"
        program.write_text(
            "#!/bin/bash\n"
            f"exec 3<>/dev/tcp/{LOOPBACK}/{self.server_address[1]} || exit 1\n"
            "while IFS= read -r question; do\n"
            "  printf '%s\\n' \"$question\" >&3\n"
            "  IFS= read -r answer <&3 || exit 0\n"
            "  printf '%s\\n' \"$answer\"\n"
            "done\n"
        )
        program.chmod(0o755)
        return program


class _Questions(socketserver.StreamRequestHandler):
    server: Authority

    def handle(self) -> None:
        for line in self.rfile:
            self.wfile.write(self._answer(line.decode("ascii").strip()).encode() + b"\n")

    def _answer(self, question: str) -> str:
        kind, _, token = question.partition(" ")
        if not self.server.knows_ntlm:
            return "BH received something else than a Kerberos ticket"
        if kind == "YR":
            ntlm = spnego.NegotiateOptions.use_ntlm
            self._context = spnego.server(protocol="ntlm", options=ntlm)
            challenge = self._context.step(base64.b64decode(token))
            return "TT " + base64.b64encode(challenge or b"").decode("ascii")
        try:
            self._context.step(base64.b64decode(token))
        except SpnegoError as error:
            self.server.attempts.append(False)
            return f"NA = {type(error).__name__}"
        self.server.attempts.append(True)
        return f"AF = {self._context.client_principal}"


@contextlib.contextmanager
def authority(folder: Path, username: str, password: str, *, knows_ntlm: bool = True) -> Iterator[Authority]:
    """Runs one that knows a single account.

    Args:
        folder: for its list of accounts.
        username: with or without a domain before it: `DOMAIN\\\\name`.
        password: without `:`, which the list cannot hold.
        knows_ntlm: otherwise it refuses whatever it is asked, as one does that knows only Kerberos.
    """
    domain, _, name = username.rpartition("\\")
    accounts = folder / "accounts"
    accounts.write_text(f"{domain}:{name}:{password}\n", encoding="utf-8")
    before = os.environ.get("NTLM_USER_FILE")
    os.environ["NTLM_USER_FILE"] = str(accounts)  # the only way in which pyspnego takes it
    server = Authority(knows_ntlm=knows_ntlm)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        os.environ.pop("NTLM_USER_FILE")
        if before is not None:
            os.environ["NTLM_USER_FILE"] = before
