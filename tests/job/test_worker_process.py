"""Workers that are started before it is known what they are to do."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.cli.place import COMMAND, Place
from tests.job.examples import START, settings
from tests.servers.processes import wait_until
from tui_transfer.errors import Problem, TransferError
from tui_transfer.job import control, worker_process
from tui_transfer.job.orders import Orders
from tui_transfer.job.spec import make_spec
from tui_transfer.settings import config
from tui_transfer.settings.config import Home
from tui_transfer.settings.variables import SECRET_VARIABLES, SFTP_PASSWORD_VARIABLE

UNORDERED = 12
"""What a worker ends with that was told nothing."""
BROKEN = """
import os, sys
if "tui_transfer.worker" in sys.orig_argv:
    os.write(2, "cassé\\n".encode())
    os._exit(1)
"""


@pytest.fixture
def prepared() -> Iterator[subprocess.Popen[bytes]]:
    worker_process.prepare()
    (worker,) = worker_process._prepared
    yield worker
    worker_process._prepared.clear()
    worker.kill()
    _end(worker)


def _end(worker: subprocess.Popen[bytes]) -> int:
    """Gives it nothing, and tells what it ended with."""
    if worker.returncode is None:
        worker.communicate()
    return worker.returncode


def _workers(home: Path) -> list[psutil.Process]:
    """Those of a home, whatever they are told to do."""
    found = []
    for process in psutil.process_iter():
        try:
            is_worker = worker_process.WORKER_MODULE in process.cmdline()
            if is_worker and process.environ().get(config.HOME_VARIABLE) == str(home):
                found.append(process)
        except (psutil.Error, OSError):  # gone
            continue
    return found


def test_a_prepared_worker_is_taken_once(prepared: subprocess.Popen[bytes]) -> None:
    assert worker_process.start() is prepared
    other = worker_process.start()
    assert other.pid != prepared.pid
    assert (_end(other), _end(prepared)) == (UNORDERED, UNORDERED)


def test_one_that_died_meanwhile_is_replaced(prepared: subprocess.Popen[bytes]) -> None:
    prepared.kill()
    prepared.wait()
    worker = worker_process.start()
    assert worker.poll() is None
    assert _end(worker) == UNORDERED


def test_it_is_given_no_secret_before_its_orders(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setenv(SFTP_PASSWORD_VARIABLE, "canari")
    worker = request.getfixturevalue("prepared")
    wait_until(lambda: psutil.Process(worker.pid).environ() != {}, what="its environment")
    assert not set(SECRET_VARIABLES) & set(psutil.Process(worker.pid).environ())


@pytest.mark.parametrize("arguments", [["run"], ["run", "--rien-de-tel"], ["resume"], ["resume", "--help"]])
def test_a_command_that_starts_no_transfer_leaves_no_worker(tmp_path: Path, arguments: list[str]) -> None:
    place = Place(tmp_path / "home")
    with subprocess.Popen(
        [*COMMAND, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=place.environment(),
    ) as command:
        wait_until(lambda: bool(_workers(place.folder)) or command.poll() is not None, what="a worker")
    wait_until(lambda: not _workers(place.folder), what="the end of the worker that nobody needs")
    assert not place.home.jobs.exists()


@pytest.mark.linux  # what is shipped for Windows takes modules from nowhere else
def test_what_a_worker_says_before_it_has_a_log_is_put_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text(BROKEN, "utf-8")
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    monkeypatch.setenv("PYTHONPATH", path)
    home = Home.find({config.HOME_VARIABLE: str(tmp_path / "home")})
    job = control.create(home, make_spec(settings(), [("Base", home.data / "absente.db")], START))
    with pytest.raises(TransferError) as caught:
        control.start(job, Orders())
    assert caught.value.problem is Problem.UNEXPECTED
    assert job.log.read_text("utf-8") == "cassé\n"
