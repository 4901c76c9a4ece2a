"""The one line that stays in the terminal once the program is left: where one stands, how to come back."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from tui_transfer import french
from tui_transfer.errors import TransferError
from tui_transfer.job import control, report_mark
from tui_transfer.job.control import Follower
from tui_transfer.job.state import JobStatus

if TYPE_CHECKING:
    from tui_transfer.settings.config import Home


def farewell(home: Home, *, practice: bool = False) -> str:
    """What to say of the transfer of a home; empty where there is nothing to say, or nobody can tell."""
    if practice:
        return "La démonstration est terminée : rien de ce qu’elle a créé ne reste."
    with suppress(TransferError):
        if (job := control.running_job(home)) is not None:
            return _goes_on(Follower(job))
        newest = next(iter(control.list_entries(home)), None)
        if newest is not None:
            return _stopped(Follower(control.find(home, newest.name)))
    return ""


def _goes_on(follower: Follower) -> str:
    progress = follower.progress
    told = [french.percent(progress.share)]
    if (left := progress.left(time.time())) is not None:
        told.append(f"encore {french.duration(left)}")
    return (
        f"Le transfert continue en arrière-plan ({', '.join(told)}). N’éteignez pas l’ordinateur. "
        "Pour le suivre : tui-transfer"
    )


def _stopped(follower: Follower) -> str:
    state = follower.state
    if state.status is JobStatus.CREATED:
        return ""
    if not follower.succeeded:
        share = french.percent(follower.progress.share)
        return f"Transfert à reprendre ({share}), rien n’est perdu. Pour y revenir : tui-transfer"
    how = "vérifié" if state.all_verified else "remis, sans vérification possible"
    if report_mark.sent(follower.job) is None:
        return f"Transfert terminé et {how}. Il reste à envoyer le rapport : tui-transfer"
    return f"Transfert terminé et {how}, rapport envoyé : rien d’autre n’est à faire."
