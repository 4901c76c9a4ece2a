"""The databases of the list: chosen for a transfer, added, taken out. No file of theirs is ever touched."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

import click
import msgspec

from tui_transfer import french
from tui_transfer.archive.companions import Selection, files_to_choose, main_of
from tui_transfer.archive.source import find_nested, summarize
from tui_transfer.cli import questions
from tui_transfer.cli.plain.doing import Menu, Visit, does
from tui_transfer.deeds import Deed
from tui_transfer.errors import TransferError
from tui_transfer.preflight import gate
from tui_transfer.preflight.choice import Choice
from tui_transfer.preflight.search import known_places, search
from tui_transfer.report.files import listed
from tui_transfer.settings import config
from tui_transfer.settings.config import DatabaseSettings
from tui_transfer.system.files import printable
from tui_transfer.tui.paths import propose_name

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import date
    from pathlib import Path

    from tui_transfer.archive.source import Summary
    from tui_transfer.settings.config import Home, Settings

_MENU: Final = Menu(
    "Que voulez-vous faire des bases ? Tapez un numéro",
    Deed.TICK,
    Deed.TICK_ALL,
    Deed.MAKE_ACTIVE,
    Deed.ADD,
    Deed.SEARCH,
    Deed.REMOVE,
    Deed.TRANSFER,
    back=True,
    leads_on=True,
)
_BACK: Final = "Revenir aux bases"
_MOST: Final = 20
"""Databases that are read out at once."""


@does(Deed.MAINTAIN)
def maintain(visit: Visit) -> None:
    """Says whether a transfer may begin, and of which databases; then what to do with the list."""
    settings = config.load(visit.home.config_file)
    closed = gate.closed(visit.home, settings.transfer, _today())
    click.echo(f"Transfert possible : {f'non. {closed.title}. {closed.why}' if closed else 'oui'}.")
    _say_all(visit, settings)
    _MENU.do(visit)


@does(Deed.TICK)
def choose(visit: Visit) -> None:
    """Goes through the list: each database goes along, or stays."""
    settings = config.load(visit.home.config_file)
    chosen = chosen_names(visit.home, settings)
    if not settings.databases:
        click.echo("La liste des bases est vide : ajoutez-en une.")
        return
    wanted = []
    for number, item in enumerate(settings.databases, 1):
        state = "choisie" if item.name in chosen else "pas choisie"
        place = f"Base {number} sur {len(settings.databases)}, {state}"
        if questions.wants(f"{place}. Transférer « {item.name} » ?"):
            wanted.append(item.name)
    _keep(visit, settings, wanted)
    click.echo(_count(len(wanted)))


@does(Deed.TICK_ALL)
def choose_all(visit: Visit) -> None:
    """Chooses all that can go; none where all are chosen."""
    settings = config.load(visit.home.config_file)
    names = [item.name for item in settings.databases if not isinstance(_look(visit, item), TransferError)]
    wanted = [] if set(names) <= set(chosen_names(visit.home, settings)) else names
    _keep(visit, settings, wanted)
    click.echo(_count(len(wanted)))


@does(Deed.MAKE_ACTIVE)
def make_active(visit: Visit) -> None:
    """Makes a database an active one, or one like the others."""
    settings = config.load(visit.home.config_file)
    if not settings.databases:
        click.echo("La liste des bases est vide : ajoutez-en une.")
        return
    labels = [f"{item.name}, {'active' if item.active else 'pas active'}" for item in settings.databases]
    question = "Quelle base rendre active, ou non ? Tapez un numéro"
    item = settings.databases[questions.choose(question, labels)]
    turned = msgspec.structs.replace(item, active=not item.active)
    _change(visit, lambda now: tuple(turned if one.name == item.name else one for one in now))
    told = "est active : elle sera choisie d’avance" if turned.active else "n’est plus active"
    click.echo(f"« {item.name} » {told}.")


@does(Deed.SEARCH)
def search_for_some(visit: Visit) -> None:
    """Looks for databases where people keep them, and offers to add one after the other."""
    settings = config.load(visit.home.config_file)
    click.echo("Recherche en cours, vingt secondes au plus.")
    known = [config.resolve(item.path, visit.home.config_file) for item in settings.databases]
    found = list(search(known_places(known), visit.home.data, lambda: True))
    while new := [path for path in found if not any(find_nested([path, other]) for other in known)][:_MOST]:
        labels = [printable(path) for path in new]
        place = questions.choose("Quelle base ajouter à la liste ? Tapez un numéro", [*labels, _BACK])
        if place == len(new):
            return
        _add(visit, new[place])
        known.append(new[place])
    click.echo("Aucune autre base n’a été trouvée.")


@does(Deed.ADD)
def add(visit: Visit) -> None:
    """Asks for the path of a database, the files that go along, and a name."""
    settings = config.load(visit.home.config_file)
    known = [(item.name, config.resolve(item.path, visit.home.config_file)) for item in settings.databases]
    _add(visit, _ask_path(known))


def _add(visit: Visit, path: Path) -> None:
    """Adds a database, after asking which files go along, and its name."""
    settings = config.load(visit.home.config_file)
    also, without = _ask_files(path)
    name = _ask_name(path, {item.name.casefold() for item in settings.databases})
    item = DatabaseSettings(name=name, path=str(path), also=also, without=without)
    _change(visit, lambda now: (*now, item))
    _tell_added(visit, item.name)


@does(Deed.REMOVE)
def remove(visit: Visit) -> None:
    """Takes a database out of the list, after asking."""
    settings = config.load(visit.home.config_file)
    names = [item.name for item in settings.databases]
    if not names:
        click.echo("La liste des bases est vide.")
        return
    name = names[questions.choose("Quelle base retirer de la liste ? Tapez un numéro", names)]
    if not questions.wants(f"Retirer « {name} » de la liste ? Aucun fichier n’est supprimé ni modifié."):
        return
    _change(visit, lambda now: tuple(item for item in now if item.name != name))
    click.echo(f"« {name} » est retirée de la liste. Aucun fichier n’a été touché.")


def _today() -> date:
    return datetime.now().astimezone().date()


def chosen_names(home: Home, settings: Settings) -> list[str]:
    """The databases that are to be transferred, in the order of the list."""
    ticked = Choice(home).ticked(settings.databases)
    return [item.name for item in settings.databases if item.name in ticked]


def _keep(visit: Visit, settings: Settings, chosen: Collection[str]) -> None:
    Choice(visit.home).keep(settings.databases, chosen)


def _tell_added(visit: Visit, name: str) -> None:
    """Chooses what was added, and says so."""
    now = config.load(visit.home.config_file)
    _keep(visit, now, {*chosen_names(visit.home, now), name})
    click.echo(f"« {name} » est ajoutée à la liste, et choisie.")


def _look(visit: Visit, item: DatabaseSettings) -> Summary | TransferError:
    try:
        return summarize(
            config.resolve(item.path, visit.home.config_file), Selection(item.also, item.without)
        )
    except TransferError as error:
        return error


def _count(count: int) -> str:
    if not count:
        return "Aucune base n’est choisie."
    return f"{french.count(count, 'base est choisie', 'bases sont choisies')}."


def _say_all(visit: Visit, settings: Settings) -> None:
    chosen = chosen_names(visit.home, settings)
    for item in settings.databases:
        state = "choisie" if item.name in chosen else "pas choisie"
        look = _look(visit, item)
        if isinstance(look, TransferError):
            click.echo(f"{item.name}, {state} : {look.title}. {look.why}")
            continue
        path = config.resolve(item.path, visit.home.config_file)
        click.echo(f"{item.name}, {state} : {french.size(look.size)}, {printable(path)}.")
    click.echo(_count(len(chosen)))


def _change(
    visit: Visit, edit: Callable[[tuple[DatabaseSettings, ...]], tuple[DatabaseSettings, ...]]
) -> None:
    """Changes the list as the file has it now: another window may have written since it was read."""
    now = config.load(visit.home.config_file)
    config.save(visit.home.config_file, msgspec.structs.replace(now, databases=edit(now.databases)))


def _ask_path(known: list[tuple[str, Path]]) -> Path:
    while True:
        typed = questions.text("Chemin du fichier ou du dossier de la base")
        path = config.expanded(bare(typed)).absolute()
        error = _why_not(path, known)
        if error is None:
            return path
        click.echo(error, err=True)


def bare(typed: str) -> str:
    """`typed` without the quotes in which file managers paste a path."""
    inner = typed[1:-1]
    return inner if len(typed) > 1 and typed[0] == typed[-1] and typed[0] in "'\"" else typed


def _why_not(path: Path, known: list[tuple[str, Path]]) -> str | None:
    if not path.exists():
        return f"Rien n’existe à cet emplacement : {printable(path)}."
    for name, other in known:
        if find_nested([other, path]):
            same = main_of(path).resolve() == main_of(other).resolve()
            return (
                f"Cette base est déjà dans la liste : « {name} »."
                if same
                else (f"Cette base et « {name} », déjà dans la liste, sont l’une dans l’autre.")
            )
    return None


def _ask_name(path: Path, taken: set[str]) -> str:
    while True:
        name = questions.text("Nom de cette base dans la liste", propose_name(path, taken))
        if name.casefold() not in taken:
            return name
        click.echo(f"« {name} » est déjà pris : donnez un autre nom.", err=True)


def _ask_files(path: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Which files beside it go along although they need not, and which stay although they belong to it."""
    if not path.is_file():
        return (), ()
    _, belonging, others = files_to_choose(path)
    without: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    if belonging:
        click.echo(f"En font partie, et partent avec cette base : {listed(belonging)}.")
        if not questions.wants("Transférer ces fichiers avec la base ?"):
            without = tuple(belonging)
    if others:
        click.echo(f"Portent le même nom : {listed(others)}.")
        if questions.wants("Transférer aussi ces fichiers du même nom ?"):
            also = tuple(others)
    return also, without
