"""Writes a database as a standard 7z archive that grows while it is written and can be gone on with.

source ─> (SQLite snapshot) ─> blocks ─> packed in threads ─> archive, index ─> header ─> signature
"""

from __future__ import annotations

import contextlib
import os
import time
from collections import deque
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, Self

from tui_transfer.archive.blocks import BLOCK_SIZE, END, pack, pack_aligned
from tui_transfer.archive.checksums import SIGNATURE_SIZE, Checksums, SpoolPart
from tui_transfer.archive.index import GrowingArchive, PackedBlock
from tui_transfer.archive.outlook import look_ahead
from tui_transfer.archive.reader import SourceReader
from tui_transfer.archive.snapshot import take_snapshot
from tui_transfer.archive.source import SourceKind
from tui_transfer.archive.true_names import true_names
from tui_transfer.system.files import make_private_folder
from tui_transfer.system.processes import give_way

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future
    from contextlib import AbstractContextManager

    from tui_transfer.archive.blocks import Preset
    from tui_transfer.archive.encryption import ArchiveKey
    from tui_transfer.archive.reader import Content
    from tui_transfer.archive.snapshot import Snapshot
    from tui_transfer.archive.source import Item, Source

_NICENESS: Final = 5
"""What `nice` adds for threads that pack: they get a quarter of a core that somebody else wants all of."""


@dataclass(frozen=True)
class Progress:
    """How far an archive is, in bytes.

    Attributes:
        read: of the database, those that are packed for good.
        total: of the database.
        packed: of the archive, those that will not change any more: from its start, signature header
            excepted until the archive is finished. Never less than 32.
        copied: of an SQLite database, those in the snapshot while it is being taken.
    """

    read: int
    total: int
    packed: int = SIGNATURE_SIZE
    copied: int = 0


class PresetPolicy(Protocol):
    """Chooses how each block is packed, and learns what came of it."""

    def choose(self, size: int, left: int) -> Preset:
        """The preset of the next block of `size` bytes, about to be packed, `left` more coming after it."""

    def packed(self, packed: int, seconds: float, computing: float) -> None:
        """The next of the blocks chosen for, in their order, became `packed` bytes within `seconds`, for
        `computing` of which it had a core.
        """


@dataclass(frozen=True)
class Fixed:
    """The same preset for every block."""

    preset: Preset

    def choose(self, size: int, left: int) -> Preset:
        """The preset."""
        return self.preset

    def packed(self, packed: int, seconds: float, computing: float) -> None:
        """Nothing is learnt."""


@dataclass(frozen=True, slots=True)
class ArchivedFile:
    """A file in an archive.

    Attributes:
        name: parts separated by ``/``, beginning with the database's own name.
        size: bytes.
        sha256: hexadecimal.
        modified: time of last change, in seconds since 1970.
        true_name: the name that it has, where it is stored under another.
    """

    name: str
    size: int
    sha256: str
    modified: float
    true_name: str | None = None


@dataclass(frozen=True)
class Archive:
    """A finished archive: its file, size in bytes, SHA-256, and what it holds.

    Attributes:
        source_size: bytes of the database that it holds.
        entries: its files (folders are in the archive, not here).
        reused: blocks of an earlier run that did not have to be packed again.
        true_names: how many names it says itself, in a file of its own, that differ from those stored.
    """

    path: Path
    size: int
    sha256: str
    source_size: int
    entries: tuple[ArchivedFile, ...]
    reused: int
    true_names: int = 0


def write_archive(
    source: Source,
    archive: Path,
    *,
    work: Path,
    pacer: PresetPolicy,
    threads: int | None = None,
    on_progress: Callable[[Progress], None],
    on_outlook: Callable[[tuple[int, ...]], object] = lambda _: None,
    wants_outlook: Callable[[int], bool] = lambda _: False,
    on_locked: Callable[[float], object] = lambda _: None,
    cancelled: threading.Event,
    checksums: Checksums | None = None,
    on_damaged: Callable[[SpoolPart], object] = lambda _: None,
    on_older: Callable[[], object] = lambda: None,
    key: ArchiveKey | None = None,
    inspecting: Callable[[Path], AbstractContextManager[Callable[[], object]]] | None = None,
) -> Archive:
    """Writes a database to `archive`, or goes on with an archive that was not finished.

    However often it was interrupted, blocks of an earlier run are used again, with whatever preset they were
    packed then. The same database packed with the same presets gives the same bytes. Until it is
    finished, the archive's first 32 bytes are zero.

    Args:
        source: the database: a file, an SQLite database or a folder.
        archive: its folder exists and belongs to us alone.
        work: where the snapshot and the index are kept until the archive is no longer needed; made if
            it is missing, used for this archive only. No snapshot stays there, unless this process is killed.
        pacer: is asked for a preset each time a block is about to be packed, in the caller's thread.
        threads: blocks packed at the same time; by default one for each core.
        on_progress: called in the caller's thread, after each block.
        on_outlook: called likewise, once and where that is of use, with how far places of the database
            shrink: see `outlook`.
        on_locked: called likewise where another program locks the database, with the seconds for which the
            end of that is waited for.
        wants_outlook: whether that is worth some tenths of a second, so many bytes being left to be packed.
        cancelled: ends the work, within a fraction of a second, with `INTERRUPTED`.
        checksums: new ones, of what is written to the archive: by them it is read while it grows.
        on_damaged: called in the caller's thread where what an earlier run left is not what was written; it
            is made again, at once.
        on_older: called likewise where an earlier version of the program began the archive in another form;
            it is begun again.
        key: encrypts the archive, with the names in it; what an earlier run packed with another key is packed
            again. The names that are stored otherwise then go in a file of the archive's own.
        inspecting: looks at the snapshot of an SQLite database in its body, while that is packed; what it
            gives is called before the archive becomes whole, and may wait and raise.

    Raises:
        TransferError: `DATABASE_MISSING`, `DATABASE_CHANGED`, `DATABASE_LOCKED`, `DATABASE_UNREADABLE`,
            `DISK_FULL`, `DISK_UNWRITABLE`, `INTERRUPTED`; `SPOOL_DAMAGED` where what this run wrote is not
            what is read again: what was told to be final may not be, and all is to be done anew.
    """
    make_private_folder(work)
    checksums = checksums or Checksums()
    snapshot = original = None
    if source.summary.kind is SourceKind.SQLITE:
        snapshot = _snapshot(
            source, work, on_progress, lambda: on_damaged(SpoolPart.SNAPSHOT), on_locked, cancelled
        )
        original, source = source, snapshot.source
    added = true_names(source) if key else None  # the manifest of one that is not encrypted has them
    reader = SourceReader(source, cancelled, original, snapshot.sha256 if snapshot else None, added)
    total = left = source.size

    def report() -> None:
        on_progress(Progress(min(packer.read, total), total, growing.end))

    inspect = inspecting if snapshot and inspecting else lambda _: nullcontext(_nothing)

    def confirm() -> None:
        if snapshot:
            snapshot.keep()
        if not snapshot or len(source.items) > 1:
            reader.confirm()

    with (
        snapshot.in_use() if snapshot else nullcontext(),
        inspect(Path(source.items[0].path)) as inspected,
        _Aside(confirm) as aside,
        GrowingArchive(
            archive, work / "blocks.index", checksums, lambda: on_damaged(SpoolPart.ARCHIVE), on_older, key
        ) as growing,
        _Packer(growing, pacer, threads or cores(), cancelled, report, key) as packer,
    ):
        report()
        looked_ahead = False
        for block in reader.blocks():
            left -= len(block)
            packer.add(block, max(0, left))
            if not looked_ahead and wants_outlook(left):
                looked_ahead = True
                if outlook := look_ahead(source, cancelled):
                    on_outlook(outlook)
            if snapshot and packer.read >= BLOCK_SIZE:  # before, the first blocks need the disk
                aside.begin()
        aside.begin()
        # Late: py7zr takes long to load, and by now the last blocks are being packed.
        from tui_transfer.archive.header import build_container

        packer.collect_all()
        container = build_container(reader.files, growing.stream_size + len(END), key)
        aside.finish()
        inspected()
        if snapshot:
            _, content = reader.files[0]
            assert content
            snapshot.check(content)
            aside.afterwards(snapshot.remove)
        growing.seal(END, container.header, container.signature)
        report()
        sha256 = checksums.sha256(archive, cancelled)
        return Archive(
            archive,
            growing.end,
            sha256,
            total,
            _entries(reader.files),
            growing.reused,
            added.count if added else 0,
        )


def _snapshot(
    source: Source,
    work: Path,
    on_progress: Callable[[Progress], None],
    on_damaged: Callable[[], object],
    on_locked: Callable[[float], object],
    cancelled: threading.Event,
) -> Snapshot:
    def report(copied: int) -> None:
        on_progress(Progress(0, source.size, copied=copied))

    return take_snapshot(
        source, work, on_copied=report, on_damaged=on_damaged, cancelled=cancelled, on_locked=on_locked
    )


class _Aside:
    """Has a task done in a thread: a snapshot kept, or files read again that were read, to see that they are
    the same.
    """

    def __init__(self, task: Callable[[], None]) -> None:
        self._task = task
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="aside", initializer=_give_way)
        self._done: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def begin(self) -> None:
        """Begins, unless it has begun."""
        self._done = self._done or self._pool.submit(self._task)

    def afterwards(self, task: Callable[[], None]) -> None:
        """Has another task done once the first is; what it raises is ignored."""
        self._pool.submit(task)

    def finish(self) -> None:
        """Waits until it is done; raises what it raised."""
        self.begin()
        assert self._done
        self._done.result()


class _Packer:
    """Packs blocks in threads, a bounded number at a time, and appends them in order.

    Args:
        growing: where packed blocks go, and where those of an earlier run may still be.
        pacer: chooses their presets.
        threads: blocks packed at the same time.
        cancelled: ends the packing with `INTERRUPTED`.
        on_block: called after each block that became final.
        key: blocks are packed so that each can be encrypted to its end.

    Attributes:
        read: bytes of the database in the blocks that are final.
    """

    def __init__(
        self,
        growing: GrowingArchive,
        pacer: PresetPolicy,
        threads: int,
        cancelled: threading.Event,
        on_block: Callable[[], None],
        key: ArchiveKey | None,
    ) -> None:
        self.read = 0
        self._key = key
        self._growing = growing
        self._pacer = pacer
        self._threads = threads
        self._cancelled = cancelled
        self._on_block = on_block
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="pack", initializer=_give_way)
        self._pending: deque[Future[tuple[PackedBlock, float, float]]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def add(self, block: bytearray, left: int) -> None:
        """Uses the next block of the database again, or has it packed, `left` bytes coming after it."""
        if self._growing.reuse(block):
            self._is_final(len(block))
            return
        # It was read meanwhile, so that no thread waits for reading; its preset is chosen at the last moment.
        self._wait_for_room()
        preset = self._pacer.choose(len(block), left)
        self._pending.append(self._pool.submit(self._pack, block, preset))

    def _wait_for_room(self) -> None:
        """Waits until a thread is free, and no more packed blocks wait for one before them than threads."""
        while self._pending:
            at_work = [packing for packing in self._pending if not packing.done()]
            if self._pending[0].done() or len(self._pending) > self._threads:
                self._collect()
            elif len(at_work) >= self._threads:
                wait(at_work, return_when=FIRST_COMPLETED)
            else:
                return

    def collect_all(self) -> None:
        """Waits for the blocks in flight."""
        while self._pending:
            self._collect()

    def _pack(self, block: bytearray, preset: Preset) -> tuple[PackedBlock, float, float]:
        """The block packed, how many seconds that took one thread, and of these how many it computed."""
        begin, computed = time.perf_counter(), time.thread_time()
        if self._key:
            packed = pack_aligned(block, preset, self._cancelled)
        else:
            packed = pack(block, preset, self._cancelled)
        done = PackedBlock.of(block, packed, self._key)
        return done, time.perf_counter() - begin, time.thread_time() - computed

    def _collect(self) -> None:
        block, seconds, computing = self._pending.popleft().result()
        self._growing.append(block)
        self._pacer.packed(len(block.content), seconds, computing)
        self._is_final(block.source_size)

    def _is_final(self, size: int) -> None:
        self.read += size
        self._on_block()


def _entries(files: Sequence[tuple[Item, Content | None]]) -> tuple[ArchivedFile, ...]:
    return tuple(
        ArchivedFile(item.name, content.size, content.sha256, item.modified_ns / 1e9, item.true_name)
        for item, content in files
        if content and item.stamp  # what was added is no file of the database
    )


def _nothing() -> None:
    """There is nothing to look at."""


def _give_way() -> None:
    """Lets what sends, which needs little but at once, and the person's other programs go first."""
    give_way(_NICENESS)


def cores() -> int:
    """Cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        with contextlib.suppress(OSError):  # some sandboxes refuse it
            return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
