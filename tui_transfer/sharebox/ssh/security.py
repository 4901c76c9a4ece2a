"""The algorithms this program accepts: nothing with CBC, 3DES, MD5 or SHA-1."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tui_transfer.errors import decoded, harmless
from tui_transfer.sharebox.ssh import chacha
from tui_transfer.sharebox.ssh.violations import ProtocolViolationError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    import paramiko

# In order of preference. AES-GCM first: one pass encrypts and authenticates, several times the speed of
# AES-CTR with an HMAC in this library.
CIPHERS: Final = (
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "aes256-ctr",
    "aes192-ctr",
    "aes128-ctr",
    chacha.NAME,
)
_AUTHENTICATING: Final = frozenset(name for name in CIPHERS if not name.endswith("-ctr"))
MACS: Final = (
    "hmac-sha2-256-etm@openssh.com",
    "hmac-sha2-512-etm@openssh.com",
    "hmac-sha2-256",
    "hmac-sha2-512",
)
KEY_EXCHANGES: Final = (
    "mlkem768x25519-sha256",
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group15-sha512",
    "diffie-hellman-group17-sha512",
    "diffie-hellman-group18-sha512",
    "diffie-hellman-group14-sha256",
    "diffie-hellman-group-exchange-sha256",
)
"""The last one's group is the server's choice, which may be one that is refused then."""
RSA_SIGNATURES: Final = ("rsa-sha2-512", "rsa-sha2-256")
HOST_KEYS: Final = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    *RSA_SIGNATURES,
)
"""A server that has keys of several kinds shows the first of this list that it has."""
COMPRESSIONS: Final = ("none", "zlib@openssh.com", "zlib")
"""Archives do not shrink any more; a server that wants it all the same gets it."""

_NOT_KEY_EXCHANGES: Final = ("ext-info-", "kex-strict-", "kexguess2@")
"""Signs that stand in the list of key exchanges (RFC 8308, section 2.1)."""
_WEAK: Final = re.compile(
    r"-cbc|3des|^des|arcfour|rc4|blowfish|cast128|idea|md5|sha1(?![0-9])|sha-?1$|ripemd|^none$|group1-|-dss|^ssh-rsa"
)
"""In the names of what is known not to be safe. « ssh-rsa », also in certificates, signs with SHA-1."""
_MOST_NAMED: Final = 12
_LONGEST_NAME: Final = 64


def restrict(transport: paramiko.Transport, host_keys: Sequence[str]) -> None:
    """Lets `transport` negotiate only the host keys given. To be called before its handshake."""
    transport.get_security_options().key_types = tuple(host_keys)


def authenticates(ciphers: Collection[str]) -> bool:
    """Whether the cipher that is agreed on, out of a server's offer, needs no other check of integrity."""
    return next((name for name in CIPHERS if name in ciphers), "") in _AUTHENTICATING


@dataclass(frozen=True)
class Disagreement:
    """One thing on which a server and this program cannot agree.

    Args:
        what: in French, without article.
        offered: all names that the server offered.
        acceptable: all that this program takes.
    """

    what: str
    offered: Sequence[str]
    acceptable: Sequence[str]

    @property
    def unknown(self) -> list[str]:
        """Those of the names that nothing is known against."""
        return [name for name in self.offered if not _WEAK.search(name)]

    def describe(self, names: Sequence[str]) -> str:
        """The thing, and some names of it."""
        more = ", …" if len(names) > _MOST_NAMED else ""
        return f"{self.what} {', '.join(names[:_MOST_NAMED])}{more}"


@dataclass(frozen=True)
class Offer:
    """The algorithms that a server offered in its key exchange message (RFC 4253, section 7.1).

    Of the pairs, the first is for what this program sends, the second for what the server sends.
    """

    key_exchanges: Sequence[str]
    host_keys: Sequence[str]
    ciphers: tuple[Sequence[str], Sequence[str]]
    macs: tuple[Sequence[str], Sequence[str]]
    compressions: tuple[Sequence[str], Sequence[str]]

    @classmethod
    def read(cls, message: paramiko.Message) -> Offer:
        """Reads the body of a KEXINIT message.

        Raises:
            ProtocolViolationError: something is missing in it.
        """
        message.get_bytes(16)  # a random cookie
        lists = [_names(message.get_binary()) for _ in range(8)]
        if not all(lists):
            raise ProtocolViolationError("son offre d’algorithmes est incomplète")
        key_exchanges = [name for name in lists[0] if not name.startswith(_NOT_KEY_EXCHANGES)]
        return cls(key_exchanges, lists[1], (lists[2], lists[3]), (lists[4], lists[5]), (lists[6], lists[7]))

    def other_host_keys(self, shown: str) -> list[Sequence[str]]:
        """The other kinds of host key that the server has, each as the names of its signatures.

        Args:
            shown: the kind that it has shown, as the key names itself.
        """
        singly = [[name] for name in HOST_KEYS if name in self.host_keys and name not in RSA_SIGNATURES]
        rsa = [name for name in RSA_SIGNATURES if name in self.host_keys]
        kinds = {names[0]: names for names in singly} | ({"ssh-rsa": rsa} if rsa else {})
        return [names for kind, names in kinds.items() if kind != shown]

    def disagreements(self) -> list[Disagreement]:
        """All on which nothing can be agreed on; empty where everything can."""
        found = [
            Disagreement(what, offered, acceptable)
            for what, offered, acceptable in self._choices()
            if set(offered).isdisjoint(acceptable)
        ]
        return list({(one.what, tuple(one.offered)): one for one in found}.values())

    def _choices(self) -> Iterator[tuple[str, Sequence[str], Sequence[str]]]:
        yield "échange de clés", self.key_exchanges, KEY_EXCHANGES
        yield "clé de serveur", self.host_keys, HOST_KEYS
        for ciphers, macs, compressions in zip(self.ciphers, self.macs, self.compressions, strict=True):
            yield "chiffrement", ciphers, CIPHERS
            if not authenticates(ciphers):
                yield "contrôle d’intégrité", macs, MACS
            yield "compression", compressions, COMPRESSIONS


def _names(listed: bytes) -> list[str]:
    """A name has at most 64 letters (RFC 4251, section 6); of a longer one, nothing is known here anyway."""
    return [harmless(name[:_LONGEST_NAME]) for name in decoded(listed).split(",") if name]
