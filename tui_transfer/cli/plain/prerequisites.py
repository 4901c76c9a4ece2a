"""What has to be done before a transfer: said, ticked, unticked; and what the program sees for itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from tui_transfer import french
from tui_transfer.cli import questions
from tui_transfer.cli.plain.doing import Menu, Visit, does
from tui_transfer.deeds import Deed
from tui_transfer.preflight.checks import Verdict, check_all, selections
from tui_transfer.preflight.statements import STATEMENTS, Ticks
from tui_transfer.report.author import describe_author
from tui_transfer.settings import config

if TYPE_CHECKING:
    from tui_transfer.settings.config import Home

_MENU: Final = Menu(
    "Que voulez-vous faire des prérequis ? Tapez un numéro",
    Deed.SELECT,
    Deed.CHECK_AGAIN,
    Deed.TEST,
    back=True,
    leads_on=True,
)
_VERDICTS: Final = {Verdict.OK: "en ordre", Verdict.WARNING: "à voir", Verdict.FAILED: "bloquant"}


def offer_review(home: Home) -> None:
    """Lets a person tick what is not ticked yet, each in a question of its own."""
    ticks = Ticks(home)
    missing = [item for item in STATEMENTS if item.key not in ticks.keys]
    count = french.count(len(missing), "prérequis n’est pas coché", "prérequis ne sont pas cochés")
    if not missing or not questions.wants(f"{count}. Passer les prérequis en revue ?"):
        return
    for number, statement in enumerate(missing, 1):
        click.echo(f"Prérequis {number} sur {len(missing)}. {statement.help}")
        if questions.wants(f"Est-ce fait : {statement.text} ?"):
            ticks.set_ticked(statement.key, True)


@does(Deed.PREREQUISITES)
def show(visit: Visit) -> None:
    """Says each with its state, then what to do with them."""
    ticks = Ticks(visit.home)
    by_key = {tick.key: tick for tick in ticks.all}
    for statement in STATEMENTS:
        tick = by_key.get(statement.key)
        done = f"coché par {describe_author(tick)} le {french.moment(tick.at)}" if tick else "pas coché"
        click.echo(f"{statement.text} : {done}.")
    _MENU.do(visit)


@does(Deed.SELECT)
def tick(visit: Visit) -> None:
    """Ticks or unticks one."""
    ticks = Ticks(visit.home)
    labels = [
        f"{'Coché' if statement.key in ticks.keys else 'Pas coché'} : {statement.text}"
        for statement in STATEMENTS
    ]
    chosen = STATEMENTS[questions.choose("Quel prérequis cocher ou décocher ? Tapez un numéro", labels)]
    click.echo(chosen.help)
    is_ticked = chosen.key in ticks.keys
    question = f"Décocher « {chosen.short} » ?" if is_ticked else f"Est-ce fait : {chosen.text} ?"
    if questions.wants(question):
        ticks.set_ticked(chosen.key, not is_ticked)
        click.echo(f"« {chosen.short} » est {'décoché' if is_ticked else 'coché'}.")


@does(Deed.CHECK_AGAIN)
def check_again(visit: Visit) -> None:
    """Says what the program sees for itself, the Sharebox included."""
    home, settings = visit.home, config.load(visit.home.config_file)
    databases = [(item.name, config.resolve(item.path, home.config_file)) for item in settings.databases]
    click.echo("Contrôles en cours.")
    for found in check_all(databases, selections(settings), home, settings.sharebox):
        click.echo(f"{_VERDICTS[found.verdict].capitalize()} : {found.title}. {found.explanation}")
