"""What people and scripts give by mistake: told in French, by name, with the right exit code."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.place import COMMAND, Nowhere, Place
from tui_transfer.job import control


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("", 2, "Base inconnue"),
        ("~personne-de-ce-nom/x", 2, "Base inconnue : ~personne-de-ce-nom/x"),
        ("a" * 300, 2, "Base inconnue : aaa"),
        (os.fsdecode(b"absente\xff.db"), 2, "Base inconnue : absente\\xff.db"),
    ],
)
def test_what_is_no_database_is_named(place: Place, name: str, code: int, words: str) -> None:
    result = place.run("run", "--yes", name)
    assert result.code == code
    assert words in result.err
    assert "Traceback" not in result.err
    assert not place.home.jobs.exists()


def test_a_path_that_no_journal_can_hold_is_refused_by_name(place: Place, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"b\xff.db")
    path.write_bytes(b"x")
    result = place.run("run", "--yes", "--json", str(path))
    assert result.code == 3
    assert result.finished["problem"] == "database-file-name"
    assert "b\\xff.db" in result.finished["message"]


@pytest.mark.parametrize(
    "where", [lambda home: home, lambda home: home.parent, lambda home: home / "jobs" / "sous-dossier"]
)
def test_a_database_that_holds_the_work_itself_is_refused(
    place: Place, where: Callable[[Path], Path]
) -> None:
    folder = where(place.folder)
    folder.mkdir(parents=True, exist_ok=True)
    for command in (["run", "--yes", str(folder)], ["check"]):
        place.configure(Nowhere(), {"Tout": folder})
        result = place.run(*command)
        assert result.code == 3
        assert "dossier de travail" in result.out + result.err
    assert control.list_jobs(place.home) == []


def _names(place: Place) -> list[str]:
    return [item.name for item in place.job().spec.databases]


def test_a_database_asked_for_in_several_ways_is_sent_once(place: Place, tmp_path: Path) -> None:
    (tmp_path / "lien.db").symlink_to(tmp_path / "base.db")
    ways = ["Base active", str(tmp_path / "base.db"), f"{tmp_path}/home/../base.db", f"{tmp_path}/lien.db"]
    assert place.run("run", "--yes", *ways).code == 5
    assert _names(place) == ["Base active"]


def test_two_names_for_one_database_are_said_to_be_that(place: Place, tmp_path: Path) -> None:
    place.configure(Nowhere(), {"Une": tmp_path / "base.db", "Autre": tmp_path / "base.db"})
    result = place.run("run", "--yes")
    assert result.code == 3
    assert "Une base est demandée deux fois" in result.err


def test_databases_given_by_path_get_names_that_can_be_told_apart_and_shown(
    place: Place, tmp_path: Path
) -> None:
    paths = [tmp_path / name for name in ("a/x.db", "b/x.db", "Dossier v2.1/", "sur\ndeux\x1b[2J lignes.db")]
    for path in paths:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x") if path.suffix == ".db" else path.mkdir()
    assert place.run("run", "--yes", *map(str, paths)).code == 5
    assert _names(place) == ["x", "x (b)", "Dossier v2.1", "sur deux [2J lignes"]


def test_all_and_some_are_not_asked_for_together(place: Place) -> None:
    result = place.run("run", "--yes", "--all", "Base active")
    assert result.code == 2
    assert "--all" in result.err


@pytest.mark.parametrize(
    "url", ["moi:s3cr3t@proxy:3128", "http://moi:s3cr3t/@proxy:3128", "http://moi:s3cr3t@[proxy", "x:s3cr3t"]
)
def test_a_password_in_a_proxy_is_never_repeated_however_it_is_written(place: Place, url: str) -> None:
    result = place.run("run", "--yes", "--json", "--proxy", url)
    assert result.code == 2
    assert "s3cr3t" not in result.out + result.err


@pytest.mark.parametrize("option", ["--proxy", "--accept-host-key"])
def test_an_empty_option_is_not_taken_for_none(place: Place, option: str) -> None:
    """`--proxy "$PROXY"` where the variable is not set."""
    assert place.run("run", "--yes", option, "").code == 2


def test_an_empty_password_is_none(place: Place) -> None:
    """An account must not be locked by an attempt that nobody made."""
    from tui_transfer.job.orders import Orders

    assert Orders.from_environment({"TUI_TRANSFER_SFTP_PASSWORD": ""}).sftp_password is None


def test_a_damaged_transfer_is_listed_beside_the_others(place: Place) -> None:
    for _ in range(3):
        assert place.run("run", "--yes").code == 5
    newest, middle, oldest = control.list_jobs(place.home)
    (newest.folder / "job.json").write_text("{")
    middle.journal.write_bytes(middle.journal.read_bytes().replace(b'"n":1,', b'"n":9,'))
    result = place.run("jobs")
    assert result.code == 0
    lines = {line.split()[0]: line for line in result.out.splitlines() if line.startswith("20")}
    assert set(lines) == {newest.id, middle.id, oldest.id}
    in_order = [job for job in lines if job != newest.id]  # nothing tells any more when that was
    assert in_order == [middle.id, oldest.id]
    assert "abîmé" in lines[newest.id]
    assert "abîmé" in lines[middle.id]
    assert "abîmé" not in lines[oldest.id]
    assert place.run("resume", "--json").finished["problem"] == "journal-invalid"


def test_words_that_a_terminal_cannot_show_do_not_end_a_command(place: Place) -> None:
    """The dash of the subject is not in Latin 1."""
    place.run("run", "--yes")
    environment = place.environment(PYTHONIOENCODING="latin-1")
    done = subprocess.run([*COMMAND, "report"], capture_output=True, env=environment)
    assert done.returncode == 0
    assert "Objet : Service Impact Emploi Association - Reprise de données -" in done.stdout.decode("latin-1")
    done = subprocess.run([*COMMAND, "resume", "--json"], capture_output=True, env=environment)
    assert done.returncode == 5
    assert "c’est « port »" in done.stdout.decode()


@pytest.mark.parametrize("arguments", [[], ["run"]])
def test_a_closed_standard_input_is_nobody(place: Place, arguments: list[str]) -> None:
    command = ["sh", "-c", 'exec "$@" <&-', "sh", *COMMAND, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=place.environment())
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_start_that_fails_still_tells_the_job_and_its_databases(place: Place) -> None:
    assert place.run("run", "--yes").code == 5
    job = place.job()
    job.log.unlink()
    job.log.mkdir()
    result = place.run("resume", "--json")
    assert result.code == 10
    assert result.finished["job"] == job.id
    assert [item["name"] for item in result.finished["databases"]] == ["Base active"]


def test_a_home_of_an_unknown_account_or_that_is_a_file_is_explained(place: Place, tmp_path: Path) -> None:
    unknown = place.run("config", "show", TUI_TRANSFER_HOME="~personne-de-ce-nom/x")
    assert unknown.code == 2
    assert "Traceback" not in unknown.err
    file = place.run("config", "show", TUI_TRANSFER_HOME=str(tmp_path / "base.db"))
    assert file.code == 2
    assert "un élément de ce chemin n’est pas un dossier" in file.err


def test_a_draft_never_takes_the_place_of_a_device(place: Place, tmp_path: Path) -> None:
    place.run("run", "--yes")
    pipe = tmp_path / "tube"
    os.mkfifo(pipe)
    result = place.run("report", "--eml", str(pipe))
    assert result.code == 10
    assert "fichier ordinaire" in result.err
    assert pipe.is_fifo()


def test_check_goes_on_where_a_name_is_as_long_as_names_may_be(place: Place, tmp_path: Path) -> None:
    """A lock beside it would have a name that is too long to exist."""
    long = tmp_path / ("l" * 255)
    long.write_bytes(b"x")
    place.configure(Nowhere(), {"Longue": long})
    result = place.run("check")
    assert "[OK] Bases présentes et lisibles" in result.out
    assert result.code == 5, "the Sharebox is not there; the name is no obstacle"
