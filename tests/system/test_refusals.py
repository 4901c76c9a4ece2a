"""What a system lacks or refuses costs a convenience, and nothing else."""

from __future__ import annotations

import errno
import os
import socket
import sys

import pytest

from tui_transfer.archive.writer import cores
from tui_transfer.system.files import keep_process_private
from tui_transfer.system.processes import give_way
from tui_transfer.system.sockets import set_option


def refuse(*_: object) -> None:
    raise OSError(errno.EPERM, os.strerror(errno.EPERM))


def test_an_option_of_a_socket() -> None:
    with socket.socket() as link:
        set_option(link, socket.IPPROTO_TCP, "TCP_OF_NO_SYSTEM", 1)
        set_option(link, 250, "TCP_NODELAY", 1)
        set_option(link, socket.IPPROTO_TCP, "TCP_NODELAY", 1)
        assert link.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such limit")
@pytest.mark.parametrize("error", [OSError(errno.EPERM, ""), ValueError("no higher than it is")])
def test_a_limit_of_memory_dumps(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    import resource

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(resource, "setrlimit", fail)
    before = os.umask(0o022)
    try:
        keep_process_private()
    finally:
        assert os.umask(before) == 0o077


def test_priorities_and_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("getpriority", "setpriority", "sched_getaffinity"):
        monkeypatch.setattr(os, name, refuse, raising=False)
    give_way(5)
    assert cores() == (os.cpu_count() or 1)
