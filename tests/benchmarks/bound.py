"""What no transfer with one preset can be faster than, with the best preset.

With C(p) the seconds that preset p takes on this machine, all cores at work and nothing else, S(p) the
bytes it leaves and L the line's bytes a second, packing and sending at the same time take max(C(p), S(p)/L).
"""

from __future__ import annotations

import statistics
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tui_transfer.archive.writer import Fixed, write_archive

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_transfer.archive.blocks import Preset


@dataclass(frozen=True)
class Packing:
    """A preset, the seconds it takes for a database, and the bytes that it leaves."""

    preset: Preset
    seconds: float
    size: int

    def bound(self, rate: float | None) -> float:
        """Seconds with this preset on a line of `rate` bytes a second; None if sending costs no time."""
        return max(self.seconds, self.size / rate if rate else 0.0)


def measure(database: Path, preset: Preset, runs: int) -> Packing:
    """Packs a database with a preset `runs` times, of which the median counts."""
    seconds, size = [], 0
    for _ in range(runs):
        with tempfile.TemporaryDirectory(prefix="tui-transfer-bound-") as name:
            folder = Path(name)
            begin = time.perf_counter()
            archive = write_archive(
                database,
                folder / "archive.7z",
                work=folder / "work",
                pacer=Fixed(preset),
                on_progress=lambda _: None,
                cancelled=threading.Event(),
            )
            seconds.append(time.perf_counter() - begin)
            size = archive.size
    return Packing(preset, statistics.median(seconds), size)


def best(packings: Sequence[Packing], rate: float | None) -> Packing:
    """The one whose bound is the bound."""
    return min(packings, key=lambda packing: packing.bound(rate))
