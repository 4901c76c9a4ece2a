"""Words of others, made fit to be shown: a server's, a proxy's and a file's may be commands to a terminal."""

from __future__ import annotations

import re
from typing import Final

_BLANKS: Final = re.compile(r"[\t\n\v\f\r\u2028\u2029]+")
_COMMANDS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters, and those that turn the direction of what follows."""


def harmless(text: str) -> str:
    """`text` in one line, with « � » for each character that a terminal would obey instead of showing it."""
    return _COMMANDS.sub("\N{REPLACEMENT CHARACTER}", _BLANKS.sub(" ", text))
