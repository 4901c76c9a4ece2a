"""A real SFTP server of another make: the `ssh` application of Erlang/OTP, as telecom equipment has it."""

from __future__ import annotations

import contextlib
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
_PROGRAM = Path(__file__).with_name("sharebox.escript")


@dataclass(frozen=True)
class ErlangServer:
    """Where the server is, how to get in, and where the files arrive."""

    port: int
    password: str = field(repr=False)
    key_file: Path
    """A private key that it accepts, without passphrase."""
    fingerprint: str
    root: Path
    host: str = LOOPBACK
    username: str = USERNAME
    directory: str = "/depot"


@contextlib.contextmanager
def erlang() -> Iterator[ErlangServer]:
    """Runs Erlang's SFTP server on a free loopback port."""
    program = require("escript")
    with public_folder() as folder:
        served = folder / "served"
        root = served / "depot"
        root.mkdir(parents=True)
        port = free_port()
        host_keys, keys = folder / "host_keys", folder / "keys"
        host_keys.mkdir()
        keys.mkdir()
        host_key = make_key(host_keys / "ssh_host_ed25519_key")
        key = make_key(folder / "key")
        (keys / "authorized_keys").write_text(public_half(key).read_text())
        password = secrets.token_urlsafe(18)
        order = folder / "password"
        order.write_text(f"{password}\n")
        command = [program, str(_PROGRAM), str(port), *map(str, (served, host_keys, keys)), USERNAME]
        with running(command, port=port, log=folder / "erlang.log", order=order):
            yield ErlangServer(port, password, key, fingerprint_of(host_key), root)
