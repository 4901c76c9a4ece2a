"""A gauge made of text, legible without colour and in any font."""

from __future__ import annotations

from typing import Final

from textual.content import Content

# Both are in every terminal font, the Linux console's and PuTTY's included.
FULL: Final = "■"
EMPTY: Final = "·"


def gauge(fraction: float, width: int) -> Content:
    """`fraction` from 0 to 1 as a bar of `width` cells; full only when all is done."""
    filled = width if fraction >= 1 else min(width - 1, int(fraction * width))
    return Content.assemble((FULL * filled, "$primary"), (EMPTY * (width - filled), "$muted"))
