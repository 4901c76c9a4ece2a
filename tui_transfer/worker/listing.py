"""The list of the files in an archive: within its manifest, or packed beside it where it is long."""

from __future__ import annotations

import hashlib
import lzma
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from tui_transfer.archive.names import told

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tui_transfer.archive.writer import ArchivedFile

LONGEST_WITHIN: Final = 256 << 10
"""Bytes of a list that a manifest holds itself."""
_FILTERS: Final = [{"id": lzma.FILTER_LZMA2, "preset": 1, "dict_size": 1 << 20}]
"""Hashes do not get smaller, and names do quickly; the encoder takes some 10 MB."""


@dataclass(frozen=True)
class Listing:
    """What is in an archive.

    Attributes:
        count: how many files.
        content: SHA-256, in hexadecimal, of what `sha256sum` says of these files in this order: equal for
            equal contents, however they are packed. None where nothing is to be told of them.
        within: the JSON array of the files, a line each; None where that is too long.
        beside: the same lines, each a JSON object, as `.xz`; None where they are within.
    """

    count: int
    content: str | None
    within: bytes | None
    beside: bytes | None


def withheld(count: int) -> Listing:
    """What is told of files that are encrypted: how many they are. Names and hashes would tell more."""
    return Listing(count, None, b"[]", None)


def make_listing(entries: Iterable[ArchivedFile], longest_within: int = LONGEST_WITHIN) -> Listing:
    """Lists files; what it takes of memory does not grow with them, but by what is packed.

    Args:
        entries: in the archive's order.
        longest_within: bytes that a manifest may hold of it.
    """
    content, count = hashlib.sha256(), 0
    lines: list[bytes] = []
    size, packed = 0, bytearray()
    packer = lzma.LZMACompressor(lzma.FORMAT_XZ, filters=_FILTERS)
    for entry in entries:
        content.update(f"{entry.sha256}  {entry.name}\n".encode())
        count += 1
        names = {"name": entry.name} if entry.true_name is None else told(entry.true_name, entry.name)
        line = msgspec.json.encode(names | {"size": entry.size, "sha256": entry.sha256})
        if packed or size + len(line) > longest_within:
            for earlier in (*lines, line):
                packed += packer.compress(earlier + b"\n")
            lines.clear()
        else:
            lines.append(line)
            size += len(line) + len(",\n")
    if not packed:
        return Listing(count, content.hexdigest(), b"[\n" + b",\n".join(lines) + b"\n]", None)
    return Listing(count, content.hexdigest(), None, bytes(packed + packer.flush()))


def read_listing(beside: bytes) -> Iterator[dict[str, object]]:
    """The files in a list that lies beside a manifest."""
    for line in lzma.decompress(beside).splitlines():
        yield msgspec.json.decode(line)
