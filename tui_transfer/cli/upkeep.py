"""Removes jobs from this machine, with what they left on the Sharebox."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import click

from tui_transfer import french
from tui_transfer.cli import headless, questions
from tui_transfer.cli.listing import describe_kept, job_line
from tui_transfer.errors import ExitCode, Problem, TransferError, harmless
from tui_transfer.job import control, history
from tui_transfer.job.orders import Orders
from tui_transfer.job.remains import spool_contents
from tui_transfer.report.receipts import keep_receipt_of
from tui_transfer.system.cancellation import Cancellation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tui_transfer.job.control import Follower
    from tui_transfer.settings.config import Home, ShareboxSettings
    from tui_transfer.worker.leftovers import Leftovers

_HALF_REMOVED: Final = "supprimé en partie ; « purge », lancé de nouveau, supprimera le reste."


def purge(home: Home, wanted: Sequence[str], older_than: int | None, *, yes: bool, local: bool) -> ExitCode:
    """Removes jobs that are over or interrupted, and what the latter left on the Sharebox, after asking.

    Args:
        home: where the jobs are.
        wanted: which jobs, by the beginning of their names; none means all that may be removed.
        older_than: days since something last happened to them.
        yes: agreed beforehand; what was delivered unverified, and is kept here, must be named then.
        local: leave the Sharebox alone.

    Returns:
        Success, or that of the first failure; a job that could not be removed keeps none of the others. What
        an earlier removal could not come to the end of is gone on with first.

    Raises:
        TransferError: JOB_UNKNOWN, JOB_RUNNING, JOURNAL_INVALID or JOURNAL_NEWER about a job that was named;
            CONFIRMATION_NEEDED.
    """
    codes = finish_removals(home)
    chosen = [
        follower
        for follower in _choose(home, wanted)
        if _is_older(follower, older_than) and (wanted or not yes or _may_go_unasked(follower))
    ]
    if not chosen:
        if not codes:
            click.echo("Aucun transfert à supprimer.")
        return _first_failure(codes)
    for follower in chosen:
        click.echo(job_line(follower), err=not yes)
        if kept := describe_kept(follower):
            click.echo(f"    {kept}", err=not yes)
        for left in [] if local else _leftovers(follower):
            for name in left.told:
                click.echo(f"    et sur {left.where}, s’il y est : {name}", err=not yes)
    if not yes:
        questions.agree(f"Supprimer {french.count(len(chosen), 'transfert')} de cette machine ?")
    codes += [_remove(home, follower, local=local) for follower in chosen]
    return _first_failure(codes)


def finish_removals(home: Home) -> list[ExitCode]:
    """Goes on with removals that were broken off, and tells it; gives the exit code of each."""
    codes = []
    for name, error in control.finish_removals(home):
        if error is None:
            click.echo(f"{name} : sa suppression, interrompue auparavant, est achevée.", err=True)
        else:
            click.echo(f"{name} : {_HALF_REMOVED} {error.as_text()}", err=True)
        codes.append(ExitCode.SUCCESS if error is None else error.exit_code)
    return codes


def _first_failure(codes: Sequence[ExitCode]) -> ExitCode:
    return next((code for code in codes if code is not ExitCode.SUCCESS), ExitCode.SUCCESS)


def _choose(home: Home, wanted: Sequence[str]) -> Iterator[Follower]:
    if wanted:
        for name in wanted:
            found = history.read(control.find(home, name))
            if isinstance(found, TransferError):
                raise found
            if found.running:
                raise TransferError(Problem.JOB_RUNNING, job=found.job.id)
            yield found
        return
    for name, found in history.read_all(home):
        if isinstance(found, TransferError):
            click.echo(harmless(f"{name} : conservé. {found.title}."), err=True)
        elif found.running:
            click.echo(f"{name} : conservé, il est en cours.", err=True)
        else:
            yield found


def _may_go_unasked(follower: Follower) -> bool:
    """Whether nobody need have this very job in mind to remove it.

    What was delivered and could not be verified is kept here, too: it may be the only copy that is whole.
    """
    if not follower.succeeded or follower.state.all_verified or not spool_contents(follower.job):
        return True
    why = "ce qui est remis n’a pas pu être vérifié, et son archive est ici. Nommez-le pour le supprimer"
    click.echo(f"{follower.job.id} : conservé, {why}.", err=True)
    return False


def _is_older(follower: Follower, days: int | None) -> bool:
    if days is None:
        return True
    last = follower.state.updated_at or follower.job.spec.created_at
    return datetime.now().astimezone() - last >= timedelta(days=days)


def _leftovers(follower: Follower) -> list[Leftovers]:
    # Only where it is needed: it brings in the libraries of the connection.
    from tui_transfer.worker.leftovers import leftovers_by_place

    return leftovers_by_place(follower.state)


def _remove(home: Home, follower: Follower, *, local: bool) -> ExitCode:
    """Removes one job, and tells it."""
    job = follower.job
    known: dict[tuple[object, ...], Orders] = {}

    def told(name: str) -> None:
        click.echo(f"{job.id} : {name} supprimé de Sharebox.")

    def make_orders(place: ShareboxSettings) -> Orders:
        given = known.get(place.account, Orders())
        known[place.account] = headless.with_secrets(given, home, follower.state, place)
        return known[place.account]

    def unreached(left: Leftovers, error: TransferError) -> None:
        where = f"{left.where}, compte {left.sharebox.username}"
        click.echo(f"{job.id} : {where} : pas nettoyé. {error.title}. {error.why}", err=True)

    try:
        if follower.succeeded:
            keep_receipt_of(follower)  # the proof outlives the job
        if local or not _leftovers(follower):
            control.remove(job)
        else:
            from tui_transfer.worker.leftovers import discard

            discard(follower, make_orders, told, Cancellation(), unreached)
    except TransferError as error:
        what = _HALF_REMOVED if job.removed else "conservé."
        click.echo(f"{job.id} : {what} {error.as_text()}", err=True)
        return error.exit_code
    click.echo(f"{job.id} : supprimé.")
    return ExitCode.SUCCESS
