"""Which files of a disk a database consists of, and which beside it stay: in French."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui_transfer import french
from tui_transfer.archive.true_names import NAME

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST: Final = 12
"""Names in one sentence."""


def describe_files(names: Sequence[str], form: str) -> str:
    """The files of a set, the main one first, and its format: « PAIE.FIC, PAIE.MMO (HFSQL) »."""
    return f"{listed(names)} ({form})" if form else listed(names)


def describe_left_out(names: Sequence[str]) -> str:
    """What stays beside a database, as a label and names; empty where nothing does."""
    if not names:
        return ""
    label = french.agree(len(names), "Fichier de même nom, laissé ici", "Fichiers de même nom, laissés ici")
    return f"{label} : {listed(names)}"


def describe_renames(count: int, renames: Sequence[tuple[str, str]]) -> str:
    """How many names are stored otherwise, and the first of those that may be told; empty where none is."""
    if not count:
        return ""
    what = french.agree(count, "Nom changé", "Noms changés")
    told = [f"« {name} » en « {stored} »" for name, stored in renames]
    which = french.some_of(told, len(told), count) if told else french.number(count)
    return f"{what} dans l’archive, que Windows ou macOS ne rendrait pas : {which}"


def describe_true_names(count: int) -> str:
    """Where an encrypted archive says how files whose names were changed are really called; empty where none
    was.
    """
    if not count:
        return ""
    whose = french.agree(count, "Nom d’origine", "Noms d’origine")
    return f"{whose} : dans l’archive, le fichier {NAME}"


def listed(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    return french.some_of(names, _MOST)
