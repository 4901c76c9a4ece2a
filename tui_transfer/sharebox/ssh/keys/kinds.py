"""The kinds of keys that this program logs in with: RSA, ECDSA on three curves, and Ed25519."""

from __future__ import annotations

import io
from typing import Final

import paramiko
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa, x448, x25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tui_transfer.sharebox.ssh.keys.faults import NEW_KEY, UnsuitableKeyError

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

LEAST_RSA_BITS: Final = 2048
CURVES: Final[dict[str, type[ec.EllipticCurve]]] = {
    "ecdsa-sha2-nistp256": ec.SECP256R1,
    "ecdsa-sha2-nistp384": ec.SECP384R1,
    "ecdsa-sha2-nistp521": ec.SECP521R1,
}
RSA: Final = "ssh-rsa"
ED25519: Final = "ssh-ed25519"
CERTIFICATE: Final = "-cert-v01@openssh.com"
"""How the names of certificates end."""

_DSA: Final = "c’est une clé DSA, un procédé abandonné que les serveurs refusent"
_SECURITY_KEY: Final = "c’est la trace d’une clé matérielle (FIDO) : la vraie clé ne quitte pas son support"
_OTHERS: Final = {
    "ssh-dss": _DSA,
    "ssh-dsa": _DSA,
    "ssh-ed448": "c’est une clé Ed448, que les serveurs SSH ne connaissent pas",
    "ssh-xmss@openssh.com": "c’est une clé XMSS, que les serveurs SSH ne connaissent pas",
}
_NOT_FOR_SIGNING: Final = "elle sert à échanger des clés, et non à s’identifier"
_OF_OTHER_KINDS: Final[tuple[tuple[type, str], ...]] = (
    (dsa.DSAPrivateKey, _DSA),
    (ed448.Ed448PrivateKey, _OTHERS["ssh-ed448"]),
    (x25519.X25519PrivateKey, f"c’est une clé X25519 : {_NOT_FOR_SIGNING}"),
    (x448.X448PrivateKey, f"c’est une clé X448 : {_NOT_FOR_SIGNING}"),
)


def check_name(name: str) -> None:
    """Refuses the kinds of keys that no login can be made with, by their names in SSH.

    Raises:
        UnsuitableKeyError
    """
    if name.startswith("sk-"):
        raise UnsuitableKeyError(
            _SECURITY_KEY,
            'Confiez-la à ssh-agent (« ssh-add {file} ») et mettez key_file = "agent" ; ou bien : '
            f"{NEW_KEY[0].lower()}{NEW_KEY[1:]}",
        )
    if name not in (RSA, ED25519, *CURVES):
        raise UnsuitableKeyError(
            _OTHERS.get(name, f"c’est une clé d’un genre inconnu ({name[:40]})"), NEW_KEY
        )


def check(key: object) -> PrivateKey:
    """`key`, if it is of a kind that a login can be made with.

    Raises:
        UnsuitableKeyError
    """
    if isinstance(key, rsa.RSAPrivateKey):
        if key.key_size < LEAST_RSA_BITS:
            raise UnsuitableKeyError(too_short(key.key_size), NEW_KEY)
        return key
    if isinstance(key, ec.EllipticCurvePrivateKey):
        if not isinstance(key.curve, tuple(CURVES.values())):
            reason = f"c’est une clé sur la courbe {key.curve.name}, que SSH ne connaît pas"
            raise UnsuitableKeyError(reason, NEW_KEY)
        return key
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key
    reasons = (reason for kind, reason in _OF_OTHER_KINDS if isinstance(key, kind))
    raise UnsuitableKeyError(next(reasons, "c’est une clé d’un genre que SSH ne connaît pas"), NEW_KEY)


def too_short(bits: int) -> str:
    """Why an RSA key of so many bits is refused, in French."""
    return f"c’est une clé RSA de {bits} bits, trop courte pour être sûre (il en faut {LEAST_RSA_BITS})"


def as_pkey(key: PrivateKey) -> paramiko.PKey:
    """The same as paramiko has it."""
    if isinstance(key, rsa.RSAPrivateKey):
        return paramiko.RSAKey(key=key)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return paramiko.ECDSAKey(vals=(key, key.public_key()))
    text = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
    return paramiko.Ed25519Key(file_obj=io.StringIO(text))  # it takes no key of `cryptography`


def public_line(key: PrivateKey) -> bytes:
    """Its public half, as `authorized_keys` has it, without comment."""
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
