"""What may be wrong with a secret as it was typed.

A terminal does not say whether its keyboard's capitals are locked, but what was typed does.
"""

from __future__ import annotations

from typing import Final

_FEWEST_LETTERS: Final = 3
AFTER_REFUSAL: Final = (
    "Vérifiez la touche Verr. Maj : elle change les lettres et, sur un clavier français, les chiffres."
)
"""What is worth a look whatever was typed."""
WERE_LOCKED: Final = (
    "Celui qui vient d’être refusé était presque tout en majuscules : la touche Verr. Maj était sans doute "
    "enfoncée."
)


def doubt(secret: str) -> str:
    """A French sentence about it; empty where nothing looks wrong."""
    if is_locked_in_capitals(secret):
        return "Presque tout est en majuscules : la touche Verr. Maj est peut-être enfoncée."
    if secret != secret.strip():
        return "Il y a une espace au début ou à la fin : est-ce voulu ?"
    return ""


def is_locked_in_capitals(secret: str) -> bool:
    """Whether it looks as if it was typed with the capitals locked: « MOT », or « mOT » for « Mot »."""
    letters = [sign for sign in secret if sign.isalpha()]
    return len(letters) >= _FEWEST_LETTERS and all(map(str.isupper, letters[1:]))
