"""PEM and DER: the older format of OpenSSH and OpenSSL, and PKCS#8, plain or encrypted."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key

from tui_transfer.sharebox.ssh.keys import kinds
from tui_transfer.sharebox.ssh.keys.faults import (
    FILE,
    NEW,
    PassphraseNeededError,
    PassphraseWrongError,
    UnsuitableKeyError,
    damaged,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tui_transfer.sharebox.ssh.keys.document import Block
    from tui_transfer.sharebox.ssh.keys.kinds import PrivateKey

_ENCRYPTED: Final = "ENCRYPTED PRIVATE KEY"
LABELS: Final = (
    "RSA PRIVATE KEY",
    "EC PRIVATE KEY",
    "DSA PRIVATE KEY",
    "PRIVATE KEY",
    _ENCRYPTED,
    "ANY PRIVATE KEY",
)
_WHAT: Final = "la clé PEM"
_UNKNOWN: Final = "cette clé est chiffrée par un procédé, ou d’un genre, que ce programme ne connaît pas"
_CONVERT: Final = (
    f"Convertissez-la : « openssl pkey -in {FILE} -out {NEW} -aes256 », et mettez {NEW} dans "
    "« Fichier de clé »."
)


def read(block: Block, passphrases: Iterable[bytes]) -> PrivateKey:
    """The private key; `passphrases` are ways to write the one that was given.

    Raises:
        UnsuitableKeyError, PassphraseNeededError, PassphraseWrongError
    """
    try:
        data = block.decode()
    except ValueError as error:
        raise damaged(_WHAT) from error
    if block.cipher is None:
        is_encrypted = block.label == _ENCRYPTED
        return _load(
            lambda passphrase: load_der_private_key(data, passphrase), passphrases, is_encrypted=is_encrypted
        )
    cipher, salt = block.cipher
    text = (
        f"-----BEGIN {block.label}-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: {cipher},{salt}\n\n"
        f"{base64.encodebytes(data).decode()}-----END {block.label}-----\n"
    ).encode()
    return _load(lambda passphrase: load_pem_private_key(text, passphrase), passphrases, is_encrypted=True)


def read_der(data: bytes, passphrases: Iterable[bytes]) -> PrivateKey | None:
    """The private key; None where the bytes are none.

    Raises:
        UnsuitableKeyError, PassphraseNeededError, PassphraseWrongError
    """
    try:
        return kinds.check(load_der_private_key(data, None))
    except TypeError:  # how the library says that it is encrypted
        return _load(
            lambda passphrase: load_der_private_key(data, passphrase), passphrases, is_encrypted=True
        )
    except (ValueError, UnsupportedAlgorithm):
        return None


def _load(
    load: Callable[[bytes | None], object], passphrases: Iterable[bytes], *, is_encrypted: bool
) -> PrivateKey:
    candidates: list[bytes | None] = list(passphrases) if is_encrypted else [None]
    if not candidates:
        raise PassphraseNeededError
    for passphrase in candidates:
        try:
            return kinds.check(load(passphrase))
        except UnsupportedAlgorithm as error:
            raise UnsuitableKeyError(_UNKNOWN, _CONVERT) from error
        except (ValueError, TypeError) as error:
            if is_encrypted and "nknown" in str(
                error
            ):  # « Unknown key encryption algorithm »: held by a test
                raise UnsuitableKeyError(_UNKNOWN, _CONVERT) from error
            if not is_encrypted:
                raise damaged(_WHAT) from error
    raise PassphraseWrongError
