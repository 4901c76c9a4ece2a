"""What cannot be promised of a home's disk is told: in `check`, and at the start."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import pytest

from tests.job.examples import settings
from tui_transfer.preflight import checks, here, place
from tui_transfer.preflight.checks import Verdict
from tui_transfer.settings.config import Home
from tui_transfer.system import volumes
from tui_transfer.system.files import make_private_folder
from tui_transfer.system.volumes import Kind


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home" / "config.toml", tmp_path / "home")
    make_private_folder(made.jobs)
    return made


def test_of_a_usual_disk_there_is_nothing_to_say(home: Home) -> None:
    assert place.shortcomings(home) == []
    assert checks.check_place(home) == []
    assert place.remark(home) == ""


@pytest.mark.parametrize(
    ("kind", "told", "at_the_start"),
    [(Kind.FAT, "aucun fichier ne dépasse 4 Go", "un disque FAT ou exFAT"),
     (Kind.NETWORK, "qu’un seul poste y travaille à la fois", "un lecteur réseau")],
)  # fmt: skip
def test_a_disk_that_promises_less_is_told(
    home: Home, monkeypatch: pytest.MonkeyPatch, kind: Kind, told: str, at_the_start: str
) -> None:
    monkeypatch.setattr(volumes, "kind_of", lambda _: kind)
    (found,) = checks.check_place(home)
    assert (found.key, found.verdict) == ("place", Verdict.WARNING)
    assert found.explanation.startswith(f"{home.data} est sur ")
    assert told in found.explanation
    assert at_the_start in place.remark(home)
    said: list[str] = []
    assert here.check_here(settings(), home, said.append) is here.look_here(settings(), home).exit_code
    assert f"[à voir] {found.title} : {found.explanation}" in said


@pytest.mark.skipif(sys.platform == "win32", reason="access lists there: tests/system/test_access.py")
def test_so_is_one_that_others_may_look_into(home: Home) -> None:
    home.jobs.chmod(0o755)
    (told,) = place.shortcomings(home)
    assert told == (
        f"D’autres comptes de cette machine peuvent ouvrir {home.jobs} : « chmod 700 {home.jobs} »."
    )
    assert place.remark(home) == "D’autres comptes peuvent lire le dossier de travail"


def test_a_disk_that_does_not_say_what_it_is_keeps_nobody_waiting(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    says = threading.Event()
    monkeypatch.setattr(volumes, "kind_of", lambda _: says.wait(60) and Kind.FAT)
    monkeypatch.setattr(place, "_PATIENCE", 0.1)
    begun = time.monotonic()
    assert place.shortcomings(home) == []
    assert place.remark(home) == ""
    assert time.monotonic() - begun < 30
    says.set()
