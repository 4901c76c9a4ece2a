"""Step 6: the message, the ways to send it, and honest copying."""

from __future__ import annotations

import os
import shutil
import socket
import stat
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.policy import default
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qs, urlsplit

import pytest
from msgspec import structs
from textual.widgets import Input

from tests.servers.mail import PASSWORD, USERNAME, MailServer, certificate_for, mail_server
from tests.tui import stage
from tests.tui.conftest import flat, until
from tests.tui.scenes import settle
from tui_transfer.job import control
from tui_transfer.report.message import Message
from tui_transfer.report.receipts import ReceiptFiles
from tui_transfer.settings.config import MailSettings
from tui_transfer.system import desktop as desktop_of_system
from tui_transfer.system.files import write_private
from tui_transfer.tui import clipboard, mailer
from tui_transfer.tui.app import CentreApp
from tui_transfer.tui.dialogs.failure import FailureDialog
from tui_transfer.tui.dialogs.questions import SendingDialog
from tui_transfer.tui.dialogs.secret import SecretDialog
from tui_transfer.tui.screens.plain import PlainPage
from tui_transfer.tui.screens.report import ReportPage
from tui_transfer.tui.screens.settings import SettingsPage
from tui_transfer.tui.widgets.actions import Action
from tui_transfer.tui.widgets.bars import Notice

if TYPE_CHECKING:
    from collections.abc import Iterator
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
    await pilot.press("e")
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


@dataclass(frozen=True)
class Desktop:
    """Programs of our own on PATH, beside a display: `xdg-email` keeps the address that it is given."""

    folder: Path

    @property
    def address(self) -> str:
        return (self.folder / "called").read_text()

    @property
    def text(self) -> str:
        """The body that the mail program would show."""
        query = parse_qs(urlsplit(self.address).query)
        return query["body"][0].replace("\r\n", "\n")

    def install(self, program: str, script: str) -> None:
        file = self.folder / program
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)


@pytest.fixture
def desktop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desktop:
    made = Desktop(tmp_path / "bin")
    made.folder.mkdir()
    made.install("xdg-email", f'printf %s "$1" > {made.folder / "called"}')
    made.install("xdg-mime", "echo thunderbird.desktop")
    monkeypatch.setenv("PATH", str(made.folder), prepend=os.pathsep)
    monkeypatch.setenv("DISPLAY", ":9")
    monkeypatch.setattr(clipboard, "_to_display", lambda _: True)
    return made


async def send(pilot: Pilot[Any]) -> str:
    """Presses « Envoyer le rapport »; what is said then."""
    await open_report(pilot)
    assert pilot.app.screen.query_one("#action-send", Action).has_focus
    await pilot.press("e")
    await settle(pilot)
    await until(pilot, lambda: str(pilot.app.screen.query_one(Notice).text))
    return flat(pilot.app)


async def test_a_mail_program_that_takes_long_addresses_gets_the_whole_message(
    app: CentreApp, desktop: Desktop
) -> None:
    async with app.run_test() as pilot:
        assert "✓ Votre messagerie a été appelée." in await send(pilot)
        body = cast("ReportPage", app.screen)._message.body
    assert desktop.address.startswith("mailto:accueil@example.org,equipe@example.org?subject=Service%20")
    assert desktop.text == body


@pytest.mark.parametrize("handler", ["echo firefox.desktop", "exit 1"])
async def test_one_that_may_cut_them_gets_a_short_message_and_the_clipboard_the_rest(
    app: CentreApp, desktop: Desktop, staged: Stage, handler: str
) -> None:
    desktop.install("xdg-mime", handler)
    async with app.run_test() as pilot:
        said = await send(pilot)
    assert "trop long pour elle : collez-y le contenu" in said
    assert "placé dans le presse-papiers" in said
    assert len(desktop.address) <= mailer.SHORTEST_LIMIT
    assert "3 bases de données ont été transférées" in desktop.text.replace("\xa0", " ")
    assert "Collez ici le rapport complet" in desktop.text
    assert "SHA-256" in (staged.home.reports / "contenu.txt").read_text("utf-8")


async def test_a_mail_program_that_refuses_is_not_said_to_have_been_called(
    app: CentreApp, desktop: Desktop
) -> None:
    desktop.install("xdg-email", "exit 3")
    async with app.run_test() as pilot:
        assert "✗ La messagerie n’a pas pu être ouverte" in await send(pilot)


def test_one_that_stays_open_was_called(desktop: Desktop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailer, "_PATIENCE", 0.1)
    desktop.install("xdg-email", "exec sleep 1")
    assert mailer.open_message(MESSAGE) is mailer.Opened.WHOLE


def test_the_longest_name_leaves_subject_and_recipients(desktop: Desktop) -> None:
    desktop.install("xdg-mime", "exit 1")
    endless = Message("é" * 500, MESSAGE.recipients, "é" * 9_000, "é" * 9_000)
    assert mailer.open_message(endless) is mailer.Opened.SHORTENED
    assert desktop.address == f"mailto:a@example.org,b@example.org?subject={'%C3%A9' * 500}"


def test_on_windows_the_system_is_handed_an_address_that_it_takes_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(desktop_of_system, "IS_PART_OF_SYSTEM", True)

    def take(address: str, patience: float) -> bool:
        opened.append(address)
        return True

    monkeypatch.setattr(desktop_of_system, "open_address", take)
    long = Message(MESSAGE.subject, MESSAGE.recipients, "é" * 1_000, "court")
    assert mailer.open_message(MESSAGE) is mailer.Opened.WHOLE
    assert mailer.open_message(long) is mailer.Opened.SHORTENED
    assert "voil%C3%A0" in opened[0]
    assert opened[1].endswith("&body=court")


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
        await pilot.press("w")
        assert isinstance(app.screen, PlainPage)
        assert "Service Impact Emploi" in flat(app)
        await pilot.press("escape")
        assert isinstance(app.screen, ReportPage)


def test_a_display_without_a_mail_program_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert "xdg-email" in (mailer.why_unavailable({"DISPLAY": ":0"}) or "")
    assert "écran graphique" in (mailer.why_unavailable({}) or "")


async def test_the_steps_are_on_the_page_and_say_what_to_do_if_no_window_opens(
    app: CentreApp, desktop: Desktop
) -> None:
    async with app.run_test() as pilot:
        await open_report(pilot)
        assert "2. Relisez-le dans sa fenêtre, puis envoyez-le" in flat(app)
        await pilot.press("e")
        await until(pilot, lambda: "Aucune fenêtre ne s’ouvre ?" in flat(app))
        assert "Ou copiez d’ici les destinataires, l’objet et le contenu" in flat(app)


async def test_where_it_is_greyed_the_steps_are_those_by_hand(app_over_ssh: CentreApp) -> None:
    async with app_over_ssh.run_test() as pilot:
        await open_report(pilot)
        assert "1. Ouvrez un nouveau message dans votre messagerie." in flat(app_over_ssh)
        assert "3. Envoyez-le." in flat(app_over_ssh)


async def test_what_is_saved_goes_where_documents_are_with_the_page_of_the_receipt(
    app: CentreApp, staged: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = tmp_path / "Mes documents"
    documents.mkdir()
    monkeypatch.setattr("tui_transfer.settings.config.documents_folder", lambda: documents)
    app.session.home = replace(app.session.home, is_portable=False)
    (job,) = control.list_jobs(staged.home)
    page = ReceiptFiles.of(staged.home.receipts, job.id).page
    write_private(page, b"<html>recu</html>")
    async with app.run_test(size=(160, 40)) as pilot:
        await open_report(pilot)
        await pilot.press("s")
        assert "Mes documents/Transfert Urssaf : un double clic sur rapport-" in flat(app)
        assert f"Le reçu, {page.name}, est à garder ou à imprimer." in flat(app)
    saved = documents / "Transfert Urssaf"
    assert {path.suffix for path in saved.iterdir()} == {".eml", ".txt", ".html"}
    assert (saved / page.name).read_bytes() == page.read_bytes()
    assert stat.S_IMODE(saved.stat().st_mode) == 0o700


# ── By a server ───────────────────────────────────────────────


@pytest.fixture
def mail_home(
    staged: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[CentreApp, MailServer]]:
    """A delivered job, and settings that name a real server, whose certificate is trusted."""
    certificate = certificate_for("localhost", tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    staged.job(stage.all_delivered())
    with mail_server(certificate) as server:
        given = MailSettings(host="localhost", port=server.port, username=USERNAME, sender="a@example.org")
        app = CentreApp(staged.home)
        app.session.change(lambda now: structs.replace(now, mail=given))
        yield app, server


async def test_a_person_confirms_gives_the_password_and_it_is_sent(
    mail_home: tuple[CentreApp, MailServer], staged: Stage
) -> None:
    app, server = mail_home
    async with app.run_test(size=(110, 40)) as pilot:
        await open_report(pilot)
        assert "l’envoie par localhost, au nom de a@example.org" in flat(app)
        await pilot.press("e")
        assert isinstance(app.screen, SendingDialog)
        await pilot.press("n")
        await pilot.press("e", "o")
        await until(pilot, lambda: isinstance(app.screen, SecretDialog))
        assert server.letters == []
        app.screen.query_one("#secret", Input).value = PASSWORD
        await pilot.press("enter")
        await until(pilot, lambda: "Rapport envoyé : localhost l’a accepté pour 2 destinataires" in flat(app))
        assert len(server.letters) == 1
    kept = b"".join(path.read_bytes() for path in staged.home.data.rglob("*") if path.is_file())
    assert PASSWORD.encode() not in kept


async def test_a_wrong_password_is_asked_for_again_and_never_tried_twice(
    mail_home: tuple[CentreApp, MailServer],
) -> None:
    app, server = mail_home
    async with app.run_test(size=(110, 40)) as pilot:
        await open_report(pilot)
        app.session.mail_password = "autre"
        await pilot.press("e", "o")
        await until(pilot, lambda: isinstance(app.screen, SecretDialog))
        assert "a refusé le mot de passe" in flat(app)
        assert not app.session.mail_password
        await pilot.press("escape")
        assert "Rapport non envoyé." in flat(app)
        assert not app.screen.query_one("#action-send", Action).disabled
        assert server.letters == []


async def test_a_report_that_is_refused_says_why_and_stays(
    mail_home: tuple[CentreApp, MailServer], staged: Stage
) -> None:
    app, server = mail_home
    server.refused["equipe@example.org"] = "550 5.1.1 Unknown"
    app.session.mail_password = PASSWORD
    async with app.run_test(size=(110, 40)) as pilot:
        await open_report(pilot)
        await pilot.press("e", "o")
        await until(pilot, lambda: isinstance(app.screen, FailureDialog))
        text = flat(app)
        assert "equipe@example.org comme destinataire" in text
        assert "550 5.1.1 Unknown" in text
        await pilot.press("escape")
        assert "Rapport non envoyé." in flat(app)
    assert list(staged.home.reports.glob("*.eml"))
    assert server.letters == []


async def test_a_failure_leads_to_the_field_and_what_is_corrected_there_counts_at_once(
    mail_home: tuple[CentreApp, MailServer],
) -> None:
    app, server = mail_home
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        closed = nobody.getsockname()[1]
    mail = app.session.settings.mail if app.session.settings else None
    assert mail is not None
    wrong = structs.replace(mail, host="127.0.0.1", port=closed)
    app.session.change(lambda now: structs.replace(now, mail=wrong))
    app.session.mail_password = PASSWORD
    async with app.run_test(size=(110, 40)) as pilot:
        await open_report(pilot)
        await pilot.press("e", "o")
        await until(pilot, lambda: isinstance(app.screen, FailureDialog))
        await pilot.press("g")
        assert isinstance(app.screen, SettingsPage)
        assert app.focused is app.screen.query_one("#mail-host")
        await pilot.press(
            "end", "ctrl+u", *"localhost", "down", "end", "ctrl+u", *str(server.port), "f4", "escape"
        )
        await until(pilot, lambda: isinstance(app.screen, FailureDialog))
        await pilot.press("escape")
        assert "l’envoie par localhost" in flat(app)
        app.session.mail_password = PASSWORD  # that of the other server is forgotten
        await pilot.press("e", "o")
        await until(pilot, lambda: len(server.letters) == 1)
