from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from tests.demo.clients import basic, connect_request, receive_until, refuses, sftp_session
from tests.servers.processes import stop_listening
from tui_transfer.demo.launch import LOOPBACK, PROXY_USERNAME, run_sharebox
from tui_transfer.demo.proxy import ConnectProxy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AUTHORITY = "sharebox.invalid:22"
PASSWORD = "été:à 5 €"
RIGHT = basic(f"{PROXY_USERNAME}:{PASSWORD}")


@pytest.fixture
def upstream() -> Iterator[socket.socket]:
    """A server that greets and then echoes, for each connection."""

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                connection.settimeout(10)
                connection.sendall(b"SSH-2.0-hello\r\n")
                while data := connection.recv(65536):
                    connection.sendall(data)

    with socket.create_server((LOOPBACK, 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listener
        stop_listening(listener)
        thread.join()


@contextmanager
def serving(where: tuple[str, int]) -> Iterator[ConnectProxy]:
    with ConnectProxy({AUTHORITY: where}, PROXY_USERNAME, PASSWORD) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def proxy(upstream: socket.socket) -> Iterator[ConnectProxy]:
    with serving(upstream.getsockname()) as server:
        yield server


@contextmanager
def connected(proxy: ConnectProxy) -> Iterator[socket.socket]:
    with socket.create_connection((LOOPBACK, proxy.port), timeout=10) as client:
        yield client


def reply_to(proxy: ConnectProxy, request: bytes) -> str:
    """The whole reply to a request that gets no tunnel: the proxy closes after it."""
    with connected(proxy) as client:
        client.sendall(request)
        reply = b""
        while data := client.recv(65536):
            reply += data
    return reply.decode()


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Basic",
        "Basic !!!",
        RIGHT.replace("Basic", "Bearer"),
        basic(f"{PROXY_USERNAME}:autre"),
        basic(f"autre:{PASSWORD}"),
        basic(PASSWORD),
        "Basic " + "w6l0w6k=",
    ],
)
def test_without_the_right_credentials_it_asks_for_them(
    proxy: ConnectProxy, authorization: str | None
) -> None:
    reply = reply_to(proxy, connect_request(AUTHORITY, authorization))
    assert reply.startswith("HTTP/1.1 407 Proxy Authentication Required\r\n")
    assert '\r\nproxy-authenticate: basic realm="' in reply.lower()


def test_other_places_and_other_requests_are_refused(proxy: ConnectProxy) -> None:
    assert reply_to(proxy, connect_request("ailleurs.invalid:22", RIGHT)).startswith("HTTP/1.1 403 ")
    assert reply_to(proxy, b"GET http://x.invalid/ HTTP/1.1\r\nHost: x.invalid\r\n\r\n").startswith(
        "HTTP/1.1 405 "
    )
    assert reply_to(proxy, b"SSH-2.0-OpenSSH_9.2\r\n\r\n").startswith("HTTP/1.1 400 ")
    assert reply_to(proxy, b"CONNECT x HTTP/1.1\r\nX: " + b"x" * 100_000).startswith("HTTP/1.1 431 ")


def test_a_sharebox_that_is_down_is_said() -> None:
    with socket.socket() as closed:
        closed.bind((LOOPBACK, 0))
        with serving(closed.getsockname()) as proxy:
            assert reply_to(proxy, connect_request(AUTHORITY, RIGHT)).startswith("HTTP/1.1 503 ")


def test_the_right_credentials_open_a_tunnel(proxy: ConnectProxy) -> None:
    with connected(proxy) as client:
        client.sendall(connect_request(AUTHORITY, RIGHT))
        assert receive_until(client, b"\r\n\r\n").startswith(b"HTTP/1.1 200 Connection established\r\n")
        assert receive_until(client, b"\n") == b"SSH-2.0-hello\r\n"
        client.sendall(b"ping.")
        assert receive_until(client, b".") == b"ping."
        client.shutdown(socket.SHUT_WR)  # an end in one direction reaches the other side and comes back
        assert client.recv(1) == b""


def test_what_follows_the_request_in_one_segment_is_passed_on(proxy: ConnectProxy) -> None:
    with connected(proxy) as client:
        client.sendall(connect_request(AUTHORITY, RIGHT) + b"early.")
        receive_until(client, b"\r\n\r\n")
        assert receive_until(client, b"early.") == b"SSH-2.0-hello\r\nearly."


def test_a_request_may_come_in_pieces(proxy: ConnectProxy) -> None:
    with connected(proxy) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in connect_request(AUTHORITY, RIGHT):
            client.sendall(bytes([byte]))
        assert receive_until(client, b"\r\n\r\n").startswith(b"HTTP/1.1 200 ")


def test_behind_the_proxy_only_the_tunnel_leads_to_the_sharebox(tmp_path: Path) -> None:
    with run_sharebox(tmp_path, "secret", proxy_password=PASSWORD) as ready:
        assert ready.proxy_port is not None
        assert refuses(ready.port)
        with socket.create_connection((LOOPBACK, ready.proxy_port), timeout=10) as tunnel:
            tunnel.sendall(connect_request(f"{LOOPBACK}:{ready.port}", RIGHT))
            assert receive_until(tunnel, b"\r\n\r\n").startswith(b"HTTP/1.1 200 ")
            with sftp_session(ready.port, "secret", over=tunnel) as sftp, sftp.open("a", "w") as remote:
                remote.write(b"through the tunnel")
    assert (tmp_path / "a").read_bytes() == b"through the tunnel"
