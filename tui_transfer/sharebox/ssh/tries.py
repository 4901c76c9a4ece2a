"""How often one may still try a password, where the server says so in its own words."""

from __future__ import annotations

import re
from typing import Final

from tui_transfer import french

_TRIES: Final = r"(?:attempts?|tries|try|retries|essais?|tentatives?|chances?)"
_LEFT: Final = r"(?:left|remain(?:s|ing)?|restante?s?)"
_PATTERNS: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b(\d{{1,2}})\s+(?:\w+\s+)?{_TRIES}\s+(?:are\s+|is\s+)?{_LEFT}\b",
        rf"\b(\d{{1,2}})\s+(?:more|remaining|further)\s+(?:\w+\s+)?{_TRIES}\b",
        rf"\b{_TRIES}\s+{_LEFT}\s*[:=]?\s*(\d{{1,2}})\b",
        rf"\b{_LEFT}\s+(?:\w+\s+)?{_TRIES}\s*[:=]?\s*(\d{{1,2}})\b",
        rf"\breste\s+(?:encore\s+)?(?:que\s+)?(\d{{1,2}})\s+{_TRIES}\b",
    )
)


def tries_left(said: str) -> int | None:
    """The number in the server's words, of whatever kind of server; None where it gives none."""
    found = (pattern.search(said) for pattern in _PATTERNS)
    return next((int(match[1]) for match in found if match), None)


def in_words(left: int) -> str:
    """The same as a French sentence."""
    if left == 0:
        return "Il ne reste aucun essai : n’en faites pas d’autre avant d’avoir appelé."
    tries = french.agree(left, "Il ne reste qu’un essai", f"Il reste {french.count(left, 'essai')}")
    return f"{tries} avant que le compte ne soit bloqué."
