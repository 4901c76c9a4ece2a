"""Three databases to practise with: made-up payroll data, the same bytes each time.

Nobody in them can exist: a social-security number never begins with 9 nor has the key 99, and no company has
a SIRET that begins with 00000.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_MADE_AT: Final = datetime(2022, 2, 28, 17, 30, tzinfo=UTC).timestamp()
_PAGE: Final = 4096
_UNUSED, _RECORDS, _BLOB = 0, 5, 8
_MONTHS: Final = 24

_SURNAMES: Final = (
    "Brouillon", "Échantillon", "Essai", "Exemplaire", "Factice", "Fictif", "Gabarit", "Imaginaire",
    "Maquette", "Modèle", "Prétexte", "Simulacre", "Spécimen", "Témoin",
)  # fmt: skip
_FIRST_NAMES: Final = (
    "Anatole", "Barnabé", "Cunégonde", "Domitille", "Eulalie", "Fulbert", "Gontran", "Hégésippe",
    "Irénée", "Joséphine", "Léopoldine", "Mélisande", "Népomucène", "Théophraste",
)  # fmt: skip
_ACTIVITIES: Final = (
    "de pétanque lunaire", "des chorales muettes", "des jardins suspendus", "de théâtre d'ombres",
    "des cerfs-volants lestés", "de voile en montagne", "des fanfares discrètes", "de tricot nocturne",
)  # fmt: skip
_TOWNS: Final = ("Exempleville", "Maquette-sur-Mer", "Saint-Modèle", "Gabarit-les-Bains", "Témoin-le-Vieux")

_SCHEMA: Final = """
CREATE TABLE employeurs (
    id INTEGER PRIMARY KEY, siret TEXT, raison_sociale TEXT, commune TEXT, code_risque TEXT);
CREATE TABLE salaries (
    id INTEGER PRIMARY KEY, employeur INTEGER REFERENCES employeurs, nir TEXT, nom TEXT, prenom TEXT,
    entree TEXT, taux_horaire INTEGER);
CREATE TABLE bulletins (
    id INTEGER PRIMARY KEY, salarie INTEGER REFERENCES salaries, periode TEXT, heures INTEGER,
    brut INTEGER, net INTEGER);
CREATE TABLE lignes (
    id INTEGER PRIMARY KEY, bulletin INTEGER REFERENCES bulletins, rubrique TEXT, libelle TEXT,
    base INTEGER, taux INTEGER, montant INTEGER);
"""
_INDEXES: Final = """
CREATE INDEX lignes_par_bulletin ON lignes (bulletin);
CREATE INDEX salaries_par_nir ON salaries (nir);
"""
_CONTRIBUTIONS: Final = (
    ("2010", "Maladie, maternité, invalidité", 700),
    ("2020", "Vieillesse plafonnée", 690),
    ("2030", "Retraite complémentaire tranche 1", 315),
    ("2040", "CSG déductible de l'impôt sur le revenu", 680),
)


@dataclass(frozen=True)
class Sample:
    """A database to hand over."""

    name: str
    """As shown in the list of databases."""
    path: Path
    active: bool
    """Whether it is ticked by default."""


@dataclass(frozen=True)
class Samples:
    """One database of each kind."""

    sqlite: Sample
    folder: Sample
    file: Sample

    def __iter__(self) -> Iterator[Sample]:
        return iter((self.sqlite, self.folder, self.file))


def make_samples(folder: Path, scale: float = 1.0) -> Samples:
    """Makes the three databases in `folder`, which exists and is empty.

    Args:
        folder: where.
        scale: of their sizes: at 1, about 30 Mo for the SQLite base, 2 Mo for the folder, 4 Mo for the file.

    Raises:
        OSError: the disk is full or unwritable.
    """
    samples = Samples(
        sqlite=Sample("Base active", folder / "impact-emploi.db", active=True),
        folder=Sample("Archives 2020", folder / "Archives 2020 – réel", active=False),
        file=Sample("Ancienne base", folder / "ANCIENNE.fdb", active=False),
    )
    _make_sqlite(samples.sqlite.path, _at_least_one(560 * scale))
    _make_folder(samples.folder.path, _at_least_one(12 * scale))
    _make_file(samples.file.path, _at_least_one(1024 * scale))
    _date(folder)
    return samples


def _at_least_one(count: float) -> int:
    return max(1, round(count))


def _make_sqlite(path: Path, employers: int) -> None:
    rng = Random("sqlite")  # noqa: S311 - to be the same each time is the point
    _write(path, b"")  # SQLite takes an empty file as a new database, and keeps its mode
    with _sqlite_errors(path), closing(sqlite3.connect(path, isolation_level=None)) as base:
        # Nothing is lost if this is cut short: it would be made again.
        base.executescript(f"PRAGMA page_size={_PAGE}; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;")
        base.executescript(_SCHEMA)
        base.execute("BEGIN")
        base.executemany("INSERT INTO employeurs VALUES (?,?,?,?,?)", _employers(rng, employers))
        salaries = [(i, 1 + rng.randrange(employers), *_person(rng)) for i in range(1, employers * 6 + 1)]
        base.executemany("INSERT INTO salaries VALUES (?,?,?,?,?,?,?)", salaries)
        payslips = list(_payslips(rng, salaries))
        base.executemany("INSERT INTO bulletins VALUES (?,?,?,?,?,?)", payslips)
        base.executemany(
            "INSERT INTO lignes (bulletin, rubrique, libelle, base, taux, montant) VALUES (?,?,?,?,?,?)",
            _lines(payslips),
        )
        base.execute("COMMIT")
        base.executescript(_INDEXES)


@contextmanager
def _sqlite_errors(path: Path) -> Iterator[None]:
    """Turns SQLite's errors on a file that it writes into the system's."""
    try:
        yield
    except sqlite3.OperationalError as error:
        code = errno.ENOSPC if error.sqlite_errorcode == sqlite3.SQLITE_FULL else errno.EIO
        raise OSError(code, str(error), path) from error


def _employers(rng: Random, count: int) -> Iterator[tuple[int, str, str, str, str]]:
    for i in range(1, count + 1):
        activity, town = rng.choice(_ACTIVITIES), rng.choice(_TOWNS)
        risk = f"{rng.randrange(100):02}9ZZ"
        yield i, f"00000{i:09}", f"Association fictive {activity} n° {i}", town, risk


def _person(rng: Random) -> tuple[str, str, str, str, int]:
    """NIR, surname, first name, date of entry, hourly rate in cents."""
    entry = f"{rng.randrange(2001, 2020)}-{rng.randrange(1, 13):02}-01"
    return _nir(rng), rng.choice(_SURNAMES), rng.choice(_FIRST_NAMES), entry, rng.randrange(1057, 3200)


def _nir(rng: Random) -> str:
    """A social-security number that cannot be one: it begins with 9, and its key is 99 (keys end at 97)."""
    return f"9{rng.randrange(10**12):012}99"


def _payslips(
    rng: Random, salaries: Sequence[tuple[int, int, str, str, str, str, int]]
) -> Iterator[_Payslip]:
    periods = [f"{2020 + month // 12}-{month % 12 + 1:02}" for month in range(_MONTHS)]
    number = 0
    for salarie in salaries:
        for period in periods:
            number += 1
            hours = rng.randrange(8, 152)
            gross = hours * salarie[6]
            yield number, salarie[0], period, hours, gross, gross * 78 // 100


_Payslip = tuple[int, int, str, int, int, int]


def _lines(payslips: Sequence[_Payslip]) -> Iterator[tuple[int, str, str, int, int, int]]:
    for number, _, _, hours, gross, _ in payslips:
        yield number, "1000", "Salaire de base", hours, gross // hours, gross
        for code, label, rate in _CONTRIBUTIONS:
            yield number, code, label, gross, rate, -gross * rate // 10_000


def _make_folder(path: Path, months: int) -> None:
    """Names with accents, spaces and an apostrophe, an empty file and an empty folder."""
    rng = Random("folder")  # noqa: S311 - to be the same each time is the point
    for folder in ("", "Bulletins de paie", "Pièces jointes", "Pièces jointes/Été", "À classer"):
        (path / folder).mkdir(mode=0o700)
    for month in range(1, months + 1):
        _write(path / "Bulletins de paie" / f"2020-{month:02} état mensuel.csv", _csv(rng, 1500))
        _write(path / "Pièces jointes" / f"numérisé {month:02}.bin", rng.randbytes(120_000))
    _write(path / "Pièces jointes" / "Été" / "congés d'août.csv", _csv(rng, 40))
    _write(path / "Lisez-moi.txt", "Données fictives, pour la démonstration.\n".encode())
    _write(path / "fichier vide.txt", b"")


def _csv(rng: Random, rows: int) -> bytes:
    lines = ["nir;nom;prénom;entrée;taux horaire"]
    lines += [";".join(map(str, _person(rng))) for _ in range(rows)]
    return "\r\n".join([*lines, ""]).encode()


def _make_file(path: Path, pages: int) -> None:
    """A file of pages, as an old server's: a header, records, and pages never used."""
    rng = Random("file")  # noqa: S311 - to be the same each time is the point
    content = bytearray(b"TUI-TRANSFER DEMO".ljust(_PAGE, b"\0"))
    for number in range(1, pages):
        kind = rng.choices((_UNUSED, _RECORDS, _BLOB), weights=(15, 70, 15))[0]
        content += _page(rng, number, kind)
    _write(path, bytes(content))


def _page(rng: Random, number: int, kind: int) -> bytes:
    content = bytes([kind]) + number.to_bytes(7, "little")
    if kind == _RECORDS:
        content += _csv(rng, 75)
    elif kind == _BLOB:
        content += rng.randbytes(_PAGE)
    return content[:_PAGE].ljust(_PAGE, b"\0")


def _write(path: Path, content: bytes) -> None:
    path.touch(mode=0o600, exist_ok=False)
    path.write_bytes(content)


def _date(folder: Path) -> None:
    """Gives everything in `folder` the same date, which is part of what an archive holds."""
    for path in folder.rglob("*"):
        os.utime(path, (_MADE_AT, _MADE_AT))
