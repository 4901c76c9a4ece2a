"""Runs seeds, and tells what they found.

    python -m tests.simulation --seeds 10000 --first 0 --jobs 2
    python -m tests.simulation --seed 4711 --verbose
    python -m tests.simulation --seed 4711 --again 20

Ends with 1 where an invariant did not hold.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.simulation.campaign import Figures


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=300, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--seed", type=int, help="only this one")
    parser.add_argument("--again", type=int, default=1, help="with --seed: how often")
    parser.add_argument("--focus", type=json.loads, default={}, help="JSON: what is drawn, see `plan.Focus`")
    parser.add_argument(
        "--expect", help="a finding: ends with 0 as soon as it is there, with 1 where it is not"
    )
    parser.add_argument("--traces", action="store_true", help="tell each seed's course of events, as a hash")
    parser.add_argument("--verbose", action="store_true", help="with --seed: every event")
    options = parser.parse_args()
    from tests.simulation import campaign
    from tests.simulation.plan import Focus

    focus = Focus(**options.focus)
    figures = campaign.Figures()
    began = time.time()
    if options.seed is not None:
        campaign.prepare()
        for _ in range(options.again):
            figures.add(campaign.play(options.seed, focus, verbose=options.verbose))
    else:
        seeds = range(options.first, options.first + options.seeds)
        for outcome in campaign.play_all(seeds, options.jobs, focus):
            figures.add(outcome)
            if options.traces:
                print("trace", outcome.seed, outcome.trace)
            if options.expect in figures.found:
                break
    _tell(figures, time.time() - began)
    if options.expect:
        return 0 if options.expect in figures.found else 1
    return 1 if figures.found else 0


def _tell(figures: Figures, seconds: float) -> None:
    each = 1000 * figures.seconds / figures.seeds
    print(
        f"{figures.seeds} seeds in {seconds:.0f} s, each {each:.0f} ms of a "
        f"core; {figures.events} events, {figures.faults.total()} faults; "
        f"{figures.apart} changes by outsiders after the evidence."
    )
    for kind, seeds in sorted(figures.found.items(), key=lambda item: -len(item[1])):
        print(f"{len(seeds):6} {kind}: seeds {', '.join(map(str, sorted(seeds)[:8]))}")
        print(f"       {figures.examples[kind].seen}")


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":  # the order of sets is part of what a seed does
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, "-m", "tests.simulation", *sys.argv[1:]])
    sys.exit(main())
