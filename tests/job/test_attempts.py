"""Refused attempts are kept, and all that was asked for is told in the order of its asking."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.job.examples import START, settings
from tests.programs import ON_WINDOWS
from tui_transfer.errors import ExitCode, Problem, TransferError
from tui_transfer.job import attempts, control, history, sequence
from tui_transfer.job.attempts import KEPT, Attempt
from tui_transfer.job.spec import make_spec
from tui_transfer.settings import config
from tui_transfer.settings.config import Home
from tui_transfer.system import account

if TYPE_CHECKING:
    from pathlib import Path

    from tui_transfer.job.control import Job


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.find({config.HOME_VARIABLE: str(tmp_path / "home")})


def _create(home: Home, minutes: int = 0) -> Job:
    moment = START + timedelta(minutes=minutes)
    return control.create(home, make_spec(settings(), [("Base", home.data / "absente.db")], moment))


def _refuse(home: Home, reason: str = "non") -> None:
    error = TransferError(Problem.CONFIRMATION_NEEDED, reason=reason)
    attempts.record(home, error, command="run")


def test_what_was_refused_is_told_as_it_was(home: Home) -> None:
    _refuse(home, "Personne n’est là.")
    (attempt,) = attempts.read(home)
    assert (attempt.by, attempt.command, attempt.exit_code) == (account.current().name, "run", ExitCode.USAGE)
    assert attempt.failure.why == "Personne n’est là."
    assert attempt.at.tzinfo is not None
    mode = (home.data / "attempts.jsonl").stat().st_mode
    assert ON_WINDOWS or mode & 0o077 == 0  # there the folder keeps others out


def test_jobs_and_refusals_come_in_the_order_of_their_asking_whatever_the_clock_said(home: Home) -> None:
    first = _create(home, minutes=2 * 24 * 60)  # the clock was ahead
    _refuse(home)
    second = _create(home)
    _refuse(home)
    found = ["refused" if isinstance(item, Attempt) else item.name for item in history.with_attempts(home)]
    assert found == ["refused", second.id, "refused", first.id]
    assert control.find(home, None) == second
    assert [job.id for job in control.list_jobs(home)] == [second.id, first.id]


def test_jobs_without_a_number_come_before_those_that_have_one(home: Home) -> None:
    numbered = _create(home)
    old = []
    for minutes in (30, 10):
        spec = make_spec(settings(), [("Base", home.data)], START + timedelta(minutes=minutes))
        (home.jobs / spec.id).mkdir()
        (home.jobs / spec.id / "job.json").write_bytes(spec.encode().replace(b'  "sequence": 0,\n', b""))
        old.append(spec.id)
    assert [entry.name for entry in control.list_entries(home)] == [numbered.id, *old]
    assert [entry.sequence for entry in control.list_entries(home)][1:] == [0, 0]


def test_a_damaged_job_keeps_its_place(home: Home) -> None:
    """By the number that its order still shows, or else by the time in its name."""
    jobs = [_create(home, minutes) for minutes in (30, 20, 40, 50)]
    content = jobs[1].spec_file.read_bytes()
    jobs[1].spec_file.write_bytes(content.replace(b'"manager"', b'"gestionnaire"'))
    jobs[3].spec_file.write_text("{")
    entries = control.list_entries(home)
    assert [entry.name for entry in entries] == [jobs[3].id, jobs[2].id, jobs[1].id, jobs[0].id]
    assert [entry.legible for entry in entries] == [False, True, False, True]


def test_numbers_grow_although_what_remembers_them_is_lost(home: Home) -> None:
    first = _create(home).spec.sequence
    (home.data / sequence.NAME).write_bytes(b"\0" * 21)
    second = _create(home).spec.sequence
    (home.data / sequence.NAME).unlink()
    _refuse(home)
    (home.data / sequence.NAME).unlink()
    third = _create(home).spec.sequence
    assert first < second < third


def test_numbers_are_never_used_again_after_a_removal(home: Home) -> None:
    job = _create(home)
    control.remove(job)
    assert _create(home).spec.sequence > job.spec.sequence


def test_those_who_ask_at_once_get_numbers_of_their_own(home: Home) -> None:
    script = (
        "import sys; from pathlib import Path; from tui_transfer.job import sequence\n"
        "from tui_transfer.settings.config import Home\n"
        "home = Home(Path(sys.argv[1]) / 'config.toml', Path(sys.argv[1]))\n"
        "for _ in range(50):\n"
        "    with sequence.drawn(home, 0) as number: print(number)"
    )
    command = [sys.executable, "-c", script, str(home.data)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    drawn = [number for process in processes for number in process.communicate()[0].split()]
    assert sorted(map(int, drawn)) == list(range(1, 201))


def test_the_latest_are_kept_and_no_more(home: Home) -> None:
    for number in range(2 * KEPT + 1):
        _refuse(home, str(number))
    found = attempts.read(home)
    assert [attempt.details["reason"] for attempt in found] == [
        str(number) for number in range(2 * KEPT, KEPT, -1)
    ]
    assert len((home.data / "attempts.jsonl").read_bytes().splitlines()) == KEPT


def test_a_line_that_cannot_be_read_takes_no_other_with_it(home: Home) -> None:
    _refuse(home, "1")
    with (home.data / "attempts.jsonl").open("ab") as file:
        file.write(b'{"sequence": 9, "at": "2022-03')  # a power cut
    _refuse(home, "2")
    with (home.data / "attempts.jsonl").open("ab") as file:
        file.write(b"[" * 100_000 + b"\n\xff\n{}\n")
    _refuse(home, "3")
    assert [attempt.details["reason"] for attempt in attempts.read(home)] == ["3", "2", "1"]


def test_a_refusal_of_another_version_is_told_by_its_name(home: Home) -> None:
    _refuse(home)
    file = home.data / "attempts.jsonl"
    file.write_bytes(file.read_bytes().replace(b"confirmation-needed", b"full-moon"))
    (attempt,) = attempts.read(home)
    assert attempt.failure.problem is Problem.UNEXPECTED
    assert attempt.exit_code == ExitCode.USAGE
