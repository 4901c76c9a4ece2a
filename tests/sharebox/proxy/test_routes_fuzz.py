"""Thousands of hostile proxies; `tests/benchmarks/fuzz_proxy.py` meets a million."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, given, settings

from tests.sharebox.proxy.hostile_proxy import altered, conversations, converse

if TYPE_CHECKING:
    from collections.abc import Sequence

EXAMPLES = 700
ALTERATIONS = 4


def test_whatever_a_proxy_answers() -> None:
    results: Counter[str] = Counter()

    @settings(
        max_examples=EXAMPLES,
        deadline=5000,
        database=None,
        derandomize=True,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(conversations)
    def meet(streams: Sequence[bytes]) -> None:
        draw = random.Random(repr(streams))
        for case in (streams, *(altered(streams, draw) for _ in range(ALTERATIONS))):
            results[converse(case)] += 1

    meet()
    # The cases reach the ends that matter, not only « this is no HTTP ».
    for end in ("tunnel", "proxy-credentials-refused", "proxy-method-unknown"):
        assert results[end] > EXAMPLES / 200, results
