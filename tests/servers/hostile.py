"""An SSH server that breaks the rules at one step before anybody is known, written in bytes.

It speaks as much of the protocol as it takes to get there: the identification, an offer, a key exchange with
curve25519 or Diffie-Hellman, signed with a key of Ed25519, and new keys.
"""

from __future__ import annotations

import hashlib
import os
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence

IDENTIFICATION: Final = b"SSH-2.0-hostile"
KEXINIT, NEWKEYS, DISCONNECT, IGNORE, UNIMPLEMENTED, DEBUG, EXT_INFO = 20, 21, 1, 2, 3, 4, 7
CURVE: Final = b"curve25519-sha256"
CIPHER: Final = b"aes128-gcm@openssh.com"


def string(data: bytes) -> bytes:
    """Bytes with their length before them."""
    return struct.pack(">I", len(data)) + data


def mpint(number: int) -> bytes:
    """A number as the protocol writes it."""
    return string(number.to_bytes(number.bit_length() // 8 + 1, signed=True) if number else b"")


def packet(payload: bytes, *, length: int | None = None, padding: int | None = None) -> bytes:
    """A packet in clear; `length` and `padding` are what it says to have instead of the truth."""
    fill = 8 - (len(payload) + 5) % 8
    fill += 8 if fill < 4 else 0
    said = 1 + len(payload) + fill if length is None else length
    return struct.pack(">IB", said, fill if padding is None else padding) + payload + bytes(fill)


def offer(key_exchanges: bytes = CURVE, lists: Sequence[bytes] | None = None) -> bytes:
    """The body of a KEXINIT, or one with other lists."""
    usual = [
        key_exchanges,
        b"ssh-ed25519",
        CIPHER,
        CIPHER,
        b"hmac-sha2-256",
        b"hmac-sha2-256",
        b"none",
        b"none",
    ]
    names = usual if lists is None else lists
    return bytes([KEXINIT]) + os.urandom(16) + b"".join(map(string, names)) + string(b"") * 2 + bytes(5)


def shown_key(key: Ed25519PrivateKey) -> bytes:
    """The public half as it is shown."""
    return string(b"ssh-ed25519") + string(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))


@dataclass
class Peer:
    """One conversation with a client that has connected.

    Attributes:
        link: the connection.
        client_says: the client's identification, and its offer.
    """

    link: socket.socket
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    client_says: list[bytes] = field(default_factory=list)
    _engine: AESGCM | None = None
    _iv: bytes = b""

    def _take(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = self.link.recv(count - len(data))
            if not more:
                raise ConnectionError
            data += more
        return data

    def read_packet(self) -> bytes:
        """The payload of the client's next packet, as long as these are in clear."""
        length, fill = struct.unpack(">IB", self._take(5))
        return self._take(length - 1)[: length - 1 - fill]

    def identify(self, line: bytes = IDENTIFICATION + b"\r\n") -> None:
        """Says who it is, and hears who the client is."""
        self.link.sendall(line)
        heard = b""
        while not heard.endswith(b"\n"):
            heard += self._take(1)
        self.client_says.append(heard.rstrip(b"\r\n"))

    def exchange_offers(self, mine: bytes) -> None:
        """Sends its offer, and takes the client's."""
        self.link.sendall(packet(mine))
        self.client_says.append(self.read_packet())

    def send(self, payload: bytes) -> None:
        """Sends one message, enciphered once there are keys."""
        if self._engine is None:
            self.link.sendall(packet(payload))
            return
        fill = 16 - (len(payload) + 1) % 16
        fill += 16 if fill < 4 else 0
        self.send_sealed(struct.pack(">I", 1 + len(payload) + fill), bytes([fill]) + payload + bytes(fill))

    def send_sealed(self, length: bytes, body: bytes, *, spoil: Callable[[bytes], bytes] = bytes) -> None:
        """Sends one enciphered packet, spoilt afterwards."""
        assert self._engine is not None
        self.link.sendall(length + spoil(self._engine.encrypt(self._iv, body, length)))
        counter = int.from_bytes(self._iv[4:]) + 1
        self._iv = self._iv[:4] + counter.to_bytes(8)

    def exchange_keys(self, identification: bytes = IDENTIFICATION) -> None:
        """Goes on by the rules until the packets are enciphered both ways."""
        mine = offer()
        self.exchange_offers(mine)
        own = X25519PrivateKey.generate()
        init = self.read_packet()
        theirs = init[5:37]
        secret = mpint(int.from_bytes(own.exchange(X25519PublicKey.from_public_bytes(theirs))))
        shown = shown_key(self.key)
        public = own.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        parts = [self.client_says[0], identification, self.client_says[1], mine, shown, theirs, public]
        digest = hashlib.sha256(b"".join(map(string, parts)) + secret).digest()
        signature = string(b"ssh-ed25519") + string(self.key.sign(digest))
        self.send(bytes([31]) + string(shown) + string(public) + string(signature))
        self.send(bytes([NEWKEYS]))

        def key(letter: bytes, size: int) -> bytes:
            return hashlib.sha256(secret + digest + letter + digest).digest()[:size]

        self._iv, self._engine = key(b"B", 12), AESGCM(key(b"D", 16))
