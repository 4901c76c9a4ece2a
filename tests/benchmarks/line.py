"""Lines to measure on: two network namespaces and a `tbf` between them, or relays where those cannot be had.

A line's rate is what TCP carries on it: headers come on top of it, so that a bound may divide the bytes of a
file by the rate.
"""

from __future__ import annotations

import contextlib
import os
import queue
import shutil
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from tests.servers.processes import LOOPBACK
from tests.servers.relay import relay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.servers.relay import Relay

SERVER_ADDRESS: Final = "192.0.2.1"  # of the block that RFC 5737 sets aside for examples
CLIENT_ADDRESS: Final = "192.0.2.2"
_SERVER_END, _CLIENT_END = "line0", "line1"
_FRAME, _PAYLOAD = 1514, 1448
"""Bytes of a full Ethernet frame, and of what TCP carries in it."""
_BURST: Final = 32_000
_QUEUE: Final = "50ms"
_OWN_NAMESPACE: Final = "TUI_TRANSFER_BENCHMARK_NAMESPACE"
_PIECE: Final = 1 << 14
_SLACK: Final = 0.05
"""Seconds of data that a delaying relay takes ahead of its rate, as a router's queue does."""


@dataclass(frozen=True)
class Reached:
    """How clients reach a server.

    Attributes:
        host: its address.
        port: its port.
        through: words to put before a client's command, so that it runs at the line's other end.
    """

    host: str
    port: int
    through: Sequence[str] = ()


class Line(Protocol):
    """A line between clients and servers."""

    listens: Sequence[str]
    """Addresses `HOST` on which servers have to listen, beside loopback."""

    def reach(self, port: int, rate: float | None) -> contextlib.AbstractContextManager[Reached]:
        """The way to the server on `port`, at `rate` bytes a second each way; None for full speed."""

    def shape(self, up: float, down: float) -> None:
        """Changes the rates of the way that is reached just now, to the server and back."""


def enter_namespace() -> None:
    """Begins the program anew in a network namespace of its own, where that may be had."""
    if _OWN_NAMESPACE in os.environ or not _can_have_namespaces():
        return
    os.environ[_OWN_NAMESPACE] = "1"
    os.execvp("unshare", ["unshare", "--net", sys.executable, *sys.orig_argv[1:]])


def _can_have_namespaces() -> bool:
    if os.name != "posix" or os.geteuid() != 0:
        return False
    if not all(shutil.which(program) for program in ("ip", "tc", "unshare", "nsenter")):
        return False
    trial = (
        f"ip link add {_SERVER_END} type veth peer name {_CLIENT_END} && tc qdisc add dev {_SERVER_END} root "
    )
    trial += f"tbf rate 1mbit burst {_BURST} latency {_QUEUE}"
    return subprocess.run(["unshare", "--net", "sh", "-c", trial], capture_output=True).returncode == 0


@contextlib.contextmanager
def open_line() -> Iterator[Line]:
    """The best line that this machine allows. It is gone, whatever happens, when this process is."""
    if _OWN_NAMESPACE in os.environ:
        with _namespaces() as line:
            yield line
    else:
        yield RelayLine()


class RelayLine:
    """Relays on loopback, as the tests have them."""

    listens: Sequence[str] = ()

    def __init__(self) -> None:
        self._link: Relay | None = None

    def __str__(self) -> str:
        return "relay on loopback"

    @contextlib.contextmanager
    def reach(self, port: int, rate: float | None) -> Iterator[Reached]:
        """The way through a relay; without a rate there is nothing in between."""
        if rate is None:
            yield Reached(LOOPBACK, port)
            return
        with relay(port) as self._link:
            self.shape(rate, rate)
            yield Reached(LOOPBACK, self._link.port)

    def shape(self, up: float, down: float) -> None:
        """Changes the rates of the relay there is, to the server and back."""
        assert self._link is not None
        self._link.rate, self._link.rate_back = round(up), round(down)


class NamespaceLine:
    """Two namespaces joined by a pair of network cards; servers are in the one of this process.

    Args:
        holder: a process in the other one.
    """

    listens: Sequence[str] = (SERVER_ADDRESS,)

    def __init__(self, holder: int) -> None:
        self._through = ["nsenter", f"--net=/proc/{holder}/ns/net", "--"]
        self._ends: tuple[tuple[Sequence[str], str], ...] = ((), _SERVER_END), (self._through, _CLIENT_END)
        _ip("link", "set", "lo", "up")
        _ip("link", "add", _SERVER_END, "type", "veth", "peer", "name", _CLIENT_END, "netns", str(holder))
        self._bring_up((), _SERVER_END, SERVER_ADDRESS)
        self._bring_up(self._through, _CLIENT_END, CLIENT_ADDRESS)

    def __str__(self) -> str:
        return "network namespaces, tbf"

    @contextlib.contextmanager
    def reach(self, port: int, rate: float | None) -> Iterator[Reached]:
        """The way from the other namespace."""
        if rate is not None:
            self.shape(rate, rate)
        try:
            yield Reached(SERVER_ADDRESS, port, self._through)
        finally:
            for through, end in self._ends if rate is not None else ():
                _administer([*through, "tc", "qdisc", "delete", "dev", end, "root"])

    def shape(self, up: float, down: float) -> None:
        """Changes the rates at both ends, to the server and back."""
        for (through, end), rate in zip(self._ends, (down, up), strict=True):
            bits = round(rate * 8 * _FRAME / _PAYLOAD)
            shape = ["tbf", "rate", f"{bits}bit", "burst", str(_BURST), "latency", _QUEUE]
            _administer([*through, "tc", "qdisc", "replace", "dev", end, "root", *shape])

    def _bring_up(self, through: Sequence[str], end: str, address: str) -> None:
        _administer([*through, "ip", "address", "add", f"{address}/24", "dev", end])
        _administer([*through, "ip", "link", "set", end, "up"])


@contextlib.contextmanager
def _namespaces() -> Iterator[NamespaceLine]:
    # `cat` ends with its input, that is with this process, and the namespace with it.
    holding = ["unshare", "--net", "sh", "-c", "echo; exec cat"]
    with subprocess.Popen(holding, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        holder.stdout.readline()  # it is in its namespace
        yield NamespaceLine(holder.pid)
        holder.communicate()


def _ip(*words: str) -> None:
    _administer(["ip", *words])


def _administer(command: Sequence[str]) -> None:
    subprocess.run(command, check=True, capture_output=True)


class DelayingRelay:
    """Carries connections to a server on loopback: `rate` bytes a second, `delay` seconds late, each way.

    Attributes:
        port: where it listens.
    """

    def __init__(self, target_port: int, rate: float, delay: float) -> None:
        self._target_port = target_port
        self._rate = rate
        self._delay = delay
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listener.getsockname()[1]
        self._open = [self._listener]
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def close(self) -> None:
        """Ends the connections that there are, and takes no more."""
        self._shut(self._listener)
        self._threads[0].join()  # it starts the others
        for one in self._open:
            self._shut(one)
        for thread in self._threads:
            thread.join()
        for one in self._open:
            one.close()

    @staticmethod
    def _shut(one: socket.socket) -> None:
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        self._threads.append(threading.Thread(target=target, args=arguments, daemon=True))
        self._threads[-1].start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
                self._open.append(client)
                server = socket.create_connection((LOOPBACK, self._target_port))
                self._open.append(server)
            except OSError:
                return
            for source, sink in ((client, server), (server, client)):
                sink.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                on_the_way: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()
                self._start(self._take, source, on_the_way)
                self._start(self._give, on_the_way, sink)

    def _take(self, source: socket.socket, on_the_way: queue.SimpleQueue[tuple[float, bytes]]) -> None:
        free = time.monotonic()
        data = b"-"
        while data:
            try:
                data = source.recv(_PIECE)
            except OSError:  # reset: the other side is told of an end
                data = b""
            free = max(free, time.monotonic()) + len(data) / self._rate
            on_the_way.put((free + self._delay, data))
            time.sleep(max(0.0, free - time.monotonic() - _SLACK))

    def _give(self, on_the_way: queue.SimpleQueue[tuple[float, bytes]], sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                due, data = on_the_way.get()
                time.sleep(max(0.0, due - time.monotonic()))
                if not data:
                    sink.shutdown(socket.SHUT_WR)
                    return
                sink.sendall(data)


@contextlib.contextmanager
def delaying_relay(target_port: int, rate: float, round_trip: float) -> Iterator[DelayingRelay]:
    """Runs a relay to a server on loopback that answers `round_trip` seconds late."""
    made = DelayingRelay(target_port, rate, round_trip / 2)
    try:
        yield made
    finally:
        made.close()
