"""A real ProFTPD with mod_sftp: the other SFTP server that associations' hosts run. Chroot, SFTP only."""

from __future__ import annotations

import contextlib
import os
import secrets
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.programs import missing, require, require_root
from tests.servers.openssh import fingerprint_of, make_key, public_half
from tests.servers.processes import LOOPBACK, free_port, public_folder, running

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

USERNAME = "exemple"
_NOBODY = 65534
_MODULES = ("/usr/lib/proftpd", "/usr/lib64/proftpd", "/usr/libexec/proftpd")


@dataclass(frozen=True)
class ProftpdServer:
    """Where the server is, and where the files arrive."""

    port: int
    """Lets in by a password or a key."""
    port_of_both: int
    """Lets in who has both; one of its own configuration."""
    password: str = field(repr=False)
    key_file: Path
    """A private key that it accepts, without passphrase."""
    fingerprint: str
    root: Path
    """The drop folder on disk."""
    log_file: Path
    """What mod_sftp logged: keys, authentication, requests."""
    host: str = LOOPBACK
    username: str = USERNAME
    directory: str = "/depot"


@contextlib.contextmanager
def proftpd(
    *, overwrite: bool = True, denied: Sequence[str] = (), options: Sequence[str] = ()
) -> Iterator[ProftpdServer]:
    """Runs ProFTPD on two free loopback ports.

    Args:
        overwrite: an existing file may be written to; ProFTPD's own default is that it may not.
        denied: commands that are refused, by their FTP names: READ, WRITE, STOR, RNFR, RNTO, DELE, DIRS…
        options: further lines of its configuration.
    """
    require_root()  # only root may change to the account's rights and root folder
    program = require("proftpd")
    with public_folder() as folder:
        home = folder / "home"
        root = home / "depot"
        root.mkdir(parents=True)
        home.chmod(0o755)
        os.chown(root, _NOBODY, _NOBODY)
        port, both = free_port(), free_port()
        password = secrets.token_urlsafe(18)
        host_key = make_key(folder / "host_key")
        key = make_key(folder / "key")
        log = folder / "sftp.log"
        config = folder / "proftpd.conf"
        lines = [
            f"ModulePath {_modules()}",
            "LoadModule mod_sftp.c",
            "ServerType standalone",
            f"DefaultAddress {LOOPBACK}",
            f"Port {port}",
            "UseIPv6 off",
            f"PidFile {folder / 'proftpd.pid'}",
            f"ScoreboardFile {folder / 'scoreboard'}",
            "DelayEngine off",
            "WtmpLog off",
            "<Global>",
            "TransferLog none",
            "RequireValidShell off",
            "AuthOrder mod_auth_file.c",
            f"AuthUserFile {_make_users(folder / 'users', home, password)}",
            "DefaultRoot ~",
            f"AllowOverwrite {'on' if overwrite else 'off'}",
            f"AllowStoreRestart {'on' if overwrite else 'off'}",
            "SFTPEngine on",
            f"SFTPLog {log}",
            f"SFTPHostKey {host_key}",
            f"SFTPAuthorizedUserKeys file:{_authorize(folder / 'authorized', key)}",
            *([f"<Limit {' '.join(denied)}>", "DenyAll", "</Limit>"] if denied else []),
            *options,
            "</Global>",
            "SFTPAuthMethods password publickey",
            f"<VirtualHost {LOOPBACK}>",
            f"Port {both}",
            "SFTPAuthMethods publickey+password",
            "</VirtualHost>",
        ]
        config.write_text("\n".join(lines) + "\n")
        command = [program, "--nodaemon", "--config", str(config)]
        with running(command, port=port, log=folder / "output.log"):
            yield ProftpdServer(port, both, password, key, fingerprint_of(host_key), root, log)


def _make_users(file: Path, home: Path, password: str) -> Path:
    """The file of its accounts: the system knows nothing of them."""
    command = [require("openssl"), "passwd", "-6", "-stdin"]
    done = subprocess.run(command, input=password, check=True, capture_output=True, text=True, timeout=30)
    file.write_text(f"{USERNAME}:{done.stdout.strip()}:{_NOBODY}:{_NOBODY}::{home}:/bin/false\n")
    file.chmod(0o600)
    return file


def _authorize(file: Path, key: Path) -> Path:
    """The file of the keys that are let in, in the notation that mod_sftp reads, that of RFC 4716."""
    command = [require("ssh-keygen"), "-e", "-f", str(public_half(key))]
    file.write_bytes(subprocess.run(command, check=True, capture_output=True, timeout=30).stdout)
    return file


def _modules() -> Path:
    """Finds the folder of ProFTPD's modules, in which Debian's package mod-crypto puts mod_sftp."""
    found = next((Path(folder) for folder in _MODULES if Path(folder, "mod_sftp.so").exists()), None)
    return found or missing("ProFTPD's module « mod_sftp » is not installed")
