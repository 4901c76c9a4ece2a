"""A system account for tests.

sshd and danted can only check passwords of accounts that the system knows, and sshd changes to that
account before it touches a file. So one is made for the session, with a random password, and removed
at the end; a scenario makes one of its own beside it. The name holds the pid and a number: parallel
workers each have their own, and so has whatever else in one process makes one.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import secrets
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from tests.programs import require, require_root

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOCK = Path(tempfile.gettempdir()) / "tui-transfer-test-accounts.lock"
_HOMES = Path("/home")
_PREFIX = "tui-test-"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Account:
    """An account of the system: its home belongs to root (as a chroot must), `uid` and `gid` are its own."""

    username: str
    password: str = field(repr=False)
    home: Path
    uid: int
    gid: int


@contextlib.contextmanager
def system_account(username: str | None = None) -> Iterator[Account]:
    """Makes the account, and removes it with everything in its home at the end. Needs root.

    Args:
        username: for what is kept longer than this process; no account or home bears it yet.
    """
    require_root()
    _remove_leftovers()
    username = username or f"{_PREFIX}{os.getpid()}-{next(_numbers)}"
    password = secrets.token_urlsafe(18)
    home = _HOMES / username
    home.mkdir(mode=0o755)
    try:
        _administer(["useradd", "--no-create-home", "--home-dir", str(home), "--shell", "/bin/sh", username])
        try:
            _administer(["chpasswd"], f"{username}:{password}\n")
            yield _describe(username, password, home)
        finally:
            _administer(["userdel", username])
    finally:
        shutil.rmtree(home)


def _remove_leftovers() -> None:
    """Removes the accounts of sessions that were killed before they could."""
    import pwd

    for name in [entry.pw_name for entry in pwd.getpwall() if entry.pw_name.startswith(_PREFIX)]:
        pid = name.removeprefix(_PREFIX).partition("-")[0]
        if not Path("/proc", pid).exists():
            with contextlib.suppress(subprocess.CalledProcessError):  # another worker was faster
                _administer(["userdel", name])
            shutil.rmtree(_HOMES / name, ignore_errors=True)


def _describe(username: str, password: str, home: Path) -> Account:
    import pwd  # absent on Windows, where these tests are skipped

    entry = pwd.getpwnam(username)
    return Account(username, password, home, entry.pw_uid, entry.pw_gid)


def _administer(command: list[str], text: str = "") -> None:
    """Runs one account command at a time: they refuse to wait for each other's lock on /etc/passwd."""
    command = [require(command[0]), *command[1:]]
    with FileLock(_LOCK, timeout=60):
        subprocess.run(command, input=text, text=True, check=True, capture_output=True, timeout=60)
