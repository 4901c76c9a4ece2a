"""A worker's events without a worker: databases packed, sent and verified at given paces, step by step."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tests.job.examples import at
from tui_transfer.job import events as ev

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

STEP: Final = 0.5
"""Seconds between two measures, as the worker's recorder has it."""
FEW: Final = 2_262_144
"""Bytes that are read after the close where the rest was read before."""
_BEHIND: Final = 0.9
_ENDS, _PLACES = 2_000_000, 262_144
"""Bytes of its ends, which are read after the close alone, and of the places that are looked at again."""


@dataclass
class _Database:
    index: int
    size: int
    archive: int
    read: float = 0
    packed: int = 0
    sealed: bool = False
    sent: float = 0
    read_back: float = 0
    checked: float = 0
    to_check: int | None = None
    begun: bool = False
    delivered: bool = False


@dataclass
class Worker:
    """Takes databases to a Sharebox, all of them from the beginning.

    Attributes:
        archives: the sizes of the archives.
        up, down: bytes a second of the line at a moment.
        packing: bytes of a database a second.
        times: how often a database is as long as its archive.
        reads_after: as `UploadStarted` has it: 0 where the server tells a hash, `FEW` where it is read back
            meanwhile, None where all is read back after.
        overlaps: whether one is sent while the one before is verified.
        loses: bytes of the first archive at which what was sent of it is gone, and is sent once more.
    """

    archives: Sequence[int]
    up: Callable[[float], float]
    down: Callable[[float], float]
    packing: float = 20e6
    times: int = 4
    reads_after: int | None = FEW
    overlaps: bool = True
    loses: int | None = None
    now: float = field(default=0.0, init=False)

    def events(self) -> Iterator[ev.Event]:
        """All that is told, from the worker's start to its success."""
        bases = [_Database(index, size * self.times, size) for index, size in enumerate(self.archives)]
        yield ev.WorkerStarted(at=at(0), pid=1, program="1")
        for base in bases:
            yield ev.DatabaseSized(at=at(0), database=base.index, size=base.size)
        yield ev.Connected(at=at(0), route="direct", host_key="SHA256:x")
        while not all(base.delivered for base in bases):
            self.now += STEP
            yield from self._pack(next((base for base in bases if not base.sealed), None))
            finishing = next(
                (base for base in bases if base.to_check is not None and not base.delivered), None
            )
            unsent = next((base for base in bases if base.to_check is None), None)
            if finishing is not None:
                yield from self._verify(finishing)
            if unsent is not None and (finishing is None or self.overlaps):
                reads = not (finishing and finishing.to_check)  # the line back is taken
                yield from self._send(unsent, reads=reads, waits=finishing is not None)
        yield ev.JobSucceeded(at=at(self.now))

    def _pack(self, base: _Database | None) -> Iterator[ev.Event]:
        if base is None:
            return
        if not base.read:
            yield ev.ArchiveStarted(
                at=at(self.now), database=base.index, kind="file", size=base.size, files=1
            )
        base.read = min(base.size, base.read + self.packing * STEP)
        base.packed = int(base.archive * base.read / base.size)
        yield ev.ArchiveProgress(
            at=at(self.now), database=base.index, read=int(base.read), packed=base.packed
        )
        if base.read >= base.size:
            base.sealed = True
            yield ev.ArchiveSealed(
                at=at(self.now),
                database=base.index,
                size=base.archive,
                sha256="x",
                source_size=base.size,
                files=1,
                beside=1000,
            )

    def _send(self, base: _Database, *, reads: bool, waits: bool) -> Iterator[ev.Event]:
        if not base.begun:
            base.begun = True
            yield ev.UploadStarted(
                at=at(self.now), database=base.index, offset=32, reads_after=self.reads_after
            )
        if self.loses is not None and base.index == 0 and base.sent >= self.loses:
            self.loses, base.sent, base.read_back = None, 0, 0
            yield ev.DeliveryLost(at=at(self.now), database=0, file="x", times=1)
            yield ev.UploadStarted(at=at(self.now), database=0, offset=32, reads_after=self.reads_after)
        up = self.up(self.now)
        if self.reads_after and reads:  # answers come one after another
            up = min(up, self.down(self.now) / _BEHIND)
        base.sent = min(base.packed, base.sent + up * STEP)
        if self.reads_after and reads:
            read = min(base.sent - _ENDS, base.read_back + self.down(self.now) * STEP)
            base.read_back = max(base.read_back, read)
        yield ev.UploadProgress(
            at=at(self.now), database=base.index, acknowledged=int(base.sent), read_back=int(base.read_back)
        )
        if base.sealed and base.sent >= base.archive and not waits:
            base.to_check = self._to_check(base)
            yield ev.VerificationProgress(
                at=at(self.now), database=base.index, checked=0, total=base.to_check or base.archive
            )

    def _to_check(self, base: _Database) -> int:
        if self.reads_after == 0:
            return 0
        if self.reads_after is None:
            return base.archive
        again = _PLACES * base.read_back / base.archive
        return base.archive - int(base.read_back - again)

    def _verify(self, base: _Database) -> Iterator[ev.Event]:
        assert base.to_check is not None
        base.checked = min(base.to_check, base.checked + self.down(self.now) * STEP)
        if base.to_check:
            yield ev.VerificationProgress(
                at=at(self.now), database=base.index, checked=int(base.checked), total=base.to_check
            )
        if base.checked >= base.to_check:
            base.delivered = True
            yield ev.Delivered(
                at=at(self.now),
                database=base.index,
                path="x",
                verified="server-hash" if self.reads_after == 0 else "read-back",
                read_meanwhile=bool(self.reads_after),
            )
