"""Starts the demonstration's server process, and ends it. Light: the server's libraries load over there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final

from tui_transfer.errors import Problem, TransferError
from tui_transfer.settings.variables import SECRET_VARIABLES
from tui_transfer.system.processes import ASIDE
from tui_transfer.system.streams import reader_left_told

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOOPBACK: Final = "127.0.0.1"
USERNAME: Final = "demonstration"
PROXY_USERNAME: Final = "demo-proxy"

_BYTE: Final = 8
_PATIENCE: Final = 5.0
"""Seconds the process has to end once it was told."""


@dataclass(frozen=True)
class Ready:
    """What the process says once it listens; all on the loopback address."""

    port: int
    """The Sharebox's port, for a configuration."""
    fingerprint: str
    """Of its host key, made at each start: `SHA256:…`, as OpenSSH shows it."""
    proxy_port: int | None
    """The proxy's port, where there is one."""
    pid: int


@contextmanager
def run_sharebox(
    folder: Path, password: str, *, rate: int | None = None, proxy_password: str | None = None
) -> Iterator[Ready]:
    """Serves `folder` from a process of its own until the block is left, or this process dies.

    Args:
        folder: what the client sees as `/`.
        password: of the account `USERNAME`.
        rate: of the line, in bits per second; None for full speed.
        proxy_password: of `PROXY_USERNAME`; with one, direct connections are refused, and a proxy started.

    Raises:
        TransferError: UNEXPECTED if it does not start.
    """
    command = [sys.executable, "-m", "tui_transfer.demo.sharebox", f"--folder={folder}"]
    if rate is not None:
        command.append(f"--rate={rate // _BYTE}")
    if proxy_password is not None:
        command.append("--behind-proxy")
    secrets = {"password": password, "proxy_password": proxy_password}
    with tempfile.TemporaryFile() as log:
        # A session of its own: a Ctrl+C at the terminal is for the demonstration, which then ends this.
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
            creationflags=ASIDE,
            env={name: value for name, value in os.environ.items() if name not in SECRET_VARIABLES},
        )
        try:
            yield _wait_until_ready(process, secrets, log)
        finally:
            _end(process)


def _wait_until_ready(
    process: subprocess.Popen[str], secrets: dict[str, str | None], log: IO[bytes]
) -> Ready:
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        with reader_left_told():
            process.stdin.write(json.dumps(secrets) + "\n")
            process.stdin.flush()
        line = process.stdout.readline()
    except BrokenPipeError:
        line = ""
    if not line:
        process.wait()
        log.seek(0)
        said = log.read().decode(errors="replace").strip().splitlines() or ["aucun message"]
        reason = f"La Sharebox de démonstration n’a pas démarré : {said[-1]}"
        raise TransferError(Problem.UNEXPECTED, reason=reason, log="affiché ci-dessus")
    return Ready(**json.loads(line))


def _end(process: subprocess.Popen[str]) -> None:
    """Tells the process to end by closing its standard input, and sees that it does."""
    try:
        process.communicate(timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
