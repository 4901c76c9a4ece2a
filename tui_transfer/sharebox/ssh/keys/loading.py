"""Gives the keys that a login offers, in the order in which they are to be tried."""

from __future__ import annotations

import contextlib
import os
import shlex
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import paramiko

from tui_transfer.errors import Problem, TransferError
from tui_transfer.sharebox.ssh.keys import agent, certificate, kinds, openssh, pem, putty, recognition
from tui_transfer.sharebox.ssh.keys.document import Document
from tui_transfer.sharebox.ssh.keys.faults import (
    FILE,
    NEW,
    PassphraseNeededError,
    PassphraseWrongError,
    UnsuitableKeyError,
    damaged,
)
from tui_transfer.system import os_errors
from tui_transfer.system.files import UnfitFileError, printable, read_file
from tui_transfer.system.platform import ON_WINDOWS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_transfer.sharebox.ssh.keys.kinds import PrivateKey

_LONGEST: Final = 1 << 20
"""Bytes; a key of RSA with 16,384 bits has 12,000."""
_NEW_NAME: Final = "id_sharebox"
_ADD: Final = (
    "Démarrez-le (« eval $(ssh-agent) », ou « Start-Service ssh-agent » sous Windows, ou Pageant) dans la "
    "session qui lance ce programme, puis confiez-lui la clé : « ssh-add {file} »."
)


@dataclass(frozen=True)
class LoginKey:
    """What a login may offer.

    Attributes:
        pkey: signs; its public half is the certificate, where it has one.
        label: what it is called in a sentence: « la clé id_ed25519 ».
        remarks: what a person should know of it, in French sentences.
    """

    pkey: paramiko.PKey
    label: str
    remarks: tuple[str, ...] = ()


def load_from_file(file: Path, passphrase: str | None) -> Sequence[LoginKey]:
    """The key in `file`: first with each certificate beside it that is good now, then alone.

    Raises:
        TransferError: KEY_UNREADABLE, KEY_UNSUITABLE, KEY_PASSPHRASE_NEEDED or KEY_PASSPHRASE_WRONG.
    """
    key, inside = _read(file, passphrase)
    label = f"la clé {file.name}"
    certificates, remarks = [], []
    places = [(f"le certificat dans {file.name}", inside)] if inside is not None else []
    for place, blob in places:
        try:
            certificates.append((place, certificate.check(blob, key)))
        except certificate.UnfitCertificateError as error:
            remarks.append(_left_out(place, error))
    for path in certificate.beside(_expanded(file)):
        place = f"le certificat {path.name}"
        try:
            certificates.append((place, certificate.read(path, key)))
        except certificate.UnfitCertificateError as error:
            remarks.append(_left_out(place, error))
    keys = []
    for place, blob in certificates:
        pkey = kinds.as_pkey(key)
        pkey.load_certificate(paramiko.Message(blob))
        keys.append(LoginKey(pkey, f"{label} avec {place}", tuple(remarks)))
    return [*keys, LoginKey(kinds.as_pkey(key), label, tuple(remarks))]


def load_private_key(file: Path, passphrase: str | None) -> paramiko.PKey:
    """The first of `load_from_file`, which raises the same."""
    return load_from_file(file, passphrase)[0].pkey


def load_from_agent() -> Sequence[LoginKey]:
    """The keys of ssh-agent that are fit for a login, certificates first, as OpenSSH's client offers them.

    Raises:
        TransferError: AGENT_UNUSABLE.
    """
    try:
        found = agent.list_keys()
    except agent.NoAgentError as error:
        reason = "aucun agent SSH ne répond dans cette session"
        raise _no_agent_key(reason, _ADD) from error
    keys, remarks = [], []
    for key in found:
        name = f"la clé « {key.comment or key.get_name()} » de l’agent"
        if (unfit := _why_unfit(key)) is not None:
            remarks.append(f"{name[0].upper()}{name[1:]} est laissée de côté : {unfit}.")
        else:
            keys.append((key, name))
    if not keys:
        reason = "l’agent SSH n’a aucune clé" if not remarks else " ".join(remarks).rstrip(".")
        raise _no_agent_key(
            reason, "Confiez-lui la clé du compte, par exemple : « ssh-add ~/.ssh/id_ed25519 »."
        )
    keys.sort(key=lambda pair: not pair[0].get_name().endswith(kinds.CERTIFICATE))
    return [LoginKey(key, name, tuple(remarks)) for key, name in keys]


def _why_unfit(key: agent.AgentKey) -> str | None:
    """Why no login can be made with a key of the agent; it can sign with security keys, as a file cannot."""
    name = key.get_name().removesuffix(kinds.CERTIFICATE)
    if name == kinds.RSA and key.get_bits() < kinds.LEAST_RSA_BITS:
        return kinds.too_short(key.get_bits())
    if not name.startswith("sk-"):
        try:
            kinds.check_name(name)
        except UnsuitableKeyError as error:
            return error.reason
    return None


def _no_agent_key(reason: str, advice: str) -> TransferError:
    return TransferError(
        Problem.AGENT_UNUSABLE, reason=reason, advice=advice.replace(FILE, "~/.ssh/id_ed25519")
    )


def _left_out(place: str, error: certificate.UnfitCertificateError) -> str:
    return f"{place[0].upper()}{place[1:]} est laissé de côté : {error}."


def _read(file: Path, passphrase: str | None) -> tuple[PrivateKey, bytes | None]:
    """The key in a file, and the certificate in it.

    Raises:
        TransferError
    """
    place = _expanded(file)
    try:
        return _parse(Document(read_file(place, _LONGEST)), place, _spellings(passphrase))
    except OSError as error:
        reason = str(error) if isinstance(error, UnfitFileError) else os_errors.in_words(error)
        raise TransferError(Problem.KEY_UNREADABLE, file=printable(file), reason=reason) from error
    except PassphraseNeededError as error:
        raise TransferError(Problem.KEY_PASSPHRASE_NEEDED, file=printable(file)) from error
    except PassphraseWrongError as error:
        raise TransferError(Problem.KEY_PASSPHRASE_WRONG, file=printable(file)) from error
    except UnsuitableKeyError as error:
        new = _new_name(place)
        advice = error.advice.replace(FILE, _quoted(place)).replace(NEW, _quoted(new))
        raise TransferError(
            Problem.KEY_UNSUITABLE, file=printable(file), reason=error.reason, advice=advice
        ) from error


def _expanded(file: Path) -> Path:
    """With its `~` replaced, where there is such an account."""
    return Path(os.path.expanduser(file))  # noqa: PTH111 - Path.expanduser raises there


def _parse(document: Document, file: Path, passphrases: Sequence[bytes]) -> tuple[PrivateKey, bytes | None]:
    if putty.is_putty(document):
        return putty.read(document, passphrases)
    for block in document.blocks:
        if not block.is_whole:
            continue
        if block.label == openssh.LABEL:
            try:
                data = block.decode()
            except ValueError as error:
                raise damaged("la clé OpenSSH") from error
            return openssh.read(data, passphrases), None
        if block.label in pem.LABELS:
            return pem.read(block, passphrases), None
    if document.content[:1] == b"\x30" and (key := pem.read_der(document.content, passphrases)) is not None:
        return key, None
    raise recognition.describe(document, file)


def _spellings(passphrase: str | None) -> list[bytes]:
    """How the passphrase may have been written where the key was made: accents have two forms in Unicode, and
    PuTTY on Windows takes the code page.
    """
    if not passphrase:
        return []
    texts = (passphrase, *(unicodedata.normalize(form, passphrase) for form in ("NFC", "NFD")))
    found = dict.fromkeys(text.encode("utf-8", "surrogateescape") for text in texts)
    with contextlib.suppress(UnicodeEncodeError):
        found[texts[1].encode("cp1252")] = None
    return list(found)


def _new_name(file: Path) -> Path:
    """A free name beside the key, for what is made of it."""
    names = (f"{_NEW_NAME}{number}" for number in ("", *range(2, 100)))
    return next(
        (path for name in names if not (path := file.with_name(name)).exists()), file.with_name(_NEW_NAME)
    )


def _quoted(path: Path) -> str:
    """A path as a command line of this system takes it."""
    text = printable(path)
    if not ON_WINDOWS:
        return shlex.quote(text)
    return f'"{text}"' if " " in text else text
