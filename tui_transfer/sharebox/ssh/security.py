"""The algorithms this program accepts: nothing with CBC, 3DES, MD5 or SHA-1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import paramiko

# In order of preference. AES-GCM first: one pass encrypts and authenticates, several times the speed of
# AES-CTR with an HMAC in this library.
CIPHERS: Final = (
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "aes256-ctr",
    "aes192-ctr",
    "aes128-ctr",
)
MACS: Final = (
    "hmac-sha2-256-etm@openssh.com",
    "hmac-sha2-512-etm@openssh.com",
    "hmac-sha2-256",
    "hmac-sha2-512",
)
KEY_EXCHANGES: Final = (
    "mlkem768x25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group-exchange-sha256",
    "diffie-hellman-group14-sha256",
)
RSA_SIGNATURES: Final = ("rsa-sha2-512", "rsa-sha2-256")
HOST_KEYS: Final = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    *RSA_SIGNATURES,
)
"""A server that has keys of several kinds shows the first of this list that it has."""

_NOT_KEY_EXCHANGES: Final = ("ext-info-", "kex-strict-")
"""Signs that stand in the list of key exchanges (RFC 8308, section 2.1)."""


def restrict(transport: paramiko.Transport, host_keys: Sequence[str] = HOST_KEYS) -> None:
    """Lets `transport` negotiate only what this module lists, and of host keys only those given.

    To be called before its handshake.
    """
    options = transport.get_security_options()
    options.ciphers = CIPHERS
    options.digests = MACS
    options.key_types = tuple(host_keys)
    options.kex = tuple(name for name in KEY_EXCHANGES if name in options.kex)


@dataclass(frozen=True)
class Offer:
    """The algorithms that a server offered in its key exchange message (RFC 4253, section 7.1)."""

    key_exchanges: Sequence[str]
    host_keys: Sequence[str]
    ciphers: Sequence[str]
    macs: Sequence[str]

    @classmethod
    def read(cls, message: paramiko.Message) -> Offer:
        """Reads the body of a KEXINIT message."""
        message.get_bytes(16)  # a random cookie
        key_exchanges, host_keys, ciphers, _, macs = (message.get_list() for _ in range(5))
        key_exchanges = [name for name in key_exchanges if not name.startswith(_NOT_KEY_EXCHANGES)]
        return cls(key_exchanges, host_keys, ciphers, macs)

    def other_host_keys(self, shown: str) -> list[Sequence[str]]:
        """The other kinds of host key that the server has, each as the names of its signatures.

        Args:
            shown: the kind that it has shown, as the key names itself.
        """
        singly = [[name] for name in HOST_KEYS if name in self.host_keys and name not in RSA_SIGNATURES]
        rsa = [name for name in RSA_SIGNATURES if name in self.host_keys]
        kinds = {names[0]: names for names in singly} | ({"ssh-rsa": rsa} if rsa else {})
        return [names for kind, names in kinds.items() if kind != shown]

    def shortcomings(self) -> str:
        """Names what was offered wherever nothing of it is acceptable; empty if all could be agreed on."""
        parts = [
            f"{what} {', '.join(offered) or '(rien)'}"
            for what, offered, acceptable in (
                ("échange de clés", self.key_exchanges, KEY_EXCHANGES),
                ("clé de serveur", self.host_keys, HOST_KEYS),
                ("chiffrement", self.ciphers, CIPHERS),
                ("contrôle d'intégrité", self.macs, MACS),
            )
            if not _share(offered, acceptable)
        ]
        return " ; ".join(parts)


def _share(offered: Iterable[str], acceptable: Iterable[str]) -> bool:
    return not set(offered).isdisjoint(acceptable)
