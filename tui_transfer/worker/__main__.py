"""The worker's entry: `python -m tui_transfer.worker`, its orders on standard input, which name its job.

It is started by `job.control` in a session of its own, so that it outlives the terminal. It ends by
writing to the journal that the job succeeded, or what blocks it; there is nothing else to clean up.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

import msgspec

from tui_transfer import __version__
from tui_transfer.errors import ExitCode, Problem, TransferError, unexpected
from tui_transfer.job import audit, control
from tui_transfer.job.events import JobBlocked, JobSucceeded, WorkerStarted
from tui_transfer.job.journal import Journal, JournalReader
from tui_transfer.job.orders import Orders
from tui_transfer.job.spec import FORMAT, Decision
from tui_transfer.job.state import JobState
from tui_transfer.report.receipts import keep_receipt
from tui_transfer.report.retention import expire, latest_certain
from tui_transfer.settings.config import Home, data_beside
from tui_transfer.system import standby
from tui_transfer.system.cancellation import Cancellation
from tui_transfer.system.files import disk_errors, keep_process_private
from tui_transfer.system.locks import LockHeldError
from tui_transfer.system.streams import keep_streams_harmless, unless_left
from tui_transfer.worker.asking import Asking
from tui_transfer.worker.pipeline import Pipeline
from tui_transfer.worker.recorder import Recorder, now

if TYPE_CHECKING:
    from tui_transfer.job.control import Job
    from tui_transfer.job.events import Event
    from tui_transfer.system.locks import Lock

LOCK_LIMIT: Final = 5.0
"""Seconds to wait for a lock: a view may hold it for an instant, and a worker that ends a little longer."""
LOOK_SECONDS: Final = 5.0
"""How often a worker looks whether its job still is its own; it does before each line of the journal, too."""
SWITCH_SECONDS: Final = 0.001
"""How long a thread that computes may keep the interpreter's lock from one that waits for it: of those that
read, hash, pack and send, each needs the lock for an instant only, hundreds of times a second."""
_SPEAKS_SSH: Final = "tui_transfer.sharebox.ssh.connection"
"""Takes as long to load as all the rest: it begins while orders are waited for."""
GRACE: Final = 3.0
"""Seconds between a request to stop and the end, whatever the threads are doing."""

_WHO_ASKS: Final = {
    "SIGINT": "À la demande d’une personne",
    "SIGTERM": "À la demande du système, qui s’arrête ou ferme la session",
    "SIGHUP": "À la demande du système, qui s’arrête ou ferme la session",
}
"""What each signal means: `control.stop` sends the first, and nothing else of this program any other."""

_log = logging.getLogger("tui_transfer.worker")


def main() -> NoReturn:
    """Works on the job that it is given until this succeeds or is blocked, and ends the process."""
    keep_process_private()
    keep_streams_harmless()
    sys.setswitchinterval(SWITCH_SECONDS)
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    threading.Thread(target=import_module, args=(_SPEAKS_SSH,), name="load", daemon=True).start()
    given = sys.stdin.buffer.readline()
    if not given:  # whoever started this process was refused, or died: nobody waits for it
        os._exit(ExitCode.INTERRUPTED)
    orders = Orders.decode(given)
    folder = Path(os.fsdecode(orders.folder))
    try:
        job = control.load(folder)
        _settle_in(job)
        # Held until the process is gone, and its threads with it. Then, and not before, it looks for others.
        lock = job.lock(LOCK_LIMIT)
        lock.acquire()
        control.require_kept(job)
        control.require_alone(job)
        with standby.held_off():
            code = _Worker(job, orders, lock).run()
    except LockHeldError:
        problem = Problem.JOB_BEING_REMOVED if job.being_removed else Problem.JOB_RUNNING
        code = _fail_early(TransferError(problem, job=folder.name))
    except TransferError as error:
        _log.exception("the job could not be held, or its journal not be written")
        code = _fail_early(error)
    logging.shutdown()
    # Not sys.exit: it would wait for threads that may be deep in a compression.
    os._exit(code)


def _settle_in(job: Job) -> None:
    """Works in the job's folder, by which `control.stop` knows the process, and complains to its log."""
    with disk_errors(job.folder):
        os.chdir(job.folder)
    with control.open_log(job) as log:
        os.dup2(log.fileno(), 2)


def _fail_early(error: TransferError) -> int:
    """Tells who started this worker what the journal could not be told; see `control.start`."""
    with unless_left():  # nobody waits any more: it has begun, and ends this way
        sys.stdout.buffer.write(msgspec.json.encode(_blocked(error)))
        sys.stdout.buffer.flush()
    return error.exit_code


def _blocked(error: TransferError, database: int | None = None) -> JobBlocked:
    return JobBlocked(at=now(), problem=error.problem, details=error.details, database=database)


def _conclusion(state: JobState) -> Event:
    """What a worker that could do all it was to do ends with: success where every database was delivered,
    otherwise what stopped the first, in their order, of those that were not.
    """
    for index, database in enumerate(state.databases):
        if not database.delivered:
            return _blocked(database.failure or TransferError(Problem.INTERRUPTED, reason=""), index)
    return JobSucceeded(at=now())


def _is_interruption(event: Event) -> bool:
    return isinstance(event, JobBlocked) and event.problem == Problem.INTERRUPTED


class _Worker:
    """Runs the pipeline in a thread, so that the main one is free to hear a request to stop."""

    def __init__(self, job: Job, orders: Orders, lock: Lock) -> None:
        journal = Journal(job.journal, len(job.spec.databases), may_write=lock.check)
        self._job = job
        self._lock = lock
        self._recorder = Recorder(journal)
        if orders.journal_lines not in (None, len(journal.past)):
            # Two were started at the same moment, and the other one has ended: its outcome is the answer.
            raise TransferError(Problem.JOB_RUNNING, job=job.id)
        audit.check_spec(job, journal.past)
        started = WorkerStarted(
            at=now(),
            pid=os.getpid(),
            program=__version__,
            format=FORMAT,
            spec=audit.spec_hash(job),
            who=Decision.made_now(),
            sharebox=orders.sharebox,
            proxy=orders.proxy,
            host_key=orders.host_key,
        )
        self._recorder.record(started)
        state = JobState.fold(job.spec, (*journal.past, started))
        self._stop = Cancellation()
        ask = Asking(sys.stdin.buffer, self._recorder.record, self._stop)
        self._pipeline = Pipeline(job, state, orders, self._recorder, self._stop, ask)
        self._outcome: Event | None = None
        self._asked = ""
        """Who asked for the end, in French."""
        self._wake = threading.Event()
        """Set when the work has ended, and when it is asked to."""

    def run(self) -> int:
        """Works until the end or until asked to stop; returns the exit status."""
        for name, who in _WHO_ASKS.items():
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), partial(self._ask, who))
        work = threading.Thread(target=self._work, name="pipeline", daemon=True)
        work.start()
        while not self._wake.wait(LOOK_SECONDS):
            self._lock.check()  # without it another worker may be given the job: nothing more is done
        if self._outcome is None:
            self._stop.cancel()
            work.join(GRACE)
            self._pipeline.remove_snapshots()
        outcome = self._outcome
        if outcome is None or _is_interruption(outcome):
            outcome = _blocked(TransferError(Problem.INTERRUPTED, reason=self._asked))
        if not self._recorder.close(outcome, GRACE):
            _log.error("the journal's last line could not be written: its disk does not answer")
            return ExitCode.INTERRUPTED
        if isinstance(outcome, JobSucceeded):
            self._keep_receipt()
            self._expire()
        return self._state().exit_code

    def _keep_receipt(self) -> None:
        """Writes the receipt, of the journal that has come to its end. What keeps it from being written is no
        failure of the transfer: `receipt` makes it then.
        """
        try:
            keep_receipt(self._job, self._pipeline.signer)
        except Exception:
            _log.exception("there is no receipt yet")

    def _expire(self) -> None:
        """Removes what the home has kept for long enough."""
        data = data_beside(self._job.folder.parent)
        try:
            now = latest_certain(self._state())
            expire(Home(data / "config.toml", data), self._job.spec.retention_days, now)
        except Exception:  # the next one does it
            _log.exception("what is old could not be removed")

    def _ask(self, who: str, *_: object) -> None:
        self._asked = self._asked or who
        self._wake.set()

    def _state(self) -> JobState:
        return JobState.fold(self._job.spec, JournalReader(self._job.journal).read())

    def _work(self) -> None:
        try:
            self._pipeline.run()
            self._outcome = _conclusion(self._state())
        except TransferError as error:
            _log.warning("%s", error)
            self._outcome = _blocked(error)
        except Exception as error:  # the person is told; the details are for the log
            _log.exception("unexpected")
            self._outcome = _blocked(unexpected(error, self._job.log))
        finally:
            self._wake.set()


if __name__ == "__main__":
    main()
