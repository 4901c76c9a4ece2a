"""How far the time left that views tell is from the truth, over lines of several kinds.

    python -m tests.benchmarks.time_left [--cases 1,5,9] [--keep FOLDER] [--journals FOLDER]

Each case is a real transfer to OpenSSH, whose journal is then folded as a view folds it, and looked at every
half second of its last worker: from the first quarter of its time on the time left must be within 20 % (or
three seconds) of what it took in truth, and progress must never fall. `--keep` leaves the journals behind;
`--journals` judges such ones and transfers nothing. Needs root, for an account that sshd lets in.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.benchmarks.databases import make_database
from tests.benchmarks.line import enter_namespace, open_line
from tests.benchmarks.links import as_installed, serve, tell
from tests.cli.place import COMMAND, Place
from tests.job.looks import SECONDS, SHARE, judged, looks, never_falls
from tests.servers.account import system_account
from tui_transfer.job import control
from tui_transfer.job import events as ev
from tui_transfer.job.journal import JournalReader
from tui_transfer.job.spec import JobSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.benchmarks.line import Line, Reached
    from tests.job.looks import Look
    from tests.servers.openssh import SshServer

_MBIT: Final = 125_000


@dataclass(frozen=True)
class Case:
    """A transfer: at how many Mbit/s there and back, of what, and what happens to it.

    Attributes:
        hashes: whether the server tells the hash of what arrived; otherwise it is read back.
        halves: whether the line carries half from the middle on.
        resumes: whether it is interrupted in the middle, and gone on with.
    """

    name: str
    up: float
    down: float
    databases: tuple[str, ...]
    hashes: bool = False
    halves: bool = False
    resumes: bool = False


CASES: Final = (
    Case("1 Mbit/s, hash", 1, 1, ("sqlite45",), hashes=True),
    Case("1 Mbit/s, read back", 1, 1, ("sqlite45",)),
    Case("4 Mbit/s, hash", 4, 4, ("sqlite200",), hashes=True),
    Case("4 Mbit/s, read back", 4, 4, ("sqlite200",)),
    Case("2 up, 16 down, read back", 2, 16, ("sqlite90",)),
    Case("6 up, 3 down, read back", 6, 3, ("sqlite90",)),
    Case("4 Mbit/s, then 2", 4, 4, ("sqlite200",), halves=True),
    Case("4 Mbit/s, two databases", 4, 4, ("sqlite90", "sqlite60")),
    Case("4 Mbit/s, resumed", 4, 4, ("sqlite200",), resumes=True),
)


@dataclass
class Campaign:
    """What transfers: a line, a server that runs commands and one that does not."""

    folder: Path
    line: Line
    with_exec: SshServer
    without: SshServer
    kept: Path | None

    def transfer(self, number: int, case: Case) -> tuple[JobSpec, list[ev.Event], float | None]:
        """Makes the transfer of a case; gives its job, what happened, and when the rate has changed."""
        server = self.with_exec if case.hashes else self.without
        databases = {name: self._database(name) for name in case.databases}
        place = Place(self.folder / f"home{number}")
        with self.line.reach(server.port, case.up * _MBIT) as way:
            self.line.shape(case.up * _MBIT, case.down * _MBIT)
            place.configure(server, databases, host=way.host, port=way.port, key_file=str(server.key_file))
            changed_at = self._carry_out(place, case, way)
        job = place.job()
        events = list(JournalReader(job.journal).read())
        if self.kept is not None:
            shutil.copy(job.journal, self.kept / f"{number}.journal.jsonl")
            shutil.copy(job.folder / control.SPEC_NAME, self.kept / f"{number}.job.json")
            shutil.copy(job.log, self.kept / f"{number}.log")
            (self.kept / f"{number}.changed").write_text("" if changed_at is None else str(changed_at))
        for path in server.root.iterdir():
            path.unlink()
        return job.spec, events, changed_at

    def _database(self, name: str) -> Path:
        folder = self.folder / name
        return next(folder.iterdir()) if folder.exists() else make_database(name, folder).path

    def _carry_out(self, place: Place, case: Case, way: Reached) -> float | None:
        command = [*way.through, *COMMAND]
        environment = place.environment()
        changed_at = None
        with subprocess.Popen(
            [*command, "run", "--yes", "--json"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment,
        ) as process:
            if case.halves or case.resumes:
                begun = self._wait_for_middle(place, process)
                if case.halves:
                    self.line.shape(case.up * _MBIT / 2, case.down * _MBIT / 2)
                    changed_at = time.time() - begun
                else:
                    control.stop(place.job())
            code = process.wait()
        if case.resumes:
            done = subprocess.run([*command, "resume", "--json"], env=environment, capture_output=True)
            code = done.returncode
        assert code == 0, code
        return changed_at

    def _wait_for_middle(self, place: Place, process: subprocess.Popen[bytes]) -> float:
        """Until half of the archive is there, as far as one can tell; gives when the worker began."""
        while process.poll() is None:
            job = control.running_job(place.home)
            if job is not None:
                state = control.Follower(job).state
                (database, *_) = state.databases
                expected = database.estimated_archive_size
                if expected and state.started_at and database.acknowledged > 0.45 * expected:
                    return state.started_at.timestamp()
            time.sleep(0.2)
        raise AssertionError("it has ended before its middle")


def recorded(folder: Path, number: int) -> tuple[JobSpec, list[ev.Event], float | None]:
    """What `--keep` left of a case."""
    file = folder / f"{number}.job.json"
    spec = JobSpec.decode(file.read_bytes(), file)
    changed = (folder / f"{number}.changed").read_text()
    events = list(JournalReader(folder / f"{number}.journal.jsonl").read())
    return spec, events, float(changed) if changed else None


def row(number: int, case: Case, seen: Sequence[Look], changed_at: float | None) -> str:
    """A line of the table."""
    counted = judged(seen, changed_at)
    worst = max(counted, key=lambda look: 0 if look.holds else abs(look.error), default=None)
    errors = sorted(abs(look.error) for look in counted if look.truth > SECONDS / SHARE)
    missed = sum(not look.holds for look in counted)
    middle = min(seen, key=lambda look: abs(look.at - seen[-1].at / 2))
    farthest = max(errors, default=0.0)
    cells = (
        str(number),
        case.name,
        f"{seen[-1].at:.0f} s",
        f"{100 * errors[len(errors) // 2]:.0f} %" if errors else "–",
        f"{100 * farthest:.0f} %",
        "none" if not missed or worst is None else f"{missed} of {len(counted)}, {worst}",
        f"{100 * middle.share:.0f} %",
        "yes" if never_falls(seen) else "NO",
    )
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Transfers, judges, and prints the table as it grows; ends with 1 where a case does not hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--cases", default=",".join(str(number + 1) for number in range(len(CASES))))
    parser.add_argument("--keep", type=Path, help="leave the journals in this folder")
    parser.add_argument("--journals", type=Path, help="judge those that lie in this folder")
    asked = parser.parse_args()
    numbers = [int(word) for word in asked.cases.split(",")]
    if asked.journals is None:
        enter_namespace()
        as_installed()
    with ExitStack() as stack:
        if asked.journals is None:
            if asked.keep is not None:
                asked.keep.mkdir(parents=True, exist_ok=True)
            temporary = tempfile.TemporaryDirectory(prefix="tui-transfer-time-left-")
            folder = Path(stack.enter_context(temporary))
            line = stack.enter_context(open_line())
            account = stack.enter_context(system_account())
            with_exec, without = (
                stack.enter_context(serve(account, line, allow_exec=allow)) for allow in (True, False)
            )
            campaign = Campaign(folder, line, with_exec, without, asked.keep)
            print(f"Line: {line}. Load {os.getloadavg()[0]:.1f} when begun.\n")
        headings = (
            "",
            "case",
            "lasted",
            "error, median",
            "most",
            "beyond 20 %",
            "progress at half",
            "never falls",
        )
        print(f"| {' | '.join(headings)} |\n|{' --- |' * len(headings)}", flush=True)
        good = True
        for number in numbers:
            case = CASES[number - 1]
            if asked.journals is not None:
                spec, events, changed_at = recorded(asked.journals, number)
            else:
                tell(case.name)
                spec, events, changed_at = campaign.transfer(number, case)
            seen = looks(spec, events)
            good &= never_falls(seen) and all(look.holds for look in judged(seen, changed_at))
            print(row(number, case, seen, changed_at), flush=True)
    sys.exit(not good)


if __name__ == "__main__":
    main()
