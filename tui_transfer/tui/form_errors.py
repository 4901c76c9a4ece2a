"""What is wrong with a text in a form, as one would say it to who typed it.

The types of the settings decide whether it is wrong. What they expect is said for a file; to somebody who
fills in a form, what is missing is said, or what is too much.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Final

from tui_transfer.errors import INVISIBLE

if TYPE_CHECKING:
    from collections.abc import Callable

_MISSING: Final = {
    "manager.name": "Indiquez le nom de votre association ou de votre service.",
    "sharebox.host": "Indiquez l’adresse du serveur, donnée par l’Urssaf.",
    "sharebox.username": "Indiquez le compte que l’Urssaf vous a ouvert.",
    "proxy.host": "Indiquez l’adresse du proxy, ou choisissez « aucun » comme type.",
    "mail.host": "Indiquez le serveur d’envoi, ou choisissez « non » ci-dessus.",
    "mail.sender": "Indiquez l’adresse de messagerie de qui envoie le rapport.",
    "report.recipients": "Indiquez au moins un destinataire.",
}
_USUAL_PORT: Final = {"sharebox.port": "22", "proxy.port": "3128 ou 8080", "mail.port": "587"}


def describe(key: str, text: str, expected: str) -> str:
    """A French sentence about the text of a field.

    Args:
        key: of the setting.
        text: which was not accepted; of a list, the element that was not.
        expected: what its type says, for what nothing better is known here.
    """
    if not text:
        return _MISSING.get(key, "Ce champ ne peut pas rester vide.")
    if re.search(f"[{INVISIBLE}]", text):
        return "Un caractère invisible s’y est glissé : videz le champ et retapez-le."
    name = key.rpartition(".")[2]
    check = _CHECKS.get(key) or _CHECKS.get(name)
    if name == "port":
        return port_error(text, _USUAL_PORT.get(key, "")) or f"Attendu : {expected}."
    return (check(text) if check else "") or f"Attendu : {expected}."


def host_error(text: str) -> str:
    """What is wrong with the name of a server; empty where nothing is to be seen."""
    if "://" in text or "/" in text:
        return "Le nom du serveur seul, sans « http:// » ni « / »."
    if "@" in text:
        return "Le nom du serveur seul : le compte se saisit plus bas."
    if any(sign.isspace() for sign in text):
        return "Un nom de serveur s’écrit sans espace, par exemple serveur.exemple.fr."
    return ""


def port_error(text: str, usual: str = "") -> str:
    """What is wrong with a port; empty where nothing is."""
    if text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= 65535:
        return ""
    most_often = f", le plus souvent {usual}" if usual else ""
    return f"Un port est un nombre de 1 à 65535{most_often}."


def _mail_error(text: str) -> str:
    if "@" not in text:
        return f"« {text} » n’est pas une adresse de messagerie : il y manque « @ »."
    if text.count("@") > 1:
        return f"« {text} » : une adresse par ligne, avec un seul « @ »."
    name, _, domain = text.partition("@")
    if not name or not domain:
        return f"« {text} » : il manque ce qui {'précède' if not name else 'suit'} « @ »."
    return f"« {text} » n’est pas une adresse de messagerie : une espace, un accent ou un signe est de trop."


def _day_error(text: str) -> str:
    if parts := re.fullmatch(r"(\d{1,2})[/. -](\d{1,2})[/. -](\d{4})", text):
        day, month, year = map(int, parts.groups())
        try:
            date(year, month, day)
        except ValueError:
            return f"Le {text} n’existe pas : écrivez jour/mois/année, par exemple 02/03/2022."
    return "Écrivez jour/mois/année, par exemple 02/03/2022."


def _number_error(text: str) -> str:
    if len(text) > 32:
        return "Ce numéro est trop long : 32 signes au plus ; un SIRET a 14 chiffres."
    return "Un SIRET a 14 chiffres. Un autre numéro : lettres sans accent, chiffres et tirets, sans espace."


_CHECKS: Final[dict[str, Callable[[str], str]]] = {
    "host": host_error,
    "sender": _mail_error,
    "recipients": _mail_error,
    "opens_on": _day_error,
    "closes_on": _day_error,
    "manager.id": _number_error,
    "retry_for": lambda _: "Un nombre entier de minutes, de 0 à 10080 (une semaine).",
    "compression": lambda _: "Écrivez auto, ou un chiffre de 0 (rapide) à 9 (petit).",
}
