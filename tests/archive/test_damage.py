"""A bit that the disk changes, wherever and whenever: what is sent is what was packed from the base."""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import shutil
import sqlite3
import threading
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.archive.tools import Asked, extracted, raises
from tui_transfer.archive.checksums import SEGMENT_SIZE, CheckedReader, Checksums, SpoolPart, digests_of
from tui_transfer.archive.source import list_source
from tui_transfer.archive.writer import Archive, Progress, write_archive
from tui_transfer.errors import Problem, TransferError

if TYPE_CHECKING:
    from collections.abc import Callable


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


STEPS = 12
"""More than one packing tells of."""


@dataclass
class Sender:
    """Sends an archive as it grows, as the uploader does: what arrived is compared, and repaired."""

    arrived: bytearray = field(default_factory=lambda: bytearray(32))
    told: list[SpoolPart] = field(default_factory=list)
    step: int = 0

    def transfer(self, base: Path, spool: Path, at_step: Callable[[int], None]) -> Archive:
        """Does it again as long as the spool is damaged, as the worker does."""
        while True:
            try:
                return self._once(base, spool, at_step)
            except TransferError as error:
                if error.problem is not Problem.SPOOL_DAMAGED:
                    raise
                self.told.append(SpoolPart(error.details["part"]))

    def _once(self, base: Path, spool: Path, at_step: Callable[[int], None]) -> Archive:
        checksums, file = Checksums(), spool / "archive.part"
        end = 32
        file.touch()
        with CheckedReader(file, checksums) as reader:

            def on_progress(progress: Progress) -> None:
                nonlocal end
                self.step += 1
                at_step(self.step)
                self.arrived[end : progress.packed] = reader.read(end, progress.packed - end)
                end = progress.packed

            made = write_archive(
                list_source(base),
                file,
                work=spool,
                pacer=Asked(1),
                threads=2,
                on_progress=on_progress,
                cancelled=threading.Event(),
                checksums=checksums,
                on_damaged=self.told.append,
            )
            at_step(self.step + 1)
            self.arrived[:32] = reader.read(0, 32)
            del self.arrived[made.size :]
            return made


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base of several blocks, each of several segments where they do not pack."""
    path = tmp_path_factory.mktemp("base") / "paie.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (x)")
        connection.executemany("INSERT INTO t VALUES (?)", ((os.urandom(200_000),) for _ in range(6)))
        connection.commit()
    return path


@pytest.fixture(scope="module")
def right(base: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The archive of the base."""
    folder = tmp_path_factory.mktemp("right")
    sender = Sender()
    made = sender.transfer(base, folder, lambda _: None)
    assert not sender.told
    assert extracted(made.path, folder / "x").joinpath(base.name).read_bytes() == base.read_bytes()
    assert sender.step < STEPS
    return bytes(sender.arrived)


def flip(file: Path, draw: random.Random) -> None:
    """Changes one bit, and nothing that a look at the file would show."""
    info = file.stat()
    with file.open("r+b") as opened:
        at = draw.randrange(info.st_size)
        opened.seek(at)
        (byte,) = opened.read(1)
        opened.seek(at)
        opened.write(bytes([byte ^ 1 << draw.randrange(8)]))
    os.utime(file, ns=(info.st_atime_ns, info.st_mtime_ns))


def flip_any(spool: Path, draw: random.Random) -> str | None:
    """Changes one bit of one file of the spool; gives its name."""
    if not (files := sorted(file for file in spool.iterdir() if file.is_file() and file.stat().st_size)):
        return None
    chosen = draw.choice(files)
    flip(chosen, draw)
    return chosen.name


@pytest.mark.parametrize("seed", range(60))
def test_a_bit_that_changes_between_two_steps_does_not_arrive(
    tmp_path: Path, base: Path, right: bytes, seed: int
) -> None:
    draw = random.Random(seed)
    when = draw.randrange(1, STEPS)

    def at_step(step: int) -> None:
        if step == when:
            flip_any(tmp_path, draw)

    sender = Sender()
    made = sender.transfer(base, tmp_path, at_step)
    assert sender.arrived == right
    assert made.sha256 == sha256(right)


def _copy(spool: Path, left: Path) -> None:
    """Copies what is there at a moment at which other threads still make and remove files."""
    left.mkdir()
    for path in spool.iterdir():
        with contextlib.suppress(FileNotFoundError):
            shutil.copy2(path, left)


class KilledError(Exception):
    """The process ends here; what is on the disk then was copied."""


@pytest.mark.parametrize("seed", range(60))
def test_a_bit_that_changes_between_two_workers_does_not_arrive(
    tmp_path: Path, base: Path, right: bytes, seed: int
) -> None:
    draw = random.Random(seed)
    spool, left = tmp_path / "spool", tmp_path / "left"
    spool.mkdir()
    when = draw.randrange(1, STEPS)

    def kill(step: int) -> None:
        if step == when:
            _copy(spool, left)
            raise KilledError

    first = Sender()
    try:
        first.transfer(base, spool, kill)
    except KilledError:
        pass
    else:
        spool.rename(left)
    harmed = flip_any(left, draw)
    sender = Sender(arrived=first.arrived)
    made = sender.transfer(base, left, lambda _: None)
    assert sender.arrived == right
    assert made.sha256 == sha256(right)
    if harmed == "snapshot.sqlite" and (left / "snapshot.json").exists():
        assert sender.told == [SpoolPart.SNAPSHOT]


def test_a_snapshot_that_changes_once_it_was_read_is_found_before_the_archive_is_whole(
    tmp_path: Path, base: Path, right: bytes
) -> None:
    """Also where it changes for those who look at its times."""

    def at_step(step: int) -> None:
        if step == 2:
            with (tmp_path / "snapshot.sqlite").open("r+b") as snapshot:
                snapshot.seek(-64, os.SEEK_END)
                snapshot.write(bytes(64))

    sender = Sender()
    sender.transfer(base, tmp_path, at_step)
    assert sender.told == [SpoolPart.SNAPSHOT]
    assert sender.arrived == right


def test_no_snapshot_stays(tmp_path: Path, base: Path) -> None:
    Sender().transfer(base, tmp_path, lambda _: None)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["archive.part", "blocks.index"]

    def stop(step: int) -> None:
        assert (tmp_path / "snapshot.sqlite").exists()
        raise KilledError

    with pytest.raises(KilledError):
        Sender().transfer(base, tmp_path, stop)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["archive.part", "blocks.index"]


class TestCheckedReader:
    @pytest.fixture
    def content(self) -> bytes:
        return random.Random(3).randbytes(32 + SEGMENT_SIZE + 70_000 + 2 * SEGMENT_SIZE + 5)

    @pytest.fixture
    def file(self, tmp_path: Path, content: bytes) -> Path:
        path = tmp_path / "archive"
        path.write_bytes(content)
        return path

    @pytest.fixture
    def checksums(self, content: bytes) -> Checksums:
        """Of a block of a segment and a half, and one of two and a bit."""
        made = Checksums()
        for block in (content[32 : 32 + SEGMENT_SIZE + 70_000], content[32 + SEGMENT_SIZE + 70_000 :]):
            made.add(len(block), digests_of(block))
        made.seal(content[:32])
        return made

    @pytest.mark.parametrize("length", [1, 32, 1000, SEGMENT_SIZE, 300_000, 10_000_000])
    def test_gives_what_was_written(
        self, file: Path, content: bytes, checksums: Checksums, length: int
    ) -> None:
        draw = random.Random(length)
        starts = [
            0,
            31,
            32,
            33,
            len(content) - 1,
            len(content),
            *(draw.randrange(len(content)) for _ in range(50)),
        ]
        with CheckedReader(file, checksums) as reader:
            for start in starts:
                assert reader.read(start, length) == content[start : start + length]
            assert b"".join(reader) == content
        assert checksums.sha256(file, threading.Event()) == sha256(content)

    def test_gives_nothing_of_a_segment_that_changed(
        self, file: Path, content: bytes, checksums: Checksums
    ) -> None:
        flip_at = 32 + SEGMENT_SIZE + 69_999
        changed = bytearray(content)
        changed[flip_at] ^= 0x80
        file.write_bytes(changed)
        with CheckedReader(file, checksums) as reader:
            assert reader.read(0, 32 + SEGMENT_SIZE) == content[: 32 + SEGMENT_SIZE]
            with raises(Problem.SPOOL_DAMAGED):
                reader.read(32 + SEGMENT_SIZE, 1)
            assert reader.read(flip_at + 1, 5) == content[flip_at + 1 : flip_at + 6]
        with raises(Problem.SPOOL_DAMAGED):
            checksums.sha256(file, threading.Event())

    @pytest.mark.parametrize("left", [0, 31, 100_000])
    def test_a_file_that_was_cut_off_is_damaged(self, file: Path, checksums: Checksums, left: int) -> None:
        os.truncate(file, left)
        with raises(Problem.SPOOL_DAMAGED):
            checksums.sha256(file, threading.Event())
        file.unlink()
        with raises(Problem.SPOOL_DAMAGED):
            CheckedReader(file, checksums)

    def test_takes_the_hashes_of_a_sealed_archive_only_if_it_is_the_one(
        self, file: Path, content: bytes
    ) -> None:
        again, never = Checksums(), threading.Event()
        assert not again.take_again(file, sha256(content + b"x"), never)
        assert not again.take_again(file.with_name("other"), sha256(content), never)
        assert again.end == 32
        assert again.take_again(file, sha256(content), never)
        with CheckedReader(file, again) as reader:
            assert reader.read(0, len(content)) == content
