"""Where a Sharebox is, and by what its server is known."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Address:
    """Where the Sharebox is, for whom, and the folder in which files are dropped."""

    host: str
    port: int
    username: str
    directory: str


@dataclass(frozen=True)
class HostKey:
    """The key that a server presents: its kind, and its fingerprint as OpenSSH writes it, `SHA256:…`."""

    key_type: str
    fingerprint: str
