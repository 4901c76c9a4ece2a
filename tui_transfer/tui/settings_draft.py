"""The settings as a form shows them: texts by key, and the settings that such texts become."""

from __future__ import annotations

import copy
import re
import tomllib
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tui_transfer.errors import TransferError
from tui_transfer.settings import config, toml
from tui_transfer.settings.config import DatabaseSettings, Settings
from tui_transfer.settings.host_keys import are_fingerprints
from tui_transfer.system.files import read_file
from tui_transfer.tui import form_errors
from tui_transfer.tui.settings_entries import ABSENT, ENTRIES, SWITCHES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tui_transfer.tui.settings_entries import FormEntry

SERVER: Final = ("sharebox.host", "sharebox.port")
"""What a host key belongs to."""
HOST_KEY: Final = "sharebox.host_key"
_KEYS: Final = frozenset(entry.key for entry in ENTRIES)
_LEAST: Final[dict[str, dict[str, Any]]] = {
    "manager": {"name": "x"},
    "sharebox": {"host": "x", "username": "x"},
    "proxy": {"host": "x"},
    "mail": {"host": "x", "sender": "x@x"},
}
"""What a section must have beside a setting that is to be looked at."""


@dataclass(frozen=True)
class Draft:
    """What the file holds, as far as it can be understood."""

    file: Path
    texts: Mapping[str, str]
    """By key, what each field shows, be it right or wrong."""
    host_key: str | tuple[str, ...] | None = None
    databases: tuple[DatabaseSettings, ...] = ()
    rest: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    """What no field shows, by section: it is for whoever writes the file, and stays there."""

    def host_key_with(self, texts: Mapping[str, str]) -> str | tuple[str, ...] | None:
        """The pinned keys, unless `texts` name another server than the one that it belongs to."""
        moved = any((texts[key] or "22") != (self.texts[key] or "22") for key in SERVER)
        return None if moved else self.host_key


def read_draft(file: Path) -> Draft:
    """What can be read of `file`; nothing where it is missing. What is wrong in it is kept as a text."""
    data = _salvage(file)
    host_key = _accepted(file, HOST_KEY, _find(data, HOST_KEY))
    texts = {entry.key: _as_text(entry, _find(data, entry.key)) for entry in ENTRIES}
    for section, switch in SWITCHES.items():
        if isinstance(data.get(section), dict) and texts[switch.key] == ABSENT:
            # A table that does not say of which kind it is, or says what there is not, still is one.
            texts[switch.key] = switch.choices[1][0]
    return Draft(
        file, texts, host_key if are_fingerprints(host_key) else None, _databases(data), _rest(file, data)
    )


def compose(draft: Draft, texts: Mapping[str, str], *, forget_host_key: bool) -> Settings | dict[str, str]:
    """The settings that `texts` make with the rest of `draft`; or what is wrong, by key, in French.

    What is wrong with all of them together is under the key that `config` names.
    """
    data: dict[str, dict[str, Any]] = copy.deepcopy(dict(draft.rest))
    errors: dict[str, str] = {}
    for entry in ENTRIES:
        if is_off(entry, texts):
            data.pop(entry.section, None)
            continue
        value = _as_value(entry, texts[entry.key])
        try:
            checked = config.checked(draft.file, entry.key, value)
        except TransferError as error:
            errors[entry.key] = _wrong(entry, texts[entry.key], error)
            continue
        if value is not None:
            data.setdefault(entry.section, {})[entry.key.partition(".")[2]] = checked
    if errors:
        return errors
    data["sharebox"]["host_key"] = None if forget_host_key else draft.host_key_with(texts)
    databases = msgspec.to_builtins(draft.databases)
    try:
        return config.convert(draft.file, {**data, "databases": databases})
    except TransferError as error:
        return {error.details["key"]: _wrong_together(error)}


def is_off(entry: FormEntry, texts: Mapping[str, str]) -> bool:
    """Whether an entry's section is not to be, by the field that says so."""
    switch = SWITCHES.get(entry.section)
    return switch is not None and texts[switch.key] == ABSENT


def words(text: str) -> list[str]:
    """The elements of a list, as a form has them."""
    return [word for word in re.split(r"[,;\s]+", text) if word]


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


def _rest(file: Path, data: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The settings that no field stands for, as far as they are right."""
    rest: dict[str, dict[str, Any]] = {}
    for section, table in data.items():
        if not isinstance(table, dict):
            continue
        for name, value in table.items():
            key = f"{section}.{name}"
            if key not in _KEYS and key != HOST_KEY and _fits(file, section, name, value):
                rest.setdefault(section, {})[name] = value
    return rest


def _fits(file: Path, section: str, name: str, value: object) -> bool:
    """Whether the settings take this one."""
    trial = {key: dict(table) for key, table in _LEAST.items() if key in {"manager", "sharebox", section}}
    trial.setdefault(section, {})[name] = value
    try:
        config.convert(file, trial)
    except TransferError:
        return False
    return True


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
        return entry.default
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return value.strftime("%d/%m/%Y") if isinstance(value, date) else str(value).strip()


def _as_value(entry: FormEntry, text: str) -> object:
    """What a file would hold for this text; None where it would hold nothing, but mean the default."""
    if entry.kind == "list":
        return None if words(text) == words(entry.default) else words(text)
    if not text or (entry.choices and text == entry.choices[0][0]):
        return None
    if entry.kind == "date" and (parts := re.fullmatch(r"(\d{1,2})[/. -](\d{1,2})[/. -](\d{4})", text)):
        day, month, year = parts.groups()
        return f"{year}-{month:0>2}-{day:0>2}"
    if entry.key == "manager.id":  # a SIRET is written in groups
        return re.sub(r"(?<=\d)[ .\u00a0\u202f](?=\d)", "", text)
    return text


def _wrong(entry: FormEntry, text: str, error: TransferError) -> str:
    """What is wrong, of a list with the element that is meant."""
    element = re.search(r"\[(\d+)\]\Z", error.details["key"])
    if entry.kind == "list" and element:
        text = words(text)[int(element[1]) - 1]
    return form_errors.describe(entry.key, text, error.details["expected"])


def _wrong_together(error: TransferError) -> str:
    """What two right fields have against each other."""
    if error.details["key"] == "mail.security":
        return (
            "En clair, le mot de passe serait lisible : choisissez une liaison chiffrée, STARTTLS ou TLS, ou "
            "videz l’identifiant."
        )
    reason, expected = error.details["reason"], error.details["expected"]
    return f"{reason[:1].upper()}{reason[1:]} : il faut {expected}."
