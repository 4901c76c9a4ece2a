"""Texts of which only the program's own words are left, so that they can be shown to whoever helps.

What may stay is listed, not what must go: nobody can know beforehand every name of a person, a server or a
folder. The words that may stay are those of the program's source; every other one becomes a number, always
the same for the same word, so that two lines about one thing can still be matched.
"""

from __future__ import annotations

import builtins
import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any, Final

import tui_transfer
from tui_transfer.settings.config import DEFAULT_RECIPIENTS

_WORD: Final = re.compile(r"[^\W_]+")
_TOKEN: Final = re.compile(
    r"SHA256:[A-Za-z0-9+/]{43}"  # a server's key, which is public
    r"|\[Errno \d+\]"
    r"|\d[\d\u202f]*(?:,\d+)?\u00a0(?:[KMGT]?o|ms|s|min|h)\b"  # a size or a time, as the program writes them
    r"|[^\W_]+"
)
_FACT: Final = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[\d.:+Z-]*"  # a moment
    r"|[0-9a-f]{64}|SHA256:[A-Za-z0-9+/]{43}"
    r"|\d{8}-\d{6}-(?:[0-9a-f]{16}|[0-9a-f]{4})"  # a job
    r"|\d+\.\d+\.\d+"  # a version
)
"""Values that are kept as they are where they stand alone."""
_LOG_LINE: Final = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]+ )(.*)")
_FRAME: Final = re.compile(r'(\s+File )"(.+)"(, line \d+, in [\w<>]+)')
_INSTALLED: Final = re.compile(r".*[\\/](?:site-packages|dist-packages|python3\.\d+)[\\/](?!.*site-packages)")
_TRACEBACK: Final = "Traceback most recent call last During handling of the above exception another occurred"


class Redactor:
    """Takes out of texts what is not the program's; words keep their numbers from one text to the next."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def text(self, text: str) -> str:
        """Running text: messages, paths, names."""
        return _TOKEN.sub(self._token, unicodedata.normalize("NFC", text))

    def value(self, value: Any) -> Any:
        """What JSON or TOML gave: numbers, dates and truth values stay, texts are redacted."""
        if isinstance(value, dict):
            return {self.text(key): self.value(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, str):
            return value if _FACT.fullmatch(value) else self.text(value)
        return value

    def log(self, text: str) -> str:
        """A technical log: times stay, and where in the program or its libraries an error arose."""
        return "".join(f"{self._log_line(line)}\n" for line in text.splitlines())

    def _log_line(self, line: str) -> str:
        if frame := _FRAME.fullmatch(line):
            before, file, after = frame.groups()
            known = _INSTALLED.sub("", file)
            if known == file:
                known = self.text(file)
            return f'{before}"{known}"{after}'
        if entry := _LOG_LINE.fullmatch(line):
            return entry[1] + self.text(entry[2])
        return self.text(line)

    def _token(self, found: re.Match[str]) -> str:
        token = found[0]
        if not _WORD.fullmatch(token) or token in _vocabulary():
            return token
        return f"#{self._numbers.setdefault(token.casefold(), len(self._numbers) + 1)}"


@cache
def _vocabulary() -> frozenset[str]:
    """The words that say nothing about anybody; none at all where the program came without its source."""
    package = Path(tui_transfer.__file__).parent
    words = set(_TRACEBACK.split()) | set(dir(builtins))
    for file in package.rglob("*.py"):
        if "demo" not in file.relative_to(package).parts:  # it makes up names of people
            words.update(_WORD.findall(file.read_text("utf-8")))
    words.difference_update(_WORD.findall(" ".join(DEFAULT_RECIPIENTS)))
    return frozenset(word for word in words if not word.isdigit())
