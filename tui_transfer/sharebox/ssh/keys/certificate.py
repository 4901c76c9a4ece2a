"""Certificates of OpenSSH that lie beside a key: used where they are of use, told of where not."""

from __future__ import annotations

import base64
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_public_identity
from cryptography.hazmat.primitives.serialization.ssh import SSHCertificate, SSHCertificateType

from tui_transfer import french
from tui_transfer.sharebox.ssh.fields import Fields
from tui_transfer.sharebox.ssh.keys import kinds
from tui_transfer.sharebox.ssh.keys.document import Document
from tui_transfer.system import os_errors
from tui_transfer.system.files import read_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tui_transfer.sharebox.ssh.keys.kinds import PrivateKey

ENDING: Final = "-cert.pub"
_LONGEST: Final = 1 << 18
"""Bytes; OpenSSH takes no longer line."""
_LAST_MOMENT: Final = 253_402_300_799
"""The end of the year 9999, in seconds of 1970: no later day has a name."""


class UnfitCertificateError(Exception):
    """It is of no use with this key; the text says why, in French, for a sentence's end."""


def beside(file: Path) -> Iterator[Path]:
    """Where the certificate of the key in `file` may lie: `id-cert.pub` for `id`, `id.pem` and `id.ppk`."""
    names = dict.fromkeys((file.name, file.stem))
    for name in names:
        path = file.with_name(name + ENDING)
        if path != file and path.is_file():
            yield path


def read(file: Path, key: PrivateKey) -> bytes:
    """The certificate in `file`, as it is sent.

    Raises:
        UnfitCertificateError
    """
    try:
        document = Document(read_file(file, _LONGEST))
    except OSError as error:
        raise UnfitCertificateError(os_errors.in_words(error)) from error
    for line in document.text.split("\n"):
        words = line.split()
        for index, word in enumerate(words[:-1]):
            if word.endswith(kinds.CERTIFICATE):
                try:
                    return check(base64.b64decode(words[index + 1], validate=True), key)
                except ValueError as error:
                    raise UnfitCertificateError("il est abîmé") from error
    raise UnfitCertificateError("ce n’est pas un certificat OpenSSH")


def check(blob: bytes, key: PrivateKey) -> bytes:
    """The certificate, if it is one of `key` for a person, now.

    Raises:
        UnfitCertificateError
    """
    try:
        name = Fields(blob).name()
        certificate = load_ssh_public_identity(f"{name} {base64.b64encode(blob).decode()}".encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UnfitCertificateError("il est abîmé") from error
    if not isinstance(certificate, SSHCertificate):
        raise UnfitCertificateError("ce n’est pas un certificat OpenSSH")
    public = certificate.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    if public != kinds.public_line(key):
        raise UnfitCertificateError("il est celui d’une autre clé")
    if certificate.type is not SSHCertificateType.USER:
        raise UnfitCertificateError("c’est le certificat d’un serveur, et non d’une personne")
    now = time.time()
    if now >= certificate.valid_before:
        raise UnfitCertificateError(f"il a expiré le {_moment(certificate.valid_before)}")
    if now < certificate.valid_after:
        raise UnfitCertificateError(f"il n’est valable qu’à partir du {_moment(certificate.valid_after)}")
    return blob


def _moment(seconds: int) -> str:
    return french.moment(datetime.fromtimestamp(min(seconds, _LAST_MOMENT), UTC))
