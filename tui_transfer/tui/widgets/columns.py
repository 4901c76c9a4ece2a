"""Which columns a table has room for: names are whole before the others are there. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Column:
    """A column beside the one of the names.

    Attributes:
        label: its head.
        width: what it needs.
        rank: the column with the greatest gives way first; one of 0 never does.
    """

    label: str
    width: int
    rank: int = 0


@dataclass(frozen=True)
class Layout:
    """The columns that are there, in their order, and how wide that of the names is."""

    columns: tuple[Column, ...]
    name: int


def lay_out(columns: Sequence[Column], room: int, longest: int, gap: int, least: int) -> Layout:
    """Leaves columns out, the least needed first, until the longest name fits beside the others.

    Args:
        columns: all that there may be, without that of the names.
        room: columns of the window, for all of them and the gaps between them.
        longest: cells of the longest name.
        gap: cells between two columns.
        least: cells that names have in any case.
    """
    kept = list(columns)

    def left() -> int:
        return room - sum(column.width + gap for column in kept)

    while left() < longest and (optional := [column for column in kept if column.rank]):
        kept.remove(max(optional, key=lambda column: column.rank))
    return Layout(tuple(kept), max(least, min(left(), max(longest, least))))
