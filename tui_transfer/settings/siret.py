"""The number that tells a manager from all others: a SIRET, or whatever number was given to it."""

from __future__ import annotations

import re
from typing import Final

_SIRET: Final = re.compile(r"[0-9]{14}")
_LA_POSTE: Final = "356000000"
"""Its SIREN: it has more establishments than Luhn's key leaves room for, and a rule of its own."""


def doubt(number: str) -> str:
    """Why a number is hardly what was meant, in French; empty where nothing speaks against it.

    14 digits are a SIRET, whose last digit is a key (Luhn's; of La Poste's, the digits' sum is a multiple of
    5). What else there may be has no key.

    Source: the Insee's definition of the SIRET, and ISO/IEC 7812-1, annex B.
    """
    if not _SIRET.fullmatch(number) or _luhn(number) % 10 == 0:
        return ""
    if number.startswith(_LA_POSTE) and sum(map(int, number)) % 5 == 0:
        return ""
    return (
        f"Le numéro du gestionnaire, {number}, a la forme d’un SIRET, mais sa clé est fausse : un chiffre "
        "est sans doute mal recopié."
    )


def _luhn(digits: str) -> int:
    """The sum of the digits, every second one from the right doubled, and its own digits summed."""
    doubled = (int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits)))
    return sum(number - 9 if number > 9 else number for number in doubled)
