"""Says what a file is that was given for a private key and is none, the likeliest first."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_der_public_key

from tui_transfer.sharebox.ssh.keys import certificate, openssh, pem
from tui_transfer.sharebox.ssh.keys.faults import ASK_AGAIN, FILE, NEW, NEW_KEY, UnsuitableKeyError

if TYPE_CHECKING:
    from pathlib import Path

    from tui_transfer.sharebox.ssh.keys.document import Document

_PUBLIC: Final = re.compile(
    r"(?:ssh-(?:rsa|dss|ed25519|ed448)|ecdsa-sha2-\S+|sk-\S+@openssh\.com|ssh-\S+@\S+)\s+AAAA", re.MULTILINE
)
_CERTIFICATE: Final = re.compile(r"\S+-cert-v0[01]@openssh\.com\s+AAAA")
_MAIL: Final = re.compile(
    r"^(?:From|De|To|À|Subject|Objet|Date|Received|Return-Path|MIME-Version) ?:", re.M | re.I
)
_CUT: Final = re.compile(r"BEGIN [A-Z0-9 ]*PRIVATE KEY|PuTTY-User-Key-File|AAAAB3Nza|b3BlbnNzaC1rZXktdjE")

_KEYTOOL: Final = (
    f"Convertissez-le : « keytool -importkeystore -srckeystore {FILE} -destkeystore {NEW}.p12 -deststoretype "
    f"PKCS12 », puis « openssl pkcs12 -in {NEW}.p12 -nodes -nocerts -out {NEW} », et mettez {NEW} dans "
    "« Fichier de clé »."
)
_OPEN_SSL: Final = (
    f"« openssl pkcs12 -in {FILE} -nodes -nocerts -out {NEW} », puis mettez {NEW} dans « Fichier de clé »"
)
_PUTTYGEN: Final = (
    f"« puttygen {FILE} -O private-openssh-new -o {NEW} », et mettez {NEW} dans « Fichier de clé »"
)
_PRIVATE_WANTED: Final = (
    "Donnez dans « Fichier de clé » le fichier de la clé privée : celui qui commence par « -----BEGIN » et "
    "finit par « PRIVATE KEY----- », ou un fichier « .ppk » de PuTTY."
)
_NOT_FOR_SSH: Final = f"Il ne sert pas à s’identifier par SSH. {_PRIVATE_WANTED}"

_LABELS: Final = (
    (
        "SSH2 ENCRYPTED PRIVATE KEY",
        "c’est une clé privée au format de ssh.com",
        f"Convertissez-la : {_PUTTYGEN}.",
    ),
    ("CERTIFICATE REQUEST", "c’est une demande de certificat X.509", _NOT_FOR_SSH),
    ("CERTIFICATE", "c’est un certificat X.509, celui d’un site ou d’une messagerie", _NOT_FOR_SSH),
    ("PGP", "c’est une clé ou un message GPG (PGP)", _NOT_FOR_SSH),
    ("SSH SIGNATURE", "c’est une signature SSH", _PRIVATE_WANTED),
    ("AGE ENCRYPTED", "c’est un fichier chiffré par age", _NOT_FOR_SSH),
    ("PKCS7", "ce sont des certificats X.509 (PKCS#7)", _NOT_FOR_SSH),
    ("PKCS #7", "ce sont des certificats X.509 (PKCS#7)", _NOT_FOR_SSH),
    (
        "PRIVATE KEY",
        "c’est une clé privée d’un genre que ce programme ne connaît pas",
        f"Convertissez-la : {_PUTTYGEN}.",
    ),
)
_BEGINNINGS: Final = (
    (b"SSH PRIVATE KEY FILE FORMAT 1.1\n", "c’est une clé de SSH 1, un protocole abandonné", NEW_KEY),
    (b"\xfe\xed\xfe\xed", "c’est un magasin de clés Java (JKS)",
     _KEYTOOL),
    (b"PK\x03\x04", "c’est une archive ZIP ou un document de bureautique", None),
    (b"%PDF", "c’est un document PDF", None),
    (b"{\\rtf", "c’est un document de traitement de texte (RTF)", None),
    (b"\xd0\xcf\x11\xe0", "c’est un document de bureautique ou un message d’Outlook", None),
    (b"7z\xbc\xaf", "c’est une archive 7z", None),
    (b"Rar!", "c’est une archive RAR", None),
    (b"\x1f\x8b", "c’est un fichier compressé (gzip)", None),
    (b"\x89PNG", "c’est une image", None),
    (b"\xff\xd8\xff", "c’est une image", None),
    (b"\x7fELF", "c’est un programme", None),
    (b"MZ", "c’est un programme", None),
)  # fmt: skip
_INSIDE: Final = f"Ouvrez-le : la clé est peut-être dedans, à enregistrer à part. {_PRIVATE_WANTED}"


def describe(document: Document, file: Path) -> UnsuitableKeyError:
    """What the file is, where nothing that reads keys could do anything with it."""
    return (
        _by_content(document)
        or _public_half(document, file)
        or _by_label(document)
        or _by_text(document)
        or UnsuitableKeyError("ce n’est pas une clé privée", _PRIVATE_WANTED)
    )


def _by_content(document: Document) -> UnsuitableKeyError | None:
    content = document.content
    if not document.text:
        return UnsuitableKeyError("il est vide", ASK_AGAIN)
    for beginning, reason, advice in _BEGINNINGS:
        if content.startswith(beginning):
            return UnsuitableKeyError(reason, advice or _INSIDE)
    return _by_der(content) if content[:1] == b"\x30" and document.encoding == "latin-1" else None


def _by_der(content: bytes) -> UnsuitableKeyError | None:
    """What binary ASN.1 may be."""
    if b"\x02\x01\x03\x30" in content[:12]:  # the version, and then a sequence
        reason = "c’est un fichier PKCS#12 (.p12 ou .pfx)"
        return UnsuitableKeyError(reason, f"S’il contient bien votre clé, sortez-la : {_OPEN_SSL}.")
    for load, reason in (
        (x509.load_der_x509_certificate, "c’est un certificat X.509"),
        (load_der_public_key, "c’est une clé publique"),
    ):
        try:
            load(content)
        except Exception:  # noqa: S112 - whatever is wrong, it is not this
            continue
        return UnsuitableKeyError(reason, _PRIVATE_WANTED)
    return None


def _public_half(document: Document, file: Path) -> UnsuitableKeyError | None:
    lines = [line for line in document.text.split("\n") if line.strip() and not line.startswith("#")]
    text = "\n".join(lines)
    if any(block.label.endswith("PRIVATE KEY") for block in document.blocks):
        return None
    if _CERTIFICATE.match(text):
        name = file.name.removesuffix(certificate.ENDING)
        return _other_half("c’est le certificat de la clé, et non la clé", name, file)
    if (found := _PUBLIC.match(text)) or any(
        block.label in ("PUBLIC KEY", "RSA PUBLIC KEY", "SSH2 PUBLIC KEY", "EC PUBLIC KEY")
        for block in document.blocks
    ):
        if found and len(lines) > 1:
            return UnsuitableKeyError("c’est une liste de clés publiques (authorized_keys)", _PRIVATE_WANTED)
        name = file.name.removesuffix(".pub")
        return _other_half("c’est la moitié publique de la clé, celle que l’on donne", name, file)
    if _PUBLIC.search(text) and not _MAIL.search(text):
        if re.search(r"^(?:\S*\bfrom=|command=|restrict\b|no-)", text):
            return UnsuitableKeyError("c’est une liste de clés publiques (authorized_keys)", _PRIVATE_WANTED)
        return UnsuitableKeyError("c’est une liste de clés de serveurs (known_hosts)", _PRIVATE_WANTED)
    return None


def _other_half(reason: str, name: str, file: Path) -> UnsuitableKeyError:
    """Where the private half may be found."""
    there = file.with_name(name)
    if name != file.name and there.is_file():
        return UnsuitableKeyError(
            reason, f"La clé privée est sans doute à côté : mettez {there} dans « Fichier de clé »."
        )
    return UnsuitableKeyError(reason, _PRIVATE_WANTED)


def _by_label(document: Document) -> UnsuitableKeyError | None:
    for block in document.blocks:
        if block.label in (openssh.LABEL, *pem.LABELS):  # it was not whole
            return UnsuitableKeyError("la fin de la clé manque : elle a été coupée", ASK_AGAIN)
    for label, reason, advice in _LABELS:
        if any(label in block.label for block in document.blocks):
            return UnsuitableKeyError(reason, advice)
    return None


def _by_text(document: Document) -> UnsuitableKeyError | None:
    text = document.text
    if _CUT.search(text):
        return UnsuitableKeyError("c’est une clé à laquelle il manque le début ou la fin", ASK_AGAIN)
    if _MAIL.search(text):
        return UnsuitableKeyError("c’est le texte d’un message", _INSIDE)
    for pattern, reason in (
        (r"<RSAKeyValue>", "c’est une clé au format XML de .NET"),
        (r"\A\s*\{.*\"kty\"\s*:", "c’est une clé au format JSON (JWK)"),
        (r"\A\s*<(?:!doctype|html|\?xml)", "c’est une page web ou un fichier XML"),
        (r"AGE-SECRET-KEY-", "c’est une clé d’age"),
        (r"^\s*(?:Host|Match)\s+\S|^\s*IdentityFile\s", "c’est une configuration d’OpenSSH (config)"),
        (r"^\s*\[Interface\]", "c’est une configuration de WireGuard"),
        (r"\ASHA256:\S{43}|\A\d+ SHA256:", "c’est l’empreinte d’une clé"),
        (r"\A\|1\|", "c’est une liste de clés de serveurs (known_hosts)"),
    ):
        if re.search(pattern, text, re.IGNORECASE | re.MULTILINE | re.DOTALL):
            return UnsuitableKeyError(reason, _PRIVATE_WANTED)
    return None
