"""Where a Sharebox is, and by what its server is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection


@dataclass(frozen=True)
class Address:
    """Where the Sharebox is, for whom, and the folder in which files are dropped.

    Attributes:
        temporary_names: a file gets its name once it is whole; otherwise it is written under that at once.
    """

    host: str
    port: int
    username: str
    directory: str
    temporary_names: bool = True


@dataclass(frozen=True)
class HostKey:
    """The key that a server presents.

    Attributes:
        key_type: its kind.
        fingerprint: as OpenSSH writes it, `SHA256:…`.
        md5: `MD5:` and 32 hexadecimal digits, as older programs give them; empty where it is not known.
    """

    key_type: str
    fingerprint: str
    md5: str = ""

    def is_one_of(self, expected: Collection[str]) -> bool:
        """Whether one of these fingerprints, in either form, is this key's."""
        return self.fingerprint in expected or (self.md5 in expected and bool(self.md5))
