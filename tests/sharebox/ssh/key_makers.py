"""Makes keys with the programs that people make them with."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_ssh_private_key,
)

from tests.programs import require

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

KINDS = ("ed25519", "rsa", "ecdsa-256", "ecdsa-384", "ecdsa-521")
PASSPHRASE = "phrase secrète €"


def run(program: str, *arguments: object, given: bytes | None = None) -> bytes:
    """What the program prints; a failure is one of the test."""
    command = [require(program), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60, input=given)
    assert done.returncode == 0, (command, done.stderr)
    return done.stdout


def ssh_key(file: Path, kind: str = "ed25519", passphrase: str = "", *options: str) -> Path:
    """A key of ssh-keygen; the public half is beside it."""
    name, _, bits = kind.partition("-")
    size = ["-b", bits] if bits else []
    run("ssh-keygen", "-q", "-t", name, *size, "-N", passphrase, "-C", "clé d'essai", *options, "-f", file)
    return file


def rewritten(key: Path, to: Path, passphrase: str, *options: str) -> Path:
    """The same key, as `ssh-keygen -p` writes it."""
    to.write_bytes(key.read_bytes())
    to.chmod(0o600)
    run("ssh-keygen", "-q", "-p", *options, "-N", passphrase, "-f", to)
    return to


def ppk(key: Path, to: Path, passphrase: str, parameters: str, *options: object) -> Path:
    """The same key as PuTTY has it."""
    secret = to.with_name("passphrase")
    secret.write_text(passphrase)
    run("puttygen", key, "-O", "private", "--ppk-param", parameters, "--new-passphrase", secret, *options,
        "-o", to)  # fmt: skip
    return to


def pkcs8(key: Path, to: Path, *options: str) -> Path:
    """The same key in PKCS#8, as `openssl pkcs8` writes it."""
    content = load_ssh_private_key(key.read_bytes(), None)
    plain = content.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    run("openssl", "pkcs8", "-topk8", "-out", to, *options, given=plain)
    return to


def fingerprint(key: Path) -> str:
    """Of the public half beside it, as ssh-keygen computes it."""
    return run("ssh-keygen", "-l", "-f", f"{key}.pub").decode().split()[1]


def certify(authority: Path, key: Path, principal: str, *options: str) -> Path:
    """A certificate beside the key."""
    run("ssh-keygen", "-q", "-s", authority, "-I", "essai", "-n", principal, *options, f"{key}.pub")
    return key.with_name(key.name + "-cert.pub")


def variants(text: str) -> Sequence[bytes]:
    """What editors, systems and mail programs make of a key's text."""
    return [
        text.replace("\n", "\r\n").encode(),
        text.replace("\n", "\r").encode(),
        text.rstrip("\n").encode(),
        text.encode() + b"\x1a",
        b"\xef\xbb\xbf" + text.encode(),
        text.encode("utf-16"),
        b"\xfe\xff" + text.encode("utf-16-be"),
        text.encode("utf-16-le"),
        text.encode("utf-16-be"),
        text.encode("utf-32"),
        ("\n \n    " + text.replace("\n", "\n    ")).encode(),
        ("> " + text.replace("\n", "\n> ")).encode(),
        text.replace("\n", "\xa0\n").encode(),
        text.replace("\n", "\n\n").encode(),
        text.replace("\n", "\u200b\n").encode(),
    ]
