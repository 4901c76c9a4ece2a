"""A Visual FoxPro database: its container, and the tables that say that they belong to it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.archive.foxpro import container, salaries
from tests.archive.tools import archive, extracted, raises
from tui_transfer.archive.companions import AS_KNOWN, Selection, files_to_choose, find_files, main_of
from tui_transfer.archive.source import SourceKind, find_nested, list_source, summarize
from tui_transfer.errors import ExitCode, Problem

ALL = (
    "Paie.DBC",
    *("EMPLOYEURS.DBF", "EMPLOYEURS.CDX", "EMPLOYEURS.fpt", "Paie.dct", "Paie.dcx"),
    *("bulletins.dbf", "bulletins.CDX", "bulletins.fpt", "salaires.dbf", "salaires.CDX", "salaires.fpt"),
)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    folder = tmp_path / "donnees"
    folder.mkdir()
    made = container(folder / "Paie.DBC", ["salaires", "employeurs", "Bulletins"], deleted=["ancienne"])
    salaries(folder / "salaires.dbf", b"paie.dbc")
    salaries(folder / "EMPLOYEURS.DBF", b"PAIE.DBC", kind=0x31)
    salaries(folder / "bulletins.dbf", b"..\\DONNEES\\paie.dbc", kind=0x32)
    salaries(folder / "libre.dbf", b"")
    salaries(folder / "autre.dbf", b"..\\autre\\paie.dbc")
    salaries(folder / "vieille.dbf", b"", kind=0xF5)
    (folder / "Paie.txt").write_text("notes")
    (folder / "vide.dbf").touch()
    return made


def names(path: Path, selection: Selection = AS_KNOWN) -> list[str]:
    return [member.name for member in find_files(path, selection).members]


def test_the_container_brings_its_tables_whichever_file_is_named(base: Path) -> None:
    for named in ("Paie.DBC", "Paie.dct", "salaires.dbf", "EMPLOYEURS.fpt", "bulletins.CDX"):
        found = summarize(base.with_name(named))
        assert found.names == ("Paie.DBC", *sorted(ALL[1:])), named
        assert (found.kind, found.format) == (SourceKind.SET, "FoxPro (conteneur de bases)")
        assert found.left_out == ("Paie.txt",)
        assert main_of(base.with_name(named)) == base
    assert find_nested([base, base.with_name("salaires.dbf")]) is not None


def test_one_archive_holds_them_all_byte_for_byte(base: Path, tmp_path: Path) -> None:
    made = archive(base, tmp_path)
    out = extracted(made.path, tmp_path / "out")
    assert {path.name: path.read_bytes() for path in out.iterdir()} == {
        name: base.with_name(name).read_bytes() for name in ALL
    }


def test_a_table_that_belongs_to_none_or_to_another_is_on_its_own(base: Path) -> None:
    for stem in ("libre", "autre", "vieille"):
        assert names(base.with_name(f"{stem}.dbf")) == [f"{stem}.dbf", f"{stem}.CDX", f"{stem}.fpt"]
    for suffix in (".DBC", ".dct", ".dcx"):
        base.with_suffix(suffix).unlink()
    assert names(base.with_name("salaires.dbf")) == ["salaires.dbf", "salaires.CDX", "salaires.fpt"]


@pytest.mark.parametrize("link", ["C:\\IMPACT\\DATA\\PAIE.DBC", "/mnt/impact/paie.dbc"])
def test_where_the_container_once_lay_says_nothing(base: Path, link: str) -> None:
    salaries(base.with_name("libre.dbf"), link.encode())
    assert "libre.dbf" in names(base)
    assert main_of(base.with_name("libre.dbf")) == base


@pytest.mark.parametrize("encoding", ["cp1252", "cp850", "utf-8"])
def test_an_accent_is_read_in_whatever_code_page_it_was_written(tmp_path: Path, encoding: str) -> None:
    base = container(tmp_path / "Décembre.dbc", ["salaires"])
    salaries(tmp_path / "salaires.dbf", "décembre.dbc".encode(encoding))
    assert "salaires.dbf" in names(base)


def truncated(path: Path) -> None:
    salaries(path, b"paie.dbc")
    path.write_bytes(path.read_bytes()[:100])


def headless(path: Path) -> None:
    path.write_bytes(b"\x30\x16\x03\x02" + bytes(40))


def dangling(path: Path) -> None:
    path.symlink_to("nulle part")


@pytest.mark.parametrize("spoil", [truncated, headless, dangling, os.mkfifo])
def test_a_table_of_which_nobody_can_tell_stops_the_database(base: Path, spoil: object) -> None:
    path = base.with_name("douteuse.dbf")
    assert callable(spoil)
    spoil(path)
    for look in (summarize, list_source):
        with raises(Problem.DATABASE_INCOMPLETE) as caught:
            look(base)
        assert "douteuse.dbf" in caught.value.why
        assert caught.value.exit_code is ExitCode.PREREQUISITE
    assert "douteuse.dbf" in files_to_choose(base)[1], "a person may decide that it stays"
    without = Selection(without=("douteuse.dbf",))
    assert names(base, without) == list(summarize(base, without).names)
    assert "douteuse.dbf" in summarize(base, without).left_out


def test_a_folder_of_such_a_name_is_no_table(base: Path) -> None:
    base.with_name("ancien.dbf").mkdir()
    assert summarize(base).files == len(ALL)


def test_a_table_that_the_container_holds_and_that_is_not_there_stops_the_database(base: Path) -> None:
    base.with_name("salaires.dbf").rename(base.parents[1] / "salaires.dbf")
    with raises(Problem.DATABASE_INCOMPLETE) as caught:
        summarize(base)
    assert "salaires.dbf" in caught.value.why
    assert "n’est pas dans ce dossier" in caught.value.why
    assert "salaires.dbf" not in names(base, Selection(without=("salaires.dbf",)))


def test_a_table_whose_file_has_another_name_is_not_missed(base: Path) -> None:
    container(base, ["les salaires", "employeurs", "bulletins"])
    assert len(names(base)) == len(ALL)


def test_a_container_that_cannot_be_understood_misses_none(base: Path) -> None:
    base.write_bytes(b"PK\3\4")
    assert len(names(base)) == len(ALL)


def test_the_memos_of_a_table_stop_the_database_too(base: Path) -> None:
    memos = base.with_name("salaires.fpt")
    memos.unlink()
    memos.symlink_to("nulle part")
    with raises(Problem.DATABASE_INCOMPLETE) as caught:
        summarize(base)
    assert "salaires.fpt" in caught.value.why


def test_many_tables_are_found_quickly(tmp_path: Path) -> None:
    stems = [f"table{number:03d}" for number in range(300)]
    base = container(tmp_path / "paie.dbc", stems)
    for stem in stems:
        salaries(tmp_path / f"{stem}.dbf", b"paie.dbc")
    assert len(names(base)) == 3 * 301
