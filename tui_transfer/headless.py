"""Transfers without a TUI: chooses, confirms, starts or resumes a job, and follows it to its end."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

import click
import msgspec

from tui_transfer import config, french
from tui_transfer.archive.source import summarize
from tui_transfer.config import Home, ProxySettings
from tui_transfer.errors import ExitCode, Problem, TransferError
from tui_transfer.job import control
from tui_transfer.job.orders import PROXY_PASSWORD_VARIABLE, Orders
from tui_transfer.job.spec import make_spec
from tui_transfer.lines import JsonOutput, Output, PlainOutput, exit_code, follow
from tui_transfer.preflight import checks, gate
from tui_transfer.preflight.statements import Ticks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tui_transfer.config import Settings
    from tui_transfer.job.control import Job

Database = tuple[str, Path]
"""A name and an absolute path."""

_DEFAULT_PORTS: Final = {"http": 3128, "socks5": 1080}
_YES: Final = frozenset({"o", "oui"})


def transfer(
    begin: Callable[[Home], Job], *, new: bool, proxy: str | None, host_key: str | None, as_json: bool
) -> ExitCode:
    """Takes the job that `begin` gives to its end, and tells it; failures included.

    Args:
        begin: finds or creates the job.
        new: which of both.
        proxy: a proxy URL from the command line.
        host_key: a fingerprint accepted on the command line.
        as_json: one JSON event a line instead of plain lines.
    """
    output: Output = JsonOutput() if as_json else PlainOutput()
    home = Home.find()
    try:
        decisions = Orders(
            proxy=parse_proxy(proxy) if proxy else None,
            host_key=config.checked_fingerprint(host_key) if host_key else None,
        )
        job = begin(home)
        return carry_out(home, job, decisions, output, new=new)
    except TransferError as error:
        output.end(None, error, None)
        return error.exit_code


def carry_out(home: Home, job: Job, decisions: Orders, output: Output, *, new: bool) -> ExitCode:
    """Starts a worker on `job`, or joins the one that is at it, and follows it to its end."""
    follower = control.Follower(job)
    if follower.succeeded:
        output.end(follower.state, None, job.id)
        return exit_code(follower)
    if not follower.running:
        _start(job, with_secrets(decisions, job), new=new)
    code = _follow_or_stop(follower, output)
    if follower.state.host_key and follower.state.route:
        config.remember_host_key(home, job.spec.sharebox.host, follower.state.host_key)
    return code


def _start(job: Job, orders: Orders, *, new: bool) -> None:
    """Starts a worker; where somebody else just did so for the same job, that one is followed.

    A new job that another one keeps from beginning is given up: it would be taken for the last transfer.
    """
    try:
        control.start(job, orders)
    except TransferError as error:
        if error.problem is Problem.JOB_RUNNING:
            if error.details["job"] == job.id:
                return
            if new:
                control.remove(job)
        raise


def choose_databases(
    settings: Settings, home: Home, wanted: Sequence[str], everything: bool
) -> list[Database]:
    """The databases that the command line asks for, by name or by path; the active ones by default.

    Raises:
        TransferError: DATABASE_UNKNOWN.
    """
    known = {
        database.name: config.resolve(database.path, home.config_file) for database in settings.databases
    }
    if everything:
        return list(known.items())
    if not wanted:
        return config.active_databases(settings, home)
    return [_find_database(word, known) for word in wanted]


def require_ready(settings: Settings, home: Home, databases: Sequence[Database]) -> None:
    """Refuses to begin where the GO is not given, another transfer runs, or a database is not fit.

    Raises:
        TransferError: as `gate.closed` and `checks.require`.
    """
    today = datetime.now().astimezone().date()
    if (closed := gate.closed(home, settings.transfer, today)) is not None:
        raise closed
    checks.require(databases, home)


def confirm(settings: Settings, databases: Sequence[Database]) -> None:
    """Asks a person at a terminal; without one, the answer must have been given with --yes.

    Raises:
        TransferError: CONFIRMATION_NEEDED.
    """
    for name, path in databases:
        click.echo(f"  {name} : {french.size(summarize(path).size)} ({path})", err=True)
    agree(f"Transférer {french.count(len(databases), 'base')} vers {settings.sharebox.host} ?")


def agree(question: str) -> None:
    """Asks a person at a terminal for « oui ».

    Raises:
        TransferError: CONFIRMATION_NEEDED, also where nobody can answer.
    """
    if not sys.stdin.isatty():
        reason = "Personne n'est là pour répondre : l'entrée n'est pas un terminal."
        raise TransferError(Problem.CONFIRMATION_NEEDED, reason=reason)
    answer = click.prompt(f"{question} [oui/non]", default="non", show_default=False, err=True)
    if answer.strip().casefold() not in _YES:
        raise TransferError(Problem.CONFIRMATION_NEEDED, reason=f"Réponse : « {answer} ».")


def create_job(settings: Settings, home: Home, databases: Sequence[Database]) -> Job:
    """Writes a new job for `databases`, with the prerequisites that are ticked."""
    now = datetime.now().astimezone()
    return control.create(home, make_spec(settings, databases, now, Ticks(home).all))


def parse_proxy(url: str) -> ProxySettings:
    """Reads `http://[USER@]HOST[:PORT]` or `socks5://…`.

    Raises:
        TransferError: SECRET_ON_COMMAND_LINE where it holds a password, USAGE.
    """
    expected = "Attendu : http://[IDENTIFIANT@]HÔTE:PORT ou socks5://[IDENTIFIANT@]HÔTE:PORT."
    try:
        parts = urlsplit(url)
        if parts.password is not None:
            raise TransferError(
                Problem.SECRET_ON_COMMAND_LINE, option="--proxy", variable=PROXY_PASSWORD_VARIABLE
            )
        content = {
            "kind": parts.scheme,
            "host": parts.hostname,
            "port": parts.port or _DEFAULT_PORTS.get(parts.scheme),
            "username": unquote(parts.username) if parts.username else None,
        }
        return msgspec.convert(content, ProxySettings)
    except (ValueError, msgspec.ValidationError) as error:
        reason = f"--proxy : « {url} » n'est pas une adresse de proxy."
        raise TransferError(Problem.USAGE, reason=reason, advice=expected) from error


def _find_database(word: str, known: dict[str, Path]) -> Database:
    if word in known:
        return word, known[word]
    path = Path(word).expanduser().absolute()
    for name, known_path in known.items():
        if known_path == path:
            return name, path
    if not path.exists():
        names = ", ".join(known) or "aucune"
        raise TransferError(Problem.DATABASE_UNKNOWN, name=word, known=names)
    return path.stem or path.name, path


def with_secrets(decisions: Orders, job: Job) -> Orders:
    """Adds the secrets of the environment, and asks for the password a person at a terminal can give."""
    orders = msgspec.structs.replace(
        Orders.from_environment(), proxy=decisions.proxy, host_key=decisions.host_key
    )
    sharebox = job.spec.sharebox
    if sharebox.key_file is None and orders.sftp_password is None and sys.stdin.isatty():
        question = f"Mot de passe Sharebox de {sharebox.username}"
        password = click.prompt(question, hide_input=True, err=True)
        orders = msgspec.structs.replace(orders, sftp_password=password)
    return orders


def _follow_or_stop(follower: control.Follower, output: Output) -> ExitCode:
    """Follows the job; Ctrl+C stops it, and a worker that was asked to stop is followed to its end."""
    try:
        return follow(follower, output)
    except KeyboardInterrupt:
        control.stop(follower.job)
        return follow(follower, output)
