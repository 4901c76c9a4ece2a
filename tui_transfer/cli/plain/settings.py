"""The settings, asked one after the other, a section at a time; what is wrong is asked again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from tui_transfer.cli import questions, received
from tui_transfer.cli.plain.bases import bare
from tui_transfer.cli.plain.doing import Menu, Visit, does
from tui_transfer.deeds import Deed
from tui_transfer.errors import Problem, TransferError
from tui_transfer.settings import config
from tui_transfer.settings.host_keys import fingerprints
from tui_transfer.tui.pasted_address import read_address
from tui_transfer.tui.settings_draft import compose, is_off, read_draft
from tui_transfer.tui.settings_entries import ENTRIES, SECTIONS, SWITCHES

if TYPE_CHECKING:
    from tui_transfer.settings.config import Home
    from tui_transfer.tui.settings_draft import Draft
    from tui_transfer.tui.settings_entries import FormEntry, Section

_EMPTY: Final = "-"
"""What is typed for nothing, where an empty line keeps what is there."""
_MENU: Final = Menu(
    "Que voulez-vous faire des réglages ? Tapez un numéro",
    Deed.SAVE,
    Deed.IMPORT_CONFIG,
    Deed.FORGET_HOST_KEY,
    Deed.TEST,
    back=True,
    leads_on=True,
)
_BACK: Final = "Revenir aux réglages"


@does(Deed.SETTINGS)
def show(visit: Visit) -> None:
    """Says them all; where there are none yet, asks for those that are needed."""
    try:
        config.load(visit.home.config_file)
    except TransferError as error:
        click.echo(f"{error.title}. {error.why}")
        if error.problem is Problem.CONFIGURATION_MISSING:
            click.echo("Première utilisation : donnez ce que l’Urssaf vous a communiqué.")
            if questions.wants("Avez-vous reçu un fichier config.toml de l’Urssaf ?"):
                take_over(visit)
            else:
                _ask(visit.home, SECTIONS[:2])
    draft = read_draft(visit.home.config_file)
    for section in SECTIONS:
        click.echo(f"{section.title}. {' '.join(_said(draft, section))}")
    for fingerprint in fingerprints(draft.host_key):
        click.echo(f"Clé du serveur : {questions.in_groups(fingerprint)}.")
    _MENU.do(visit)


@does(Deed.SAVE)
def change(visit: Visit) -> None:
    """Asks for a section, and keeps it."""
    titles = [section.title for section in SECTIONS]
    place = questions.choose("Quels réglages changer ? Tapez un numéro", [*titles, _BACK])
    if place < len(SECTIONS):
        _ask(visit.home, SECTIONS[place : place + 1])


@does(Deed.IMPORT_CONFIG)
def take_over(visit: Visit) -> None:
    """Takes over a configuration that was received, after saying what it holds."""
    file = questions.text("Chemin du fichier config.toml reçu de l’Urssaf")
    received.import_config(visit.home, Path(bare(file)), yes=False)


@does(Deed.FORGET_HOST_KEY)
def forget(visit: Visit) -> None:
    """Forgets the key of the server, after asking."""
    draft = read_draft(visit.home.config_file)
    if draft.host_key is None:
        click.echo("Aucune clé de serveur n’est retenue.")
        return
    click.echo(
        "À la prochaine connexion, le serveur montrera sa clé, et vous la comparerez à celle que l’Urssaf "
        "vous a donnée. Faites-le seulement si l’Urssaf annonce une nouvelle clé."
    )
    if questions.wants("Oublier la clé du serveur Sharebox ?"):
        _save(draft, dict(draft.texts), forget_host_key=True)


def _said(draft: Draft, section: Section) -> list[str]:
    return [
        f"{entry.label} : {_words(entry, draft.texts[entry.key])}."
        for entry in section.entries
        if entry in SWITCHES.values() or not is_off(entry, draft.texts)
    ]


def _words(entry: FormEntry, text: str) -> str:
    if entry.choices:
        return dict(entry.choices).get(text, text)
    return text or entry.placeholder


def _ask(home: Home, sections: tuple[Section, ...]) -> None:
    """Asks for all of some sections, and again for what is wrong, until it can be kept."""
    draft = read_draft(home.config_file)
    texts = dict(draft.texts)
    click.echo(f"Une ligne vide garde la valeur entre crochets. « {_EMPTY} » l’efface.")
    for section in sections:
        for entry in section.entries:
            if entry in SWITCHES.values() or not is_off(entry, texts):
                _take(texts, entry, _ask_one(section, entry, texts[entry.key]))
    while isinstance(result := compose(draft, texts, forget_host_key=False), dict):
        for key, wrong in result.items():
            click.echo(wrong, err=True)
            found = next((entry for entry in ENTRIES if entry.key == key), None)
            if found is None:
                click.echo("Ces réglages ne vont pas ensemble : rien n’est enregistré.")
                return
            section = next(section for section in SECTIONS if found in section.entries)
            _take(texts, found, _ask_one(section, found, texts[key]))
    if questions.wants("Enregistrer ces réglages ?"):
        _save(draft, texts, forget_host_key=False)


def _take(texts: dict[str, str], entry: FormEntry, given: str) -> None:
    """Takes what was typed for an entry; a whole address is spread over those that it tells of."""
    texts[entry.key] = given
    address = read_address(given) if entry.key.endswith(".host") else None
    if address is None or not address.host:
        return
    if address.had_password:
        click.echo("Le mot de passe qui était dans cette adresse n’est pas gardé.")
    for name in ("host", "port", "username", "directory"):
        key = f"{entry.section}.{name}"
        if key in texts and (part := getattr(address, name)):
            texts[key] = part


def _ask_one(section: Section, entry: FormEntry, known: str) -> str:
    click.echo(entry.hint)
    question = f"{section.title}, {entry.label}"
    if entry.choices:
        values = [value for value, _ in entry.choices]
        return values[questions.choose(question, [words for _, words in entry.choices], values.index(known))]
    given = questions.text_or_nothing(question, known)
    return "" if given == _EMPTY else given


def _save(draft: Draft, texts: dict[str, str], *, forget_host_key: bool) -> None:
    settings = compose(draft, texts, forget_host_key=forget_host_key)
    if isinstance(settings, dict):
        click.echo(" ".join(settings.values()), err=True)
        return
    copy = config.save(draft.file, settings)
    kept = f" L’ancien fichier est gardé : {copy.name}." if copy else ""
    click.echo(f"Les réglages sont enregistrés.{kept}")
