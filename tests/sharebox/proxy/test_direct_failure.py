"""What is known of a server that was not reached: who mistyped a port is told so, and not of a proxy."""

from __future__ import annotations

import errno
import socket
from typing import TYPE_CHECKING

import pytest

from tests.servers.processes import LOOPBACK, free_port
from tests.sharebox.helpers import failure, open_tunnel
from tui_transfer.errors import Place, Problem
from tui_transfer.sharebox.proxy import direct_failure
from tui_transfer.sharebox.proxy.direct_failure import explained, unreachable
from tui_transfer.sharebox.proxy.routes import Direct
from tui_transfer.system.cancellation import Cancellation

if TYPE_CHECKING:
    from tests.servers.openssh import SshServer
    from tests.servers.squid import SquidServer


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (socket.gaierror(socket.EAI_NONAME, "no such name"), "name"),
        (socket.gaierror(socket.EAI_AGAIN, "no answer"), "network"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), "refused"),
        (TimeoutError(), "silent"),
        (OSError(errno.ETIMEDOUT, "timed out"), "silent"),
        (OSError(errno.ENETUNREACH, "unreachable"), "network"),
        (OSError(errno.EHOSTUNREACH, "unreachable"), "network"),
        (OSError(errno.EADDRNOTAVAIL, "not available"), None),
    ],
)
def test_what_the_system_says_tells_the_cause(error: OSError, cause: str | None) -> None:
    assert unreachable("sharebox.example.org", 22, error).details.get("cause") == cause


def test_a_closed_port_and_a_name_that_nobody_has() -> None:
    closed = failure(Problem.SHAREBOX_UNREACHABLE, lambda: open_tunnel(Direct(), LOOPBACK, free_port()))
    assert (closed.details["cause"], closed.place) == ("refused", Place.PORT)
    unknown = failure(Problem.SHAREBOX_UNREACHABLE, lambda: open_tunnel(Direct(), "a..b", 22))
    assert (unknown.details["cause"], unknown.place) == ("name", Place.HOST)


def refused_beside(port: int, monkeypatch: pytest.MonkeyPatch) -> tuple[str, dict[str, str]]:
    """What is said of a closed port where `port` is the usual one."""
    monkeypatch.setattr(direct_failure, "USUAL_PORT", port)
    closed = failure(Problem.SHAREBOX_UNREACHABLE, lambda: open_tunnel(Direct(), LOOPBACK, free_port()))
    found = explained(closed, Cancellation())
    return found.title, found.details


def test_a_server_at_the_usual_port_is_named(ssh_server: SshServer, monkeypatch: pytest.MonkeyPatch) -> None:
    title, details = refused_beside(ssh_server.port, monkeypatch)
    assert (details["cause"], details["other_port"]) == ("other-port", str(ssh_server.port))
    assert title == f"Le port {details['port']} n’est sans doute pas celui de Sharebox"


def test_what_answers_there_and_is_no_such_server_is_not(
    squid_open: SquidServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(direct_failure, "_SECONDS", 0.3)  # squid waits for a request, and says nothing
    assert refused_beside(squid_open.port, monkeypatch)[1]["cause"] == "refused"


def test_neither_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refused_beside(free_port(), monkeypatch)[1]["cause"] == "refused"


def test_the_usual_port_is_not_tried_a_second_time() -> None:
    error = unreachable(LOOPBACK, direct_failure.USUAL_PORT, ConnectionRefusedError())
    assert explained(error, Cancellation()) is error
