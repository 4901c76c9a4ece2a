"""Names that every system gives back: what Windows or macOS would lose, rename or refuse is stored otherwise.

Windows takes no ``<>:"|?*\\`` nor control characters, drops dots and spaces at the end, keeps some names for
devices, and takes names that differ in their case alone for one; macOS does so with names that differ in
how their accents are composed. Names that are not UTF-8 have no place in a 7z archive. An unpacker says
« Everything is Ok » to all of these, and files are lost.

A name that has to change keeps its ending, stays readable, and gets eight digits of its own SHA-256:
`a:b.dat` becomes `a_b~5f0b7c2e.dat`, whatever lies beside it.

Source: « Naming Files, Paths, and Namespaces » of Microsoft's documentation.
"""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from typing import TYPE_CHECKING, Final

from tui_transfer.errors import decoded
from tui_transfer.system.files import printable

if TYPE_CHECKING:
    from collections.abc import Collection

LONGEST: Final = 255
"""Bytes of one name in UTF-8, on Linux; in UTF-16 it is no longer than Windows takes."""
_LONGEST_ENDING: Final = 24
_FORBIDDEN: Final = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"|?*\\/\ud800-\udfff]')
_LOST_AT_THE_END: Final = re.compile(r"[. ]+\Z")
_DEVICE: Final = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|clock\$|(?:com|lpt)[0-9¹²³]) *(?:\.|\Z)", re.IGNORECASE
)
_DIGITS: Final = (8, 16, 64)


def stored_names(names: Collection[str]) -> dict[str, str]:
    """The names under which those of one folder are stored, by the names that they have; only those that
    have to change are there. The order in which they are given does not matter.

    Args:
        names: all different, as the system gives them (bytes that are no text as lone surrogates).
    """
    taken: set[str] = set()
    to_change = []
    for name in sorted(names):
        if is_safe(name) and (key := _key(name)) not in taken:
            taken.add(key)
        else:
            to_change.append(name)
    stored = {}
    for name in to_change:
        candidates = (_changed(name, digits) for digits in _DIGITS)
        stored[name] = next(new for new in candidates if _key(new) not in taken)
        taken.add(_key(stored[name]))
    return stored


def is_safe(name: str) -> bool:
    """Whether every system gives a name back as it is, by itself."""
    if name.isascii() and name.isalnum() and len(name) > len("CLOCK$"):
        return True  # nearly all
    return (
        not _FORBIDDEN.search(name)
        and not _LOST_AT_THE_END.search(name)
        and not _DEVICE.match(name)
        and len(name.encode()) <= LONGEST
    )


def same_somewhere(name: str, other: str) -> bool:
    """Whether some system takes two names for one."""
    return _key(name) == _key(other)


def told(true_name: str, stored: str) -> dict[str, str]:
    """What a JSON document says of a file that has one name, and another in its archive.

    The bytes are told wherever text alone would not give the name back: it is no UTF-8, or holds characters
    that nobody can be shown.
    """
    shown = printable(true_name)
    exact = {} if shown == true_name else {"name_hex": os.fsencode(true_name).hex()}
    return {"name": shown, "stored_as": stored} | exact


def _key(name: str) -> str:
    """Equal for names that some system takes for one."""
    if name.isascii():
        return name.lower()
    folded = unicodedata.normalize("NFD", name).upper().casefold()
    return unicodedata.normalize("NFC", folded)


def _changed(name: str, digits: int) -> str:
    raw = os.fsencode(name)
    digest = hashlib.sha256(raw).hexdigest()[:digits]
    readable = _LOST_AT_THE_END.sub("", _FORBIDDEN.sub("_", decoded(raw)))
    stem, dot, ending = readable.rpartition(".")
    if not stem or len(ending.encode()) > _LONGEST_ENDING:
        stem, dot, ending = readable, "", ""
    mark = f"~{digest}{dot}{ending}"
    # The digest comes before the first dot: what Windows keeps for a device is told by what stands there.
    if _DEVICE.match(stem):
        stem = stem.replace(".", "_")
    return _cut(stem, LONGEST - len(mark.encode())) + mark


def _cut(text: str, size: int) -> str:
    """The beginning of a text that takes at most `size` bytes in UTF-8."""
    return text.encode()[:size].decode("utf-8", "ignore")
