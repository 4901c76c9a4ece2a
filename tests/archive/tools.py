"""What the tests of archives share: writing one, and reading it back with the official 7-Zip."""

from __future__ import annotations

import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.programs import require
from tui_transfer.archive.blocks import Preset
from tui_transfer.archive.checksums import SpoolPart
from tui_transfer.archive.encryption import ArchiveKey
from tui_transfer.archive.source import Source, list_source
from tui_transfer.archive.writer import Archive, Progress, write_archive
from tui_transfer.errors import Problem, TransferError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROJECT = Path(__file__).parents[2]
MIB = 1 << 20


@dataclass
class Asked:
    """A pacer that gives `preset`, or what it returns."""

    preset: Preset | Callable[[], Preset]
    packed_blocks: list[tuple[int, float]] = field(default_factory=list)
    asked: list[tuple[int, int]] = field(default_factory=list)

    def choose(self, size: int, left: int) -> Preset:
        self.asked.append((size, left))
        return self.preset() if callable(self.preset) else self.preset

    def packed(self, packed: int, seconds: float, computing: float) -> None:
        self.packed_blocks.append((packed, seconds))


def archive(
    database: Path | Source,
    folder: Path,
    *,
    preset: Preset | Callable[[], Preset] = 1,
    on_progress: Callable[[Progress], None] = lambda _: None,
    on_damaged: Callable[[SpoolPart], object] = lambda _: None,
    on_older: Callable[[], object] = lambda: None,
    cancelled: threading.Event | None = None,
    key: ArchiveKey | None = None,
) -> Archive:
    """Archives `database` as ``folder/a.7z``, working in ``folder/work``."""
    return write_archive(
        list_source(database) if isinstance(database, Path) else database,
        folder / "a.7z",
        work=folder / "work",
        pacer=Asked(preset),
        threads=2,
        on_progress=on_progress,
        cancelled=cancelled or threading.Event(),
        on_damaged=on_damaged,
        on_older=on_older,
        key=key,
    )


def extracted(file: Path, into: Path) -> Path:
    """Tests and extracts an archive with the official 7-Zip."""
    program = require("7zz")
    tested = subprocess.run([program, "t", file], capture_output=True, text=True, check=False)
    assert "Everything is Ok" in tested.stdout, tested.stdout + tested.stderr
    subprocess.run([program, "x", f"-o{into}", file], capture_output=True, check=True)
    return into


def is_archive(file: Path) -> bool:
    """Whether 7-Zip takes `file` for an archive."""
    return subprocess.run([require("7zz"), "t", file], capture_output=True, check=False).returncode == 0


def tree(root: Path) -> dict[str, tuple[bytes | None, int]]:
    """All that is at or below `root`: content (`None` for a folder) and mtime in steps of 100 ns."""

    def walk(path: Path) -> Iterator[tuple[str, tuple[bytes | None, int]]]:
        modified = path.stat().st_mtime_ns // 100
        name = path.relative_to(root.parent).as_posix()
        yield name, (None if path.is_dir() else path.read_bytes(), modified)
        if path.is_dir():
            for child in path.iterdir():
                yield from walk(child)

    return dict(walk(root))


def marked(size: int, seed: int = 0) -> bytes:
    """Bytes that pack very fast, no two MiB of which are alike."""
    return b"".join((b"%d" % (seed + number)).ljust(MIB, b"\0") for number in range(size // MIB + 1))[:size]


def raises(problem: Problem) -> pytest.RaisesExc[TransferError]:
    """Expects a `TransferError` with this problem, all of whose texts are complete."""

    def fits(error: TransferError) -> bool:
        return error.problem is problem and "—" not in error.as_text()

    return pytest.RaisesExc(TransferError, check=fits)
