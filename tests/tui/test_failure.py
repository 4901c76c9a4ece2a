"""What is told of a failure: whom to ask, where it is mended, and that trying again tries (U3, U4, U8)."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from textual.widgets import Input

from tests.tui import stage
from tests.tui.conftest import flat, until
from tests.tui.scenes import follow, settle
from tests.tui.stage import FINGERPRINT, OTHER_FINGERPRINT
from tui_transfer import __version__
from tui_transfer.errors import Problem, TransferError
from tui_transfer.job import events as ev
from tui_transfer.job.control import Follower
from tui_transfer.settings import config
from tui_transfer.tui import clipboard, support_file
from tui_transfer.tui.app import CentreApp
from tui_transfer.tui.dialogs.failure import FailureDialog
from tui_transfer.tui.dialogs.help import HelpDialog
from tui_transfer.tui.dialogs.proxy_form import ProxyForm
from tui_transfer.tui.dialogs.secret import SecretDialog
from tui_transfer.tui.happenings import JobBlocked, JobUnreadable
from tui_transfer.tui.screens.databases import DatabasesPage
from tui_transfer.tui.screens.settings import SettingsPage
from tui_transfer.tui.screens.transfer import TransferPage
from tui_transfer.tui.widgets.actions import Action

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot
    from textual.screen import Screen

    from tests.tui.conftest import Workers
    from tests.tui.stage import Stage
    from tui_transfer.job.control import Job

CONTACT = "Service Impact emploi, 01 23 45 67 89, 9 h – 17 h"
WHERE = {"host": "sharebox.example.org", "port": 2222}
DETAILS = WHERE | {
    "path": "/depot/x.7z",
    "file": "/srv/cle",
    "reason": "raison",
    "advice": "Conseil.",
    "username": "exemple",
    "fingerprint": OTHER_FINGERPRINT,
    "expected": FINGERPRINT,
    "key_type": "ED25519",
    "proxy_host": "proxy.example.org",
    "proxy_port": 3128,
    "directory": "/depot",
    "key": "sharebox.port",
}


@pytest.fixture
def app(staged: Stage, workers: Workers) -> CentreApp:
    now = config.load(staged.home.config_file)
    manager = msgspec.structs.replace(now.manager, contact=CONTACT)
    config.save(staged.home.config_file, msgspec.structs.replace(now, manager=manager))
    return CentreApp(staged.home)


def shows(app: CentreApp, kind: type[Screen[Any]]) -> bool:
    """Asked of the app each time: what is on top changes with each key."""
    return isinstance(app.screen, kind)


def blocked(staged: Stage, problem: Problem, **details: object) -> Job:
    return staged.job([stage.started(), stage.blocked(problem, None, **details)])


async def test_every_failure_names_whom_to_ask(app: CentreApp, staged: Stage) -> None:
    lock = ev.ArchiveLocked(at=stage.at(1), salt="00" * 16, check="00" * 8)
    job = staged.job([stage.started(), lock])
    async with app.run_test(size=(80, 24)) as pilot:
        for problem in Problem:
            failure = TransferError(problem, **DETAILS)
            app.tell(JobBlocked(failure, Follower(job), lambda _: None))
            await settle(pilot)
            assert f"Pour de l’aide : {CONTACT}" in flat(app), problem
            for button in app.screen.query(Action):
                assert app.screen.region.contains_region(button.region), problem
            await pilot.press("escape")
            await settle(pilot)
        await pilot.press("f1")
        assert f"Pour de l’aide : {CONTACT}" in flat(app)


async def test_a_failure_on_a_page_names_whom_to_ask_too(app: CentreApp, staged: Stage) -> None:
    async with app.run_test() as pilot:
        await pilot.press("m", "t")
        await settle(pilot)
        assert isinstance(app.screen, DatabasesPage)
        app.screen.say_failure(TransferError(Problem.DISK_FULL, path="/srv", reason="raison"))
        await pilot.pause()
        assert f"/srv : raison. Pour de l’aide : {CONTACT}" in flat(app)


@pytest.mark.parametrize(
    ("problem", "details"),
    [
        (Problem.SHAREBOX_UNREACHABLE, WHERE | {"reason": "r", "cause": "refused"}),
        (Problem.SHAREBOX_UNREACHABLE, WHERE | {"reason": "r"}),
        (Problem.PROXY_UNREACHABLE, {"proxy_host": "proxy.example.org", "proxy_port": 3128, "reason": "r"}),
        (Problem.HOST_KEY_UNKNOWN, {"host": "h", "key_type": "RSA", "fingerprint": FINGERPRINT}),
        (Problem.HOST_KEY_CHANGED, {"host": "h", "expected": FINGERPRINT, "fingerprint": OTHER_FINGERPRINT}),
        (Problem.DATABASE_LOCKED, {"path": "/srv/impact/base.db", "reason": "r"}),
        (Problem.SHAREBOX_FULL, {"path": "/depot", "reason": "r"}),
        (Problem.NAME_TAKEN, {"path": "/depot/x.7z"}),
        (Problem.DIRECTORY_MISSING, {"directory": "/depot", "reason": "r"}),
    ],
)
async def test_reprendre_tries_and_tells_nothing_old(
    app: CentreApp, staged: Stage, workers: Workers, problem: Problem, details: dict[str, object]
) -> None:
    job = blocked(staged, problem, **details)
    async with app.run_test() as pilot:
        await follow(pilot, job)
        await pilot.press("escape")
        assert shows(app, TransferPage)
        await pilot.press("r")
        await settle(pilot)
    assert [started.id for started in workers.jobs] == [job.id]


async def test_what_was_refused_is_asked_again_without_the_old_error(
    app: CentreApp, staged: Stage, workers: Workers
) -> None:
    job = blocked(staged, Problem.CREDENTIALS_REFUSED, host="h", method="ce mot de passe", username="exemple")
    async with app.run_test() as pilot:
        await follow(pilot, job)
        assert "Sharebox a refusé les identifiants" in flat(app)
        await pilot.press("escape", "r")
        await settle(pilot)
        assert shows(app, SecretDialog)
        assert "Le mot de passe Sharebox est nécessaire" in flat(app)
        assert workers.jobs == []
        app.screen.query_one("#secret", Input).value = "rosier"
        await pilot.press("enter")
        await settle(pilot)
    assert [started.id for started in workers.jobs] == [job.id]


@pytest.mark.parametrize(
    ("cause", "title", "field"),
    [
        ("name", "Aucun serveur ne porte le nom « sharebox.example.org »", "#sharebox-host"),
        ("refused", "Rien ne répond au port 2222", "#sharebox-port"),
        ("other-port", "Le port 2222 n’est sans doute pas celui de Sharebox", "#sharebox-port"),
    ],
)
async def test_a_mistyped_address_is_told_and_its_field_is_one_key_away(
    app: CentreApp, staged: Stage, workers: Workers, cause: str, title: str, field: str
) -> None:
    job = blocked(staged, Problem.SHAREBOX_UNREACHABLE, **WHERE, reason="r", cause=cause, other_port=22)
    async with app.run_test(size=(80, 24)) as pilot:
        await follow(pilot, job)
        assert shows(app, FailureDialog)
        text = flat(app)
        assert title in text
        assert 0 < text.index("Comparez" if cause != "other-port" else "Vérifiez") < text.index("un proxy")
        await pilot.press("enter")  # « Réglages » has the focus
        await settle(pilot)
        assert shows(app, SettingsPage)
        assert app.screen.focused is app.screen.query_one(field)
        await pilot.press("escape")
        assert shows(app, FailureDialog)
        await pilot.press("enter")  # « Reprendre » has it now
        await settle(pilot)
    assert [started.id for started in workers.jobs] == [job.id]


async def test_a_proxy_is_still_one_key_away(app: CentreApp, staged: Stage, workers: Workers) -> None:
    job = blocked(staged, Problem.SHAREBOX_UNREACHABLE, **WHERE, reason="r", cause="refused")
    async with app.run_test() as pilot:
        await follow(pilot, job)
        await pilot.press("1")
        assert shows(app, ProxyForm)
        app.screen.query_one("#host", Input).value = "proxy.example.org"
        app.screen.query_one("#port", Input).value = "3128"
        await pilot.click("#action-execute")
        await settle(pilot)
    assert [orders.proxy.host for orders in workers.orders if orders.proxy] == ["proxy.example.org"]


async def test_no_answer_at_all_leads_to_the_proxy_as_the_fact_sheet_has_it(
    app: CentreApp, staged: Stage
) -> None:
    job = blocked(staged, Problem.SHAREBOX_UNREACHABLE, **WHERE, reason="r", cause="silent")
    async with app.run_test() as pilot:
        await follow(pilot, job)
        assert shows(app, ProxyForm)


async def test_a_missing_base_leads_to_the_list(app: CentreApp, staged: Stage) -> None:
    job = blocked(staged, Problem.DATABASE_MISSING, path="/srv/impact/base.db")
    async with app.run_test() as pilot:
        await follow(pilot, job)
        await pilot.press("t")
        await settle(pilot)
        assert shows(app, DatabasesPage)
        await pilot.press("escape")
        assert not shows(app, TransferPage)


async def test_a_copied_error_tells_of_whom_when_and_by_which_version(
    app: CentreApp, staged: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied: list[str] = []

    async def copy(_: object, text: str, *__: object) -> str:
        copied.append(text)
        return "Copié."

    monkeypatch.setattr(clipboard, "copy", copy)
    job = blocked(staged, Problem.SHAREBOX_FULL, path="/depot", reason="raison")
    async with app.run_test() as pilot:
        await follow(pilot, job)
        await pilot.press("c")
        await settle(pilot)
    (text,) = copied
    for part in (
        "Il n’y a plus de place sur Sharebox.",
        "Association : Association Exemple",
        "Date : 2 mars 2022 à 14 h 05".replace(" h ", "\u00a0h\u00a0").replace("2 mars", "2\u00a0mars"),
        "Code : sharebox-full",
        f"Transfert : {job.id}",
        f"tui-transfer {__version__}",
    ):
        assert part in text


@pytest.mark.parametrize("key", ["2", "é"])
async def test_the_file_for_whoever_helps_is_made_from_an_error(
    app: CentreApp, staged: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setattr(support_file, "documents_folder", lambda: tmp_path)
    job = blocked(staged, Problem.SHAREBOX_FULL, path="/depot", reason="raison")
    async with app.run_test(size=(120, 36)) as pilot:
        await follow(pilot, job)
        await pilot.press(key)
        await until(pilot, lambda: "Fichier créé" in flat(app))
        await the_bundle_is_told(pilot, tmp_path)


async def test_and_from_the_help(app: CentreApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(support_file, "documents_folder", lambda: tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("f1")
        assert shows(app, HelpDialog)
        await pilot.press("1")
        await until(pilot, lambda: "Fichier créé" in flat(app))
        await the_bundle_is_told(pilot, tmp_path)


async def the_bundle_is_told(pilot: Pilot[Any], folder: Path) -> None:
    (bundle,) = folder.glob("tui-transfer-aide-*.zip")
    assert bundle.name in flat(pilot.app).replace(" ", "")
    assert "Aucun mot de passe, aucune base, aucune archive." in flat(pilot.app)
    with zipfile.ZipFile(bundle) as file:
        assert {"LISEZ-MOI.txt", "versions.txt", "config.toml", "controles.txt"} <= set(file.namelist())


async def test_a_folder_that_cannot_be_written_to_is_said(
    app: CentreApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(support_file, "documents_folder", lambda: tmp_path / "absent" / "file")
    (tmp_path / "absent").write_text("", "utf-8")
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("f1", "1")
        await until(pilot, lambda: "Impossible d’écrire sur le disque" in flat(app))


async def test_a_journal_that_cannot_be_read_can_be_told_and_not_gone_on_with(app: CentreApp) -> None:
    failure = TransferError(Problem.JOURNAL_INVALID, file="/srv/j", line=3, reason="r")
    async with app.run_test() as pilot:
        app.tell(JobUnreadable(failure, None))
        await settle(pilot)
        assert "Reprendre" not in flat(app)
        assert "Fichier d’aide" in flat(app)
