"""Steps 5a to 5c: the transfer followed from its journal, and left."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.tui import stage
from tests.tui.conftest import flat, rounds, until
from tests.tui.scenes import PRACTICE, follow, settle
from tests.tui.stage import MEGA
from tui_transfer.job import control
from tui_transfer.job import events as ev
from tui_transfer.job.spec import make_spec
from tui_transfer.job.state import JobState
from tui_transfer.report.receipts import ReceiptFiles
from tui_transfer.system.files import write_private
from tui_transfer.tui import wording
from tui_transfer.tui.app import CentreApp
from tui_transfer.tui.dialogs.failure import FailureDialog
from tui_transfer.tui.dialogs.leaving import LeavingDialog
from tui_transfer.tui.dialogs.success import SuccessDialog
from tui_transfer.tui.screens.home import HomePage
from tui_transfer.tui.screens.report import ReportPage
from tui_transfer.tui.screens.transfer import POLL_SECONDS, TransferPage
from tui_transfer.tui.widgets.actions import Action
from tui_transfer.tui.widgets.progress_table import ProgressTable
from tui_transfer.tui.widgets.prose import Prose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.tui.conftest import Workers
    from tests.tui.stage import Stage
    from tui_transfer.job.control import Job


@pytest.fixture
def app(staged: Stage, workers: Workers) -> CentreApp:
    return CentreApp(staged.home)


# ── 5a, 5b ────────────────────────────────────────────────────


async def test_the_rows_follow_the_journal(app: CentreApp, staged: Stage) -> None:
    job = staged.job(stage.midway(), running=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await follow(pilot, job)
        assert re.search(r" (2\d) % ▸ 65 % ▸ 44 % 212 Mo 35,0 Mo", flat(app))
        assert "100 % ✓ fait ✓ fait 84,0 Mo 31,9 Mo" in flat(app)
        assert "0 % · attente · attente 37,0 Mo 0 o" in flat(app)
        assert "Compression et envoi de « Dossiers archivés »." in flat(app)
        packed = 81_000_000
        stage.append(
            job,
            ev.ArchiveSealed(
                at=stage.at(21), database=1, size=packed, sha256="0" * 64, source_size=212_000_000, files=9
            ),
            ev.UploadProgress(at=stage.at(22), database=1, acknowledged=packed),
            ev.VerificationProgress(at=stage.at(23), database=1, checked=0, total=packed),
        )
        await until(pilot, lambda: "↻ vérif." in flat(app))
        assert re.search(r" [4-9]\d % ✓ fait ↻ vérif. 212 Mo 81,0 Mo", flat(app))
        assert "Vérification de « Dossiers archivés »." in flat(app)


async def test_success_says_how_it_was_verified_and_leads_to_the_report(
    app: CentreApp, staged: Stage
) -> None:
    job = staged.job(stage.midway(), running=True)
    async with app.run_test() as pilot:
        await follow(pilot, job)
        stage.append(job, *stage.all_delivered()[8:])
        staged.end()
        await until(pilot, lambda: isinstance(app.screen, SuccessDialog))
        assert "leur contenu y a été vérifié" in flat(app)
        assert "par relecture complète du fichier arrivé" in flat(app)
        await pilot.press("o")
        assert isinstance(app.screen, ReportPage)


async def test_success_says_where_no_receipt_could_be_written(app: CentreApp, staged: Stage) -> None:
    job = staged.job(stage.all_delivered())
    async with app.run_test() as pilot:
        await follow(pilot, job)
        assert "n’a pas pu être écrit. Pour l’écrire : tui-transfer receipt" in unframed(app)


async def test_success_says_where_the_receipt_is_and_what_shows_it(app: CentreApp, staged: Stage) -> None:
    job = staged.job(stage.all_delivered())
    files = ReceiptFiles.of(staged.home.receipts, job.id)
    write_private(files.content, b"{}")
    async with app.run_test(size=(200, 50)) as pilot:
        await follow(pilot, job)
        assert "à garder (« tui-transfer receipt » le montre)" in unframed(app)
        assert str(files.page) in unframed(app).replace(" ", "")


def unframed(app: CentreApp) -> str:
    """What a dialog says, without what is beside it."""
    return " ".join(
        " ".join(prose.text.plain.replace("\xa0", " ") for prose in app.screen.query(Prose)).split()
    )


async def test_the_database_being_sent_stays_in_sight_among_fifteen(app: CentreApp, staged: Stage) -> None:
    names = [f"Association intermédiaire du canton {number:02d}" for number in range(15)]
    events = [event for index in range(13) for event in stage.delivered(index, MEGA)]
    job = staged.job([stage.started(), *events], running=True, names=names)
    async with app.run_test(size=(80, 24)) as pilot:
        await follow(pilot, job)
        stage.append(
            job,
            ev.ArchiveStarted(at=stage.at(14), database=13, kind="file", size=MEGA, files=1),
            ev.UploadStarted(at=stage.at(14), database=13, offset=0),
        )
        await until(pilot, lambda: "anton 13 ·" in flat(app))
        assert "anton 00" not in flat(app)


@pytest.mark.parametrize(
    ("read_meanwhile", "how"),
    [(False, "par relecture complète du fichier arrivé"), (True, "64 endroits tirés au sort.")],
)
async def test_fifteen_long_names_hide_neither_what_was_verified_nor_what_comes_next(
    app: CentreApp, staged: Stage, read_meanwhile: bool, how: str
) -> None:
    names = [f"Association intermédiaire de services à domicile numéro {number:02d}" for number in range(15)]
    events = [
        event for index in range(15) for event in stage.delivered(index, MEGA, read_meanwhile=read_meanwhile)
    ]
    job = staged.job([stage.started(), *events, ev.JobSucceeded(at=stage.at(95))], names=names)
    async with app.run_test(size=(80, 24)) as pilot:
        await follow(pilot, job)
        text = flat(app)
        assert how in text
        assert "domicile numéro 01" in text
        assert "et 13 autres" in text
        assert "tui-transfer receipt" in text
        assert "le message est prêt" in text


async def test_what_cannot_be_verified_is_not_called_verified(app: CentreApp, staged: Stage) -> None:
    job = staged.job(stage.all_delivered("none"))
    async with app.run_test() as pilot:
        await follow(pilot, job)
        assert isinstance(app.screen, SuccessDialog)
        assert "Transfert terminé, non vérifiable" in flat(app)
        assert "✓" not in flat(app).split("Transfert terminé")[1].split("OK")[0]


async def test_nothing_is_drawn_under_a_modal(app: CentreApp, staged: Stage) -> None:
    job = staged.job(stage.midway(), running=True)
    async with app.run_test() as pilot:
        page = await follow(pilot, job)
        await pilot.press("q")
        stage.append(job, ev.UploadProgress(at=stage.at(25), database=1, acknowledged=50_000_000))
        table = page.query_one(ProgressTable)
        await rounds(pilot, POLL_SECONDS)  # it could have been drawn
        assert str(table.get_cell_at((1, 5))) == "35,0\xa0Mo"  # type: ignore[arg-type]
        await pilot.press("escape")
        await until(pilot, lambda: str(table.get_cell_at((1, 5))) == "50,0\xa0Mo")  # type: ignore[arg-type]


async def test_a_worker_that_vanished_is_told_and_can_be_resumed(
    app: CentreApp, staged: Stage, workers: Workers
) -> None:
    job = staged.job(stage.midway(), running=True)
    async with app.run_test() as pilot:
        await follow(pilot, job)
        staged.end()
        await until(pilot, lambda: isinstance(app.screen, FailureDialog))
        assert "Le programme s’est arrêté avant la fin" in flat(app)
        await pilot.press("r")
        await settle(pilot)
    assert [started.id for started in workers.jobs] == [job.id]


async def test_a_broken_journal_is_told(app: CentreApp, staged: Stage) -> None:
    job = staged.job(stage.midway())
    job.journal.write_bytes(job.journal.read_bytes().replace(b"folder", b"fodder"))
    async with app.run_test() as pilot:
        await follow(pilot, job)
        assert "Le journal de ce transfert est abîmé" in flat(app)
        assert not app.screen.query("#action-resume")


# ── Quitting ──────────────────────────────────────────────────


async def test_in_the_background_the_program_ends_and_the_worker_does_not(
    app: CentreApp, staged: Stage, workers: Workers
) -> None:
    job = staged.job(stage.midway(), running=True)
    async with app.run_test() as pilot:
        await follow(pilot, job)
        await pilot.press("q")
        assert isinstance(app.screen, LeavingDialog)
        await pilot.press("q")
    assert app.return_code == 0
    assert job.running
    assert workers.stopped == []


async def test_interrupting_stops_the_worker_and_offers_to_resume(
    app: CentreApp, staged: Stage, workers: Workers
) -> None:
    job = staged.job(stage.midway(), running=True)
    async with app.run_test() as pilot:
        page = await follow(pilot, job)
        await pilot.press("q", "i")
        assert "Il s’arrêtera pour tout le monde" in flat(app)
        await pilot.press("o")
        await settle(pilot)
        assert [stopped.id for stopped in workers.stopped] == [job.id]
        stage.append(job, stage.blocked("interrupted", reason="Interrompu"))
        staged.end()
        await until(pilot, lambda: page.query_one("#action-resume", Action).display)
        assert app.screen is page, "a person who interrupts needs no modal to tell so"
        assert "· 44 %" in flat(app)
        await pilot.press("r")
        await settle(pilot)
        assert [started.id for started in workers.jobs] == [job.id]


@pytest.mark.parametrize("keys", ["q", ["i", "enter", "q", "q"], ["i", "n", "q", "q"], ["enter"]])
async def test_who_only_looks_leaves_without_harm(
    app: CentreApp, staged: Stage, workers: Workers, keys: Sequence[str]
) -> None:
    """A second window has joined; its way out never ends the worker by the way."""
    job = staged.job(stage.midway(), running=True)
    async with app.run_test() as pilot:
        await follow(pilot, job)
        await pilot.press("ctrl+c")
        assert "Pour quitter, appuyez sur Q" in flat(app)
        await pilot.press("q", *keys)
    assert app.return_code == 0
    assert workers.stopped == []
    assert job.running


async def test_a_worker_that_has_just_begun_is_not_left_without_asking(
    app: CentreApp, staged: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When it starts, the page has last seen a job without a worker, and looks again only later."""
    job = staged.job()

    def start(begun: Job, orders: object, attendance: object) -> int:
        staged.run(begun)
        return 1

    monkeypatch.setattr(control, "start_new", start)
    async with app.run_test() as pilot:
        await follow(pilot, job, begin=True)
        await pilot.press("q")
        assert isinstance(app.screen, LeavingDialog)
        await pilot.press("escape", "enter")
        assert isinstance(app.screen, TransferPage), "Enter must not quit while there is only to wait"


async def test_going_back_leaves_the_transfer_alone(app: CentreApp, staged: Stage, workers: Workers) -> None:
    job = staged.job(stage.midway(), running=True)
    async with app.run_test() as pilot:
        await follow(pilot, job)
        await pilot.press("escape")
        assert isinstance(app.screen, HomePage)
        assert "▸ En cours" in flat(app)
    assert workers.stopped == []


async def test_a_demonstration_says_that_it_ends_with_the_program(staged: Stage, workers: Workers) -> None:
    job = staged.job(stage.midway(), running=True)
    app = CentreApp(staged.home, PRACTICE)
    async with app.run_test() as pilot:
        await follow(pilot, job)
        await pilot.press("q")
        assert "Quitter termine la démonstration" in flat(app)
        assert "le transfert continue" not in flat(app)
        await pilot.press("enter")
        assert isinstance(app.screen, TransferPage), "Enter alone must not end it"
        await pilot.press("q", "q")
    assert app.return_code == 0


async def test_staying_changes_nothing(app: CentreApp, staged: Stage, workers: Workers) -> None:
    job = staged.job(stage.midway(), running=True)
    async with app.run_test() as pilot:
        page = await follow(pilot, job)
        await pilot.press("q", "escape")
        assert app.screen is page
    assert workers.stopped == []


# ── Rate ──────────────────────────────────────────────────────


async def test_the_rate_is_that_of_the_events_until_they_stop(app: CentreApp, staged: Stage) -> None:
    """However late they are read: some megabytes a second, then nothing any more."""
    begun = stage.at(20).timestamp()
    clock = [begun]

    def shows(text: str) -> bool:
        return text in flat(app)

    job = staged.job(stage.midway(), running=True)
    async with app.run_test(size=(120, 36)) as pilot:
        await app.push_screen(TransferPage(job, begin=False, clock=lambda: clock[0]))
        await pilot.pause()
        for step, late in enumerate((0.1, 1.9, 0.2, 1.7), start=1):
            sent = (35 + 8 * step) * MEGA
            stage.append(job, ev.UploadProgress(at=stage.at(20 + 4 * step), database=1, acknowledged=sent))
            clock[0] = begun + 4 * step + late
            await until(pilot, partial(shows, f"{(sent + 31_920_000) / MEGA:.1f} Mo".replace(".", ",")))
            assert re.search(r"envoyés · [2-5],\d Mo/s", flat(app))
        clock[0] += 60
        await until(pilot, lambda: not re.search(r"envoyés · \S+ Mo/s", flat(app)))


def test_what_is_being_done_now_in_words() -> None:
    spec = make_spec(stage.settings(), [("Base active", Path("/srv/impact/base.db"))], stage.NOW)
    state = JobState.fold(spec, [stage.started()])
    assert wording.doing(state, 0.0, running=True) == "Connexion à Sharebox…"
    assert (
        wording.doing(state, 0.0, running=False)
        == "Le transfert est arrêté, rien n’est perdu ; il peut être repris."
    )


def test_two_databases_at_once_in_words() -> None:
    """One is verified while the next is compressed and sent, and then waits for its own verification."""
    names = [(name, Path(f"/srv/{name}.db")) for name in ("Une", "Deux")]
    state = JobState.fold(make_spec(stage.settings(), names, stage.NOW), [stage.started(), stage.connected()])

    def happens(*events: ev.Event) -> str:
        nonlocal state
        for event in events:
            state = state.apply(event)
        return wording.doing(state, 0.0, running=True)

    def sealed(database: int) -> ev.Event:
        return ev.ArchiveSealed(
            at=stage.NOW, database=database, size=90, sha256="x", source_size=900, files=1
        )

    happens(sealed(0), ev.UploadStarted(at=stage.NOW, database=0, offset=0))
    words = happens(ev.UploadProgress(at=stage.NOW, database=0, acknowledged=90))
    assert words == "Vérification de « Une »."
    happens(
        ev.VerificationProgress(at=stage.NOW, database=0, checked=0, total=90),
        ev.ArchiveStarted(at=stage.NOW, database=1, kind="file", size=900, files=1),
    )
    assert wording.doing(state, 0.0, running=True) == "Vérification de « Une », compression de « Deux »."
    words = happens(ev.UploadStarted(at=stage.NOW, database=1, offset=0))
    assert words == "Vérification de « Une », envoi de « Deux »."
    assert happens(sealed(1)) == words
    cells = [wording.transfer_cell(item, running=True)[0] for item in state.databases]
    assert cells == ["↻ vérif.", "▸ 0\u202f%"]
    words = happens(ev.UploadProgress(at=stage.NOW, database=1, acknowledged=90))
    assert words == "Vérification de « Une »."
    assert wording.transfer_cell(state.databases[1], running=True)[0] == "▸ envoyé"
    assert wording.transfer_cell(state.databases[1], running=False)[0] == "· 99\u202f%"


def test_the_wait_for_the_network_counts_down_beside_the_compression() -> None:
    spec = make_spec(stage.settings(), [("Base active", Path("/srv/impact/base.db"))], stage.NOW)
    lost = ev.Waiting(at=stage.at(10), attempt=3, seconds=8.0, reason="Plus de réponse.")
    state = JobState.fold(spec, [stage.started(), stage.connected(), lost])
    then = stage.at(10).timestamp()
    assert wording.doing(state, then, running=True) == "Attente du réseau : tentative 3 dans 8\xa0s."
    assert wording.doing(state, then + 9, running=True) == "Attente du réseau : tentative 3 en cours…"
    packing = state.apply(ev.ArchiveStarted(at=stage.at(11), database=0, kind="file", size=9, files=1))
    text = wording.doing(packing, then + 5, running=True)
    assert text == "Attente du réseau : tentative 3 dans 3\xa0s. Compression de « Base active »."
    assert "Attente" not in wording.doing(packing.apply(stage.connected()), then, running=True)
