"""Progress and time left: a fold over events, some of a pretended worker, some that real ones recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.job.examples import START, at, spec
from tests.job.looks import Look, judged, looks, never_falls
from tests.job.pretended import FEW, Worker
from tui_transfer.job import events as ev
from tui_transfer.job.progress import Progress
from tui_transfer.job.state import JobState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

MEGA = 1_000_000


def _names(count: int) -> Sequence[str]:
    return [f"Base {number}" for number in range(count)]


def _looks(worker: Worker) -> list[Look]:
    return looks(spec(*_names(len(worker.archives))), list(worker.events()))


def _always(rate: float) -> Callable[[float], float]:
    return lambda _: rate


def _told(look: Look) -> str:
    return f"{look.at:.0f} s: {look.left} left, in truth {look.truth}"


def _after(events: Iterable[ev.Event], *names: str) -> tuple[JobState, Progress]:
    state = JobState.initial(spec(*names))
    progress = Progress.begin(state)
    for event in events:
        state = state.apply(event)
        progress = progress.after(event, state)
    return state, progress.told()


@pytest.mark.parametrize(
    ("archives", "up", "down", "packing", "reads_after", "overlaps"),
    [
        ([20 * MEGA], 250_000, 250_000, 20e6, 0, True),
        ([20 * MEGA], 250_000, 250_000, 20e6, FEW, True),
        ([20 * MEGA], 250_000, 250_000, 20e6, None, True),
        ([80 * MEGA], 2_000_000, 2_000_000, 4e6, 0, True),
        ([80 * MEGA], 2_000_000, 2_000_000, 4e6, FEW, True),
        ([20 * MEGA], 500_000, 250_000, 20e6, FEW, True),
        ([5 * MEGA, 20 * MEGA], 250_000, 250_000, 20e6, FEW, True),
        ([5 * MEGA, 20 * MEGA], 250_000, 250_000, 20e6, None, False),
        ([20 * MEGA, 5 * MEGA, 10 * MEGA], 250_000, 250_000, 20e6, 0, False),
    ],
)
def test_the_time_left_is_within_a_fifth_from_the_first_quarter_on(
    archives: list[int], up: float, down: float, packing: float, reads_after: int | None, overlaps: bool
) -> None:
    worker = Worker(
        archives, _always(up), _always(down), packing=packing, reads_after=reads_after, overlaps=overlaps
    )
    seen = _looks(worker)
    assert never_falls(seen)
    wrong = [_told(look) for look in judged(seen) if not look.holds]
    assert not wrong, wrong
    assert len(seen) > 100


@pytest.mark.parametrize("reads_after", [0, FEW, None])
def test_a_rate_that_halves_is_believed_within_half_a_minute(reads_after: int | None) -> None:
    def rate(now: float) -> float:
        return 500_000 if now < 40 else 250_000

    seen = _looks(Worker([40 * MEGA], rate, rate, reads_after=reads_after))
    wrong = [_told(look) for look in judged(seen, changed_at=40) if not look.holds]
    assert not wrong, wrong
    assert never_falls(seen)


_RATES = st.sampled_from([100_000.0, 400_000.0, 3_000_000.0, 20_000_000.0])


@given(
    st.lists(st.integers(100_000, 10 * MEGA), min_size=1, max_size=3),
    st.lists(_RATES, min_size=2, max_size=2),
    st.lists(_RATES, min_size=2, max_size=2),
    st.sampled_from([300_000.0, 4e6, 50e6]),
    st.sampled_from([0, FEW, None]),
    st.booleans(),
    st.none() | st.integers(1, 10 * MEGA),
)
@settings(max_examples=12, deadline=None)
def test_progress_never_falls_and_is_whole_at_the_end_alone(
    archives: list[int],
    up: list[float],
    down: list[float],
    packing: float,
    reads_after: int | None,
    overlaps: bool,
    loses: int | None,
) -> None:
    """Whatever becomes of the line, and also where what was sent is lost and sent once more."""

    def changing(rates: list[float]) -> Callable[[float], float]:
        return lambda now: rates[int(now / 7) % 2]

    worker = Worker(
        archives,
        changing(up),
        changing(down),
        packing=packing,
        reads_after=reads_after,
        overlaps=overlaps,
        loses=loses,
    )
    assert never_falls(_looks(worker))


def test_a_second_sending_goes_on_from_where_progress_stands() -> None:
    rate = _always(500_000)
    once = _looks(Worker([20 * MEGA], rate, rate, reads_after=0))
    twice = _looks(Worker([20 * MEGA], rate, rate, reads_after=0, loses=10 * MEGA))
    assert never_falls(twice)
    assert twice[-1].at > 1.4 * once[-1].at
    lost_at = 10 * MEGA / 500_000
    then, shortly_after, much_later = (
        next(look.share for look in twice if look.at >= lost_at + more) for more in (0, 4, 20)
    )
    assert then == pytest.approx(0.5, abs=0.1)
    assert then < shortly_after < much_later < 0.9


def test_progress_is_about_the_share_of_time_where_nothing_changes() -> None:
    rate = _always(500_000)
    for reads_after in (0, FEW, None):
        for look in _looks(Worker([10 * MEGA, 20 * MEGA], rate, rate, reads_after=reads_after)):
            share = look.at / (look.at + look.truth)
            assert look.share == pytest.approx(share, abs=0.1), (reads_after, look)


def test_what_is_packed_without_a_connection_moves_progress_a_little_and_not_by_half() -> None:
    packed: list[ev.Event] = [
        ev.WorkerStarted(at=at(0), pid=1, program="1"),
        ev.ArchiveStarted(at=at(0), database=0, kind="file", size=100 * MEGA, files=1),
        *(
            ev.ArchiveProgress(at=at(second), database=0, read=10 * MEGA * second, packed=3 * MEGA * second)
            for second in range(1, 11)
        ),
        ev.ArchiveSealed(at=at(11), database=0, size=30 * MEGA, sha256="x", source_size=100 * MEGA, files=1),
    ]
    state, progress = _after(packed)
    assert state.databases[0].acknowledged == 0
    assert 0.0 < progress.share < 0.1
    assert progress.left(at(11).timestamp()) is None


def test_nothing_is_claimed_before_something_moves_or_while_the_network_is_away() -> None:
    worker = Worker([20 * MEGA], _always(250_000), _always(250_000), reads_after=0)
    events = [event for event in worker.events() if event.at < at(20)]
    assert _after(events[:5])[1].left(START.timestamp()) is None
    state, progress = _after(events)
    now = at(20).timestamp()
    assert progress.rate(now) == pytest.approx(250_000, rel=0.05)
    assert progress.left(now) is not None
    assert progress.left(now + 60) is None, "nobody can tell after a minute of silence"
    away = ev.Waiting(at=at(20), attempt=1, seconds=9, reason="Perdue.")
    lost = progress.after(away, state.apply(away))
    assert (lost.rate(now), lost.left(now)) == (None, None)


def test_what_an_earlier_worker_sent_is_not_taken_for_speed_and_is_compared_first() -> None:
    first = list(Worker([20 * MEGA], _always(250_000), _always(250_000)).events())
    cut = [event for event in first if event.at < at(40)]
    again: list[ev.Event] = [
        ev.JobBlocked(at=at(41), problem="interrupted"),
        ev.WorkerStarted(at=at(100), pid=2, program="1"),
        *(
            ev.VerificationProgress(
                at=at(101 + second), database=0, checked=second * 250_000, total=9_875_000
            )
            for second in range(10)
        ),
    ]
    _, progress = _after([*cut, *again])
    left = progress.left(at(110).timestamp())
    to_compare, to_send = 9_875_000 - 2_250_000, 20 * MEGA - 9_875_000
    assert left == pytest.approx((to_compare + to_send + FEW) / 250_000, rel=0.15)


def test_what_lies_beside_an_archive_is_waited_for_and_measured() -> None:
    def until(sent: int) -> list[ev.Event]:
        return [
            ev.WorkerStarted(at=at(0), pid=1, program="1"),
            ev.ArchiveSealed(
                at=at(0), database=0, size=1000, sha256="x", source_size=1, files=1, beside=500_000
            ),
            ev.UploadStarted(at=at(0), database=0, offset=0),
            ev.UploadProgress(at=at(0), database=0, acknowledged=1000),
            ev.VerificationProgress(at=at(0), database=0, checked=1000, total=1000),
            *(
                ev.BesideProgress(at=at(second), database=0, sent=second * 10_000, total=500_000)
                for second in range(1, sent)
            ),
        ]

    assert _after(until(1))[1].share < 0.1
    _, progress = _after(until(30))
    now = at(29).timestamp()
    there_and_back = 2 * 10_000
    assert progress.rate(now) == pytest.approx(there_and_back, rel=0.05)
    assert progress.left(now) == pytest.approx((500_000 - 290_000) / 10_000, rel=0.05)
    assert 0.5 < progress.share < 0.7


def test_the_share_is_the_same_for_whoever_looks_and_since_when() -> None:
    """A view that joins late shows, to a hundredth or so, what those show that looked every half second."""
    rate = _always(500_000)
    events = list(Worker([10 * MEGA, 20 * MEGA], rate, rate).events())
    job = spec(*_names(2))
    seen = looks(job, events)
    assert seen == looks(job, events)
    state = JobState.initial(job)
    progress = Progress.begin(state)
    for event in (event for event in events if event.at <= at(30)):
        state = state.apply(event)
        progress = progress.after(event, state)
    then = next(look for look in seen if look.at > 30)
    assert progress.told().share == pytest.approx(then.share, abs=0.02)
