"""A worker that is asked to end does so at once, whatever it waits for, and says who asked."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.place import Place, place_for
from tests.servers.openssh import SshServer
from tests.servers.processes import LOOPBACK, wait_until
from tests.servers.relay import relay
from tui_transfer.job import control
from tui_transfer.job.control import Job


@pytest.fixture
def place(tmp_path: Path, ssh_server: SshServer) -> Place:
    return place_for(tmp_path / "home", ssh_server.password)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    path = tmp_path / "base.dat"
    path.write_bytes(os.urandom(2_000_000))
    return path


def _by_the_system(job: Job) -> None:
    pid = control.Follower(job).state.worker_pid
    assert pid is not None
    os.kill(pid, signal.SIGTERM)


@pytest.mark.parametrize(
    ("ask", "who"),
    [(control.stop, "À la demande d’une personne"), (_by_the_system, "À la demande du système")],
)
def test_who_asked_is_told(
    place: Place, ssh_server: SshServer, base: Path, ask: Callable[[Job], None], who: str
) -> None:
    with relay(ssh_server.port) as line:
        line.rate = 200_000
        place.configure(ssh_server, {"Base": base}, port=line.port)
        with place.started("run", "--yes") as command:
            wait_until(
                lambda: bool(control.list_jobs(place.home)) and _acknowledged(place) > 0,
                seconds=60,
                what="something to be sent",
            )
            ask(place.job())
            _, err = command.communicate(timeout=60)
    assert command.returncode == 12
    assert who in err


def _acknowledged(place: Place) -> int:
    return control.Follower(place.job()).state.databases[0].acknowledged


def test_a_server_that_says_nothing_holds_nothing_up(place: Place, ssh_server: SshServer, base: Path) -> None:
    """It would be waited for for half a minute."""
    with socket.create_server((LOOPBACK, 0)) as mute:
        place.configure(ssh_server, {"Base": base}, port=mute.getsockname()[1])
        with place.started("run", "--yes") as command:
            connection, _ = mute.accept()
            began = time.monotonic()
            control.stop(place.job())
            command.communicate(timeout=60)
            connection.close()
    assert command.returncode == 12
    assert time.monotonic() - began < 15
