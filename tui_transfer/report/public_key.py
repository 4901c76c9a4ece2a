"""The public half of a key that signs: told, recognised, and held to a signature."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tui_transfer.sharebox.ssh.fields import Fields

if TYPE_CHECKING:
    import paramiko

NAMESPACE: Final = "tui-transfer"
"""What signatures of this program are for: one that was made for something else is none here."""
_RSA: Final = "ssh-rsa"
_ECDSA: Final = "ecdsa-sha2-"
_RSA_SIGNATURES: Final = frozenset({"rsa-sha2-512", "rsa-sha2-256"})
"""Those that PROTOCOL.sshsig allows: never SHA-1."""


@dataclass(frozen=True)
class PublicKey:
    """A public key, as SSH sends it.

    Raises:
        ValueError: it is none.
    """

    blob: bytes

    def __post_init__(self) -> None:
        _strings(self.blob)
        if not self.kind.isprintable():
            raise ValueError("no key")

    @classmethod
    def from_line(cls, line: str) -> PublicKey:
        """From a line as `authorized_keys` has it.

        Raises:
            ValueError: it is none.
        """
        words = line.split()
        try:
            key = cls(base64.b64decode(words[1], validate=True))
        except (IndexError, binascii.Error) as error:
            raise ValueError("no key") from error
        if key.kind != words[0]:
            raise ValueError("another kind")
        return key

    @property
    def kind(self) -> str:
        """The name of its kind, for instance `ssh-ed25519`."""
        return Fields(self.blob).name()

    @property
    def line(self) -> str:
        """As `authorized_keys` has it, without comment."""
        return f"{self.kind} {base64.b64encode(self.blob).decode()}"

    @property
    def fingerprint(self) -> str:
        """As ssh-keygen tells it: `SHA256:…`."""
        digest = base64.b64encode(hashlib.sha256(self.blob).digest()).decode().rstrip("=")
        return f"SHA256:{digest}"

    def allowed_signer(self, identity: str) -> str:
        """The line of a file of allowed signers that has `ssh-keygen -Y verify` accept it.

        Args:
            identity: whose key it is, without spaces: what `-I` names.
        """
        return f'{identity} namespaces="{NAMESPACE}" {self.line}'

    def made(self, signature: bytes, data: bytes) -> bool:
        """Whether this key made the signature, as SSH sends one, of `data`."""
        # Loaded when there is something to verify: the first screen does without.
        import paramiko

        try:
            name, made = _strings(signature)
            if self.kind.startswith(_ECDSA):
                _strings(made)
        except ValueError:
            return False
        algorithm = name.decode("ascii", "replace")
        if (algorithm not in _RSA_SIGNATURES) if self.kind == _RSA else (algorithm != self.kind):
            return False
        try:
            return self._for_verifying().verify_ssh_sig(data, paramiko.Message(signature))
        except Exception:  # whatever damage does to either: nothing that was signed
            return False

    def _for_verifying(self) -> paramiko.PKey:
        import paramiko

        if self.kind == _RSA:
            return paramiko.RSAKey(data=self.blob)
        if self.kind == "ssh-ed25519":
            return paramiko.Ed25519Key(data=self.blob)
        return paramiko.ECDSAKey(data=self.blob)


def _strings(data: bytes) -> list[bytes]:
    """What keys and signatures are made of: strings, and nothing else. paramiko overlooks wrong lengths.

    Raises:
        ValueError: they are made of something else.
    """
    fields, found = Fields(data), []
    while fields.rest:
        found.append(fields.string())
    return found
