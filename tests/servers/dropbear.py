"""A real dropbear, which runs OpenSSH's `sftp-server` as a program: what small machines and NAS have."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.programs import require
from tests.servers.openssh import drop_folder, fingerprint_of, make_key, public_half
from tests.servers.processes import LOOPBACK, free_port, public_folder, running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.account import Account


@dataclass(frozen=True)
class DropbearServer:
    """Where the server is, how to get in, and where the files arrive."""

    port: int
    """Lets in by a password or a key."""
    port_of_both: int
    """Lets in who has both."""
    username: str
    password: str = field(repr=False)
    key_file: Path
    """A private key that it accepts, without passphrase."""
    fingerprint: str
    directory: str
    root: Path
    host: str = LOOPBACK


@contextlib.contextmanager
def dropbear(account: Account) -> Iterator[DropbearServer]:
    """Runs dropbear on two free loopback ports."""
    program = require("dropbear")
    with public_folder() as folder, drop_folder(account) as root:
        host_key = make_key(folder / "host_key")
        key = make_key(folder / "key")
        converted = folder / "dropbear_key"
        convert = [require("dropbearconvert"), "openssh", "dropbear", str(host_key), str(converted)]
        subprocess.run(convert, check=True, capture_output=True, timeout=60)
        one, both = free_port(), free_port()
        common = [program, "-F", "-E", "-m", "-r", str(converted)]
        with (
            _authorized(account, public_half(key)),
            running(_at(common, one, folder), port=one, log=folder / "log"),
            running(_at([*common, "-t"], both, folder), port=both, log=folder / "log_of_both"),
        ):
            yield DropbearServer(
                port=one,
                port_of_both=both,
                username=account.username,
                password=account.password,
                key_file=key,
                fingerprint=fingerprint_of(host_key),
                directory=str(root),
                root=root,
            )


def _at(command: list[str], port: int, folder: Path) -> list[str]:
    return [*command, "-p", f"{LOOPBACK}:{port}", "-P", str(folder / f"{port}.pid")]


@contextlib.contextmanager
def _authorized(account: Account, key: Path) -> Iterator[None]:
    """Lets the key in: dropbear looks for it in the account's home alone, and there at who may write."""
    folder = account.home / ".ssh"
    folder.mkdir(mode=0o700)
    try:
        authorized = folder / "authorized_keys"
        shutil.copyfile(key, authorized)
        authorized.chmod(0o600)
        for path in (folder, authorized):
            os.chown(path, account.uid, account.gid)
        yield
    finally:
        shutil.rmtree(folder)
