"""Connects to test servers and delivers to them, with defaults that suit most tests."""

from __future__ import annotations

import hashlib
import random
import threading
from typing import TYPE_CHECKING, Protocol

import pytest

from tui_transfer.errors import TransferError
from tui_transfer.sharebox.delivery.growing import GrowingFile
from tui_transfer.sharebox.delivery.handover import Delivery, deliver
from tui_transfer.sharebox.delivery.resume_state import ResumeState
from tui_transfer.sharebox.proxy.routes import Direct, Route
from tui_transfer.sharebox.ssh.authentication import Credentials
from tui_transfer.sharebox.ssh.connection import Address, Sharebox

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tui_transfer.errors import Problem
    from tui_transfer.sharebox.delivery.progress import DeliveryProgress


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
) -> Sharebox:
    """Connects to `server` with its password and pinned key, unless told otherwise."""
    address = Address(server.host, port or server.port, server.username, directory or server.directory)
    known = credentials or Credentials(password=server.password)
    return Sharebox.connect(address, route or Direct(), known, server.fingerprint)


def make_archive(path: Path, size: int, seed: int = 0) -> bytes:
    """Writes `size` random bytes to `path`, the same ones for the same seed."""
    content = random.Random(seed).randbytes(size)
    path.write_bytes(content)
    return content


def send(
    sharebox: Sharebox,
    archive: Path | GrowingFile,
    name: str = "base.7z",
    *,
    on_progress: Callable[[DeliveryProgress], None] = lambda progress: None,
    cancelled: threading.Event | None = None,
    resume_state: ResumeState | None = None,
) -> Delivery:
    """Delivers a local archive."""
    file = archive if isinstance(archive, GrowingFile) else GrowingFile.finished(archive)
    return deliver(
        sharebox,
        file,
        name,
        sha256=lambda: hashlib.sha256(file.path.read_bytes()).hexdigest(),
        on_progress=on_progress,
        cancelled=cancelled or threading.Event(),
        resume_state=resume_state,
    )


def failure(problem: Problem, call: Callable[[], object]) -> TransferError:
    """The error that `call` must raise, of this problem, with every detail that its text names."""
    with pytest.raises(TransferError) as raised:
        call()
    error = raised.value
    assert error.problem is problem, error
    assert "—" not in error.title + error.why + error.advice, f"a detail is missing: {error.as_text()}"
    return error
