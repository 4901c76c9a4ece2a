"""A real squid that passes CONNECT on, with or without Basic authentication."""

from __future__ import annotations

import contextlib
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.programs import missing, require
from tests.servers.processes import LOOPBACK, free_port, public_folder, running

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

USERNAME = "gestionnaire"
PASSWORD = "été:à 5 €"

_HELPERS = ("/usr/lib/squid", "/usr/lib64/squid", "/usr/libexec/squid", "/opt/homebrew/opt/squid/libexec")


@dataclass(frozen=True)
class SquidServer:
    """Where the proxy listens, and its access log."""

    host: str
    port: int
    access_log: Path

    def requests(self) -> list[str]:
        """The lines of the access log that tell of a CONNECT, written when it ends."""
        lines = self.access_log.read_text().splitlines() if self.access_log.exists() else []
        return [line for line in lines if " CONNECT " in line]


@contextlib.contextmanager
def squid(
    *, allowed_ports: Sequence[int], authenticate: bool = False, behind: tuple[int, int] | None = None
) -> Iterator[SquidServer]:
    """Runs squid without a cache, on a free loopback port.

    Args:
        allowed_ports: where CONNECT may go; other ports are refused with 403, as squid's own
            configuration does for everything but 443.
        authenticate: asks Basic credentials, and accepts only `USERNAME` and `PASSWORD`.
        behind: two ports, outside and inside: CONNECT to the first is led to the second, as by a firewall
            that lets only the proxy through.
    """
    program = require("squid")
    with public_folder() as folder:
        folder.chmod(0o777)  # squid writes its logs after it became another user
        port = free_port()
        access_log = folder / "access.log"
        lines = [
            f"http_port {LOOPBACK}:{port}",
            f"pid_filename {folder / 'squid.pid'}",
            f"cache_log {folder / 'cache.log'}",
            f"access_log stdio:{access_log}",
            "buffered_logs off",
            f"coredump_dir {folder}",
            "cache deny all",
            "shutdown_lifetime 0 seconds",
            "visible_hostname proxy.test",
            "pinger_enable off",
            f"acl allowed_port port {' '.join(map(str, allowed_ports))}",
            "acl connect method CONNECT",
            "http_access deny connect !allowed_port",
            *(_basic(folder) if authenticate else []),
            *(_lead(folder, *behind) if behind else []),
            "http_access allow localhost connect",
            "http_access deny all",
        ]
        config = folder / "squid.conf"
        config.write_text("\n".join(lines) + "\n")
        with running([program, "-N", "-f", str(config)], port=port, log=folder / "output.log"):
            yield SquidServer(LOOPBACK, port, access_log)


def _lead(folder: Path, outside: int, inside: int) -> list[str]:
    """Squid asks a program where each request should go."""
    program = folder / "lead.sh"
    answer = f"OK rewrite-url={LOOPBACK}:{inside}"
    program.write_text(f'#!/bin/sh\nwhile read -r request; do echo "{answer}"; done\n')
    program.chmod(0o755)
    return [
        f"acl outside port {outside}",
        f"url_rewrite_program {program}",
        "url_rewrite_children 1",
        "url_rewrite_access allow outside",
    ]


def _basic(folder: Path) -> list[str]:
    users = folder / "users"
    command = [require("htpasswd"), "-i", "-c", "-m", str(users), USERNAME]
    subprocess.run(command, input=PASSWORD.encode(), check=True, capture_output=True, timeout=30)
    return [
        f"auth_param basic program {_helper('basic_ncsa_auth')} {users}",
        "auth_param basic children 1",
        "auth_param basic realm test",
        "acl known proxy_auth REQUIRED",
        "http_access deny !known",
    ]


def _helper(name: str) -> Path:
    """Finds one of squid's helper programs, which systems keep outside the PATH."""
    found = next((file for folder in _HELPERS if (file := Path(folder) / name).exists()), None)
    return found or missing(f"squid's helper « {name} » is not installed")
