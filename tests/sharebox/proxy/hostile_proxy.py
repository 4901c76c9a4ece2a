"""Proxies in memory that answer whatever hypothesis thinks of, and what must hold whatever they answer."""

from __future__ import annotations

import base64
import re
import struct
from typing import TYPE_CHECKING, Final, cast

from hypothesis import strategies as st

from tests.sharebox.proxy.scripted_proxy import refusal
from tui_transfer.errors import TransferError
from tui_transfer.sharebox.proxy.http_connect import ask_http_proxy
from tui_transfer.sharebox.proxy.target import ProxyLogin, Target

if TYPE_CHECKING:
    import random
    import socket
    from collections.abc import Callable, Sequence

BANNER: Final = b"SSH-2.0-Test\r\n"
TARGET: Final = Target("sharebox.test", 22)
LOGIN: Final = ProxyLogin("proxy.test", 3128, "DOM\\été", "m0t de passe:€")
PROOFS: Final = 2
"""Digest's answer to a challenge said to be stale is the only second one."""
_DIALS: Final = 8
_READS_AFTER_THE_END: Final = 4


class FakeSocket:
    """A connection to a proxy that says `stream`, then hangs up. Counts what a hang would do without end."""

    def __init__(self, stream: bytes, requests: list[bytes]) -> None:
        self._stream = stream
        self._requests = requests
        self._at = 0
        self._reads_after_the_end = 0

    def recv(self, size: int) -> bytes:
        piece = self._stream[self._at : self._at + size]
        self._at += len(piece)
        self._reads_after_the_end += not piece
        assert self._reads_after_the_end < _READS_AFTER_THE_END, "reads on after the end"
        return piece

    def sendall(self, data: bytes) -> None:
        self._requests.append(data)

    @property
    def read(self) -> bytes:
        """What was taken so far."""
        return self._stream[: self._at]


def converse(streams: Sequence[bytes]) -> str:
    """Asks for a tunnel where each new connection says the next stream; the last one is repeated.

    Returns:
        « tunnel », or the problem's name.
    """
    requests: list[bytes] = []
    sockets: list[FakeSocket] = []

    def dial() -> socket.socket:
        sockets.append(FakeSocket(streams[min(len(sockets), len(streams) - 1)], requests))
        assert len(sockets) <= _DIALS, "dials on and on"
        return cast("socket.socket", sockets[-1])

    result = _ask(dial)
    if result == "tunnel":
        # Nothing beyond the headers was taken: what follows is the server's.
        assert re.search(rb"\n\r*\n\Z", sockets[-1].read)
    _check_requests(requests)
    return result


def _ask(dial: Callable[[], socket.socket]) -> str:
    try:
        ask_http_proxy(dial, TARGET, LOGIN)
    except TransferError as error:
        if not error.problem.startswith("proxy-") or "m0t de passe" in str(error):
            raise
        return str(error.problem)
    return "tunnel"


def _check_requests(requests: Sequence[bytes]) -> None:
    """The first is bare, the password is put to the test once, and nobody can add a header."""
    assert b"Proxy-Authorization" not in requests[0]
    for request in requests:
        assert request.count(b"\r\n\r\n") == 1
        assert request.count(b"\r\n") <= 5
    assert len([request for request in requests if _proves(request)]) <= PROOFS
    assert len([request for request in requests if b": Basic " in request]) <= 1


def _proves(request: bytes) -> bool:
    _, found, rest = request.partition(b"Proxy-Authorization: ")
    if not found:
        return False
    scheme, _, token = rest.partition(b"\r\n")[0].partition(b" ")
    if scheme in (b"NTLM", b"Negotiate"):
        return base64.b64decode(token)[8:9] != b"\x01"
    return True


# What such proxies say


def _ntlm_challenge(
    flags: int, challenge: bytes, target_info: bytes, damage: Sequence[tuple[int, int]]
) -> str:
    fields = (b"NTLMSSP\0", 2, 0, 0, 48, flags, challenge, b"", len(target_info), len(target_info), 48)
    message = bytearray(struct.pack("<8sIHHII8s8sHHI", *fields) + target_info)
    for at, value in damage:
        message[at % len(message)] = value
    return base64.b64encode(message).decode()


_damage = st.lists(st.tuples(st.integers(0, 255), st.integers(0, 255)), max_size=4)
_ntlm = st.builds(
    _ntlm_challenge,
    st.sampled_from([0x80201, 0xE2898215]) | st.integers(0, 2**32 - 1),
    st.binary(min_size=8, max_size=8),
    st.just(b"\0\0\0\0") | st.binary(max_size=40),
    _damage,
)
_word = st.sampled_from(
    ["realm", "nonce", "qop", "algorithm", "stale", "charset", "userhash", "opaque", "auth", "MD5", "SHA-256",
     "MD5-sess", "true", "UTF-8", '"r"', '"a, b"', '"\\"', '"', "\\", "\xe9", "", "auth-int"]
)  # fmt: skip
_parameters = st.lists(st.builds("{}={}".format, _word, _word), max_size=6).map(", ".join)
_good_digest = st.sampled_from(
    [
        'realm="r", nonce="n"',
        'realm="r", nonce="n", qop="auth", stale=true',
        'realm="r", nonce="n", algorithm=SHA-256',
    ]
)
_challenge = st.one_of(
    st.sampled_from(["NTLM", "Negotiate", 'Basic realm="r"', "Bearer", ""]),
    st.builds("NTLM {}".format, _ntlm),
    st.builds("Negotiate {}".format, _ntlm),
    st.builds("Digest {}".format, _good_digest | _parameters),
    st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=40),
)
_header = st.one_of(
    st.builds("Proxy-Authenticate: {}".format, _challenge),
    st.sampled_from(
        ["Connection: close", "Connection: keep-alive", "Proxy-Connection: close", "Content-Length: 3",
         "Content-Length: 0", "Content-Length: 99999", "Transfer-Encoding: chunked", "Content-Length: x",
                 "Via: 1.1 a", " folded", ":", "Upgrade: h2"]
    ),
)  # fmt: skip
_status = st.sampled_from(
    ["HTTP/1.1 407 Asked", "HTTP/1.1 407", "HTTP/1.0 407 Asked", "HTTP/1.1 200 OK", "HTTP/1.1 100 Continue",
     "HTTP/1.1 101 Switching", "HTTP/1.1 403 No", "HTTP/1.1 502 Bad", "HTTP/1.1 299 \xe9", "HTTP/1.1 999 ?"]
)  # fmt: skip
_body = st.sampled_from([b"", b"abc", b"3\r\nabc\r\n0\r\n\r\n", BANNER, b"\r\n"]) | st.binary(max_size=20)


def _reply(status: str, headers: Sequence[str], newline: str, body: bytes) -> bytes:
    return (newline.join([status, *headers]) + newline * 2).encode("latin-1") + body


_replies = st.builds(_reply, _status, st.lists(_header, max_size=5), st.sampled_from(["\r\n", "\n"]), _body)
_asked = st.builds(
    _reply,
    st.just("HTTP/1.1 407 Asked"),
    st.lists(st.builds("Proxy-Authenticate: {}".format, _challenge), min_size=1, max_size=3).map(
        lambda headers: [*headers, "Content-Length: 0"]
    ),
    st.just("\r\n"),
    st.just(b""),
)
_opened = st.just(b"HTTP/1.1 200 OK\r\n\r\n" + BANNER)


_stream = (
    st.lists(_asked | _replies | _opened, min_size=1, max_size=3).map(b"".join)
    | st.lists(_asked, max_size=2).flatmap(lambda asked: _replies.map(lambda last: b"".join([*asked, last])))
    | st.binary(max_size=60)
)
_answerable = st.lists(
    st.sampled_from(["NTLM", "Negotiate", 'Basic realm="r"', 'Digest realm="r", nonce="n"']),
    min_size=1,
    max_size=3,
).map(lambda challenges: refusal(*challenges, body=b""))
conversations: Final = st.lists(_stream, min_size=1, max_size=3) | st.builds(
    lambda first, then: [first, *then], _answerable, st.lists(_stream, min_size=1, max_size=3)
)
"""For `converse`: what the proxy says on each connection."""


def altered(streams: Sequence[bytes], draw: random.Random) -> list[bytes]:
    """The same conversation with one stream cut short, or some of its bytes replaced, repeated or lost.

    hypothesis takes ten times as long to think of a conversation as it takes to have it.
    """
    changed = list(streams)
    number = draw.choice([draw.randrange(len(changed)), -1])
    stream = bytearray(changed[number])
    for _ in range(draw.randint(1, 3)):
        at = draw.randint(0, len(stream))
        stream[at : at + draw.randint(0, 4)] = draw.choice(
            [b"", draw.randbytes(1), draw.randbytes(4), stream[:at][-20:], b"\r\n", b"\r\n\r\n", b",", b'"']
        )
    if draw.random() < 0.4:
        del stream[draw.randint(0, len(stream)) :]
    changed[number] = bytes(stream)
    return changed
