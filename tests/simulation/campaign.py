"""Many seeds, shared among processes, and what they found."""

from __future__ import annotations

import gc
import multiprocessing
import os
import resource
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.simulation import seams
from tests.simulation.driver import Simulation
from tests.simulation.invariants import Finding
from tests.simulation.plan import Focus, make_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_MEMORY: Final = Path("/dev/shm")
_TOGETHER: Final = 10


@dataclass(frozen=True)
class Outcome:
    """What one seed came to.

    Attributes:
        findings: what does not hold.
        events: how many there were.
        faults: which happened.
        apart: what outsiders did after the evidence was taken.
        seconds: of processor time, that of its processes included.
        trace: tells its course of events from others.
    """

    seed: int
    findings: tuple[Finding, ...]
    events: int
    faults: tuple[str, ...]
    apart: int
    seconds: float
    trace: str


@dataclass
class Figures:
    """What a campaign came to."""

    seeds: int = 0
    events: int = 0
    apart: int = 0
    seconds: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    found: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    examples: dict[str, Finding] = field(default_factory=dict)

    def add(self, outcome: Outcome) -> None:
        """Counts one more seed."""
        self.seeds += 1
        self.events += outcome.events
        self.apart += outcome.apart
        self.seconds += outcome.seconds
        self.faults.update(outcome.faults)
        for finding in outcome.findings:
            kind = f"{finding.invariant} {finding.kind}"
            self.found[kind].append(outcome.seed)
            self.examples.setdefault(kind, finding)


def prepare() -> None:
    """Puts the simulation under what the driver's process does itself; once in a process."""
    seams.use_small_blocks()
    seams.use_small_places()
    seams.use_simulated_time()
    os.environ["TZ"] = "Europe/Paris"
    time.tzset()
    os.umask(0o077)
    gc.collect()
    gc.freeze()  # else each fork's collections would copy all of it


def play(seed: int, focus: Focus | None = None, *, verbose: bool = False) -> Outcome:
    """Carries out the plan of one seed."""
    before = _processor_seconds()
    root = Path(tempfile.mkdtemp(prefix="simulation-", dir=_MEMORY if _MEMORY.is_dir() else None))
    simulation = None
    try:
        plan = make_plan(seed, focus)
        if verbose:
            print(plan)
        simulation = Simulation(plan, root, verbose=verbose)
        findings = simulation.run()
    except Exception:
        findings = [Finding("--", "simulation failed", traceback.format_exc())]
    finally:
        shutil.rmtree(root, ignore_errors=True)
    return Outcome(
        seed,
        tuple(findings),
        simulation.events if simulation else 0,
        tuple(fault.what for fault in simulation.happened) if simulation else (),
        sum(simulation.invariants.apart.values()) if simulation else 0,
        _processor_seconds() - before,
        simulation.trace if simulation else "",
    )


def _processor_seconds() -> float:
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )


def play_all(seeds: Sequence[int], jobs: int, focus: Focus | None = None) -> Iterator[Outcome]:
    """Carries out many, in so many processes; in no order."""
    if jobs == 1:
        prepare()
        yield from (play(seed, focus) for seed in seeds)
        return
    context = multiprocessing.get_context("fork")
    numbers = context.SimpleQueue()
    for number in range(jobs):
        numbers.put(number)
    with context.Pool(jobs, initializer=_prepare_player, initargs=(numbers.get,)) as pool:
        yield from pool.imap_unordered(
            _Player(focus), seeds, chunksize=min(_TOGETHER, len(seeds) // jobs + 1)
        )


def _prepare_player(number: Callable[[], int]) -> None:
    """Keeps a player, and the processes of its seeds, to one core: of those only one is ever at work, and to
    wake it on another core than the last one costs up to a quarter of the time.
    """
    if sys.platform == "linux":
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[number() % len(cores)]})
    prepare()


@dataclass(frozen=True)
class _Player:
    focus: Focus | None

    def __call__(self, seed: int) -> Outcome:
        return play(seed, self.focus)
