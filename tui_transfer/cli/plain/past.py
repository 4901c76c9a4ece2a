"""What was transferred from this machine: all of it said, gone on with, removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from tui_transfer.cli import questions, upkeep
from tui_transfer.cli.plain import report, transfers
from tui_transfer.cli.plain.doing import Menu, Visit, does
from tui_transfer.deeds import Deed
from tui_transfer.job import control
from tui_transfer.tui.past_jobs import PastJobs

if TYPE_CHECKING:
    from tui_transfer.tui.past_jobs import PastJob

_MENU: Final = Menu(
    "Que voulez-vous faire dans l’historique ? Tapez un numéro",
    Deed.OPEN,
    Deed.PURGE,
    back=True,
    leads_on=True,
)
_ONE: Final = Menu(
    "Que voulez-vous faire de ce transfert ? Tapez un numéro", Deed.RESUME, Deed.REPORT, back=True
)
_REMOVAL: Final = Menu(
    "Comment supprimer ce transfert ? Tapez un numéro", Deed.EVERYWHERE, Deed.HERE, back=True
)
_MOST: Final = 20
"""Transfers that are read out at once."""


@does(Deed.HISTORY)
def show(visit: Visit) -> None:
    """Says each in a line, the newest first."""
    rows = PastJobs(visit.home).look()
    for row in rows[:_MOST]:
        click.echo(f"{_line(row)}.")
    if len(rows) > _MOST:
        click.echo(f"Et {len(rows) - _MOST} de plus, que « tui-transfer jobs » nomme tous.")
    if not rows:
        click.echo("Aucun transfert n’a encore été fait depuis cette machine.")
        return
    _MENU.do(visit)


@does(Deed.OPEN)
def open_one(visit: Visit) -> None:
    """Says all of one, and what can be done with it."""
    row = _choose(visit, "De quel transfert tout dire ? Tapez un numéro", refused=True)
    if row is None:
        return
    click.echo(row.about.removesuffix("Entrée l’affiche."))
    if row.job is None or row.refused or row.error is not None:
        return
    match _ONE.ask(without=() if row.stopped else (Deed.RESUME,)):
        case Deed.RESUME:
            transfers.go_on(visit, control.Follower(row.job))
        case Deed.REPORT:
            report.about(visit, row.job)


@does(Deed.PURGE)
def remove(visit: Visit) -> None:
    """Removes one from this machine, after asking."""
    row = _choose(visit, "Quel transfert supprimer de cette machine ? Tapez un numéro", refused=False)
    if row is None or (deed := _REMOVAL.ask()) is None:
        return
    upkeep.purge(visit.home, [row.name], None, yes=False, local=deed is Deed.HERE)


def _choose(visit: Visit, question: str, *, refused: bool) -> PastJob | None:
    rows = [row for row in PastJobs(visit.home).look() if refused or not row.refused][:_MOST]
    if not rows:
        click.echo("Aucun transfert n’est dans l’historique.")
        return None
    return rows[questions.choose(question, [_line(row) for row in rows])]


def _line(row: PastJob) -> str:
    """A transfer in a line, without the signs that the screens put before its state."""
    state = row.state.partition(" ")[2]
    return f"Le {row.created}, {state} : {', '.join(row.databases)}"
