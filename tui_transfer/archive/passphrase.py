"""Makes the passphrases of archives: French words, drawn, that can be told by telephone.

The words, in `words.txt`, are 4,096 ordinary ones of 4 to 8 letters without accents, chosen so that no two
sound alike. Each is worth 12 bits, so that six are worth 72.
"""

from __future__ import annotations

import secrets
from functools import cache
from importlib.resources import files
from typing import Final

from tui_transfer import french

WORDS: Final = 6
SEPARATOR: Final = "-"


LEAST: Final = 14
"""Characters of a passphrase that somebody gives. An archive can be guessed at for years, by many machines:
what the CNIL asks of a password that nothing else protects (deliberation 2022-100) is the least for it.
"""


def why_unfit(passphrase: str) -> str:
    """Why a passphrase that somebody gives must not encrypt an archive, in French, as what is said of it;
    empty where it may.
    """
    if (count := len(passphrase)) < LEAST:
        return f"n’a que {french.count(count, 'caractère')}, et il en faut au moins {LEAST}"
    if not passphrase.isprintable() or passphrase != passphrase.strip():
        return "contient un caractère que personne ne peut voir, ou des espaces à ses bords"
    return ""


@cache
def words() -> tuple[str, ...]:
    """The words to draw from."""
    return tuple((files("tui_transfer.archive") / "words.txt").read_text("ascii").split())


def make_passphrase() -> str:
    """Another one each time, such as « cascade-tulipe-marbre-volcan-sirop-jardin »."""
    return SEPARATOR.join(secrets.choice(words()) for _ in range(WORDS))
