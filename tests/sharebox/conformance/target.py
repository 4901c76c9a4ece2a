"""What the suite has to know of a server: how to get in, and what is expected of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from tests.servers.account import Account


class Login(StrEnum):
    """How somebody gets in, with that alone."""

    PASSWORD = "password"
    KEY = "key"
    FACTORS = "several factors"


class Row(StrEnum):
    """What is tried on every server."""

    PASSWORD = "password"
    KEY = "key"
    FACTORS = "several factors"
    DELIVERY = "delivery"
    RESUME = "resume after a cut"
    VERIFICATION = "verification"
    CHECK = "check true"


@dataclass(frozen=True)
class Target:
    """A running server.

    Attributes:
        port: where it listens.
        root: the drop folder on disk.
        directory: the same folder by SFTP.
        key_file: a private key that it accepts; None where it takes none.
        ports: where it lets in by one login alone, if that is at another port.
        admit: has it let in by one login alone, from now on.
        code: what it asks for beside the password, in a conversation; None where it holds none.
    """

    host: str
    port: int
    fingerprint: str
    username: str
    password: str = field(repr=False)
    root: Path
    directory: str
    key_file: Path | None = None
    ports: Mapping[Login, int] = field(default_factory=dict)
    admit: Callable[[Login], object] = lambda login: None
    code: str | None = None


@dataclass(frozen=True)
class Workshop:
    """What servers are made with: a folder of their own, and an account of the system."""

    folder: Path
    account: Callable[[], Account]


@dataclass(frozen=True)
class Said:
    """What `check` says that the server can do."""

    renames: bool = True
    goes_on: bool = True


@dataclass(frozen=True)
class Entry:
    """A server, and what is expected of the program there.

    Attributes:
        name: as the matrix has it.
        run: runs it.
        without: the rows that it cannot have, and why.
        verified: how what arrived is verified, in the program's own word.
        code: that with which a delivery ends.
        said: what `check` says, and `run` has to do; None where it can only say that it does not know.
        temporary_names: as in the settings.
        manifest: whether the server takes one.
        leaves: whether the server ends the connection by itself, in place of a cut.
    """

    name: str
    run: Callable[[Workshop], AbstractContextManager[Target]]
    without: Mapping[Row, str] = field(default_factory=dict)
    verified: str = "read-back"
    code: int = 0
    said: Said | None = Said()
    goes_on: bool = True
    temporary_names: bool = True
    manifest: bool = True
    leaves: bool = False

    def has(self, login: Login) -> bool:
        """Whether anybody gets in so."""
        return Row(login.value) not in self.without
