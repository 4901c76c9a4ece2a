"""Which files of a disk a database consists of, and which beside it stay: in French."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

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
    label = "Fichiers de même nom, laissés ici" if len(names) > 1 else "Fichier de même nom, laissé ici"
    return f"{label} : {listed(names)}"


def listed(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    if len(names) <= _MOST + 1:
        return ", ".join(names)
    return f"{', '.join(names[:_MOST])} et {len(names) - _MOST} autres"
