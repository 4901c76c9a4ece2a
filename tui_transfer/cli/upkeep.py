"""The jobs that are kept on this machine: listed, checked for damage, and removed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import click

from tui_transfer import french
from tui_transfer.cli import headless, questions
from tui_transfer.errors import ExitCode, Problem, TransferError
from tui_transfer.job import audit, control, history
from tui_transfer.job.attempts import Attempt
from tui_transfer.job.orders import Orders
from tui_transfer.report.message import DAMAGE, describe_damage, describe_job
from tui_transfer.system.cancellation import Cancellation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tui_transfer.job.control import Follower
    from tui_transfer.settings.config import Home, ShareboxSettings
    from tui_transfer.worker.leftovers import Leftovers

_NO_JOB: Final = "(aucun transfert)"
"""In place of a job's name, where there is none."""
_NAME_WIDTH: Final = len("20220302-140500-0123456789abcdef")


def list_jobs(home: Home) -> ExitCode:
    """Prints a line for each job and each refused attempt, the newest first.

    A job that cannot be read does not hide the others.
    """
    code = ExitCode.SUCCESS
    entries = history.with_attempts(home)
    for entry in entries:
        if isinstance(entry, Attempt):
            click.echo(_attempt_line(entry))
            continue
        found = history.read_entry(entry)
        if isinstance(found, TransferError):
            click.echo(_line(entry.name, "—", describe_damage(found), found.title))
            if found.problem not in DAMAGE:
                click.echo(found.as_text(), err=True)
                code = found.exit_code
        else:
            click.echo(_job_line(found))
    if not entries:
        click.echo("Aucun transfert.")
    return code


def verify_jobs(home: Home) -> ExitCode:
    """Prints for each job whether an accident damaged its folder.

    Returns:
        That of JOURNAL_INVALID where a job is damaged; otherwise that of what kept a job from being read.
    """
    codes = [ExitCode.SUCCESS]
    for name, found in history.read_all(home):
        if isinstance(found, TransferError):
            codes.append(found.exit_code)
            click.echo(f"{name}  {describe_damage(found)} : {found.why}")
        else:
            lines = french.count(audit.verify(found.job), "ligne")
            click.echo(f"{name}  sans défaut visible ({lines})")
    click.echo(
        "Ce contrôle trouve les accidents : une ligne abîmée, perdue ou déplacée dans un journal est "
        "signalée. Il ne voit ni que les dernières lignes manquent, ni qu'une personne a tout réécrit."
    )
    failures = [code for code in codes if code is not ExitCode.SUCCESS]
    return ExitCode.UNEXPECTED if ExitCode.UNEXPECTED in failures else max(failures, default=ExitCode.SUCCESS)


def purge(home: Home, wanted: Sequence[str], older_than: int | None, *, yes: bool, local: bool) -> ExitCode:
    """Removes jobs that are over or interrupted, and what the latter left on the Sharebox, after asking.

    Args:
        home: where the jobs are.
        wanted: which jobs, by the beginning of their names; none means all that may be removed.
        older_than: days since something last happened to them.
        yes: agreed beforehand.
        local: leave the Sharebox alone.

    Returns:
        Success, or that of the first failure; a job that could not be removed keeps none of the others.

    Raises:
        TransferError: JOB_UNKNOWN, JOB_RUNNING, JOURNAL_INVALID or JOURNAL_NEWER about a job that was named;
            CONFIRMATION_NEEDED.
    """
    chosen = [follower for follower in _choose(home, wanted) if _is_older(follower, older_than)]
    if not chosen:
        click.echo("Aucun transfert à supprimer.")
        return ExitCode.SUCCESS
    for follower in chosen:
        click.echo(_job_line(follower), err=not yes)
        for left in [] if local else _leftovers(follower):
            for name in left.names:
                click.echo(f"    et sur {left.where}, s'il y est : {name}", err=not yes)
    if not yes:
        questions.agree(f"Supprimer {french.count(len(chosen), 'transfert')} de cette machine ?")
    codes = [_remove(home, follower, local=local) for follower in chosen]
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
            click.echo(f"{name} : conservé. {found.title}.", err=True)
        elif found.running:
            click.echo(f"{name} : conservé, il est en cours.", err=True)
        else:
            yield found


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
        click.echo(f"{job.id} : {left.where}, compte {left.sharebox.username} : pas nettoyé.", err=True)
        click.echo(error.as_text(), err=True)

    try:
        if local or not _leftovers(follower):
            control.remove(job)
        else:
            from tui_transfer.worker.leftovers import discard

            discard(follower, make_orders, told, Cancellation(), unreached)
    except TransferError as error:
        click.echo(f"{job.id} : conservé. {error.as_text()}", err=True)
        return error.exit_code
    click.echo(f"{job.id} : supprimé.")
    return ExitCode.SUCCESS


def _job_line(follower: Follower) -> str:
    names = ", ".join(item.name for item in follower.job.spec.databases)
    created = french.short_moment(follower.job.spec.created_at)
    return _line(follower.job.id, created, describe_job(follower), names)


def _attempt_line(attempt: Attempt) -> str:
    failure = attempt.failure
    what = f"{failure.title}. {failure.why}"
    return _line(_NO_JOB, french.short_moment(attempt.at), f"refusé ({attempt.exit_code})", what)


def _line(name: str, created: str, state: str, what: str) -> str:
    return f"{name:<{_NAME_WIDTH}}  {created:<16}  {state:<12}  {what}"
