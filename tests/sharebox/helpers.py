"""Connects to test servers and delivers to them, with defaults that suit most tests."""

from __future__ import annotations

import hashlib
import random
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import pytest

from tui_transfer.errors import TransferError
from tui_transfer.sharebox.delivery import small_file
from tui_transfer.sharebox.delivery.deliver import Consignment, deliver
from tui_transfer.sharebox.delivery.deliver import send as send_growing
from tui_transfer.sharebox.delivery.evidence import Step
from tui_transfer.sharebox.delivery.growing import GrowingFile
from tui_transfer.sharebox.delivery.ledger import Ledger
from tui_transfer.sharebox.delivery.resume_state import ResumeState
from tui_transfer.sharebox.delivery.trial import Trials
from tui_transfer.sharebox.proxy import routes
from tui_transfer.sharebox.proxy.routes import Direct, Route
from tui_transfer.sharebox.ssh.address import Address
from tui_transfer.sharebox.ssh.credentials import Credentials
from tui_transfer.sharebox.ssh.sharebox import Sharebox
from tui_transfer.system.cancellation import Cancellation

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from pathlib import Path

    from tui_transfer.errors import Problem
    from tui_transfer.sharebox.delivery.evidence import Arrival, Verification
    from tui_transfer.sharebox.delivery.progress import DeliveryProgress
    from tui_transfer.sharebox.ssh.knowledge import KnownServers


class Server(Protocol):
    """What the test servers have in common."""

    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def username(self) -> str: ...
    @property
    def password(self) -> str: ...
    @property
    def fingerprint(self) -> str: ...
    @property
    def directory(self) -> str: ...


def connect(
    server: Server,
    *,
    credentials: Credentials | None = None,
    route: Route | None = None,
    port: int | None = None,
    directory: str | None = None,
    cancellation: Cancellation | None = None,
    servers: KnownServers | None = None,
    temporary_names: bool = True,
) -> Sharebox:
    """Connects to `server` with its password and pinned key, unless told otherwise."""
    address = Address(
        server.host,
        port or server.port,
        server.username,
        directory or server.directory,
        temporary_names,
    )
    known = credentials or Credentials(password=server.password)
    return Sharebox.connect(
        address, route or Direct(), known, (server.fingerprint,), cancellation or Cancellation(), servers
    )


def open_tunnel(
    route: Route, host: str, port: int, *, timeout: float = routes.CONNECT_SECONDS
) -> socket.socket:
    """A tunnel that nobody gives up."""
    return routes.open_tunnel(route, host, port, Cancellation(), timeout=timeout)


def make_archive(path: Path, size: int, seed: int = 0) -> bytes:
    """Writes `size` random bytes to `path`, the same ones for the same seed."""
    content = random.Random(seed).randbytes(size)
    path.write_bytes(content)
    return content


@dataclass
class Memory:
    """What a worker remembers of one file, and its journal: what was written there, in its order."""

    name: str = "base.7z"
    owned: bool = True
    resume_state: ResumeState = field(default_factory=ResumeState)
    written: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.name, self, owned=self.owned)

    def step(self, file: str, step: str) -> None:
        self.written.append(step)

    def lost(self, file: str, times: int) -> None:
        self.written.append(f"lost {times}")

    def arrived(self, file: str, arrival: Arrival) -> None:
        self.written.append(f"arrived {arrival.verification}")

    def resumed(self) -> Memory:
        """What the next worker makes of what this one wrote before it died."""
        other = Memory(self.name, self.ledger.owned)
        steps = [entry for entry in self.written if not entry.startswith("arrived")]
        step = Step(steps[-1]) if steps and steps[-1] in set(Step) else Step.SENDING
        other.ledger = Ledger(
            self.name,
            other,
            owned=self.ledger.owned,
            step=step,
            losses=self.ledger.losses,
            arrival=self.ledger.arrival,
        )
        return other


@dataclass(frozen=True)
class Sent:
    """What came of a delivery; `resumed_from` is the offset from which it was sent, `read_meanwhile` whether
    it was read back while it was."""

    path: str
    size: int
    verification: Verification
    resumed_from: int
    read_meanwhile: bool = False


def send(
    sharebox: Sharebox,
    archive: Path | GrowingFile,
    name: str = "base.7z",
    *,
    on_progress: Callable[[DeliveryProgress], None] = lambda progress: None,
    cancelled: threading.Event | None = None,
    memory: Memory | None = None,
    trials: Trials | None = None,
) -> Sent:
    """Delivers a local archive; by default as a worker of a job that has created its partial file before."""
    file = archive if isinstance(archive, GrowingFile) else GrowingFile.finished(archive)
    known = memory or Memory(name)
    consignment = Consignment(
        file,
        lambda: hashlib.sha256(file.path.read_bytes()).hexdigest(),
        known.ledger,
        known.resume_state,
        on_progress,
        cancelled or threading.Event(),
    )
    if file.size is None:
        send_growing(sharebox, consignment)
    arrival = deliver(sharebox, consignment, trials or Trials())
    size = file.size
    assert size is not None
    return Sent(
        arrival.path,
        size,
        arrival.verification,
        known.resume_state.sent_from,
        arrival.read_meanwhile,
    )


def put_small(
    sharebox: Sharebox, name: str, data: bytes, memory: Memory | None = None, trials: Trials | None = None
) -> Verification:
    """Delivers a small file."""
    known = memory or Memory(name)
    return small_file.put_small(sharebox, data, known.ledger, trials or Trials()).verification


def failure(problem: Problem, call: Callable[[], object]) -> TransferError:
    """The error that `call` must raise, of this problem, with every detail that its text names."""
    with pytest.raises(TransferError) as raised:
        call()
    error = raised.value
    assert error.problem is problem, error
    assert "—" not in error.title + error.why + error.advice, f"a detail is missing: {error.as_text()}"
    return error
