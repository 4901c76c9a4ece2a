"""Fixtures of the real servers, for every test. Those that tests cannot disturb live for the session.

For other variants use the context managers `openssh`, `squid` and `danted` with the `account` fixture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.servers.account import Account, system_account
from tests.servers.danted import DantedServer, danted
from tests.servers.openssh import SshServer, openssh
from tests.servers.squid import SquidServer, squid

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def account() -> Iterator[Account]:
    """The system account that sshd and danted let in."""
    with system_account() as made:
        yield made


@pytest.fixture
def ssh_server(account: Account) -> Iterator[SshServer]:
    """An sshd of this test alone, SFTP only, with a chroot, as a Sharebox is: an empty `/depot`."""
    with openssh(account, chroot=True) as server:
        yield server


@pytest.fixture
def ssh_server_with_exec(account: Account) -> Iterator[SshServer]:
    """An sshd of this test alone that also runs commands."""
    with openssh(account, allow_exec=True) as server:
        yield server


@pytest.fixture
def ssh_server_unreadable(account: Account) -> Iterator[SshServer]:
    """An sshd of this test alone that refuses to read files back."""
    with openssh(account, chroot=True, denied=["read"]) as server:
        yield server


@pytest.fixture
def squid_open(ssh_server: SshServer) -> Iterator[SquidServer]:
    """A squid that lets everyone CONNECT to `ssh_server`."""
    with squid(allowed_ports=[ssh_server.port]) as proxy:
        yield proxy


@pytest.fixture
def squid_with_password(ssh_server: SshServer) -> Iterator[SquidServer]:
    """A squid that asks `squid.USERNAME` and `squid.PASSWORD`, then lets CONNECT to `ssh_server`."""
    with squid(allowed_ports=[ssh_server.port], asks=["basic"]) as proxy:
        yield proxy


@pytest.fixture(scope="session")
def squid_as_shipped() -> Iterator[SquidServer]:
    """A squid that, like squid's own configuration, allows CONNECT to port 443 only."""
    with squid(allowed_ports=[443]) as proxy:
        yield proxy


@pytest.fixture(scope="session")
def danted_open() -> Iterator[DantedServer]:
    """A SOCKS5 proxy without credentials."""
    with danted() as proxy:
        yield proxy


@pytest.fixture(scope="session")
def danted_with_password(account: Account) -> Iterator[DantedServer]:
    """A SOCKS5 proxy that asks the username and password of `account`."""
    with danted(authenticate=True) as proxy:
        yield proxy
