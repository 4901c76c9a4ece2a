"""Reads a database once, hashing every byte, and notices whatever changes meanwhile."""

from __future__ import annotations

import errno
import hashlib
import os
from dataclasses import dataclass
from itertools import chain, islice, repeat, zip_longest
from typing import TYPE_CHECKING, Final

from tui_transfer.archive.blocks import BLOCK_SIZE, FIRST_SIZES
from tui_transfer.archive.disk import open_unlinked, unreadable
from tui_transfer.archive.hashes import Hashing
from tui_transfer.archive.source import Item, Source, list_again
from tui_transfer.archive.stamp import MODIFIED, Stamp, changed
from tui_transfer.errors import Problem, TransferError

if TYPE_CHECKING:
    import io
    import threading
    from collections.abc import Iterator

    from tui_transfer.archive.true_names import TrueNames

_CHUNK: Final = min(FIRST_SIZES)
_GONE: Final = "ce fichier a disparu"
_ANOTHER_NATURE: Final = "un élément d’une autre nature a pris sa place"
_NOT_AT_FIRST: Final = {
    Problem.DATABASE_MISSING: _GONE,
    Problem.DATABASE_LINK: _ANOTHER_NATURE,
    Problem.DATABASE_SPECIAL_FILE: _ANOTHER_NATURE,
    Problem.DATABASE_FILE_NAME: "cet élément est apparu",
    Problem.DATABASE_INCOMPLETE: "l’un de ses fichiers n’est plus là, ou plus lisible",
}
"""What refuses a database at its second listing was not there at the first: a change."""


@dataclass(frozen=True, slots=True)
class Content:
    """What was read of one file: size in bytes, SHA-256 (hexadecimal) and CRC-32."""

    size: int
    sha256: str
    crc32: int


class SourceReader:
    """Reads the files of a source, in its order, as one stream cut into blocks.

    Args:
        source: what to read.
        cancelled: ends the reading with `INTERRUPTED`.
        original: what was listed, where a snapshot stands for the first file of `source`.
        sha256: of that first file, where it is known already. Whether what is read has it is then told by the
            CRC-32.
        added: what comes after its files, and is on no disk.

    Attributes:
        files: the items dealt with so far, in the source's order, and what is added last; a folder has no
            content.
    """

    def __init__(
        self,
        source: Source,
        cancelled: threading.Event,
        original: Source | None = None,
        sha256: str | None = None,
        added: TrueNames | None = None,
    ) -> None:
        self.files: list[tuple[Item, Content | None]] = []
        self._source = source
        self._cancelled = cancelled
        self._original = original
        self._known = sha256
        self._added = added

    def blocks(self) -> Iterator[bytearray]:
        """The bytes of all files, end to end, in blocks of `FIRST_SIZES`, then `BLOCK_SIZE`; the last is what
        is left. Where blocks end depends on nothing else: those of an earlier run are found again.

        Raises:
            TransferError: `DATABASE_CHANGED`, `DATABASE_UNREADABLE`, `DATABASE_LOCKED`, `INTERRUPTED`.
        """
        sizes = chain(FIRST_SIZES, repeat(BLOCK_SIZE))
        block, size = bytearray(), next(sizes)
        for chunk in self._chunks():  # no longer than the shortest block
            room = size - len(block)
            block += chunk[:room]
            if len(block) == size:
                yield block
                block, size = bytearray(chunk[room:]), next(sizes)
        if block:
            yield block

    def confirm(self) -> None:
        """Checks that what was read is one state of the database: nothing in it changed since it was begun.

        Every byte is read a second time. A program that writes through a memory map leaves size and dates as
        they were until the system gets round to it; but what is the same after the last byte was read as
        before the first, was the same in between. A snapshot is held to what was written of it elsewhere.

        Raises:
            TransferError: `DATABASE_CHANGED`, `DATABASE_UNREADABLE`, `DATABASE_LOCKED`, `INTERRUPTED`.
        """
        first = 0 if self._original is None else 1
        _check_listing(self._original or self._source, first)
        for item, content in self.files[first:]:
            if content and item.stamp and self._sha256(item, item.stamp) != content.sha256:
                raise changed(item.path, MODIFIED)

    def _sha256(self, item: Item, stamp: Stamp) -> str:
        sha256 = hashlib.sha256()
        for chunk in self._content(item, stamp):
            sha256.update(chunk)
        return sha256.hexdigest()

    def _chunks(self) -> Iterator[bytes]:
        for item in self._source.items:
            if item.stamp:
                yield from self._file(item, item.stamp)
            else:
                self.files.append((item, None))
        if self._added:
            yield from self._hashed(self._added.item, self._added.content(), None)

    def _file(self, item: Item, stamp: Stamp) -> Iterator[bytes]:
        known = None if self.files else self._known
        yield from self._hashed(item, self._content(item, stamp), known)

    def _hashed(self, item: Item, content: Iterator[bytes], known: str | None) -> Iterator[bytes]:
        """The content of an item, which is among `files` once it is read to its end."""
        hashing, size = Hashing(known), 0
        for chunk in content:
            hashing.update(chunk)
            size += len(chunk)
            yield chunk
        if item.stamp:
            _check(item, item.stamp, _lstat(item))
        self.files.append((item, Content(size, *hashing.hashes)))

    def _content(self, item: Item, stamp: Stamp) -> Iterator[bytes]:
        self._stop_if_cancelled()
        left = stamp.size  # no more is read: it may be growing without end, which its size tells afterwards
        with _open(item, stamp) as file:
            while left > 0 and (chunk := self._read(file, item, min(left, _CHUNK))):
                left -= len(chunk)
                yield chunk

    def _read(self, file: io.FileIO, item: Item, most: int) -> bytes:
        self._stop_if_cancelled()
        try:
            return file.read(most)
        except OSError as error:
            raise unreadable(item.path, error) from error

    def _stop_if_cancelled(self) -> None:
        if self._cancelled.is_set():
            raise TransferError(Problem.INTERRUPTED, reason="Arrêt demandé pendant la compression")


def _check_listing(source: Source, first: int) -> None:
    """Lists a database again and compares, from its `first` item on: nothing may have come, gone or changed
    since.
    """
    listed = source.items[first:]
    # One by one: a second list of a hundred thousand files would take as much memory as the first.
    if all(now == then for now, then in zip_longest(_list_again(source, first), listed)):
        return
    before = {item.name: item for item in listed}
    after = {item.name: item for item in _list_again(source, first)}
    for name in sorted(before.keys() | after.keys()):
        if name not in after:
            raise changed(before[name].path, _GONE)
        if name not in before:
            raise changed(after[name].path, "cet élément est apparu")
        earlier, later = before[name].stamp, after[name].stamp
        if (earlier is None) != (later is None):
            raise changed(after[name].path, _ANOTHER_NATURE)
        if earlier and later and (reason := earlier.difference(later)):
            raise changed(after[name].path, reason)


def _list_again(source: Source, first: int) -> Iterator[Item]:
    try:
        yield from islice(list_again(source), first, None)
    except TransferError as error:
        if reason := _NOT_AT_FIRST.get(error.problem):
            raise changed(error.details["path"], reason) from error
        raise


def _open(item: Item, stamp: Stamp) -> io.FileIO:
    try:
        file = open_unlinked(item.path)
    except FileNotFoundError as error:
        raise changed(item.path, _GONE) from error
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise changed(item.path, _ANOTHER_NATURE) from error
        raise unreadable(item.path, error) from error
    try:
        _check(item, stamp, os.fstat(file.fileno()))
    except TransferError:
        file.close()
        raise
    return file


def _lstat(item: Item) -> os.stat_result:
    try:
        return os.lstat(item.path)
    except FileNotFoundError as error:
        raise changed(item.path, _GONE) from error
    except OSError as error:
        raise unreadable(item.path, error) from error


def _check(item: Item, stamp: Stamp, now: os.stat_result) -> None:
    if reason := stamp.difference(Stamp.of(now)):
        raise changed(item.path, reason)
