"""A real `rclone serve sftp`: Go's SSH library over a virtual file system, as gateways are."""

from __future__ import annotations

import contextlib
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.programs import require
from tests.servers.openssh import fingerprint_of, make_key, public_half
from tests.servers.processes import LOOPBACK, free_port, public_folder, running

if TYPE_CHECKING:
    from collections.abc import Iterator

USERNAME = "exemple"


@dataclass(frozen=True)
class RcloneServer:
    """Where the server is, how to get in, and where the files arrive."""

    port: int
    password: str = field(repr=False)
    key_file: Path
    """A private key that it accepts, without passphrase."""
    fingerprint: str
    root: Path
    """The drop folder on disk."""
    host: str = LOOPBACK
    username: str = USERNAME
    directory: str = "/depot"


@contextlib.contextmanager
def rclone(*, cache: str = "off") -> Iterator[RcloneServer]:
    """Runs rclone on a free loopback port.

    Args:
        cache: `--vfs-cache-mode`. "off": a file takes the next byte only, and is written once, from its
            start to its end. "writes": it is kept beside, and reaches its place a second after its close.
    """
    program = require("rclone")
    with public_folder() as folder:
        served = folder / "served"
        root = served / "depot"
        root.mkdir(parents=True)
        port = free_port()
        password = secrets.token_urlsafe(18)
        host_key = make_key(folder / "host_key")
        key = make_key(folder / "key")
        command = [
            *(program, "serve", "sftp", str(served), "--addr", f"{LOOPBACK}:{port}"),
            *("--config", "", "--cache-dir", str(folder / "cache")),
            *("--vfs-cache-mode", cache, "--vfs-write-back", "1s"),
            *("--key", str(host_key), "--authorized-keys", str(public_half(key))),
        ]
        # In its environment, where no list of processes shows them.
        environment = os.environ | {"RCLONE_USER": USERNAME, "RCLONE_PASS": password}
        with running(command, port=port, log=folder / "rclone.log", environment=environment):
            yield RcloneServer(port, password, key, fingerprint_of(host_key), root)
