"""Free ports, and server programs run in the foreground as children that are ended by their pid."""

from __future__ import annotations

import contextlib
import os
import random
import socket
import subprocess
import tempfile
import time
from itertools import chain, cycle
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

LOOPBACK = "127.0.0.1"
_BELOW_EPHEMERAL = (15000, 32000)
_START_SECONDS = 60.0


def _own_ports() -> Iterator[int]:
    """The ports of this process among its parallel workers, each once before any comes again."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    first, last = _BELOW_EPHEMERAL
    ports = range(first + worker % workers, last, workers)
    start = random.SystemRandom().randrange(len(ports))
    return cycle(chain(ports[start:], ports[:start]))


_ports = _own_ports()


def free_port() -> int:
    """Gives a port nobody listens on.

    It lies below the range from which the system numbers outgoing connections, so that none of these
    can take it before the server does. No test is given one that another test was given: where a test wants
    a port closed, nobody opens it meanwhile.
    """
    for port in _ports:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((LOOPBACK, port))
            return port
    raise AssertionError


def wait_until(condition: Callable[[], bool], *, seconds: float = 60.0, what: str = "condition") -> None:
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


def stop_listening(listener: socket.socket) -> None:
    """Closes a listening socket, and wakes the thread that waits for somebody to connect to it."""
    with contextlib.suppress(OSError):  # of Windows, where the close wakes that thread
        listener.shutdown(socket.SHUT_RDWR)
    listener.close()


@contextlib.contextmanager
def public_folder() -> Iterator[Path]:
    """A temporary folder that servers may enter after they dropped their rights (pytest's are 0700)."""
    with tempfile.TemporaryDirectory(prefix="tui-transfer-server-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@contextlib.contextmanager
def running(
    command: Sequence[str],
    *,
    port: int,
    log: Path,
    environment: Mapping[str, str] | None = None,
    order: Path | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a server in the foreground, from its first accepted connection to the end of the block.

    Its standard output and errors are added to `log`. Its environment is this process's, or `environment`.
    Its standard input is the file `order`, or nothing.
    """
    with log.open("ab") as output, open(order or os.devnull, "rb") as given:  # noqa: PTH123 - a device too
        process = subprocess.Popen(command, stdin=given, stdout=output, stderr=output, env=environment)
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
