"""What the system knows of the other end of a connection; a busy server is tried in `test_silence`."""

from __future__ import annotations

import socket
import sys

import pytest

from tests.servers.processes import LOOPBACK, wait_until
from tests.servers.relay import relay
from tui_transfer.system import sockets
from tui_transfer.system.acknowledgements import acknowledgements

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems end the connection themselves")


def test_what_is_taken_is_acknowledged_until_the_link_is_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "DEAD_AFTER_SECONDS", 1)
    with (
        socket.create_server((LOOPBACK, 0)) as mute,
        relay(mute.getsockname()[1]) as way,
        socket.create_connection((LOOPBACK, way.port)) as link,
    ):
        sockets.tune(link)
        wait_until(lambda: way.connections == 1, what="the connection")
        known = acknowledgements(link)
        assert known is not None
        known.wait_for_program(60)  # or the system would end it first
        link.sendall(b"taken by the system, though nobody reads it")
        assert not known.are_missing()
        way.vanish()
        link.sendall(b"lost")
        wait_until(known.are_missing, what="that an acknowledgement is missing")
        assert link.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 60_000
        known.wait_for_program(None)
        assert link.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 1_000
        link.close()
        wait_until(known.are_missing, what="that nothing is known of a closed one")


def test_where_the_system_does_not_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert acknowledgements(ours) is None  # which leads to no network
    with (
        socket.create_server((LOOPBACK, 0)) as server,
        socket.create_connection(server.getsockname()) as link,
    ):
        assert acknowledgements(link) is not None
        for option in ("TCP_INFO", "TCP_USER_TIMEOUT"):
            with monkeypatch.context() as patch:
                patch.setattr(socket, option, 9_999)  # of which Linux says ENOPROTOOPT
                assert acknowledgements(link) is None
                patch.delattr(socket, option)
                assert acknowledgements(link) is None
