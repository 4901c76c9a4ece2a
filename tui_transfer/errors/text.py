"""Words of others, made fit to be shown: a server's, a proxy's and a file's may be commands to a terminal."""

from __future__ import annotations

import codecs
import re
from typing import Final

INVISIBLE: Final = (
    r"\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"
    r"\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    r"\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    r"\U000e0000-\U000e007f"
)
"""What a terminal obeys instead of showing it, as the inside of a regular expression's class.

Unicode's control characters, ends of lines, and halves of characters; and its format characters, which turn
the direction of what follows, or hide something.
"""
_BLANKS: Final = re.compile(r"[\t\n\v\f\r\x85\u2028\u2029]+")
_INVISIBLE: Final = re.compile(f"[{INVISIBLE}]")
_INVISIBLE_IN_LINES: Final = re.compile(rf"(?![\t\n])[{INVISIBLE}]")
_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"


def decoded(said: bytes) -> str:
    """What somebody said in an encoding that nobody told: UTF-8, otherwise what Western Windows writes.

    The last character may be cut off. No byte is an error; `harmless` makes it fit to be shown.
    """
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(said)
    except UnicodeDecodeError:
        pass
    try:
        return said.decode("cp1252")
    except UnicodeDecodeError:  # five bytes mean nothing there
        return said.decode("latin-1")


def harmless(text: str) -> str:
    """`text` in one line, with « � » for each character that a terminal would obey instead of showing it."""
    return _INVISIBLE.sub(_REPLACEMENT, _BLANKS.sub(" ", text))


def harmless_lines(text: str) -> str:
    """The same of a text whose lines and tabulators are its own."""
    return _INVISIBLE_IN_LINES.sub(_REPLACEMENT, text)


def harmless_json(document: bytes) -> bytes:
    """The same document, with such characters as JSON's escapes: whoever reads it gets what was meant."""
    return _INVISIBLE.sub(_escape, document.decode()).encode()


def _escape(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be")
    return "".join(f"\\u{units[index : index + 2].hex()}" for index in range(0, len(units), 2))
