"""Transfers without a TUI: chooses, confirms, starts or resumes a job, and follows it to its end."""

from __future__ import annotations

import os
import sys
import traceback
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

import click
import msgspec

from tui_transfer import french
from tui_transfer.archive.source import summarize
from tui_transfer.cli.lines import JsonOutput, Output, PlainOutput, follow
from tui_transfer.errors import ExitCode, Need, Problem, TransferError, unexpected
from tui_transfer.job import control
from tui_transfer.job.orders import PROXY_PASSWORD_VARIABLE, Orders
from tui_transfer.job.spec import make_spec
from tui_transfer.preflight import checks, gate
from tui_transfer.preflight.statements import Ticks
from tui_transfer.preflight.unmet import find_unmet, unmet_by
from tui_transfer.report.message import make_message
from tui_transfer.settings import config
from tui_transfer.settings.config import Home, ProxySettings
from tui_transfer.system.files import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tui_transfer.job.control import Job
    from tui_transfer.job.spec import Waiver
    from tui_transfer.job.state import JobState
    from tui_transfer.preflight.unmet import Unmet
    from tui_transfer.settings.config import Settings, ShareboxSettings

Database = tuple[str, Path]
"""A name and an absolute path."""

_DEFAULT_PORTS: Final = {"http": 3128, "https": 443, "socks5": 1080}
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
            proxy=None if proxy is None else parse_proxy(proxy),
            host_key=None if host_key is None else config.checked_fingerprint(host_key),
        )
        job = begin(home)
    except TransferError as error:
        output.end(None, error, None)
        return error.exit_code
    except Exception as error:  # told in French and, with --json, in the shape that was asked for
        traceback.print_exc()
        failure = unexpected(error)
        output.end(None, failure, None)
        return failure.exit_code
    return carry_out(home, job, decisions, output, new=new)


def carry_out(home: Home, job: Job, decisions: Orders, output: Output, *, new: bool) -> ExitCode:
    """Starts a worker on `job`, or joins the one that is at it, and follows it to its end.

    Ctrl+C stops the worker, which is followed to its end then.
    """
    try:
        follower = control.Follower(job)
    except TransferError as error:
        output.end(None, error, job.id)
        return error.exit_code
    try:
        if not follower.running and not follower.succeeded:
            _start(job, with_secrets(decisions, home, follower), new=new)
            # Not before: a terminal that takes nothing must not hold up the transfer.
            waiver = follower.state.spec.waiver
            if new and waiver and not waiver.asked:
                _warn(unmet_by(follower.state.spec))
        code = follow(follower, output)
    except TransferError as error:
        output.end(follower.state, error, job.id)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        control.stop(job)
        code = follow(follower, output)
    _keep_host_key(home, follower)
    return code


def _keep_host_key(home: Home, follower: control.Follower) -> None:
    """Pins the key of the server that was reached; what was delivered is, even where that fails."""
    state = follower.state
    if not (state.host_key and state.route):
        return
    try:
        config.remember_host_key(home, state.sharebox.host, state.host_key)
    except TransferError as error:
        click.echo(error.as_text(), err=True)


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


def new_job(home: Home, wanted: Sequence[str] = (), *, everything: bool = False, yes: bool = False) -> Job:
    """Creates a job for databases as `choose_databases` finds them, after asking.

    Raises:
        TransferError: what the settings, the calendar, the databases or the person have against it.
    """
    settings = config.load(home.config_file)
    chosen = choose_databases(settings, home, wanted, everything)
    unfit = require_ready(settings, home, chosen)
    unmet = find_unmet(home, chosen)
    if not yes:
        confirm(settings, chosen, unmet, unfit)
    return create_job(settings, home, chosen, unmet.waive(asked=not yes))


def choose_databases(
    settings: Settings, home: Home, wanted: Sequence[str], everything: bool
) -> list[Database]:
    """The databases that the command line asks for, by name or by path; the active ones by default.

    Raises:
        TransferError: DATABASE_UNKNOWN; USAGE where both all and some are asked for.
    """
    if everything and wanted:
        reason = "--all demande toutes les bases, et d'autres arguments en nomment."
        raise TransferError(Problem.USAGE, reason=reason, advice="Gardez l'un ou les autres.")
    known = {
        database.name: config.resolve(database.path, home.config_file) for database in settings.databases
    }
    if everything:
        return list(known.items())
    if not wanted:
        return config.active_databases(settings, home)
    chosen: dict[str, Path] = {}
    for word in wanted:
        name, path = _find_database(word, known)
        if chosen.get(name, path) != path:  # two paths that end alike
            name = f"{name} ({_one_line(path.parent.name)})"
        chosen[name] = path
    return list(chosen.items())


def require_ready(
    settings: Settings, home: Home, databases: Sequence[Database]
) -> Mapping[str, TransferError]:
    """Refuses to begin where the GO is not given, another transfer runs, or no database is fit.

    Returns:
        What some databases have against them, by their names: it is theirs alone, and the others can go.

    Raises:
        TransferError: as `gate.closed` and `checks.require`.
    """
    today = datetime.now().astimezone().date()
    if (closed := gate.closed(home, settings.transfer, today)) is not None:
        raise closed
    return checks.require(databases, home)


def confirm(
    settings: Settings, databases: Sequence[Database], unmet: Unmet, unfit: Mapping[str, TransferError]
) -> None:
    """Asks a person at a terminal, naming what the transfer would go without, and which databases cannot go.

    Without a terminal, the answer must have been given with --yes.

    Raises:
        TransferError: CONFIRMATION_NEEDED.
    """
    fit = [(name, path) for name, path in databases if name not in unfit]
    for name, path in fit:
        click.echo(f"  {name} : {french.size(summarize(path).size)} ({printable(path)})", err=True)
    for name, failure in unfit.items():
        click.echo(f"Attention : {name} ne pourra pas partir. {failure.title}. {failure.why}", err=True)
    _warn(unmet)
    without = " sans ces prérequis" if unmet else ""
    agree(f"Transférer {french.count(len(fit), 'base')} vers {settings.sharebox.host}{without} ?")


def _warn(unmet: Unmet) -> None:
    """Names on standard error what the transfer goes without."""
    for line in unmet.lines:
        click.echo(f"Attention : {line}", err=True)


def agree(question: str) -> None:
    """Asks a person at a terminal for « oui ».

    Raises:
        TransferError: CONFIRMATION_NEEDED, also where nobody can answer.
    """
    if not someone_is_there():
        reason = "Personne n'est là pour répondre : l'entrée n'est pas un terminal."
        raise TransferError(Problem.CONFIRMATION_NEEDED, reason=reason)
    try:
        answer = _ask(question)
    except click.Abort as error:
        raise TransferError(Problem.CONFIRMATION_NEEDED, reason="Aucune réponse.") from error
    if answer not in _YES:
        raise TransferError(Problem.CONFIRMATION_NEEDED, reason=f"Réponse : « {answer} ».")


def wants(question: str) -> bool:
    """Asks a person at a terminal for « oui » or « non »; Ctrl+C is neither, and leaves."""
    return _ask(question) in _YES


def _ask(question: str) -> str:
    answer: str = click.prompt(f"{question} [oui/non]", default="non", show_default=False, err=True)
    return answer.strip().casefold()


def create_job(
    settings: Settings, home: Home, databases: Sequence[Database], waiver: Waiver | None = None
) -> Job:
    """Writes a new job for `databases`, with the prerequisites that are ticked, and what it goes without."""
    now = datetime.now().astimezone()
    return control.create(home, make_spec(settings, databases, now, Ticks(home).all, waiver))


def print_message(state: JobState) -> None:
    """Prints the report as it would be sent."""
    message = make_message(state)
    click.echo(f"À : {message.recipients_line}\nObjet : {message.subject}\n\n{message.body}", nl=False)


def parse_proxy(url: str) -> ProxySettings:
    """Reads `http://[USER@]HOST[:PORT]`, `https://…` or `socks5://…`.

    Raises:
        TransferError: SECRET_ON_COMMAND_LINE where it holds a password, USAGE.
    """
    credentials, at, _ = url.rpartition("@")
    if at and ":" in credentials.rpartition("//")[2]:
        raise TransferError(
            Problem.SECRET_ON_COMMAND_LINE, option="--proxy", variable=PROXY_PASSWORD_VARIABLE
        )
    try:
        parts = urlsplit(url)
        content = {
            "kind": parts.scheme,
            "host": parts.hostname,
            "port": parts.port or _DEFAULT_PORTS.get(parts.scheme),
            "username": unquote(parts.username) if parts.username else None,
        }
        return msgspec.convert(content, ProxySettings)
    except (ValueError, msgspec.ValidationError) as error:
        expected = "Attendu : http://[IDENTIFIANT@]HÔTE:PORT, ou de même avec https:// ou socks5://."
        # Not repeated: whatever is wrong with it, it may hold a password.
        reason = "--proxy : ce n'est pas une adresse de proxy."
        raise TransferError(Problem.USAGE, reason=reason, advice=expected) from error


def _find_database(word: str, known: dict[str, Path]) -> Database:
    if word in known:
        return word, known[word]
    path = config.expanded(word).absolute()
    for name, known_path in known.items():
        if os.path.realpath(known_path) == os.path.realpath(path):
            return name, known_path
    if not word or not os.path.lexists(path):
        names = ", ".join(known) or "aucune"
        raise TransferError(Problem.DATABASE_UNKNOWN, name=printable(word), known=names)
    return _one_line(path.name if path.is_dir() else path.stem), path


def _one_line(text: str) -> str:
    """`text` as a name that can be shown: without line breaks or other characters that are not seen."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split()) or "sans nom"


def someone_is_there() -> bool:
    """Whether a person can be asked."""
    return sys.stdin is not None and sys.stdin.isatty()


def _current_sharebox(home: Home) -> ShareboxSettings | None:
    """The Sharebox as the configuration has it now; without one the job goes on with what it knows."""
    try:
        return config.load(home.config_file).sharebox
    except TransferError:
        return None


def with_secrets(decisions: Orders, home: Home, follower: control.Follower) -> Orders:
    """Adds the settings of now and the secrets of the environment, and asks a person for missing ones."""
    environment = Orders.from_environment()
    orders = msgspec.structs.replace(
        decisions,
        sftp_password=decisions.sftp_password or environment.sftp_password,
        key_passphrase=decisions.key_passphrase or environment.key_passphrase,
        proxy_password=decisions.proxy_password or environment.proxy_password,
        sharebox=_current_sharebox(home),
    )
    if not someone_is_there():
        return orders
    state = follower.state
    need = state.failure.need if state.failure else None
    sharebox = orders.sharebox or state.sharebox
    proxy = orders.proxy or state.proxy
    if need is Need.PROXY_PASSWORD:
        proxy = proxy or state.spec.proxy
    asked = {}
    if sharebox.key_file is None and orders.sftp_password is None:
        asked["sftp_password"] = f"Mot de passe Sharebox de {sharebox.username}"
    if need is Need.PASSPHRASE and orders.key_passphrase is None:
        asked["key_passphrase"] = f"Phrase secrète de la clé {sharebox.key_file}"
    if proxy is not None and proxy.username and orders.proxy_password is None:
        asked["proxy_password"] = f"Mot de passe du proxy de {proxy.username}"
    given = {name: click.prompt(text, hide_input=True, err=True) for name, text in asked.items()}
    return msgspec.structs.replace(orders, **given)
