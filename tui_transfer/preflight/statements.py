"""The prerequisites of the fact sheet that only a person can vouch for, and what was ticked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import msgspec

from tui_transfer.job.spec import PrerequisiteTick
from tui_transfer.system.decoding import from_json
from tui_transfer.system.files import read_file, write_private

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from tui_transfer.settings.config import Home


class Group(StrEnum):
    """The two lists of the fact sheet; the value is the title."""

    DATA = "Concernant vos données"
    INSTALLATION = "Concernant votre installation"


@dataclass(frozen=True)
class Statement:
    """Something a person ticks.

    Attributes:
        key: stable, it is written to files.
        group: the list it belongs to.
        text: what is stated.
        short: the same in two or three words, for an enumeration.
        help: what to do, and where.
        lasts: how long it can be vouched for; None for good. What is true of a day is asked anew the next.
    """

    key: str
    group: Group
    text: str
    short: str
    help: str
    lasts: timedelta | None = None


A_DAY: Final = timedelta(hours=24)
_CLOCKS_DIFFER: Final = timedelta(hours=1)
"""By which a tick may be of the future: machines share a home, and clocks are put right."""


STATEMENTS: Final = (
    Statement(
        "unique-names",
        Group.DATA,
        "Chaque dossier de « Production » porte un nom unique",
        "noms de dossiers uniques",
        "Parcourez vos dossiers de « Production » : si deux dossiers ont le même nom, renommez l’un d’eux.",
    ),
    Statement(
        "simulation",
        Group.DATA,
        "Les dossiers non utilisés sont passés de « Production » à « Simulation »",
        "dossiers inutilisés en « Simulation »",
        "Un dossier de « Production » qui ne sert pas se passe à l’état « Simulation » dans Impact emploi.",
    ),
    Statement(
        "backup",
        Group.DATA,
        "Les données sont sauvegardées",
        "données sauvegardées",
        "La fiche pratique « Paramétrage : Sauvegarde et restaurations » dit comment faire.",
    ),
    Statement(
        "exit-date",
        Group.DATA,
        "La date de sortie du dispositif est renseignée pour les employeurs qui ne sont plus gérés",
        "dates de sortie renseignées",
        "Employeur que le logiciel ne gère plus : remplissez « Date de sortie du dispositif Impact emploi ».",
    ),
    Statement(
        "risk-code",
        Group.DATA,
        "Chaque employeur a un seul code risque actif (AT/MP)",
        "un seul code risque par employeur",
        "Le taux AT/MP de chaque employeur repose sur un code risque actif : il en faut un, et un seul.",
    ),
    Statement(
        "employers-archived",
        Group.DATA,
        "Les employeurs inactifs au 31 décembre 2021 sont archivés",
        "employeurs inactifs archivés",
        "Dans le dossier de « Production », archivez les employeurs qui n’étaient plus actifs à cette date.",
    ),
    Statement(
        "employees-archived",
        Group.DATA,
        "Les salariés sans contrat en cours au 31 décembre 2020 sont archivés",
        "salariés sans contrat archivés",
        "Dans le dossier de « Production », archivez les salariés qui n’avaient plus de contrat alors.",
    ),
    Statement(
        "antivirus",
        Group.INSTALLATION,
        "L’antivirus est désactivé",
        "antivirus désactivé",
        "Désactivez-le le temps du transfert, puis pensez à le réactiver.",
        lasts=A_DAY,
    ),
    Statement(
        "closed",
        Group.INSTALLATION,
        "Impact emploi est fermé sur ce poste",
        "Impact emploi fermé sur ce poste",
        "Fermez le logiciel. Plus bas, le programme regarde aussi si une base est encore ouverte.",
        lasts=A_DAY,
    ),
    Statement(
        "closed-network",
        Group.INSTALLATION,
        "En réseau : Impact emploi et le gestionnaire de services sont fermés sur les autres postes",
        "Impact emploi fermé sur les autres postes",
        "Le gestionnaire de services est « la boule bleue ou le scarabée rouge ». Un seul poste : cochez.",
        lasts=A_DAY,
    ),
)


class Ticks:
    """What was ticked, kept in the home so that prerequisites can be done days before.

    Args:
        home: where they are kept.
        clock: tells now; what is true of a day is ticked for 24 hours.

    Raises:
        TransferError: DISK_FULL or DISK_UNWRITABLE from `set_ticked`.
    """

    def __init__(self, home: Home, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._clock = clock
        self._file = home.data / "prerequisites.json"
        self._ticks = self._load()

    @property
    def all(self) -> tuple[PrerequisiteTick, ...]:
        """The ticks that hold, in the order of the fact sheet."""
        return tuple(tick for item, tick in self._kept() if self._holds(item, tick))

    @property
    def expired(self) -> tuple[PrerequisiteTick, ...]:
        """Those that held for a day, and do not any more."""
        return tuple(tick for item, tick in self._kept() if not self._holds(item, tick))

    @property
    def keys(self) -> Collection[str]:
        """The keys that are ticked."""
        return {tick.key for tick in self.all}

    def _kept(self) -> Iterator[tuple[Statement, PrerequisiteTick]]:
        return ((item, self._ticks[item.key]) for item in STATEMENTS if item.key in self._ticks)

    def _holds(self, statement: Statement, tick: PrerequisiteTick) -> bool:
        return statement.lasts is None or -_CLOCKS_DIFFER <= self._clock() - tick.at < statement.lasts

    @property
    def complete(self) -> bool:
        """Whether every statement is ticked."""
        return len(self.all) == len(STATEMENTS)

    def set_ticked(self, key: str, ticked: bool) -> None:
        """Ticks or unticks a statement, and keeps who did it and when.

        The others are as the file has them now: another window may have ticked some since it was read.
        """
        self._ticks = self._load()
        if ticked:
            self._ticks[key] = PrerequisiteTick.made_now(key=key)
        else:
            self._ticks.pop(key, None)
        write_private(self._file, msgspec.json.encode(list(self._ticks.values())))

    def _load(self) -> dict[str, PrerequisiteTick]:
        try:
            ticks = from_json(read_file(self._file), list[PrerequisiteTick])
        except (OSError, msgspec.DecodeError):
            # Unreadable ticks are no ticks: the person ticks again what is true today.
            return {}
        return {tick.key: tick for tick in ticks}
