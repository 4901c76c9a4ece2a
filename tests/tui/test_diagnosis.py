"""« Tester la connexion » against a real server, and left at any moment."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING

import msgspec
import pytest
from textual.widgets import Input

from tests.preflight.test_diagnosis import settings as settings_for
from tests.tui.conftest import flat, shown, until
from tui_transfer.job.orders import Orders
from tui_transfer.preflight import diagnosis
from tui_transfer.preflight.findings import Finding, Outcome, Stage
from tui_transfer.settings import config
from tui_transfer.tui.app import CentreApp
from tui_transfer.tui.dialogs.diagnosis import DiagnosisDialog
from tui_transfer.tui.dialogs.secret import SecretDialog
from tui_transfer.tui.screens.prerequisites import PrerequisitesPage
from tui_transfer.tui.screens.settings import SettingsPage
from tui_transfer.tui.widgets.actions import Action

if TYPE_CHECKING:
    from collections.abc import Iterator

    from textual.pilot import Pilot

    from tests.servers.openssh import SshServer
    from tests.tui.stage import Stage as Home
    from tui_transfer.settings.config import Settings
    from tui_transfer.system.cancellation import Cancellation


def at(pilot: Pilot[int], kind: type[object]) -> bool:
    return isinstance(pilot.app.screen, kind)


async def finished(pilot: Pilot[int]) -> str:
    """What is on the screen once nothing is under way."""
    dialog = pilot.app.screen
    assert isinstance(dialog, DiagnosisDialog)
    await until(pilot, lambda: not dialog.query_one("#action-retry", Action).disabled)
    return flat(pilot.app)


async def test_the_way_is_shown_and_the_password_asked_for_once(staged: Home, ssh_server: SshServer) -> None:
    config.save(staged.home.config_file, settings_for(ssh_server))
    app = CentreApp(staged.home)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("p", "y")
        text = await finished(pilot)
        assert "– pas essayé Identification" in text
        assert "Sans mot de passe" in text
        assert "Appuyez sur Y" in text
        assert all("method none" in line for line in ssh_server.authentication_requests())

        await pilot.press("y")
        assert at(pilot, SecretDialog)
        await pilot.press(*"faux", "enter")
        assert "✗ bloquant Identification" in await finished(pilot)
        tried = [line for line in ssh_server.authentication_requests() if "method password" in line]
        assert len(tried) == 1
        assert not app.session.sftp_password

        await pilot.press("y")
        assert at(pilot, SecretDialog), "a refused password is not sent twice"
        await pilot.press(*ssh_server.password, "enter")
        text = await finished(pilot)
        for stage in (stage for stage in Stage if stage is not Stage.PROXY):
            assert f"✓ OK {stage}" in text
        assert "Y Saisir le mot de passe" not in text
        assert app.session.sftp_password == ssh_server.password, "the transfer need not ask again"
        assert list(ssh_server.root.iterdir()) == []

        await pilot.press("c")
        await until(pilot, lambda: "Fichier :" in flat(app))
        copy = (staged.home.reports / "diagnostic.txt").read_text()
        assert "[OK] Identification" in copy
        assert ssh_server.password not in copy
        await pilot.press("escape")
        assert at(pilot, PrerequisitesPage)


async def test_settings_need_not_be_saved(staged: Home, ssh_server: SshServer) -> None:
    """The password of another account is not kept for the transfer."""
    app = CentreApp(staged.home)
    async with app.run_test(size=(120, 36)) as pilot:
        orders = Orders(sftp_password=ssh_server.password)
        await app.push_screen(DiagnosisDialog(settings_for(ssh_server), orders, staged.home.servers))
        assert f"{ssh_server.host}, port {ssh_server.port} répond." in await finished(pilot)
        assert not app.session.sftp_password


async def test_what_is_typed_into_the_settings_is_tried(staged: Home, ssh_server: SshServer) -> None:
    app = CentreApp(staged.home)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("g")
        app.screen.query_one("#sharebox-host", Input).value = ssh_server.host
        app.screen.query_one("#sharebox-port", Input).value = str(ssh_server.port)
        await pilot.press("f6")
        text = await finished(pilot)
        assert f"{ssh_server.host}, port {ssh_server.port} répond." in text
        assert "! à voir Clé du serveur" in text, "the key of the file was another server's"
        await pilot.press("escape")
        app.screen.query_one("#sharebox-port", Input).value = "beaucoup"
        await pilot.press("f6")
        assert at(pilot, SettingsPage), "what cannot be understood is not tried"
    assert config.load(staged.home.config_file).sharebox.host != ssh_server.host


async def test_each_stage_is_seen_as_it_comes_and_any_can_be_left(
    staged: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = threading.Event()

    def diagnose(
        _settings: Settings, _orders: Orders, cancellation: Cancellation, _servers: object
    ) -> Iterator[Finding]:
        try:
            yield Finding(Stage.NAME, Outcome.OK, "C’est un nom.", 0.01)
            assert cancellation.wait(120), "only leaving ends it"
            yield Finding(Stage.ROUTE, Outcome.BLOCKING, "Rien ne répond.", 15.0)
            yield Finding(Stage.HOST_KEY, Outcome.NOT_TRIED)
        finally:
            closed.set()

    monkeypatch.setattr(diagnosis, "diagnose", diagnose)
    app = CentreApp(staged.home)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("p", "y")
        await until(pilot, lambda: "✓ OK Nom 10 ms" in flat(app))
        assert "▸ en cours Route directe" in flat(app)
        assert "· attente Clé du serveur" in flat(app)
        await until(pilot, lambda: re.search(r"en cours Route directe [1-9]\d* s", flat(app)))
        await pilot.press("c", "y")
        assert at(pilot, DiagnosisDialog), "nothing to copy, to try again or to give yet"
        await pilot.press("escape")
        assert at(pilot, PrerequisitesPage)
        assert closed.wait(60), "nobody looks: the connection is closed"


async def test_what_goes_wrong_inside_is_told(staged: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def diagnose(*_: object) -> Iterator[Finding]:
        yield Finding(Stage.NAME, Outcome.OK, "C’est un nom.", 0.01)
        raise ZeroDivisionError("accident")

    monkeypatch.setattr(diagnosis, "diagnose", diagnose)
    app = CentreApp(staged.home)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("p", "y")
        assert "accident" in await finished(pilot)


async def test_where_the_cursor_was_moved_it_stays(staged: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    go = threading.Event()

    def diagnose(*_: object) -> Iterator[Finding]:
        yield Finding(Stage.NAME, Outcome.OK, "C’est un nom.", 0.01)
        go.wait(120)
        yield Finding(Stage.ROUTE, Outcome.BLOCKING, "Rien ne répond.", 15.0)

    monkeypatch.setattr(diagnosis, "diagnose", diagnose)
    given = msgspec.structs.replace(config.load(staged.home.config_file))
    app = CentreApp(staged.home)
    async with app.run_test(size=(80, 24)) as pilot:
        await app.push_screen(DiagnosisDialog(given, Orders(), staged.home.servers))
        await until(pilot, lambda: "✓ OK Nom" in flat(app))
        await pilot.press("up")
        assert "C’est un nom." in shown(app).split("Capacités")[1]
        go.set()
        await finished(pilot)
        assert "C’est un nom." in shown(app).split("Capacités")[1]


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (Outcome.OK, "✓ La connexion fonctionne : un transfert peut commencer."),
        (Outcome.LOOK, "! La connexion fonctionne ; un point mérite un regard : route directe."),
        (Outcome.BLOCKING, "✗ Un transfert échouerait : route directe."),
        (Outcome.NOT_TRIED, "! L’essai s’est arrêté avant la fin : route directe."),
    ],
)
async def test_the_verdict_comes_first(
    staged: Home, monkeypatch: pytest.MonkeyPatch, outcome: Outcome, said: str
) -> None:
    def diagnose(*_: object) -> Iterator[Finding]:
        yield Finding(Stage.NAME, Outcome.OK, "C’est un nom.", 0.01)
        yield Finding(Stage.ROUTE, outcome, "Une longue phrase, dite jusqu’à sa fin. " * 8 + "Fin.", 0.01)

    monkeypatch.setattr(diagnosis, "diagnose", diagnose)
    app = CentreApp(staged.home)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("p", "y")
        text = await finished(pilot)
        assert said in text
        if outcome is not Outcome.OK:
            await until(pilot, lambda: "Fin." in flat(app))
            assert "Route directe" in flat(app), "its stage stays in sight"
