"""The ways to a server: directly, through a real squid, and through a real danted."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from tests.servers.danted import danted
from tests.servers.processes import LOOPBACK, free_port, wait_until
from tests.servers.squid import PASSWORD, USERNAME
from tests.sharebox.helpers import connect, failure, open_tunnel
from tui_transfer.errors import Problem
from tui_transfer.sharebox.proxy.routes import Direct, Proxy

if TYPE_CHECKING:
    from typing import Literal

    from tests.servers.danted import DantedServer
    from tests.servers.openssh import SshServer
    from tests.servers.squid import SquidServer


def through(
    proxy: SquidServer | DantedServer,
    username: str | None = None,
    password: str | None = None,
    *,
    kind: Literal["http", "socks5"] = "http",
) -> Proxy:
    return Proxy(kind, proxy.host, proxy.port, username, password)


class TestDirect:
    def test_refused(self) -> None:
        error = failure(Problem.SHAREBOX_UNREACHABLE, lambda: open_tunnel(Direct(), LOOPBACK, free_port()))
        assert error.details["reason"] == "la connexion est refusée"

    def test_name_that_cannot_be(self) -> None:
        error = failure(Problem.SHAREBOX_UNREACHABLE, lambda: open_tunnel(Direct(), "a..b", 22))
        assert error.details["reason"] == "ce nom de machine est inconnu"

    def test_socket_notices_dead_links(self, ssh_server: SshServer) -> None:
        with open_tunnel(Direct(), ssh_server.host, ssh_server.port) as tunnel:
            assert tunnel.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 30_000
            assert tunnel.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            assert tunnel.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            assert tunnel.gettimeout() is None

    @pytest.mark.parametrize("option", ["TCP_NODELAY", "SO_KEEPALIVE", "TCP_USER_TIMEOUT", "TCP_KEEPCNT"])
    def test_an_option_that_the_system_lacks_costs_itself_alone(
        self, ssh_server: SshServer, monkeypatch: pytest.MonkeyPatch, option: str
    ) -> None:
        monkeypatch.setattr(socket, option, 9_999)  # of which Linux says ENOPROTOOPT
        with open_tunnel(Direct(), ssh_server.host, ssh_server.port) as tunnel:
            assert tunnel.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL) == 5


class TestSquid:
    def test_without_password(self, ssh_server: SshServer, squid_open: SquidServer) -> None:
        with connect(ssh_server, route=through(squid_open)) as sharebox:
            sharebox.check_alive()

    def test_password_of_all_kinds_of_letters(
        self, ssh_server: SshServer, squid_with_password: SquidServer
    ) -> None:
        with connect(ssh_server, route=through(squid_with_password, USERNAME, PASSWORD)) as sharebox:
            sharebox.check_alive()
        wait_until(lambda: len(squid_with_password.requests()) == 2, what="two requests in squid's log")
        assert [USERNAME in line for line in squid_with_password.requests()] == [False, True]

    def test_wrong_password_is_tried_once(
        self, ssh_server: SshServer, squid_with_password: SquidServer
    ) -> None:
        route = through(squid_with_password, USERNAME, "faux")
        failure(Problem.PROXY_CREDENTIALS_REFUSED, lambda: connect(ssh_server, route=route))
        # Then one without credentials: another attempt with them would stand before it in the log.
        failure(
            Problem.PROXY_CREDENTIALS_NEEDED, lambda: connect(ssh_server, route=through(squid_with_password))
        )
        wait_until(lambda: len(squid_with_password.requests()) == 3, what="three requests in squid's log")
        assert [USERNAME in line for line in squid_with_password.requests()] == [False, True, False]

    def test_forbidden_port(self, ssh_server: SshServer, squid_as_shipped: SquidServer) -> None:
        error = failure(Problem.PROXY_FORBIDDEN, lambda: connect(ssh_server, route=through(squid_as_shipped)))
        assert error.details["reason"].startswith("403")

    def test_server_that_the_proxy_cannot_reach(self, ssh_server: SshServer, squid_open: SquidServer) -> None:
        route = Proxy("http", squid_open.host, squid_open.port)
        failure(Problem.PROXY_NO_ROUTE, lambda: open_tunnel(route, "127.0.0.9", ssh_server.port))

    def test_proxy_that_is_not_there(self) -> None:
        route = Proxy("http", LOOPBACK, free_port())
        error = failure(Problem.PROXY_UNREACHABLE, lambda: open_tunnel(route, "sharebox.test", 22))
        assert error.details["reason"] == "la connexion est refusée"


class TestDanted:
    def test_without_password(self, ssh_server: SshServer, danted_open: DantedServer) -> None:
        with connect(ssh_server, route=through(danted_open, kind="socks5")) as sharebox:
            sharebox.check_alive()

    def test_password(self, ssh_server: SshServer, danted_with_password: DantedServer) -> None:
        route = through(danted_with_password, ssh_server.username, ssh_server.password, kind="socks5")
        with connect(ssh_server, route=route) as sharebox:
            sharebox.check_alive()

    def test_wrong_and_missing_password(
        self, ssh_server: SshServer, danted_with_password: DantedServer
    ) -> None:
        wrong = through(danted_with_password, ssh_server.username, "faux", kind="socks5")
        failure(Problem.PROXY_CREDENTIALS_REFUSED, lambda: connect(ssh_server, route=wrong))
        missing = through(danted_with_password, kind="socks5")
        failure(Problem.PROXY_CREDENTIALS_NEEDED, lambda: connect(ssh_server, route=missing))

    def test_password_that_the_protocol_cannot_carry(
        self, ssh_server: SshServer, danted_with_password: DantedServer
    ) -> None:
        route = through(danted_with_password, ssh_server.username, "été", kind="socks5")
        failure(Problem.PROXY_CREDENTIALS_REFUSED, lambda: connect(ssh_server, route=route))

    def test_forbidden(self, ssh_server: SshServer) -> None:
        with danted(forbidden_port=ssh_server.port) as proxy:
            route = through(proxy, kind="socks5")
            failure(Problem.PROXY_FORBIDDEN, lambda: connect(ssh_server, route=route))

    def test_server_that_the_proxy_cannot_reach(self, danted_open: DantedServer) -> None:
        route = through(danted_open, kind="socks5")
        failure(Problem.PROXY_NO_ROUTE, lambda: open_tunnel(route, LOOPBACK, free_port()))
