"""A real SFTP server of another make: Twisted Conch, in a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.servers.openssh import fingerprint_of, make_key, public_half
from tests.servers.processes import LOOPBACK, free_port, is_listening, public_folder, running, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

USERNAME = "exemple"


@dataclass(frozen=True)
class ConchServer:
    """Where the server is, how to get in, and where the files arrive."""

    port: int
    """Lets in by a password or a key."""
    port_of_both: int
    """Lets in who has both."""
    password: str = field(repr=False)
    key_file: Path
    """A private key that it accepts, without passphrase."""
    fingerprint: str
    directory: str
    root: Path
    host: str = LOOPBACK
    username: str = USERNAME


@contextlib.contextmanager
def conch() -> Iterator[ConchServer]:
    """Runs Conch on two free loopback ports, in a process of its own."""
    with public_folder() as folder:
        root = folder / "depot"
        root.mkdir()
        one, both = free_port(), free_port()
        host_key = make_key(folder / "host_key")
        key = make_key(folder / "key")
        password = secrets.token_urlsafe(18)
        order = folder / "order.json"
        order.write_text(
            json.dumps(
                {
                    "username": USERNAME,
                    "password": password,
                    "host_key": str(host_key),
                    "public_key": public_half(key).read_text(),
                    "folder": str(folder),
                    "port": one,
                    "port_of_both": both,
                }
            )
        )
        command = [sys.executable, "-m", "tests.servers.conch_program"]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        log = folder / "conch.log"
        with running(command, port=one, log=log, environment=environment, order=order):
            wait_until(lambda: is_listening(both), what="Conch's second port")
            yield ConchServer(one, both, password, key, fingerprint_of(host_key), str(root), root)
