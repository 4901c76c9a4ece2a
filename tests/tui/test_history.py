"""« Historique »: past jobs followed, resumed, reported again and removed."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from tests.tui import stage
from tests.tui.conftest import flat, rounds, until
from tests.tui.scenes import settle
from tests.tui.stage import Stage, settings
from tui_transfer import french
from tui_transfer.errors import Problem, TransferError
from tui_transfer.job import attempts, control
from tui_transfer.job import events as ev
from tui_transfer.job import history as job_history
from tui_transfer.job.beside import names_beside
from tui_transfer.job.control import Follower
from tui_transfer.tui.app import CentreApp
from tui_transfer.tui.dialogs.failure import FailureDialog
from tui_transfer.tui.dialogs.purge import PurgeDialog
from tui_transfer.tui.dialogs.secret import SecretDialog
from tui_transfer.tui.past_jobs import PastJobs, _moment_in, names_in
from tui_transfer.tui.screens import history
from tui_transfer.tui.screens.history import HistoryPage, JobTable
from tui_transfer.tui.screens.report import ReportPage
from tui_transfer.tui.screens.transfer import TransferPage
from tui_transfer.tui.widgets.actions import Action
from tui_transfer.worker import leftovers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.pilot import Pilot

    from tests.tui.conftest import Workers
    from tui_transfer.job.control import Job
    from tui_transfer.job.orders import Orders
    from tui_transfer.job.state import JobState
    from tui_transfer.system.cancellation import Cancellation
    from tui_transfer.tui.past_jobs import PastJob
    from tui_transfer.worker.leftovers import Leftovers

_ARCHIVE = "exemple_1_20220302-140500.7z"
_PARTS = [f"{name}.part" for name in (_ARCHIVE, *names_beside(_ARCHIVE))]
"""Of the second database, which was on its way; nothing of the third had been sent."""


def earlier(days: int) -> Any:
    return stage.NOW - timedelta(days=days)


def interrupted(staged: Stage, days: int = 0) -> Job:
    ending = stage.blocked(Problem.INTERRUPTED, reason="Interrompu à la demande")
    return staged.job([*stage.midway(), ending], created_at=earlier(days))


async def open_history(pilot: Pilot[Any]) -> JobTable:
    await pilot.press("h")
    await settle(pilot)
    assert isinstance(pilot.app.screen, HistoryPage)
    return pilot.app.screen.query_one(JobTable)


def available(pilot: Pilot[Any]) -> set[str]:
    return {button.action for button in pilot.app.screen.query(Action) if not button.disabled}


async def test_each_job_shows_state_date_databases_and_sharebox(staged: Stage) -> None:
    interrupted(staged)
    staged.job(stage.all_delivered(), created_at=earlier(1))
    staged.job(stage.all_delivered("size-only"), created_at=earlier(2))
    staged.job(stage.midway(), created_at=earlier(3))
    app = CentreApp(staged.home)
    async with app.run_test(size=(110, 30)) as pilot:
        table = await open_history(pilot)
        found = [" ".join(cell.plain.strip() for cell in table.get_row_at(row)) for row in range(4)]
        names = "Base active, Dossiers archivés, Paie 2021 sharebox.example.org"
        assert found == [
            f"· interrompu 02/03/2022 14:05 {names}",
            f"✓ réussi 01/03/2022 14:05 {names}",
            f"! remis 28/02/2022 14:05 {names}",
            f"· interrompu 27/02/2022 14:05 {names}",  # its worker was killed
        ]
        for sentence in (
            "Le transfert a été interrompu",
            "leur contenu y a été vérifié. Terminé le 2 mars 2022",
            "sans vérification possible",
            "Le programme s’est arrêté avant la fin. 1 base remise sur 3.",
        ):
            assert sentence in flat(app)
            await pilot.press("down")


async def test_what_can_be_done_depends_on_the_job(staged: Stage) -> None:
    staged.job(stage.midway(), running=True)
    interrupted(staged, 1)
    staged.job(stage.all_delivered(), created_at=earlier(2))
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await open_history(pilot)
        assert available(pilot) == {"open"}
        await pilot.press("delete", "e", "r")
        assert isinstance(app.screen, HistoryPage)
        await pilot.press("down")
        assert available(pilot) == {"open", "resume", "purge"}
        await pilot.press("r")
        assert "Un autre transfert est en cours" in flat(app)
        assert isinstance(app.screen, HistoryPage)
        await pilot.press("down")
        assert available(pilot) == {"open", "report", "purge"}
        await pilot.press("e")
        assert isinstance(app.screen, ReportPage)
        await pilot.press("escape")
        assert isinstance(app.screen, HistoryPage)


@pytest.mark.parametrize("key", ["enter", "right"])
async def test_a_running_job_is_joined(staged: Stage, workers: Workers, key: str) -> None:
    job = staged.job(stage.midway(), running=True)
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await open_history(pilot)
        share = french.percent(Follower(job).progress.share).replace("\u202f", " ")
        assert f"En cours depuis le 2 mars 2022 à 14 h 05, {share}." in flat(app)
        await pilot.press(key)
        assert isinstance(app.screen, TransferPage)
        assert app.screen.job == job
        await settle(pilot)
        assert workers.jobs == []


async def test_enter_on_a_stopped_job_says_why_and_r_goes_on_with_it(staged: Stage, workers: Workers) -> None:
    job = interrupted(staged)
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await open_history(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(app.screen, FailureDialog)
        assert workers.jobs == []
        await pilot.press("escape", "escape", "r")
        await until(pilot, lambda: workers.jobs == [job])


async def test_a_job_begun_by_another_window_appears_and_its_progress_too(
    staged: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "LOOK_SECONDS", 0.05)
    staged.job(stage.all_delivered(), created_at=earlier(1))
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        table = await open_history(pilot)
        job = staged.job([stage.started()], running=True)
        await until(pilot, lambda: table.row_count == 2)
        assert table.get_row_at(0)[0].plain.strip() == "▸ en cours"
        assert table.cursor_row == 1, "the highlighted job stays the same"
        await pilot.press("up")
        stage.append(job, *stage.midway()[1:])
        share = french.percent(Follower(job).progress.share).replace("\u202f", " ")
        await until(pilot, lambda: share in flat(app))
        staged.end()
        await until(pilot, lambda: "s’est arrêté avant la fin" in flat(app))
        control.remove(job)
        await until(pilot, lambda: table.row_count == 1)


async def test_damaged_jobs_are_listed_and_explained(staged: Stage) -> None:
    altered = staged.job(stage.all_delivered())
    altered.journal.write_bytes(altered.journal.read_bytes().replace(b"direct", b"detour"))
    headless = staged.job(stage.all_delivered(), created_at=earlier(1))
    headless.spec_file.unlink()
    staged.job(stage.all_delivered(), created_at=earlier(2))
    app = CentreApp(staged.home)
    async with app.run_test(size=(110, 30)) as pilot:
        table = await open_history(pilot)
        states = [table.get_row_at(row)[0].plain.strip() for row in range(3)]
        assert states == ["✗ abîmé", "✗ abîmé", "✓ réussi"]
        assert "ligne 2" in flat(app)
        assert available(pilot) == {"open"}
        await pilot.press("down")
        assert "01/03/2022 14:05 –" in flat(app)
        assert "ce fichier a disparu" in flat(app)
        await pilot.press("enter")
        assert isinstance(app.screen, FailureDialog)
        await pilot.press("r")  # nothing to go on with
        assert isinstance(app.screen, FailureDialog)


async def test_without_a_job_one_sentence_says_so(staged: Stage) -> None:
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await open_history(pilot)
        assert "Aucun transfert n’a encore été fait depuis cette machine." in flat(app)
        assert "Supprimer" not in flat(app)
        staged.job(stage.midway(), running=True)
        await until(pilot, lambda: "en cours" in flat(app))
        await pilot.press("enter")
        assert isinstance(app.screen, TransferPage)


async def test_forty_jobs_scroll_at_80_by_24(staged: Stage) -> None:
    for days in range(40):
        staged.job(stage.all_delivered(), created_at=earlier(days))
    app = CentreApp(staged.home)
    async with app.run_test(size=(80, 24)) as pilot:
        table = await open_history(pilot)
        assert table.row_count == 40
        assert "02/03/2022" in flat(app)
        await pilot.press("end")
        assert "22/01/2022" in flat(app)
        assert "Référence" not in flat(app)
        assert "référence 20220122-140500-d9f0" in flat(app)
        await pilot.press("down")
        assert isinstance(app.focused, Action)


async def test_an_idle_page_reads_only_what_was_appended(
    staged: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = interrupted(staged)
    past = PastJobs(staged.home)
    assert past.look() == past.look()
    journal = job.journal.read_bytes()
    job.journal.write_bytes(b"x" * len(journal))  # would be noticed, were it read again
    assert [row.error for row in past.look()] == [None]
    job.journal.write_bytes(journal.replace(b"direct", b"detour"))
    damaged = PastJobs(staged.home)
    (first,) = damaged.look()
    assert first.error is not None
    reads: list[Job] = []
    with monkeypatch.context() as watched:
        watched.setattr(job_history, "read", reads.append)
        assert damaged.look() == (first,), "what is damaged is not read again every other second"
    assert reads == []
    job.journal.write_bytes(journal)
    assert [row.error for row in damaged.look()] == [None], "it is read again where it was mended"


async def test_nothing_is_looked_at_under_a_modal(staged: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[None] = []
    look = PastJobs.look

    def count_and_look(past: PastJobs) -> tuple[PastJob, ...]:
        looked.append(None)
        return look(past)

    monkeypatch.setattr(PastJobs, "look", count_and_look)
    monkeypatch.setattr(history, "LOOK_SECONDS", 0.02)
    interrupted(staged)
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await open_history(pilot)
        await until(pilot, lambda: len(looked) > 3)
        await pilot.press("question_mark")
        await settle(pilot)
        before = len(looked)
        await rounds(pilot, 0.02)
        assert len(looked) == before
        await pilot.press("escape")
        await until(pilot, lambda: len(looked) > before)


# ── Removing ──────────────────────────────────────────────────


class Sharebox:
    """Stands in for the removal on the Sharebox: keeps what it was given, refuses as long as told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.orders: list[Orders] = []
        self.refusals: list[TransferError] = []
        monkeypatch.setattr(leftovers, "remove_leftovers", self.remove)

    def remove(
        self, _state: JobState, left: Leftovers, orders: Orders, _cancellation: Cancellation
    ) -> list[str]:
        self.orders.append(orders)
        if self.refusals:
            raise self.refusals.pop(0)
        return list(left.names[:1])


@pytest.fixture
def sharebox(monkeypatch: pytest.MonkeyPatch) -> Sharebox:
    return Sharebox(monkeypatch)


async def ask_to_purge(pilot: Pilot[Any], *keys: str) -> None:
    await pilot.press("delete")
    await until(pilot, lambda: isinstance(pilot.app.screen, PurgeDialog))
    await pilot.press(*keys)
    await settle(pilot)
    await settle(pilot)


def names(staged: Stage) -> Sequence[str]:
    return [job.id for job in control.list_jobs(staged.home)]


async def test_a_finished_job_is_removed_here_only_after_asking(staged: Stage, sharebox: Sharebox) -> None:
    job = staged.job(stage.all_delivered())
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await open_history(pilot)
        await ask_to_purge(pilot, "enter")  # the focus is on « Non »
        assert names(staged) == [job.id]
        await pilot.press("delete")
        await until(pilot, lambda: isinstance(app.screen, PurgeDialog))
        assert "Sharebox restent en place" in flat(app)
        assert "Ici seulement" not in flat(app)
        await pilot.press("k")  # no such button
        assert isinstance(app.screen, PurgeDialog)
        await pilot.press("o")
        await until(pilot, lambda: names(staged) == [])
        await until(pilot, lambda: "Aucun transfert" in flat(app))
        assert "Le transfert est supprimé de cette machine." in flat(app)
        assert sharebox.orders == []


async def test_a_second_press_asks_no_second_time(
    staged: Stage, sharebox: Sharebox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is asked is looked up beside the screen, which may take a while."""
    looked_up = threading.Event()
    look_up = leftovers.leftovers_by_place

    def look_up_slowly(state: JobState) -> list[Leftovers]:
        assert looked_up.wait(60)
        return look_up(state)

    monkeypatch.setattr(leftovers, "leftovers_by_place", look_up_slowly)
    job = interrupted(staged)
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await open_history(pilot)
        await pilot.press("delete", "delete")
        looked_up.set()
        await until(pilot, lambda: isinstance(app.screen, PurgeDialog))
        await pilot.press("n")
        await settle(pilot)
        assert isinstance(app.screen, HistoryPage)
        assert names(staged) == [job.id]


async def test_what_is_asked_is_in_sight_however_many_databases_there_are(staged: Stage) -> None:
    ending = stage.blocked(Problem.INTERRUPTED, reason="Interrompu à la demande")
    begun = [ev.UploadStarted(at=stage.at(21), database=index, offset=0) for index in range(2, 40)]
    names = [f"Base de l'association {number}" for number in range(40)]
    staged.job([*stage.midway(), *begun, ending], names=names)
    app = CentreApp(staged.home)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_history(pilot)
        await pilot.press("delete")
        await until(pilot, lambda: isinstance(app.screen, PurgeDialog))
        await pilot.pause()
        assert "Base de l'association 0 + 39." in flat(app)
        assert "Il ne pourra plus être repris." in flat(app)
        assert _PARTS[0] in flat(app)
        assert f"et {39 - 4} autres" in flat(app)


async def test_an_interrupted_job_is_removed_with_what_it_left_on_the_sharebox(
    staged: Stage, sharebox: Sharebox
) -> None:
    interrupted(staged)
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await open_history(pilot)
        await pilot.press("delete")
        await until(pilot, lambda: isinstance(app.screen, PurgeDialog))
        assert f"{_PARTS[0]}, et ce qui l’accompagne" in flat(app)
        await pilot.press("o")
        await until(pilot, lambda: names(staged) == [])
        await until(pilot, lambda: f"Supprimé de Sharebox : {_PARTS[0]}." in flat(app))
        assert len(sharebox.orders) == 1


async def test_leaving_ends_a_removal_that_waits_for_the_sharebox(
    staged: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = threading.Event()

    def wait_for_ever(
        _state: JobState, _left: Leftovers, _orders: Orders, cancellation: Cancellation
    ) -> list[str]:
        assert cancellation.wait(60)
        ended.set()
        raise cancellation.error()

    monkeypatch.setattr(leftovers, "remove_leftovers", wait_for_ever)
    job = interrupted(staged)
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await open_history(pilot)
        await pilot.press("delete")
        await until(pilot, lambda: isinstance(app.screen, PurgeDialog))
        await pilot.press("o")
        await until(pilot, lambda: "Suppression" in flat(app))
        assert not ended.is_set()
        await pilot.press("escape")
        await until(pilot, ended.is_set)
        assert names(staged) == [job.id]


async def test_here_only_leaves_the_sharebox_alone(staged: Stage, sharebox: Sharebox) -> None:
    interrupted(staged)
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await open_history(pilot)
        await ask_to_purge(pilot, "k")
        await until(pilot, lambda: names(staged) == [])
        assert sharebox.orders == []


async def test_the_password_is_asked_and_the_removal_goes_on(staged: Stage, sharebox: Sharebox) -> None:
    job = interrupted(staged)
    sharebox.refusals = [TransferError(Problem.PASSWORD_NEEDED, username="exemple")]
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await open_history(pilot)
        await ask_to_purge(pilot, "o")
        await until(pilot, lambda: isinstance(app.screen, SecretDialog))
        assert names(staged) == [job.id]
        await pilot.press(*"mot", "enter")
        await until(pilot, lambda: names(staged) == [])
        assert [orders.sftp_password for orders in sharebox.orders] == [None, "mot"]


async def test_a_sharebox_out_of_reach_keeps_the_job_and_says_so(staged: Stage, sharebox: Sharebox) -> None:
    job = interrupted(staged)
    refusal = TransferError(Problem.SHAREBOX_UNREACHABLE, host="x.example.org", port=22, reason="refus")
    sharebox.refusals = [refusal]
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await open_history(pilot)
        await ask_to_purge(pilot, "o")
        await until(pilot, lambda: "Conservé." in flat(app))
        assert names(staged) == [job.id]
        assert "« Ici seulement »" in flat(app)


async def test_a_job_that_another_window_resumed_meanwhile_is_kept(staged: Stage, sharebox: Sharebox) -> None:
    job = interrupted(staged)
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await open_history(pilot)
        await pilot.press("delete")
        await until(pilot, lambda: isinstance(app.screen, PurgeDialog))
        staged.run(job)
        await pilot.press("o")
        await until(pilot, lambda: "Conservé." in flat(app))
        assert names(staged) == [job.id]
        assert sharebox.orders == []


def test_names_fit_or_are_counted() -> None:
    assert names_in(["Base active", "Paie"], 20) == "Base active, Paie"
    assert names_in(["Base active", "Paie", "Archives"], 18) == "Base active + 2"
    assert names_in(["Une base au nom bien long"], 10) == "Une base au nom bien long"
    assert len(names_in(["Une base au nom bien long", "Paie"], 14)) == 14


async def test_what_was_refused_stands_among_the_jobs_with_why_and_code(staged: Stage) -> None:
    older = staged.job(stage.all_delivered(), created_at=stage.NOW, numbered=True)
    attempts.record(staged.home, TransferError(Problem.CLOSED, date="1er avril 2022"), command="run")
    newer = staged.job(stage.all_delivered(), created_at=earlier(3), numbered=True)  # a clock turned back
    app = CentreApp(staged.home)
    async with app.run_test(size=(120, 40)) as pilot:
        table = await open_history(pilot)
        rows = [" ".join(cell.plain for cell in table.get_row_at(row)) for row in range(3)]
        assert [("réussi" in row, "refusé" in row) for row in rows] == [
            (True, False),
            (False, True),
            (True, False),
        ]
        assert "La période de transfert est terminée" in rows[1]
        found = PastJobs(staged.home).look()
        assert [row.name for row in found if row.job] == [newer.id, older.id]
        await pilot.press("down")
        await settle(pilot)
        assert "Les transferts ont fermé le 1er avril 2022" in flat(app)
        assert "refusé (code 17)" in flat(app)
        assert available(pilot) == {"open"}
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, FailureDialog))


async def test_another_accounts_password_is_asked_and_shown_to_it_alone(
    staged: Stage, sharebox: Sharebox
) -> None:
    other = msgspec.structs.replace(settings().sharebox, host="ancien.example.org")
    staged.job(
        [
            stage.started(sharebox=other),
            *stage.midway()[1:],
            stage.blocked(Problem.INTERRUPTED, reason="Interrompu à la demande"),
            stage.started(sharebox=settings().sharebox),
            *stage.all_delivered()[1:],
        ]
    )
    sharebox.refusals = [TransferError(Problem.PASSWORD_NEEDED, username="exemple")]
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        app.session.sftp_password = "celui d'ici"
        await open_history(pilot)
        await ask_to_purge(pilot, "o")
        await until(pilot, lambda: isinstance(app.screen, SecretDialog))
        assert "ancien.example.org" in flat(app)
        await pilot.press(*"mot", "enter")
        await until(pilot, lambda: names(staged) == [])
        assert [orders.sftp_password for orders in sharebox.orders] == [None, "mot"]
        assert app.session.sftp_password == "celui d'ici"


@pytest.mark.parametrize(
    ("name", "told"),
    [("20220302-140500-d9f0", "02/03/2022 14:05"), ("sans date", "–"), ("00010101-000000-d9f0", "–"),
     ("19600101-120000-d9f0", "01/01/1960 12:00")],
)  # fmt: skip
def test_the_time_in_a_name_is_told_if_there_is_one(name: str, told: str) -> None:
    # Windows tells no time before 1970.
    assert _moment_in(name) in ({told, "–"} if name.startswith("19") else {told})
