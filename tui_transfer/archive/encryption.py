"""Encrypts an archive as 7-Zip does (7zAES): AES-256 in CBC mode, with a key made of a passphrase.

The key is the SHA-256 of salt, passphrase (UTF-16, little-endian) and a counter of 8 bytes, one behind the
other, for each of 2^19 values of the counter. A job has one salt and so one key. Each archive of it has an
initialization vector of its own, made of the key and the archive's name: one that is made again begins as it
began, and who has not the key cannot tell any in advance.

Source: ``7zAes.cpp`` of 7-Zip, as the format's readers understand it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field, replace
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from tui_transfer.archive.blocks import ALIGNMENT

METHOD: Final = b"\x06\xf1\x07\x01"
"""What 7z calls this coder."""

SALT_SIZE: Final = 16
_ROUNDS_POWER: Final = 19
_COUNTER_SIZE: Final = 8
_BATCH: Final = 256  # rounds that differ in the counter's lowest byte only
_HAS_SALT_AND_VECTOR: Final = 0xC0
_CHECK_SIZE: Final = 8


def new_salt() -> bytes:
    """A salt, drawn."""
    return secrets.token_bytes(SALT_SIZE)


@dataclass(frozen=True)
class ArchiveKey:
    """What a passphrase and a salt make together. It stays in memory.

    Attributes:
        salt: stands in the archive, in clear, as the format wants it.
        archive: the name of what is encrypted.
    """

    salt: bytes
    _aes: bytes = field(repr=False)
    archive: str = ""

    @classmethod
    def derive(cls, passphrase: str, salt: bytes) -> ArchiveKey:
        """The key; making it takes a fraction of a second, which is what makes guessing slow."""
        head = salt + passphrase.encode("utf-16-le", "surrogatepass")
        size = len(head) + _COUNTER_SIZE
        batch = bytearray(b"".join(head + low.to_bytes(_COUNTER_SIZE, "little") for low in range(_BATCH)))
        sha256 = hashlib.sha256()
        for high in range((1 << _ROUNDS_POWER) // _BATCH):
            for place, value in enumerate(high.to_bytes(2, "little"), len(head) + 1):
                batch[place::size] = bytes([value]) * _BATCH
            sha256.update(batch)
        return cls(salt, sha256.digest())

    def of(self, archive: str) -> ArchiveKey:
        """This key for the archive of that name."""
        return replace(self, archive=archive)

    @property
    def check(self) -> str:
        """Tells this key from that of another passphrase, and says no more than an archive does."""
        return self._mac(b"check", b"")[:_CHECK_SIZE].hex()

    def fingerprint(self, content: bytes | bytearray) -> bytes:
        """A hash of `content` in this archive, 32 bytes, that tells nothing to whoever has not the key.

        A plain one would tell whoever guesses the content that the guess is right.
        """
        return self._mac(b"content", self.archive.encode() + hashlib.sha256(content).digest())

    def stream_cipher(self) -> StreamCipher:
        """Encrypts what the archive holds."""
        return StreamCipher(self, self._mac(b"stream", self.archive.encode())[:ALIGNMENT])

    def header_cipher(self, header: bytes) -> StreamCipher:
        """Encrypts one header: another one gets another initialization vector."""
        return StreamCipher(self, self._mac(b"header", hashlib.sha256(header).digest())[:ALIGNMENT])

    def _mac(self, use: bytes, content: bytes) -> bytes:
        return hmac.digest(self._aes, b"tui-transfer/" + use + b"\0" + content, "sha256")

    def _encrypted(self, content: bytes | bytearray | memoryview, vector: bytes) -> bytes:
        encryptor = Cipher(AES(self._aes), CBC(vector)).encryptor()
        return encryptor.update(content) + encryptor.finalize()


class StreamCipher:
    """Encrypts a stream piece by piece. What does not fill a `ALIGNMENT` yet waits for what comes next.

    Attributes:
        properties: of the coder, as they stand in the archive's header.
        waiting: bytes that wait.
    """

    def __init__(self, key: ArchiveKey, vector: bytes) -> None:
        last = ALIGNMENT - 1
        sizes = (SALT_SIZE - 1) << 4 | last
        self.properties = bytes([_ROUNDS_POWER | _HAS_SALT_AND_VECTOR, sizes]) + key.salt + vector
        self.waiting = b""
        self._key = key
        self._before = vector
        """The last block of what was encrypted, into which the next is chained."""

    def encrypt(self, content: bytes | bytearray) -> bytes:
        """What comes next in the stream, encrypted as far as it fills blocks."""
        if self.waiting:
            content = self.waiting + content
        whole = len(content) - len(content) % ALIGNMENT
        with memoryview(content) as view:
            encrypted = self._key._encrypted(view[:whole], self._before)
            self.waiting = bytes(view[whole:])
        self.go_on_after(encrypted)
        return encrypted

    def go_on_after(self, encrypted: bytes | bytearray) -> None:
        """What comes next follows these bytes, which are encrypted already."""
        if encrypted:
            self._before = bytes(encrypted[-ALIGNMENT:])

    def finish(self, content: bytes) -> bytes:
        """The end of the stream; zeros fill its last block, which the header's sizes leave out."""
        return self.encrypt(content + bytes(-(len(self.waiting) + len(content)) % ALIGNMENT))
