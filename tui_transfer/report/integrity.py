"""What is said of how sound a database is: in French."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_transfer import french
from tui_transfer.report.author import describe_author

if TYPE_CHECKING:
    from tui_transfer.job.state import DatabaseState


def describe_integrity(item: DatabaseState) -> str:
    """What SQLite says of a database, and who let it go if it is damaged; else empty."""
    checked = item.integrity
    if checked is None:
        return ""
    match checked.integrity:
        case "sound":
            return "intégrité contrôlée par SQLite, rien à signaler"
        case "damaged":
            return f"base endommagée : {checked.found}{_waived(item)}"
        case "running":
            return "intégrité en cours de contrôle"
        case _:
            return f"intégrité non vérifiée ({checked.found})"


def _waived(item: DatabaseState) -> str:
    waiver = item.damage_waiver
    if waiver is None:
        return ""
    how = "après une question" if waiver.asked else "d’avance"
    author = f"{describe_author(waiver)} le {french.moment(waiver.at)}"
    return f" ; transférée telle quelle, sur décision de {author}, {how}"
