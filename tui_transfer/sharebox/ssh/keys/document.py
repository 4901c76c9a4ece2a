"""A file as a key may come: whatever the encoding, the ends of lines and what a mail program made of it."""

from __future__ import annotations

import base64
import binascii
import codecs
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_MARKS: Final = (  # of UTF-32 before UTF-16: the one begins like the other
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DASHES: Final = r"[-\u2010-\u2015\u2212\ufe58\ufe63\uff0d]"
"""What word processors make of hyphens, two or three of which may become one dash."""
_MARKER: Final = re.compile(
    rf"{_DASHES}{{1,6}}[ \xa0]?(BEGIN|END)[ \xa0]([A-Z0-9][A-Z0-9 ]*?)[ \xa0]?{_DASHES}{{1,6}}"
)
_QUOTE: Final = re.compile(r"^(?:[>|][ \t\xa0]?)+", re.MULTILINE)
"""What a mail program puts before the lines that it quotes."""
_HIDDEN: Final = re.compile("[\x00\x1a\xad\u200b-\u200f\u2060\ufeff]")
_WRITTEN_OUT: Final = re.compile(r"\\r\\n|\\[rn]")
"""Ends of lines as JSON and environment files write them."""
_PROCESS: Final = re.compile(r"Proc-Type:\s*\S+")
_CIPHER: Final = re.compile(r"DEK-Info:\s*([A-Za-z0-9-]+),\s*([0-9A-Fa-f]+)")
_HEADER: Final = re.compile(r"^[ \t\xa0]*[A-Za-z][A-Za-z0-9-]*:[ \t\xa0].*(?:\\\n.*)*$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """What stands between « BEGIN » and « END ».

    Attributes:
        label: what the markers name, for instance `OPENSSH PRIVATE KEY`.
        body: the text between them.
        is_whole: its end is there.
    """

    label: str
    body: str
    is_whole: bool

    @cached_property
    def cipher(self) -> tuple[str, str] | None:
        """The name of a cipher and a salt in hexadecimal digits, where the old PEM format has them."""
        found = _CIPHER.search(self.body)
        return (found[1].upper(), found[2].upper()) if found else None

    def decode(self) -> bytes:
        """The bytes it holds.

        Raises:
            ValueError: it is no Base64.
        """
        text = _HEADER.sub("", _CIPHER.sub("", _PROCESS.sub("", self.body)))
        try:
            return base64.b64decode("".join(text.split()), validate=True)
        except binascii.Error as error:
            raise ValueError("no Base64") from error


@dataclass(frozen=True)
class Document:
    """A file: its bytes, and the same as text."""

    content: bytes

    @cached_property
    def encoding(self) -> str:
        """How its text is written; `latin-1`, in which any bytes are text, where it can be nothing else."""
        for mark, name in _MARKS:
            if self.content.startswith(mark):
                return name
        start = self.content[:200]
        if len(start) >= 8 and 0 not in (start.count(0, 0), len(start) - start.count(0)):
            even, odd = start[::2], start[1::2]
            if even.count(0) == 0 and odd.count(0) > len(odd) // 2:
                return "utf-16-le"
            if odd.count(0) == 0 and even.count(0) > len(even) // 2:
                return "utf-16-be"
        try:
            self.content.decode()
        except UnicodeDecodeError:
            return "latin-1"
        return "utf-8"

    @cached_property
    def lines(self) -> Sequence[str]:
        """Its lines without their ends, and without what nobody sees."""
        text = _HIDDEN.sub("", self.content.decode(self.encoding, "replace"))
        return _QUOTE.sub("", "\n".join(text.splitlines())).split("\n")

    @cached_property
    def text(self) -> str:
        """The same in one, from the first line that is not blank to the last."""
        return "\n".join(self.lines).strip()

    @cached_property
    def blocks(self) -> Sequence[Block]:
        """What is marked by « BEGIN », in its order."""
        text = _WRITTEN_OUT.sub("\n", self.text)
        markers = list(_MARKER.finditer(text))
        blocks = []
        for index, marker in enumerate(markers):
            if marker[1] != "BEGIN":
                continue
            following = markers[index + 1] if index + 1 < len(markers) else None
            end = following.start() if following else len(text)
            is_whole = following is not None and following.groups() == ("END", marker[2])
            blocks.append(Block(marker[2], text[marker.end() : end], is_whole))
        return blocks
