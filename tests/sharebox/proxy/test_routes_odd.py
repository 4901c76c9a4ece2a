"""Proxies that cut their replies anywhere, never end them, or answer nonsense."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING

import pytest

from tests.servers.processes import LOOPBACK
from tests.sharebox.helpers import failure, open_tunnel
from tests.sharebox.proxy.scripted_proxy import HANG_UP, refusal, scripted_proxy
from tui_transfer import __version__
from tui_transfer.errors import Problem
from tui_transfer.sharebox.proxy.routes import CONNECT_SECONDS, Proxy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal

BANNER = b"SSH-2.0-Test\r\n"
REPLY = b"HTTP/1.1 200 Connection established\r\nVia: 1.1 proxy.test\r\n\r\n"
STREAM = REPLY + BANNER
ASKED = refusal('Basic realm="test"', "NTLM")


def heard_through(route: Proxy, size: int) -> bytes:
    with open_tunnel(route, "sharebox.test", 22) as tunnel, tunnel.makefile("rb") as reader:
        tunnel.settimeout(30)
        return reader.read(size)


def test_banner_survives_wherever_segments_are_cut() -> None:
    cuts = [[STREAM], *([STREAM[:cut], STREAM[cut:]] for cut in range(1, len(STREAM)))]
    with scripted_proxy([*cuts, [STREAM[i : i + 1] for i in range(len(STREAM))]]) as proxy:
        for _ in range(len(cuts) + 1):
            assert heard_through(proxy.route(), len(BANNER)) == BANNER


def test_banner_survives_an_identification_wherever_its_replies_are_cut() -> None:
    replies: list[list[bytes]] = []
    for cut in range(1, len(ASKED)):
        replies += [[ASKED[:cut], ASKED[cut:]]] * 2  # to no credentials, then to the first message of NTLM
        replies += [[STREAM[: cut % len(STREAM)], STREAM[cut % len(STREAM) :]]]
    with scripted_proxy([[part for part in reply if part] for reply in replies]) as proxy:
        for _ in range(1, len(ASKED)):
            assert heard_through(proxy.route("u", "p"), len(BANNER)) == BANNER


def test_banner_survives_wherever_socks_segments_are_cut() -> None:
    stream = b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x16" + BANNER
    cuts = [[stream], *([stream[:cut], stream[cut:]] for cut in range(1, len(stream)))]
    with scripted_proxy(reply for cut in cuts for reply in ([b"\x05\x00"], cut)) as proxy:
        for _ in cuts:
            assert heard_through(Proxy("socks5", LOOPBACK, proxy.port), len(BANNER)) == BANNER


def test_stream_that_ends_anywhere_is_an_error_not_a_tunnel() -> None:
    with scripted_proxy([STREAM[:cut], HANG_UP] for cut in range(1, len(REPLY))) as proxy:
        for _ in range(1, len(REPLY)):
            failure(Problem.PROXY_PROTOCOL, lambda: open_tunnel(proxy.route(), "sharebox.test", 22))


@pytest.mark.parametrize(
    "reply",
    [
        [HANG_UP],
        [b"SSH-2.0-OpenSSH_9.2\r\n"],
        [b"\x05\x00\x00\x01"],
        [b"HTTP/1.1 200 OK\r\n" + b"X-Filler: abcdefgh\r\n" * 52_429],
        [b"HTTP/1.1 200 " + b"k" * (1 << 20)],
        [b"HTTP/1.1 407 Proxy Authentication Required\r\n" + b"Proxy-Authenticate: NTLM\r\n" * 40_330],
        [b"HTTP/1.1 302 Found\r\nLocation: http://portail.test/\r\n\r\n"],
        [b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"],
        [b"HTTP/1.1 2000 OK\r\n\r\n"],
        [b"HTTP/1.1 OK\r\n\r\n"],
        [b"HTTP/1.1 099 OK\r\n\r\n"],
        [b"\r\n" * 10, HANG_UP],
        [bytes(range(256)) * 64],
        [b"\x15\x03\x03\x00\x02\x02\x28"],
    ],
    ids=[
        "nothing", "ssh", "socks", "mebibyte-of-headers", "mebibyte-of-reason", "mebibyte-of-challenges",
        "portal", "other-protocol", "long-status", "no-status", "low-status", "blank", "bytes", "tls",
    ],
)  # fmt: skip
def test_nonsense(reply: list[bytes]) -> None:
    started = time.monotonic()
    with scripted_proxy([reply]) as proxy:
        failure(Problem.PROXY_PROTOCOL, lambda: open_tunnel(proxy.route("u", "p"), "sharebox.test", 22))
        assert time.monotonic() - started < CONNECT_SECONDS, "it was not understood to be nonsense"


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200\r\n\r\n",
        b"HTTP/1.1 200 \r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\n",
        b"HTTP/1.1 299 Connexion \xe9tablie\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nProxy-agent : x/1.0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon at all\r\n: no name\r\nX\xe9: y\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n folded before any\r\nA: b\r\n\tc\r\n d\r\n\r\n",
        b"HTTP/1.1 200 OK\nVia: x\n\n",
        b"HTTP/1.1 200 OK\r\nVia: \x00\x07\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\nContent-Length: 7\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    ],
)
def test_headers_of_an_open_tunnel_mean_nothing(head: bytes) -> None:
    with scripted_proxy([[head + BANNER]]) as proxy:
        assert heard_through(proxy.route(), len(BANNER)) == BANNER


def test_a_challenge_is_read_whatever_stands_beside_it() -> None:
    asked = ASKED.replace(b"Content-Length", b"Proxy-agent : x\r\nx\xe9 y\r\nContent-Length").replace(
        b"Proxy-Authenticate:", b"proxy-authenticate  :"
    )
    with scripted_proxy([[asked], [asked], [STREAM]]) as proxy:
        assert heard_through(proxy.route("u", "p"), len(BANNER)) == BANNER
        assert proxy.authorizations[2].startswith(b"Basic ")


def test_each_request_says_who_asks() -> None:
    with scripted_proxy([[ASKED], [ASKED], [STREAM]]) as proxy:
        heard_through(proxy.route("u", "p"), len(BANNER))
        assert all(
            f"\r\nUser-Agent: tui-transfer/{__version__}\r\n".encode() in one for one in proxy.requests
        )


@pytest.mark.parametrize("body", [b"x" * (1 << 20), b""])
def test_page_that_goes_with_a_challenge_is_read_whatever_its_size(body: bytes) -> None:
    challenge = refusal("NTLM TlRMTVNTUAACAAAAAAAAADAAAAABAggAOCBieXRlcy4AAAAAAAAAAAAAAAAwAAAA", body=body)
    with scripted_proxy([[refusal("NTLM")], [challenge], [STREAM]]) as proxy:
        assert heard_through(proxy.route("u", "p"), len(BANNER)) == BANNER
        assert proxy.connections == [0, 1, 1]


@pytest.mark.parametrize("phase", ["reply", "page", "second-reply", "socks"])
def test_whole_exchange_has_one_limit(phase: str) -> None:
    def trickle(first: bytes = b"HTTP/1.1 200 ") -> Iterator[bytes]:
        yield first
        for _ in itertools.repeat(None):
            time.sleep(0.2)  # the rhythm of the proxy: each byte comes within any limit for one byte
            yield b"H"

    endless = b"HTTP/1.1 407 No\r\nContent-Length: 9999\r\nProxy-Authenticate: NTLM TlRMTVNT\r\n\r\n"
    script: list[Iterator[bytes]] = {
        "reply": [trickle()],
        "page": [iter([refusal("NTLM")]), trickle(endless)],
        "second-reply": [iter([refusal("NTLM")]), trickle()],
        "socks": [iter([b"\x05"])],
    }[phase]
    kind: Literal["http", "socks5"] = "socks5" if phase == "socks" else "http"
    with scripted_proxy(script) as proxy:
        route = Proxy(kind, LOOPBACK, proxy.port, "u", "p")
        started = time.monotonic()
        failure(Problem.PROXY_PROTOCOL, lambda: open_tunnel(route, "sharebox.test", 22, timeout=1))
        assert 0.9 < time.monotonic() - started < CONNECT_SECONDS - 1


def test_endless_patience_ends() -> None:
    with scripted_proxy([[b"HTTP/1.1 100 Continue\r\n\r\n" * 50_000]]) as proxy:
        failure(Problem.PROXY_PROTOCOL, lambda: open_tunnel(proxy.route(), "sharebox.test", 22, timeout=1))


@pytest.mark.parametrize("reply", [[], [HANG_UP], [b"\x16\x03\x03\x00\x40"]], ids=["silent", "gone", "half"])
def test_tls_that_never_begins(reply: list[bytes]) -> None:
    with scripted_proxy([reply]) as proxy:
        route = Proxy("https", LOOPBACK, proxy.port)
        started = time.monotonic()
        failure(Problem.PROXY_PROTOCOL, lambda: open_tunnel(route, "sharebox.test", 22, timeout=1))
        assert time.monotonic() - started < CONNECT_SECONDS - 1


def test_endless_refusals_end() -> None:
    with scripted_proxy(itertools.repeat([refusal("NTLM", "Negotiate", 'Basic realm="r"')])) as proxy:
        failure(
            Problem.PROXY_CREDENTIALS_REFUSED, lambda: open_tunnel(proxy.route("u", "p"), "sharebox.test", 22)
        )
        assert len(proxy.requests) == 4  # none, Negotiate, NTLM, Basic


@pytest.mark.parametrize("host", ["a b", "a\r\nX-Injected: 1", "é" * 70, ""])
def test_names_that_cannot_be(host: str) -> None:
    with scripted_proxy([]) as proxy:
        failure(Problem.SHAREBOX_UNREACHABLE, lambda: open_tunnel(proxy.route(), host, 22))
        assert proxy.requests == []
