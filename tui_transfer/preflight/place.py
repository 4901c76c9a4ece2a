"""Where the home is, and what cannot be promised there: some disks keep neither secrets nor locks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui_transfer.system import access, volumes
from tui_transfer.system.cancellation import Cancellation
from tui_transfer.system.files import printable
from tui_transfer.system.volumes import Kind
from tui_transfer.system.waiting import result_of

if TYPE_CHECKING:
    from tui_transfer.settings.config import Home

_PATIENCE: Final = 2.0
"""Seconds that a disk may take to say what it is; a network's may never do."""
_ELSEWHERE: Final = "Mieux vaut un disque de cette machine (variable TUI_TRANSFER_HOME)."
_SENTENCES: Final = {
    Kind.FAT: "{home} est sur un disque FAT ou exFAT, une clé USB par exemple : qui tient ce disque peut "
    "tout y lire, une coupure de courant peut y abîmer ce qui s’écrit et, en FAT32, aucun fichier ne "
    "dépasse 4 Go.",
    Kind.NETWORK: "{home} est sur un lecteur réseau : rien n’y garantit qu’un seul poste y travaille à la "
    "fois, ni que vous soyez seul à pouvoir le lire, ni qu’une coupure n’abîme pas ce qui s’écrit.",
}
_AT_THE_START: Final = {
    Kind.FAT: "Le dossier de travail est sur un disque FAT ou exFAT, et tout n’y est pas garanti",
    Kind.NETWORK: "Le dossier de travail est sur un lecteur réseau, et tout n’y est pas garanti",
}
_OPEN: Final = "D’autres comptes peuvent lire le dossier de travail"


def shortcomings(home: Home) -> list[str]:
    """What the disk of the home does not keep, and what to do, in French sentences; nothing of one that keeps
    all, or that does not say in time what it is.
    """
    kind, is_open = _look(home)
    told = []
    if kind is not None:
        told += [_SENTENCES[kind].format(home=printable(home.data)), _ELSEWHERE]
    elif is_open:
        command = printable(access.how_to_close(home.jobs))
        told.append(
            f"D’autres comptes de cette machine peuvent ouvrir {printable(home.jobs)} : « {command} »."
        )
    return told


def remark(home: Home) -> str:
    """The same in half a sentence, for the start; empty where there is nothing to say. It may take seconds:
    not for a UI's own thread.
    """
    kind, is_open = _look(home)
    return _AT_THE_START[kind] if kind is not None else _OPEN if is_open else ""


def _look(home: Home) -> tuple[Kind | None, bool]:
    """The kind of disk, and whether others may look into the jobs."""

    def look() -> tuple[Kind | None, bool]:
        return volumes.kind_of(home.data), access.others_may_read(home.jobs)

    try:
        return result_of(look, Cancellation(), seconds=_PATIENCE)
    except (OSError, ValueError):  # it does not say; `TimeoutError` is one of the first
        return None, False
