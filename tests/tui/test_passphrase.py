"""Archives with a passphrase: it is shown once, goes to the worker only, and is asked again."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from textual.widgets import Input

from tests.tui import stage
from tests.tui.conftest import flat, until
from tests.tui.scenes import follow, settle
from tui_transfer.archive.passphrase import words
from tui_transfer.errors import Problem
from tui_transfer.job import control
from tui_transfer.job import events as ev
from tui_transfer.settings import config
from tui_transfer.tui.app import CentreApp
from tui_transfer.tui.dialogs.confirm import ConfirmDialog
from tui_transfer.tui.dialogs.passphrase import PassphraseDialog
from tui_transfer.tui.dialogs.secret import SecretDialog
from tui_transfer.tui.screens.databases import DatabasesPage
from tui_transfer.tui.screens.transfer import TransferPage

if TYPE_CHECKING:
    from typing import Any

    from textual.pilot import Pilot

    from tests.tui.conftest import Workers
    from tests.tui.stage import Stage

LOCK = ev.ArchiveLocked(at=stage.at(1), salt="00" * 16, check="00" * 8)


@pytest.fixture
def app(staged: Stage, workers: Workers) -> CentreApp:
    now = config.load(staged.home.config_file)
    transfer = config.TransferSettings(opens_on=date(2022, 3, 2), encrypt=True)
    config.save(staged.home.config_file, replace(now, transfer=transfer))
    return CentreApp(staged.home)


async def confirm(pilot: Pilot[Any]) -> str:
    """« Transférer », « Oui », until the passphrase is there, which is returned."""
    await pilot.press("m", "t")
    await settle(pilot)
    await pilot.press("t")
    await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmDialog))
    await pilot.press("o")
    await until(pilot, lambda: isinstance(pilot.app.screen, PassphraseDialog))
    await settle(pilot)
    return shown(pilot)


def shown(pilot: Pilot[Any]) -> str:
    (made,) = {word for word in flat(pilot.app).split() if word.count("-") == 5}
    assert set(made.split("-")) <= set(words())
    return made


async def test_it_is_shown_once_and_given_to_the_worker_alone(
    app: CentreApp, staged: Stage, workers: Workers
) -> None:
    async with app.run_test() as pilot:
        made = await confirm(pilot)
        assert "Donnez-la par téléphone" in flat(app)
        assert workers.jobs == []
        await pilot.press("o")
        await until(pilot, lambda: bool(workers.orders))
        assert any(isinstance(screen, TransferPage) for screen in app.screen_stack)
        assert made not in flat(app)
    assert [orders.archive_password for orders in workers.orders] == [made]
    assert made not in repr(workers.orders)
    kept = [file.read_bytes() for file in staged.home.config_file.parent.rglob("*") if file.is_file()]
    assert kept
    assert not [content for content in kept if made.encode() in content]


async def test_where_it_is_not_noted_nothing_is_begun_and_the_next_is_another(
    app: CentreApp, staged: Stage, workers: Workers
) -> None:
    async with app.run_test() as pilot:
        first = await confirm(pilot)
        await pilot.press("enter")  # what stands there is « Non »
        await until(pilot, lambda: isinstance(app.screen, DatabasesPage))
        assert "Rien n’est commencé" in flat(app)
        assert control.list_jobs(staged.home) == []
        await pilot.press("escape", "escape")
        assert await confirm(pilot) != first
    assert workers.jobs == []


@pytest.mark.parametrize(
    "stopped",
    [
        stage.blocked(Problem.ARCHIVE_PASSPHRASE_NEEDED, advice="Saisissez celle que vous avez notée."),
        stage.blocked(Problem.ARCHIVE_PASSPHRASE_WRONG),
    ],
)
async def test_it_is_asked_again_and_shown_to_nobody(
    app: CentreApp, staged: Stage, workers: Workers, stopped: ev.JobBlocked
) -> None:
    job = staged.job([stage.started(), LOCK, stopped])
    async with app.run_test() as pilot:
        await follow(pilot, job)
        assert isinstance(app.screen, SecretDialog)
        app.screen.query_one("#secret", Input).value = " celle-que-j-ai-bien-notée "
        await pilot.press("enter")
        await until(pilot, lambda: bool(workers.orders))
        assert "celle-que" not in flat(app)
    assert [orders.archive_password for orders in workers.orders] == ["celle-que-j-ai-bien-notée"]


async def test_a_job_that_has_none_yet_is_given_one(app: CentreApp, staged: Stage, workers: Workers) -> None:
    needed = stage.blocked(Problem.ARCHIVE_PASSPHRASE_NEEDED, advice="Saisissez-la.")
    job = staged.job([stage.started(), needed])
    async with app.run_test() as pilot:
        await follow(pilot, job)
        made = shown(pilot)
        await pilot.press("o")
        await until(pilot, lambda: bool(workers.orders))
    assert [orders.archive_password for orders in workers.orders] == [made]
