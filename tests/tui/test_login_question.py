"""What the Sharebox asks before it lets in, on screen: in its words, answered while it waits."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.servers.asyncssh_server import CODE, PASSWORD, AsyncsshServer, Script, asyncssh_server
from tests.tui import stage
from tests.tui.conftest import flat, flat_dialog, until
from tests.tui.patience import type_at_once
from tests.tui.scenes import follow
from tui_transfer.job import control
from tui_transfer.job import events as ev
from tui_transfer.job.spec import make_spec
from tui_transfer.settings import config
from tui_transfer.tui.app import CentreApp
from tui_transfer.tui.dialogs.failure import FailureDialog
from tui_transfer.tui.dialogs.login_question import LoginQuestionDialog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from textual.pilot import Pilot

    from tests.tui.stage import Stage
    from tui_transfer.job.control import Job
    from tui_transfer.settings.config import Home


@pytest.fixture
def server(tmp_path: Path) -> Iterator[AsyncsshServer]:
    asks = (
        "Impact emploi",
        "Code envoyé au 06.",
        [("Mot de passe : ", False), ("Votre code : ", False)],
        [PASSWORD, CODE],
    )
    script = Script(methods=("keyboard-interactive",), rounds=[asks])
    with asyncssh_server(tmp_path / "depot", script) as made:
        yield made


@pytest.fixture
def home(tmp_path: Path, server: AsyncsshServer) -> Home:
    home = config.Home(tmp_path / "home" / "config.toml", tmp_path / "home")
    base = tmp_path / "base.bin"
    base.write_bytes(b"paie" * 1000)
    sharebox = config.ShareboxSettings(
        host=server.host, port=server.port, username="exemple", directory="/", host_key=server.fingerprint
    )
    databases = (config.DatabaseSettings(name="Base", path=str(base), active=True),)
    manager = config.Manager(name="Association Exemple")
    config.save(home.config_file, config.Settings(manager=manager, sharebox=sharebox, databases=databases))
    return home


@pytest.fixture
def job(home: Home, tmp_path: Path) -> Job:
    settings = config.load(home.config_file)
    spec = make_spec(settings, [("Base", tmp_path / "base.bin")], datetime.now().astimezone())
    return control.create(home, spec)


async def _until_asked(pilot: Pilot[Any], job: Job) -> None:
    await follow(pilot, job, begin=True)
    await until(pilot, lambda: isinstance(pilot.app.screen, LoginQuestionDialog))


async def test_it_is_answered_while_the_sharebox_waits(home: Home, job: Job, server: AsyncsshServer) -> None:
    app = CentreApp(home)
    app.session.sftp_password = PASSWORD
    async with app.run_test() as pilot:
        await _until_asked(pilot, job)
        text = flat(app)
        assert "Impact emploi" in text
        assert "Code envoyé au 06." in text
        assert "Votre code" in text
        assert "Mot de passe" not in text, "the one that is known is not asked for"
        await pilot.press("enter")
        assert "Une réponse est nécessaire" in flat(app)
        await pilot.press(*CODE)
        assert CODE not in flat(app)
        await pilot.press("enter")
        await until(pilot, lambda: control.Follower(job).succeeded)
    assert server.script.given == [PASSWORD, CODE]


async def test_what_is_typed_at_once_after_enter_answers_the_next_question(staged: Stage) -> None:
    """Over a slow connection all of it arrives together; nothing is shown that must not be."""
    prompts = (ev.Prompt(text="Utilisateur :", hidden=False), ev.Prompt(text="Code :", hidden=True))
    app, given = CentreApp(staged.home), list[object]()
    async with app.run_test() as pilot:
        asked = ev.LoginAsked(at=stage.at(1), number=1, title="", text="", prompts=[*prompts, prompts[1]])
        app.push_screen(LoginQuestionDialog(asked, "exemple"), given.append)
        await until(pilot, lambda: isinstance(app.screen, LoginQuestionDialog))
        type_at_once(app, "u", "enter", "c", "enter", "d", "enter")
        await until(pilot, lambda: given)
    assert given == [["u", "c", "d"]]


async def test_who_would_rather_not_can_go_on_later(home: Home, job: Job, server: AsyncsshServer) -> None:
    app = CentreApp(home)
    app.session.sftp_password = PASSWORD
    async with app.run_test() as pilot:
        await _until_asked(pilot, job)
        await pilot.press("escape")
        await until(pilot, lambda: control.Follower(job).state.problem == "answer-needed")
        await until(pilot, lambda: isinstance(app.screen, FailureDialog))
        assert "vous seul pouvez répondre" in flat_dialog(app)
    assert server.script.given == []
