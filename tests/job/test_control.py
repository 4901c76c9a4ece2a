"""Jobs on disk: told apart, found again, and worked on one at a time."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from tests.job.examples import START, settings
from tests.programs import require, require_root
from tui_transfer.errors import Problem, TransferError
from tui_transfer.job import audit, control
from tui_transfer.job.control import Job
from tui_transfer.job.events import WorkerStarted
from tui_transfer.job.journal import Journal
from tui_transfer.job.orders import Orders
from tui_transfer.job.spec import make_spec
from tui_transfer.settings import config
from tui_transfer.settings.config import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.find({config.HOME_VARIABLE: str(tmp_path / "home")})


def _create(home: Home, minutes: int = 0) -> Job:
    moment = START + timedelta(minutes=minutes)
    return control.create(home, make_spec(settings(), [("Base", home.data / "absente.db")], moment))


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Another process holds the lock on `file`."""
    script = (
        "import sys; from pathlib import Path; from tui_transfer.system.locks import Lock\n"
        "held = Lock(Path(sys.argv[1]), create=True)\n"
        "held.acquire(); print(flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", script, str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield


def test_a_job_runs_while_its_lock_is_held(home: Home) -> None:
    job = _create(home)
    with _locked(job.spec_file):
        assert control.running_job(home) == job
    assert control.running_job(home) is None


def test_those_who_look_whether_a_job_runs_do_not_take_each_other_for_a_worker(home: Home) -> None:
    job = _create(home)
    look = "import sys; from pathlib import Path; from tui_transfer.job import control\n"
    look += "job = control.load(Path(sys.argv[1]))\nwhile True: print(job.running, flush=True)"
    with subprocess.Popen([sys.executable, "-c", look, str(job.folder)], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        pump = threading.Thread(target=other.stdout.read)
        pump.start()
        try:
            assert not any(job.running for _ in range(20_000))
        finally:
            other.kill()
            pump.join()


def test_looking_whether_a_job_runs_writes_nothing(home: Home) -> None:
    job = _create(home)
    assert not job.running
    assert [path.name for path in job.folder.iterdir()] == ["job.json"]


def test_a_second_worker_is_refused_whatever_its_job(home: Home) -> None:
    busy, other = _create(home), _create(home, minutes=1)
    with _locked(busy.spec_file), pytest.raises(TransferError) as caught:
        control.start(other, Orders())
    assert caught.value.problem is Problem.JOB_RUNNING
    assert caught.value.details == {"job": busy.id}
    assert not other.journal.exists()


def _is_worker(process: psutil.Process) -> bool:
    try:
        return "tui_transfer.worker" in process.cmdline()
    except psutil.Error:  # gone, or nobody's any more
        return False


def test_a_worker_that_was_given_nothing_does_not_begin(home: Home) -> None:
    """Whoever started it died before it could say anything."""
    job = _create(home)
    command = [sys.executable, "-m", "tui_transfer.worker"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True)
    assert done.returncode == 12
    assert not job.journal.exists()


def test_giving_up_a_start_leaves_no_worker(home: Home) -> None:
    """Ctrl+C while the worker starts: nobody would know of it."""
    import fcntl  # of Linux alone

    job = _create(home)
    script = (
        "import sys; from pathlib import Path; from tui_transfer.job import control\n"
        "from tui_transfer.job.orders import Orders\n"
        "control.start(control.load(Path(sys.argv[1])), Orders())"
    )
    command = [sys.executable, "-c", script, str(job.folder)]
    # The worker waits for its lock as long as somebody looks at it: it is given up while it is starting.
    with job.spec_file.open() as looked_at, contextlib.ExitStack() as stack:
        fcntl.flock(looked_at, fcntl.LOCK_SH)
        starting = stack.enter_context(subprocess.Popen(command, stderr=subprocess.PIPE))
        watched = psutil.Process(starting.pid)
        while not (workers := [child for child in watched.children() if _is_worker(child)]):
            assert starting.poll() is None
        starting.send_signal(signal.SIGINT)
        assert starting.stderr is not None
        assert b"KeyboardInterrupt" in starting.stderr.read()
        limit = time.monotonic() + 4  # after its start the wait for the lock alone takes 5
        while any(_is_worker(worker) for worker in workers):
            assert time.monotonic() < limit


def test_a_job_that_cannot_be_read_is_not_mistaken_for_another(home: Home) -> None:
    older, newer = _create(home), _create(home, minutes=1)
    (newer.folder / "job.json").write_text("{")
    assert control.find(home, older.id) == older
    for wanted in (None, newer.id, newer.id[:-2]):
        with pytest.raises(TransferError) as caught:
            control.find(home, wanted)
        assert caught.value.problem is Problem.JOURNAL_INVALID
    jobs, damaged = control.survey(home)
    assert jobs == [older]
    assert set(damaged) == {newer.id}


def test_a_job_is_found_by_the_beginning_of_its_name_if_it_is_the_only_one(home: Home) -> None:
    older, newer = _create(home), _create(home, minutes=1)
    assert control.find(home, None) == newer
    assert control.find(home, older.id[:13]) == older
    for wanted in ("2026", "1999"):
        with pytest.raises(TransferError) as caught:
            control.find(home, wanted)
        assert caught.value.problem is Problem.JOB_UNKNOWN


def test_a_lock_that_may_not_be_looked_at_is_a_failure_with_words(home: Home) -> None:
    require_root()  # whose power over files is taken away below
    job = _create(home)
    job.spec_file.chmod(0)
    powerless = [require("setpriv"), "--bounding-set", "-dac_override,-dac_read_search"]
    done = subprocess.run(
        [*powerless, sys.executable, "-m", "tui_transfer", "resume"],
        capture_output=True,
        text=True,
        env={config.HOME_VARIABLE: str(home.data)},
    )
    assert done.returncode == 10
    assert "job.json : accès refusé" in done.stderr


def _sent_in_part(home: Home) -> Job:
    """A job of which something was sent, and something lies in the spool."""
    job = _create(home)
    job.spool.mkdir(exist_ok=True)
    (job.spool / "archive.part").write_bytes(b"x")
    with Journal(job.journal) as journal:
        journal.append(WorkerStarted(at=START, pid=1, program="1", spec=audit.spec_hash(job)))
    return job


@contextmanager
def _removing(deed: int, refusal: BaseException) -> Iterator[None]:
    """What is removed goes, up to a number of things; the next is refused."""
    done = 0

    def counted(remove: Callable[..., object]) -> Callable[..., object]:
        def remove_or_refuse(*arguments: object, **options: object) -> object:
            nonlocal done
            done += 1
            if done > deed:
                raise refusal
            return remove(*arguments, **options)

        return remove_or_refuse

    with pytest.MonkeyPatch.context() as context:
        for name in ("unlink", "rmdir"):
            context.setattr(os, name, counted(getattr(os, name)))
        with contextlib.suppress(KeyboardInterrupt, TransferError):
            yield


@pytest.mark.parametrize("refusal", [KeyboardInterrupt(), OSError(5, "EIO")], ids=["killed", "refused"])
@pytest.mark.parametrize("deed", range(8))
def test_a_removal_that_is_broken_off_anywhere_leaves_no_half_of_a_job(
    home: Home, deed: int, refusal: BaseException
) -> None:
    """What is left of one would be taken for a job that has sent nothing, and be sent a second time."""
    job = _sent_in_part(home)
    with _removing(deed, refusal):
        control.remove(job)
    assert control.survey(home) == ([], {})
    assert control.running_job(home) is None
    for name, error in control.finish_removals(home):
        assert (name, error) == (job.id, None)
    # An empty folder is nothing, and may be one that is only just being made.
    assert not job.folder.exists() or not any(job.folder.iterdir())
    assert list(control.finish_removals(home)) == []


@pytest.mark.parametrize("deed", range(5))
def test_a_removal_that_is_broken_off_is_ended_by_the_next_transfer(home: Home, deed: int) -> None:
    job = _sent_in_part(home)
    with _removing(deed, KeyboardInterrupt()):
        control.remove(job)
    assert job.folder.exists()
    spec = make_spec(settings(), [("Base", home.data / "absente.db")], START + timedelta(minutes=1))
    other = control.begin(home, spec, Orders(), control.newest_number(home))
    assert not job.folder.exists()
    assert [found.id for found in control.list_jobs(home)] == [other.id]


def test_what_is_removed_by_half_is_not_gone_on_with(home: Home) -> None:
    job = _sent_in_part(home)
    with _removing(1, KeyboardInterrupt()):
        control.remove(job)
    assert job.spec_file.exists()
    for act in (lambda: control.start(job, Orders()), lambda: control.find(home, job.id)):
        with pytest.raises(TransferError) as caught:
            act()
        assert caught.value.problem is Problem.JOB_UNKNOWN
    with pytest.raises(TransferError) as caught:
        control.launch(job, Orders())  # as one that looked before
    assert caught.value.problem is Problem.JOB_UNKNOWN


def test_a_removal_whose_beginning_is_refused_leaves_the_job_as_it_was(home: Home) -> None:
    job = _sent_in_part(home)
    before = {path: path.read_bytes() for path in job.folder.rglob("*") if path.is_file()}

    def refuse() -> None:
        raise TransferError(Problem.SHAREBOX_UNREACHABLE, host="h", port=22, reason="r")

    with pytest.raises(TransferError):
        control.remove(job, refuse)
    assert {path: path.read_bytes() for path in job.folder.rglob("*") if path.is_file()} == before
    assert not job.removed


def test_what_merely_bears_the_name_of_a_removal_removes_nothing(home: Home) -> None:
    """A folder, a pipe, a copy cut short."""
    job = _sent_in_part(home)
    mark = job.folder / "removal.lock"
    mark.mkdir()
    assert [found.id for found in control.list_jobs(home)] == [job.id]
    mark.rmdir()
    os.mkfifo(mark)
    assert [found.id for found in control.list_jobs(home)] == [job.id]
    mark.unlink()
    mark.write_bytes(b"rem")
    assert [found.id for found in control.list_jobs(home)] == [job.id]
    assert list(control.finish_removals(home)) == []
