"""OpenSSH's own format of private keys (its `PROTOCOL.key`), with any cipher that its ssh-keygen offers.

The cipher is taken off here, since `cryptography` knows three of the twelve; it reads what is inside.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import bcrypt
from cryptography.exceptions import InvalidSignature, InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.poly1305 import Poly1305
from cryptography.hazmat.primitives.serialization import load_ssh_private_key

from tui_transfer import french
from tui_transfer.sharebox.ssh.fields import Fields, string
from tui_transfer.sharebox.ssh.keys import kinds
from tui_transfer.sharebox.ssh.keys.faults import (
    FILE,
    NEW_KEY,
    PassphraseNeededError,
    PassphraseWrongError,
    UnsuitableKeyError,
    damaged,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tui_transfer.sharebox.ssh.keys.kinds import PrivateKey

LABEL: Final = "OPENSSH PRIVATE KEY"
_MAGIC: Final = b"openssh-key-v1\0"
_WHAT: Final = "la clé OpenSSH"
_MOST_ROUNDS: Final = 4096
"""Of the derivation, a few seconds each hundred; ssh-keygen's default is 24, and nothing can end it."""
_CONVERT: Final = (
    f"Convertissez-la sur une machine où OpenSSH est récent : « ssh-keygen -p -Z aes256-ctr -f {FILE} »."
)


@dataclass(frozen=True)
class _Secret:
    """What is encrypted, and what it was encrypted with, but for the passphrase."""

    data: bytes
    tag: bytes
    key_and_nonce: bytes


@dataclass(frozen=True)
class _Cipher:
    """Lengths in bytes."""

    key: int
    nonce: int
    tag: int
    decrypt: Callable[[_Cipher, _Secret], bytes]


def _by_blocks(
    algorithm: type[algorithms.AES | TripleDES], mode: type[modes.CBC | modes.CTR]
) -> Callable[[_Cipher, _Secret], bytes]:
    def decrypt(cipher: _Cipher, secret: _Secret) -> bytes:
        key, nonce = secret.key_and_nonce[: cipher.key], secret.key_and_nonce[cipher.key :]
        decryptor = Cipher(algorithm(key), mode(nonce)).decryptor()
        return decryptor.update(secret.data) + decryptor.finalize()

    return decrypt


def _gcm(cipher: _Cipher, secret: _Secret) -> bytes:
    key, nonce = secret.key_and_nonce[: cipher.key], secret.key_and_nonce[cipher.key :]
    decryptor = Cipher(algorithms.AES(key), modes.GCM(nonce, secret.tag)).decryptor()
    return decryptor.update(secret.data) + decryptor.finalize()


def _chacha(_: _Cipher, secret: _Secret) -> bytes:
    """As for the first packet of a connection (OpenSSH's `PROTOCOL.chacha20poly1305`), all of it payload.

    The cipher's 16 bytes are its counter and a nonce of zeros. The first block is the key of Poly1305.
    """

    def stream(counter: int) -> algorithms.ChaCha20:
        return algorithms.ChaCha20(secret.key_and_nonce[:32], counter.to_bytes(8, "little") + bytes(8))

    poly_key = Cipher(stream(0), mode=None).encryptor().update(bytes(32))
    Poly1305.verify_tag(poly_key, secret.data, secret.tag)
    return Cipher(stream(1), mode=None).decryptor().update(secret.data)


_CBC: Final = _by_blocks(algorithms.AES, modes.CBC)
_CTR: Final = _by_blocks(algorithms.AES, modes.CTR)
_CIPHERS: Final = {
    "aes256-ctr": _Cipher(32, 16, 0, _CTR),
    "aes192-ctr": _Cipher(24, 16, 0, _CTR),
    "aes128-ctr": _Cipher(16, 16, 0, _CTR),
    "aes256-cbc": _Cipher(32, 16, 0, _CBC),
    "rijndael-cbc@lysator.liu.se": _Cipher(32, 16, 0, _CBC),
    "aes192-cbc": _Cipher(24, 16, 0, _CBC),
    "aes128-cbc": _Cipher(16, 16, 0, _CBC),
    "3des-cbc": _Cipher(24, 8, 0, _by_blocks(TripleDES, modes.CBC)),
    "aes256-gcm@openssh.com": _Cipher(32, 12, 16, _gcm),
    "aes128-gcm@openssh.com": _Cipher(16, 12, 16, _gcm),
    "chacha20-poly1305@openssh.com": _Cipher(64, 0, 16, _chacha),
}


@dataclass(frozen=True)
class _Container:
    """What stands in the file, in its order."""

    cipher: str
    derivation: str
    options: bytes
    public: bytes
    data: bytes
    tag: bytes


def read(data: bytes, passphrases: Iterable[bytes]) -> PrivateKey:
    """The private key.

    Args:
        data: what stands between the markers, decoded.
        passphrases: ways to write the one that was given; none where none was.

    Raises:
        UnsuitableKeyError, PassphraseNeededError, PassphraseWrongError
    """
    try:
        container = _parse(data)
        kinds.check_name(Fields(container.public).name())
    except ValueError as error:
        raise damaged(_WHAT) from error
    if container.cipher == "none":
        return _load(container.public, container.data)
    passphrases = list(passphrases)
    if not passphrases:
        raise PassphraseNeededError
    for passphrase in passphrases:
        if (opened := _open(container, passphrase)) is not None:
            return _load(container.public, opened)
    raise PassphraseWrongError


def _parse(data: bytes) -> _Container:
    fields = Fields(data)
    if fields.take(len(_MAGIC)) != _MAGIC:
        raise ValueError("another format")
    cipher, derivation, options = fields.name(), fields.name(), fields.string()
    if (count := fields.integer()) != 1:
        raise UnsuitableKeyError(f"il contient {french.count(count, 'clé')}, et non une", NEW_KEY)
    return _Container(cipher, derivation, options, fields.string(), fields.string(), fields.rest)


def _open(container: _Container, passphrase: bytes) -> bytes | None:
    """What was encrypted; None where the passphrase is another."""
    cipher = _CIPHERS.get(container.cipher)
    if cipher is None or container.derivation != "bcrypt":
        what = f"{container.cipher}, {container.derivation}"
        raise UnsuitableKeyError(
            f"cette clé est chiffrée par un procédé que ce programme ne connaît pas ({what})", _CONVERT
        )
    try:
        options = Fields(container.options)
        salt, rounds = options.string(), options.integer()
        if rounds > _MOST_ROUNDS:
            raise UnsuitableKeyError(
                f"sa phrase secrète demande un calcul démesuré ({french.count(rounds, 'tour')})",
                f"Changez-en : « ssh-keygen -p -a 100 -f {FILE} ».",
            )
        # Whoever made the key chose the number of rounds: no use in warning of few.
        derived = bcrypt.kdf(passphrase, salt, cipher.key + cipher.nonce, rounds, ignore_few_rounds=True)
        if len(container.tag) != cipher.tag:
            raise damaged(_WHAT)
        opened = cipher.decrypt(cipher, _Secret(container.data, container.tag, derived))
        check = Fields(opened)
        return opened if check.integer() == check.integer() else None
    except (InvalidTag, InvalidSignature):
        return None
    except ValueError as error:
        raise damaged(_WHAT) from error
    except UnsupportedAlgorithm as error:
        reason = f"cette machine ne sait pas déchiffrer {container.cipher}"
        raise UnsuitableKeyError(reason, _CONVERT) from error


def _load(public: bytes, private: bytes) -> PrivateKey:
    none = string(b"none")
    data = _MAGIC + none + none + string(b"") + (1).to_bytes(4, "big") + string(public) + string(private)
    text = b"-----BEGIN %b-----\n%b-----END %b-----\n"
    try:
        key = load_ssh_private_key(text % (LABEL.encode(), base64.encodebytes(data), LABEL.encode()), None)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise damaged(_WHAT) from error
    return kinds.check(key)
