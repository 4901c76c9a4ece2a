"""Two windows that confirm at once: the second follows what the first began, and asks nothing again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.tui import stage
from tests.tui.conftest import Workers, flat, until
from tests.tui.scenes import follow, settle
from tests.tui.stage import Stage, append
from tui_transfer.errors import Problem, TransferError
from tui_transfer.job import control
from tui_transfer.tui.app import CentreApp
from tui_transfer.tui.dialogs.secret import SecretDialog
from tui_transfer.tui.happenings import JobJoined, JobMade
from tui_transfer.tui.screens.transfer import TransferPage

if TYPE_CHECKING:
    from tui_transfer.job.attendance import Attendance
    from tui_transfer.job.control import Job
    from tui_transfer.job.orders import Orders

NEEDED = stage.blocked("password-needed", username="exemple")


@pytest.fixture
def app(staged: Stage) -> CentreApp:
    return CentreApp(staged.home)


async def test_a_password_that_was_given_in_another_window_is_not_asked_any_more(
    app: CentreApp, staged: Stage, workers: Workers
) -> None:
    job = staged.job([stage.started(), NEEDED])
    async with app.run_test() as pilot:
        await follow(pilot, job)
        assert isinstance(app.screen, SecretDialog)
        append(job, *stage.midway())
        staged.run(job)
        await until(pilot, lambda: isinstance(app.screen, TransferPage))
        await until(pilot, lambda: "se poursuit dans une autre fenêtre" in flat(app))
    assert workers.jobs == []


async def test_what_covers_the_question_is_left_alone(
    app: CentreApp, staged: Stage, workers: Workers
) -> None:
    job = staged.job([stage.started(), NEEDED])
    async with app.run_test() as pilot:
        page = await follow(pilot, job)
        await pilot.press("f1")
        help_ = app.screen
        append(job, *stage.midway())
        staged.run(job)
        page._tick()
        await settle(pilot)
        assert app.screen is help_


async def test_one_that_another_window_is_about_to_start_is_waited_for(
    app: CentreApp, staged: Stage, workers: Workers
) -> None:
    job = staged.job()
    async with app.run_test() as pilot:
        await pilot.press("m")
        app.call_later(app.tell, JobJoined(job))
        await until(pilot, lambda: "démarre dans une autre fenêtre" in flat(app))
        append(job, *stage.midway())
        staged.run(job)
        await until(pilot, lambda: "se poursuit dans une autre fenêtre" in flat(app))
    assert workers.jobs == []


async def test_what_the_other_window_asks_is_asked_here_only_on_demand(
    app: CentreApp, staged: Stage, workers: Workers
) -> None:
    job = staged.job([stage.started(), NEEDED])
    async with app.run_test() as pilot:
        await pilot.press("m")
        app.call_later(app.tell, JobJoined(job))
        await until(pilot, lambda: "L’autre fenêtre le demande" in flat(app))
        assert isinstance(app.screen, TransferPage)
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, SecretDialog))


async def test_one_that_was_overtaken_at_its_start_follows_the_first(
    app: CentreApp, staged: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = staged.job(stage.midway(), running=True)
    second = staged.job(created_at=stage.NOW + timedelta(seconds=1))

    def overtaken(job: Job, orders: Orders, attendance: Attendance | None = None) -> int:
        control.remove(job)
        raise TransferError(Problem.JOB_RUNNING, job=first.id)

    monkeypatch.setattr(control, "start_new", overtaken)
    async with app.run_test() as pilot:
        await pilot.press("m")
        app.call_later(app.tell, JobMade(second))
        await until(pilot, lambda: isinstance(app.screen, TransferPage) and app.screen.job.id == first.id)
        assert not second.folder.exists()
