"""The whole procedure in plain lines and questions, for a screen reader or a terminal that cannot do more."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import click
import msgspec

from tui_transfer import french
from tui_transfer.cli import headless, questions
from tui_transfer.cli.lines import PlainOutput, show_failure
from tui_transfer.errors import ExitCode, Need, Problem, TransferError
from tui_transfer.job import control, history
from tui_transfer.job.orders import Orders
from tui_transfer.job.state import JobState
from tui_transfer.preflight.fingerprint import Presented
from tui_transfer.preflight.statements import STATEMENTS, Ticks
from tui_transfer.preflight.unmet import waive_damage
from tui_transfer.system.pac import proxy_script, script_hint

if TYPE_CHECKING:
    from tui_transfer.job.control import Follower, Job
    from tui_transfer.settings.config import Home, ProxySettings


def run(home: Home) -> ExitCode:
    """Joins the transfer that is running; else offers to go on with the last unfinished one; else begins one.

    Raises:
        TransferError: USAGE where nobody can answer.
    """
    running = control.running_job(home)
    if running is not None:
        return _join(home, running)
    if not questions.someone_is_there():
        reason = "Personne ne peut répondre aux questions : l’entrée n’est pas un terminal."
        raise TransferError(Problem.USAGE, reason=reason, advice="Sans questions : tui-transfer run --yes.")
    interrupted = _interrupted(home)
    if interrupted is not None and questions.wants(_describe(interrupted)):
        return _go_on(home, interrupted.job, Orders())
    return _begin(home)


def _join(home: Home, job: Job) -> ExitCode:
    """Follows a transfer that goes on anyway; interrupting it, which concerns all, is asked for by itself."""
    click.echo(f"Le transfert {job.id} est en cours.")
    if questions.someone_is_there() and not questions.wants("Le suivre ?"):
        if not questions.wants("L’interrompre ? Il pourra être repris."):
            return ExitCode.SUCCESS
        return headless.end_worker(control.Follower(job), PlainOutput())
    click.echo("Ctrl+C cesse de le suivre, sans l’interrompre.")
    return _attend(home, job, Orders(), headless.carry_out(home, job, Orders(), PlainOutput()))


def _begin(home: Home) -> ExitCode:
    """A new transfer, once a person has agreed to it."""
    known = control.newest_number(home)
    output = PlainOutput()
    try:
        _review_prerequisites(home)
        spec = headless.new_spec(home)
        state = JobState.initial(spec)
        orders = headless.with_passphrase(headless.with_secrets(Orders(), home, state), state)
        code = headless.begin(home, spec, orders, output, known)
    except TransferError as error:
        return headless.refuse(home, error, output, "--plain")
    return _attend(home, control.load(home.jobs / spec.id), orders, code)


def _go_on(home: Home, job: Job, orders: Orders) -> ExitCode:
    state = control.Follower(job).state
    orders = headless.with_passphrase(headless.with_secrets(orders, home, state), state)
    return _attend(home, job, orders, headless.carry_out(home, job, orders, PlainOutput()))


def _attend(home: Home, job: Job, orders: Orders, code: ExitCode) -> ExitCode:
    """Asks a person whatever a job is blocked by that was taken to its end, and goes on with the answer.

    Args:
        home: where the job is.
        job: the job.
        orders: what its worker was given.
        code: how that ended.
    """
    follower = control.Follower(job)
    if follower.running:  # it was only looked at
        return code
    if follower.failure is None:
        _offer_message(follower)
        return code
    answer = _answer(follower, follower.failure, orders) if questions.someone_is_there() else None
    return code if answer is None else _go_on(home, job, answer)


def _interrupted(home: Home) -> Follower | None:
    """The last transfer that can be gone on with."""
    try:
        return control.Follower(history.last_unfinished(home))
    except TransferError as error:
        if error.problem is not Problem.NOTHING_TO_RESUME:
            show_failure(error)
        return None


def _describe(follower: Follower) -> str:
    spec, failure = follower.job.spec, follower.failure
    names = ", ".join(item.name for item in spec.databases)
    why = f" {failure.title}." if failure else ""
    began = french.moment(spec.created_at)
    return f"Un transfert commencé le {began} n’est pas terminé : {names}.{why} Le reprendre ?"


def _review_prerequisites(home: Home) -> None:
    """Lets a person tick what is not ticked yet."""
    ticks = Ticks(home)
    missing = [item for item in STATEMENTS if item.key not in ticks.keys]
    count = french.count(len(missing), "prérequis n’est pas coché", "prérequis ne sont pas cochés")
    if not missing or not questions.wants(f"{count}. Les passer en revue ?"):
        return
    for statement in missing:
        click.echo(f"{statement.text}.\n{statement.help}")
        if questions.wants("Est-ce fait ?"):
            ticks.set_ticked(statement.key, True)


def _answer(follower: Follower, failure: TransferError, orders: Orders) -> Orders | None:
    """What to go on with; None to leave it at that."""
    need = failure.need
    if need is Need.HOST_KEY:
        presented = Presented.of(failure.details)
        if questions.compares(presented):
            return msgspec.structs.replace(orders, host_key=presented.fingerprint)
    elif need in (Need.PROXY, Need.PROXY_PASSWORD):
        proxy = _ask_proxy(orders.proxy or follower.state.proxy or follower.job.spec.proxy)
        if proxy is not None:
            return msgspec.structs.replace(orders, proxy=proxy, proxy_password=_ask_proxy_password(proxy))
    elif need is Need.PASSWORD and follower.state.sharebox.key_file is None:
        if questions.wants("Reprendre avec un autre mot de passe ?"):
            return msgspec.structs.replace(orders, sftp_password=questions.secret("Mot de passe Sharebox"))
    elif need is Need.DAMAGE and headless.accepts_damage(follower.state):
        return msgspec.structs.replace(orders, damage=waive_damage(follower.state, asked=True))
    elif need is Need.PASSPHRASE and questions.wants("Reprendre avec une autre phrase secrète ?"):
        return msgspec.structs.replace(orders, key_passphrase=questions.secret("Phrase secrète de la clé"))
    elif need is Need.ARCHIVE_PASSPHRASE and questions.wants("Reprendre avec une autre phrase secrète ?"):
        phrase = questions.secret("Phrase secrète des archives")
        return msgspec.structs.replace(orders, archive_password=phrase)
    return None


def _ask_proxy(known: ProxySettings | None) -> ProxySettings | None:
    """Step 5bis: the proxy that a person gives; None where they give none."""
    if known is None and (script := proxy_script()) is not None:
        click.echo(script_hint(script), err=True)
    if not questions.wants("Passer par un proxy ?"):
        return None
    while True:
        url = questions.text(
            "Adresse du proxy, par exemple http://IDENTIFIANT@HÔTE:PORT", proxy_url(known) if known else None
        )
        try:
            return headless.parse_proxy(url if "://" in url else f"http://{url}")
        except TransferError as error:
            click.echo(error.as_text(), err=True)


def proxy_url(proxy: ProxySettings) -> str:
    """The proxy as `headless.parse_proxy` reads it again."""
    # Only what would be taken for another part of an address: the rest is read by a person.
    account = "".join(quote(char, safe="") if char in "%:/?#[]" else char for char in proxy.username or "")
    host = f"[{proxy.host}]" if ":" in proxy.host else proxy.host
    return f"{proxy.kind}://{account}{'@' if account else ''}{host}:{proxy.port}"


def _ask_proxy_password(proxy: ProxySettings) -> str | None:
    if not proxy.username:
        return None
    questions.warn_of_clear_text(proxy)
    return questions.secret(f"Mot de passe du proxy de {proxy.username}")


def _offer_message(follower: Follower) -> None:
    """Step 6."""
    if not questions.someone_is_there():
        return
    try:
        shown = questions.wants("Afficher le message à envoyer à l’Urssaf ?")
    except questions.NoAnswerError:  # what was done is done all the same
        click.echo("Pour l’afficher plus tard : tui-transfer report")
        return
    if shown:
        headless.print_message(follower.state)
        click.echo("Pour l’enregistrer comme brouillon : tui-transfer report --eml FICHIER")
