"""Where a person mends what stands in the way, in the words of the screens; commands add the file's key."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

SECTIONS: Final = {
    "manager": "Gestionnaire",
    "sharebox": "Sharebox",
    "proxy": "Proxy",
    "report": "Rapport",
    "mail": "Envoi par un serveur de messagerie",
    "transfer": "Transferts",
    "display": "Affichage",
}
"""The headings of « Réglages », by the tables of `config.toml`."""
LABELS: Final = {
    "manager.name": "Nom",
    "manager.id": "Numéro",
    "manager.contact": "Qui appeler",
    "sharebox.host": "Serveur",
    "sharebox.port": "Port",
    "sharebox.host_key": "Clé du serveur",
    "sharebox.username": "Compte",
    "sharebox.directory": "Dossier",
    "sharebox.key_file": "Fichier de clé",
    "proxy.kind": "Type",
    "proxy.host": "Adresse",
    "proxy.port": "Port",
    "proxy.username": "Identifiant",
    "report.recipients": "Destinataires",
    "mail.security": "Envoyer",
    "mail.host": "Serveur d’envoi",
    "mail.port": "Port",
    "mail.username": "Identifiant",
    "mail.sender": "Expéditeur",
    "transfer.opens_on": "Possibles dès le",
    "transfer.closes_on": "Jusqu’au",
    "transfer.retry_for": "Insister pendant",
    "transfer.compression": "Compression",
    "transfer.encrypt": "Chiffrement",
    "display.theme": "Thème",
    "display.notify": "Appel à la fin",
}
"""The fields of « Réglages », by the keys of `config.toml`: a test holds them to the form."""
_OF_A_DATABASE: Final = {"name": "nom", "path": "emplacement", "active": "base active"}
_DATABASE: Final = re.compile(r"databases\[(\d+)\](?:\.(\w+))?")


class Place(StrEnum):
    """Where something is mended; the value is the key of `config.toml`, or the table, that commands name."""

    SETTINGS = ""
    """« Réglages », as a whole."""
    HOST = "sharebox.host"
    PORT = "sharebox.port"
    HOST_KEY = "sharebox.host_key"
    USERNAME = "sharebox.username"
    DIRECTORY = "sharebox.directory"
    KEY_FILE = "sharebox.key_file"
    MAIL = "mail.security"
    """How to send: the first field of that section."""
    MAIL_HOST = "mail.host"
    MAIL_PORT = "mail.port"
    MAIL_USERNAME = "mail.username"
    DATABASES = "databases"
    """The list of databases."""


def field_of(key: str) -> str | None:
    """The field of « Réglages » that stands for a key of `config.toml`, or for its first part that has one;
    None where the form has none.
    """
    return next((known for known in LABELS if key == known or key.startswith(f"{known}[")), None)


def in_words(key: str) -> str:
    """Where a key of `config.toml` stands on screen, for instance « Sharebox », « Port »; a place in the
    file that is no key stays what it is.
    """
    if (field := field_of(key)) is not None:
        return f"« {SECTIONS[field.partition('.')[0]]} », « {LABELS[field]} »"
    if found := _DATABASE.match(key):
        what = _OF_A_DATABASE.get(found[2] or "")
        return f"base n° {found[1]} de la liste" + (f", {what}" if what else "")
    if key in SECTIONS:
        return f"« {SECTIONS[key]} »"
    return key
