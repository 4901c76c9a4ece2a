"""A transfer from the first question to the last answer: begun, followed, gone on with, left to itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import click
import msgspec

from tui_transfer import french
from tui_transfer.cli import headless, questions
from tui_transfer.cli.headless import Leaving
from tui_transfer.cli.lines import PlainOutput, show_failure
from tui_transfer.cli.plain import trial
from tui_transfer.cli.plain.bases import chosen_names
from tui_transfer.cli.plain.doing import Menu, Visit, does
from tui_transfer.cli.plain.prerequisites import offer_review
from tui_transfer.cli.plain.spoken import SpokenOutput
from tui_transfer.deeds import Deed
from tui_transfer.errors import ExitCode, Need, Problem, TransferError
from tui_transfer.job import control
from tui_transfer.job.orders import Orders
from tui_transfer.job.state import JobState
from tui_transfer.preflight.choice import Choice
from tui_transfer.preflight.fingerprint import Presented
from tui_transfer.preflight.unmet import waive_damage
from tui_transfer.report import reminders
from tui_transfer.report.message import conclusion
from tui_transfer.settings import config
from tui_transfer.system.pac import proxy_script, script_hint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui_transfer.cli.pace import Detail
    from tui_transfer.job.control import Follower, Job
    from tui_transfer.job.standing import Standing
    from tui_transfer.settings.config import Home, ProxySettings

_LEAVING: Final = Menu(
    "Le transfert est en cours. Que voulez-vous faire de ce transfert ? Tapez un numéro",
    Deed.STAY,
    Deed.BACKGROUND,
    Deed.INTERRUPT,
)
_PROXY: Final = Menu(
    "Que voulez-vous faire de ce proxy ? Tapez un numéro", Deed.EXECUTE, Deed.TRY, Deed.DIRECT, back=True
)
_GOES_ON: Final = "Le transfert continue sans vous. Pour le retrouver : tui-transfer --plain"


def join_unasked(home: Home, job: Job, detail: Detail) -> ExitCode:
    """Follows a transfer that goes on anyway, where nobody can answer."""
    click.echo(f"Le transfert {job.id} est en cours.")
    click.echo("Ctrl+C cesse de le suivre, sans l’interrompre.")
    return headless.carry_out(home, job, Orders(), PlainOutput(detail))


def describe_standing(standing: Standing) -> Iterator[str]:
    """How the transfers of this machine stand, in sentences."""
    if standing.running is not None:
        done = french.percent(standing.running.progress.share)
        yield f"Un transfert est en cours : {done} de fait."
    for follower in standing.unfinished:
        overtaken = follower.job.id in standing.overtaken
        yield reminders.describe_unfinished(follower, overtaken=overtaken)
    for follower in standing.unsent:
        yield reminders.describe_unsent(follower)
    if standing.finished is not None:
        yield f"Dernier transfert terminé : {conclusion(standing.finished.state)}"
    if not standing.count:
        yield "Aucun transfert n’a encore été fait depuis cette machine."


@does(Deed.TRANSFER)
def transfer(visit: Visit) -> None:
    """A new transfer, once a person has agreed to it."""
    home = visit.home
    known = control.newest_number(home)
    output = SpokenOutput(visit.detail)
    try:
        settings = config.load(home.config_file)  # what keeps any from beginning comes before all questions
        offer_review(home)
        names = chosen_names(home, settings)
        if settings.databases and not names:  # without names, the active ones would go
            raise TransferError(Problem.DATABASE_NONE)
        spec = headless.new_spec(home, names)
        state = JobState.initial(spec)
        orders = headless.with_passphrase(headless.with_secrets(visit.secrets, home, state), state)
        _keep(visit, orders)
        visit.code = headless.begin(home, spec, orders, output, known, _decide)
        Choice(home).forget()
    except TransferError as error:
        visit.failure = error
        visit.code = headless.refuse(home, error, output, "--plain")
        return
    _attend(visit, control.load(home.jobs / spec.id), orders)


@does(Deed.FOLLOW)
def follow(visit: Visit) -> None:
    """Follows a transfer that goes on anyway."""
    job = control.running_job(visit.home)
    if job is None:
        click.echo("Aucun transfert n’est en cours.")
        return
    click.echo("Entrée dit où il en est. Ctrl+C cesse de le suivre, et demande s’il faut l’interrompre.")
    output = SpokenOutput(visit.detail)
    visit.code = headless.carry_out(visit.home, job, Orders(), output, _decide)
    _attend(visit, job, Orders())


@does(Deed.RESUME)
def resume(visit: Visit) -> None:
    """Goes on with the last transfer that is not over."""
    found = visit.standing().unfinished
    if not found:
        click.echo("Aucun transfert n’est à reprendre.")
        return
    names = [f"Transfert du {french.moment(item.job.spec.created_at)}" for item in found]
    place = 0 if len(found) == 1 else questions.choose("Quel transfert reprendre ? Tapez un numéro", names, 0)
    go_on(visit, found[place])


def go_on(visit: Visit, found: Follower) -> None:
    """Goes on with a transfer, after asking what it waits for."""
    names = ", ".join(item.name for item in found.job.spec.databases)
    click.echo(f"Reprise du transfert commencé le {french.moment(found.job.spec.created_at)} : {names}.")
    _carry_on(visit, found.job, Orders())


def leave_running(visit: Visit) -> None:
    """Asks what becomes of the transfer that is under way, and leaves."""
    running = control.running_job(visit.home)
    match _decide():
        case Leaving.GO:
            visit.over = True
        case Leaving.INTERRUPT if running is not None:
            visit.code = headless.end_worker(control.Follower(running), SpokenOutput(visit.detail))
            visit.over = True


def _decide() -> Leaving:
    """Asks what Ctrl+C means, or leaving."""
    try:
        deed = _LEAVING.ask(default=Deed.STAY)
    except (click.Abort, KeyboardInterrupt):  # pressed again: whoever is in a hurry interrupts nothing
        deed = Deed.BACKGROUND
    if deed is Deed.BACKGROUND:
        click.echo(_GOES_ON)
        return Leaving.GO
    return Leaving.INTERRUPT if deed is Deed.INTERRUPT else Leaving.STAY


def _carry_on(visit: Visit, job: Job, orders: Orders) -> None:
    state = control.Follower(job).state
    given = headless.with_passphrase(headless.with_secrets(_known(visit, orders), visit.home, state), state)
    _keep(visit, given)
    visit.code = headless.carry_out(visit.home, job, given, SpokenOutput(visit.detail), _decide)
    _attend(visit, job, given)


def _known(visit: Visit, orders: Orders) -> Orders:
    """`orders` with what was typed before, where they say nothing else."""
    return msgspec.structs.replace(
        orders,
        sftp_password=orders.sftp_password or visit.secrets.sftp_password,
        key_passphrase=orders.key_passphrase or visit.secrets.key_passphrase,
    )


def _keep(visit: Visit, orders: Orders) -> None:
    visit.secrets = Orders(sftp_password=orders.sftp_password, key_passphrase=orders.key_passphrase)


def _attend(visit: Visit, job: Job, orders: Orders) -> None:
    """Asks a person whatever a job is blocked by that was taken to its end, and goes on with the answer."""
    follower = control.Follower(job)
    if follower.running:  # it was only looked at, or left to itself
        visit.over = True
        return
    failure = follower.failure
    visit.failure = failure
    if failure is None:
        _say_what_is_next()
        return
    if failure.need in (Need.PASSWORD, Need.PASSPHRASE):
        visit.secrets = Orders()  # it is not tried twice: accounts get locked
    answer = _answer(follower, failure, orders)
    if answer is not None:
        _carry_on(visit, job, answer)


def _say_what_is_next() -> None:
    click.echo("Il reste à prévenir l’équipe Impact emploi : choisissez « Rapport ».")


def _answer(follower: Follower, failure: TransferError, orders: Orders) -> Orders | None:
    """What to go on with; None to leave it at that."""
    replace = msgspec.structs.replace
    match failure.need:
        case Need.HOST_KEY:
            presented = Presented.of(failure.details)
            is_same = questions.compares(presented, follower.job.spec.contact)
            return replace(orders, host_key=presented.fingerprint) if is_same else None
        case Need.PROXY | Need.PROXY_PASSWORD:
            return _ask_proxy(orders, follower)
        case Need.PASSWORD if follower.state.sharebox.key_file is None:
            given = questions.another_secret(
                "Reprendre avec un autre mot de passe ?", "Mot de passe Sharebox"
            )
            return None if given is None else replace(orders, sftp_password=given)
        case Need.DAMAGE if headless.accepts_damage(follower.state):
            return replace(orders, damage=waive_damage(follower.state, asked=True))
        case Need.PASSPHRASE:
            question = "Reprendre avec une autre phrase secrète de la clé ?"
            given = questions.another_secret(question, "Phrase secrète de la clé")
            return None if given is None else replace(orders, key_passphrase=given)
        case Need.ARCHIVE_PASSPHRASE:
            question = "Reprendre avec une autre phrase secrète des archives ?"
            given = questions.another_secret(question, "Phrase secrète des archives")
            return None if given is None else replace(orders, archive_password=given)
        case _:
            return None


def _ask_proxy(orders: Orders, follower: Follower) -> Orders | None:
    """Step 5bis: what to go on with through the proxy that a person gives, or directly; None for neither."""
    known = orders.proxy or follower.state.proxy or follower.job.spec.proxy
    if known is None and (script := proxy_script()) is not None:
        click.echo(script_hint(script), err=True)
    if not questions.wants("Passer par un proxy ?"):
        return None
    while True:
        proxy = _ask_address(known)
        given = msgspec.structs.replace(orders, proxy=proxy, proxy_password=_ask_proxy_password(proxy))
        while (deed := _PROXY.ask(default=Deed.EXECUTE)) is Deed.TRY:
            trial.say_where_it_leads(follower.state.sharebox, proxy, given.proxy_password)
        if deed is Deed.EXECUTE:
            return given
        if deed is Deed.DIRECT:
            return msgspec.structs.replace(orders, proxy=None, proxy_password=None)
        if not questions.wants("Donner une autre adresse de proxy ?"):
            return None
        known = proxy


def _ask_address(known: ProxySettings | None) -> ProxySettings:
    while True:
        url = questions.text(
            "Adresse du proxy, par exemple http://IDENTIFIANT@HÔTE:PORT", proxy_url(known) if known else None
        )
        try:
            return headless.parse_proxy(url if "://" in url else f"http://{url}")
        except TransferError as error:
            show_failure(error)


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
