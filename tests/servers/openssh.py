"""A real OpenSSH server: its own host key, configuration, log and port; SFTP only unless told otherwise."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from tests.programs import require
from tests.servers.processes import LOOPBACK, free_port, public_folder, running, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.servers.account import Account

PASSPHRASE = "phrase secrète €"


@dataclass(frozen=True)
class SshServer:
    """Where the server is, how to get in, and where the files arrive."""

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    key_file: Path
    """A private key that the server accepts, without passphrase."""
    protected_key_file: Path
    """Another one, protected by `PASSPHRASE`."""
    fingerprint: str
    """Of the first host key, as `SHA256:…`."""
    fingerprints: Sequence[str]
    """Of all host keys, in the order in which they were asked for."""
    directory: str
    """The drop folder as SFTP names it."""
    root: Path
    """The same folder on disk; tests run as root and may read and change everything in it."""
    log_file: Path
    """sshd's own log, at level DEBUG."""

    def log(self) -> str:
        """All that sshd logged so far."""
        return self.log_file.read_text(errors="replace")

    def authentication_requests(self) -> list[str]:
        """The lines of the log that tell of an authentication request, even of method « none »."""
        return [line for line in self.log().splitlines() if "userauth-request" in line]

    def refused_passwords(self) -> int:
        """How many wrong passwords were shown to it, by whoever has left: it logs each after its answer."""
        wait_until(self._were_all_left, what="the end of every connection in sshd's log")
        return sum("Failed password" in line for line in self.log().splitlines())

    def _were_all_left(self) -> bool:
        log = self.log()
        begun = re.findall(r"^Connection from \S+ port (\d+)", log, re.MULTILINE)
        return set(begun) <= set(re.findall(r"(?:closed|reset) by .* port (\d+)", log))

    def wait_for_sessions(self) -> None:
        """Waits for the end of those whose connection was cut: until then they may go on writing."""
        account = self.root.stat().st_uid

        def are_over() -> bool:
            running = psutil.process_iter(["uids"])
            return not any(account in (process.info["uids"] or ()) for process in running)

        wait_until(are_over, what="the end of the sessions")


@contextlib.contextmanager
def openssh(
    account: Account,
    *,
    chroot: bool = False,
    allow_exec: bool = False,
    denied: Sequence[str] = (),
    authentication: str = "password,publickey",
    host_key_type: str = "ed25519",
    key_type: str = "ed25519",
    options: Sequence[str] = (),
) -> Iterator[SshServer]:
    """Runs sshd on a free loopback port.

    Args:
        account: who may log in.
        chroot: the session sees only the drop folder's parent, as `/`.
        allow_exec: commands may be run; otherwise `ForceCommand internal-sftp`.
        denied: SFTP requests that are refused, named as `sftp-server -Q requests` does: "read",
            "posix-rename", "write"… A denied extension is not announced either. Not with `allow_exec`.
        authentication: methods offered, out of password, publickey and keyboard-interactive.
        host_key_type: as for `ssh-keygen -t`; several may stand there, separated by commas.
        key_type: of the keys that are let in, likewise.
        options: further lines of sshd_config, which win over the others.
    """
    sshd = require("sshd")
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where sshd separates its privileges
    with public_folder() as folder, drop_folder(account) as root:
        port = free_port()
        log = folder / "sshd.log"
        host_keys = [make_key(folder / f"host_key_{kind}", kind) for kind in host_key_type.split(",")]
        keys = [
            make_key(folder / "key", key_type),
            make_key(folder / "protected_key", key_type, passphrase=PASSPHRASE),
        ]
        authorized = folder / "authorized_keys"
        authorized.write_text("".join(public_half(key).read_text() for key in keys))
        interactive = "keyboard-interactive" in authentication
        sftp = " ".join(["internal-sftp", *(["-P", ",".join(denied)] if denied else [])])
        lines = [
            *options,
            f"ListenAddress {LOOPBACK}:{port}",
            *[f"HostKey {key}" for key in host_keys],
            f"PidFile {folder / 'sshd.pid'}",
            f"AuthorizedKeysFile {authorized}",
            "StrictModes no",
            f"UsePAM {'yes' if interactive else 'no'}",
            f"PasswordAuthentication {_yes('password' in authentication)}",
            f"PubkeyAuthentication {_yes('publickey' in authentication)}",
            f"KbdInteractiveAuthentication {_yes(interactive)}",
            f"AllowUsers {account.username}",
            # Of this one the last counts, and not the first.
            *([] if any(line.startswith("MaxStartups") for line in options) else ["MaxStartups 100"]),
            "LogLevel DEBUG",
            f"Subsystem sftp {sftp}",
            *([] if allow_exec else [f"ForceCommand {sftp}"]),
            *([f"ChrootDirectory {root.parent}"] if chroot else []),
        ]
        config = folder / "sshd_config"
        config.write_text("\n".join(lines) + "\n")
        with running([sshd, "-D", "-e", "-f", str(config)], port=port, log=log):
            yield SshServer(
                host=LOOPBACK,
                port=port,
                username=account.username,
                password=account.password,
                key_file=keys[0],
                protected_key_file=keys[1],
                fingerprint=fingerprint_of(host_keys[0]),
                fingerprints=[fingerprint_of(key) for key in host_keys],
                directory="/depot" if chroot else str(root),
                root=root,
                log_file=log,
            )


def fingerprint_of(key: Path) -> str:
    """The fingerprint `SHA256:…` of a key, as ssh-keygen computes it."""
    listing = subprocess.run(
        [require("ssh-keygen"), "-l", "-f", str(public_half(key))], check=True, capture_output=True, text=True
    )
    return listing.stdout.split()[1]


@contextlib.contextmanager
def drop_folder(account: Account) -> Iterator[Path]:
    """A folder the account may write in, inside one that only root may: what sshd asks of a chroot."""
    parent = Path(tempfile.mkdtemp(prefix="server-", dir=account.home))
    parent.chmod(0o755)
    try:
        root = parent / "depot"
        root.mkdir(mode=0o755)
        os.chown(root, account.uid, account.gid)
        yield root
    finally:
        shutil.rmtree(parent)


def make_key(file: Path, key_type: str = "ed25519", passphrase: str = "", *, bits: int | None = None) -> Path:
    """Makes a pair of keys with ssh-keygen; `file` is the private one, the other has `.pub` added."""
    command = [require("ssh-keygen"), "-q", "-t", key_type, "-N", passphrase, "-f", str(file)]
    command += ["-b", str(bits)] if bits else []
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return file


def public_half(key: Path) -> Path:
    """The file of the public half of a key, where ssh-keygen puts it."""
    return key.with_name(key.name + ".pub")


def _yes(condition: bool) -> str:
    return "yes" if condition else "no"
