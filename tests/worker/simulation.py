"""Transfers played through in no time: made-up data, packers and link, with `Pacer` or a fixed preset."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import Final, Literal

from tui_transfer.archive.blocks import BLOCK_SIZE, FIRST_SIZES, PRESETS, Preset
from tui_transfer.job.events import PresetChosen
from tui_transfer.worker.costs import Costs
from tui_transfer.worker.pacing import Pacer
from tui_transfer.worker.traffic import Traffic

THREADS: Final = 2
BASE: Final = 84_000_000
MEASURED: Final = (
    (0.0, 84.0), (2.5, 27.2), (4.9, 24.7), (5.9, 24.3), (7.0, 24.0),
    (10.8, 23.7), (14.4, 23.2), (17.7, 23.0), (21.0, 22.9), (26.4, 22.5),
)  # fmt: skip
"""Seconds of two packers and MB for `BASE`, by preset: means over payrolls of several formats."""
OTHERWISE: Final = (
    (0.0, 84.0), (2.5, 33.7), (5.0, 32.0), (9.1, 31.2), (12.8, 30.7),
    (21.0, 26.8), (23.0, 26.5), (25.0, 26.4), (27.0, 26.35), (30.0, 26.3),
)  # fmt: skip
"""The same of other data, on which presets do not cost and save what `Costs` takes for granted at first."""
CONNECTED: Final = 0.1
_STEP: Final = 0.02
_REPORT: Final = 0.1

Link = Callable[[float], float]
"""Bytes per second at a time."""


@dataclass(frozen=True)
class Data:
    """What a block is like: whether it shrinks, how much slower its packing is, and what presets do to it."""

    shrinks: bool = True
    slowness: float = 1.0
    measured: Sequence[tuple[float, float]] = MEASURED

    def seconds(self, preset: Preset, size: int) -> float:
        return self.slowness * self.measured[preset][0] * THREADS * size / BASE

    def packed(self, preset: Preset, size: int) -> int:
        return int(self.measured[preset][1] * 1e6 * size / BASE) if self.shrinks else size


Block = tuple[int, Data]


def mbits(rate: float) -> Link:
    return lambda _: rate * 1e6 / 8


UNLIMITED: Final = mbits(2000)


def blocks_of(size: int, data: Callable[[int], Data] = lambda number: Data()) -> list[Block]:
    """A database of `size` bytes, cut as the archive cuts it."""
    blocks: list[Block] = []
    for length in chain(FIRST_SIZES, repeat(BLOCK_SIZE)):
        if size <= 0:
            return blocks
        blocks.append((min(length, size), data(len(blocks))))
        size -= length
    raise AssertionError


@dataclass
class Transfer:
    """A transfer, played through by `run`: what it took, what was chosen for each block, and why."""

    blocks: Sequence[Block]
    link: Link
    preset: Preset | Literal["auto"] = "auto"
    connected: float = CONNECTED
    seconds: float = 0.0
    presets: list[Preset] = field(default_factory=list)
    told: list[PresetChosen] = field(default_factory=list)

    def run(self) -> Transfer:
        now = backlog = moved = busy = reported = 0.0
        traffic = Traffic(lambda: now)
        rate, pacer = traffic.rate, Pacer(0, THREADS, Costs(), traffic, self.told.append)
        left = deque(self.blocks)
        at_work: deque[tuple[float, float, int]] = deque()  # end, seconds and packed size, in their order
        while left or at_work or backlog:
            while at_work and at_work[0][0] <= now:
                _, seconds, packed = at_work.popleft()
                pacer.packed(packed, seconds, seconds)
                backlog += packed
                if now < self.connected:
                    rate.rest(int(backlog))
                else:
                    rate.observe(now, 0, 0.0, int(backlog + moved))
            while left and len(at_work) <= THREADS and sum(end > now for end, *_ in at_work) < THREADS:
                size, data = left.popleft()
                chosen = pacer.choose(size, sum(size for size, _ in left))
                preset = chosen if self.preset == "auto" else self.preset
                self.presets.append(preset)
                seconds = data.seconds(preset, size)
                at_work.append((now + seconds, seconds, data.packed(preset, size)))
            step = min([_STEP, *(end - now for end, *_ in at_work if end > now)])
            now += step
            if now >= self.connected:
                sent = min(backlog, self.link(now) * step)
                backlog, moved = backlog - sent if backlog - sent >= 1 else 0.0, moved + sent
                busy += step if backlog else sent / self.link(now) if sent else 0.0
                if now - reported >= _REPORT or (moved and not backlog):
                    rate.observe(now, int(moved), busy if moved else 0.0, int(backlog))
                    moved, busy, reported = 0.0, 0.0 if moved else busy, now
        self.seconds = now
        return self

    def share(self, *presets: Preset) -> float:
        """The part of the bytes that was packed with one of `presets`."""
        sizes = [size for size, _ in self.blocks]
        packed = sum(size for size, preset in zip(sizes, self.presets, strict=True) if preset in presets)
        return packed / sum(sizes)


def best_fixed(blocks: Sequence[Block], link: Link) -> float:
    """The shortest time that one preset for all of it takes."""
    return min(Transfer(blocks, link, preset).run().seconds for preset in PRESETS)


def bound(size: int, rate: float) -> float:
    """max(C, S / rate) of the best preset: packing and sending as if each block were infinitely small."""
    data = Data()
    return min(
        max(data.seconds(preset, size) / THREADS, data.packed(preset, size) / rate) for preset in PRESETS
    )
