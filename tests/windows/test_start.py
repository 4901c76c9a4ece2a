"""The start of the program: by its `.cmd`, into a pipe that is left; and its demonstration."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.cli.place import Nowhere
from tests.windows.place import INSIDE, WindowsPlace, windows_place
from tests.windows.wine import in_windows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.windows.wine import Wine

pytestmark = pytest.mark.windows

START = "Transfert Urssaf.cmd"


@pytest.fixture
def place(windows: Wine, tmp_path: Path) -> WindowsPlace:
    """A home that is set up, for a Sharebox that is not there."""
    made = windows_place(windows, tmp_path / "home", "")
    made.configure(Nowhere(), {"Paie": tmp_path / "paie.dat"})
    return made


def test_the_demonstration_goes_well_from_the_first_byte_to_the_last(windows: Wine) -> None:
    done = windows.run(windows.command("demo", "--headless"))
    assert done.code == 0, done.out
    assert done.out.count("son contenu est identique à la base") == 3


@pytest.mark.parametrize("arguments", [["guide"], ["--help"], ["jobs", "--json"]], ids=lambda words: words[0])
def test_a_pipe_that_is_left_is_no_failure(place: WindowsPlace, arguments: list[str]) -> None:
    """As `| more` leaves it, by a key."""
    command = [in_windows(place.windows.python), "-m", "tui_transfer", *arguments]
    leave = place.windows.python_command(in_windows(INSIDE / "leave.py"), *command)
    done = place.windows.run(leave, place.environment)
    ended = json.loads(done.out)
    assert ended["said"] == ""
    assert ended["code"] in {0, 12}  # it was all written, or not


@pytest.fixture
def beside(windows: Wine) -> Iterator[Path]:
    """The folder `donnees`, for as long as the test."""
    folder = windows.bundle / "donnees"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)


def test_the_start_takes_the_folder_beside_it_and_passes_on_how_it_ended(windows: Wine, beside: Path) -> None:
    start = [windows.program, "cmd", "/c", in_windows(windows.bundle / START)]
    where = windows.run([*start, "config", "path"])
    assert where.code == 0, where.out
    assert in_windows(beside / "config.toml") in where.out
    assert windows.run([*start, "run", "--yes"]).code == 2


def test_without_that_folder_everything_is_in_the_profile(windows: Wine) -> None:
    start = [windows.program, "cmd", "/c", in_windows(windows.bundle / START)]
    where = windows.run([*start, "config", "path"])
    assert "C:\\users\\" in where.out
    assert "AppData\\Local" in where.out
