"""What `Pacer` makes of links and data, played through; and of a real line, through the worker."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from tests.cli.place import Place, archives, extract, place_for
from tests.servers.openssh import SshServer
from tests.servers.processes import wait_until
from tests.servers.relay import Relay, relay
from tests.worker.simulation import (
    BASE,
    OTHERWISE,
    THREADS,
    UNLIMITED,
    Data,
    Link,
    Transfer,
    best_fixed,
    blocks_of,
    bound,
    mbits,
)
from tui_transfer.archive.blocks import BLOCK_SIZE
from tui_transfer.archive.source import list_source
from tui_transfer.archive.writer import Fixed, write_archive
from tui_transfer.demo.samples import make_samples
from tui_transfer.job import control
from tui_transfer.job.events import ArchiveSealed, Event, PresetChosen
from tui_transfer.job.journal import JournalReader
from tui_transfer.settings.config import TransferSettings
from tui_transfer.worker.costs import Costs
from tui_transfer.worker.pacing import ASSUMED_RATE, Pacer
from tui_transfer.worker.rate import Rate
from tui_transfer.worker.traffic import Traffic

LARGE = 500_000_000
SLOW, FAST = (5, 7), (0, 1)


# Constant links


@pytest.mark.parametrize("rate", [1, 4, 10, 20, 50])
def test_a_base_takes_little_more_than_the_bound(rate: float) -> None:
    """The bound knows no first and last block, between which alone packing and sending overlap."""
    transfer = Transfer(blocks_of(BASE), mbits(rate)).run()
    assert transfer.seconds < 1.10 * bound(BASE, mbits(rate)(0))


@pytest.mark.parametrize("rate", [1, 4, 20, 50, 200])
def test_a_large_base_is_within_a_few_hundredths_of_the_bound(rate: float) -> None:
    transfer = Transfer(blocks_of(LARGE), mbits(rate)).run()
    assert transfer.seconds < 1.04 * bound(LARGE, mbits(rate)(0))


def test_between_two_presets_both_are_used_and_no_single_one_is_as_fast() -> None:
    blocks = blocks_of(LARGE)
    transfer = Transfer(blocks, mbits(50)).run()
    assert transfer.seconds < 0.96 * best_fixed(blocks, mbits(50))


@pytest.mark.parametrize("slowness", [1.0, 2.0])
def test_a_link_a_little_faster_than_all_cores_carries_stored_blocks_meanwhile(slowness: float) -> None:
    blocks = blocks_of(BASE, lambda _: Data(slowness=slowness))
    link = mbits(300 / slowness)
    assert Transfer(blocks, link).run().seconds < 0.85 * best_fixed(blocks, link)


@pytest.mark.parametrize("slowness", [0.5, 1.0])
def test_where_the_link_saves_less_than_all_cores_nothing_is_stored(slowness: float) -> None:
    """They have to send it, too: what storing spares them goes there."""
    blocks = blocks_of(BASE, lambda _: Data(slowness=slowness))
    assert 0 not in Transfer(blocks, mbits(150 / slowness)).run().presets


def test_a_link_faster_than_packing_is_not_kept_waiting_for_it() -> None:
    """At the beginning nobody knows that it is: some tenths of a second go by."""
    blocks = blocks_of(LARGE)
    transfer = Transfer(blocks, UNLIMITED).run()
    assert transfer.seconds < best_fixed(blocks, UNLIMITED) + 0.4
    assert transfer.seconds < 0.2 * Transfer(blocks, UNLIMITED, 1).run().seconds


def test_the_slower_the_link_the_smaller_the_blocks() -> None:
    transfers = [Transfer(blocks_of(LARGE), mbits(rate)).run() for rate in (2, 50, 1000)]
    assert [transfer.share(*SLOW) > 0.9 for transfer in transfers] == [True, False, False]
    assert [transfer.share(*FAST) > 0.9 for transfer in transfers] == [False, False, True]


@pytest.mark.parametrize("slowness", [0.3, 3.0])
@pytest.mark.parametrize("rate", [4, 20, 50])
def test_a_faster_and_a_slower_machine_are_recognised(slowness: float, rate: float) -> None:
    blocks = blocks_of(LARGE, lambda _: Data(slowness=slowness))
    transfer = Transfer(blocks, mbits(rate)).run()
    assert transfer.seconds < 1.04 * best_fixed(blocks, mbits(rate))


@pytest.mark.parametrize("rate", [4, 20, 50])
def test_data_on_which_presets_do_otherwise_than_guessed_are_recognised(rate: float) -> None:
    blocks = blocks_of(LARGE, lambda _: Data(measured=OTHERWISE))
    assert Transfer(blocks, mbits(rate)).run().seconds < 1.04 * best_fixed(blocks, mbits(rate))


@pytest.mark.parametrize("connected", [0.5, 3.0])
def test_waiting_for_the_connection_is_not_taken_for_a_slow_link(connected: float) -> None:
    link = mbits(50)
    at_once = Transfer(blocks_of(BASE), link).run()
    transfer = Transfer(blocks_of(BASE), link, connected=connected).run()
    assert transfer.seconds < at_once.seconds + connected + 0.3


# Links that change


CHANGING: dict[str, tuple[Link, float]] = {
    "falls": (lambda now: 12.5e6 if now < 6 else 0.5e6, 0.98),
    "rises": (lambda now: 0.5e6 if now < 30 else 12.5e6, 1.08),
    "in bursts": (lambda now: 6.25e6 if now % 4 < 2 else 0.6e6, 0.99),
    "in long bursts": (lambda now: 6.25e6 if now % 20 < 10 else 0.6e6, 1.03),
    "away for a while": (lambda now: 0.0 if 5 < now < 25 else 2.5e6, 0.98),
}
"""And how long it may take, compared with the best single preset, found by whoever knows the future."""


@pytest.mark.parametrize("name", CHANGING)
def test_a_link_that_changes_is_followed(name: str) -> None:
    link, enough = CHANGING[name]
    blocks = blocks_of(300_000_000)
    assert Transfer(blocks, link).run().seconds < enough * best_fixed(blocks, link)


def test_a_link_that_falls_gets_smaller_blocks_and_one_that_rises_cheaper_ones() -> None:
    blocks, falling = blocks_of(LARGE), lambda now: 12.5e6 if now < 2 else 0.5e6
    falls = Transfer(blocks, falling).run()
    rises = Transfer(blocks_of(LARGE), lambda now: 0.5e6 if now < 30 else 12.5e6).run()
    assert falls.seconds < 0.97 * best_fixed(blocks, falling)
    assert falls.presets[0] in FAST
    assert set(falls.presets[-6:]) <= set(SLOW)
    assert 7 in rises.presets
    assert rises.presets[-10] in (*FAST, 2)


@pytest.mark.parametrize("slowness", [0.01, 10.0])
def test_a_machine_unlike_any_other_is_borne(slowness: float) -> None:
    blocks = blocks_of(BASE, lambda _: Data(slowness=slowness))
    assert Transfer(blocks, mbits(50)).run().seconds < 2 * best_fixed(blocks, mbits(50))


def test_nothing_ever_acknowledged_is_no_reason_to_store() -> None:
    told: list[PresetChosen] = []
    pacer = Pacer(0, THREADS, Costs(), Traffic(), told.append)
    for left in range(9, -1, -1):
        pacer.choose(BLOCK_SIZE, left * BLOCK_SIZE)
        pacer.packed(BLOCK_SIZE // 3, 0.5, 0.5)
    assert {(event.reason, event.rate) for event in told} == {("start", ASSUMED_RATE)}
    assert 0 not in [event.preset for event in told]


# Data


@pytest.mark.parametrize(("rate", "enough"), [(4, 1.01), (50, 1.01), (200, 1.1), (1000, 1.6)])
def test_noise_costs_next_to_nothing(rate: float, enough: float) -> None:
    """Where the link is fast, as much as is packed in vain until it is known that noise takes longer."""
    blocks = blocks_of(200_000_000, lambda _: Data(shrinks=False, slowness=2.5))
    assert Transfer(blocks, mbits(rate)).run().seconds < enough * best_fixed(blocks, mbits(rate))


@pytest.mark.parametrize(("rate", "enough"), [(4, 1.06), (50, 1.06), (200, 1.22)])
def test_data_of_both_kinds_in_stretches_are_told_apart(rate: float, enough: float) -> None:
    """On a fast link up to as much as was noise goes by before what shrinks again is noticed."""
    blocks = blocks_of(400_000_000, lambda number: Data(shrinks=number % 24 < 12))
    assert Transfer(blocks, mbits(rate)).run().seconds < enough * best_fixed(blocks, mbits(rate))


def test_data_that_shrink_after_much_noise_are_found_out() -> None:
    blocks = blocks_of(LARGE, lambda number: Data(shrinks=number >= 20))
    transfer = Transfer(blocks, mbits(150)).run()
    assert set(transfer.presets[6:20]) <= {0, 1}
    assert transfer.share(1, 2) > 0.3


# Steadiness


def _uneven(factors: Sequence[float]) -> Callable[[int], Data]:
    draw = random.Random(7)
    return lambda _: Data(slowness=draw.choice(factors))


@pytest.mark.parametrize("rate", [4, 20, 50])
def test_hiccups_of_the_machine_cost_little(rate: float) -> None:
    steady = blocks_of(LARGE)
    uneven = blocks_of(LARGE, _uneven([0.6, 0.8, 1.0, 1.0, 1.2, 1.4]))
    transfer = Transfer(uneven, mbits(rate)).run()
    assert transfer.seconds < 1.12 * Transfer(steady, mbits(rate)).run().seconds


def learn(costs: Costs, preset: int, packed: int, seconds: float) -> None:
    """What a block of full size took that had a core for itself."""
    costs.learn(preset, BLOCK_SIZE, packed, seconds, seconds)


def test_one_block_that_took_ten_times_as_long_changes_little() -> None:
    costs = Costs()
    for _ in range(5):
        learn(costs, 1, BLOCK_SIZE // 3, 1.0)
    before = costs.seconds(1)
    learn(costs, 1, BLOCK_SIZE // 3, 10.0)
    assert before < costs.seconds(1) < 1.5 * before
    for _ in range(5):
        learn(costs, 1, BLOCK_SIZE // 3, 1.0)
    assert costs.seconds(1) == pytest.approx(before, rel=0.1)


def test_what_one_preset_costs_tells_what_the_others_will() -> None:
    costs, guess = Costs(), Costs()
    for _ in range(6):
        learn(costs, 1, BLOCK_SIZE // 7, 3 * guess.seconds(1) * BLOCK_SIZE)
    assert costs.seconds(7) / costs.seconds(2) == pytest.approx(guess.seconds(7) / guess.seconds(2))
    assert costs.share(7) / costs.share(1) == pytest.approx(guess.share(7) / guess.share(1), rel=0.1)
    before = costs.seconds(1)
    for _ in range(6):
        learn(costs, 7, BLOCK_SIZE // 14, 2 * costs.seconds(7) * BLOCK_SIZE)
        learn(costs, 1, BLOCK_SIZE // 7, before * BLOCK_SIZE)
    assert costs.seconds(7) > 4 * guess.seconds(7), "it is slow by itself"
    assert costs.seconds(1) == pytest.approx(before, rel=0.3)


def test_what_is_known_of_presets_serves_for_other_data() -> None:
    costs, guess = Costs(), Costs()
    for _ in range(50):
        for preset in (1, 7):
            learn(costs, preset, BLOCK_SIZE // 7, 3 * guess.seconds(preset) * BLOCK_SIZE)
    other = costs.of_other_data()
    assert (other.seconds(7), other.share(7)) == (costs.seconds(7), guess.share(7))


def test_what_was_never_used_is_taken_to_need_longer() -> None:
    """A block that is packed too hard holds up all that comes after it."""
    costs = Costs()
    guessed = costs.seconds(2)
    learn(costs, 2, BLOCK_SIZE // 3, guessed / 1.5 * BLOCK_SIZE)
    assert costs.seconds(2) == pytest.approx(guessed / 1.5)


# The rate of the link


def test_what_was_not_waiting_is_not_counted() -> None:
    rate = Rate()
    for second in range(0, 100, 10):  # sent within half a second, then nothing is there to be sent
        rate.observe(second, 0, 0.0, 500_000)
        rate.observe(second + 0.5, 500_000, 0.5, 0)
    assert rate.at(100.0) == pytest.approx(1e6, rel=0.01)


def test_a_break_is_not_counted_but_silence_is() -> None:
    rate = Rate()
    for tenth in range(21):
        rate.observe(tenth / 10, 100_000, 0.1, 10_000_000)
    assert rate.at(2.0) == pytest.approx(1e6, rel=0.01)
    assert (rate.at(22.0) or 0) < 200_000
    rate.rest(10_000_000)
    assert rate.at(60.0) == pytest.approx(1e6, rel=0.01)


def test_a_rate_is_not_told_from_next_to_nothing() -> None:
    rate = Rate()
    rate.observe(0.0, 0, 0.0, 1_000_000)
    rate.observe(0.1, 10_000, 0.1, 990_000)
    assert rate.at(0.1) is None


# With the worker


def test_what_several_databases_have_ready_waits_together() -> None:
    now = 0.0
    traffic = Traffic(clock=lambda: now)
    traffic.ready(0, 3_000_000)
    traffic.arrived(0, 1_000_000, 7.0)  # found there: nothing of it was sent
    traffic.ready(1, 500_000)
    assert traffic.rate.waiting == 2_500_000
    now = 1.0
    traffic.arrived(0, 2_000_000, 8.0)
    assert traffic.rate.waiting == 1_500_000
    assert traffic.rate.at(now) == pytest.approx(1e6, rel=0.01)
    traffic.stop(0)
    now = 50.0
    traffic.arrived(0, 2_500_000, 0.0)
    assert traffic.rate.waiting == 1_000_000
    assert traffic.rate.at(now) == pytest.approx(1e6, rel=0.01)


def test_the_measure_does_not_rest_while_the_next_is_sent() -> None:
    """What is verified is not sent, but another is."""
    now = 0.0
    traffic = Traffic(clock=lambda: now)
    traffic.ready(0, 1_000_000)
    traffic.ready(1, 9_000_000)
    traffic.arrived(0, 1_000_000, 0.0)
    traffic.arrived(1, 0, 0.0)
    for second in range(1, 9):
        now = second
        traffic.stop(0)
        traffic.arrived(1, second * 500_000, second)
    assert traffic.rate.at(now) == pytest.approx(5e5, rel=0.01)
    traffic.stop(1)
    now = 50.0
    assert traffic.rate.at(now) == pytest.approx(5e5, rel=0.01)


def test_the_journal_is_told_of_changes_only_with_their_reason() -> None:
    now = 0.0
    told: list[PresetChosen] = []
    traffic = Traffic(clock=lambda: now)
    pacer = Pacer(3, THREADS, Costs(), traffic, told.append)
    traffic.ready(3, 0)
    traffic.arrived(3, 0, 0.0)
    ready, data = 0, Data()
    presets = []
    for left in range(60, 0, -1):
        presets.append(pacer.choose(BLOCK_SIZE, left * BLOCK_SIZE))
        packed, seconds = data.packed(presets[-1], BLOCK_SIZE), data.seconds(presets[-1], BLOCK_SIZE)
        pacer.packed(packed, seconds, seconds)
        ready += packed
        traffic.ready(3, ready)
        now += 0.5
        traffic.arrived(3, int(now * 100_000), now)
    assert 1 < len(told) < 9
    assert [event.preset for event in told] == [
        preset for before, preset in pairwise([-1, *presets]) if preset != before
    ]
    assert (told[0].reason, told[0].database) == ("start", 3)
    last = told[-1]
    assert last.reason == "link-behind"
    assert last.rate == pytest.approx(100_000, rel=0.1)


@pytest.fixture
def link(ssh_server: SshServer) -> Iterator[Relay]:
    with relay(ssh_server.port) as made:
        yield made


def test_a_slow_line_gets_smaller_blocks_than_a_fast_one(
    tmp_path: Path, ssh_server: SshServer, link: Relay
) -> None:
    """The slow line opens once all is packed: what it carries afterwards shows nothing more."""
    (tmp_path / "bases").mkdir()
    base = make_samples(tmp_path / "bases", 3).sqlite.path
    place = place_for(tmp_path / "home", ssh_server.password)
    place.configure(ssh_server, {"Base": base}, port=link.port)
    content = base.read_bytes()
    told: list[list[PresetChosen]] = []
    sizes: list[int] = []
    for rate in (None, 60_000):
        link.rate = rate
        earlier = len(control.list_jobs(place.home))
        with place.started("run", "--yes") as command:
            wait_until(lambda: len(control.list_jobs(place.home)) > earlier, what="a job")  # noqa: B023
            wait_until(lambda: ArchiveSealed in map(type, _events(place)), seconds=300, what="an archive")
            link.rate = None
            assert command.wait(120) == 0
        told.append([event for event in _events(place) if isinstance(event, PresetChosen)])
        (archive,) = archives(ssh_server.root)
        assert (extract(archive, tmp_path / str(rate)) / base.name).read_bytes() == content
        sizes.append(archive.stat().st_size)
        archive.unlink()
    fast, slow = told
    assert sizes[1] < sizes[0]
    assert fast[0].reason == slow[0].reason == "start"
    assert min(event.rate for event in fast) > 300_000
    assert max(event.preset or 0 for event in slow) > max(event.preset or 0 for event in fast)
    assert "link-behind" in [event.reason for event in slow]
    assert slow[-1].rate < 300_000
    assert place.run("jobs", "--verify").code == 0


def _events(place: Place) -> list[Event]:
    return list(JournalReader(place.job().journal).read())


@pytest.mark.parametrize("preset", [0, 1, 6])
def test_a_preset_of_the_configuration_is_used_for_every_block(
    tmp_path: Path, ssh_server: SshServer, preset: int
) -> None:
    (tmp_path / "bases").mkdir()
    base = make_samples(tmp_path / "bases", 0.3).sqlite.path
    place = place_for(tmp_path / "home", ssh_server.password)
    place.configure(ssh_server, {"Base": base})
    place.change(transfer=TransferSettings(compression=preset))
    assert place.run("run", "--yes").code == 0
    (sealed,) = (event for event in _events(place) if isinstance(event, ArchiveSealed))
    made = write_archive(
        list_source(base),
        tmp_path / "a.7z",
        work=tmp_path / "work",
        pacer=Fixed(preset),
        on_progress=lambda _: None,
        cancelled=threading.Event(),
    )
    assert sealed.size == pytest.approx(made.size, rel=0.01 if preset == 0 else 0)
    assert preset == 0 or sealed.sha256 == made.sha256
    assert PresetChosen not in map(type, _events(place))
