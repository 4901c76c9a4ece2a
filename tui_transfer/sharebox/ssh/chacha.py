"""The cipher chacha20-poly1305@openssh.com, which paramiko lacks (OpenSSH's PROTOCOL.chacha20poly1305).

It enciphers the length of a packet, too, with a key of its own. paramiko's packets have no place for that: so
they are read and written here, whole, and paramiko is told that they are in clear.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20
from cryptography.hazmat.primitives.poly1305 import Poly1305
from paramiko.packet import Packetizer

from tui_transfer import french
from tui_transfer.sharebox.ssh.violations import ProtocolViolationError

if TYPE_CHECKING:
    import socket

    from typing_extensions import Buffer

NAME: Final = "chacha20-poly1305@openssh.com"
_TAG_BYTES: Final = 16
_KEY_BYTES: Final = 32
_BLOCK: Final = 8


class ChaChaPoly:
    """One direction of a connection; packets are known by their numbers.

    Args:
        key: 64 bytes, of which the second half is for the lengths alone.
    """

    def __init__(self, key: bytes) -> None:
        self._content_key, self._length_key = key[:_KEY_BYTES], key[_KEY_BYTES:]

    def seal(self, number: int, packet: bytes) -> bytes:
        """Enciphers a packet with its length, and adds the tag that shows any change."""
        sealed = self.length(number, packet[:4]) + _apply(self._content_key, number, 1, packet[4:])
        return sealed + Poly1305.generate_tag(self._tag_key(number), sealed)

    def length(self, number: int, data: bytes) -> bytes:
        """Enciphers or deciphers the four bytes of a length, which the tag alone makes trustworthy."""
        return _apply(self._length_key, number, 0, data)

    def open(self, number: int, length: bytes, body: bytes) -> bytes:
        """Deciphers what follows a length, with its tag.

        Raises:
            ProtocolViolationError: it is not what was sealed.
        """
        sealed, tag = body[:-_TAG_BYTES], body[-_TAG_BYTES:]
        try:
            Poly1305.verify_tag(self._tag_key(number), length + sealed, tag)
        except InvalidSignature:
            raise ProtocolViolationError("un paquet a été altéré en chemin") from None
        return _apply(self._content_key, number, 1, sealed)

    def _tag_key(self, number: int) -> bytes:
        return _apply(self._content_key, number, 0, bytes(_KEY_BYTES))


def _apply(key: bytes, number: int, block: int, data: bytes) -> bytes:
    """Enciphers or deciphers, from that block of the key's stream on."""
    nonce = block.to_bytes(8, "little") + number.to_bytes(8)
    return Cipher(ChaCha20(key, nonce), mode=None).encryptor().update(data)


class ChaChaPacketizer(Packetizer):
    """paramiko's, which hands packets to a `ChaChaPoly` where that was agreed on.

    Attributes:
        longest_packet: bytes that a packet may have.
    """

    longest_packet: int

    def __init__(self, tunnel: socket.socket) -> None:
        super().__init__(tunnel)
        self._opener: ChaChaPoly | None = None
        self._sealer: ChaChaPoly | None = None
        self._opened = b""
        """Of the packet that is being read, what was not asked for yet."""
        self._received = 0
        self._sent = -1
        """The number of the next packet; the identification, which is sent first, is none."""

    def set_inbound_cipher(self, block_engine: Any, *arguments: Any, **options: Any) -> None:
        """Changes the cipher of what is read."""
        self._opener = block_engine if isinstance(block_engine, ChaChaPoly) else None
        if self._opener is not None:
            # The length comes first, alone, and what it tells is deciphered by then.
            super().set_inbound_cipher(None, 4, None, 0, None)  # type: ignore[arg-type]
        else:
            super().set_inbound_cipher(block_engine, *arguments, **options)

    def set_outbound_cipher(self, block_engine: Any, *arguments: Any, **options: Any) -> None:
        """Changes the cipher of what is sent."""
        self._sealer = block_engine if isinstance(block_engine, ChaChaPoly) else None
        if self._sealer is not None:
            # « etm »: the length does not count where packets are filled up to whole blocks.
            super().set_outbound_cipher(None, _BLOCK, None, 0, None, etm=True)  # type: ignore[arg-type]
        else:
            super().set_outbound_cipher(block_engine, *arguments, **options)

    def reset_seqno_in(self) -> None:
        """Numbers begin anew, as both sides agreed on."""
        super().reset_seqno_in()
        self._received = 0

    def reset_seqno_out(self) -> None:
        """Likewise."""
        super().reset_seqno_out()
        self._sent = 0

    def read_message(self) -> tuple[int, Any]:
        """Reads the next message."""
        found = super().read_message()
        self._received = (self._received + 1) & 0xFFFFFFFF
        return found

    def read_all(self, n: int, check_rekey: bool = False) -> bytes:
        """Reads `n` bytes, deciphered."""
        if self._opener is None:
            return super().read_all(n, check_rekey)
        if self._opened:
            taken, self._opened = self._opened[:n], self._opened[n:]
            return taken
        sealed = super().read_all(4, check_rekey)
        plain = self._opener.length(self._received, sealed)
        length = int.from_bytes(plain)
        if not _BLOCK <= length <= self.longest_packet or length % _BLOCK:
            raise ProtocolViolationError(f"il annonce un paquet de {french.count(length, 'octet')}")
        self._opened = self._opener.open(self._received, sealed, super().read_all(length + _TAG_BYTES))
        return plain

    def write_all(self, out: Buffer) -> None:
        """Sends a packet, or the identification."""
        if self._sealer is not None:
            out = self._sealer.seal(self._sent, bytes(out))
        self._sent = (self._sent + 1) & 0xFFFFFFFF  # paramiko lets one thread at a time in
        super().write_all(out)
