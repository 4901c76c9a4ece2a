"""Meets a million hostile proxies, as many processes at once as there are cores.

    python -m tests.benchmarks.fuzz_proxy [--cases 1000000] [--seconds 3600] [--seed 1]

hypothesis thinks of conversations, and each is had again with some bytes altered. A case that takes longer
than ten seconds is a hang: its process then prints where it is, and ends, and so does the run, with an error.
"""

from __future__ import annotations

import argparse
import faulthandler
import os
import random
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.sharebox.proxy.hostile_proxy import altered, conversations, converse

if TYPE_CHECKING:
    from collections.abc import Sequence

ALTERATIONS = 24
BATCH = 500
"""Conversations that hypothesis thinks of in one run; many more slow it down."""
HANG_SECONDS = 10


def main() -> None:
    """Runs the processes, and adds up what they found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=3600.0)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    processes = os.cpu_count() or 1
    end = time.monotonic() + asked.seconds
    shares = [(asked.seed * 1000 + number, asked.cases // processes, end) for number in range(processes)]
    started = time.monotonic()
    results: Counter[str] = Counter()
    slowest = 0.0
    with ProcessPoolExecutor(processes) as pool:
        for found, longest in pool.map(_meet_many, *zip(*shares, strict=True)):
            results += found
            slowest = max(slowest, longest)
    print(f"{results.total()} cases in {time.monotonic() - started:.0f} s; the slowest took {slowest:.3f} s")
    for result, count in results.most_common():
        print(f"{count:9d}  {result}")


def _meet_many(first_seed: int, cases: int, end: float) -> tuple[Counter[str], float]:
    results: Counter[str] = Counter()
    slowest = 0.0

    def meet(streams: Sequence[bytes]) -> None:
        nonlocal slowest
        draw = random.Random(repr(streams))
        for case in (streams, *(altered(streams, draw) for _ in range(ALTERATIONS))):
            if results.total() >= cases or time.monotonic() > end:
                return
            faulthandler.dump_traceback_later(HANG_SECONDS, exit=True)
            started = time.perf_counter()
            results[converse(case)] += 1
            slowest = max(slowest, time.perf_counter() - started)
            faulthandler.cancel_dump_traceback_later()

    batch = first_seed * 1_000_000
    while results.total() < cases and time.monotonic() < end:
        batch += 1
        checks = settings(
            max_examples=BATCH,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        seed(batch)(checks(given(conversations)(meet)))()
    return results, slowest


if __name__ == "__main__":
    main()
