"""Jobs on disk and their workers: create, list, start, follow, stop.

A worker holds the lock on its job's `job.json` for as long as it lives, and the system frees the lock
however it dies. So the lock, and not a process number, says whether a job is running. It is on the order
itself: no other file can be removed under a worker and free it, and a worker that loses its order ends.

There is one worker at a time. Whoever starts one has the home's turn, in which nobody else starts any; and a
worker that finds another at work, once it holds its own lock, does not begin: of two neither can overlook the
other.
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
import time
from contextlib import contextmanager
from dataclasses import InitVar, dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO, Final

import msgspec

from tui_transfer.errors import ExitCode, Problem, TransferError
from tui_transfer.job import sequence, worker_process
from tui_transfer.job.attendance import Attendance
from tui_transfer.job.events import JobBlocked, WorkerStarted
from tui_transfer.job.journal import JournalReader
from tui_transfer.job.progress import Progress
from tui_transfer.job.spec import STAMP, JobSpec
from tui_transfer.job.state import JobState, JobStatus
from tui_transfer.settings.config import located
from tui_transfer.system import names
from tui_transfer.system.files import (
    PRIVATE_FILE,
    UnfitFileError,
    disk_errors,
    keep_private_folder,
    make_private_folder,
    read_file,
    sync_folder,
    write_private,
)
from tui_transfer.system.locks import Lock, LockHeldError, is_held
from tui_transfer.system.processes import Asked, ask_to_end
from tui_transfer.system.streams import unless_left

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from tui_transfer.job.events import Event
    from tui_transfer.job.orders import Orders
    from tui_transfer.settings.config import Home

SPEC_NAME: Final = "job.json"
JOURNAL_NAME: Final = "journal.jsonl"
TURN_NAME: Final = "start.lock"
_REMOVAL_NAME: Final = "removal.lock"
_DECIDED: Final = b"removed\n"
"""What is written into that file before the first thing is removed: from then on the folder is no job any
more. Half of one would be taken for another: without its journal, for one that has sent nothing."""
_FORMER_LOCK_NAME: Final = "worker.lock"
"""What workers of earlier versions hold: one may be at work while this version is installed."""
START_LIMIT: Final = 30.0
"""Seconds a worker may take to begin its journal before something is said to be wrong."""
_LOCK_LIMIT: Final = 3.0
"""Seconds for whoever holds a lock for an instant only, or is about to end."""
_POLL: Final = 0.02
_STAMP_LENGTH: Final = len("20220302-140500")
_WHERE: Final = {
    Asked.ABSENT: "Aucun programme de cette machine ne mène le transfert {job} : une autre, qui partage ce "
    "dossier, le fait sans doute.",
    Asked.FORBIDDEN: "Le transfert {job} est mené sur cette machine par un autre compte.",
}


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

    def lock(self, timeout: float = 0.0) -> Lock:
        """The lock that whoever works on the job holds, or removes it; `timeout` is in seconds."""
        return Lock(self.spec_file, timeout)

    @property
    def running(self) -> bool:
        """Whether a worker is alive.

        Raises:
            TransferError: DISK_UNWRITABLE where that cannot be told.
        """
        return _has_worker(self.folder)

    @property
    def being_removed(self) -> bool:
        """Whether `remove` is at it.

        Raises:
            TransferError: DISK_UNWRITABLE where that cannot be told.
        """
        return is_held(self.folder / _REMOVAL_NAME)

    @property
    def removed(self) -> bool:
        """Whether it is no job any more, although its folder may be there: `remove` could not end its work.

        Raises:
            TransferError: DISK_UNWRITABLE where that cannot be told.
        """
        with disk_errors(self.folder):
            return _is_removed(self.folder)


def _has_worker(folder: Path) -> bool:
    if is_held(folder / _FORMER_LOCK_NAME):
        return True
    return is_held(folder / SPEC_NAME) and not is_held(folder / _REMOVAL_NAME)


def create(home: Home, spec: JobSpec) -> Job:
    """Writes a new job's folder, and gives the job its place in the home's sequence.

    Raises:
        TransferError: DISK_FULL or DISK_UNWRITABLE.
    """
    with sequence.drawn(home, newest_number(home)) as number:
        sharebox = located(spec.sharebox, home)
        spec = msgspec.structs.replace(spec, sequence=number, sharebox=sharebox)
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
    entries = list_entries(home)
    jobs = [entry.job for entry in entries if isinstance(entry.job, Job)]
    return jobs, {entry.name: entry.job for entry in entries if isinstance(entry.job, TransferError)}


@dataclass(frozen=True)
class Entry:
    """A job's folder, or what is left of one.

    Attributes:
        name: the folder's, which is the job's.
        sequence: its place among the jobs and refused attempts of its home.
        created: when it was made, in seconds since 1970, by whatever clock.
        job: the job, or why it cannot be read.
    """

    name: str
    sequence: int
    created: float
    job: Job | TransferError

    @property
    def legible(self) -> bool:
        """Whether its order can be read."""
        return isinstance(self.job, Job)


def entry_of(folder: Path) -> Entry:
    """The entry of a job's folder, as it is read now."""
    try:
        job = load(folder)
    except TransferError as error:
        return Entry(folder.name, _number_in(folder / SPEC_NAME), _time_in(folder.name), error)
    return Entry(job.id, job.spec.sequence, job.spec.created_at.timestamp(), job)


def list_entries(home: Home, read: Callable[[Path], Entry] = entry_of) -> list[Entry]:
    """All jobs of the home, whether they can be read or not, the newest first.

    Their order is that of their numbers, which no clock can turn. Jobs without a number, of before they were
    given any, come after the others, by the time of their creation. One whose number is lost comes where its
    name's time puts it.

    Args:
        home: whose jobs.
        read: gives the entry of a folder; whoever lists them often need not read each of them again.

    Raises:
        TransferError: DISK_UNWRITABLE where they cannot be listed.
    """
    entries = [read(folder) for folder in _folders(home.jobs)]
    numbered = [entry for entry in entries if entry.sequence]
    placed = [entry if entry.sequence or entry.legible else _placed(entry, numbered) for entry in entries]
    return sorted(placed, key=lambda entry: (entry.sequence, entry.created, entry.name), reverse=True)


def _placed(entry: Entry, numbered: Sequence[Entry]) -> Entry:
    """The entry with the number of the last job that is said to be no younger."""
    before = (other.sequence for other in numbered if other.created <= entry.created)
    return replace(entry, sequence=max(before, default=0))


def _number_in(file: Path) -> int:
    """The number in a `job.json` that makes no sense otherwise; 0 where none can be found."""
    try:
        found = re.search(rb'"sequence": *(\d{1,12})\b', read_file(file))
    except OSError:
        return 0
    return int(found[1]) if found else 0


def _time_in(name: str) -> float:
    """The time that a job's name begins with; 0 where it does not."""
    try:
        return datetime.strptime(name[:_STAMP_LENGTH], STAMP).astimezone().timestamp()
    except (ValueError, OverflowError, OSError):
        return 0.0


def newest_number(home: Home) -> int:
    """The greatest number that a job of this home bears; 0 where none bears any."""
    return max((entry.sequence for entry in list_entries(home)), default=0)


def _folders(jobs: Path) -> set[Path]:
    """The folders that hold a job, or what is left of one; one that is empty is only just being made."""
    with disk_errors(jobs):
        try:
            return {folder for folder in jobs.iterdir() if folder.is_dir() and _holds_a_job(folder)}
        except FileNotFoundError:
            return set()


def _holds_a_job(folder: Path) -> bool:
    try:
        if _is_removed(folder):
            return False
        return (folder / SPEC_NAME).exists() or (folder / JOURNAL_NAME).exists()
    except OSError:  # it may; reading it tells why it cannot be looked at
        return True


def _is_removed(folder: Path) -> bool:
    try:
        return read_file(folder / _REMOVAL_NAME, len(_DECIDED)) == _DECIDED
    except (FileNotFoundError, UnfitFileError):
        return False


def find(home: Home, wanted: str | None) -> Job:
    """The job whose name begins with `wanted`; the newest one for None.

    Raises:
        TransferError: JOB_UNKNOWN, also where several jobs match; JOURNAL_INVALID or JOURNAL_NEWER where
            the one that is meant cannot be read, rather than take another for it.
    """
    entries = list_entries(home)
    matching = [entry for entry in entries if wanted is None or entry.name.startswith(wanted)]
    exact = [entry for entry in matching if entry.name == wanted]
    if not matching or (len(matching) > 1 and wanted is not None and not exact):
        raise TransferError(Problem.JOB_UNKNOWN, job=wanted or "le dernier", folder=home.jobs)
    found = (exact or matching)[0].job
    if isinstance(found, TransferError):
        raise found
    return found


def running_job(home: Home) -> Job | None:
    """The job whose worker is alive, if there is one.

    Raises:
        TransferError: DISK_UNWRITABLE where that cannot be told; what keeps the job from being read.
    """
    folder = _at_work(home.jobs)
    return None if folder is None else load(folder)


def require_alone(job: Job) -> None:
    """Checks that no other job of the home has a worker. For a worker that holds its own lock.

    Raises:
        TransferError: JOB_RUNNING; DISK_UNWRITABLE where that cannot be told.
    """
    if (other := _at_work(job.folder.parent, beside=job.folder)) is not None:
        raise TransferError(Problem.JOB_RUNNING, job=other.name)


def _at_work(jobs: Path, beside: Path | None = None) -> Path | None:
    """The folder of the job whose worker is alive, another one than `beside`."""
    folders = _folders(jobs) - {beside}
    return next((folder for folder in folders if _has_worker(folder)), None)


@dataclass
class Follower:
    """A view's hold on a job: its state, kept up to date from the journal.

    What is in the journal already is read at once, unless `unread` asks to have it told as news.
    """

    job: Job
    unread: InitVar[bool] = False
    state: JobState = field(init=False)
    running: bool = field(init=False, default=False)
    """Whether a worker was alive just before the journal was last read."""

    def __post_init__(self, unread: bool) -> None:
        self._reader = JournalReader(self.job.journal, len(self.job.spec.databases))
        self._progress: Progress | None = None
        self._told: Progress | None = None
        self.state = JobState.initial(self.job.spec)
        if not unread:
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
            if self._progress is not None:
                self._progress = self._progress.after(event, self.state)
            yield event, self.state

    @property
    def progress(self) -> Progress:
        """What can be told of the course of what was read, the same whoever asks and since when they follow.

        It is reckoned from the first time it is asked for on: of most jobs nobody wants to know.

        Raises:
            TransferError: as `poll`.
        """
        if self._progress is None:
            state = JobState.initial(self.job.spec)
            progress = Progress.begin(state)
            reader = JournalReader(self.job.journal, len(self.job.spec.databases))
            for event in islice(reader.read(), self._reader.count):
                state = state.apply(event)
                progress = progress.after(event, state)
            self._progress = progress
        self._told = self._progress.told(self._told)
        return self._told

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
            return TransferError(Problem.INTERRUPTED, reason="Il n’a pas encore commencé")
        return TransferError(Problem.INTERRUPTED, reason="Le programme s’est arrêté avant la fin")


def begin(home: Home, spec: JobSpec, orders: Orders, known: int, attendance: Attendance | None = None) -> Job:
    """Creates a job and starts its worker; where that fails, nothing is left of it that would be taken for a
    transfer.

    Args:
        home: where to.
        spec: what to do.
        orders: what the worker is given.
        known: what `newest_number` was when the transfer was asked for: one that was made since was not known
            to whoever asked.
        attendance: answers what the Sharebox asks; nobody does without it.

    Raises:
        TransferError: JOB_RUNNING or JOB_STARTING, at once; JOB_OVERTAKEN; what `create` and `start` raise.
    """
    with _turn(home.jobs):
        _require_idle(home.jobs)
        require_not_overtaken(home, known)
        for _ in finish_removals(home):
            pass  # what cannot be removed yet keeps nobody from a transfer
        job = create(home, spec)
        try:
            launch(job, orders, attendance)
        except BaseException as error:
            if not (isinstance(error, TransferError) and error.problem is Problem.UNEXPECTED):
                _forget(job)  # otherwise its log is called for
            raise
        return job


def require_not_overtaken(home: Home, known: int) -> None:
    """Checks that no job was made since `newest_number` was `known`.

    Raises:
        TransferError: JOB_OVERTAKEN.
    """
    newest = next(iter(list_entries(home)), None)
    if newest is not None and newest.sequence > known:
        raise TransferError(Problem.JOB_OVERTAKEN, job=newest.name)


def start_new(job: Job, orders: Orders, attendance: Attendance | None = None) -> int:
    """Starts the first worker of a job that was just made, as `start` does.

    Where another transfer keeps it from beginning, nothing is left of the job: it would be taken for one that
    was interrupted, and gone on with.
    """
    try:
        return start(job, orders, attendance)
    except TransferError as error:
        if error.exit_code is ExitCode.RUNNING and error.details.get("job") != job.id:
            _forget(job)
        raise


def start(job: Job, orders: Orders, attendance: Attendance | None = None) -> int:
    """Starts a worker that outlives this process and its terminal; returns its process number.

    With an `attendance` this process may answer what the Sharebox asks.

    The worker has begun its journal when this returns; when this raises, there is none.

    Raises:
        TransferError: JOB_RUNNING where a worker is at it, or at another job, already, or was at it in the
            meantime; JOB_STARTING; JOB_BEING_REMOVED; JOB_UNKNOWN where it was removed; UNEXPECTED where it
            dies at once.
    """
    known = Follower(job).lines
    with _turn(job.folder.parent, START_LIMIT):
        if job.being_removed:
            raise TransferError(Problem.JOB_BEING_REMOVED, job=job.id)
        require_kept(job)
        _require_idle(job.folder.parent)
        if Follower(job).lines != known:  # somebody else was faster: that worker's outcome is the answer
            raise TransferError(Problem.JOB_RUNNING, job=job.id)
        return launch(job, orders, attendance)


@contextmanager
def _turn(jobs: Path, wait: float = 0.0) -> Iterator[None]:
    """While the body runs nobody else starts a worker on this home.

    Raises:
        TransferError: JOB_STARTING where somebody else did until `wait` seconds had passed.
    """
    lock = Lock(keep_private_folder(jobs) / TURN_NAME, wait, create=True)
    try:
        lock.acquire()
    except LockHeldError as error:
        raise TransferError(Problem.JOB_STARTING) from error
    try:
        yield
    finally:
        lock.release()


def _require_idle(jobs: Path) -> None:
    if (folder := _at_work(jobs)) is not None:
        raise TransferError(Problem.JOB_RUNNING, job=folder.name)


def launch(job: Job, orders: Orders, attendance: Attendance | None = None) -> int:
    """Starts a worker, in the home's turn, and waits until it has begun; see `start`."""
    follower = Follower(job)
    worker = worker_process.start()
    # Waited for in the background, so that it does not stay a zombie while this process lives.
    threading.Thread(target=worker.wait, daemon=True).start()
    try:
        given = {"folder": os.fsencode(job.folder), "journal_lines": follower.lines}
        _give(worker, msgspec.structs.replace(orders, **given), attendance)
        _wait_for_beginning(job, worker, follower)
    except BaseException:
        # Ctrl+C, for one: what nobody was told of must not go on working.
        worker.terminate()
        raise
    return worker.pid


def open_log(job: Job) -> BinaryIO:
    """The log of the job's workers, for what is added to it.

    Raises:
        TransferError: DISK_FULL or DISK_UNWRITABLE.
    """
    with disk_errors(job.log):
        at_once = getattr(os, "O_NONBLOCK", 0)  # a pipe of that name, which nobody reads, is refused
        log = os.open(job.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | at_once, PRIVATE_FILE)
    return os.fdopen(log, "wb")


def _forget(job: Job) -> None:
    """Removes a job whose worker has not begun, once that has ended."""
    if not job.journal.exists():
        with contextlib.suppress(TransferError):
            remove(job)


def _wait_for_beginning(job: Job, worker: subprocess.Popen[bytes], follower: Follower) -> None:
    assert worker.stdout is not None
    assert worker.stderr is not None
    with worker.stdout, worker.stderr:
        limit = time.monotonic() + START_LIMIT
        while time.monotonic() < limit:
            ended = worker.poll() is not None
            if any(isinstance(event, WorkerStarted) for event in follower.poll()):
                return
            if ended:
                raise _early_failure(job, worker)
            time.sleep(_POLL)
    reason = f"Le programme de transfert n’a pas démarré en {START_LIMIT:.0f} secondes."
    raise TransferError(Problem.UNEXPECTED, reason=reason, log=job.log)


def remove(job: Job, first: Callable[[], object] = lambda: None) -> None:
    """Removes the job's folder and all that is in it.

    Once the first thing is removed, it is no job any more. What this does not come to the end of, since the
    process dies or the disk refuses, `finish_removals` does.

    Args:
        job: which one.
        first: is called before, while no worker can take the job; if it raises, nothing is removed.

    Raises:
        TransferError: JOB_RUNNING; JOB_BEING_REMOVED; DISK_FULL; DISK_UNWRITABLE; what `first` raises.
    """
    if job.running:
        raise TransferError(Problem.JOB_RUNNING, job=job.id)
    removal = Lock(job.folder / _REMOVAL_NAME, create=True)
    try:
        removal.acquire()
    except LockHeldError as error:
        raise TransferError(Problem.JOB_BEING_REMOVED, job=job.id) from error
    try:
        lock = job.lock(_LOCK_LIMIT)
        try:
            lock.acquire()
        except LockHeldError as error:
            raise TransferError(Problem.JOB_RUNNING, job=job.id) from error
        try:
            first()
            _decide_removal(job.folder)
        finally:
            lock.release()
        _erase(job.folder, removal)
    except BaseException:
        if not job.removed:
            removal.remove()
        raise
    finally:
        removal.release()


def finish_removals(home: Home) -> Iterator[tuple[str, TransferError | None]]:
    """Goes on with every removal that was broken off; gives the names of those jobs, and what still keeps
    their folders from going.

    Raises:
        TransferError: DISK_UNWRITABLE where the folders cannot be listed.
    """
    with disk_errors(home.jobs):
        try:
            folders = sorted(home.jobs.iterdir())
        except FileNotFoundError:
            return
    for folder in folders:
        removal = Lock(folder / _REMOVAL_NAME)
        try:
            with disk_errors(folder):
                if not folder.is_dir() or not _is_removed(folder):
                    continue
            removal.acquire()
            _erase(folder, removal)
        except LockHeldError:
            continue  # somebody is at it
        except TransferError as error:
            if folder.exists():  # otherwise somebody else was faster
                yield folder.name, error
        else:
            yield folder.name, None
        finally:
            removal.release()


def require_kept(job: Job) -> None:
    """Checks that a job was not removed, be it by half.

    Raises:
        TransferError: JOB_UNKNOWN; DISK_UNWRITABLE where that cannot be told.
    """
    if job.removed:
        raise TransferError(Problem.JOB_UNKNOWN, job=job.id, folder=job.folder.parent)


def _decide_removal(folder: Path) -> None:
    file = folder / _REMOVAL_NAME
    with disk_errors(file):
        with file.open("r+b") as stream:
            stream.write(_DECIDED)
            stream.flush()
            os.fsync(stream.fileno())
        sync_folder(folder)


def _erase(folder: Path, removal: Lock) -> None:
    """Removes the folder of a job that is none any more; what says so goes last."""
    with disk_errors(folder):
        for path in sorted(folder.iterdir(), reverse=True):  # the spool before the journal
            if path.is_dir() and not path.is_symlink():
                names.remove_tree(path)
            elif path.name != _REMOVAL_NAME:
                names.remove(path)
        sync_folder(folder)
    removal.remove()
    with disk_errors(folder):
        names.remove_folder(folder)


def stop(job: Job) -> None:
    """Tells the job's worker that a person asks it to end; it does so within seconds, and can be resumed.

    Raises:
        TransferError: JOB_ELSEWHERE where it is no process of this machine, or another account's.
    """
    limit = time.monotonic() + _LOCK_LIMIT
    while (follower := Follower(job)).running:
        pid = follower.state.worker_pid
        asked = Asked.ABSENT if pid is None else ask_to_end(pid, worker_process.WORKER_MODULE, job.folder)
        if asked is Asked.HEARD:
            return
        # One that is just beginning has not told its number yet; one that has just ended needs no asking.
        if time.monotonic() >= limit:
            raise TransferError(Problem.JOB_ELSEWHERE, reason=_WHERE[asked].format(job=job.id))
        time.sleep(_POLL)


def _give(worker: subprocess.Popen[bytes], orders: Orders, attendance: Attendance | None) -> None:
    """Gives the orders; after them, the line goes to whoever attends the worker."""
    assert worker.stdin is not None
    line = attendance or Attendance()
    line.attach(worker.stdin)
    with unless_left():  # it died at once, `start` finds out
        worker.stdin.write(orders.encode())
        worker.stdin.flush()
    if attendance is None:
        line.close()


def _early_failure(job: Job, worker: subprocess.Popen[bytes]) -> TransferError:
    """Why a worker ended before it could say so in the journal: it then says so on its output."""
    assert worker.stdout is not None
    assert worker.stderr is not None
    with contextlib.suppress(msgspec.DecodeError):
        blocked = msgspec.json.decode(worker.stdout.read(), type=JobBlocked)
        return TransferError(Problem(blocked.problem), **blocked.details)
    with open_log(job) as log:
        log.write(worker.stderr.read())
    reason = "Le programme de transfert n’a pas démarré."
    return TransferError(Problem.UNEXPECTED, reason=reason, log=job.log)
