"""Reads the private key with which a person is let in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import paramiko
from paramiko.pkey import UnknownKeyType

from tui_transfer.errors import Problem, TransferError
from tui_transfer.system import os_errors
from tui_transfer.system.files import read_file

if TYPE_CHECKING:
    from pathlib import Path

_LONGEST: Final = 1 << 20
"""Bytes; a key of RSA with 16,384 bits has 12,000."""


def load_private_key(file: Path, passphrase: str | None) -> paramiko.PKey:
    """Loads an Ed25519, ECDSA or RSA key in OpenSSH's or the older PEM format.

    Raises:
        TransferError: KEY_UNREADABLE, KEY_PASSPHRASE_NEEDED or KEY_PASSPHRASE_WRONG.
    """
    try:
        return _load(file, None)
    except TypeError:  # how the cryptography library says that it is encrypted
        if not passphrase:
            raise TransferError(Problem.KEY_PASSPHRASE_NEEDED, file=file) from None
    try:
        return _load(file, passphrase.encode())
    except ValueError:
        raise TransferError(Problem.KEY_PASSPHRASE_WRONG, file=file) from None


def _load(file: Path, passphrase: bytes | None) -> paramiko.PKey:
    """Raises TypeError if a passphrase is missing, ValueError if it is wrong, TransferError otherwise."""
    try:
        read_file(file.expanduser(), _LONGEST)  # which tells a pipe from a file, as paramiko does not
        # The stubs say `str`, but the cryptography library underneath takes nothing but bytes.
        return paramiko.PKey.from_path(file, passphrase)  # type: ignore[arg-type]
    except OSError as error:
        raise _unreadable(file, os_errors.in_words(error)) from error
    except (paramiko.SSHException, UnknownKeyType) as error:
        raise _unreadable(file, "ce format ou ce type de clé n'est pas pris en charge") from error
    except ValueError as error:
        if passphrase is None:
            raise _unreadable(file, "ce n'est pas une clé privée, ou elle est abîmée") from error
        raise


def _unreadable(file: Path, reason: str) -> TransferError:
    return TransferError(Problem.KEY_UNREADABLE, file=file, reason=reason)
