"""`report --send`, with a real mail server: what is sent, what is said, and where the password is not."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default
from typing import TYPE_CHECKING

import pytest

from tests.servers.mail import PASSWORD, USERNAME, MailServer, certificate_for, mail_server
from tests.servers.processes import free_port
from tests.tui import stage
from tests.tui.stage import Stage
from tui_transfer.job import report_mark
from tui_transfer.settings.config import MailSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.place import Place


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate_for("localhost", tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def server(certificate: Path) -> Iterator[MailServer]:
    with mail_server(certificate) as made:
        yield made


@pytest.fixture
def delivered(place: Place, server: MailServer) -> Place:
    """A home whose only job is delivered, and whose settings name the server."""
    with Stage(place.folder) as staged:
        staged.job(stage.all_delivered())
    mail = MailSettings(host="localhost", port=server.port, username=USERNAME, sender="exemple@example.org")
    place.change(mail=mail)
    return place


def everywhere(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_sent_is_said_once_the_server_took_it(
    delivered: Place, server: MailServer, certificate: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "password"
    secret.write_text(f"{PASSWORD}\n")
    done = delivered.run(
        "report", "--send", TUI_TRANSFER_SMTP_PASSWORD_FILE=str(secret), SSL_CERT_FILE=str(certificate)
    )
    assert (done.code, done.err) == (0, "")
    assert "Rapport envoyé à accueil@example.org, equipe@example.org." in done.out
    assert "localhost l’a pris en charge : 2.0.0 Ok: queued as 4F2A1" in done.out
    assert "Rapport à envoyer" not in delivered.run("jobs").err
    (letter,) = server.letters
    printed = delivered.run("report").out.partition("\n\n")[2]
    text = next(message_from_bytes(letter.content, policy=default).iter_parts())
    assert text.get_content().replace("\r\n", "\n") == printed
    assert PASSWORD.encode() not in everywhere(delivered.folder)
    mark = report_mark.sent(delivered.job())
    assert mark is not None
    assert mark.accepted
    assert "Rapport à envoyer" not in delivered.run("jobs").err


def test_what_could_not_be_sent_is_there_as_a_draft(
    delivered: Place, server: MailServer, certificate: Path
) -> None:
    done = delivered.run(
        "report", "--send", TUI_TRANSFER_SMTP_PASSWORD="autre", SSL_CERT_FILE=str(certificate)
    )
    assert done.code == 7
    assert done.out == ""
    assert "Le serveur de messagerie a refusé le mot de passe" in done.err
    assert f"Message enregistré : {delivered.home.reports}" in done.err
    (draft,) = delivered.home.reports.glob("*.eml")
    assert message_from_bytes(draft.read_bytes(), policy=default)["X-Unsent"] == "1"
    assert server.letters == []
    assert report_mark.sent(delivered.job()) is None
    assert "Rapport à envoyer" in delivered.run("jobs").err
    assert "Rapport à envoyer" in delivered.run("jobs").err


@pytest.mark.parametrize(
    ("variable", "code", "said"),
    [
        ("TUI_TRANSFER_SMTP_PASSWORD", 7, "Le mot de passe de la messagerie est nécessaire"),
        ("TUI_TRANSFER_SMTP_PASSWORD_FILE", 2, "Le fichier d’un mot de passe est illisible"),
    ],
)
def test_without_a_password_nothing_is_tried(delivered: Place, variable: str, code: int, said: str) -> None:
    value = "/nulle/part" if variable.endswith("_FILE") else ""
    done = delivered.run("report", "--send", **{variable: value})
    assert (done.code, said in done.err) == (code, True)


def test_where_no_server_is_named_that_is_said(place: Place) -> None:
    with Stage(place.folder) as staged:
        staged.job(stage.all_delivered())
    done = place.run("report", "--send")
    assert done.code == 2
    assert "--eml FICHIER" in done.err


def test_nothing_is_sent_unless_it_is_asked_for(delivered: Place, server: MailServer) -> None:
    assert delivered.run("report", TUI_TRANSFER_SMTP_PASSWORD=PASSWORD).code == 0
    assert server.letters == []


def test_a_password_is_not_sent_in_clear(delivered: Place) -> None:
    text = delivered.home.config_file.read_text("utf-8")
    delivered.home.config_file.write_text(text.replace("[mail]", '[mail]\nsecurity = "none"'), "utf-8")
    done = delivered.run("report", "--send", TUI_TRANSFER_SMTP_PASSWORD=PASSWORD)
    assert done.code == 2
    assert "mail.security" in done.err


def test_workers_do_not_inherit_the_password(delivered: Place, base: Path) -> None:
    """Neither do programs that the screens start: `SECRET_VARIABLES` is what both leave out."""
    from tui_transfer.settings.variables import SECRET_VARIABLES

    assert "TUI_TRANSFER_SMTP_PASSWORD" in SECRET_VARIABLES


def test_a_server_that_is_away(place: Place) -> None:
    with Stage(place.folder) as staged:
        staged.job(stage.all_delivered())
    place.change(mail=MailSettings(host="127.0.0.1", port=free_port(), sender="exemple@example.org"))
    done = place.run("report", "--send")
    assert done.code == 5
    assert "Le serveur de messagerie est injoignable" in done.err
    assert list(place.home.reports.glob("*.txt"))
