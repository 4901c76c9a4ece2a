"""Taking over a configuration that was received: looked at whole, shown, and only then put in its place.

The file is kept as it was received, comments included. What was there before stays beside it.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tui_transfer import french
from tui_transfer.errors import Problem, TransferError
from tui_transfer.settings import config, schema, toml
from tui_transfer.settings.config import Settings
from tui_transfer.system import os_errors
from tui_transfer.system.files import UnfitFileError, printable, read_file, write_private

if TYPE_CHECKING:
    from pathlib import Path

    from tui_transfer.settings.config import Home

_TOLD: Final = ("key", "reason", "expected")
"""The details of an invalid configuration."""


@dataclass(frozen=True)
class Offer:
    """A configuration that was received.

    Attributes:
        content: as it was received.
        settings: what it says; None where `faults` keep it from being taken over.
        faults: everything that is wrong with it, in French, a sentence each.
    """

    content: bytes
    settings: Settings | None
    faults: tuple[str, ...] = ()


def read_offer(file: Path) -> Offer:
    """The configuration in a file.

    Raises:
        TransferError: CONFIGURATION_MISSING, or CONFIGURATION_INVALID where it cannot be read.
    """
    try:
        content = read_file(file, config.LONGEST)
    except FileNotFoundError as error:
        raise TransferError(Problem.CONFIGURATION_MISSING, file=printable(file)) from error
    except (OSError, UnfitFileError) as error:
        why = os_errors.in_words(error) if isinstance(error, OSError) else str(error)
        raise TransferError(
            Problem.CONFIGURATION_INVALID,
            file=printable(file),
            key="—",
            reason=f"lecture impossible ({why})",
            expected="un fichier texte lisible",
        ) from error
    return examine(content, file)


def examine(content: bytes, file: Path) -> Offer:
    """Looks at the text of a configuration, all of it; `file` is where it is, or will be."""
    try:
        data = toml.parse(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return Offer(content, None, ("Ce n’est pas un texte en UTF-8.",))
    except tomllib.TOMLDecodeError as error:
        failure = config.syntax_error(file, error)
        return Offer(content, None, (_sentence(*(failure.details[name] for name in _TOLD)),))
    faults = tuple(_sentence(*fault) for fault in schema.faults(Settings, data))
    if faults:
        return Offer(content, None, faults)
    try:
        return Offer(content, config.convert(file, data))
    except TransferError as error:
        return Offer(content, None, (_sentence(*(error.details[name] for name in _TOLD)),))


def _sentence(key: str, reason: str, expected: str) -> str:
    return f"{key} : {reason}. Attendu : {expected}."


def describe(settings: Settings, home: Home) -> list[tuple[str, str]]:
    """What a configuration says, for a person to agree to: labels, and a line or more each."""
    sharebox, transfer = settings.sharebox, settings.transfer
    key = {None: "mot de passe, demandé au transfert", config.AGENT: "clé tenue par ssh-agent"}
    rows = [
        ("Association", settings.manager.name),
        ("Sharebox", f"{sharebox.host}, port {sharebox.port}, dossier {sharebox.directory}"),
        ("Compte", f"{sharebox.username}, {key.get(sharebox.key_file, f'clé {sharebox.key_file}')}"),
        ("Clé du serveur", ", ".join(sharebox.host_keys) or "à confirmer au premier transfert"),
    ]
    if settings.proxy is not None:
        rows.append(("Proxy", f"{settings.proxy.host}, port {settings.proxy.port}"))
    names = ", ".join(item.name for item in settings.databases)
    rows.append(("Bases", names or "aucune : à ajouter ensuite"))
    rows.append(("Rapport à", ", ".join(settings.report.recipients)))
    opens = f"à partir du {french.day(transfer.opens_on)}" if transfer.opens_on else "à tout moment"
    closes = f", jusqu’au {french.day(transfer.closes_on)}" if transfer.closes_on else ""
    rows.append(("Transferts", opens + closes))
    if settings.manager.contact:
        rows.append(("Aide", settings.manager.contact))
    relative = [item.path for item in settings.databases if not config.expanded(item.path).is_absolute()]
    if relative:
        folder = printable(home.config_file.parent)
        rows.append(("À savoir", f"{', '.join(relative)} : cherché à partir de {folder}."))
    return rows


def take_over(home: Home, offer: Offer) -> Path | None:
    """Puts a configuration in its place, as it was received; gives where the former one is kept, if there was
    one that differs.

    Raises:
        TransferError: CONFIGURATION_UNWRITABLE; nothing is changed then.
    """
    assert offer.settings is not None
    file = home.config_file.resolve()
    try:
        copy = config.keep_former(file, offer.content)
        write_private(file, offer.content)
    except TransferError as error:
        reason = error.details.get("reason", error.why)
        raise TransferError(Problem.CONFIGURATION_UNWRITABLE, file=home.config_file, reason=reason) from error
    return copy
