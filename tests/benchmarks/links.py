"""Transfers of databases over lines of several rates, next to what people use instead and to the bound.

    python -m tests.benchmarks.links [--rates 1,4,20,50,200,inf] [--databases sqlite80,sqlite1000,…]
        [--peers sftp,zstd,rclone,lftp] [--runs 1]

Rates are in Mbit/s. One table tells the seconds of each, and how often the bound (see `bound`) and the best
peer that leaves a 7z go into them. Ours counts from the command to its end, verification included: by the
server's hash, or by reading all of it back while it is sent, and in places after the close; how often the
first goes into the second is told beside it. Peers leave an archive that nobody has verified. Needs root, for
an account that sshd lets in.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import tui_transfer
from tests.benchmarks import bound
from tests.benchmarks.databases import make_database
from tests.benchmarks.line import enter_namespace, open_line
from tests.benchmarks.peers import Taken, make_peers, missing_programs
from tests.cli.place import COMMAND, Place
from tests.servers.account import system_account
from tests.servers.openssh import openssh
from tests.servers.processes import free_port
from tui_transfer.archive.passphrase import make_passphrase
from tui_transfer.archive.writer import cores
from tui_transfer.settings.config import TransferSettings
from tui_transfer.settings.variables import ARCHIVE_PASSWORD_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.benchmarks.bound import Packing
    from tests.benchmarks.databases import Database
    from tests.benchmarks.line import Line, Reached
    from tests.benchmarks.peers import Peer
    from tests.servers.account import Account
    from tests.servers.openssh import SshServer

_BYTES_PER_MBIT: Final = 125_000
_HEADINGS: Final = ("database", "Mbit/s", "", "seconds", "× bound", "× best 7z peer", "× best peer", "how")


@dataclass(frozen=True)
class Contender:
    """What took a database over a line, and how long that took."""

    name: str
    taken: Taken
    is_ours: bool = False
    leaves_7z: bool = True


@dataclass
class Campaign:
    """What measures: a line, a server that runs commands and one that does not, and the peers."""

    folder: Path
    line: Line
    with_exec: SshServer
    without: SshServer
    peers: Sequence[Peer]
    runs: int
    _homes: int = 0

    def measure(self, database: Database, rates: Sequence[float | None]) -> Iterator[str]:
        """The lines of the table on one database."""
        packings = []
        for packing in bound.measure(database.path, rates, self.runs):
            packings.append(packing)
            tell(f"{database.name}, {_packed(packing)}")
        for rate in rates:
            yield from lines(database.name, rate, bound.best(packings, rate), self._contend(database, rate))

    def _contend(self, database: Database, rate: float | None) -> list[Contender]:
        by_hash, encrypted, read_back = (
            self._median(partial(self._ours, database, server, encrypt), server, rate)
            for server, encrypt in ((self.with_exec, False), (self.with_exec, True), (self.without, False))
        )
        contenders = [Contender("ours, server's hash", by_hash, is_ours=True)]
        for name, taken in (("ours, encrypted", encrypted), ("ours, read back", read_back)):
            ratio = f"{taken.seconds / by_hash.seconds:.2f} × the server's hash"
            told = replace(taken, remark=f"{taken.remark}, {ratio}")
            contenders.append(Contender(name, told, is_ours=True))
        for peer in self.peers:
            transfer = partial(peer.transfer, database, self.with_exec, rate)
            taken = self._median(transfer, self.with_exec, rate)
            contenders.append(Contender(peer.name, taken, leaves_7z=peer.leaves_7z))
        return contenders

    def _median(self, transfer: Callable[[Reached], Taken], server: SshServer, rate: float | None) -> Taken:
        taken = []
        for _ in range(self.runs):
            with self.line.reach(server.port, rate) as way:
                taken.append(transfer(way))
        middle = statistics.median_low(one.seconds for one in taken)
        return next(one for one in taken if one.seconds == middle)

    def _ours(self, database: Database, server: SshServer, encrypt: bool, way: Reached) -> Taken:
        self._homes += 1
        place = Place(self.folder / f"home{self._homes}")
        place.configure(
            server, {"Base": database.path}, host=way.host, port=way.port, key_file=str(server.key_file)
        )
        place.change(transfer=TransferSettings(encrypt=encrypt))
        begin = time.perf_counter()
        done = subprocess.run(
            [*way.through, *COMMAND, "run", "--yes", "--json"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=place.environment(**{ARCHIVE_PASSWORD_VARIABLE: make_passphrase()}),
        )
        seconds = time.perf_counter() - begin
        assert done.returncode == 0, done.stdout + done.stderr
        events = [json.loads(line) for line in done.stdout.splitlines()]
        (delivered,) = events[-1]["databases"]
        assert delivered["verified"] == ("server-hash" if server is self.with_exec else "read-back")
        for path in server.root.iterdir():
            path.unlink()
        return Taken(seconds, f"{delivered['packed'] / 1e6:.2f} MB, {_presets(events)}")


def lines(
    database: str, rate: float | None, packing: Packing, contenders: Sequence[Contender]
) -> Iterator[str]:
    """The lines of the table for one database and rate, the bound's first."""
    least = packing.bound(rate)
    peers = [peer for peer in contenders if not peer.is_ours]
    best = min((peer.taken.seconds for peer in peers), default=None)
    best_7z = min((peer.taken.seconds for peer in peers if peer.leaves_7z), default=None)
    where = (database, "inf" if rate is None else f"{rate / _BYTES_PER_MBIT:g}")
    yield _line(
        *where, "bound", f"{least:.2f}", "1.00", _ratio(least, best_7z), _ratio(least, best), _packed(packing)
    )
    for one in contenders:
        seconds = one.taken.seconds
        ratios = (_ratio(seconds, least), _ratio(seconds, best_7z), _ratio(seconds, best))
        yield _line(*where, one.name, f"{seconds:.2f}", *ratios, one.taken.remark)


def _ratio(seconds: float, to: float | None) -> str:
    return "–" if to is None else f"{seconds / to:.2f}"


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _presets(events: Sequence[dict[str, Any]]) -> str:
    """The presets chosen, in turn."""
    return " ".join(str(event["preset"]) for event in events if event["type"] == "archive.preset")


def _packed(packing: Packing) -> str:
    return f"preset {packing.preset}: {packing.seconds:.2f} s, {packing.size / 1e6:.2f} MB"


@contextmanager
def serve(account: Account, line: Line, *, allow_exec: bool) -> Iterator[SshServer]:
    """A server that the line reaches."""
    port = free_port()
    options = ["LogLevel ERROR", *(f"ListenAddress {address}:{port}" for address in line.listens)]
    with openssh(account, allow_exec=allow_exec, options=options) as server:
        yield replace(server, port=port) if line.listens else server


def as_installed() -> None:
    """Lets the program start as it does once it is installed: pip leaves its modules compiled."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    compileall.compile_dir(str(Path(tui_transfer.__file__).parent), quiet=1)


def tell(text: str) -> None:
    """Says how it is going, beside the table."""
    print(text, file=sys.stderr, flush=True)


def _rate(word: str) -> float | None:
    return None if word == "inf" else float(word) * _BYTES_PER_MBIT


def main() -> None:
    """Measures, and prints the table as it grows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rates", default="1,4,20,50,200,inf", help="Mbit/s; inf for no limit")
    parser.add_argument("--databases", default="sqlite80,files20000,random200,sqlite1000")
    parser.add_argument("--peers", default="sftp,zstd,rclone,lftp", help="none to leave them out")
    parser.add_argument("--runs", type=int, default=1, help="of each; the median counts")
    asked = parser.parse_args()
    rates = [_rate(word) for word in asked.rates.split(",")]
    enter_namespace()
    as_installed()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tui-transfer-links-")))
        line = stack.enter_context(open_line())
        account = stack.enter_context(system_account())
        with_exec, without = (
            stack.enter_context(serve(account, line, allow_exec=allow)) for allow in (True, False)
        )
        known = make_peers(folder, asked.runs, min((rate for rate in rates if rate), default=None))
        wanted = [known[name] for name in asked.peers.split(",") if name != "none"]
        peers = [peer for peer in wanted if not missing_programs(peer)]
        print(f"Line: {line}. {cores()} cores, load {os.getloadavg()[0]:.1f} when begun. Runs: {asked.runs}.")
        for peer in wanted:
            if missing := missing_programs(peer):
                print(f"Left out: {peer.name}, for want of {', '.join(missing)}.")
        print("", _line(*_HEADINGS), f"|{' --- |' * len(_HEADINGS)}", sep="\n", flush=True)
        campaign = Campaign(folder, line, with_exec, without, peers, asked.runs)
        for name in asked.databases.split(","):
            for row in campaign.measure(make_database(name, folder / name), rates):
                print(row, flush=True)


if __name__ == "__main__":
    main()
