"""Makes the passphrases of archives: French words, drawn, that can be told by telephone.

The words, in `words.txt`, are 4,096 ordinary ones of 4 to 8 letters without accents, chosen so that no two
sound alike. Each is worth 12 bits, so that six are worth 72.
"""

from __future__ import annotations

import secrets
from functools import cache
from importlib.resources import files
from typing import Final

WORDS: Final = 6
SEPARATOR: Final = "-"


@cache
def words() -> tuple[str, ...]:
    """The words to draw from."""
    return tuple((files("tui_transfer.archive") / "words.txt").read_text("ascii").split())


def make_passphrase() -> str:
    """Another one each time, such as « cascade-tulipe-marbre-volcan-sirop-jardin »."""
    return SEPARATOR.join(secrets.choice(words()) for _ in range(WORDS))
