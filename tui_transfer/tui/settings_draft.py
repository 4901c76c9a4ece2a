"""The settings as a form shows them: texts by key, and the settings that such texts become."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from tui_transfer.errors import TransferError
from tui_transfer.settings import config, toml
from tui_transfer.settings.config import DEFAULT_RECIPIENTS, DatabaseSettings, Settings
from tui_transfer.settings.host_keys import are_fingerprints
from tui_transfer.system.files import read_file
from tui_transfer.tui.theme import THEME_NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NO_PROXY: Final = "none"
DEFAULT_KIND: Final = "http"
"""What a proxy is where the file does not say it; see `ProxySettings`."""
YES, NO = "true", "false"
SERVER: Final = ("sharebox.host", "sharebox.port")
"""What a host key belongs to."""
HOST_KEY: Final = "sharebox.host_key"
_TEMPORARY_NAMES: Final = "sharebox.temporary_names"
"""Only the file has it: it is for whoever helps."""


@dataclass(frozen=True)
class FormEntry:
    """A field: the key that it stands for, and what is said of it."""

    key: str
    label: str
    hint: str
    placeholder: str = ""
    """What an empty field means."""
    kind: Literal["text", "path", "date", "list"] = "text"
    choices: tuple[tuple[str, str], ...] = ()
    """Values and their words, the default first; empty for a text."""

    @property
    def id(self) -> str:
        """The key as the name of a widget."""
        return self.key.replace(".", "-").replace("_", "-")


@dataclass(frozen=True)
class Section:
    """Fields under one heading."""

    title: str
    entries: tuple[FormEntry, ...]


SECTIONS: Final = (
    Section("Gestionnaire", (
        FormEntry("manager.name", "Nom",
              "Le nom du gestionnaire, tel que le montrent le rapport et le nom des archives.",
              "obligatoire"),
        FormEntry("manager.id", "Numéro",
              "Votre SIRET (14 chiffres), ou le numéro que l’Urssaf vous a donné : il vient en tête du nom "
              "des archives et de l’objet du message.", "aucun"),
        FormEntry("manager.contact", "Aide",
              "Qui appeler en cas de difficulté : montré avec chaque erreur, et dans le rapport.",
              "personne, par exemple Service Impact emploi, 01 23 45 67 89"),
    )),
    Section("Sharebox", (
        FormEntry("sharebox.host", "Serveur", "L’adresse du serveur, donnée par l’Urssaf.",
              "obligatoire, par exemple sharebox.exemple.fr"),
        FormEntry("sharebox.port", "Port", "Le port du serveur ; 22, sauf indication contraire.", "22"),
        FormEntry("sharebox.username", "Compte",
              "Le compte que l’Urssaf vous a ouvert. Son mot de passe n’est pas enregistré : il est demandé "
              "au moment du transfert.", "obligatoire"),
        FormEntry("sharebox.directory", "Dossier", "Où déposer les archives.", "celui où le compte arrive"),
        FormEntry("sharebox.key_file", "Fichier de clé",
              "La clé SSH privée du compte, s’il en a une ; Tab complète le chemin. « agent » : celles de "
              "l’agent SSH. Sans elle, un mot de passe est demandé.", "aucun : mot de passe", "path"),
    )),
    Section("Proxy", (
        FormEntry("proxy.kind", "Type",
              "La sortie de votre réseau vers Internet, essayée quand la connexion directe échoue.",
              choices=((NO_PROXY, "aucun"), ("http", "HTTP"), ("https", "HTTPS"), ("socks5", "SOCKS5"))),
        FormEntry("proxy.host", "Adresse", "Votre service informatique la connaît.",
              "obligatoire, par exemple proxy.exemple.fr"),
        FormEntry("proxy.port", "Port", "Souvent 3128 ou 8080.", "3128"),
        FormEntry("proxy.username", "Identifiant",
              "Si le proxy en demande un ; son mot de passe est demandé au moment du transfert.", "aucun"),
    )),
    Section("Rapport", (
        FormEntry("report.recipients", "Destinataires",
              "Les adresses de messagerie, séparées par des virgules.",
              ", ".join(DEFAULT_RECIPIENTS), "list"),
    )),
    Section("Transferts", (
        FormEntry("transfer.opens_on", "Possibles dès le",
              "La date du GO : avant elle, le bouton du transfert est grisé.", "sans limite", "date"),
        FormEntry("transfer.closes_on", "Jusqu’au", "Le dernier jour où un transfert peut commencer.",
              "sans limite", "date"),
        FormEntry("transfer.retry_for", "Insister pendant",
              "En minutes : une connexion perdue est rétablie d’elle-même pendant ce temps, avant que le "
              "transfert ne s’arrête.", "30"),
        FormEntry("transfer.compression", "Compression",
              "auto la règle sur la connexion et l’ordinateur ; un nombre de 0 (rapide) à 9 (petit) la fixe.",
              "auto"),
        FormEntry("transfer.encrypt", "Chiffrement",
              "Chiffrer les archives : une phrase secrète, montrée une fois et à donner par téléphone, les "
              "ouvre.", choices=((NO, "non"), (YES, "oui"))),
    )),
    Section("Affichage", (
        FormEntry("display.theme", "Thème", "Les couleurs de l’écran.", choices=tuple(THEME_NAMES.items())),
        FormEntry("display.notify", "Appel à la fin",
              "Faire sonner le terminal et afficher une notification à la fin d’un transfert.",
              choices=((YES, "oui"), (NO, "non"))),
    )),
)  # fmt: skip

ENTRIES: Final = tuple(entry for section in SECTIONS for entry in section.entries)
PROXY_KIND: Final = next(entry for entry in ENTRIES if entry.key == "proxy.kind")
"""Without a proxy, the one field of it that is seen."""
_PROXY_KEYS: Final = tuple(entry.key for entry in ENTRIES if entry.key.startswith("proxy."))


@dataclass(frozen=True)
class Draft:
    """What the file holds, as far as it can be understood."""

    file: Path
    texts: Mapping[str, str]
    """By key, what each field shows, be it right or wrong."""
    host_key: str | tuple[str, ...] | None = None
    databases: tuple[DatabaseSettings, ...] = ()
    temporary_names: bool = True

    def host_key_with(self, texts: Mapping[str, str]) -> str | tuple[str, ...] | None:
        """The pinned keys, unless `texts` name another server than the one that it belongs to."""
        moved = any((texts[key] or "22") != (self.texts[key] or "22") for key in SERVER)
        return None if moved else self.host_key


def read_draft(file: Path) -> Draft:
    """What can be read of `file`; nothing where it is missing. What is wrong in it is kept as a text."""
    data = _salvage(file)
    host_key = _accepted(file, HOST_KEY, _find(data, HOST_KEY))
    texts = {entry.key: _as_text(entry, _find(data, entry.key)) for entry in ENTRIES}
    if isinstance(data.get("proxy"), dict) and texts["proxy.kind"] == NO_PROXY:
        texts["proxy.kind"] = (
            DEFAULT_KIND  # a table that names no kind, or none that there is, still is a proxy
        )
    return Draft(
        file,
        texts,
        host_key if are_fingerprints(host_key) else None,
        _databases(data),
        _accepted(file, _TEMPORARY_NAMES, _find(data, _TEMPORARY_NAMES)) is not False,
    )


def compose(draft: Draft, texts: Mapping[str, str], *, forget_host_key: bool) -> Settings | dict[str, str]:
    """The settings that `texts` make with the rest of `draft`; or what is wrong, by key.

    What is wrong with all of them together is under the key that `config` names, or under an empty one.
    """
    data: dict[str, dict[str, Any]] = {}
    errors: dict[str, str] = {}
    for entry in ENTRIES:
        if entry.key in _PROXY_KEYS and texts["proxy.kind"] == NO_PROXY:
            continue
        value = _as_value(entry, texts[entry.key])
        try:
            checked = config.checked(draft.file, entry.key, value)
        except TransferError as error:
            errors[entry.key] = _wrong(entry, texts[entry.key], error)
            continue
        if value is not None:
            section, name = entry.key.split(".")
            data.setdefault(section, {})[name] = checked
    if errors:
        return errors
    data["sharebox"]["host_key"] = None if forget_host_key else draft.host_key_with(texts)
    data["sharebox"]["temporary_names"] = draft.temporary_names
    databases = msgspec.to_builtins(draft.databases)
    try:
        return config.convert(draft.file, {**data, "databases": databases})
    except TransferError as error:
        return {error.details["key"]: f"Attendu : {error.details['expected']}."}


def _salvage(file: Path) -> dict[str, Any]:
    """The file without the lines that are no TOML, each of which is left out until the rest can be read."""
    try:
        lines = read_file(file, config.LONGEST).decode("utf-8-sig", "replace").splitlines()
    except OSError:
        return {}
    while lines:
        try:
            return toml.parse("\n".join(lines))
        except tomllib.TOMLDecodeError as error:
            place = re.search(r"at line (\d+)", str(error))
            del lines[min(int(place[1]), len(lines)) - 1 if place else -1]
    return {}


def _find(data: dict[str, Any], key: str) -> object:
    section, name = key.split(".")
    table = data.get(section)
    return table.get(name) if isinstance(table, dict) else None


def _accepted(file: Path, key: str, value: object) -> Any:
    try:
        return config.checked(file, key, value)
    except TransferError:
        return None


def _databases(data: dict[str, Any]) -> tuple[DatabaseSettings, ...]:
    """Those that are right, each name once."""
    found: dict[str, DatabaseSettings] = {}
    listed = data.get("databases")
    for item in listed if isinstance(listed, list) else []:
        try:
            database = msgspec.convert(item, DatabaseSettings)
        except msgspec.ValidationError:
            continue
        found.setdefault(database.name.strip().casefold(), database)
    return tuple(found.values())


def _as_text(entry: FormEntry, value: object) -> str:
    if entry.choices:
        text = str(value).lower() if isinstance(value, bool) else str(value)
        known = [key for key, _ in entry.choices]
        return text if text in known else known[0]
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return value.strftime("%d/%m/%Y") if isinstance(value, date) else str(value).strip()


def _as_value(entry: FormEntry, text: str) -> object:
    """What a file would hold for this text; None where it would hold nothing, but mean the default."""
    if not text or (entry.choices and text == entry.choices[0][0]):
        return None
    if entry.kind == "list":
        return _words(text)
    if entry.kind == "date" and (parts := re.fullmatch(r"(\d{1,2})[/. -](\d{1,2})[/. -](\d{4})", text)):
        day, month, year = parts.groups()
        return f"{year}-{month:0>2}-{day:0>2}"
    return text


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[,;\s]+", text) if word]


def _wrong(entry: FormEntry, text: str, error: TransferError) -> str:
    """What is expected; of a list also which element is meant."""
    element = re.search(r"\[(\d+)\]\Z", error.details["key"])
    which = f"« {_words(text)[int(element[1]) - 1]} ». " if entry.kind == "list" and element else ""
    return f"{which}Attendu : {error.details['expected']}."
