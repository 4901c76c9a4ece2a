"""Judges ten million replies of hostile servers, as many processes at once as there are cores.

    python -m tests.benchmarks.fuzz_replies [--replies 10000000] [--seconds 3600] [--seed 1]

A right reply of each kind is drawn, and altered in many ways: alone, as a stream of packets, and within a
whole conversation, which counts as one. What is taken for a reply must, encoded again, give the same bytes. A
thousand that take longer than thirty seconds are a hang: their process then prints where it is, and ends, and
so does the run, with an error.
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

from tests.sharebox.sftp.hostile_replies import (
    NO_REPLY,
    REQUESTS,
    altered,
    drawn,
    frame,
    judge,
    judge_stream,
)
from tests.sharebox.sftp.scripted_channel import CONVERSATION, converse

if TYPE_CHECKING:
    from collections.abc import Iterator

ALTERATIONS = 20
STREAMS = 2
CONVERSATIONS = 1
"""For each reply that is drawn. A conversation takes as long as fifty replies."""
BATCH = 1000
HANG_SECONDS = 30


def main() -> None:
    """Runs the processes, and adds up what they found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--replies", type=int, default=10_000_000)
    parser.add_argument("--seconds", type=float, default=3600.0)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    processes = os.cpu_count() or 1
    end = time.monotonic() + asked.seconds
    shares = [
        (asked.seed * 1000 + number, -(-asked.replies // processes), end) for number in range(processes)
    ]
    started = time.monotonic()
    results: Counter[str] = Counter()
    with ProcessPoolExecutor(processes) as pool:
        for found in pool.map(_judge_many, *zip(*shares, strict=True)):
            results += found
    print(f"{results.total()} replies in {time.monotonic() - started:.0f} s, on {processes} cores")
    for result, count in sorted(results.items()):
        print(f"{count:9d}  {result}")


def _judge_many(seed: int, replies: int, end: float) -> Counter[str]:
    """Judges so many replies, or fewer by the time `end`."""
    draw = random.Random(seed)
    results: Counter[str] = Counter()
    while results.total() < replies and time.monotonic() < end:
        faulthandler.dump_traceback_later(HANG_SECONDS, exit=True)
        for _ in range(BATCH // ALTERATIONS):
            results.update(_judge_around(draw))
        faulthandler.cancel_dump_traceback_later()
    return results


def _judge_around(draw: random.Random) -> Iterator[str]:
    """A right reply, which must be taken for one, and what is near it."""
    request = draw.choice(("init", *REQUESTS))
    packet = drawn(request, draw)
    assert judge(request, packet) != NO_REPLY, f"not understood: {request} {packet.hex()}"
    for _ in range(ALTERATIONS):
        yield f"{request}: {judge(request, altered(packet, draw))}"
    for _ in range(STREAMS):
        stream = altered(frame(packet) + frame(packet), draw)
        for result in judge_stream(request, stream, draw.randint(1, len(stream) + 1)):
            yield f"{request}, in a stream: {result}"
    for _ in range(CONVERSATIONS):
        script = list(CONVERSATION)
        at = draw.randrange(len(script))
        script[at] = altered(script[at], draw)
        yield f"conversation: {converse(script)}"


if __name__ == "__main__":
    main()
