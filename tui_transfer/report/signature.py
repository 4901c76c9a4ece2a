"""Signatures that OpenSSH verifies: `ssh-keygen -Y verify`, on a machine without this program.

The format is that of OpenSSH's PROTOCOL.sshsig, version 1: the hash of what is signed is signed together with
a namespace, and the signature carries the public key.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import TYPE_CHECKING, Final

from tui_transfer.report.public_key import NAMESPACE, PublicKey
from tui_transfer.sharebox.ssh.fields import Fields, string

if TYPE_CHECKING:
    import paramiko

_MAGIC: Final = b"SSHSIG"
_VERSION: Final = 1
_HASHES: Final = {"sha512": hashlib.sha512, "sha256": hashlib.sha256}
"""Those that the format allows; the first is ours, and ssh-keygen's own."""
_OURS: Final = "sha512"
_BEGIN: Final = b"-----BEGIN SSH SIGNATURE-----"
_END: Final = b"-----END SSH SIGNATURE-----"
_WIDTH: Final = 70
_RSA: Final = "ssh-rsa"


class InvalidSignatureError(Exception):
    """What is there is no signature of what it lies beside."""


def sign(message: bytes, key: paramiko.PKey) -> bytes:
    """The signature of `message`, as a file of lines.

    Raises:
        SSHException: the key does not sign.
    """
    algorithm = "rsa-sha2-512" if key.get_name() == _RSA else None
    made = key.sign_ssh_data(_signed(message, _OURS), algorithm).asbytes()
    fields = (key.asbytes(), NAMESPACE.encode(), b"", _OURS.encode(), made)
    content = base64.b64encode(_MAGIC + _VERSION.to_bytes(4, "big") + b"".join(map(string, fields)))
    lines = (content[start : start + _WIDTH] for start in range(0, len(content), _WIDTH))
    return b"\n".join((_BEGIN, *lines, _END)) + b"\n"


def verify(signature: bytes, message: bytes) -> PublicKey:
    """The key that signed `message`. Whose that is, is another question.

    Raises:
        InvalidSignatureError: it is no signature of `message` in the namespace of this program.
    """
    try:
        fields = Fields(_decode(signature))
        if fields.take(len(_MAGIC)) != _MAGIC or fields.integer() != _VERSION:
            raise ValueError("another format")
        key, namespace = PublicKey(fields.string()), fields.string()
        fields.string()  # reserved
        name, made = fields.name(), fields.string()
        if fields.rest or namespace != NAMESPACE.encode() or name not in _HASHES:
            raise ValueError("for something else")
    except ValueError as error:
        raise InvalidSignatureError(str(error)) from error
    if not key.made(made, _signed(message, name)):
        raise InvalidSignatureError("of something else")
    return key


def _signed(message: bytes, hash_name: str) -> bytes:
    fields = (NAMESPACE.encode(), b"", hash_name.encode(), _HASHES[hash_name](message).digest())
    return _MAGIC + b"".join(map(string, fields))


def _decode(signature: bytes) -> bytes:
    lines = [line.strip() for line in signature.strip().splitlines()]
    if len(lines) < 2 or lines[0] != _BEGIN or lines[-1] != _END:
        raise ValueError("no signature")
    try:
        return base64.b64decode(b"".join(lines[1:-1]), validate=True)
    except binascii.Error as error:
        raise ValueError("no base64") from error
