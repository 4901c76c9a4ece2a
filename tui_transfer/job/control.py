"""Jobs on disk and their workers: create, list, start, follow, stop.

A worker holds its job's lock for as long as it lives, and the system frees the lock however it dies. So
the lock, and not a process number, says whether a job is running. It also holds the lock of the folder of
all jobs, so that there is one worker at a time.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import msgspec

from tui_transfer.errors import Problem, TransferError
from tui_transfer.job.events import JobBlocked, WorkerStarted
from tui_transfer.job.journal import JournalReader
from tui_transfer.job.orders import SECRET_VARIABLES
from tui_transfer.job.spec import JobSpec
from tui_transfer.job.state import JobState, JobStatus
from tui_transfer.system import locks
from tui_transfer.system.files import (
    PRIVATE_FILE,
    UnfitFileError,
    disk_errors,
    make_private_folder,
    read_file,
    write_private,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import filelock

    from tui_transfer.job.events import Event
    from tui_transfer.job.orders import Orders
    from tui_transfer.settings.config import Home

SPEC_NAME: Final = "job.json"
JOURNAL_NAME: Final = "journal.jsonl"
LOCK_NAME: Final = "worker.lock"
START_LIMIT: Final = 30.0
"""Seconds a worker may take to begin its journal before something is said to be wrong."""
_POLL: Final = 0.02
if sys.platform == "win32":
    _DETACHED = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
else:
    _DETACHED = 0


@dataclass(frozen=True)
class Job:
    """A job's folder and what it is to do."""

    folder: Path
    spec: JobSpec

    @property
    def id(self) -> str:
        """The job's name: the folder's."""
        return self.spec.id

    @property
    def journal(self) -> Path:
        """What happened."""
        return self.folder / JOURNAL_NAME

    @property
    def spec_file(self) -> Path:
        """What it is to do."""
        return self.folder / SPEC_NAME

    @property
    def spool(self) -> Path:
        """The archives, until they are delivered."""
        return self.folder / "spool"

    @property
    def log(self) -> Path:
        """The worker's technical log."""
        return self.folder / "worker.log"

    def lock(self, timeout: float) -> filelock.BaseFileLock:
        """The lock that the job's worker holds while it lives."""
        return locks.make(self.folder / LOCK_NAME, timeout)

    def common_lock(self, timeout: float) -> filelock.BaseFileLock:
        """The lock that the one worker alive holds, whichever job it works on."""
        return locks.make(self.folder.parent / LOCK_NAME, timeout)

    @property
    def running(self) -> bool:
        """Whether a worker is alive.

        Raises:
            TransferError: DISK_UNWRITABLE where that cannot be told.
        """
        return locks.is_held(self.folder / LOCK_NAME)


def create(home: Home, spec: JobSpec) -> Job:
    """Writes a new job's folder.

    Raises:
        TransferError: DISK_FULL or DISK_UNWRITABLE.
    """
    folder = make_private_folder(home.jobs / spec.id)
    write_private(folder / SPEC_NAME, spec.encode())
    return Job(folder, spec)


def load(folder: Path) -> Job:
    """Reads a job's folder.

    Raises:
        TransferError: DISK_UNWRITABLE; JOURNAL_NEWER; JOURNAL_INVALID, also where the folder is the copy of a
            job: two folders must not be taken for one.
    """
    file = folder / SPEC_NAME
    with disk_errors(file):
        try:
            content = read_file(file)
        except (FileNotFoundError, UnfitFileError) as error:
            reason = "ce fichier a disparu" if isinstance(error, FileNotFoundError) else str(error)
            raise TransferError(Problem.JOURNAL_INVALID, file=file, line=1, reason=reason) from error
    spec = JobSpec.decode(content, file)
    if spec.id != folder.name:
        reason = f"il décrit le transfert {spec.id}, et non celui de son dossier"
        raise TransferError(Problem.JOURNAL_INVALID, file=file, line=1, reason=reason)
    return Job(folder, spec)


def list_jobs(home: Home) -> list[Job]:
    """The jobs that can be read, the newest first."""
    return survey(home)[0]


def survey(home: Home) -> tuple[list[Job], dict[str, TransferError]]:
    """The jobs that can be read, the newest first, and why the others, by their folder's name, cannot."""
    jobs = []
    damaged = {}
    for folder in _folders(home):
        try:
            jobs.append(load(folder))
        except TransferError as error:
            damaged[folder.name] = error
    return sorted(jobs, key=lambda job: job.spec.created_at, reverse=True), damaged


def _folders(home: Home) -> set[Path]:
    """The folders that hold a job, or what is left of one; one that is empty is only just being made."""
    with disk_errors(home.jobs):
        try:
            return {folder for folder in home.jobs.iterdir() if folder.is_dir() and _holds_a_job(folder)}
        except FileNotFoundError:
            return set()


def _holds_a_job(folder: Path) -> bool:
    try:
        return (folder / SPEC_NAME).exists() or (folder / JOURNAL_NAME).exists()
    except OSError:  # it may; reading it tells why it cannot be looked at
        return True


def find(home: Home, wanted: str | None) -> Job:
    """The job whose name begins with `wanted`; the newest one for None.

    Raises:
        TransferError: JOB_UNKNOWN, also where several jobs match; JOURNAL_INVALID or JOURNAL_NEWER where
            the one that is meant cannot be read, rather than take another for it.
    """
    jobs, damaged = survey(home)
    names = sorted([job.id for job in jobs] + list(damaged), reverse=True)  # a name begins with its time
    matching = [name for name in names if wanted is None or name.startswith(wanted)]
    if not matching or (len(matching) > 1 and wanted is not None and wanted not in matching):
        raise TransferError(Problem.JOB_UNKNOWN, job=wanted or "le dernier", folder=home.jobs)
    name = wanted if wanted in matching else matching[0]
    if name in damaged:
        raise damaged[name]
    return next(job for job in jobs if job.id == name)


def running_job(home: Home) -> Job | None:
    """The job whose worker is alive, if there is one.

    Raises:
        TransferError: DISK_UNWRITABLE where that cannot be told.
    """
    return next((job for job in list_jobs(home) if job.running), None)


@dataclass
class Follower:
    """A view's hold on a job: its state, kept up to date from the journal."""

    job: Job
    state: JobState = field(init=False)
    running: bool = field(init=False, default=False)
    """Whether a worker was alive just before the journal was last read."""

    def __post_init__(self) -> None:
        self._reader = JournalReader(self.job.journal, len(self.job.spec.databases))
        self.state = JobState.initial(self.job.spec)
        self.poll()

    def poll(self) -> list[Event]:
        """Reads what was appended since, and gives it.

        Raises:
            TransferError: JOURNAL_INVALID, DISK_UNWRITABLE.
        """
        return [event for event, _ in self.steps()]

    def steps(self) -> Iterator[tuple[Event, JobState]]:
        """Like `poll`, one event at a time with the state after it."""
        # The lock first: a worker that ends in between has then already written its last line.
        self.running = self.job.running
        for event in self._reader.read():
            self.state = self.state.apply(event)
            yield event, self.state

    @property
    def lines(self) -> int:
        """How many lines of the journal were read."""
        return self._reader.count

    @property
    def ended(self) -> bool:
        """Whether no worker is at it any more."""
        return not self.running

    @property
    def succeeded(self) -> bool:
        """Whether everything was delivered."""
        return self.state.status is JobStatus.SUCCEEDED

    @property
    def failure(self) -> TransferError | None:
        """Why the job does not go on: what the journal says, or that its worker was killed."""
        if self.running or self.succeeded:
            return None
        if self.state.failure is not None:
            return self.state.failure
        if self.state.status is JobStatus.CREATED:
            return TransferError(Problem.INTERRUPTED, reason="Il n'a pas encore commencé")
        return TransferError(Problem.INTERRUPTED, reason="Le programme s'est arrêté avant la fin")


def start(job: Job, orders: Orders) -> int:
    """Starts a worker that outlives this process and its terminal; returns its process number.

    The worker has begun its journal when this returns; when this raises, there is none.

    Raises:
        TransferError: JOB_RUNNING where a worker is at it, or at another job, already, or was in the
            meantime; UNEXPECTED where it dies at once.
    """
    if job.running:
        raise TransferError(Problem.JOB_RUNNING, job=job.id)
    follower = Follower(job)
    worker = _spawn(job)
    # Waited for in the background, so that it does not stay a zombie while this process lives.
    threading.Thread(target=worker.wait, daemon=True).start()
    try:
        _give(worker, msgspec.structs.replace(orders, journal_lines=follower.lines))
        _wait_for_beginning(job, worker, follower)
    except BaseException:
        # Ctrl+C, for one: what nobody was told of must not go on working.
        worker.terminate()
        raise
    return worker.pid


def _wait_for_beginning(job: Job, worker: subprocess.Popen[bytes], follower: Follower) -> None:
    assert worker.stdout is not None
    with worker.stdout:
        limit = time.monotonic() + START_LIMIT
        while time.monotonic() < limit:
            ended = worker.poll() is not None
            if any(isinstance(event, WorkerStarted) for event in follower.poll()):
                return
            if ended:
                raise _early_failure(job, worker)
            time.sleep(_POLL)
    reason = f"Le programme de transfert n'a pas démarré en {START_LIMIT:.0f} secondes."
    raise TransferError(Problem.UNEXPECTED, reason=reason, log=job.log)


def remove(job: Job, first: Callable[[], object] = lambda: None) -> None:
    """Removes the job's folder and all that is in it.

    Args:
        job: which one.
        first: is called before, while no worker can take the job; if it raises, nothing is removed.

    Raises:
        TransferError: JOB_RUNNING; DISK_UNWRITABLE; what `first` raises.
    """
    import filelock  # late, as `lock` does

    with disk_errors(job.folder):
        try:
            with job.lock(timeout=0):
                first()
                # The archives first: were the rest gone, nobody would know of them. Then the journal: cut off
                # in between, a job is left that can be removed again.
                if job.spool.exists():
                    shutil.rmtree(job.spool)
                job.journal.unlink(missing_ok=True)
                job.spec_file.unlink(missing_ok=True)
        except filelock.Timeout as error:
            raise TransferError(Problem.JOB_RUNNING, job=job.id) from error
        shutil.rmtree(job.folder)


def stop(job: Job) -> None:
    """Tells the job's worker that a person asks it to end; it does so within seconds, and can be resumed.

    On Windows, which cannot ask, the worker is ended at once: resuming finds out what was done.
    """
    follower = Follower(job)
    if follower.running and follower.state.worker_pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(follower.state.worker_pid, signal.SIGINT)


def _spawn(job: Job) -> subprocess.Popen[bytes]:
    environment = {name: value for name, value in os.environ.items() if name not in SECRET_VARIABLES}
    with disk_errors(job.log):
        log = os.open(job.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, PRIVATE_FILE)
    try:
        # -P: the folder it is started in is not searched for modules.
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "tui_transfer.worker", str(job.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=job.folder,
            env=environment,
            start_new_session=True,
            creationflags=_DETACHED,
        )
    finally:
        os.close(log)


def _give(worker: subprocess.Popen[bytes], orders: Orders) -> None:
    assert worker.stdin is not None
    with contextlib.suppress(BrokenPipeError), worker.stdin:  # broken: it died at once, `start` finds out
        worker.stdin.write(orders.encode())


def _early_failure(job: Job, worker: subprocess.Popen[bytes]) -> TransferError:
    """Why a worker ended before it could say so in the journal: it then says so on its output."""
    assert worker.stdout is not None
    with contextlib.suppress(msgspec.DecodeError):
        blocked = msgspec.json.decode(worker.stdout.read(), type=JobBlocked)
        return TransferError(Problem(blocked.problem), **blocked.details)
    reason = "Le programme de transfert n'a pas démarré."
    return TransferError(Problem.UNEXPECTED, reason=reason, log=job.log)
