"""Free ports, and server programs run in the foreground as children that are ended by their pid."""

from __future__ import annotations

import contextlib
import random
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

LOOPBACK = "127.0.0.1"
_BELOW_EPHEMERAL = (15000, 32000)
_START_SECONDS = 20.0


def free_port() -> int:
    """Gives a port nobody listens on.

    It lies below the range from which the system numbers outgoing connections, so that none of these
    can take it before the server does; it is drawn at random, so that parallel workers do not meet.
    """
    draw = random.SystemRandom()
    while True:
        port = draw.randint(*_BELOW_EPHEMERAL)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((LOOPBACK, port))
            return port


def wait_until(condition: Callable[[], bool], *, seconds: float = 10.0, what: str = "condition") -> None:
    """Returns as soon as `condition` holds; fails after `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{what}: not within {seconds} s"
        time.sleep(0.02)


def is_listening(port: int) -> bool:
    """Whether something accepts connections on the loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0


@contextlib.contextmanager
def public_folder() -> Iterator[Path]:
    """A temporary folder that servers may enter after they dropped their rights (pytest's are 0700)."""
    with tempfile.TemporaryDirectory(prefix="tui-transfer-server-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@contextlib.contextmanager
def running(command: Sequence[str], *, port: int, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a server in the foreground, from its first accepted connection to the end of the block.

    Its standard output and errors are added to `log`.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        wait_until(
            lambda: process.poll() is not None or is_listening(port),
            seconds=_START_SECONDS,
            what=f"{command[0]} listening on port {port}",
        )
        assert process.poll() is None, f"{command[0]} ended at once:\n{log.read_text(errors='replace')}"
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
