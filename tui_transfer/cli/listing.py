"""The jobs that are kept on this machine, and the refused attempts: listed, and checked for damage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from tui_transfer import french
from tui_transfer.cli.lines import database_json, exit_code, print_json
from tui_transfer.errors import ExitCode, TransferError, harmless
from tui_transfer.job import audit, control, history, report_mark
from tui_transfer.job.attempts import Attempt
from tui_transfer.job.reading import Reading
from tui_transfer.job.remains import spool_contents
from tui_transfer.job.standing import standing
from tui_transfer.report.message import DAMAGE, describe_damage, describe_job, describe_spool
from tui_transfer.report.reminders import afterwards, describe_sent, describe_unfinished, describe_unsent
from tui_transfer.system.files import printable

if TYPE_CHECKING:
    from tui_transfer.job.control import Entry, Follower, Job
    from tui_transfer.job.standing import Standing
    from tui_transfer.settings.config import Home

FORMAT: Final = 1
"""Of the lines of JSON."""
_NO_JOB: Final = "(aucun transfert)"
"""In place of a job's name, where there is none."""
_NAME_WIDTH: Final = len("20220302-140500-0123456789abcdef")


def list_jobs(home: Home, *, as_json: bool) -> ExitCode:
    """Prints each job and each refused attempt, the newest first: a line each, or an object of JSON.

    A job that cannot be read does not hide the others.
    """
    code = ExitCode.SUCCESS
    tell = _print_json if as_json else _print_lines
    entries: list[Entry | Attempt]
    try:
        entries = history.with_attempts(home)
    except TransferError as error:  # that of the attempts hides no job; that of the jobs comes again
        entries = [*control.list_entries(home)]
        click.echo(error.as_text(), err=True)
        code = error.exit_code
    readings = []
    for entry in entries:
        found = entry if isinstance(entry, Attempt) else history.read_entry(entry)
        if not isinstance(entry, Attempt) and not isinstance(found, Attempt):
            readings.append(Reading(entry, found))
        tell(entry, found)
        if isinstance(found, TransferError) and found.problem not in DAMAGE:
            click.echo(found.as_text(), err=True)
            code = found.exit_code
    if not entries and not as_json:
        click.echo("Aucun transfert.")
    if not as_json:
        _remind(standing(readings))
    return code


def _remind(found: Standing) -> None:
    """Says on standard error what is still to be done."""
    for follower in found.unfinished:
        line = describe_unfinished(follower, overtaken=follower.job.id in found.overtaken)
        click.echo(f"{line} Pour le reprendre : tui-transfer resume {follower.job.id}", err=True)
    for follower in found.unsent:
        sent = f"tui-transfer report {follower.job.id} --sent"
        click.echo(f"{describe_unsent(follower)} Une fois envoyé : {sent}", err=True)


def mark_report(job: Job, *, sent: bool) -> ExitCode:
    """Keeps that the report of a job was sent, or takes that back, and says so.

    Raises:
        TransferError: what keeps the job from being read; DISK_FULL or DISK_UNWRITABLE.
    """
    follower = control.Follower(job)
    if not sent:
        report_mark.unmark(job)
        click.echo(describe_unsent(follower))
        return ExitCode.SUCCESS
    click.echo(describe_sent(report_mark.mark_sent(job)))
    for title, sentence in afterwards(follower):
        click.echo(f"{title}. {sentence}")
    return ExitCode.SUCCESS


def verify_jobs(home: Home) -> ExitCode:
    """Prints for each job whether an accident damaged its folder.

    Returns:
        That of JOURNAL_INVALID where a job is damaged; otherwise that of what kept a job from being read.
    """
    codes = [ExitCode.SUCCESS]
    for name, found in history.read_all(home):
        if isinstance(found, TransferError):
            codes.append(found.exit_code)
            click.echo(harmless(f"{name}  {describe_damage(found)} : {found.why}"))
        else:
            lines = french.count(audit.verify(found.job), "ligne")
            click.echo(f"{name}  sans défaut visible ({lines})")
    click.echo(
        "Ce contrôle trouve les accidents : une ligne abîmée, perdue ou déplacée dans un journal est "
        "signalée. Il ne voit ni que les dernières lignes manquent, ni qu’une personne a tout réécrit."
    )
    failures = [code for code in codes if code is not ExitCode.SUCCESS]
    return ExitCode.UNEXPECTED if ExitCode.UNEXPECTED in failures else max(failures, default=ExitCode.SUCCESS)


def _print_lines(entry: Entry | Attempt, found: Follower | TransferError | Attempt) -> None:
    if isinstance(found, Attempt):
        failure = found.failure
        what = f"{failure.title}. {failure.why}"
        click.echo(_line(_NO_JOB, french.short_moment(found.at), f"refusé ({found.exit_code})", what))
    elif isinstance(found, TransferError):
        assert not isinstance(entry, Attempt)
        click.echo(_line(entry.name, "—", describe_damage(found), found.title))
    else:
        click.echo(job_line(found))
        if kept := describe_kept(found):
            click.echo(f"    {kept}")


def job_line(follower: Follower) -> str:
    """A job in one line."""
    names = ", ".join(item.name for item in follower.job.spec.databases)
    created = french.short_moment(follower.job.spec.created_at)
    return _line(follower.job.id, created, describe_job(follower), names)


def describe_kept(follower: Follower) -> str:
    """What stays here of the databases of a job that nobody is working on; in French, empty for nothing."""
    if follower.running:
        return ""
    try:
        return describe_spool(spool_contents(follower.job))
    except TransferError as error:
        return error.why


def _line(name: str, created: str, state: str, what: str) -> str:
    return harmless(f"{name:<{_NAME_WIDTH}}  {created:<16}  {state:<12}  {what}")


def _print_json(entry: Entry | Attempt, found: Follower | TransferError | Attempt) -> None:
    content: dict[str, Any] = {"format": FORMAT, "sequence": entry.sequence}
    if isinstance(found, Attempt):
        failure = found.failure
        content |= {"type": "attempt", "at": found.at, "host": found.host, "by": found.by}
        content |= {"command": found.command, "problem": found.problem, "details": found.details}
        content |= {"message": failure.as_text(), "exit_code": found.exit_code}
    elif isinstance(found, TransferError):
        assert not isinstance(entry, Attempt)
        content |= {"type": "job", "job": printable(entry.name), "status": "damaged"}
        content |= {"problem": found.problem, "message": found.as_text(), "exit_code": int(found.exit_code)}
    else:
        content |= _job_json(found)
    print_json(content)


def _job_json(follower: Follower) -> dict[str, Any]:
    state, failure = follower.state, follower.failure
    content: dict[str, Any] = {
        "type": "job",
        "job": follower.job.id,
        "manager": follower.job.spec.manager,
        "manager_id": follower.job.spec.manager_id,
        "created_at": follower.job.spec.created_at,
        "status": "running" if follower.running else "blocked" if failure else "succeeded",
        "exit_code": None if follower.running else int(exit_code(follower)),
        "databases": [database_json(item) for item in state.databases],
    }
    mark = report_mark.sent(follower.job)
    content["report_sent_at"] = None if mark is None else mark.at
    if failure is not None:
        content |= {"problem": failure.problem, "message": failure.as_text()}
    try:
        kept = spool_contents(follower.job)
        content["spool"] = {"snapshot": kept.snapshot, "archives": kept.archives}
    except TransferError:
        content["spool"] = None
    return content
