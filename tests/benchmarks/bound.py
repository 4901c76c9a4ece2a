"""What no transfer with one preset can be faster than, with the best preset.

With C(p) the seconds that preset p takes on this machine, all cores at work and nothing else, S(p) the
bytes it leaves and L the line's bytes a second, packing and sending at the same time take max(C(p), S(p)/L).
"""

from __future__ import annotations

import contextlib
import statistics
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tui_transfer.archive.blocks import PRESETS
from tui_transfer.archive.source import list_source
from tui_transfer.archive.writer import Fixed, write_archive
from tui_transfer.errors import Problem, TransferError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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


def measure(database: Path, rates: Sequence[float | None], runs: int) -> Iterator[Packing]:
    """Packs a database with every preset, each `runs` times of which the median counts.

    A preset is given up, and left out, as soon as packing takes longer than another one's whole transfer on
    the slowest of the lines: it is the bound of none of them.
    """
    slowest = min((rate for rate in rates if rate), default=None)
    least = threading.TIMEOUT_MAX
    for preset in PRESETS:
        with contextlib.suppress(TimeoutError):
            packing = _measure(database, preset, runs, least)
            least = min(least, packing.bound(slowest))
            yield packing


def best(packings: Sequence[Packing], rate: float | None) -> Packing:
    """The one whose bound is the bound."""
    return min(packings, key=lambda packing: packing.bound(rate))


def _measure(database: Path, preset: Preset, runs: int, limit: float) -> Packing:
    """Raises TimeoutError once a run takes longer than `limit` seconds."""
    seconds, size = [], 0
    for _ in range(runs):
        with tempfile.TemporaryDirectory(prefix="tui-transfer-bound-") as name, _after(limit) as over:
            begin = time.perf_counter()
            size = _pack(database, preset, Path(name), over)
            seconds.append(time.perf_counter() - begin)
    return Packing(preset, statistics.median(seconds), size)


def _pack(database: Path, preset: Preset, folder: Path, over: threading.Event) -> int:
    """Gives the size of the archive."""
    try:
        return write_archive(
            list_source(database),
            folder / "archive.7z",
            work=folder / "work",
            pacer=Fixed(preset),
            on_progress=lambda _: None,
            cancelled=over,
        ).size
    except TransferError as error:
        if error.problem is Problem.INTERRUPTED:
            raise TimeoutError from error
        raise


@contextlib.contextmanager
def _after(seconds: float) -> Iterator[threading.Event]:
    """What is set after so many seconds."""
    over = threading.Event()
    timer = threading.Timer(seconds, over.set)
    timer.start()
    try:
        yield over
    finally:
        timer.cancel()
