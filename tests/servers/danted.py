"""A real SOCKS5 server (Dante), with or without username and password."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.programs import require, require_root
from tests.servers.processes import LOOPBACK, free_port, public_folder, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True)
class DantedServer:
    """Where the proxy listens, and its log."""

    host: str
    port: int
    log_file: Path


@contextlib.contextmanager
def danted(*, authenticate: bool = False, forbidden_port: int | None = None) -> Iterator[DantedServer]:
    """Runs danted on a free loopback port.

    Args:
        authenticate: asks a username and password, which must be those of a system account.
        forbidden_port: a port to which its rules let nobody connect.
    """
    require_root()  # only root may check passwords of system accounts
    program = require("danted")
    with public_folder() as folder:
        port = free_port()
        log = folder / "danted.log"
        config = folder / "danted.conf"
        forbidden = (
            f"socks block {{ from: 0.0.0.0/0 to: 0.0.0.0/0 port = {forbidden_port} }}\n"
            if forbidden_port
            else ""
        )
        config.write_text(
            f"logoutput: {log}\n"
            f"internal: {LOOPBACK} port = {port}\n"
            "external: lo\n"
            "clientmethod: none\n"
            f"socksmethod: {'username' if authenticate else 'none'}\n"
            "user.privileged: root\n"
            "user.unprivileged: nobody\n"
            "client pass { from: 127.0.0.0/8 to: 0.0.0.0/0 }\n"
            f"{forbidden}"
            "socks pass { from: 0.0.0.0/0 to: 0.0.0.0/0 log: connect error }\n"
        )
        command = [program, "-f", str(config), "-p", str(folder / "danted.pid")]
        with running(command, port=port, log=folder / "output.log"):
            yield DantedServer(LOOPBACK, port, log)
