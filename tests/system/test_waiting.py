"""What nothing can wake is waited for as long as somebody wants it."""

from __future__ import annotations

import threading
import time

import pytest

from tests.servers.processes import wait_until
from tui_transfer.errors import Problem, TransferError
from tui_transfer.system.cancellation import Cancellation
from tui_transfer.system.waiting import result_of

FAR = 60.0
NEAR = 10.0


class _Work:
    """Blocked until it is let go, by nothing else; then gives 7."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self.may_end = threading.Event()

    def __call__(self) -> int:
        self.began.set()
        assert self.may_end.wait(FAR)
        return 7


def test_gives_what_the_work_gives() -> None:
    work = _Work()
    work.may_end.set()
    assert result_of(work, Cancellation()) == 7


@pytest.mark.parametrize("failure", [ValueError("this one"), TimeoutError("its own"), SystemExit(3)])
def test_raises_what_the_work_raises(failure: BaseException) -> None:
    def fail() -> None:
        raise failure

    with pytest.raises(type(failure)) as raised:
        result_of(fail, Cancellation(), seconds=FAR)
    assert raised.value is failure


def test_a_cancellation_ends_the_wait_and_what_comes_later_is_discarded() -> None:
    work, cancellation = _Work(), Cancellation()
    discarded: list[int] = []

    def cancel() -> None:
        work.began.wait(FAR)
        cancellation.cancel()

    canceller = threading.Thread(target=cancel)
    canceller.start()
    began = time.monotonic()
    with pytest.raises(TransferError) as raised:
        result_of(work, cancellation, discarded.append)
    assert raised.value.problem is Problem.INTERRUPTED
    assert time.monotonic() - began < NEAR
    canceller.join()
    assert discarded == []
    work.may_end.set()
    wait_until(lambda: discarded == [7], what="the result that came too late")


def test_the_limit_ends_the_wait_and_what_comes_later_is_discarded() -> None:
    work = _Work()
    discarded: list[int] = []
    with pytest.raises(TimeoutError):
        result_of(work, Cancellation(), discarded.append, seconds=0.05)
    work.may_end.set()
    wait_until(lambda: discarded == [7], what="the result that came too late")


def test_nothing_begins_once_cancelled() -> None:
    work, cancellation = _Work(), Cancellation()
    cancellation.cancel()
    with pytest.raises(TransferError):
        result_of(work, cancellation)
    assert not work.began.is_set()
