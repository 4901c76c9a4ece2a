"""Where one stands, and what can be done next: the first question, to which every other returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from tui_transfer import french
from tui_transfer.cli import guidance, questions, support
from tui_transfer.cli.folding import folded
from tui_transfer.cli.lines import show_failure
from tui_transfer.cli.pace import Detail
from tui_transfer.cli.plain import bases, past, prerequisites, report, settings, transfers, trial
from tui_transfer.cli.plain.doing import DOERS, Menu, Visit, does
from tui_transfer.deeds import Deed
from tui_transfer.errors import ExitCode, Problem, TransferError
from tui_transfer.guide.pages import guide_pages
from tui_transfer.job import control
from tui_transfer.preflight import place
from tui_transfer.preflight.statements import STATEMENTS, Ticks
from tui_transfer.settings import config

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_transfer.job.standing import Standing
    from tui_transfer.settings.config import Home

__all__ = ["bases", "past", "prerequisites", "report", "run", "settings", "trial"]

_CENTRE: Final = Menu(
    "Que voulez-vous faire ? Tapez un numéro",
    Deed.TRANSFER,
    Deed.FOLLOW,
    Deed.RESUME,
    Deed.MAINTAIN,
    Deed.PREREQUISITES,
    Deed.TEST,
    Deed.SETTINGS,
    Deed.HISTORY,
    Deed.REPORT,
    Deed.READ_AGAIN,
    Deed.HELP,
    Deed.LEAVE,
)
_AID: Final = Menu(
    "Quelle aide voulez-vous ? Tapez un numéro",
    Deed.GUIDE,
    Deed.DEMO,
    Deed.DETAILS,
    Deed.COPY,
    Deed.SUPPORT_FILE,
    back=True,
    leads_on=True,
)
_LEAVING_DEMO: Final = "Quitter la démonstration ? Tout ce qu’elle a créé est effacé."
_HELP: Final = (
    "Chaque question se répond par une ligne, puis Entrée. À un choix, tapez son numéro ou le début de son "
    "nom ; une ligne vide prend le numéro entre crochets. Une faute de frappe fait poser la question de "
    "nouveau. Pendant un transfert, Entrée dit où il en est, et Ctrl+C demande s’il faut l’interrompre : il "
    "peut continuer sans vous. À une question, Ctrl+C quitte le programme.\n"
    "L’ordre de la procédure : réglages, prérequis, transfert, rapport."
)


def run(
    home: Home,
    detail: Detail = Detail.NORMAL,
    *,
    practice: bool = False,
    practise: Callable[[], object] | None = None,
) -> ExitCode:
    """Asks what to do until the person leaves; where nobody can answer, joins the transfer that is running.

    Args:
        home: where the settings and the jobs are.
        detail: how much is said of a transfer.
        practice: whether all is a demonstration's.
        practise: begins a demonstration; None where there is none to begin.

    Returns:
        How the last transfer ended that was begun or followed.

    Raises:
        TransferError: USAGE where nobody can answer.
    """
    if not questions.someone_is_there():
        running = control.running_job(home)
        if running is not None:
            return transfers.join_unasked(home, running, detail)
        reason = "Personne ne peut répondre aux questions : l’entrée n’est pas un terminal."
        raise TransferError(Problem.USAGE, reason=reason, advice="Sans questions : tui-transfer run --yes.")
    with folded():
        visit = Visit(home, detail, practice, practise)
        click.echo("Centre de maintenance, en lignes simples.")
        if not practice and (remark := place.remark(home)):
            click.echo(f"{remark} : voyez les contrôles, aux prérequis.")
        _say_where(visit)
        while not visit.over:
            _choose(visit)
        return visit.code


def _choose(visit: Visit) -> None:
    """One choice, and what follows from it. What goes wrong is said, and leads back here."""
    standing = visit.standing()
    deed = _CENTRE.ask(without=_pointless(standing), default=_next_step(visit, standing))
    assert deed is not None
    try:
        DOERS[deed](visit)
    except TransferError as error:
        visit.failure = error
        show_failure(error)
    except questions.NoAnswerError:
        click.echo("Aucune réponse : retour au menu.")


def _pointless(standing: Standing) -> list[Deed]:
    """What makes no sense now, and is not read out."""
    found = [Deed.FOLLOW] if standing.running is None else [Deed.TRANSFER, Deed.RESUME]
    if not standing.unfinished:
        found.append(Deed.RESUME)
    return found


def _next_step(visit: Visit, standing: Standing) -> Deed:
    """The next step of the procedure: what Enter does."""
    if standing.running is not None:
        return Deed.FOLLOW
    try:
        config.load(visit.home.config_file)
    except TransferError:
        return Deed.SETTINGS
    if standing.unfinished:
        return Deed.RESUME
    if standing.unsent:
        return Deed.REPORT
    if standing.finished is not None:
        return Deed.LEAVE
    return Deed.TRANSFER if Ticks(visit.home).complete else Deed.PREREQUISITES


def _say_where(visit: Visit) -> None:
    """Where the person stands in the procedure, in a few sentences."""
    try:
        known = config.load(visit.home.config_file)
    except TransferError as error:
        click.echo(f"{error.title}. {error.why} Commencez par « Réglages ».")
        return
    click.echo(f"{known.manager.name}, vers {known.sharebox.host}.")
    active = french.count(sum(item.active for item in known.databases), "active")
    click.echo(f"Bases : {french.count(len(known.databases), 'base')} dans la liste, dont {active}.")
    done = len(Ticks(visit.home).all)
    click.echo(f"Prérequis : {french.count(done, 'coché')} sur {french.number(len(STATEMENTS))}.")
    for line in transfers.describe_standing(visit.standing()):
        click.echo(line)


@does(Deed.READ_AGAIN)
def _read_again(visit: Visit) -> None:
    _say_where(visit)


@does(Deed.HELP)
def _help(visit: Visit) -> None:
    click.echo(_HELP)
    if contact := config.contact(visit.home):
        click.echo(contact)
    without = [] if visit.practise else [Deed.DEMO]
    if visit.failure is None:
        without += [Deed.DETAILS, Deed.COPY]
    _AID.do(visit, without=without)


@does(Deed.DEMO)
def _practise(visit: Visit) -> None:
    assert visit.practise is not None
    visit.practise()
    click.echo("La démonstration est finie. Retour à vos réglages et à vos bases.")


@does(Deed.LEAVE)
def _leave(visit: Visit) -> None:
    if visit.practice:
        visit.over = questions.wants(_LEAVING_DEMO)
        return
    if control.running_job(visit.home) is not None:
        transfers.leave_running(visit)
        return
    visit.over = True


@does(Deed.GUIDE)
def _read_guide(visit: Visit) -> None:
    pages = [page.title for page in guide_pages()]
    place = questions.choose("Quelle page du guide lire ? Tapez un numéro", pages, 0)
    guidance.show(place + 1, aloud=True)


@does(Deed.SUPPORT_FILE)
def _make_support_file(visit: Visit) -> None:
    connect = questions.wants("Essayer aussi la connexion, pour le fichier d’aide ?")
    support.make_bundle(visit.home, None, connect=connect, yes=False)


@does(Deed.DETAILS)
def _details(visit: Visit) -> None:
    assert visit.failure is not None
    show_failure(visit.failure)
    for name, value in visit.failure.details.items():
        click.echo(report.detail(name, value))


@does(Deed.COPY)
def _copy_failure(visit: Visit) -> None:
    assert visit.failure is not None
    report.copy(visit, visit.failure.as_text(), "Le texte de l’erreur")
