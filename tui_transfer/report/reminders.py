"""What is left to do around a transfer, in French: to resume it, to send its report, and what comes after.

The screens, `--plain` and the commands all say it in these words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui_transfer import french
from tui_transfer.report.author import describe_author
from tui_transfer.report.receipts import ReceiptFiles
from tui_transfer.settings.config import receipts_beside
from tui_transfer.system.files import printable

if TYPE_CHECKING:
    from tui_transfer.job.control import Follower
    from tui_transfer.job.report_mark import ReportMark

_MOST: Final = 3
"""Databases that are named."""
_NEXT: Final = (
    "L’équipe Impact emploi association intègre vos données dans le nouveau service. Rien d’autre n’est à "
    "faire ici. Si elle vous répond, suivez ses indications."
)
_ANTIVIRUS: Final = "Réactivez-le maintenant s’il est encore désactivé."
_REOPEN: Final = (
    "Vous pouvez le rouvrir, sur ce poste et sur les autres. Ce que vous y saisirez désormais n’est pas dans "
    "ce qui a été remis."
)
_KEEP: Final = "Le reçu signé prouve ce qui a été remis. Imprimez-le, ou copiez-le ailleurs : {page}"


def describe_unfinished(follower: Follower, *, overtaken: bool = False) -> str:
    """A transfer that is not at its end, in sentences.

    `overtaken`: later transfers delivered all that it did not.
    """
    failure = follower.failure
    why = f" {failure.title}." if failure else ""
    since = " Ce qui lui manquait a été remis depuis par un autre transfert." if overtaken else ""
    return f"À reprendre : le transfert du {_when(follower)}, {_bases(follower)}.{why}{since}"


def describe_unsent(follower: Follower) -> str:
    """A transfer whose report is still to be sent, in a sentence."""
    return f"Rapport à envoyer : celui du transfert du {_when(follower)}, {_bases(follower)}."


def describe_sent(mark: ReportMark) -> str:
    """A report that was sent, in a sentence: by whom, and when."""
    if mark.accepted:
        return f"Rapport envoyé le {french.moment(mark.at)}\N{NO-BREAK SPACE}: la messagerie l’a accepté."
    return f"Rapport envoyé, coché le {french.moment(mark.at)} par {describe_author(mark)}."


def afterwards(follower: Follower) -> list[tuple[str, str]]:
    """What comes once the report of a transfer is sent: titles, and what each means, in sentences."""
    receipt = ReceiptFiles.of(receipts_beside(follower.job.folder.parent), follower.job.id)
    steps = [("La suite", _NEXT), ("Antivirus", _ANTIVIRUS), ("Impact emploi", _REOPEN)]
    if receipt.exists:
        steps.append(("À conserver", _KEEP.format(page=printable(receipt.page))))
    return steps


def _when(follower: Follower) -> str:
    return french.moment(follower.job.spec.created_at)


def _bases(follower: Follower) -> str:
    names = [item.name for item in follower.job.spec.databases]
    if len(names) > _MOST:
        return f"{', '.join(names[:_MOST])} et {french.count(len(names) - _MOST, 'autre')}"
    return ", ".join(names)
