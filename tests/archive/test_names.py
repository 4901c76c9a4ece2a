"""Names that Windows or macOS would lose, rename or refuse are stored otherwise; all others as they are."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.archive.test_openers import OPENERS, Opener, contents
from tests.archive.tools import archive
from tui_transfer.archive.names import LONGEST, is_safe, stored_names
from tui_transfer.archive.source import list_source

LATIN_1 = os.fsdecode(b"pai\xe9.db")
LOST = [
    "a:b.dat", "a\\b.dat", 'dit "oui".txt', "quoi?.txt", "a*b", "a<b>c", "a|b", "tab\there",
    "ligne\nsuivante",
    "CON", "con.txt", "Prn", "AUX.tar.gz", "nul", "NUL .txt", "COM1", "com¹.dat", "LPT9.x", "LPT²", "CONIN$",
    "fin.", "fin ", "fin. . ", "...", "x\x7fy", "x\x9by", LATIN_1, os.fsdecode(b"\xff\xfe"),
]  # fmt: skip
KEPT = [
    "PAIE.FIC", "Bulletins d'été n° 1.dat", "console", "CONTRAT.txt", "com10", ".cache", "a_b.dat", "a b",
    "x.y.z", "日本.db", "é" * 127, "auxiliaire.aux", "a~1", " espace", "nul_",
]  # fmt: skip


def for_windows(name: str) -> bool:
    """Whether Windows makes a file of exactly that name, by what Python knows of it."""
    return (
        not PureWindowsPath(name).is_reserved()
        and not set(name) & set('<>:"/\\|?*')
        and not any(ord(char) < 32 for char in name)
        and name == name.rstrip(". ")
        and len(name.encode()) <= LONGEST
    )


@pytest.mark.parametrize("name", LOST)
def test_a_name_that_would_be_lost_gets_one_that_is_not_and_keeps_its_ending(name: str) -> None:
    assert not is_safe(name)
    stored = stored_names([name])[name]
    assert is_safe(stored)
    assert for_windows(stored)
    ending = Path(name.rstrip(". ")).suffix
    assert stored.endswith(ending) or set(ending) & set('<>:"|?*\\')


@pytest.mark.parametrize("name", KEPT)
def test_any_other_stays_as_it_is(name: str) -> None:
    assert for_windows(name)
    assert stored_names([name, "autre"]) == {}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("PAIE.DB", "Paie.db"),
        ("été.db", "ÉTÉ.DB"),
        (unicodedata.normalize("NFC", "été"), unicodedata.normalize("NFD", "été")),
        (unicodedata.normalize("NFC", "É"), unicodedata.normalize("NFD", "é")),
        ("straße", "STRASSE"),
    ],
)
def test_of_names_that_some_system_takes_for_one_the_first_stays(first: str, second: str) -> None:
    kept, changed = sorted([first, second])
    stored = stored_names([second, first])
    assert set(stored) == {changed}
    assert stored == stored_names([first, second])
    assert fold(stored[changed]) != fold(kept)
    assert Path(stored[changed]).suffix == Path(changed).suffix


def test_what_a_name_becomes_is_its_own_whatever_lies_beside_it() -> None:
    assert stored_names(["a:b.dat"]) == {"a:b.dat": "a_b~aa283aca.dat"}
    others = ["a_b.dat", "a?b.dat", "A:B.dat", "a:b.DAT"]
    stored = stored_names(["a:b.dat", *others])
    assert stored["a:b.dat"] == "a_b~aa283aca.dat"
    assert "a_b.dat" not in stored
    taken = stored_names(["a:b.dat", "a_b~AA283ACA.dat"])
    assert taken["a:b.dat"].startswith("a_b~aa283aca")
    assert taken["a:b.dat"] != "a_b~aa283aca.dat"


def test_a_name_that_is_too_long_is_cut_before_its_ending() -> None:
    name = "€" * 90 + ".db"
    stored = stored_names([name])[name]
    assert stored.startswith("€€€")
    assert stored.endswith(".db")
    assert len(stored.encode()) <= LONGEST


def fold(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).upper().casefold())


LETTERS = "aA:_?.é\u0301E~\udce9 COM1²"


@given(st.sets(st.text(st.sampled_from(LETTERS), min_size=1), max_size=8))
def test_no_names_of_one_folder_meet_again(names: set[str]) -> None:
    stored = stored_names(names)
    result = [stored.get(name, name) for name in names]
    assert len({fold(name) for name in result}) == len(names)
    assert all(is_safe(name) and for_windows(name) for name in result)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of every such name; each file holds its own, in a folder that bears one too."""
    base = tmp_path_factory.mktemp("base") / "Paie: 2022"
    for folder in (base, base / "PAIE", base / "Paie", base / os.fsdecode(b"ann\xe9e")):
        folder.mkdir()
        for name in [*LOST, *KEPT, "été", unicodedata.normalize("NFD", "été"), "PAIE.DB", "Paie.db", "a_b"]:
            path = folder / name
            if not path.exists():
                path.write_bytes(os.fsencode(path.relative_to(base)))
    return base


@pytest.mark.parametrize("opener", OPENERS, ids=lambda opener: opener.__name__)
def test_every_program_gives_back_every_file(hostile: Path, opener: Opener, tmp_path: Path) -> None:
    packed = archive(hostile, tmp_path)
    opener(packed.path, tmp_path / "x", "")
    (root,) = (tmp_path / "x").iterdir()
    expected = {item.name: item.path for item in list_source(hostile).items}
    # libarchive composes accents, which no name here needs to be told from another.
    found = {unicodedata.normalize("NFC", name): content for name, content in contents(root).items()}
    assert len(found) == len(expected)
    for name, path in expected.items():
        within = unicodedata.normalize("NFC", str(Path(name).relative_to(root.name)))
        assert found[within] == contents(Path(path))["."], name
    assert len({fold(name) for name in expected}) == len(expected)
    assert all(for_windows(part) for name in expected for part in name.split("/"))


def test_the_true_names_are_in_what_is_told_of_the_archive(hostile: Path, tmp_path: Path) -> None:
    told = archive(hostile, tmp_path).entries
    assert {os.fsencode(entry.true_name or entry.name) for entry in told} == {
        os.fsencode(path.relative_to(hostile.parent)) for path in hostile.rglob("*") if path.is_file()
    }
