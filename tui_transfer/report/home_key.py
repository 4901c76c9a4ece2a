"""The key that a home signs with where its account has none: made once, and kept beside the jobs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from tui_transfer.errors import Problem, TransferError
from tui_transfer.system import access, names
from tui_transfer.system.files import (
    UnfitFileError,
    disk_errors,
    make_private_folder,
    printable,
    read_file,
    write_private,
)
from tui_transfer.system.locks import Lock, LockHeldError

if TYPE_CHECKING:
    from pathlib import Path

    import paramiko

KEY_NAME: Final = "signing_key"
_LOCK_LIMIT: Final = 10.0
"""Seconds for whoever is making it."""
_MOST_ASIDE: Final = 1000


def home_key(home: Path) -> paramiko.PKey:
    """The home's own key, made now if there is none: Ed25519, in a file that only its owner reads, its public
    half beside it as `signing_key.pub`.

    A file that holds no key any more is set aside, and another key is made: what was signed before stays so.

    Args:
        home: the folder in which the jobs' folder lies.

    Raises:
        TransferError: DISK_FULL; DISK_UNWRITABLE, also where the file cannot be read.
    """
    file = make_private_folder(home) / KEY_NAME
    if (key := _read(file)) is not None:
        access.close_to_others(file)
        return key
    lock = Lock(file.with_name(f"{KEY_NAME}.lock"), _LOCK_LIMIT, create=True)
    try:
        lock.acquire()
    except LockHeldError as error:
        reason = "un autre programme est en train de l’écrire"
        raise TransferError(Problem.DISK_UNWRITABLE, path=printable(file), reason=reason) from error
    try:
        if (key := _read(file)) is not None:  # somebody else was faster
            return key
        _set_aside(file)
        _make(file)
    finally:
        lock.release()
    made = _read(file)
    if made is None:
        reason = "elle ne se relit pas telle qu’elle a été écrite"
        raise TransferError(Problem.DISK_UNWRITABLE, path=printable(file), reason=reason)
    return made


def _read(file: Path) -> paramiko.PKey | None:
    """The key in the file; None where there is no file, or no key in it."""
    from tui_transfer.sharebox.ssh.keys import load_private_key

    with disk_errors(file):
        try:
            read_file(file)
        except FileNotFoundError:
            return None
        except UnfitFileError:
            return None
    try:
        return load_private_key(file, None)
    except TransferError:
        return None


def _set_aside(file: Path) -> None:
    with disk_errors(file):
        if not os.path.lexists(file):
            return
        candidates = (file.with_name(f"{file.name}.old{number}") for number in ("", *range(2, _MOST_ASIDE)))
        names.rename(file, next(name for name in candidates if not os.path.lexists(name)))


def _make(file: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    from tui_transfer.sharebox.ssh.keys.kinds import public_line

    key = Ed25519PrivateKey.from_private_bytes(os.urandom(32))
    public = public_line(key) + b" tui-transfer\n"
    # The public half first: where the private one is, the other is, too.
    write_private(file.with_name(f"{file.name}.pub"), public)
    write_private(file, key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
