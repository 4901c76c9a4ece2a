"""What becomes of an SQLite database that is damaged: it stays, unless somebody decided otherwise."""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tui_transfer.archive.integrity import Inspection, Integrity
from tui_transfer.errors import Problem, TransferError
from tui_transfer.job import events as ev
from tui_transfer.worker.recorder import now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tui_transfer.job.state import DatabaseState
    from tui_transfer.system.cancellation import Cancellation
    from tui_transfer.worker.recorder import Recorder


_log = logging.getLogger("tui_transfer.worker")


@contextmanager
def inspecting(
    index: int, database: DatabaseState, snapshot: Path, recorder: Recorder, work: Cancellation
) -> Iterator[Callable[[], None]]:
    """Looks at a snapshot while the body packs it.

    Yields:
        What waits for the verdict and tells the journal. It raises DATABASE_DAMAGED, unless that was waived,
        and INTERRUPTED where the work ended meanwhile. Where nobody can tell in time, the database goes.
    """
    begin = time.monotonic()
    recorder.record(ev.IntegrityChecked(at=now(), database=index, integrity="running"))
    with Inspection(snapshot) as inspection, work.ending(inspection.end):

        def conclude() -> None:
            verdict = inspection.verdict()
            work.check()
            if verdict.said:
                _log.warning("database %d: SQLite says: %s", index, verdict.said)
            recorder.record(
                ev.IntegrityChecked(
                    at=now(),
                    database=index,
                    integrity=verdict.integrity,
                    found=verdict.found,
                    seconds=time.monotonic() - begin,
                )
            )
            if verdict.integrity is Integrity.DAMAGED and database.damage_waiver is None:
                raise TransferError(Problem.DATABASE_DAMAGED, path=database.path, reason=verdict.found)

        yield conclude
