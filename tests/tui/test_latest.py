"""What the transfer's screen says meanwhile: that nothing is to be done, what is waited for and happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.widgets import Static

from tests.tui import stage
from tests.tui.conftest import flat, until
from tests.tui.scenes import follow
from tests.tui.stage import MEGA
from tui_transfer.job import events as ev
from tui_transfer.job import report_mark
from tui_transfer.job.control import Follower
from tui_transfer.job.state import JobState
from tui_transfer.tui import wording
from tui_transfer.tui.app import CentreApp
from tui_transfer.tui.farewell import farewell
from tui_transfer.tui.news import News
from tui_transfer.tui.widgets.rate_curve import Curve, bars

if TYPE_CHECKING:
    from tests.tui.stage import Stage


def _state(staged: Stage, *events: ev.Event) -> JobState:
    return JobState.fold(staged.job().spec, [stage.started(), *events])


def _after(state: JobState, seconds: float) -> str:
    return wording.reassurance(state, stage.at(seconds).timestamp(), running=True)


def test_the_sheets_sentences_are_said_while_all_goes_well(staged: Stage) -> None:
    text = _after(_state(staged, stage.connected()), 2)
    assert text == "Aucune intervention n’est requise. N’éteignez pas l’ordinateur."


def test_on_a_cut_link_nothing_is_lost_and_it_is_said_until_when_it_is_tried_again(staged: Stage) -> None:
    """The time counts from when it was lost, not from the last attempt."""
    cuts = [
        ev.Waiting(at=stage.at(60 * minute), attempt=minute, seconds=20, reason="Perdue.")
        for minute in (1, 2, 3)
    ]
    state = _state(staged, stage.connected(), *cuts)
    text = _after(state, 181)
    assert "Rien n’est perdu" in text
    assert "jusqu’à 14\xa0h\xa036" in text, text
    assert "tentative 3" in wording.doing(state, stage.at(181).timestamp(), running=True)
    assert "Rien n’est perdu" not in _after(state.apply(stage.connected()), 182)


def test_on_a_locked_base_it_is_said_why_it_waits_and_until_when(staged: Stage) -> None:
    state = _state(
        staged,
        ev.ArchiveStarted(at=stage.at(1), database=0, kind="sqlite", size=MEGA, files=1),
        ev.DatabaseLocked(at=stage.at(2), database=0, seconds=30),
    )
    doing = wording.doing(state, stage.at(3).timestamp(), running=True)
    assert doing.startswith("« Base active » est utilisée par un autre programme")
    assert "14\xa0h\xa005\xa0min\xa032\xa0s" in doing
    assert "Fermez Impact emploi" in _after(state, 3)
    free = state.apply(ev.ArchiveProgress(at=stage.at(9), database=0, read=0, packed=32))
    assert "autre programme" not in wording.doing(free, stage.at(9).timestamp(), running=True)


def test_a_silent_sharebox_is_told(staged: Stage) -> None:
    state = _state(staged, stage.connected(), ev.UploadStarted(at=stage.at(2), database=0, offset=32))
    assert "Sharebox ne répond pas depuis 20" in _after(state, 22)


def test_what_failed_before_is_not_shown_as_failed_while_it_begins_anew(staged: Stage) -> None:
    failed = ev.DatabaseFailed(at=stage.at(20), database=1, problem="database-missing", details={"path": "x"})
    state = _state(staged, *stage.midway()[1:], failed, stage.blocked("interrupted"))
    assert wording.compression_cell(state.databases[1], running=False)[0] == "✗ échec"
    for databases in (wording.begun_anew(state), state.apply(stage.started()).databases):
        cells = [
            cell(item, running=True)[0]
            for item in databases
            for cell in (wording.compression_cell, wording.transfer_cell)
        ]
        assert "✗ échec" not in cells


def test_before_anything_is_sent_what_is_compressed_is_counted(staged: Stage) -> None:
    job = staged.job(
        [
            stage.started(),
            *stage.sized(100 * MEGA),
            ev.ArchiveStarted(at=stage.at(1), database=0, kind="file", size=100 * MEGA, files=1),
            ev.ArchiveProgress(at=stage.at(9), database=0, read=50 * MEGA, packed=20 * MEGA),
        ],
        running=True,
    )
    follower = Follower(job)
    text = wording.pace(follower.state, follower.progress, stage.at(10).timestamp(), running=True)
    assert "50,0\xa0Mo compressés sur 100\xa0Mo, rien n’est encore envoyé" in text
    assert follower.progress.share < 0.1


async def test_wide_windows_show_the_rate_and_what_happened_last(staged: Stage) -> None:
    job = staged.job(stage.midway(), running=True)
    app = CentreApp(staged.home)
    async with app.run_test(size=(120, 36)) as pilot:
        await follow(pilot, job)
        await until(pilot, lambda: "Dossiers archivés : envoi commencé" in flat(app))
        assert "14:05:12 Base active : remise et vérifiée" in flat(app)
        assert "Débit, au plus" in flat(app)
        assert "█" in flat(app)
        stage.append(job, ev.Waiting(at=stage.at(30), attempt=1, seconds=9, reason="Perdue."))
        await until(pilot, lambda: "Connexion perdue, rien n’est perdu : tentative 1" in flat(app))
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: "Débit" not in flat(app))
        assert "Rien n’est perdu" in flat(app)


async def test_where_no_rate_was_measured_nothing_is_said_of_what_was_sent(staged: Stage) -> None:
    job = staged.job(stage.all_delivered())
    app = CentreApp(staged.home)
    async with app.run_test(size=(120, 36)) as pilot:
        page = await follow(pilot, job)
        curve = page.query_one("#curve", Static)
        await until(pilot, lambda: str(curve.content) == "Débit : aucune mesure")


def test_of_attempts_to_connect_the_last_is_kept(staged: Stage) -> None:
    state, news = _state(staged), News()
    for attempt in (1, 2, 3):
        event = ev.Waiting(at=stage.at(attempt), attempt=attempt, seconds=1, reason="x")
        news.hear(event, state.apply(event))
    (line,) = news.last(9)
    assert line.endswith("tentative 3")


@given(
    st.lists(st.tuples(st.floats(0, 20), st.none() | st.floats(0, 1e9)), min_size=1, max_size=300),
    st.integers(2, 60),
)
def test_a_curve_never_outgrows_its_place_and_keeps_what_was_highest(
    steps: list[tuple[float, float | None]], columns: int
) -> None:
    curve, now = Curve(columns), 0.0
    for seconds, rate in steps:
        now += seconds
        curve.add(now, rate)
    assert 1 <= len(curve.rates) <= columns
    assert max(curve.rates) <= max((rate or 0.0 for _, rate in steps)) * (1 + 1e-9)
    picture = bars(curve.rates, 4)
    assert len(picture) == 4
    assert {len(line) for line in picture} == {len(curve.rates)}


def test_bars_are_as_high_as_the_rates() -> None:
    assert bars([0, 1, 2, 4], 2) == ["   █", " ▄██"]


# ── What stays in the terminal ────────────────────────────────


def test_what_goes_on_in_the_background_is_said_on_leaving(staged: Stage) -> None:
    staged.job(stage.midway(), running=True)
    line = farewell(staged.home)
    assert "\n" not in line
    assert line.startswith("Le transfert continue en arrière-plan (")
    assert "N’éteignez pas l’ordinateur" in line
    assert line.endswith("tui-transfer")


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([*stage.midway(), stage.blocked("interrupted")], "Transfert à reprendre"),
        (stage.all_delivered(), "Transfert terminé et vérifié. Il reste à envoyer le rapport"),
        (stage.all_delivered("none"), "Transfert terminé et remis, sans vérification possible."),
        ([], ""),
    ],
)
def test_where_one_stands_is_said_on_leaving(staged: Stage, events: list[ev.Event], expected: str) -> None:
    job = staged.job(events)
    line = farewell(staged.home)
    assert line.startswith(expected)
    assert bool(line) == bool(expected)
    if expected.startswith("Transfert terminé et vérifié"):
        report_mark.mark_sent(job)
        assert farewell(staged.home).endswith("rapport envoyé : rien d’autre n’est à faire.")


def test_nothing_is_said_of_a_home_without_a_transfer(staged: Stage) -> None:
    assert farewell(staged.home) == ""
    assert "démonstration" in farewell(staged.home, practice=True)
