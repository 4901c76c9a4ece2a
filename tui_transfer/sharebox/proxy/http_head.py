"""Reads the head of an HTTP reply: strict about the status line, lenient about the headers.

What proxies write there is not always what HTTP allows (a space before the colon, Latin-1, a line without any
colon), and other programs let it pass. Of a reply that opens a tunnel the headers mean nothing: also a length
is to be ignored (RFC 9110, section 9.3.6).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

START: Final = b"HTTP/"
_LONGEST: Final = 1 << 16
_STATUS_LINE: Final = re.compile(rb"HTTP/(1\.[01])[ \t]+(\d{3})(?:[ \t]+(.*))?[ \t]*", re.DOTALL)
_TOKEN: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_INVISIBLE: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


class HeadError(Exception):
    """What was read is no head of an HTTP reply."""


@dataclass(frozen=True)
class Head:
    """A status, and the headers that have a name: these in lower case, without duplicates taken out."""

    version: bytes
    status: int
    reason: bytes
    headers: list[tuple[bytes, bytes]]

    def as_bytes(self) -> bytes:
        """The same as HTTP has it, for a strict reader."""
        lines = [b"HTTP/%s %d %s" % (self.version, self.status, self.reason)]
        lines += [b"%s: %s" % header for header in self.headers]
        return b"\r\n".join([*lines, b"", b""])


def read_head(read_byte: Callable[[], bytes]) -> Head:
    """Reads up to the blank line, and no byte further.

    Args:
        read_byte: gives the next byte.

    Raises:
        HeadError: it is none, or is too long.
        Exception: what `read_byte` raises.
    """
    said = bytearray()
    line_begins = 0
    while True:
        said += read_byte()
        if len(said) <= len(START) and not START.startswith(said):
            raise HeadError
        if len(said) > _LONGEST:
            raise HeadError
        if said.endswith(b"\n"):
            if not said[line_begins:].strip(b"\r\n"):
                return _parse(bytes(said))
            line_begins = len(said)


def _parse(said: bytes) -> Head:
    first, *lines = [line.rstrip(b"\r") for line in said.split(b"\n")]
    status_line = _STATUS_LINE.fullmatch(first)
    if status_line is None:
        raise HeadError
    version, status, reason = status_line.groups()
    headers: list[tuple[bytes, bytes]] = []
    for line in lines:
        if line[:1] in (b" ", b"\t"):  # the line before goes on
            if headers:
                name, value = headers[-1]
                headers[-1] = name, b" ".join([value, _cleaned(line)]).strip()
            continue
        name, colon, value = line.partition(b":")
        if colon and _TOKEN.fullmatch(name.strip()):
            headers.append((name.strip().lower(), _cleaned(value)))
    return Head(version, int(status), _cleaned(reason or b""), headers)


def _cleaned(text: bytes) -> bytes:
    return _INVISIBLE.sub(b"", text).strip()
