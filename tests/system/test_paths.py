r"""Paths that Windows takes letter by letter, with ``\\?\`` before them, and back."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tui_transfer.system.files import printable
from tui_transfer.system.paths import extended, is_plain, literal, readable, shortened


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        (r"D:\Paie 2021.", r"\\?\D:\Paie 2021."),
        ("D:/Asso Été /bulletins.dat", r"\\?\D:\Asso Été \bulletins.dat"),
        (r"D:\paie\..\NUL", r"\\?\D:\NUL"),
        ("D:\\", "\\\\?\\D:\\"),
        (r"\\srv\paie\2021 ", r"\\?\UNC\srv\paie\2021 "),
        (r"\\?\D:\Paie 2021.", r"\\?\D:\Paie 2021."),
        (r"\\?\UNC\srv\paie", r"\\?\UNC\srv\paie"),
        (r"\\.\pipe\agent", r"\\.\pipe\agent"),
    ],
)
def test_names_go_to_windows_as_they_are(given: str, taken: str) -> None:
    assert extended(given) == taken
    assert extended(shortened(taken)) == taken


def test_people_read_paths_without_what_was_added() -> None:
    assert shortened(r"\\?\UNC\srv\paie\2021 ") == r"\\srv\paie\2021 "
    assert shortened(r"\\?\D:\Paie 2021.") == r"D:\Paie 2021."
    assert shortened("D:\\Paie") == "D:\\Paie"


@pytest.mark.skipif(sys.platform != "win32", reason="elsewhere a path is taken as it is")
def test_on_windows_a_name_that_ends_with_a_dot_is_found(tmp_path: Path) -> None:
    for name in ("Paie 2021.", "Paie 2021", "Été ", "x" * 200):
        folder = Path(literal(tmp_path / name / ("y" * 40)))
        folder.mkdir(parents=True)
        (folder / "base.dat").write_text(name)
    for name in ("Paie 2021.", "Paie 2021", "Été ", "x" * 200):
        file = literal(tmp_path / name / ("y" * 40) / "base.dat")
        assert Path(file).read_text() == name
        assert printable(file) == str(tmp_path / name / ("y" * 40) / "base.dat")


@pytest.mark.parametrize("name", ["Paie 2021.", "Été ", "NUL"])
def test_what_a_library_would_miss_on_windows_is_known(tmp_path: Path, name: str) -> None:
    assert is_plain(tmp_path / "Paie 2021" / ("x" * 200) / ("y" * 100) / "base.db")
    assert is_plain(literal(tmp_path / "Paie 2021" / "base.db"))
    path = tmp_path / name
    assert is_plain(path) == (sys.platform != "win32") == is_plain(literal(path))
    assert is_plain(tmp_path / "Paie 2021." / "base.db") == (sys.platform != "win32")


@pytest.mark.skipif(sys.platform == "win32", reason="there it is something added")
def test_elsewhere_a_name_may_begin_like_that() -> None:
    name = r"\\?\D:\Paie"
    assert literal(name) == readable(name) == printable(name) == name
