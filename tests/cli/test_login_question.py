"""What a Sharebox asks before it lets in, at a terminal and without one; answers are written nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.place import Place, place_for
from tests.cli.terminal import at_terminal
from tests.servers.asyncssh_server import CODE, PASSWORD, AsyncsshServer, Round, Script, asyncssh_server
from tui_transfer.job import control
from tui_transfer.job.events import LoginAnswered, LoginAsked
from tui_transfer.job.journal import JournalReader

ASKS_PASSWORD: Round = ("", "", [("Mot de passe : ", False)], [PASSWORD])
ASKS_CODE: Round = ("Impact emploi", "Code envoyé au 06.", [("Votre code ? ", False)], [CODE])


@pytest.fixture
def server(tmp_path: Path) -> Iterator[AsyncsshServer]:
    script = Script(methods=("keyboard-interactive",), rounds=[ASKS_PASSWORD, ASKS_CODE])
    with asyncssh_server(tmp_path / "depot", script) as made:
        yield made


@pytest.fixture
def place(tmp_path: Path, server: AsyncsshServer) -> Place:
    base = tmp_path / "base.bin"
    base.write_bytes(b"paie" * 1000)
    made = place_for(tmp_path / "home", PASSWORD)
    made.configure(server, {"Base": base})
    return made


def _questions(place: Place) -> list[LoginAsked | LoginAnswered]:
    events = JournalReader(place.job().journal).read()
    return [event for event in events if isinstance(event, LoginAsked | LoginAnswered)]


def test_on_a_terminal_it_is_asked_in_the_words_of_the_sharebox(place: Place, server: AsyncsshServer) -> None:
    with at_terminal(place, "run", "--yes") as person:
        person.waits_for("Impact emploi Code envoyé au 06.")
        person.answers("Votre code", CODE)
        person.sees_it_end(0)
    assert server.script.given == [PASSWORD, CODE]
    assert len(list(server.root.glob("*.7z"))) == 1
    for path in place.folder.rglob("*"):
        assert not path.is_file() or CODE.encode() not in path.read_bytes(), path


def test_without_a_terminal_the_transfer_waits_for_a_person(place: Place, server: AsyncsshServer) -> None:
    result = place.run("run", "--yes", "--json")
    assert (result.code, result.finished["problem"]) == (18, "answer-needed")
    assert "Votre code ?" in result.finished["message"]
    assert server.script.given == [PASSWORD]
    asked, answered = _questions(place)
    assert isinstance(asked, LoginAsked)
    assert (asked.text, asked.prompts[0].hidden) == ("Code envoyé au 06.", True)
    assert isinstance(answered, LoginAnswered)
    assert not answered.given
    with at_terminal(place, "resume") as person:
        person.answers("Votre code", CODE)
        person.sees_it_end(0)


def test_a_wrong_code_is_tried_once(place: Place, server: AsyncsshServer) -> None:
    with at_terminal(place, "run", "--yes") as person:
        person.answers("Votre code", "000000")
        person.sees_it_end(7)
    assert server.script.given == [PASSWORD, "000000"]


def test_who_closes_the_terminal_leaves_a_job_that_can_be_resumed(place: Place) -> None:
    with at_terminal(place, "run", "--yes") as person:
        person.waits_for("Votre code")
    follower = control.Follower(place.job())
    while not follower.ended:
        follower.poll()
    assert follower.state.problem == "answer-needed"
