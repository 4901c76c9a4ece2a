"""Two that want the same at once: one transfer at a time, and no process but its worker is signalled."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import pytest

from tests.cli.place import LIMIT, Place, archives, place_for
from tests.cli.terminal import at_terminal
from tests.servers.openssh import SshServer
from tests.servers.processes import wait_until
from tests.servers.relay import Relay, relay
from tui_transfer.errors import Problem, TransferError
from tui_transfer.job import control
from tui_transfer.job.events import UploadProgress, WorkerStarted
from tui_transfer.job.journal import Journal, JournalReader
from tui_transfer.settings.config import TransferSettings

SIZE = 6_000_000
HARDLY = 50_000
"""Bytes per second at which nothing ends while commands are started beside it."""


@pytest.fixture
def place(tmp_path: Path, ssh_server: SshServer, line: Relay) -> Place:
    base = tmp_path / "base.bin"
    base.write_bytes(os.urandom(SIZE))
    made = place_for(tmp_path / "home", ssh_server.password)
    made.configure(ssh_server, {"Base active": base}, port=line.port)
    return made


@pytest.fixture
def line(ssh_server: SshServer) -> Iterator[Relay]:
    with relay(ssh_server.port) as made:
        made.rate = HARDLY
        yield made


def _workers(place: Place) -> list[psutil.Process]:
    """The workers of this home that are alive, of whichever job."""

    def is_one(process: psutil.Process) -> bool:
        words, folder = process.info["cmdline"] or [], process.info["cwd"] or ""
        return "tui_transfer.worker" in words and Path(folder).parent == place.home.jobs

    return [process for process in psutil.process_iter(["cmdline", "cwd"]) if is_one(process)]


def _events(place: Place) -> list[object]:
    jobs = control.list_jobs(place.home)
    return list(JournalReader(jobs[0].journal).read()) if jobs else []


def _wait_until_sending(place: Place) -> None:
    def is_sending() -> bool:
        return any(isinstance(event, UploadProgress) for event in _events(place))

    wait_until(is_sending, seconds=60, what="something to be sent")


@contextmanager
def _holding(file: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Somebody who is not a worker holds the lock on a job: on a shared home, another machine."""
    script = (
        "import sys; from pathlib import Path; from tui_transfer.system.locks import Lock\n"
        "held = Lock(Path(sys.argv[1])); held.acquire(); print(flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", script, str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process


def test_of_five_that_begin_at_once_one_does_and_none_waits(
    place: Place, ssh_server: SshServer, line: Relay
) -> None:
    with ExitStack() as stack:
        commands = [stack.enter_context(place.started("run", "--yes", "--json")) for _ in range(5)]

        def have_decided() -> bool:
            gone = sum(command.poll() is not None for command in commands)
            return len(_workers(place)) + gone == 5

        wait_until(have_decided, seconds=60, what="each to give up, or to have a worker")
        line.rate = None
        told = [command.communicate(timeout=LIMIT)[0] for command in commands]
    assert sorted(command.returncode for command in commands) == [0, 16, 16, 16, 16]
    assert sum('"job":null' in text for text in told) == 4
    assert len(control.list_jobs(place.home)) == len(archives(ssh_server.root)) == 1


def test_a_transfer_that_another_overtook_while_it_asked_does_not_begin(
    place: Place, ssh_server: SshServer, line: Relay
) -> None:
    line.rate = None
    with at_terminal(place, "run") as person:
        person.waits_for(r"oui/non\] : ")
        assert place.run("run", "--yes").code == 0
        person.program.sendline("oui")
        assert "Un autre transfert a commencé entre-temps" in person.sees_it_end(16)
    assert len(archives(ssh_server.root)) == 1


def test_removing_what_looks_like_locks_lets_no_second_worker_in(
    place: Place, ssh_server: SshServer, line: Relay
) -> None:
    with place.started("run", "--yes") as first:
        _wait_until_sending(place)
        for file in place.folder.rglob("*.lock"):
            file.unlink()
        assert place.run("run", "--yes").code == 16
        with place.started("resume") as second:
            assert second.stdout is not None
            second.stdout.readline()
            assert len(_workers(place)) == 1
            line.rate = None
            for command in first, second:
                command.communicate(timeout=LIMIT)
                assert command.returncode == 0
    assert sum(isinstance(event, WorkerStarted) for event in _events(place)) == 1
    assert place.run("jobs", "--verify").code == 0
    assert len(archives(ssh_server.root)) == 1


@pytest.mark.parametrize("named", ["job.json", "journal.jsonl"])
def test_a_worker_whose_job_was_put_back_from_a_copy_ends_and_another_goes_on(
    place: Place, ssh_server: SshServer, line: Relay, named: str
) -> None:
    """Two workers never write one journal."""
    with place.started("run", "--yes") as first:
        _wait_until_sending(place)
        file = place.job().folder / named
        shutil.copy2(file, file.with_name("copie"))
        file.with_name("copie").replace(file)
        first.communicate(timeout=LIMIT)
        wait_until(lambda: _workers(place) == [], what="the end of the worker")
    assert first.returncode in (10, 12)
    line.rate = None
    resumed = place.run("resume")
    assert resumed.code == 0, resumed.err
    assert sum(isinstance(event, WorkerStarted) for event in _events(place)) == 2
    assert place.run("jobs", "--verify").code == 0
    assert len(archives(ssh_server.root)) == 1


def test_a_process_that_only_has_the_number_of_the_worker_is_left_alone(place: Place) -> None:
    assert place.run("run", "--yes", TUI_TRANSFER_SFTP_PASSWORD="incorrect").code == 7
    job = place.job()
    with subprocess.Popen(["sleep", "600"]) as innocent, _holding(job.spec_file):
        with Journal(job.journal) as journal:
            told = next(event for event in journal.past if isinstance(event, WorkerStarted))
            journal.append(WorkerStarted(at=told.at, pid=innocent.pid, program="1", spec=told.spec))
        stopped = place.run("resume", "--stop")
        assert stopped.code == 16
        assert "ne peut pas être interrompu d’ici" in stopped.err
        assert "une autre" in stopped.err
        with pytest.raises(TransferError) as caught:
            control.stop(job)
        assert caught.value.problem is Problem.JOB_ELSEWHERE
        assert innocent.poll() is None
        innocent.kill()


def test_resuming_what_is_being_removed_says_so(place: Place, line: Relay) -> None:
    line.rate = None
    line.cut_after = SIZE // 2
    place.change(transfer=TransferSettings(retry_for=0))
    assert place.run("run", "--yes").code == 12
    line.cut_after = None
    job = place.job()
    line.silence()  # it waits for the Sharebox, where it removes the partial file
    with place.started("purge", "--yes") as purge:
        wait_until(lambda: job.being_removed, what="the removal to begin")
        for command in (["resume"], ["resume", job.id], ["purge", job.id, "--yes"]):
            refused = place.run(*command)
            assert refused.code == 16
            assert "en train d’être supprimé" in refused.err
            assert "Pour reprendre" not in refused.err
        line.resume()
        _, err = purge.communicate(timeout=LIMIT)
    assert purge.returncode == 0, err
    assert not job.folder.exists()


# --- Who only looks on ---


def test_who_only_looks_on_leaves_without_harm_and_interrupting_is_a_command_of_its_own(
    place: Place, ssh_server: SshServer, line: Relay
) -> None:
    with place.started("run", "--yes") as first:
        _wait_until_sending(place)
        with place.started("resume", "--json") as second:
            assert second.stdout is not None
            second.stdout.readline()  # it has joined
            second.send_signal(signal.SIGINT)
            said, _ = second.communicate(timeout=LIMIT)
            assert second.returncode == 12
            assert '"problem":"view-left"' in said
            assert place.job().running
            stopped = place.run("resume", "--stop")
            assert stopped.code == 12
            assert "Le transfert a été interrompu" in stopped.err
            assert not place.job().running
        first.communicate(timeout=LIMIT)
    assert first.returncode == 12
    line.rate = None
    assert place.run("resume").code == 0
    assert len(archives(ssh_server.root)) == 1


def test_it_says_how_to_interrupt(place: Place, line: Relay) -> None:
    with place.started("run", "--yes") as first:
        _wait_until_sending(place)
        with place.started("--plain") as second:
            assert second.stdout is not None
            assert "est en cours" in second.stdout.readline()
            second.stdout.readline()
            wait_until(
                lambda: psutil.Process(second.pid).status() == psutil.STATUS_SLEEPING, what="it to follow"
            )
            second.send_signal(signal.SIGINT)
            _, err = second.communicate(timeout=LIMIT)
            assert second.returncode == 12
            assert "Le transfert continue" in err
            assert "tui-transfer resume --stop" in err
            line.rate = None
            first.communicate(timeout=LIMIT)
    assert first.returncode == 0


def test_in_lines_it_is_asked_for_by_itself(place: Place, line: Relay) -> None:
    with place.started("run", "--yes") as first:
        _wait_until_sending(place)
        with at_terminal(place, "--plain") as person:
            person.answers("Que voulez-vous faire", "Quitter")
            person.answers("de ce transfert", "Quitter sans interrompre")
            person.sees_it_end(0)
        assert place.job().running
        with at_terminal(place, "--plain") as person:
            person.answers("Que voulez-vous faire", "Quitter")
            person.answers("de ce transfert", "Interrompre")
            person.sees_it_end(12)
        first.communicate(timeout=LIMIT)
    assert first.returncode == 12
