"""What people use instead: pack with 7-Zip at a level chosen by hand, then send; or zstd into ssh.

Each peer runs with the settings it comes with, is let in by a key, and verifies what it does of itself.
"""

from __future__ import annotations

import contextlib
import shlex
import shutil
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from tests.benchmarks.bound import Packing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.benchmarks.databases import Database
    from tests.benchmarks.line import Reached
    from tests.servers.openssh import SshServer

LEVELS: Final = (1, 3, 5, 9)
"""Of 7-Zip."""


@dataclass(frozen=True)
class Taken:
    """How long a transfer took, in seconds, and with which settings."""

    seconds: float
    remark: str = ""


class SevenZip:
    """Archives of databases, each packed once for all lines, as packing does not depend on the line.

    A level is given up, as it would be the best on none of the lines, as soon as packing alone takes longer
    than packing and sending with another one on the slowest of them.

    Args:
        folder: where they are kept.
        runs: how often to pack each; the median counts.
        slowest: bytes a second of the slowest line; None if none is limited: then no level is given up.
    """

    def __init__(self, folder: Path, runs: int, slowest: float | None) -> None:
        self._folder = folder
        self._runs = runs
        self._slowest = slowest
        self._packed: dict[str, list[tuple[Packing, Path]]] = {}

    def archives(self, database: Database) -> list[tuple[Packing, Path]]:
        """What each level took and left, and the archive."""
        packed = self._packed.setdefault(database.name, [])
        if not packed:
            for level in LEVELS:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    packed.append(self._pack(database, level, self._limit([each for each, _ in packed])))
        return packed

    def _limit(self, packed: Sequence[Packing]) -> float | None:
        if self._slowest is None or not packed:
            return None
        return min(_in_turn(packing, self._slowest) for packing in packed)

    def _pack(self, database: Database, level: int, limit: float | None) -> tuple[Packing, Path]:
        """Raises TimeoutExpired once a run takes longer than `limit` seconds."""
        archive = self._folder / f"{database.name}-mx{level}.7z"
        seconds = []
        for _ in range(self._runs):
            archive.unlink(missing_ok=True)
            try:
                seconds.append(
                    run(["7zz", "a", "-bd", f"-mx{level}", str(archive), str(database.path)], limit)
                )
            except subprocess.TimeoutExpired:
                archive.unlink(missing_ok=True)
                raise
        return Packing(level, statistics.median(seconds), archive.stat().st_size), archive


@dataclass(frozen=True)
class PackThenSend:
    """7-Zip, then a program that sends; the best of the levels.

    Args:
        send: gives the command that sends a file, under the name given, to a server.
    """

    name: str
    programs: Sequence[str]
    seven_zip: SevenZip
    send: Callable[[Path, str, SshServer, Reached], Sequence[str]]
    leaves_7z: bool = field(default=True, init=False)

    def transfer(self, database: Database, server: SshServer, rate: float | None, way: Reached) -> Taken:
        """Sends the archive of each level, but for those that no sender would make the best."""
        archives = self.seven_zip.archives(database)
        best = Taken(float("inf"))
        for packing, archive in sorted(archives, key=lambda pair: _in_turn(pair[0], rate)):
            if _in_turn(packing, rate) < best.seconds:
                sent = run([*way.through, *self.send(archive, archive.name, server, way)])
                assert (server.root / archive.name).stat().st_size == packing.size
                (server.root / archive.name).unlink()
                if packing.seconds + sent < best.seconds:
                    best = Taken(
                        packing.seconds + sent, f"mx{packing.preset}: {packing.seconds:.2f} + {sent:.2f} s"
                    )
        return best


def _in_turn(packing: Packing, rate: float | None) -> float:
    """Seconds to pack and then send, at least."""
    return packing.seconds + (packing.size / rate if rate else 0.0)


@dataclass(frozen=True)
class ZstdIntoSsh:
    """`zstd --adapt` into ssh: it packs and sends at the same time, and leaves no 7z."""

    name: str = "zstd \\| ssh"
    programs: Sequence[str] = ("zstd", "ssh", "tar")
    leaves_7z: bool = False

    def transfer(self, database: Database, server: SshServer, rate: float | None, way: Reached) -> Taken:
        """A folder goes through tar."""
        path = shlex.quote(str(database.path))
        read = f"tar -c {path} |" if database.path.is_dir() else ""
        source = "" if read else path
        target = shlex.quote(f"cat > {shlex.quote(str(server.root / 'peer.zst'))}")
        ssh = shlex.join([*way.through, "ssh", *ssh_options(server, "-p", way.port), _who(server, way)])
        seconds = run(
            ["bash", "-o", "pipefail", "-c", f"{read} zstd -q -T0 --adapt -c {source} | {ssh} {target}"]
        )
        arrived = server.root / "peer.zst"
        run(["zstd", "-q", "-t", str(arrived)])
        size = arrived.stat().st_size
        arrived.unlink()
        return Taken(seconds, f"{size / 1e6:.2f} MB")


Peer: TypeAlias = PackThenSend | ZstdIntoSsh
"""A way to take a database to a server. Its `transfer` is told the line's bytes a second."""


def make_peers(folder: Path, runs: int, slowest: float | None) -> dict[str, Peer]:
    """All peers, by the names that choose them; arguments as for `SevenZip`."""
    seven_zip = SevenZip(folder, runs, slowest)
    return {
        "sftp": PackThenSend("7zz, sftp", ("7zz", "sftp"), seven_zip, sftp_put),
        "zstd": ZstdIntoSsh(),
        "rclone": PackThenSend("7zz, rclone", ("7zz", "rclone"), seven_zip, _rclone),
        "lftp": PackThenSend("7zz, lftp", ("7zz", "lftp", "ssh"), seven_zip, _lftp),
    }


def missing_programs(peer: Peer) -> list[str]:
    """What this machine lacks for a peer."""
    return [program for program in peer.programs if shutil.which(program) is None]


def run(command: Sequence[str], limit: float | None = None) -> float:
    """Runs a command, which must succeed; gives the seconds it took.

    Raises:
        subprocess.TimeoutExpired: it took longer than `limit` seconds, and was ended.
    """
    with tempfile.TemporaryFile() as said:
        begin = time.perf_counter()
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, timeout=limit)
        seconds = time.perf_counter() - begin
        said.seek(0)
        assert done.returncode == 0, f"{shlex.join(command)}\n{said.read().decode(errors='replace')}"
    return seconds


def ssh_options(server: SshServer, port_option: str, port: int) -> list[str]:
    """Of ssh and sftp: the key, no host key kept, no settings of the person who measures."""
    options = [
        "StrictHostKeyChecking=no",
        "UserKnownHostsFile=/dev/null",
        "IdentitiesOnly=yes",
        "BatchMode=yes",
    ]
    return [
        *("-F", "/dev/null", "-q", port_option, str(port), "-i", str(server.key_file)),
        *(word for option in options for word in ("-o", option)),
    ]


def sftp_put(file: Path, name: str, server: SshServer, way: Reached) -> Sequence[str]:
    """OpenSSH's sftp."""
    command = shlex.join(["sftp", *ssh_options(server, "-P", way.port), "-b", "-", _who(server, way)])
    put = f"put {shlex.quote(str(file))} {shlex.quote(f'{server.directory}/{name}')}"
    return ["sh", "-c", f"echo {shlex.quote(put)} | {command.replace('BatchMode=yes', 'BatchMode=no')}"]


def _rclone(file: Path, name: str, server: SshServer, way: Reached) -> Sequence[str]:
    options = {"host": way.host, "port": way.port, "user": server.username, "key-file": server.key_file}
    words = [f"--sftp-{option}={value}" for option, value in options.items()]
    return ["rclone", "--config=", "copyto", *words, str(file), f":sftp:{server.directory}/{name}"]


def _lftp(file: Path, name: str, server: SshServer, way: Reached) -> Sequence[str]:
    connect = shlex.join(["ssh", "-a", "-x", *ssh_options(server, "-p", way.port)])
    script = f"set sftp:connect-program {shlex.quote(connect)}; set cmd:fail-exit yes; "
    script += f"open -u {server.username}, sftp://{way.host}; "
    script += f"put {shlex.quote(str(file))} -o {shlex.quote(f'{server.directory}/{name}')}; bye"
    return ["lftp", "--norc", "-c", script]


def _who(server: SshServer, way: Reached) -> str:
    return f"{server.username}@{way.host}"
