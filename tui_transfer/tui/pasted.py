"""Paths as people paste them: quoted, escaped, as a URL, from Windows, several at once."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from tui_transfer.system import platform

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_QUOTES: Final = (('"', '"'), ("'", "'"), ("“", "”"), ("«", "»"), ("‘", "’"))
_OF_WINDOWS: Final = re.compile(r"(?:[A-Za-z]:[\\/]|\\\\[^\\]+\\)")
_DRIVE: Final = re.compile(r"([A-Za-z]):[\\/]+(.*)", re.DOTALL)
_PERCENT: Final = re.compile(r"%(\w+)%")
_ESCAPED: Final = re.compile(r"\\(.)")
_BLANK: Final = " \t\r\n\0\ufeff\u00a0\u200b\u202a\u202c"
"""What is pasted around a path without being seen; Windows' own « Propriétés » puts U+202A before it."""


def several(text: str) -> list[str]:
    """The lines of what was pasted that hold something, each as `understood` takes it."""
    return [line for line in map(_bare, text.splitlines()) if line]


def understood(
    text: str,
    *,
    exists: Callable[[str], bool] = os.path.lexists,
    environment: Mapping[str, str] = os.environ,
    on_windows: bool = platform.ON_WINDOWS,
) -> str:
    """The path that is meant by a line, as this system writes it.

    Of several meanings it is the first that is there; where none is, the likeliest. A name that holds quotes
    or backslashes is taken as it is, if it is there.
    """
    readings = list(dict.fromkeys(_readings(text, environment, on_windows=on_windows)))
    return next((reading for reading in readings if exists(reading)), readings[-1])


def refusal(text: str, *, on_windows: bool = platform.ON_WINDOWS) -> str | None:
    """What to say, in French, of a path that cannot be one of this machine; None of any other."""
    path = _unquoted(_bare(text))
    if not on_windows and _OF_WINDOWS.match(path):
        return (
            "C’est un chemin de Windows, et ce programme tourne sur une autre machine, qui n’a pas ce "
            "disque. Lancez-le sur le poste où se trouve la base, ou copiez-la d’abord ici, puis donnez son "
            "chemin ici."
        )
    if re.match(r"[a-z]{2,}://", path, re.IGNORECASE) and _from_url(path, on_windows=on_windows) is None:
        return "C’est une adresse, et non le chemin d’un fichier de cette machine."
    return None


def _readings(text: str, environment: Mapping[str, str], *, on_windows: bool) -> Iterator[str]:
    """The likeliest last."""
    bare = _bare(text)
    yield text
    yield bare
    plain = _unquoted(bare)
    yield plain
    if (path := _from_url(plain, on_windows=on_windows)) is not None:
        yield path
        return
    whole = _expanded(plain, environment)
    yield whole
    if on_windows:
        return
    if drive := _DRIVE.match(plain):  # as Windows' own Linux mounts it
        yield f"/mnt/{drive[1].lower()}/{drive[2].replace(chr(92), '/')}"
        yield plain
        return
    if "\\" in whole and not _OF_WINDOWS.match(whole):
        yield _ESCAPED.sub(r"\1", whole)
    if "'" in bare or '"' in bare:
        try:
            words = shlex.split(bare)
        except ValueError:
            words = []
        if len(words) == 1:
            yield _expanded(words[0], environment)


def _bare(text: str) -> str:
    return text.strip(_BLANK)


def _unquoted(text: str) -> str:
    for begin, end in _QUOTES:
        if len(text) > 1 and text.startswith(begin) and text.endswith(end):
            return _bare(text[1:-1])
    return text


def _from_url(text: str, *, on_windows: bool) -> str | None:
    """The path of a `file:` URL; None of anything else, or of a file on another machine."""
    if not text.lower().startswith("file:"):
        return None
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    path = unquote(parts.path)
    if on_windows:
        local = path.lstrip("/") if re.match(r"/+[A-Za-z]:", path) else path
        return (f"//{parts.netloc}{path}" if parts.netloc else local).replace("/", "\\")
    return path if parts.netloc in ("", "localhost") and path else None


def _expanded(text: str, environment: Mapping[str, str]) -> str:
    """With its variables and its `~` replaced; what nobody has set stays as it is."""
    text = _PERCENT.sub(lambda found: environment.get(found[1], found[0]), text)
    text = re.sub(
        r"\$(?:\{(\w+)\}|(\w+))", lambda found: environment.get(found[1] or found[2], found[0]), text
    )
    if text == "~" or text.startswith(("~/", "~\\")):
        return str(Path.home()) + text[1:]
    return os.path.expanduser(text) if text.startswith("~") else text  # noqa: PTH111 - Path raises there
