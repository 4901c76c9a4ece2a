"""Transfers without a TUI: chooses, confirms, starts or resumes a job, and follows it to its end."""

from __future__ import annotations

import os
import sys
import time
import traceback
from datetime import datetime
from enum import Enum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

import click
import msgspec

from tui_transfer import french
from tui_transfer.archive.companions import AS_KNOWN, main_of
from tui_transfer.archive.passphrase import make_passphrase, why_unfit
from tui_transfer.archive.source import summarize
from tui_transfer.cli import questions
from tui_transfer.cli.folding import line_ended
from tui_transfer.cli.lines import JsonOutput, Output, PlainOutput, follow
from tui_transfer.cli.pace import Detail
from tui_transfer.errors import ExitCode, Need, Problem, TransferError, unexpected
from tui_transfer.job import attempts, control, history
from tui_transfer.job.attendance import Attendance
from tui_transfer.job.orders import Orders
from tui_transfer.job.reading import Jobs
from tui_transfer.job.spec import make_spec
from tui_transfer.job.state import JobState
from tui_transfer.preflight import checks, fingerprint, gate
from tui_transfer.preflight.delivered import find_handed_over
from tui_transfer.preflight.statements import Ticks
from tui_transfer.preflight.unmet import find_unmet, unmet_by, waive_damage
from tui_transfer.report.files import describe_files, describe_left_out, describe_renames
from tui_transfer.report.integrity import describe_integrity
from tui_transfer.report.message import describe_destination, make_message
from tui_transfer.settings import config
from tui_transfer.settings.config import Home, ProxySettings
from tui_transfer.settings.variables import ARCHIVE_PASSWORD_VARIABLE, PROXY_PASSWORD_VARIABLE
from tui_transfer.system.files import printable
from tui_transfer.system.terminal import line_typed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tui_transfer.archive.companions import Selection
    from tui_transfer.job.control import Job
    from tui_transfer.job.events import LoginAsked
    from tui_transfer.job.spec import JobSpec, Waiver
    from tui_transfer.preflight.unmet import Unmet
    from tui_transfer.settings.config import Settings, ShareboxSettings


class Leaving(Enum):
    """What becomes of a transfer that is under way when a person presses Ctrl+C."""

    STAY = "stay"
    """It is followed on."""
    GO = "go"
    """It goes on, and is not followed any more."""
    INTERRUPT = "interrupt"


Database = tuple[str, Path]
"""A name and an absolute path."""

_GIVE_PASSPHRASE: Final = (
    f"Donnez-la par la variable {ARCHIVE_PASSWORD_VARIABLE}, ou lancez cette commande à un terminal : le "
    "programme en fait une, et l’affiche."
)
_GIVE_ANOTHER: Final = (
    "Donnez-en une autre, qui ne serve qu’à cela ; ou aucune, à un terminal : le programme en fait une."
)
_DEFAULT_PORTS: Final = {"http": 3128, "https": 443, "socks5": 1080}


def run(
    wanted: Sequence[str],
    *,
    everything: bool,
    yes: bool,
    as_json: bool,
    detail: Detail = Detail.NORMAL,
    **connection: str | None,
) -> ExitCode:
    """Transfers databases, as `choose_databases` finds them, and tells it; failures included.

    Args:
        wanted: names and paths.
        everything: all databases of the settings, instead.
        yes: confirmed beforehand.
        as_json: one JSON event a line instead of plain lines.
        detail: how much plain lines say.
        connection: as for `read_decisions`.
    """
    output = _output(as_json, detail)
    home = Home.find()
    try:
        known = control.newest_number(home)
        decisions = read_decisions(**connection)
        spec = new_spec(home, wanted, everything=everything, yes=yes)
        state = JobState.initial(spec)
        orders = with_passphrase(with_secrets(decisions, home, state), state, asked=not yes)
        return begin(home, spec, orders, output, known)
    except TransferError as error:
        return refuse(home, error, output, "run")
    except Exception as error:  # told in French and, with --json, in the shape that was asked for
        traceback.print_exc()
        return refuse(home, unexpected(error), output, "run")


def resume(
    wanted: str | None,
    *,
    stop: bool,
    as_json: bool,
    yes: bool = False,
    detail: Detail = Detail.NORMAL,
    **connection: str | None,
) -> ExitCode:
    """Goes on with a job, or joins it, and tells it; failures included.

    Args:
        wanted: the beginning of its name; None: the one that is running, or else the last unfinished one.
        stop: end its worker instead.
        yes: confirmed beforehand: databases that are known to be damaged go nevertheless.
        as_json: one JSON event a line instead of plain lines.
        detail: how much plain lines say.
        connection: as for `read_decisions`.
    """
    output = _output(as_json, detail)
    home = Home.find()
    try:
        decisions = read_decisions(**connection)
        job = control.find(home, wanted) if wanted else history.last_unfinished(home)
        if stop:
            return end_worker(control.Follower(job), output)
        return carry_out(home, job, _with_damage(job, decisions, yes=yes), output)
    except TransferError as error:
        output.end(None, error, None)
        return error.exit_code
    except Exception as error:
        traceback.print_exc()
        failure = unexpected(error)
        output.end(None, failure, None)
        return failure.exit_code


def _with_damage(job: Job, decisions: Orders, *, yes: bool) -> Orders:
    """Adds that what is known to be damaged goes nevertheless, if that was confirmed or a person says so."""
    follower = control.Follower(job)
    if follower.running or not any(item.awaits_waiver for item in follower.state.databases):
        return decisions
    agreed = yes or (questions.someone_is_there() and accepts_damage(follower.state))
    damage = waive_damage(follower.state, asked=not yes) if agreed else None
    return msgspec.structs.replace(decisions, damage=damage)


def accepts_damage(state: JobState) -> bool:
    """Asks whether damaged databases go nevertheless; « non » leaves them, and the others go."""
    for item in state.databases:
        if item.awaits_waiver:
            click.echo(f"Attention : {item.name} : {describe_integrity(item)}.", err=True)
    return questions.wants("Transférer malgré tout ce qui est endommagé ?")


def _output(as_json: bool, detail: Detail) -> Output:
    return JsonOutput() if as_json else PlainOutput(detail)


def read_decisions(*, proxy: str | None, host_key: str | None) -> Orders:
    """What the command line decides: a proxy's URL, and a fingerprint that is accepted.

    Raises:
        TransferError: USAGE or SECRET_ON_COMMAND_LINE.
    """
    return Orders(
        proxy=None if proxy is None else parse_proxy(proxy),
        host_key=None if host_key is None else fingerprint.accepted(host_key),
    )


def refuse(home: Home, error: TransferError, output: Output, command: str) -> ExitCode:
    """Tells that a transfer was refused before there was a job, and keeps that for « jobs »."""
    try:
        attempts.record(home, error, command=command)
    except TransferError as disk:  # the reason for the refusal matters more
        click.echo(disk.as_text(), err=True)
    output.end(None, error, None)
    return error.exit_code


def begin(
    home: Home,
    spec: JobSpec,
    orders: Orders,
    output: Output,
    known: int,
    leave: Callable[[], Leaving] | None = None,
) -> ExitCode:
    """Starts a new job and follows it to its end; `leave` decides what Ctrl+C means.

    Raises:
        TransferError: as `control.begin`.
    """
    attendance = _attendance()
    job = control.begin(home, spec, orders, known, attendance)
    # Not before: a terminal that takes nothing must not hold up the transfer.
    if spec.waiver and not spec.waiver.asked:
        _warn(unmet_by(spec))
    follower = control.Follower(job, unread=True)
    return _follow(home, follower, output, ours=True, attendance=attendance, leave=leave)


def carry_out(
    home: Home, job: Job, decisions: Orders, output: Output, leave: Callable[[], Leaving] | None = None
) -> ExitCode:
    """Starts a worker on a job, or joins the one that is at it, and follows it to its end.

    `leave` decides what Ctrl+C means.
    """
    try:
        follower = control.Follower(job)
    except TransferError as error:
        output.end(None, error, job.id)
        return error.exit_code
    ours, attendance = False, _attendance()
    try:
        if not follower.running and not follower.succeeded:
            orders = with_passphrase(with_secrets(decisions, home, follower.state), follower.state)
            ours = _start(job, orders, attendance)
    except TransferError as error:
        output.end(follower.state, error, job.id)
        return error.exit_code
    return _follow(home, follower, output, ours=ours, attendance=attendance if ours else None, leave=leave)


def _attendance() -> Attendance | None:
    """How a person at this terminal answers what the Sharebox asks; None where there is nobody."""
    return Attendance() if questions.someone_is_there() else None


def _ask(attendance: Attendance, asked: LoginAsked) -> None:
    attendance.answer(asked.number, questions.answers(asked))


def _start(job: Job, orders: Orders, attendance: Attendance | None) -> bool:
    """Starts a worker; False where somebody else just did so for the same job, and that one is followed."""
    try:
        control.start(job, orders, attendance)
    except TransferError as error:
        if error.problem is Problem.JOB_RUNNING and error.details["job"] == job.id:
            return False
        raise
    return True


def _follow(
    home: Home,
    follower: control.Follower,
    output: Output,
    *,
    ours: bool,
    attendance: Attendance | None = None,
    leave: Callable[[], Leaving] | None = None,
) -> ExitCode:
    """Follows a job to its end.

    Where nothing else is decided, Ctrl+C ends the worker that this command started, which is followed to its
    end then; where it merely looks on it leaves.
    """
    job = follower.job
    ask = None if attendance is None else partial(_ask, attendance)
    decide = leave or (lambda: Leaving.INTERRUPT if ours else Leaving.GO)
    while True:
        try:
            code = follow(follower, output, ask, _wait(output))
            break
        except TransferError as error:
            output.end(follower.state, error, job.id)
            return error.exit_code
        except (click.Abort, KeyboardInterrupt):
            decision = decide()
        if decision is Leaving.INTERRUPT:
            code = end_worker(follower, output)
            break
        if decision is Leaving.GO:
            left = TransferError(Problem.VIEW_LEFT, job=job.id)
            if leave is None:  # who decides it knows
                output.end(follower.state, left, job.id)
            return left.exit_code
    _keep_host_key(home, follower)
    return code


def _wait(output: Output) -> Callable[[float], object]:
    """How to pass the time: where a person is there, Enter has it said how far the transfer is."""
    if not isinstance(output, PlainOutput) or not questions.someone_is_there():
        return time.sleep

    def wait(seconds: float) -> None:
        if line_typed(sys.stdin, seconds):
            line_ended()
            output.stand()

    return wait


def end_worker(follower: control.Follower, output: Output) -> ExitCode:
    """Has the job's worker end, and follows it until it has."""
    try:
        control.stop(follower.job)
    except TransferError as error:
        output.end(follower.state, error, follower.job.id)
        return error.exit_code
    return follow(follower, output)


def _keep_host_key(home: Home, follower: control.Follower) -> None:
    """Pins the key of the server that was reached; what was delivered is, even where that fails."""
    state = follower.state
    if state.presented is None:
        return
    try:
        config.remember_host_key(home, state.sharebox.host, state.presented, accepted=state.accepted)
    except TransferError as error:
        click.echo(error.as_text(), err=True)


def new_spec(
    home: Home, wanted: Sequence[str] = (), *, everything: bool = False, yes: bool = False
) -> JobSpec:
    """What a job for databases is to do, as `choose_databases` finds them, after asking.

    Raises:
        TransferError: what the settings, the calendar, the databases or the person have against it.
    """
    settings = config.load(home.config_file)
    if doubt := config.describe_doubts(settings):
        click.echo(f"Attention : {doubt}", err=True)
    if settings.transfer.encrypt:  # before anything is asked
        _require_fit(Orders.from_environment().archive_password)
    chosen = choose_databases(settings, home, wanted, everything)
    unfit = require_ready(settings, home, chosen)
    unmet = find_unmet(home, chosen, checks.selections(settings))
    tell_handed_over(settings, home, chosen)
    if not yes:
        confirm(settings, chosen, unmet, unfit)
    return make_spec_now(settings, home, chosen, unmet.waive(asked=not yes))


def make_spec_now(
    settings: Settings, home: Home, databases: Sequence[Database], waiver: Waiver | None = None
) -> JobSpec:
    """What a job for `databases` is to do, with the ticks of now, and what it goes without."""
    return make_spec(settings, databases, _now(), Ticks(home).all, waiver)


def _now() -> datetime:
    return datetime.now().astimezone()


def choose_databases(
    settings: Settings, home: Home, wanted: Sequence[str], everything: bool
) -> list[Database]:
    """The databases that the command line asks for, by name or by path; the active ones by default.

    Raises:
        TransferError: DATABASE_UNKNOWN; USAGE where both all and some are asked for.
    """
    if everything and wanted:
        reason = "--all demande toutes les bases, et d’autres arguments en nomment."
        raise TransferError(Problem.USAGE, reason=reason, advice="Gardez l’un ou les autres.")
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
        if {chosen.get(name, path), known.get(name, path)} != {path}:  # two paths that end alike
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
    if (closed := gate.closed(home, settings.transfer, _now().date())) is not None:
        raise closed
    return checks.require(databases, checks.selections(settings), home)


def confirm(
    settings: Settings, databases: Sequence[Database], unmet: Unmet, unfit: Mapping[str, TransferError]
) -> None:
    """Asks a person at a terminal, naming what the transfer would go without, and which databases cannot go.

    Without a terminal, the answer must have been given with --yes.

    Raises:
        TransferError: CONFIRMATION_NEEDED.
    """
    fit = [(name, path) for name, path in databases if name not in unfit]
    selected = checks.selections(settings)
    for name, path in fit:
        _announce(name, path, selected.get(name, AS_KNOWN))
    for name, failure in unfit.items():
        click.echo(f"Attention : {name} ne pourra pas partir. {failure.title}. {failure.why}", err=True)
    _warn(unmet)
    without = " sans ces prérequis" if unmet else ""
    bases = french.count(len(fit), "base")
    questions.agree(f"Transférer {bases} vers {settings.sharebox.host}{without} ?")


def tell_handed_over(settings: Settings, home: Home, databases: Sequence[Database]) -> None:
    """Says on standard error which databases were handed over before, and whether they changed since."""
    before = find_handed_over(Jobs(home), databases, checks.selections(settings), settings.sharebox)
    for name, handed in before.items():
        already = "déjà " if handed.unchanged else ""
        click.echo(f"{name} : {already}{handed.sentence}.", err=True)


def _announce(name: str, path: Path, selection: Selection) -> None:
    """Says what will be read of a database, and what beside it will not."""
    look = summarize(path, selection)
    click.echo(f"  {name} : {french.size(look.size)} ({printable(path)})", err=True)
    if look.names:
        click.echo(f"    Fichiers : {describe_files(look.names, look.format)}", err=True)
    if look.left_out:
        click.echo(f"    {describe_left_out(look.left_out)}", err=True)
    if renamed := describe_renames(look.renamed, look.renames):
        click.echo(f"    {renamed}", err=True)


def _warn(unmet: Unmet) -> None:
    """Names on standard error what the transfer goes without."""
    for line in unmet.lines:
        click.echo(f"Attention : {line}", err=True)


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
        reason = "--proxy : ce n’est pas une adresse de proxy."
        raise TransferError(Problem.USAGE, reason=reason, advice=expected) from error


def _find_database(word: str, known: dict[str, Path]) -> Database:
    if word in known:
        return word, known[word]
    path = config.expanded(word).absolute()
    path = main_of(path)  # whichever of its files was named
    for name, known_path in known.items():
        if os.path.realpath(main_of(known_path)) == os.path.realpath(path):
            return name, known_path
    if not word or not os.path.lexists(path):
        names = ", ".join(known) or "aucune"
        raise TransferError(Problem.DATABASE_UNKNOWN, name=printable(word), known=names)
    return _one_line(path.name if path.is_dir() else path.stem), path


def _one_line(text: str) -> str:
    """`text` as a name that can be shown: without line breaks or other characters that are not seen."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split()) or "sans nom"


def _current_sharebox(home: Home) -> ShareboxSettings | None:
    """The Sharebox as the configuration has it now; without one the job goes on with what it knows."""
    try:
        return config.located(config.load(home.config_file).sharebox, home)
    except TransferError:
        return None


def with_secrets(
    decisions: Orders, home: Home, state: JobState, place: ShareboxSettings | None = None
) -> Orders:
    """Does what `with_given` does, and asks a person for missing secrets.

    Raises:
        NoAnswerError: none was given.
    """
    orders = with_given(decisions, home, state, place)
    if not questions.someone_is_there():
        return orders
    missing = _missing_secrets(orders, state, place)
    if "proxy_password" in missing and (proxy := orders.proxy or state.proxy or state.spec.proxy) is not None:
        questions.warn_of_clear_text(proxy)
    return msgspec.structs.replace(orders, **{name: questions.secret(text) for name, text in missing.items()})


def with_given(
    decisions: Orders, home: Home, state: JobState, place: ShareboxSettings | None = None
) -> Orders:
    """Adds the settings of now and the secrets of the environment.

    Args:
        decisions: what is decided and known already.
        home: where the settings are.
        state: of the job.
        place: a destination of the job, where it is not that of now. The password of the environment belongs
            to the account that the settings name, and is shown to no other.
    """
    current = _current_sharebox(home)
    environment = Orders.from_environment()
    if place is not None and place.account != (current or state.sharebox).account:
        environment = msgspec.structs.replace(environment, sftp_password=None)
    return msgspec.structs.replace(
        decisions,
        sftp_password=decisions.sftp_password or environment.sftp_password,
        key_passphrase=decisions.key_passphrase or environment.key_passphrase,
        proxy_password=decisions.proxy_password or environment.proxy_password,
        archive_password=decisions.archive_password or environment.archive_password,
        sharebox=current,
    )


def _missing_secrets(orders: Orders, state: JobState, place: ShareboxSettings | None) -> dict[str, str]:
    """The fields of `orders` that a person is asked for, and how."""
    need = state.failure.need if state.failure else None
    sharebox = place or orders.sharebox or state.sharebox
    proxy = orders.proxy or state.proxy
    if need is Need.PROXY_PASSWORD:
        proxy = proxy or state.spec.proxy
    asked = {}
    if sharebox.key_file is None and orders.sftp_password is None:
        where = f" sur {describe_destination(place)}" if place else ""
        asked["sftp_password"] = f"Mot de passe Sharebox de {sharebox.username}{where}"
    if need is Need.PASSPHRASE and orders.key_passphrase is None:
        asked["key_passphrase"] = f"Phrase secrète de la clé {sharebox.key_file}"
    if proxy is not None and proxy.username and orders.proxy_password is None:
        asked["proxy_password"] = f"Mot de passe du proxy de {proxy.username}"
    return asked


def _require_fit(passphrase: str | None) -> None:
    """Refuses a given passphrase that would protect nothing, or that nobody could type in."""
    if passphrase is not None and (reason := why_unfit(passphrase)):
        raise TransferError(
            Problem.SECRET_UNFIT, variable=ARCHIVE_PASSWORD_VARIABLE, reason=reason, advice=_GIVE_ANOTHER
        )


def with_passphrase(orders: Orders, state: JobState, *, asked: bool = True) -> Orders:
    """Adds what archives are encrypted with, where some are to be: a person is asked for it again, or shown
    the one that is made for a job that has none yet.

    Args:
        orders: with the secrets that are given.
        state: of the job.
        asked: whether a person has to say that they have noted it.

    Raises:
        TransferError: ARCHIVE_PASSPHRASE_NEEDED where nobody is there to note one; CONFIRMATION_NEEDED;
            SECRET_UNFIT where archives are to begin with one that protects nothing.
        NoAnswerError: none was given.
    """
    if not state.needs_passphrase:
        return orders
    if orders.archive_password is not None:
        if state.locked is None:
            _require_fit(orders.archive_password)
        return orders
    if state.locked is not None:
        if not questions.someone_is_there():
            return orders  # the worker ends by asking for it
        return msgspec.structs.replace(
            orders, archive_password=questions.secret("Phrase secrète des archives")
        )
    if not questions.can_show():
        raise TransferError(Problem.ARCHIVE_PASSPHRASE_NEEDED, advice=_GIVE_PASSPHRASE)
    passphrase = make_passphrase()
    questions.show_passphrase(passphrase, asked=asked)
    return msgspec.structs.replace(orders, archive_password=passphrase)
