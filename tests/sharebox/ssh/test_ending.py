"""Whoever waits for a Sharebox is let go at once when nobody wants it any more, whatever it waits for.

The servers are real, and go silent after a given byte. Nothing but the cancellation ends the wait within the
time that is measured: the limits of the program are three times as long and more.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.servers.openssh import openssh
from tests.servers.processes import LOOPBACK, wait_until
from tests.servers.relay import relay
from tests.servers.squid import squid
from tests.sharebox.helpers import connect, failure, make_archive, send
from tests.sharebox.proxy.scripted_proxy import refusal, scripted_proxy
from tests.sharebox.proxy.test_routes_identification import NTLM_CHALLENGE
from tui_transfer.errors import Problem
from tui_transfer.sharebox.proxy import routes
from tui_transfer.sharebox.proxy.routes import CONNECT_SECONDS, Direct, Proxy
from tui_transfer.sharebox.ssh.route_trial import try_route
from tui_transfer.system.cancellation import Cancellation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.servers.account import Account
    from tests.servers.danted import DantedServer
    from tests.servers.openssh import SshServer
    from tui_transfer.sharebox.delivery.progress import DeliveryProgress
    from tui_transfer.sharebox.proxy.routes import Route
    from tui_transfer.sharebox.ssh.sharebox import Sharebox

AT_ONCE = 5.0
"""Seconds; for a busy machine. It takes less than one."""
assert CONNECT_SECONDS > 2 * AT_ONCE
_EXCHANGE = 6_000
"""Bytes that a server says until it answers a request in a second session; more than that, so that requests
follow."""
_STEP = int(os.environ.get("TUI_TRANSFER_TEST_STEP", "61"))
"""1 for every byte, which takes an hour."""


@pytest.fixture(scope="module")
def server(account: Account) -> Iterator[SshServer]:
    with openssh(account, allow_exec=True, options=["MaxStartups 100"]) as running:
        yield running


def seconds_to_end(work: Callable[[Cancellation], object], is_waiting: Callable[[], bool]) -> float:
    """How long after its cancellation `work` ends, as interrupted. It is cancelled once it waits."""
    cancellation = Cancellation()
    ended: list[float] = []

    def run() -> None:
        failure(Problem.INTERRUPTED, lambda: work(cancellation))
        ended.append(time.monotonic())

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run)
        try:
            wait_until(lambda: is_waiting() or running.done(), what="the wait")
        finally:
            asked = time.monotonic()
            cancellation.cancel()
        running.result()
    return ended[0] - asked


def use(server: SshServer, route: Route, port: int, cancellation: Cancellation) -> None:
    """Everything that a transfer does with a connection, up to requests without end."""
    with connect(server, route=route, port=port, cancellation=cancellation) as sharebox:
        assert sharebox.run("echo; sleep 0.1; echo", 30) == b"\n\n"
        second = sharebox.open_second_session()
        assert second is not None
        with second.refusals("accès à", "/"):
            while True:
                second.sftp.stat("/")


@contextmanager
def way(kind: str, server: SshServer, danted: DantedServer) -> Iterator[tuple[int, Callable[[int], Route]]]:
    """The port to which a relay is to lead, and the route through the relay's own."""
    if kind == "direct":
        yield server.port, lambda _: Direct()
    elif kind == "socks5":
        yield danted.port, lambda port: Proxy("socks5", LOOPBACK, port)
    else:
        with (
            squid(allowed_ports=[server.port], encrypted=kind == "https") as proxy,
            pytest.MonkeyPatch.context() as patch,
        ):
            patch.setenv("SSL_CERT_FILE", str(proxy.certificate))
            yield proxy.port, lambda port: Proxy("https" if kind == "https" else "http", LOOPBACK, port)


@pytest.mark.parametrize("kind", ["direct", "http", "https", "socks5"])
def test_at_every_byte_of_the_exchange(server: SshServer, danted_open: DantedServer, kind: str) -> None:
    with way(kind, server, danted_open) as (target, route_by):

        def silent_after(count: int) -> tuple[float, int]:
            with relay(target) as link:
                link.silent_after = count
                port = link.port if kind == "direct" else server.port
                taken = seconds_to_end(
                    lambda cancellation: use(server, route_by(link.port), port, cancellation),
                    lambda: link.connections > 0 and link.answered >= count,
                )
                return taken, count

        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(silent_after, range(0, _EXCHANGE, _STEP)))
    assert max(found)[0] < AT_ONCE, "seconds, and after which byte"


def test_while_a_name_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, answer = threading.Event(), threading.Event()

    def ask(*_: object, **__: object) -> list[object]:
        asked.set()
        answer.wait(60)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", ask)
    try:
        assert _seconds_to_open(Direct(), "sharebox.test", 22, asked.is_set) < AT_ONCE
        asked.clear()
        proxy = Proxy("http", "proxy.test", 3128)
        assert _seconds_to_open(proxy, "sharebox.test", 22, asked.is_set) < AT_ONCE
    finally:
        answer.set()


@pytest.mark.parametrize("through_proxy", [False, True])
def test_while_connecting_to_a_machine_that_does_not_answer(
    monkeypatch: pytest.MonkeyPatch, through_proxy: bool
) -> None:
    connecting = threading.Event()
    connect_really = socket.socket.connect

    def connect(link: socket.socket, address: Any) -> None:
        connecting.set()
        connect_really(link, address)

    with socket.create_server((LOOPBACK, 0), backlog=0) as full:
        host, port = full.getsockname()
        with socket.create_connection((host, port)), socket.socket() as second:
            second.setblocking(False)
            second.connect_ex((host, port))
            monkeypatch.setattr(socket.socket, "connect", connect)
            route = Proxy("socks5", host, port) if through_proxy else Direct()
            assert _seconds_to_open(route, host, port, connecting.is_set) < AT_ONCE


def _seconds_to_open(route: Route, host: str, port: int, is_waiting: Callable[[], bool]) -> float:
    return seconds_to_end(
        lambda cancellation: routes.open_tunnel(route, host, port, cancellation), is_waiting
    )


def test_nothing_more_is_said_to_a_proxy_once_nobody_wants_it() -> None:
    """It asks for the proof of the password when the person has left: an attempt might lock the account."""
    left = threading.Event()

    def challenge_late() -> Iterator[bytes]:
        left.wait(60)
        yield refusal(f"NTLM {NTLM_CHALLENGE}")

    with scripted_proxy([[refusal("NTLM")], challenge_late()]) as proxy:
        try:
            seconds = _seconds_to_open(
                proxy.route("u", "p"), "sharebox.test", 22, lambda: len(proxy.requests) == 2
            )
        finally:
            left.set()
        assert seconds < AT_ONCE
    assert len(proxy.requests) == 2


def test_while_the_trial_of_a_route_waits(server: SshServer) -> None:
    with relay(server.port) as link:
        link.silent_after = 30
        seconds = seconds_to_end(
            lambda cancellation: try_route(LOOPBACK, link.port, Direct(), cancellation),
            lambda: link.answered == 30,
        )
        assert seconds < AT_ONCE


def test_while_the_server_takes_nothing(server: SshServer, tmp_path: Path) -> None:
    make_archive(tmp_path / "archive", 20_000_000)
    with relay(server.port) as link:
        blocked = threading.Event()

        def work(cancellation: Cancellation) -> None:
            def block(progress: DeliveryProgress) -> None:
                if progress.done > 1_000_000:
                    link.silence()
                    blocked.set()

            with connect(server, port=link.port, cancellation=cancellation) as sharebox:
                send(sharebox, tmp_path / "archive", on_progress=block)

        assert seconds_to_end(work, blocked.is_set) < AT_ONCE


def test_in_two_sessions_of_one_connection(server: SshServer) -> None:
    with relay(server.port) as link:
        asking: list[int] = []

        def ask(sharebox: Sharebox) -> None:
            with sharebox.refusals("accès à", "/"):
                asking.append(1)
                sharebox.sftp.stat("/")

        def work(cancellation: Cancellation) -> None:
            with (
                connect(server, port=link.port, cancellation=cancellation) as first,
                ThreadPoolExecutor(1) as pool,
            ):
                second = first.open_second_session()
                assert second is not None
                link.silence()
                other = pool.submit(failure, Problem.INTERRUPTED, partial(ask, second))
                try:
                    ask(first)
                finally:
                    other.result()

        assert seconds_to_end(work, lambda: len(asking) == 2) < AT_ONCE


def test_what_is_begun_too_late_does_not_begin(server: SshServer) -> None:
    cancellation = Cancellation()
    cancellation.cancel()
    with relay(server.port) as link:
        failure(Problem.INTERRUPTED, lambda: connect(server, port=link.port, cancellation=cancellation))
        assert link.connections == 0
