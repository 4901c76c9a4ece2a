"""The whole procedure in plain lines and questions, for a screen reader or a terminal that cannot do more."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import click
import msgspec

from tui_transfer import french
from tui_transfer.cli import headless
from tui_transfer.cli.lines import PlainOutput
from tui_transfer.errors import ExitCode, Need, Problem, TransferError
from tui_transfer.job import control, history
from tui_transfer.job.orders import Orders
from tui_transfer.preflight.statements import STATEMENTS, Ticks

if TYPE_CHECKING:
    from tui_transfer.job.control import Follower, Job
    from tui_transfer.settings.config import Home, ProxySettings


def run(home: Home) -> ExitCode:
    """Joins the transfer that is running; else offers to go on with the last one; else begins one.

    Raises:
        TransferError: USAGE where nobody can answer; what keeps a transfer from beginning.
    """
    running = control.running_job(home)
    if running is not None:
        click.echo(f"Le transfert {running.id} est en cours ; Ctrl+C l'interrompt.")
        return _carry_out(home, running, new=False)
    if not headless.someone_is_there():
        reason = "Personne ne peut répondre aux questions : l'entrée n'est pas un terminal."
        raise TransferError(Problem.USAGE, reason=reason, advice="Sans questions : tui-transfer run --yes.")
    interrupted = _interrupted(home)
    if interrupted is not None and headless.wants(_describe(interrupted)):
        return _carry_out(home, interrupted.job, new=False)
    _review_prerequisites(home)
    return _carry_out(home, headless.new_job(home), new=True)


def _interrupted(home: Home) -> Follower | None:
    """The last transfer, if it can be gone on with."""
    _, last = next(history.read_all(home), ("", None))
    if isinstance(last, TransferError):
        click.echo(last.as_text(), err=True)
        return None
    return None if last is None or last.succeeded else last


def _describe(follower: Follower) -> str:
    spec, failure = follower.job.spec, follower.failure
    names = ", ".join(item.name for item in spec.databases)
    why = f" {failure.title}." if failure else ""
    began = french.moment(spec.created_at)
    return f"Un transfert commencé le {began} n'est pas terminé : {names}.{why} Le reprendre ?"


def _review_prerequisites(home: Home) -> None:
    """Lets a person tick what is not ticked yet."""
    ticks = Ticks(home)
    missing = [item for item in STATEMENTS if item.key not in ticks.keys]
    count = french.count(len(missing), "prérequis n'est pas coché", "prérequis ne sont pas cochés")
    if not missing or not headless.wants(f"{count}. Les passer en revue ?"):
        return
    for statement in missing:
        click.echo(f"{statement.text}.\n{statement.help}")
        if headless.wants("Est-ce fait ?"):
            ticks.set_ticked(statement.key, True)


def _carry_out(home: Home, job: Job, *, new: bool) -> ExitCode:
    """Takes the job to its end, and asks a person whatever it is blocked by."""
    orders = Orders()
    while True:
        follower = control.Follower(job)
        if not follower.running:
            orders = headless.with_secrets(orders, home, follower)
        code = headless.carry_out(home, job, orders, PlainOutput(), new=new)
        if new and not job.spec_file.exists():  # another transfer was faster
            return code
        new, follower = False, control.Follower(job)
        if follower.failure is None:
            _offer_message(follower)
            return code
        answer = _answer(follower, follower.failure, orders) if headless.someone_is_there() else None
        if answer is None:
            return code
        orders = answer


def _answer(follower: Follower, failure: TransferError, orders: Orders) -> Orders | None:
    """What to go on with; None to leave it at that."""
    need = failure.need
    if need is Need.HOST_KEY:
        fingerprint = failure.details["fingerprint"]
        if headless.wants(f"L'empreinte {fingerprint} est-elle celle que l'Urssaf a donnée ?"):
            return msgspec.structs.replace(orders, host_key=fingerprint)
    elif need in (Need.PROXY, Need.PROXY_PASSWORD):
        proxy = _ask_proxy(orders.proxy or follower.state.proxy or follower.job.spec.proxy)
        if proxy is not None:
            return msgspec.structs.replace(orders, proxy=proxy, proxy_password=_ask_proxy_password(proxy))
    elif need is Need.PASSWORD and follower.state.sharebox.key_file is None:
        if headless.wants("Reprendre avec un autre mot de passe ?"):
            return msgspec.structs.replace(orders, sftp_password=_ask_secret("Mot de passe Sharebox"))
    elif need is Need.PASSPHRASE and headless.wants("Reprendre avec une autre phrase secrète ?"):
        return msgspec.structs.replace(orders, key_passphrase=_ask_secret("Phrase secrète de la clé"))
    return None


def _ask_proxy(known: ProxySettings | None) -> ProxySettings | None:
    """Step 5bis: the proxy that a person gives; None where they give none."""
    if not headless.wants("Passer par un proxy ?"):
        return None
    while True:
        url = click.prompt(
            "Adresse du proxy, par exemple http://IDENTIFIANT@HÔTE:PORT",
            default=proxy_url(known) if known else None,
            err=True,
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
    return _ask_secret(f"Mot de passe du proxy de {proxy.username}") if proxy.username else None


def _ask_secret(what: str) -> str:
    secret: str = click.prompt(what, hide_input=True, err=True)
    return secret


def _offer_message(follower: Follower) -> None:
    """Step 6."""
    if headless.someone_is_there() and headless.wants("Afficher le message à envoyer à l'Urssaf ?"):
        headless.print_message(follower.state)
        click.echo("Pour l'enregistrer comme brouillon : tui-transfer report --eml FICHIER")
