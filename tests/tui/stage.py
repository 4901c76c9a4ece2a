"""A home with settings and jobs whose journals are written by the test itself: what the screens look at."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tui_transfer.errors import Problem, TransferError
from tui_transfer.job import attempts, control
from tui_transfer.job import events as ev
from tui_transfer.job.attempts import Attempt
from tui_transfer.job.journal import Journal
from tui_transfer.job.spec import STAMP, DatabaseSpec, JobSpec, PrerequisiteTick
from tui_transfer.preflight.statements import STATEMENTS
from tui_transfer.settings import config
from tui_transfer.settings.config import Home
from tui_transfer.system.files import make_private_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_transfer.job.control import Job

NOW = datetime(2022, 3, 2, 14, 5, tzinfo=UTC)
FINGERPRINT = "SHA256:" + "Qm4x7vRt2KpLw9ZbYc3NsUe6HgJd8FaV1oTiXk5Mr0E"
OTHER_FINGERPRINT = "SHA256:" + "a1B2c3D4e5F6g7H8i9J0kLmNoPqRsTuVwXyZaBcDeFg"
NAMES = ("Base active", "Dossiers archivés", "Paie 2021")
PATHS = ("/srv/impact/base.db", "/srv/impact/archives", "/srv/impact/paie-2021.fdb")
MEGA = 1_000_000


def use_utc() -> None:
    """Local times are those of the pictures."""
    os.environ["TZ"] = "UTC"
    if hasattr(time, "tzset"):  # Windows has none: there the tests are started in that zone
        time.tzset()


def settings(
    names: Sequence[str] = NAMES, paths: Sequence[str] = PATHS, active: int = 1, **changes: object
) -> config.Settings:
    values: dict[str, object] = {
        "manager": config.Manager(name="Association Exemple"),
        "sharebox": config.ShareboxSettings(
            host="sharebox.example.org", username="exemple", directory="/depot"
        ),
        "databases": tuple(
            config.DatabaseSettings(name=name, path=path, active=index < active)
            for index, (name, path) in enumerate(zip(names, paths, strict=True))
        ),
        "transfer": config.TransferSettings(opens_on=NOW.date()),
        "report": config.ReportSettings(recipients=("accueil@example.org", "equipe@example.org")),
    }
    return config.Settings(**(values | changes))  # type: ignore[arg-type]


def _path(name: str, index: int) -> str:
    """Where the settings say that the database is, if it is one of theirs."""
    return dict(zip(NAMES, PATHS, strict=True)).get(name, f"/srv/impact/{index}")


class Stage:
    """A home in `folder`; `with Stage(…)` gives back the locks of the jobs that were made to run."""

    def __init__(self, folder: Path, given: config.Settings | None = None) -> None:
        self.home = Home(folder / "config.toml", folder)
        self._locks = ExitStack()
        if given is not None:
            config.save(self.home.config_file, given)

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *_: object) -> None:
        self._locks.close()

    def job(
        self,
        events: Sequence[ev.Event] = (),
        *,
        running: bool = False,
        names: Sequence[str] = NAMES,
        paths: Sequence[str] = (),
        created_at: datetime = NOW,
        numbered: bool = False,
    ) -> Job:
        """A job whose journal holds `events`; without a number, it stands among the others by its time."""
        spec = JobSpec(
            id=f"{created_at.strftime(STAMP)}-d9f0",
            created_at=created_at,
            program="0.1.0",
            manager="Association Exemple",
            sharebox=settings().sharebox,
            databases=tuple(
                DatabaseSpec(
                    name=name,
                    path=paths[index] if paths else _path(name, index),
                    archive=f"exemple_{index}_20220302-140500.7z",
                )
                for index, name in enumerate(names)
            ),
            recipients=("accueil@example.org", "equipe@example.org"),
        )
        job = control.create(self.home, spec) if numbered else self._without_number(spec)
        append(job, *events)
        if running:
            self.run(job)
        return job

    def _without_number(self, spec: JobSpec) -> Job:
        folder = make_private_folder(self.home.jobs / spec.id)
        (folder / control.SPEC_NAME).write_bytes(spec.encode())
        return control.load(folder)

    def refuse(self, number: int, problem: Problem, **details: str) -> None:
        """Keeps an attempt that was refused, the `number`-th."""
        error = TransferError(problem, **details)
        attempt = Attempt(
            by="camille",
            at=NOW + timedelta(minutes=number),
            sequence=number,
            command="run",
            program="0.1.0",
            problem=problem,
            details=details,
            exit_code=error.exit_code,
        )
        with (self.home.data / attempts.NAME).open("ab") as file:
            file.write(msgspec.json.encode(attempt) + b"\n")

    def tick(self, count: int) -> None:
        """Ticks the first statements, as someone did at `NOW`; those that hold for a day alone, just now."""
        ticks = [
            PrerequisiteTick(key=item.key, by="camille", at=datetime.now(UTC) if item.lasts else NOW)
            for item in STATEMENTS[:count]
        ]
        (self.home.data / "prerequisites.json").write_bytes(msgspec.json.encode(ticks))

    def run(self, job: Job) -> None:
        """Makes a job look as if a worker were at it: the lock is what tells."""
        self._locks.enter_context(job.lock(timeout=0))

    def end(self) -> None:
        """Makes the worker look gone."""
        self._locks.close()


def append(job: Job, *events: ev.Event) -> None:
    with Journal(job.journal) as journal:
        for event in events:
            journal.append(event)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def started(**decisions: object) -> ev.WorkerStarted:
    return ev.WorkerStarted(at=at(0), pid=os.getpid(), program="0.1.0", **decisions)  # type: ignore[arg-type]


def connected(route: str = "direct") -> ev.Connected:
    return ev.Connected(at=at(1), route=route, host_key=FINGERPRINT)


def sized(*sizes: int) -> list[ev.Event]:
    return [ev.DatabaseSized(at=at(0.5), database=index, size=size) for index, size in enumerate(sizes)]


def blocked(problem: str, database: int | None = None, **details: object) -> ev.JobBlocked:
    texts = {name: str(value) for name, value in details.items()}
    return ev.JobBlocked(at=at(30), problem=problem, details=texts, database=database)


def delivered(
    index: int,
    size: int,
    kind: str = "sqlite",
    verified: str = "read-back",
    *,
    read_meanwhile: bool = False,
) -> list[ev.Event]:
    """A database from beginning to end."""
    packed = size * 38 // 100
    files = 1204 if kind == "folder" else 1
    return [
        ev.ArchiveStarted(
            at=at(2), database=index, kind=kind, size=size, files=files, stamps=f"stamps of {index}"
        ),
        ev.UploadStarted(at=at(3), database=index, offset=0),
        ev.ArchiveSealed(
            at=at(8), database=index, size=packed, sha256="5f" * 32, source_size=size, files=files
        ),
        ev.UploadProgress(at=at(9), database=index, acknowledged=packed),
        ev.VerificationProgress(at=at(10), database=index, checked=packed, total=packed),
        ev.Delivered(
            at=at(12),
            database=index,
            path=f"/depot/exemple_{index}_20220302-140500.7z",
            verified=verified,
            read_meanwhile=read_meanwhile,
        ),
    ]


def midway() -> list[ev.Event]:
    """The first database done, the second on its way, the third waiting."""
    return [
        started(),
        *sized(84 * MEGA, 212 * MEGA, 37 * MEGA),
        connected(),
        *delivered(0, 84 * MEGA),
        ev.ArchiveStarted(at=at(13), database=1, kind="folder", size=212 * MEGA, files=1204),
        ev.UploadStarted(at=at(13), database=1, offset=0),
        ev.ArchiveProgress(at=at(20), database=1, read=138 * MEGA, packed=51 * MEGA),
        ev.UploadProgress(at=at(20), database=1, acknowledged=35 * MEGA),
    ]


def two_at_once() -> list[ev.Event]:
    """The first database done, the second being verified while the third is compressed and sent."""
    packed = 81 * MEGA
    return [
        *midway(),
        ev.ArchiveSealed(
            at=at(22), database=1, size=packed, sha256="5f" * 32, source_size=212 * MEGA, files=1204
        ),
        ev.UploadProgress(at=at(24), database=1, acknowledged=packed),
        ev.VerificationProgress(at=at(25), database=1, checked=0, total=packed),
        ev.ArchiveStarted(at=at(25), database=2, kind="file", size=37 * MEGA, files=1),
        ev.UploadStarted(at=at(25), database=2, offset=0),
        ev.ArchiveProgress(at=at(27), database=2, read=25 * MEGA, packed=9 * MEGA),
        ev.UploadProgress(at=at(27), database=2, acknowledged=5 * MEGA),
        ev.VerificationProgress(at=at(27), database=1, checked=18 * MEGA, total=packed),
    ]


def all_delivered(verified: str = "read-back") -> list[ev.Event]:
    return [
        started(),
        connected(),
        *delivered(0, 84 * MEGA, verified=verified),
        *delivered(1, 212 * MEGA, "folder", verified=verified),
        *delivered(2, 37 * MEGA, "file", verified=verified),
        ev.JobSucceeded(at=at(95)),
    ]


def delivered_alone() -> list[ev.Event]:
    """One database, from beginning to end."""
    return [started(), connected(), *delivered(0, 84 * MEGA), ev.JobSucceeded(at=at(20))]
