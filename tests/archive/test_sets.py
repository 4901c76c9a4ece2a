"""Which files belong to a database, as their names tell."""

from __future__ import annotations

import pytest

from tui_transfer.archive import sets


def files(name: str, *beside: str) -> tuple[str, list[str], list[str]]:
    """The format, the files of the database that `name` is one of, and others of its stem."""
    names = [name, *beside]
    database = sets.recognise(name, names)
    data, derived = sets.companions(database, names)
    members = [database.main, *sorted(data + derived)]
    unspoken = {*members, *sets.locks(database, names), *sets.empty(database, names)}
    return (
        database.format.title,
        members,
        [other for other in database.others(names) if other not in unspoken],
    )


def test_every_format_says_where_it_is_known_from() -> None:
    assert all(form.title and form.source and form.main for form in sets.FORMATS)
    endings = [ending for form in sets.FORMATS for ending in form.main]
    assert len(endings) == len(set(endings))


@pytest.mark.parametrize(
    ("form", "members"),
    [
        ("dBase ou FoxPro", ["PAIE.DBF", "Paie.fpt", "paie.cdx", "paie.mdx"]),
        ("dBase ou FoxPro", ["paie.dbf", "PAIE.DBT", "paie.idx", "paie.ndx"]),
        ("FoxPro (conteneur de bases)", ["paie.dbc", "paie.dct", "paie.dcx"]),
        ("Paradox", ["PAIE.DB", "paie.MB", "paie.PX", "paie.X01", "paie.XG0", "paie.Y0A", "paie.YG1"]),
        ("Paradox", ["paie.db", "paie.fam", "paie.tv", "paie.val"]),
        ("HFSQL", ["PAIE.FIC", "PAIE.FTX", "PAIE.MMO", "paie.ndx"]),
        ("Firebird ou InterBase", ["paie.fdb", "paie.fd1", "paie.fdb.delta", "paie.fdb2"]),
        ("Firebird ou InterBase", ["paie.gdb", "paie.g01", "paie.gdb1"]),
        ("SQL Server", ["Paie.mdf", "Paie_1.ndf", "Paie_log.ldf"]),
        ("SQL Server", ["paie.mdf", "paie.ldf", "paie.ndf"]),
        ("H2", ["paie.mv.db"]),
        ("HSQLDB", ["paie.script", "paie.backup", "paie.data", "paie.lobs", "paie.log", "paie.properties"]),
    ],
)
def test_whichever_file_is_named_all_of_the_database_is_known(form: str, members: list[str]) -> None:
    main, *others = members
    strangers = [f"autre{name[4:]}" for name in others] + ["paies.dbf", "paie2.fpt", "pai.mb"]
    for name in members:
        beside = [other for other in [*members, *strangers] if other != name]
        assert files(name, *beside) == (form, [main, *sorted(others)], [])


def test_what_only_bears_the_stem_is_another_thing() -> None:
    found = files(
        "paie.dbf", "paie.txt", "PAIE.xls", "paie.dbf.bak", "paie.fpt", "paie 2021.dbf", "paie-2.fpt"
    )
    assert found == ("dBase ou FoxPro", ["paie.dbf", "paie.fpt"], ["paie.txt", "PAIE.xls", "paie.dbf.bak"])
    assert files("paie.txt", "paie.csv") == ("", ["paie.txt"], ["paie.csv"])
    assert files("paie", "paie.txt") == ("", ["paie"], ["paie.txt"])
    assert files(".db", "x") == ("", [".db"], [])


def test_a_companion_without_its_main_file_is_on_its_own() -> None:
    assert files("paie.fpt", "paie.cdx") == ("", ["paie.fpt"], ["paie.cdx"])


def test_a_file_of_a_longer_name_belongs_to_that_database() -> None:
    beside = ("paie.mdf", "paie_2.mdf", "paie_2_log.ldf", "paie_log.ldf")
    assert files("paie.mdf", *beside[1:])[1] == ["paie.mdf", "paie_log.ldf"]
    assert files("paie_2_log.ldf", *beside[:2], *beside[3:])[1] == ["paie_2.mdf", "paie_2_log.ldf"]


def test_traces_and_temporary_files_are_not_spoken_of() -> None:
    assert files("paie.mv.db", "paie.trace.db", "paie.12.temp.db", "paie.db") == (
        "H2",
        ["paie.mv.db"],
        ["paie.db"],
    )


@pytest.mark.parametrize(
    ("name", "locks"),
    [
        ("paie.mdb", ["paie.ldb"]),
        ("PAIE.MDB", ["paie.ldb"]),
        ("paie.accdb", ["paie.laccdb"]),
        ("paie.db", ["paie.lck", "PDOXUSRS.LCK"]),
        ("paie.mv.db", ["paie.lock.db"]),
        ("paie.script", ["paie.lck"]),
        ("paie.fdb", ["paie.fdb.lck", "paie.lck"]),
        ("paie.odb", [".~lock.paie.odb#"]),
    ],
)
def test_locks_bear_the_names_that_their_programs_give_them(name: str, locks: list[str]) -> None:
    beside = [
        *("paie.ldb", "paie.laccdb", "paie.lck", "PDOXUSRS.LCK", "paie.lock.db", "paie.fdb.lck"),
        *(".~lock.paie.odb#", "paie.mdb.ldb", "autre.ldb", "autre.lck"),
    ]
    assert sorted(sets.locks(sets.recognise(name, [name, *beside]), beside)) == sorted(locks)


def test_accents_count_however_they_are_written() -> None:
    assert files("Décembre.dbf", "De\u0301cembre.fpt")[1] == ["Décembre.dbf", "De\u0301cembre.fpt"]
