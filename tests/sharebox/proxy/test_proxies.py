"""What the system proposes as proxies, and routes tried without a transfer."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.servers.processes import LOOPBACK, free_port, wait_until
from tests.servers.squid import PASSWORD, USERNAME
from tests.sharebox.helpers import failure
from tests.sharebox.proxy.scripted_proxy import scripted_proxy
from tui_transfer.errors import Problem
from tui_transfer.sharebox.proxy import proxies
from tui_transfer.sharebox.proxy.proxies import best_guess, system_proxies
from tui_transfer.sharebox.proxy.routes import Direct, Proxy
from tui_transfer.sharebox.ssh.route_trial import try_route
from tui_transfer.system.cancellation import Cancellation
from tui_transfer.system.platform import SETTINGS_NAME

if TYPE_CHECKING:
    from tests.servers.openssh import SshServer
    from tests.servers.squid import SquidServer


@pytest.fixture(autouse=True)
def _no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, []),
        ({"https_proxy": "http://proxy.test:3128"}, [Proxy("http", "proxy.test", 3128)]),
        ({"https_proxy": "http://proxy.test:3128/"}, [Proxy("http", "proxy.test", 3128)]),
        ({"HTTP_PROXY": "proxy.test:8080"}, [Proxy("http", "proxy.test", 8080)]),
        ({"http_proxy": "http://proxy.test"}, [Proxy("http", "proxy.test", 80)]),
        ({"https_proxy": "https://proxy.test"}, [Proxy("https", "proxy.test", 443)]),
        ({"all_proxy": "socks5h://proxy.test"}, [Proxy("socks5", "proxy.test", 1080)]),
        ({"https_proxy": "http://[::1]:3128"}, [Proxy("http", "::1", 3128)]),
        (
            {
                "http_proxy": "http://web.test:1",
                "https_proxy": "http://safe.test:2",
                "all_proxy": "http://web.test:1",
            },
            [Proxy("http", "safe.test", 2), Proxy("http", "web.test", 1)],
        ),
        ({"https_proxy": "http://proxy.test:port"}, []),
        ({"https_proxy": "http://[proxy"}, []),
        ({"https_proxy": "http://"}, []),
        ({"https_proxy": "socks4://proxy.test:1080"}, []),
        ({"no_proxy": "proxy.test", "ftp_proxy": "http://proxy.test:21"}, []),
    ],
)
def test_what_the_environment_names(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: list[Proxy]
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert system_proxies() == expected


def test_a_name_is_proposed_and_a_password_never(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://ASSO%5Ch%C3%A9l%C3%A8ne:s3cret@proxy.test:3128")
    (proxy,) = system_proxies()
    assert (proxy.username, proxy.password) == ("ASSO\\hélène", None)
    assert "s3cret" not in repr(proxy)


def test_a_direct_route_gives_the_fingerprint_and_tells_the_server_nothing(ssh_server: SshServer) -> None:
    assert try_route(ssh_server.host, ssh_server.port, Direct(), Cancellation()) == ssh_server.fingerprint
    wait_until(lambda: "Connection closed by" in ssh_server.log(), what="the end in sshd's log")
    assert ssh_server.authentication_requests() == []


def test_through_a_proxy_with_a_password(ssh_server: SshServer, squid_with_password: SquidServer) -> None:
    route = Proxy("http", squid_with_password.host, squid_with_password.port, USERNAME, PASSWORD)
    assert try_route(ssh_server.host, ssh_server.port, route, Cancellation()) == ssh_server.fingerprint
    wrong = Proxy("http", squid_with_password.host, squid_with_password.port, USERNAME, "faux")
    failure(
        Problem.PROXY_CREDENTIALS_REFUSED,
        lambda: try_route(ssh_server.host, ssh_server.port, wrong, Cancellation()),
    )


def test_what_stands_in_the_way() -> None:
    failure(Problem.SHAREBOX_UNREACHABLE, lambda: try_route(LOOPBACK, free_port(), Direct(), Cancellation()))
    with scripted_proxy([[b"HTTP/1.1 200 OK\r\n\r\n<html>portail</html>\r\n" * 200, b""]]) as proxy:
        failure(Problem.PROXY_NOT_SSH, lambda: try_route("sharebox.test", 22, proxy.route(), Cancellation()))


def test_where_the_proxy_stands_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://web.test:1")
    monkeypatch.setenv("HTTPS_PROXY", "http://safe.test:2")
    assert best_guess() == (Proxy("http", "safe.test", 2), "la variable HTTPS_PROXY")
    for name in ("HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name)
    monkeypatch.setattr(proxies, "getproxies", lambda: {"http": "http://registre.test:3"})
    assert best_guess() == (Proxy("http", "registre.test", 3), SETTINGS_NAME)
    monkeypatch.setattr(proxies, "getproxies", dict)
    assert best_guess() is None
