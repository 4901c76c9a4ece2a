"""PuTTY's `.ppk` files, versions 2 and 3 (its manual, appendix C), encrypted or not.

No library in good care reads them. What is read is checked by the file's own code of authentication.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.argon2 import Argon2d, Argon2i, Argon2id

from tui_transfer.sharebox.ssh.fields import Fields, string
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
    from collections.abc import Iterable, Iterator, Mapping

    from tui_transfer.sharebox.ssh.keys.document import Document
    from tui_transfer.sharebox.ssh.keys.kinds import PrivateKey

_HEADER: Final = re.compile(r"PuTTY-User-Key-File-(\d+)\s*:\s*(\S+)")
_WHAT: Final = "la clé PuTTY"
_CONVERT: Final = (
    f"Convertissez-la avec PuTTYgen (« Conversions », « Export OpenSSH key »), ou par « puttygen {FILE} -O "
    f"private-openssh-new -o {NEW} », et mettez {NEW} dans « Fichier de clé »."
)
_DERIVATIONS: Final[Mapping[str, type[Argon2d | Argon2i | Argon2id]]] = {
    "Argon2d": Argon2d,
    "Argon2i": Argon2i,
    "Argon2id": Argon2id,
}
_MOST_MEMORY: Final = 1 << 20
"""KiB. PuTTY's own default is 8,192."""
_MOST_WORK: Final = 1 << 24
"""KiB times passes: some ten seconds."""


@dataclass(frozen=True)
class _File:
    version: int
    kind: str
    encryption: str
    comments: tuple[bytes, ...]
    """Ways to write the comment: the code of authentication goes over its bytes, which an editor changes."""
    public: bytes
    private: bytes
    fields: Mapping[str, str]


@dataclass(frozen=True)
class _Secrets:
    """What is made of a passphrase."""

    key: bytes
    nonce: bytes
    code: bytes


def is_putty(document: Document) -> bool:
    """Whether it says that it is such a file."""
    return _HEADER.match(document.text) is not None


def read(document: Document, passphrases: Iterable[bytes]) -> tuple[PrivateKey, bytes | None]:
    """The private key, and the certificate that lies in the same file, where one does.

    Args:
        document: for which `is_putty` holds.
        passphrases: ways to write the one that was given; none where none was.

    Raises:
        UnsuitableKeyError, PassphraseNeededError, PassphraseWrongError
    """
    header = _HEADER.match(document.text)
    assert header is not None
    version, kind = int(header[1]), header[2]
    if version not in (2, 3):
        raise UnsuitableKeyError(
            f"c’est une clé PuTTY de la version {version}, que ce programme ne lit pas", _CONVERT
        )
    kinds.check_name(kind.removesuffix(kinds.CERTIFICATE))
    try:
        file = _parse(document, version, kind)
        private = _open(file, list(passphrases))
        return _build(file, private)
    except (ValueError, KeyError) as error:
        raise damaged(_WHAT) from error


def _parse(document: Document, version: int, kind: str) -> _File:
    fields: dict[str, str] = {}
    blobs: dict[str, bytes] = {}
    lines = iter(document.text.split("\n"))
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            if line.strip():
                raise ValueError("no field")
            continue
        name = name.strip()
        fields[name] = value
        if name in ("Public-Lines", "Private-Lines"):
            blobs[name] = _blob(lines, int(value))
        if name in ("Private-MAC", "Private-Hash"):  # whatever follows was added
            break
    comment = fields["Comment"]
    return _File(
        version,
        kind,
        fields["Encryption"].strip(),
        tuple(_encodings(comment.removeprefix(" ")) | _encodings(comment.strip())),
        blobs["Public-Lines"],
        blobs["Private-Lines"],
        {name: value.strip() for name, value in fields.items()},
    )


def _blob(lines: Iterator[str], count: int) -> bytes:
    found: list[str] = []
    while len(found) < count:
        line = next(lines, None)
        if line is None:
            raise ValueError("cut off")
        if line.strip():
            found.append(line.strip())
    return base64.b64decode("".join(found), validate=True)


def _encodings(text: str) -> dict[bytes, None]:
    """The bytes that the text may have been, in the order of likelihood."""
    found: dict[bytes, None] = {}
    for encoding in ("utf-8", "cp1252", "latin-1"):
        try:
            found[text.encode(encoding)] = None
        except UnicodeEncodeError:
            continue
    return found


def _open(file: _File, passphrases: list[bytes]) -> bytes:
    """What was encrypted, authenticated."""
    if file.encryption == "none":
        if _is_authentic(file, file.private, _derive_code(file)):
            return file.private
        raise ValueError("another code")
    if file.encryption != "aes256-cbc":
        reason = f"cette clé PuTTY est chiffrée par un procédé inconnu ({file.encryption[:40]})"
        raise UnsuitableKeyError(reason, _CONVERT)
    if not passphrases:
        raise PassphraseNeededError
    for passphrase in passphrases:
        secrets = _derive(file, passphrase)
        decryptor = Cipher(algorithms.AES(secrets.key), modes.CBC(secrets.nonce)).decryptor()
        opened = decryptor.update(file.private) + decryptor.finalize()
        if _is_authentic(file, opened, secrets.code):
            return opened
    raise PassphraseWrongError


def _derive(file: _File, passphrase: bytes) -> _Secrets:
    if file.version == 2:
        key = b"".join(_sha1(number.to_bytes(4, "big") + passphrase) for number in range(2))[:32]
        return _Secrets(key, bytes(16), _derive_code(file, passphrase))
    fields = file.fields
    kind = fields["Key-Derivation"]
    memory, passes = int(fields["Argon2-Memory"]), int(fields["Argon2-Passes"])
    if memory > _MOST_MEMORY or memory * passes > _MOST_WORK:
        raise UnsuitableKeyError("sa phrase secrète demande un calcul démesuré", _CONVERT)
    try:
        derived = _DERIVATIONS[kind](
            salt=bytes.fromhex(fields["Argon2-Salt"]),
            length=80,
            iterations=passes,
            lanes=int(fields["Argon2-Parallelism"]),
            memory_cost=memory,
        ).derive(passphrase)
    except UnsupportedAlgorithm as error:
        raise UnsuitableKeyError(
            "cette machine ne sait pas calculer sa phrase secrète (Argon2)", _CONVERT
        ) from error
    return _Secrets(derived[:32], derived[32:48], derived[48:])


def _derive_code(file: _File, passphrase: bytes = b"") -> bytes:
    """The key of the code of authentication; of version 3, where nothing is encrypted."""
    return _sha1(b"putty-private-key-file-mac-key" + passphrase) if file.version == 2 else b""


def _sha1(data: bytes) -> bytes:
    return hashlib.sha1(data, usedforsecurity=False).digest()  # what the format asks for


def _is_authentic(file: _File, private: bytes, key: bytes) -> bool:
    expected = bytes.fromhex(file.fields["Private-MAC"])
    digest = "sha1" if file.version == 2 else "sha256"
    before = string(file.kind.encode()) + string(file.encryption.encode())
    after = string(file.public) + string(private)
    codes = (hmac.digest(key, before + string(comment) + after, digest) for comment in file.comments)
    return any(hmac.compare_digest(expected, code) for code in codes)


def _build(file: _File, private: bytes) -> tuple[PrivateKey, bytes | None]:
    """The key of the numbers in both halves, which have to fit."""
    public, secret = Fields(file.public), Fields(private)
    name = public.name()
    if name != file.kind:
        raise ValueError("two kinds")
    certificate = file.public if name.endswith(kinds.CERTIFICATE) else None
    if certificate is not None:
        public.string()  # a nonce
    kind = name.removesuffix(kinds.CERTIFICATE)
    key: PrivateKey
    if kind == kinds.RSA:
        numbers = rsa.RSAPublicNumbers(public.number(), public.number())
        d, p, q, iqmp = (secret.number() for _ in range(4))
        dmp1, dmq1 = rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q)
        key = rsa.RSAPrivateNumbers(p, q, d, dmp1, dmq1, iqmp, numbers).private_key()
    elif kind == kinds.ED25519:
        key = ed25519.Ed25519PrivateKey.from_private_bytes(secret.string())
        if key.public_key().public_bytes_raw() != public.string():
            raise ValueError("two keys")
    else:
        curve = kinds.CURVES[kind]()
        public.string()  # its name
        key = ec.derive_private_key(secret.number(), curve)
        if key.public_key() != ec.EllipticCurvePublicKey.from_encoded_point(curve, public.string()):
            raise ValueError("two keys")
    return kinds.check(key), certificate
