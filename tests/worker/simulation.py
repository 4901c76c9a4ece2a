"""Transfers played through in no time: packers, data and a link that are made up, and `Pacing` or a fixed preset."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tui_transfer.archive.blocks import BLOCK_SIZE, Preset
from tui_transfer.worker.costs import Costs
from tui_transfer.worker.pacing import Choice, Pacing
from tui_transfer.worker.rate import Rate

THREADS = 2
BASE = 84_000_000
MEASURED = {0: (2.5, 33.7), 1: (5.0, 32.0), 2: (9.1, 31.2), 3: (12.8, 30.7), 4: (19.0, 27.2), 6: (23.0, 26.5)}
"""Seconds of two packers and MB for `BASE`: what was found on a payroll base."""
_TICK = 0.02


def _between(preset: int) -> tuple[float, float]:
    if preset in MEASURED:
        return MEASURED[preset]
    return {5: (21.0, 26.8), 7: (25.0, 26.4), 8: (27.0, 26.35), 9: (30.0, 26.3)}[preset]


@dataclass(frozen=True)
class Data:
    """What a stretch of the database is like: how much slower and less compressible than `MEASURED`."""

    shrinks: bool = True
    slowness: float = 1.0

    def seconds(self, preset: Preset, size: int) -> float:
        if preset is None:
            return 0.008e-6 * size
        return self.slowness * _between(preset)[0] * THREADS * size / BASE

    def packed(self, preset: Preset, size: int) -> int:
        if preset is None or not self.shrinks:
            return size
        return int(_between(preset)[1] * 1e6 * size / BASE)


Link = Callable[[float], float]
"""Bytes per second at a time."""


def mbits(rate: float) -> Link:
    return lambda now: rate * 1e6 / 8


def unlimited(now: float) -> float:
    return 250e6


@dataclass
class Run:
    """How a transfer went: seconds in all, bytes sent, and what was chosen when."""

    seconds: float = 0.0
    sent: float = 0.0
    choices: list[tuple[float, Choice]] = field(default_factory=list)
    presets: list[Preset] = field(default_factory=list)

    def packed_with(self, *presets: Preset) -> int:
        return sum(preset in presets for preset in self.presets)


def blocks_of(size: int, data: Callable[[int], Data] = lambda offset: Data()) -> list[tuple[int, Data]]:
    return [(min(BLOCK_SIZE, size - start), data(start)) for start in range(0, size, BLOCK_SIZE)]


def transfer(
    blocks: Sequence[tuple[int, Data]],
    link: Link,
    *,
    fixed: Preset | str = "auto",
    connected: float = 0.4,
    noise: Callable[[int], float] = lambda number: 1.0,
) -> Run:
    """Plays one through; sending begins at `connected`."""
    run = Run()
    rate = Rate()
    pacing = Pacing(THREADS, Costs(), rate)
    waiting = list(enumerate(blocks))
    at_work: list[
        tuple[int, float, float, int]
    ] = []  # number, end, seconds, packed: in the order of the source
    now, backlog, reported, unreported = 0.0, 0.0, 0.0, 0.0
    while waiting or at_work or backlog > 0:
        while at_work and at_work[0][1] <= now:
            _, _, seconds, packed = at_work.pop(0)
            backlog += packed
            if fixed == "auto":
                pacing.packed(packed, seconds)
            if now >= connected:
                rate.observe(now, int(unreported), int(backlog))
                unreported = 0
            else:
                rate.rest(int(backlog))
        while waiting and sum(end > now for _, end, *_ in at_work) < THREADS and len(at_work) <= THREADS:
            number, (size, data) = waiting.pop(0)
            if fixed == "auto":
                choice = pacing.choose(now, size, sum(later for _, (later, _) in waiting))
                if not run.choices or run.choices[-1][1] is not choice:
                    run.choices.append((now, choice))
                preset = choice.preset
            else:
                preset = fixed  # type: ignore[assignment]
            run.presets.append(preset)
            seconds = data.seconds(preset, size) * noise(number)
            at_work.append((number, now + seconds, seconds, data.packed(preset, size)))
        ends = [end for _, end, *_ in at_work if end > now]
        step = (
            min([_TICK, *(end - now for end in ends)])
            if backlog > 0 or now < connected
            else min(ends, default=now + _TICK) - now
        )
        step = max(step, 1e-6)
        if now >= connected:
            moved = min(backlog, link(now) * step)
            backlog -= moved
            backlog = 0.0 if backlog < 1 else backlog
            unreported += moved
            run.sent += moved
        now += step
        if now >= connected and (now - reported >= 0.1 or (not backlog and unreported)):
            rate.observe(now, int(unreported), int(backlog))
            reported, unreported = now, 0.0
    run.seconds = now
    return run


def best_fixed(blocks: Sequence[tuple[int, Data]], link: Link) -> float:
    """The shortest time that one preset for all of it takes."""
    return min(transfer(blocks, link, fixed=preset).seconds for preset in (None, *range(10)))


def bound(size: int, rate: float) -> float:
    """The least, over presets, of the longer of packing and sending, as if they could end at the same instant."""
    data = Data()
    return min(
        max(data.seconds(preset, size) / THREADS, data.packed(preset, size) / rate)
        for preset in (None, *range(10))
    )
