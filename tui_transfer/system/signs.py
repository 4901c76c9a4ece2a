"""What stands for a sign where it cannot be written: the terminals of an old encoding are still read."""

from __future__ import annotations

import codecs
import unicodedata
from typing import Final

_PLAIN: Final = {
    **dict.fromkeys("╭╮╰╯┌┐└┘├┤┬┴┼", "+"),
    **dict.fromkeys("─━═", "-"),
    **dict.fromkeys("│┃║", "|"),
    **dict.fromkeys("▁▂▃▄▅▆▇█▀▌▐■▔", "#"),
    **dict.fromkeys("\u00a0\u202f\u2009", " "),
    **dict.fromkeys("«»“”„", '"'),
    "✓": "v",
    "✗": "x",
    "▸": ">",
    "›": ">",
    "→": ">",
    "←": "<",
    "↑": "^",
    "↓": "v",
    "↻": "@",
    "•": "*",
    "·": ".",
    "…": ".",
    "–": "-",
    "—": "-",
    "’": "'",
    "œ": "o",
    "Œ": "O",
}
"""What is one column wide in ASCII, and close enough to be understood beside the word that it stands by."""

STAND_IN: Final = "tui_transfer.stand_in"
"""The error handler of encodings that writes what stands for a sign."""


def stand_in(sign: str) -> str:
    """What stands for a sign that an encoding lacks: one column of ASCII."""
    letter = unicodedata.normalize("NFKD", sign)[0]
    return _PLAIN.get(sign, letter if letter.isascii() else "?")


def _write_stand_ins(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(stand_in, error.object[error.start : error.end])), error.end


codecs.register_error(STAND_IN, _write_stand_ins)
