"""What answers a question, and what does not: keys pressed before it stood there, lines that say nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.place import Place, archives, place_for
from tests.cli.terminal import ASKED, at_terminal
from tests.servers.openssh import SshServer
from tui_transfer.job import control
from tui_transfer.preflight.statements import STATEMENTS, Ticks
from tui_transfer.settings import config

REVIEW = "Passer les prérequis en revue"
CONFIRM = "Transférer 1.base vers"
PASSWORD = "Mot de passe Sharebox"
KEY = "derniers signes"
MENU = r"Que voulez-vous faire \?"
MESSAGE = "choisissez « Rapport »"


@pytest.fixture
def place(tmp_path: Path, ssh_server: SshServer) -> Place:
    base = tmp_path / "base.bin"
    base.write_bytes(os.urandom(200_000))
    made = place_for(tmp_path / "home", "")
    made.configure(ssh_server, {"Base active": base})
    return made


@pytest.fixture
def unknown_key(place: Place, ssh_server: SshServer, tmp_path: Path) -> Place:
    """Nothing to review, and no host key that is known."""
    place.configure(ssh_server, {"Base active": tmp_path / "base.bin"}, key=None)
    for statement in STATEMENTS:
        Ticks(place.home).set_ticked(statement.key, True)
    return place


def _files(place: Place) -> set[Path]:
    """All but the record of what was refused."""
    return set(place.folder.parent.rglob("*")) - {place.home.data / "attempts.jsonl"}


@pytest.mark.parametrize("command", ["run", "purge", "support-bundle"])
def test_what_was_typed_while_a_command_started_does_not_agree(place: Place, command: str) -> None:
    assert place.run("run", "--yes").code == 7, "no password: a job that could be removed"
    before = _files(place)
    with at_terminal(place, command) as person:
        person.program.send("oui\noui\no")
        person.answers("oui/non", "non")
        assert "La confirmation n’a pas été donnée" in person.sees_it_end(2)
    assert _files(place) == before


def test_no_line_of_many_answers_more_than_the_question_that_stands_there(
    place: Place, ssh_server: SshServer
) -> None:
    with at_terminal(place, "--plain") as person:
        person.answers(MENU, "Transférer")
        person.answers(REVIEW, "non\noui\nfaux-mot\noui")
        person.answers(CONFIRM, "non")
        person.leaves(2)
    assert control.list_jobs(place.home) == []
    with at_terminal(place, "run") as person:
        person.answers(CONFIRM, "oui\nfaux-mot")
        person.answers(PASSWORD, ssh_server.password)
        person.sees_it_end(0)
    assert ssh_server.refused_passwords() == 0
    assert len(archives(ssh_server.root)) == 1


def test_a_yes_accepts_no_host_key_whenever_it_was_typed(unknown_key: Place, ssh_server: SshServer) -> None:
    with at_terminal(unknown_key, "--plain") as person:
        person.answers(MENU, "Transférer\noui\noui\noui")
        person.answers(CONFIRM, "oui\noui\noui\noui")
        person.answers(PASSWORD, f"{ssh_server.password}\noui\noui\noui\noui")
        person.answers(KEY, "oui")
        person.answers(KEY, "")
        person.answers(KEY, ssh_server.fingerprint[-5:])
        person.answers(KEY, "non")
        person.leaves(8)
    assert ssh_server.authentication_requests() == []
    assert config.load(unknown_key.home.config_file).sharebox.host_key is None


@pytest.mark.parametrize("shown", ["its last signs", "the fingerprint that was received"])
def test_what_shows_that_a_host_key_was_compared_accepts_it(
    unknown_key: Place, ssh_server: SshServer, shown: str
) -> None:
    signs = ssh_server.fingerprint[-6:] if shown == "its last signs" else ssh_server.fingerprint
    with at_terminal(unknown_key, "--plain") as person:
        person.answers(MENU, "Transférer")
        person.answers(CONFIRM, "oui")
        person.answers(PASSWORD, ssh_server.password)
        person.answers(KEY, signs)
        person.waits_for(MESSAGE)
        person.leaves(0)
    assert config.load(unknown_key.home.config_file).sharebox.host_key == ssh_server.fingerprint


def test_lines_of_known_hosts_are_pasted_and_compared(unknown_key: Place, ssh_server: SshServer) -> None:
    public = next(ssh_server.key_file.parent.glob("host_key_*.pub")).read_text().split()
    pasted = f"# {ssh_server.host}:22 SSH-2.0-OpenSSH\n[{ssh_server.host}]:22 {public[0]} {public[1]}\n# fin"
    with at_terminal(unknown_key, "--plain") as person:
        person.answers(MENU, "Transférer")
        person.answers(CONFIRM, "oui")
        person.answers(PASSWORD, ssh_server.password)
        person.answers(KEY, "SHA256:" + "A" * 43)
        person.waits_for("Ce n’est pas l’empreinte affichée")
        person.waits_for("N’acceptez pas. Appelez")
        person.answers(KEY, pasted)
        person.waits_for(MESSAGE)
        person.leaves(0)
    assert config.load(unknown_key.home.config_file).sharebox.host_key == ssh_server.fingerprint


def test_an_empty_or_mistyped_answer_has_the_question_asked_again(
    place: Place, ssh_server: SshServer
) -> None:
    with at_terminal(place, "--plain") as person:
        person.answers(MENU, "Transmettre")
        person.answers(MENU, "transfer")
        person.answers(REVIEW, "")
        for typed in ("nno", "n0n", "non non", "oui non"):  # as often as it takes
            person.answers(REVIEW, typed)
        person.answers(REVIEW, "non")
        person.answers(CONFIRM, "")
        person.answers(CONFIRM, " OUI ")
        person.answers(PASSWORD, "")
        person.answers(PASSWORD, ssh_server.password)
        person.waits_for(MESSAGE)
        person.leaves(0)


@pytest.mark.parametrize("given", [["", "", ""], ["\x04"]], ids=["nothing clear", "Ctrl+D"])
def test_who_gives_no_answer_has_none_put_into_their_mouth(place: Place, given: list[str]) -> None:
    with at_terminal(place, "run") as person:
        for line in given:
            person.waits_for(CONFIRM)
            person.waits_for(ASKED)
            person.program.send(line if line == "\x04" else f"{line}\n")
        assert "Aucune réponse" in person.sees_it_end(2)
    assert control.list_jobs(place.home) == []


def test_no_answer_about_the_message_makes_no_failure_of_what_was_done(
    place: Place, ssh_server: SshServer
) -> None:
    with at_terminal(place, "--plain") as person:
        person.answers(MENU, "Transférer")
        person.answers(REVIEW, "non")
        person.answers(CONFIRM, "oui")
        person.answers(PASSWORD, ssh_server.password)
        person.waits_for(MESSAGE)
        person.answers(MENU, "Rapport")
        person.waits_for("Que voulez-vous faire du rapport")
        person.waits_for(ASKED)
        person.program.sendeof()
        person.waits_for("Aucune réponse : retour au menu")
        person.leaves(0)


def test_bytes_that_are_no_text_are_no_answer(place: Place) -> None:
    with at_terminal(place, "run") as person:
        person.waits_for(CONFIRM)
        person.waits_for(ASKED)
        os.write(person.program.child_fd, b"ou\xef\n")
        person.answers(CONFIRM, "non")
        person.sees_it_end(2)
