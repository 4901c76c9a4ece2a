"""How a password is given to real and scripted HTTP proxies: by the best method they know, and once."""

from __future__ import annotations

import base64
import contextlib
import os
import socket
import struct
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from tests.servers.processes import LOOPBACK, stop_listening, wait_until
from tests.servers.squid import DOMAIN_PASSWORD, DOMAIN_USERNAME, PASSWORD, USERNAME, squid
from tests.sharebox.helpers import connect, failure, make_archive, open_tunnel, send
from tests.sharebox.proxy.scripted_proxy import HANG_UP, refusal, scripted_proxy
from tui_transfer.errors import Problem
from tui_transfer.sharebox.proxy.routes import Proxy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers.openssh import SshServer
    from tests.servers.squid import Asked, SquidServer
    from tui_transfer.errors import TransferError

BANNER = b"SSH-2.0-Test\r\n"
OPENED = b"HTTP/1.1 200 Connection established\r\n\r\n" + BANNER
BASIC = 'Basic realm="test"'
DIGEST = 'Digest realm="test", nonce="n", qop="auth"'
NTLM_CHALLENGE = base64.b64encode(
    # Its kind, no name of the target, flags (Unicode, NTLM, session security), the challenge, nothing else.
    struct.pack("<8sIHHII8s8xHHI", b"NTLMSSP\0", 2, 0, 0, 48, 0x80201, b"8 bytes.", 0, 0, 48)
).decode()
PASS_BASIC = b"Basic " + base64.b64encode(b"u:p")


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    """The port of a server that says no more than an SSH server's first line."""
    listener = socket.create_server((LOOPBACK, 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                link, _ = listener.accept()
                with link:
                    link.sendall(BANNER)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    stop_listening(listener)
    thread.join(timeout=10)


def through(proxy: SquidServer, username: str, password: str) -> Proxy:
    return Proxy("http", proxy.host, proxy.port, username, password)


def passes(route: Proxy, port: int) -> None:
    with open_tunnel(route, LOOPBACK, port) as tunnel, tunnel.makefile("rb") as reader:
        tunnel.settimeout(30)
        assert reader.readline() == BANNER


def refused(route: Proxy, port: int = 22) -> TransferError:
    return failure(Problem.PROXY_CREDENTIALS_REFUSED, lambda: open_tunnel(route, LOOPBACK, port))


class TestSquid:
    def test_digest_once(self, server: int) -> None:
        with squid(allowed_ports=[server], asks=["digest"]) as proxy:
            passes(through(proxy, USERNAME, PASSWORD), server)
            # It is told when the tunnel ends, and must not be told after what follows.
            wait_until(lambda: len(proxy.requests()) == 2, what="two requests in squid's log")
            refused(through(proxy, USERNAME, "faux"), server)
            # Then one without credentials: another attempt with them would stand before it in the log.
            failure(
                Problem.PROXY_CREDENTIALS_NEEDED,
                lambda: open_tunnel(Proxy("http", proxy.host, proxy.port), LOOPBACK, server),
            )
            wait_until(lambda: len(proxy.requests()) == 5, what="five requests in squid's log")
            assert [USERNAME in line for line in proxy.requests()] == [False, True, False, True, False]

    @pytest.mark.parametrize("asked", ["ntlm", "negotiate"])
    def test_ntlm_checked_once_by_its_own_rules(self, asked: Asked, server: int) -> None:
        with squid(allowed_ports=[server], asks=[asked]) as proxy:
            assert proxy.authority is not None
            passes(through(proxy, DOMAIN_USERNAME, DOMAIN_PASSWORD), server)
            assert proxy.authority.attempts == [True]
            refused(through(proxy, DOMAIN_USERNAME, "faux"), server)
            assert proxy.authority.attempts == [True, False]

    def test_squids_own_negotiate_wrapper_knows_the_ntlm_in_it(self, server: int) -> None:
        with squid(allowed_ports=[server], asks=["wrapped"]) as proxy:
            passes(through(proxy, "u", "p"), server)

    def test_best_of_all_methods_and_no_other(self, server: int) -> None:
        with squid(allowed_ports=[server], asks=["basic", "digest", "ntlm", "negotiate"]) as proxy:
            assert proxy.authority is not None
            # An account that Basic and Digest know, and would let in.
            refused(through(proxy, USERNAME, PASSWORD.replace(":", "")), server)
            assert proxy.authority.attempts == [False]
            assert not [line for line in proxy.requests() if USERNAME in line]

    def test_proxy_that_takes_only_kerberos_has_its_next_method_used(self, server: int) -> None:
        with squid(allowed_ports=[server], asks=["kerberos", "digest", "basic"]) as proxy:
            passes(through(proxy, USERNAME, PASSWORD), server)
        with squid(allowed_ports=[server], asks=["kerberos"]) as proxy:
            route = through(proxy, USERNAME, PASSWORD)
            error = failure(Problem.PROXY_METHOD_UNKNOWN, lambda: open_tunnel(route, LOOPBACK, server))
            assert error.details["methods"] == "Negotiate"

    def test_tls_to_the_proxy(
        self, ssh_server: SshServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with squid(allowed_ports=[ssh_server.port], asks=["ntlm"], encrypted=True) as proxy:
            secret = (DOMAIN_USERNAME, DOMAIN_PASSWORD)
            in_clear = Proxy("http", proxy.host, proxy.port, *secret)
            error = failure(Problem.PROXY_PROTOCOL, lambda: connect(ssh_server, route=in_clear))
            assert "TLS" in error.why
            encrypted = Proxy("https", proxy.host, proxy.port, *secret)
            failure(Problem.PROXY_CERTIFICATE_UNKNOWN, lambda: connect(ssh_server, route=encrypted))
            monkeypatch.setenv("SSL_CERT_FILE", str(proxy.certificate))
            make_archive(tmp_path / "base.7z", 3_000_000)
            with connect(ssh_server, route=encrypted) as sharebox:
                assert send(sharebox, tmp_path / "base.7z").verification.value == "read-back"
            other_name = Proxy("https", "localhost", proxy.port, *secret)
            error = failure(Problem.PROXY_CERTIFICATE_UNKNOWN, lambda: connect(ssh_server, route=other_name))
            assert error.details["reason"] == "il est établi pour un autre nom"
        wait_until(
            lambda: not [thread for thread in threading.enumerate() if thread.name.startswith("TLS")],
            what="the end of the threads that carried the bytes",
        )

    def test_end_of_the_connection_passes_through_tls(
        self, server: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with squid(allowed_ports=[server], encrypted=True) as proxy:
            monkeypatch.setenv("SSL_CERT_FILE", str(proxy.certificate))
            with open_tunnel(Proxy("https", proxy.host, proxy.port), LOOPBACK, server) as tunnel:
                tunnel.settimeout(30)
                with tunnel.makefile("rb") as reader:
                    assert reader.read() == BANNER

    def test_tls_to_a_proxy_that_speaks_none(self, squid_as_shipped: SquidServer) -> None:
        route = Proxy("https", squid_as_shipped.host, squid_as_shipped.port)
        error = failure(Problem.PROXY_PROTOCOL, lambda: open_tunnel(route, LOOPBACK, 22))
        assert "ne parle pas TLS" in error.why


class TestRules:
    """What goes over the wire, seen by a proxy that notes it."""

    def test_nothing_goes_unasked(self) -> None:
        with scripted_proxy([[OPENED]]) as proxy:
            passes(proxy.route("u", "p"), 22)
            assert proxy.authorizations == [b""]

    def test_the_password_itself_only_where_nothing_else_is_offered(self) -> None:
        with scripted_proxy([[refusal(BASIC)], [OPENED]]) as proxy:
            passes(proxy.route("u", "p"), 22)
            assert proxy.authorizations == [b"", PASS_BASIC]

    @pytest.mark.parametrize(
        ("challenges", "used"),
        [
            ([BASIC, DIGEST], b"Digest"),
            ([f"{BASIC}, {DIGEST}"], b"Digest"),
            ([BASIC, DIGEST, "NTLM"], b"NTLM"),
            (["NTLM", "Negotiate", BASIC], b"Negotiate"),
        ],
    )
    def test_strongest_first(self, challenges: list[str], used: bytes) -> None:
        with scripted_proxy([[refusal(*challenges)], [OPENED]]) as proxy:
            passes(proxy.route("u", "p"), 22)
            assert proxy.authorizations[1].split()[0] == used

    def test_strongest_hash_of_digest(self) -> None:
        challenges = [DIGEST, f"{DIGEST}, algorithm=SHA-256", f"{DIGEST}, algorithm=SHA-512-256"]
        with scripted_proxy([[refusal(*challenges)], [OPENED]]) as proxy:
            passes(proxy.route("u", "p"), 22)
            assert b"algorithm=SHA-256" in proxy.authorizations[1]

    @pytest.mark.parametrize("challenge", [BASIC, DIGEST])
    @pytest.mark.parametrize("close", [False, True])
    def test_one_attempt(self, challenge: str, *, close: bool) -> None:
        end = [HANG_UP] if close else []
        with scripted_proxy([[refusal(challenge, BASIC, close=close), *end]] * 9) as proxy:
            refused(proxy.route("u", "p"))
            assert len(proxy.requests) == 2

    def test_stale_challenge_is_answered_once_more(self) -> None:
        fresh, stale = refusal(DIGEST), refusal(DIGEST.replace('"n"', '"m"') + ", stale=TRUE", close=True)
        with scripted_proxy([[fresh], [stale, HANG_UP], [OPENED]]) as proxy:
            passes(proxy.route("u", "p"), 22)
            assert b'nonce="m"' in proxy.authorizations[2]
        with scripted_proxy([[fresh], [stale, HANG_UP], [stale, HANG_UP], [OPENED]]) as proxy:
            refused(proxy.route("u", "p"))
            assert len(proxy.requests) == 3

    def test_ntlm_stays_on_its_connection(self) -> None:
        with scripted_proxy([[refusal("NTLM")], [refusal(f"NTLM {NTLM_CHALLENGE}")], [OPENED]]) as proxy:
            passes(proxy.route("u", "p"), 22)
            assert proxy.connections == [0, 1, 1]

    def test_ntlm_on_a_connection_that_is_closed_leaves_its_turn(self) -> None:
        closed = refusal(f"NTLM {NTLM_CHALLENGE}", BASIC, close=True)
        with scripted_proxy([[refusal("NTLM", BASIC)], [closed, HANG_UP], [OPENED]]) as proxy:
            passes(proxy.route("u", "p"), 22)
            assert proxy.connections == [0, 1, 2]
            assert proxy.authorizations[2] == PASS_BASIC

    def test_ntlm_proves_once_even_if_challenged_again(self) -> None:
        again = [refusal(f"NTLM {NTLM_CHALLENGE}", BASIC)]
        with scripted_proxy([[refusal("NTLM", BASIC)], *[again] * 9]) as proxy:
            refused(proxy.route("u", "p"))
            assert len(proxy.requests) == 3

    @pytest.mark.parametrize("token", ["", "!", "TlRMTVNTUAAC", base64.b64encode(b"x" * 99).decode()])
    def test_ntlm_challenge_that_makes_no_sense(self, token: str) -> None:
        with scripted_proxy([[refusal("NTLM")], [refusal(f"NTLM {token}")]]) as proxy:
            failure(Problem.PROXY_METHOD_UNKNOWN, lambda: open_tunnel(proxy.route("u", "p"), LOOPBACK, 22))
            assert len(proxy.requests) == 2

    @pytest.mark.parametrize("challenges", [(), ("Bearer",), ("Digest realm=r",), (",",)])
    def test_methods_that_nobody_knows(self, challenges: tuple[str, ...]) -> None:
        with scripted_proxy([[refusal(*challenges)]]) as proxy:
            failure(Problem.PROXY_METHOD_UNKNOWN, lambda: open_tunnel(proxy.route("u", "p"), LOOPBACK, 22))
            assert len(proxy.requests) == 1

    def test_other_refusal_once_the_password_is_accepted(self) -> None:
        forbidden = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
        with scripted_proxy([[refusal(BASIC)], [forbidden]]) as proxy:
            failure(Problem.PROXY_FORBIDDEN, lambda: open_tunnel(proxy.route("u", "p"), LOOPBACK, 22))

    def test_proxy_gone_between_two_requests(self) -> None:
        with scripted_proxy([[refusal(BASIC)], [HANG_UP]]) as proxy:
            failure(Problem.PROXY_PROTOCOL, lambda: open_tunnel(proxy.route("u", "p"), LOOPBACK, 22))
            assert len(proxy.requests) == 2


def test_pyspnego_is_loaded_only_when_a_proxy_asks_for_it() -> None:
    program = (
        "import sys, tui_transfer.sharebox.ssh.connection; print([m for m in sys.modules if 'spnego' in m])"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", program]
    found = subprocess.run(command, check=True, capture_output=True, timeout=60, env=environment)
    assert found.stdout.strip() == b"[]"
