"""What the jobs of a home add up to, and what is read of them again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.tui import stage
from tests.tui.stage import Stage
from tui_transfer.errors import TransferError
from tui_transfer.job import control, history, report_mark
from tui_transfer.job.reading import Jobs
from tui_transfer.job.standing import Standing, standing
from tui_transfer.report.reminders import afterwards, describe_sent, describe_unfinished, describe_unsent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tui_transfer.job.control import Follower, Job

INTERRUPTED = stage.blocked("interrupted", reason="Interrompu")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Stage]:
    stage.use_utc()
    with Stage(tmp_path) as made:
        yield made


def stands(home: Stage) -> Standing:
    return standing(Jobs(home.home).look())


def ids(followers: tuple[Follower, ...]) -> list[str]:
    return [follower.job.id for follower in followers]


def test_no_job_is_nothing_to_do(home: Stage) -> None:
    assert stands(home) == Standing()


def test_what_is_not_finished_is_hidden_by_no_later_success(home: Stage) -> None:
    older = home.job([*stage.midway(), INTERRUPTED], created_at=stage.NOW - timedelta(days=3))
    begun = home.job([*stage.midway(), INTERRUPTED], created_at=stage.NOW - timedelta(days=2))
    home.job(stage.all_delivered(), created_at=stage.NOW - timedelta(days=1))
    found = stands(home)
    assert ids(found.unfinished) == [begun.id, older.id]
    assert found.finished is not None
    assert found.overtaken == {begun.id, older.id}, "all that they had still to deliver came with the third"


def test_an_unfinished_transfer_whose_base_nobody_delivered_is_not_overtaken(home: Stage) -> None:
    names = [*stage.NAMES, "Quatrième"]
    begun = home.job([*stage.midway(), INTERRUPTED], names=names, created_at=stage.NOW - timedelta(days=2))
    home.job(stage.all_delivered())
    found = stands(home)
    assert ids(found.unfinished) == [begun.id]
    assert not found.overtaken
    assert "Ce qui lui manquait" not in describe_unfinished(found.unfinished[0])
    assert describe_unfinished(found.unfinished[0], overtaken=True).endswith("par un autre transfert.")


def test_a_running_transfer_is_no_unfinished_one(home: Stage) -> None:
    job = home.job(stage.midway(), running=True)
    found = stands(home)
    assert found.running is not None
    assert (found.running.job.id, found.unfinished) == (job.id, ())


def test_a_report_is_unsent_until_it_is_ticked_and_again_once_that_is_taken_back(home: Stage) -> None:
    job = home.job(stage.all_delivered())
    before = job.journal.read_bytes()
    assert ids(stands(home).unsent) == [job.id]
    mark = report_mark.mark_sent(job)
    assert "coché le" in describe_sent(mark)
    found = stands(home)
    assert found.unsent == ()
    assert found.sent is not None
    assert found.sent[0].job.id == job.id
    assert report_mark.mark_sent(job) == mark, "the first tick counts"
    report_mark.unmark(job)
    assert ids(stands(home).unsent) == [job.id]
    report_mark.unmark(job)
    assert job.journal.read_bytes() == before, "a receipt is of its last line"


def test_what_a_mail_server_took_is_more_than_a_tick(home: Stage) -> None:
    job = home.job(stage.all_delivered())
    report_mark.mark_sent(job)
    mark = report_mark.mark_sent(job, accepted=True)
    assert report_mark.sent(job) == mark
    assert "l’a accepté" in describe_sent(mark)
    assert report_mark.mark_sent(job).accepted


@pytest.mark.parametrize("content", [b"", b"{", b'{"by": 3}', b"[]"])
def test_a_mark_that_makes_no_sense_is_none(home: Stage, content: bytes) -> None:
    job = home.job(stage.all_delivered())
    (job.folder / report_mark.NAME).write_bytes(content)
    assert report_mark.sent(job) is None
    assert ids(stands(home).unsent) == [job.id]


def test_no_mark_brings_a_removed_job_back(home: Stage) -> None:
    job = home.job(stage.all_delivered())
    control.remove(job)
    with pytest.raises(TransferError):
        report_mark.mark_sent(job)
    assert not job.folder.exists()
    report_mark.unmark(job)


def test_the_report_of_a_later_transfer_of_the_same_bases_tells_of_the_earlier(home: Stage) -> None:
    home.job(stage.all_delivered(), created_at=stage.NOW - timedelta(days=1))
    later = home.job(stage.all_delivered())
    assert ids(stands(home).unsent) == [later.id]
    report_mark.mark_sent(later)
    assert stands(home).unsent == ()


def test_the_report_of_other_bases_is_still_to_be_sent(home: Stage) -> None:
    names = [*stage.NAMES, "Quatrième"]
    events = [*stage.all_delivered()[:-1], *stage.delivered(3, 1000, "file"), stage.all_delivered()[-1]]
    earlier = home.job(events, names=names, created_at=stage.NOW - timedelta(days=1))
    later = home.job(stage.all_delivered())
    assert ids(stands(home).unsent) == [later.id, earlier.id]
    assert "Rapport à envoyer" in describe_unsent(stands(home).unsent[0])


def test_a_damaged_job_hides_no_other(home: Stage) -> None:
    damaged = home.job(stage.all_delivered())
    damaged.journal.write_bytes(damaged.journal.read_bytes().replace(b"direct", b"detour"))
    begun = home.job([*stage.midway(), INTERRUPTED], created_at=stage.NOW - timedelta(days=2))
    found = stands(home)
    assert [name for name, _ in found.damaged] == [damaged.id]
    assert ids(found.unfinished) == [begun.id]


def test_afterwards_names_the_receipt_only_where_there_is_one(home: Stage) -> None:
    job = home.job(stage.all_delivered())
    follower = control.Follower(job)
    assert [title for title, _ in afterwards(follower)] == ["La suite", "Antivirus", "Impact emploi"]
    folder = home.home.receipts / job.id
    folder.mkdir(parents=True)
    (folder / f"recu-{job.id}.json").write_text("{}")
    title, sentence = afterwards(follower)[-1]
    assert title == "À conserver"
    assert str(folder / f"recu-{job.id}.html") in sentence


# --- What is read again ---


def test_what_is_over_is_read_once_and_the_rest_as_it_grows(
    home: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = home.job(stage.all_delivered(), created_at=stage.NOW - timedelta(days=1))
    going = home.job(stage.midway(), running=True)
    read: list[str] = []
    specs: list[str] = []
    real, real_entry = history.read, control.entry_of

    def reading(job: Job) -> Follower | TransferError:
        read.append(job.id)
        return real(job)

    def reading_entry(folder: Path) -> control.Entry:
        specs.append(folder.name)
        return real_entry(folder)

    monkeypatch.setattr(history, "read", reading)
    monkeypatch.setattr(control, "entry_of", reading_entry)
    jobs = Jobs(home.home)
    for _ in range(3):
        found = standing(jobs.look(gently=True))
        assert found.running is not None
    assert sorted(read) == sorted(specs) == sorted([over.id, going.id])
    stage.append(going, INTERRUPTED)
    home.end()
    assert ids(standing(jobs.look()).unfinished) == [going.id]
    control.remove(going)
    assert [reading.entry.name for reading in jobs.look()] == [over.id]
    assert len(read) == 2


def test_damage_that_comes_later_is_found(home: Stage) -> None:
    job = home.job(stage.all_delivered())
    jobs = Jobs(home.home)
    assert standing(jobs.look()).finished is not None
    job.journal.write_bytes(job.journal.read_bytes().replace(b"direct", b"detour") + b"\n")
    assert [name for name, _ in standing(jobs.look()).damaged] == [job.id]


def test_of_the_jobs_of_a_database_only_as_many_are_read_as_are_asked_for(
    home: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for days in range(5):
        home.job(stage.all_delivered(), created_at=stage.NOW - timedelta(days=days))
    read: list[Job] = []
    real = history.read

    def reading(job: Job) -> Follower | TransferError:
        read.append(job)
        return real(job)

    monkeypatch.setattr(history, "read", reading)
    first = next(Jobs(home.home).of_database(lambda path: path == stage.PATHS[1]))
    assert first.entry.created == stage.NOW.timestamp()
    assert len(read) == 1
    assert not list(Jobs(home.home).of_database(lambda path: path == "/srv/impact/9"))
    assert len(read) == 1
