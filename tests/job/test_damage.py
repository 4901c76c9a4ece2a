"""One job that is damaged in any way at all is told as that, and every view goes on with the others."""

from __future__ import annotations

import copy
import hashlib
import json
import os
import re
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, redirect_stderr, redirect_stdout
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.job.examples import START, at
from tests.job.examples import settings as example
from tests.programs import ON_WINDOWS
from tui_transfer.cli import listing, upkeep
from tui_transfer.cli.lines import JsonOutput, PlainOutput, exit_code
from tui_transfer.errors import ExitCode, Problem, TransferError
from tui_transfer.job import control, history
from tui_transfer.job import events as ev
from tui_transfer.job.attempts import Attempt
from tui_transfer.job.control import Follower, Job
from tui_transfer.job.journal import Journal, JournalReader
from tui_transfer.job.progress import Progress
from tui_transfer.job.spec import DatabaseSpec, JobSpec, PrerequisiteTick, Waiver, make_spec
from tui_transfer.job.state import JobState
from tui_transfer.preflight.statements import STATEMENTS
from tui_transfer.report.message import make_message
from tui_transfer.settings.config import Home, ProxySettings
from tui_transfer.tui.past_jobs import PastJobs
from tui_transfer.tui.wording import job_line
from tui_transfer.worker.leftovers import leftovers

GOOD, BAD = "Base saine", "Base abîmée"
SHA256 = "ab" * 32

EVENTS: list[ev.Event] = [
    ev.WorkerStarted(at=at(0), pid=12, program="1", proxy=ProxySettings(host="proxy")),
    ev.RouteFailed(at=at(1), route="direct", reason="rien"),
    ev.Waiting(at=at(2), attempt=1, seconds=2.5, reason="rien"),
    ev.Connected(at=at(3), route="http", host_key="SHA256:" + "A" * 43),
    ev.DatabaseSized(at=at(4), database=1, size=5000),
    ev.ArchiveStarted(at=at(5), database=0, kind="folder", size=1000, files=3, modified=5.5),
    ev.PresetChosen(
        at=at(6), database=0, preset=1, reason="start", rate=10, backlog=0, left=10, seconds=1, instead=2
    ),
    ev.ArchiveProgress(at=at(7), database=0, read=500, packed=100),
    ev.UploadStarted(at=at(8), database=0, offset=64),
    ev.UploadProgress(at=at(9), database=0, acknowledged=90),
    ev.ArchiveSealed(at=at(10), database=0, size=300, sha256=SHA256, source_size=1000, files=3),
    ev.VerificationProgress(at=at(11), database=0, checked=100, total=300),
    ev.SpoolDamaged(at=at(11), database=0, part="archive"),
    ev.DeliveryStep(at=at(11), database=0, file="x.7z", step="sending"),
    ev.DeliveryLost(at=at(11), database=0, file="x.7z", times=1),
    ev.TrialFollowed(at=at(11), fate="stayed"),
    ev.ArrivalSeen(at=at(11), database=0, file="x.7z", path="/depot/x.7z", evidence={"name": "seen"}),
    ev.Delivered(at=at(12), database=0, path="/depot/x.7z", verified="read-back"),
    ev.ArchiveLocked(at=at(12), salt="00" * 16, check="ab" * 8),
    ev.ArchiveKept(at=at(13), database=1, changed=True),
    ev.DatabaseFailed(at=at(14), database=1, problem=Problem.CONNECTION_LOST, details={"reason": "rien"}),
    ev.JobBlocked(at=at(14), problem=Problem.CONNECTION_LOST, details={"reason": "rien"}, database=1),
]


def make_job(home: Home, name: str) -> Job:
    """A job with one of everything."""
    databases = [(name, Path("/srv/base")), (f"{name} (autre)", Path("/srv/autre"))]
    ticks = [PrerequisiteTick(key=STATEMENTS[0].key, by="camille", at=START)]
    waiver = Waiver(by="camille", at=START, asked=True, findings=("ouverte",))
    job = control.create(home, make_spec(example(), databases, START, ticks, waiver))
    with Journal(job.journal) as journal:
        for event in EVENTS:
            journal.append(event)
    return job


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "config.toml", tmp_path)


def reseal(events: list[Any]) -> bytes:
    """A journal of `events`, whatever they are, whose chain is right."""
    lines, digest = [], "0" * 64
    for number, event in enumerate(events, start=1):
        line = json.dumps({"n": number, "previous": digest, "event": event}).encode().removesuffix(b"}")
        digest = hashlib.sha256(line).hexdigest()
        lines.append(line + f',"hash":"{digest}"}}\n'.encode())
    return b"".join(lines)


def events_of(job: Job) -> list[Any]:
    return [json.loads(line)["event"] for line in job.journal.read_bytes().splitlines()]


def with_event(number: int, **fields: Any) -> Callable[[Job], object]:
    """Damage: fields of one event are others, and the chain is right again."""

    def damage(job: Job) -> None:
        events = events_of(job)
        events[number] |= fields
        job.journal.write_bytes(reseal(events))

    return damage


def with_spec(**fields: Any) -> Callable[[Job], object]:
    def damage(job: Job) -> None:
        job.spec_file.write_text(json.dumps(json.loads(job.spec_file.read_bytes()) | fields))

    return damage


def with_database(**fields: Any) -> Callable[[Job], object]:
    def damage(job: Job) -> None:
        spec = json.loads(job.spec_file.read_bytes())
        spec["databases"][0] |= fields
        job.spec_file.write_text(json.dumps(spec))

    return damage


def with_text(old: bytes, new: bytes) -> Callable[[Job], object]:
    def damage(job: Job) -> None:
        content = job.spec_file.read_bytes()
        assert old in content
        job.spec_file.write_bytes(content.replace(old, new, 1))

    return damage


def in_place_of(file: str, make: Callable[[Path], object]) -> Callable[[Job], object]:
    def damage(job: Job) -> None:
        (job.folder / file).unlink()
        make(job.folder / file)

    return damage


def huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


def bound_socket(path: Path) -> None:
    """Made under a short name: those of sockets may have a hundred letters."""
    with tempfile.TemporaryDirectory() as folder, closing(socket.socket(socket.AF_UNIX)) as made:
        made.bind(f"{folder}/s")
        shutil.move(f"{folder}/s", path)


ANOTHER = "x réussi" if ON_WINDOWS else "x\x1b[2J\nréussi"
OTHERS: dict[str, Callable[[Path], object]] = {
    "a pipe": lambda path: os.mkfifo(path),
    "a folder": Path.mkdir,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a terminal": lambda path: path.symlink_to("/dev/ptmx"),
    "a socket": bound_socket,
    "a terabyte": huge,
}
DAMAGE: dict[str, Callable[[Job], object]] = {
    "an event of a database that is none": with_event(5, database=7),
    "a failure of a database that is none": with_event(-1, database=2),
    "a database below zero": with_event(7, database=-1),
    "a size below zero": with_event(10, size=-5),
    "a size that no disk has": with_event(10, source_size=1 << 63),
    "a time without zone": with_event(3, at="2026-03-02T09:00:00"),
    "a time before all clocks": with_event(3, at="0001-01-01T00:00:00+14:00"),
    "a time after all clocks": with_event(3, at="9999-12-31T23:59:59-12:00"),
    "a process that is all processes": with_event(0, pid=-1),
    "a process that is the group": with_event(0, pid=0),
    "a wait that goes back": with_event(2, seconds=-1),
    "an event that is a list": lambda job: job.journal.write_bytes(reseal([*events_of(job), [1]])),
    "an event of no kind": with_event(3, type="nothing"),
    "an event that is too deep": lambda job: job.journal.write_bytes(
        reseal(events_of(job)).replace(b'"direct"', b"[" * 100_000, 1)
    ),
    "a spec without zone": with_spec(created_at="2026-03-02T09:00:00"),
    "a spec before all clocks": with_spec(created_at="0001-01-01T00:00:00+14:00"),
    "a tick without zone": with_spec(
        prerequisites=[{"key": "backup", "by": "x", "at": "2026-03-02T09:00:00"}]
    ),
    "a waiver without zone": with_spec(
        waiver={"by": "x", "at": "2026-03-02T09:00:00", "asked": True, "findings": []}
    ),
    "no database": with_spec(databases=[]),
    "a database without path": with_database(path=""),
    "a path that no system has": with_database(path="/srv/\0"),
    "an archive elsewhere": with_database(archive="../../home/x.7z"),
    "an archive in another folder": with_database(archive="/x.7z"),
    "an archive that is none": with_database(archive="x.7z\n"),
    "an archive like the manifest": with_database(archive="x.7z.manifest.json"),
    "one archive for two": lambda job: with_database(archive=job.spec.databases[1].archive)(job),
    "a compression that is none": with_spec(compression=10),
    "another compression that is none": with_spec(compression="zstd"),
    "an endless patience": with_spec(retry_for=-1),
    "an addressee with a line": with_spec(recipients=["a@b.fr\nBcc: c@d.fr"]),
    "a Sharebox of another kind": with_spec(sharebox=[]),
    "a Sharebox without port": with_spec(sharebox={"host": "x", "username": "y", "port": 0}),
    "a number of 5,000 digits": with_text(b'"retry_for": 30', b'"retry_for": ' + b"9" * 5000),
    "a list in lists": with_text(b'"retry_for": 30', b'"retry_for": ' + b"[" * 100_000),
    "an unknown list in lists": with_text(b'"retry_for": 30', b'"x": ' + b"[" * 100_000),
    "Latin 1": with_text("abîmée".encode(), "abîmée".encode("latin-1")),
    "half a letter": with_text("abîmée".encode(), b"ab\\ud800m"),
    "nothing": lambda job: job.spec_file.write_bytes(b""),
    "zeros": lambda job: job.spec_file.write_bytes(bytes(4096)),
    "an array": lambda job: job.spec_file.write_bytes(b"[]"),
    "the job of another folder": lambda job: job.folder.rename(job.folder.with_name(ANOTHER)),
    "a name of two lines": with_database(name="Base\nBase saine"),
    "an addressee with a line's end": with_spec(recipients=["a@b.fr\n"]),
} | {
    f"{file} is {what}": in_place_of(file, make)
    for file in (control.SPEC_NAME, control.JOURNAL_NAME)
    for what, make in OTHERS.items()
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_job_that_is_damaged_is_told_as_that_and_harms_no_other(
    home: Home, damage: Callable[[Job], object], capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = make_job(home, GOOD), make_job(home, BAD)
    damage(bad)
    found = dict(history.read_all(home))
    assert isinstance(found.pop(good.id), Follower)
    (error,) = found.values()
    assert isinstance(error, TransferError)
    assert error.problem is Problem.JOURNAL_INVALID
    assert listing.list_jobs(home, as_json=False) is ExitCode.SUCCESS
    lines = capsys.readouterr().out.splitlines()
    assert sorted(re.split("  +", line)[2] for line in lines) == ["abîmé", "interrompu"], lines
    assert listing.verify_jobs(home) is ExitCode.UNEXPECTED
    assert f"{good.id}  sans défaut visible" in capsys.readouterr().out
    assert control.running_job(home) is None
    assert {past.error is None for past in PastJobs(home).look()} == {True, False}
    assert upkeep.purge(home, (), None, yes=True, local=True) is ExitCode.SUCCESS
    assert not good.folder.exists()
    assert len(list(home.jobs.glob("*/worker.lock"))) == 0, "the damaged one is kept, and nothing else"
    assert len([entry for entry in home.jobs.iterdir() if entry.is_dir()]) == 1


@pytest.mark.parametrize(
    "kind", [*get_args(ev.Event), JobSpec, DatabaseSpec, Attempt], ids=lambda kind: kind.__name__
)
def test_every_number_that_is_read_back_is_within_reach(kind: type[msgspec.Struct]) -> None:
    """Whoever adds a field need not think of it: no plain `int` gets in."""
    found = msgspec.inspect.type_info(kind)
    assert isinstance(found, msgspec.inspect.StructType)
    for field in found.fields:
        for part in getattr(field.type, "types", (field.type,)):
            if isinstance(part, msgspec.inspect.IntType):
                assert None not in (part.ge, part.le), field.name
            if isinstance(part, msgspec.inspect.DateTimeType):
                assert part.tz, field.name


# --- By chance ---

MOMENTS = st.sampled_from(
    ["1970-01-01T00:00:00Z", "9998-12-31T23:59:59+14:00", "2026-03-02T09:00:00", "0001-01-01T00:00:00+14:00"]
)
VALUES = st.one_of(
    st.sampled_from([None, True, 0, -1, 1, 7, 1 << 31, 1 << 63, 10**400, 0.5, 1e308, -1e308, [], {}, [{}]]),
    st.sampled_from(["", "x", "none", "\x1b]0;x\x07", "a\r\nBcc: b", "\u202e", "%s {0} {x}", "[b]"]),
    MOMENTS,
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.dictionaries(st.sampled_from(["self", "problem", "reason", "name"]), st.text(max_size=5), max_size=3),
)


def mutate(data: st.DataObject, document: Any) -> None:
    """Replaces, adds or takes away one thing, somewhere in a document."""
    places = list(places_in(document))
    owner, key = data.draw(st.sampled_from(places), label="place")
    what = data.draw(st.sampled_from(["replace", "remove", "repeat"]), label="what")
    if what == "remove":
        del owner[key]
    elif what == "repeat" and isinstance(owner, list):
        owner.insert(key, copy.deepcopy(owner[key]))
    else:
        owner[key] = data.draw(VALUES, label="value")


def places_in(document: Any) -> Iterator[tuple[Any, Any]]:
    keys = document if isinstance(document, dict) else range(len(document))
    for key in keys:
        yield document, key
        if isinstance(document[key], dict | list) and document[key]:
            yield from places_in(document[key])


def tell(home: Home) -> None:
    """Has every view tell every job that can be read."""
    for _, found in history.read_all(home):
        if isinstance(found, TransferError):
            assert found.problem in (Problem.JOURNAL_INVALID, Problem.JOURNAL_NEWER)
            assert found.as_text()
            continue
        for output in (PlainOutput(), JsonOutput()):
            state = JobState.initial(found.job.spec)
            progress = Progress.begin(state)
            for event in JournalReader(found.job.journal).read():
                state = state.apply(event)
                progress = progress.after(event, state)
                output.event(event, state, progress)
            output.end(found.state, found.failure, found.job.id)
        exit_code(found)
        message = make_message(found.state)
        assert all([message.eml(), message.mailto(), message.mailto(short=True)])
        job_line(found)
        leftovers(found.state)
    listing.list_jobs(home, as_json=False)
    listing.verify_jobs(home)
    upkeep.purge(home, (), 36_500, yes=True, local=True)
    PastJobs(home).look()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any], list[Any]]:
    """A job's name, its spec and its events, as they are before anything happens to them."""
    folder = tmp_path_factory.mktemp("home")
    job = make_job(Home(folder / "config.toml", folder), BAD)
    return job.id, json.loads(job.spec_file.read_bytes()), events_of(job)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_view_is_ended_by_what_stands_in_a_job(
    whole: tuple[str, dict[str, Any], list[Any]], data: st.DataObject
) -> None:
    name, spec, events = copy.deepcopy(whole)
    for _ in range(data.draw(st.integers(1, 3), label="times")):
        mutate(data, data.draw(st.sampled_from([spec, events]), label="file") or {"x": spec})
    with tempfile.TemporaryDirectory() as folder, quiet():
        home = Home(Path(folder) / "config.toml", Path(folder))
        (home.jobs / name).mkdir(parents=True)
        (home.jobs / name / control.SPEC_NAME).write_text(json.dumps(spec))
        (home.jobs / name / control.JOURNAL_NAME).write_bytes(reseal(events))
        tell(home)


@contextmanager
def quiet() -> Iterator[None]:
    """What is told goes nowhere, but is encoded as for a terminal."""
    with ExitStack() as stack:
        for redirect in (redirect_stdout, redirect_stderr):
            stream = TextIOWrapper(BytesIO(), encoding="utf-8", errors="replace")
            stack.enter_context(redirect(stream))
        yield
