"""One mechanism ends what looks, what pauses and what is blocked."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from tui_transfer.system.cancellation import Cancellation


def test_ends_a_pause_at_once() -> None:
    cancellation = Cancellation()
    woken: list[bool] = []
    waiting = threading.Thread(target=lambda: woken.append(cancellation.wait(60)))
    waiting.start()
    cancellation.cancel()
    waiting.join(10)
    assert woken == [True]


@pytest.mark.linux
def test_ends_what_is_blocked_on_a_socket() -> None:
    cancellation = Cancellation()
    ours, theirs = socket.socketpair()
    blocked = threading.Event()
    received: list[bytes] = []

    def work() -> None:
        with cancellation.ending(lambda: ours.shutdown(socket.SHUT_RDWR)):
            blocked.set()
            received.append(ours.recv(1))

    thread = threading.Thread(target=work)
    with ours, theirs:
        thread.start()
        assert blocked.wait(10)
        cancellation.cancel()
        thread.join(10)
    assert received == [b""]


def test_what_begins_too_late_is_ended_at_once() -> None:
    cancellation = Cancellation()
    cancellation.cancel()
    ended: list[str] = []
    with cancellation.ending(lambda: ended.append("here")):
        assert ended == ["here"]
    began = time.monotonic()
    assert cancellation.wait(60)
    assert time.monotonic() - began < 10


def test_what_has_ended_by_itself_is_left_alone() -> None:
    cancellation = Cancellation()
    ended: list[str] = []
    with cancellation.ending(lambda: ended.append("never")):
        pass
    cancellation.cancel()
    assert ended == []


def test_each_is_ended_once() -> None:
    cancellation = Cancellation()
    ended: list[str] = []
    with cancellation.ending(lambda: ended.append("once")):
        cancellation.cancel()
        cancellation.cancel()
    assert ended == ["once"]


def test_a_part_ends_with_the_whole_and_not_the_whole_with_a_part() -> None:
    whole = Cancellation()
    with whole.scope() as first, whole.scope() as second:
        first.cancel()
        assert first.is_set
        assert not second.is_set
        assert not whole.is_set
        whole.cancel()
        assert second.is_set
