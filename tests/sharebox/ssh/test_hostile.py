"""Servers that break the rules before anybody is known: told as what they are, within bounds of memory."""

from __future__ import annotations

import contextlib
import hashlib
import random
import socket
import struct
import tracemalloc
import zlib
from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.servers.greeter import greeter
from tests.servers.hostile import (
    CURVE,
    DEBUG,
    DISCONNECT,
    EXT_INFO,
    IDENTIFICATION,
    IGNORE,
    KEXINIT,
    UNIMPLEMENTED,
    Peer,
    mpint,
    offer,
    packet,
    shown_key,
    string,
)
from tests.servers.processes import LOOPBACK
from tests.sharebox.helpers import connect
from tui_transfer.errors import Problem, TransferError
from tui_transfer.sharebox.proxy.routes import Direct
from tui_transfer.sharebox.ssh import authentication, handshake
from tui_transfer.sharebox.ssh.address import Address
from tui_transfer.sharebox.ssh.handshake import meet
from tui_transfer.sharebox.ssh.key_exchanges import modp_prime
from tui_transfer.sharebox.ssh.transport import SshTransport
from tui_transfer.sharebox.ssh.violations import ProtocolViolationError
from tui_transfer.system.cancellation import Cancellation

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_MEMORY = 20 << 20
FAREWELL = "Trop d'échecs, réessayez à 8 h"
GROUP_14 = modp_prime(2048, 124476)
VIOLATED, LOST, WEAK = Problem.PROTOCOL_VIOLATED, Problem.CONNECTION_LOST, Problem.WEAK_SERVER
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
DAMAGES = 150
DECLARED = {
    Problem.PROTOCOL_VIOLATED,
    Problem.CONNECTION_LOST,
    Problem.NOT_SSH,
    Problem.SERVER_BUSY,
    Problem.SERVER_CLOSED,
    Problem.WEAK_SERVER,
    Problem.ALGORITHM_UNKNOWN,
    Problem.HOST_KEY_CHANGED,
}


def met(
    scene: Callable[[Peer], object], connecting: Callable[[Address], object] | None = None
) -> TransferError:
    """What a client is told of it; one that does not know the key, unless another is given."""

    def speak(link: socket.socket) -> None:
        with contextlib.suppress(ConnectionError):
            scene(Peer(link))

    with greeter(speak) as server:
        address = Address(LOOPBACK, server.port, "exemple", "/")
        tracemalloc.start()
        try:
            with pytest.raises(TransferError) as raised:
                (connecting or _connect)(address)
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert most < MOST_MEMORY
    assert "—" not in raised.value.as_text()
    return raised.value


def _connect(address: Address) -> None:
    meet(address, Direct(), (), Cancellation()).close()


def raw(*parts: bytes) -> Callable[[Peer], object]:
    """Says who it is, and then these bytes."""

    def scene(peer: Peer) -> None:
        peer.identify()
        peer.link.sendall(b"".join(parts))

    return scene


def replying(key_exchange: bytes, *replies: bytes) -> Callable[[Peer], object]:
    """Agrees on a key exchange, and gives these answers in it."""

    def scene(peer: Peer) -> None:
        peer.identify()
        peer.exchange_offers(offer(key_exchange))
        for reply in replies:
            peer.read_packet()
            peer.send(reply)

    return scene


def enciphered(last: Callable[[Peer], object]) -> Callable[[Peer], object]:
    """Goes by the rules up to its keys, and breaks them then."""

    def scene(peer: Peer) -> None:
        peer.key = KEY
        peer.identify()
        peer.exchange_keys()
        last(peer)

    return scene


SHOWN = string(string(b"ssh-ed25519") + string(bytes(32)))
SIGNED = string(string(b"ssh-ed25519") + string(bytes(64)))
GROUP_14_NAME = b"diffie-hellman-group14-sha256"
GEX_NAME = b"diffie-hellman-group-exchange-sha256"


def group_reply(value: bytes) -> bytes:
    return b"\x1f" + SHOWN + value + SIGNED


def chosen_group(prime: int, generator: int = 2) -> bytes:
    return b"\x1f" + mpint(prime) + mpint(generator)


PACKETS: dict[str, tuple[Callable[[Peer], object], Problem]] = {
    "2 GB": (raw(struct.pack(">I", 1 << 31), bytes(100)), VIOLATED),
    "4 GB": (raw(b"\xff" * 100), VIOLATED),
    "1 MB": (raw(struct.pack(">I", 1 << 20), bytes(100)), VIOLATED),
    "nothing": (raw(bytes(64)), VIOLATED),
    "less than its padding": (raw(packet(bytes([KEXINIT]), padding=200)), VIOLATED),
    "padding alone": (raw(struct.pack(">IB", 12, 11), bytes(11)), VIOLATED),
    "odd length": (raw(struct.pack(">IB", 13, 4), bytes(100)), VIOLATED),
    "cut": (raw(packet(offer())[:40]), LOST),
    "unknown before the offer": (raw(packet(b"\xc0" + bytes(10))), VIOLATED),
}
OFFERS: dict[str, tuple[Callable[[Peer], object], Problem]] = {
    "empty": (raw(packet(bytes([KEXINIT]))), VIOLATED),
    "cookie alone": (raw(packet(bytes([KEXINIT]) + bytes(16))), VIOLATED),
    "lists missing": (raw(packet(offer(lists=[CURVE, b"ssh-ed25519"]))), VIOLATED),
    "not ASCII": (raw(packet(offer(lists=[b"\xe9\xff\x1b[2J"] * 8))), Problem.ALGORITHM_UNKNOWN),
    "many names": (raw(packet(offer(lists=[b"a,b," * 900] * 8))), Problem.ALGORITHM_UNKNOWN),
    "one long name": (raw(packet(offer(lists=[b"a" * 4000] * 8))), Problem.ALGORITHM_UNKNOWN),
    "too long": (raw(packet(offer(lists=[b"a," * 40000] * 8))), VIOLATED),
    "length of a list": (
        raw(packet(bytes([KEXINIT]) + bytes(16) + b"\xff\xff\xff\xff" + b"a" * 99)),
        VIOLATED,
    ),
    "twice": (lambda peer: raw(packet(offer()) * 2)(peer), VIOLATED),
}
KEYS: dict[str, tuple[Callable[[Peer], object], Problem]] = {
    **{
        f"value {name}": (replying(GROUP_14_NAME, group_reply(value)), VIOLATED)
        for name, value in {
            "0": mpint(0),
            "1": mpint(1),
            "p-1": mpint(GROUP_14 - 1),
            "p": mpint(GROUP_14),
            "negative": mpint(-5),
            "too long": mpint(1 << 200_000),
        }.items()
    },
    "value cut": (
        replying(GROUP_14_NAME, b"\x1f" + SHOWN + b"\xff\xff\xff\xff\x01"),
        VIOLATED,
    ),
    "curve: nothing": (replying(CURVE, b"\x1f"), VIOLATED),
    "curve: zeros": (replying(CURVE, b"\x1f" + SHOWN + string(bytes(32)) + SIGNED), VIOLATED),
    "curve: short": (replying(CURVE, b"\x1f" + SHOWN + string(b"x") + SIGNED), VIOLATED),
    "point not on the curve": (
        replying(b"ecdh-sha2-nistp256", b"\x1f" + SHOWN + string(b"\x04" + bytes(64)) + SIGNED),
        VIOLATED,
    ),
    "ML-KEM: short": (replying(b"mlkem768x25519-sha256", b"\x1f" + SHOWN + string(b"x") + SIGNED), VIOLATED),
    "unsigned": (
        replying(CURVE, b"\x1f" + SHOWN + string(b"\x09" + bytes(31)) + SIGNED),
        Problem.HOST_KEY_CHANGED,
    ),
    "key that is none": (
        replying(CURVE, b"\x1f" + string(b"\xff" * 9) + string(b"\x09" + bytes(31))),
        VIOLATED,
    ),
    "group of 1,024 bits": (replying(GEX_NAME, chosen_group((1 << 1023) + 1)), WEAK),
    "group of 2,047 bits": (replying(GEX_NAME, chosen_group((1 << 2046) + 1)), WEAK),
    "group of 16,384 bits": (replying(GEX_NAME, chosen_group((1 << 16383) + 1)), VIOLATED),
    "group of nothing": (replying(GEX_NAME, chosen_group(0)), WEAK),
    "negative group": (replying(GEX_NAME, chosen_group(-GROUP_14)), VIOLATED),
    "even group": (replying(GEX_NAME, chosen_group(GROUP_14 - 1)), VIOLATED),
    "generator 1": (replying(GEX_NAME, chosen_group(GROUP_14, 1)), VIOLATED),
    "value 1 in a group": (replying(GEX_NAME, chosen_group(GROUP_14), b"\x21" + SHOWN + mpint(1)), VIOLATED),
    "another message": (replying(CURVE, b"\x63" * 9), VIOLATED),
}


@pytest.mark.parametrize("name", [*PACKETS, *OFFERS, *KEYS])
def test_each_is_told_for_what_it_is(name: str) -> None:
    scene, problem = (PACKETS | OFFERS | KEYS)[name]
    error = met(scene)
    assert error.problem is problem, error
    assert len(error.as_text()) < 3000


def test_the_bits_of_a_group_are_named() -> None:
    error = met(KEYS["group of 1,024 bits"][0])
    assert "un groupe Diffie-Hellman de 1024 bits" in error.why


@pytest.mark.parametrize(
    "line",
    [
        b"SSH-2.0-" + b"x" * (1 << 20),
        b"SSH-3.0-neuf\r\n",
        b"SSH-\r\n",
        b"SSH-2.0\r\n",
        b"SSH-2.0-\xff\x00\xe9\r\n" * 2,
    ],
)
def test_identifications(line: bytes) -> None:
    assert met(lambda peer: peer.link.sendall(line)).problem is VIOLATED


def test_lines_without_end() -> None:
    def babble(peer: Peer) -> None:
        while True:
            peer.link.sendall(b"bonjour\r\n" * 1000)

    assert met(babble).problem is Problem.NOT_SSH


class TestFarewells:
    """At each step, in any encoding, it is the server's own words that are told."""

    @pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
    @pytest.mark.parametrize("step", ["identification", "offer", "key"])
    def test_words(self, encoding: str, step: str) -> None:
        message = (
            bytes([DISCONNECT]) + struct.pack(">I", 12) + string(FAREWELL.encode(encoding)) + string(b"")
        )
        scenes = {
            "identification": raw(packet(message)),
            "offer": raw(packet(offer()) + packet(message)),
            "key": replying(CURVE, message),
        }
        error = met(scenes[step])
        assert (error.problem, f"« {FAREWELL} »" in error.why) == (LOST, True)

    @pytest.mark.parametrize("rest", [b"", b"\x00", struct.pack(">II", 2, 1 << 31), b"\xff" * 60])
    def test_none(self, rest: bytes) -> None:
        assert met(raw(packet(bytes([DISCONNECT]) + rest))).problem is LOST


@dataclass(frozen=True)
class Server:
    """A hostile server as somebody knows it who logs in."""

    port: int
    host: str = LOOPBACK
    username: str = "exemple"
    password: str = "unused"
    directory: str = "/"
    fingerprint: str = "SHA256:" + b64encode(hashlib.sha256(shown_key(KEY)).digest()).decode().rstrip("=")


def log_in(address: Address) -> None:
    connect(Server(address.port)).close()


def flood(payload: bytes) -> Callable[[Peer], object]:
    """The same message as often as it goes."""

    def last(peer: Peer) -> None:
        while True:
            peer.send(payload)

    return last


class TestEnciphered:
    """What is broken behind the keys is met as somebody logs in."""

    @pytest.mark.parametrize(
        "last",
        [
            lambda peer: peer.send_sealed(
                bytes([0, 0, 0, 32]), bytes(32), spoil=lambda data: data[:-1] + b"x"
            ),
            lambda peer: peer.send_sealed(b"\x7f\xff\xff\xff", bytes(64)),
            lambda peer: peer.send_sealed(b"\xff\xff\xff\xff", bytes(64)),
            lambda peer: peer.send_sealed(bytes(4), b""),
            lambda peer: peer.send_sealed(bytes([0, 0, 0, 16]), bytes(16)),
            lambda peer: peer.send_sealed(bytes([0, 0, 0, 16]), b"\xff" * 16),
            lambda peer: peer.send(bytes([EXT_INFO]) + b"\xff" * 4),
            lambda peer: peer.send(bytes([EXT_INFO, 0, 0, 0, 2]) + string(b"\xe9") + string(b"")),
            lambda peer: peer.send(bytes([EXT_INFO, 0, 0, 0, 1]) + b"\xff\xff\xff\xffserver"),
            lambda peer: peer.send(bytes([KEXINIT]) + bytes(40)),
            lambda peer: peer.send(bytes([51]) + b"\xff" * 8),
            lambda peer: peer.send(bytes([80]) + string(b"\xff\xfe") + b"\x01"),
        ],
    )
    def test_each_ends_the_connection(self, last: Callable[[Peer], object]) -> None:
        error = met(enciphered(last), connecting=log_in)
        assert error.problem in (LOST, VIOLATED), error  # the handshake may just be over, or not yet

    def test_what_is_sealed_wrongly_is_told(self) -> None:
        def last(peer: Peer) -> None:
            peer.send_sealed(bytes([0, 0, 0, 32]), bytes(32), spoil=lambda data: data[:-1] + b"x")
            while peer.link.recv(1 << 12):  # unread, it would have the system reset the connection
                pass

        assert (
            "ne suit pas les règles de la liaison chiffrée SSH"
            in met(enciphered(last), connecting=log_in).why
        )

    @pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
    def test_a_farewell_is_told(self, encoding: str) -> None:
        said = bytes([DISCONNECT, 0, 0, 0, 2]) + string(FAREWELL.encode(encoding)) + string(b"")
        error = met(enciphered(lambda peer: peer.send(said)), connecting=log_in)
        assert f"« {FAREWELL} »" in error.why


@pytest.mark.parametrize(
    "payload",
    [
        bytes([IGNORE]) + string(b"x" * 20_000),
        bytes([DEBUG, 1]) + string("é".encode("latin-1") * 20_000) + string(b""),
        bytes([UNIMPLEMENTED]) + bytes(4),
        bytes([192]) + bytes(100),
        bytes([EXT_INFO, 0, 0, 0, 1]) + string(b"x" * 9000) + string(b"y" * 9000),
    ],
)
@pytest.mark.parametrize("step", ["in clear", "enciphered"])
def test_floods_end(payload: bytes, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handshake, "HANDSHAKE_SECONDS", 2.0)
    for limit in ("_AUTHENTICATION_SECONDS", "_ANSWER_SECONDS"):
        monkeypatch.setattr(authentication, limit, 2.0, raising=False)
    if step == "in clear":

        def scene(peer: Peer) -> None:
            peer.identify()
            flood(payload)(peer)

        assert met(scene).problem in (LOST, VIOLATED)
    else:
        assert met(enciphered(flood(payload)), connecting=log_in).problem in (LOST, VIOLATED)


def test_random_damage() -> None:
    """A conversation by the rules up to a place drawn, where bytes are changed, lost, doubled or drawn."""
    draw = random.Random(14)
    for _ in range(DAMAGES):
        mine = offer(draw.choice([CURVE, GROUP_14_NAME, GEX_NAME]))
        stream = IDENTIFICATION + b"\r\n" + packet(mine) + packet(group_reply(mpint(draw.getrandbits(2040))))
        at = draw.randrange(len(stream))
        rest = draw.choice([stream[at + 9 :], stream[at // 2 :], draw.randbytes(300), b""])
        spoilt = stream[:at] + draw.randbytes(draw.randrange(9)) + rest
        error = met(lambda peer, said=spoilt: peer.link.sendall(said))  # type: ignore[misc]
        assert error.problem in DECLARED, error


def test_what_is_packed_small_and_is_large() -> None:
    bomb = zlib.compress(bytes(50_000_000))
    with pytest.raises(ProtocolViolationError):
        SshTransport._compression_info["zlib"][1]()(bomb)
