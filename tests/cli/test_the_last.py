"""What « the last transfer » is, whatever the clock says and whatever was refused since."""

from __future__ import annotations

import json
import os
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.place import Place, archives, place_for
from tests.servers.openssh import SshServer
from tui_transfer.job import control
from tui_transfer.job.spec import make_spec
from tui_transfer.settings import config
from tui_transfer.settings.config import TransferSettings

WRONG = {"TUI_TRANSFER_SFTP_PASSWORD": "incorrect"}


@pytest.fixture
def bases(tmp_path: Path) -> dict[str, Path]:
    made = {name: tmp_path / f"{name}.bin" for name in ("Active", "Ancienne")}
    for path in made.values():
        path.write_bytes(os.urandom(200_000))
    return made


@pytest.fixture
def place(tmp_path: Path, ssh_server: SshServer, bases: dict[str, Path]) -> Place:
    made = place_for(tmp_path / "home", ssh_server.password)
    made.configure(ssh_server, bases)
    return made


def _no_go(place: Place) -> None:
    place.change(transfer=TransferSettings(opens_on=date.today() + timedelta(days=2)))


def test_after_a_refusal_resuming_tells_of_no_success(place: Place, ssh_server: SshServer) -> None:
    assert place.run("run", "--yes", "Active").code == 0
    done = place.job()
    _no_go(place)
    refused = place.run("run", "--yes", "Active", "--json")
    assert refused.code == 17
    assert refused.finished["job"] is None
    assert refused.finished["status"] == "blocked"
    resumed = place.run("resume")
    assert resumed.code == 15
    assert "Rien à reprendre" in resumed.err
    assert done.id in resumed.err
    assert "Active" in resumed.err
    assert "a été refusé : Le GO n’est pas encore donné" in resumed.err
    finished = place.run("resume", "--json").finished
    assert (finished["problem"], finished["exit_code"]) == ("nothing-to-resume", 15)
    assert len(archives(ssh_server.root)) == 1


def test_where_nothing_was_ever_done_there_is_nothing_to_resume(place: Place) -> None:
    resumed = place.run("resume")
    assert resumed.code == 15
    assert "Aucun transfert n’a encore été fait" in resumed.err


def test_an_unfinished_transfer_is_not_hidden_by_a_later_success(place: Place, ssh_server: SshServer) -> None:
    assert place.run("run", "--yes", "Active", **WRONG).code == 7
    unfinished = place.job()
    assert place.run("run", "--yes", "Ancienne").code == 0
    resumed = place.run("resume", "--json")
    assert resumed.code == 0
    assert resumed.finished["job"] == unfinished.id
    assert place.run("resume").code == 15


def test_a_transfer_that_was_begun_while_the_clock_was_ahead_is_not_the_last(
    place: Place, ssh_server: SshServer, bases: dict[str, Path]
) -> None:
    ahead = datetime.now().astimezone() + timedelta(days=2)
    settings = config.load(place.home.config_file)
    control.create(place.home, make_spec(settings, [("Ancienne", bases["Ancienne"])], ahead))
    assert place.run("run", "--yes", "Active", **WRONG).code == 7
    resumed = place.run("resume", "--json")
    assert resumed.code == 0
    assert [item["name"] for item in resumed.finished["databases"]] == ["Active"]
    assert "Active" in place.run("report").out
    assert [line.split()[-1] for line in place.run("jobs").out.splitlines()] == ["Active", "Ancienne"]


def test_every_refusal_is_listed_with_when_why_and_code(place: Place, bases: dict[str, Path]) -> None:
    settings = place.home.config_file.read_text()
    assert place.run("run").code == 2, "nobody is there to confirm"
    bases["Active"].rename(bases["Active"].with_name("ailleurs"))
    assert place.run("run", "--yes", "Active").code == 3
    _no_go(place)
    assert place.run("run", "--yes").code == 17
    place.home.config_file.write_text("[manager]\n")
    assert place.run("run", "--yes").code == 2
    place.home.config_file.unlink()
    assert place.run("run", "--yes").code == 2
    place.home.config_file.write_text(settings)
    job = control.create(
        place.home,
        make_spec(config.load(place.home.config_file), list(bases.items()), datetime.now().astimezone()),
    )
    with job.lock():
        assert place.run("run", "--yes").code == 16
    listed = place.run("jobs")
    assert listed.code == 0
    lines = listed.out.splitlines()
    assert [line.split("refusé (")[1].split(")")[0] for line in lines if "refusé" in line] == [
        "16", "2", "2", "17", "3", "2",
    ]  # fmt: skip
    assert lines[1].startswith(job.id)
    assert all(f"{date.today():%d/%m/%Y}" in line for line in lines)
    for words, line in zip(
        ("en cours", job.id, "Aucune configuration", "inutilisable", "GO", "introuvable", "confirmation"),
        lines,
        strict=True,
    ):
        assert words in line


def test_the_list_can_be_read_by_programs(place: Place) -> None:
    assert place.run("run", "--yes", "Active").code == 0
    assert place.run("run", "--yes", "Ancienne", **WRONG).code == 7
    _no_go(place)
    assert place.run("run", "--yes").code == 17
    refused, blocked, done = [json.loads(line) for line in place.run("jobs", "--json").out.splitlines()]
    assert (refused["type"], refused["problem"], refused["exit_code"]) == ("attempt", "not-open-yet", 17)
    assert (blocked["type"], blocked["status"], blocked["exit_code"]) == ("job", "blocked", 7)
    assert (done["status"], done["exit_code"], done["databases"][0]["name"]) == ("succeeded", 0, "Active")
    assert refused["sequence"] > blocked["sequence"] > done["sequence"]


def test_a_home_that_takes_nothing_hides_no_reason_for_a_refusal(place: Place) -> None:
    _no_go(place)
    (place.home.data / "attempts.jsonl").mkdir()
    refused = place.run("run", "--yes", "--json")
    assert refused.code == 17
    assert refused.finished["problem"] == "not-open-yet"
    assert "attempts.jsonl" in refused.err
