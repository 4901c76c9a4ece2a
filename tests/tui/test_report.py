"""Step 6: the message, the ways to send it, and honest copying."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from email import message_from_bytes
from email.policy import default
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from tests.tui import stage
from tests.tui.conftest import flat
from tui_transfer.report import Message
from tui_transfer.tui import mailer
from tui_transfer.tui.app import CentreApp
from tui_transfer.tui.screens.plain import PlainPage
from tui_transfer.tui.screens.report import ReportPage
from tui_transfer.tui.widgets.actions import Action

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot

    from tests.tui.stage import Stage

MESSAGE = Message("Objet – essai", ("a@example.org", "b@example.org"), "Bonjour,\nvoilà.\n")


@pytest.fixture
def app(staged: Stage) -> CentreApp:
    staged.job(stage.all_delivered())
    return CentreApp(staged.home)


async def open_report(pilot: Pilot[Any]) -> None:
    await pilot.pause()
    await pilot.press("r")
    assert isinstance(pilot.app.screen, ReportPage)


async def test_recipients_subject_and_text_are_shown(app: CentreApp) -> None:
    async with app.run_test(size=(110, 40)) as pilot:
        await open_report(pilot)
        text = flat(app)
        assert "accueil@example.org, equipe@example.org" in text
        assert "Service Impact Emploi Association – Reprise de données – Association Exemple" in text
        assert "3 bases de données ont été transférées" in text


async def test_over_ssh_sending_is_greyed_with_its_reason(
    app_over_ssh: CentreApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailer, "open_message", lambda _: pytest.fail("a mail program was opened over SSH"))
    async with app_over_ssh.run_test() as pilot:
        await open_report(pilot)
        assert app_over_ssh.screen.query_one("#action-send", Action).disabled
        assert "« Envoyer le rapport » est grisé : cette session est à distance (SSH)" in flat(app_over_ssh)
        await pilot.press("e")


@pytest.fixture
def app_over_ssh(app: CentreApp, monkeypatch: pytest.MonkeyPatch) -> CentreApp:
    monkeypatch.setenv("SSH_CONNECTION", "192.0.2.1 50000 192.0.2.2 22")
    return app


async def test_beside_a_display_the_mail_program_is_called_with_the_message(
    app: CentreApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = tmp_path / "called"
    program = tmp_path / "bin" / "xdg-email"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nprintf %s "$1" > {called}.new && mv {called}.new {called}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    monkeypatch.setenv("DISPLAY", ":9")
    async with app.run_test() as pilot:
        await open_report(pilot)
        assert app.screen.query_one("#action-send", Action).has_focus
        await pilot.press("e")
        for _ in range(500):
            if called.exists():
                break
            await pilot.pause(0.01)
        assert "Votre messagerie a été appelée" in flat(app)
    assert called.read_text().startswith("mailto:accueil@example.org,equipe@example.org?subject=Service%20")


async def test_saving_writes_a_draft_and_a_text_for_their_owner_only(app: CentreApp, staged: Stage) -> None:
    async with app.run_test(size=(160, 40)) as pilot:
        await open_report(pilot)
        await pilot.press("s")
        saved = sorted(staged.home.reports.iterdir())
        assert [path.suffix for path in saved] == [".eml", ".txt"]
        assert "Enregistré :" in flat(app)
    assert {stat.S_IMODE(path.stat().st_mode) for path in saved} == {0o600}
    draft = message_from_bytes(saved[0].read_bytes(), policy=default)
    assert draft["X-Unsent"] == "1"
    assert "transférées" in draft.get_body().get_content()  # type: ignore[union-attr]
    assert "Objet : Service Impact Emploi" in saved[1].read_text("utf-8")


async def test_the_text_alone_begins_in_the_first_column(app: CentreApp) -> None:
    async with app.run_test() as pilot:
        await open_report(pilot)
        await pilot.press("x")
        assert isinstance(app.screen, PlainPage)
        assert "Service Impact Emploi" in flat(app)
        await pilot.press("escape")
        assert isinstance(app.screen, ReportPage)


def test_a_display_without_a_mail_program_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert "xdg-email" in (mailer.why_unavailable({"DISPLAY": ":0"}) or "")
    assert "écran graphique" in (mailer.why_unavailable({}) or "")


def test_a_message_too_long_for_an_address_asks_to_paste(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def keep(arguments: list[str], **_: object) -> subprocess.Popen[bytes]:
        opened.append(arguments[1])
        return subprocess.Popen(["true"], stdin=subprocess.DEVNULL)

    monkeypatch.setattr(mailer, "subprocess", SimpleNamespace(Popen=keep, DEVNULL=subprocess.DEVNULL))
    long = Message(MESSAGE.subject, MESSAGE.recipients, "é" * mailer.LONGEST)
    assert mailer.open_message(MESSAGE)
    assert mailer.open_message(long)
    assert "voil%C3%A0" in opened[0]
    assert len(opened[1]) < mailer.LONGEST
    assert "Copier%20le%20contenu" in opened[1]
