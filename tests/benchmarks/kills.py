"""Kills the worker, the view or both with SIGKILL at hundreds of moments of real transfers, and goes on.

    python -m tests.benchmarks.kills [--kills 300] [--seed 1]
    python -m tests.benchmarks.kills --economy

After every kill, whatever has a final name on the Sharebox must be right; every transfer must end well, and
blocks that were packed must be used again. `--economy` kills ten times during the sending of an archive of
100 MB, and measures at a relay what is sent in all. Needs root, for an account that sshd lets in.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections import Counter
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from tests.cli.place import COMMAND, Place, archives, arrived, blocks_packed, extract, place_for
from tests.servers.account import system_account
from tests.servers.openssh import SshServer, openssh
from tests.servers.processes import wait_until
from tests.servers.relay import Relay, relay
from tui_transfer.archive.blocks import BLOCK_SIZE
from tui_transfer.errors import ExitCode
from tui_transfer.job import control
from tui_transfer.job.events import ArchiveSealed
from tui_transfer.job.journal import JournalReader
from tui_transfer.job.state import Step

if TYPE_CHECKING:
    from collections.abc import Callable

RATE = 3_000_000
"""Bytes a second on the line, so that sending and reading back take a while each."""
ECONOMY_RATE = 10_000_000
LONGEST_DELAY = 1.5
_MOMENTS = (
    None,
    None,
    "packing",
    "packing and sending",
    "sending, packed",
    "verifying, renaming",
    "ending",
)
"""Steps as `phase` names them; None for any moment."""
_POLL = 0.005
_LIMIT = 120.0


@dataclass
class Figures:
    """What a campaign found; a mismatch of any kind raises instead."""

    kills: Counter[str] = field(default_factory=Counter)
    phases: Counter[str] = field(default_factory=Counter)
    transfers: int = 0
    checked: int = 0
    """Files with a final name that were compared after a kill."""
    blocks_kept: int = 0
    """Packed blocks that a worker found after a kill, each of which it used again."""


def phase(job: control.Job | None) -> str:
    """What the job is doing, as its journal tells."""
    if job is None:
        return "nothing yet"
    state = control.Follower(job).state
    for item in state.databases:
        if item.delivered:
            continue
        if item.transfer is Step.VERIFYING:
            return "verifying, renaming"
        if item.sealed:
            return "sending, packed"
        if item.compression is Step.RUNNING:
            return "packing and sending" if item.transfer is Step.RUNNING else "packing"
        return "connecting"
    return "ending"


@dataclass
class Campaign:
    """Transfers in `place` to `server` through `link`, killed at moments that `draw` gives."""

    place: Place
    server: SshServer
    link: Relay
    databases: dict[str, Path]
    draw: random.Random
    figures: Figures = field(default_factory=Figures)
    _out: int = 0
    _packed_before: int = 0

    def run(self, kills: int) -> Figures:
        """Kills that often, then lets the last transfer end."""
        while self.figures.kills.total() < kills:
            self._step(kill=True)
        while self._job() is not None:
            self._step(kill=False)
        return self.figures

    def _job(self) -> control.Job | None:
        jobs = control.list_jobs(self.place.home)
        return jobs[0] if jobs else None

    def _step(self, *, kill: bool) -> None:
        """One command: a new transfer, or going on with the last; killed, or followed to its end."""
        arguments = ["run", "--yes"] if self._job() is None else ["resume"]
        with subprocess.Popen(
            [*COMMAND, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self.place.environment(),
        ) as view:
            killed = kill and self._kill(view)
            said, _ = view.communicate(timeout=_LIMIT)
        self._check_final_names()
        # 15: only the view was killed, and the worker ended well before anybody came to go on.
        ended_well = view.returncode in (ExitCode.SUCCESS, ExitCode.NOTHING_TO_RESUME)
        if ended_well and (job := self._job()) is not None:
            assert control.Follower(job).succeeded, said
            self._check_delivery(job)
        elif not killed:
            raise AssertionError(f"{arguments} ended with {view.returncode}:\n{said}")

    def _kill(self, view: subprocess.Popen[str]) -> bool:
        """Waits for a moment and kills; says whether there was somebody to kill."""
        reached = self._moment()
        limit = time.monotonic() + _LIMIT
        while view.poll() is None and not reached():
            assert time.monotonic() < limit, "the moment never came"
            time.sleep(_POLL)
        victims = self.draw.choice(["worker", "view", "both"])
        at = phase(self._job())
        pids = [] if victims == "view" else self._workers()
        if victims != "worker" and view.poll() is None:
            pids.append(view.pid)
        for pid in pids:
            with suppress(ProcessLookupError):  # it ended just now
                os.kill(pid, signal.SIGKILL)
        if pids:
            self.figures.kills[victims] += 1
            self.figures.phases[at] += 1
        if victims != "view" and (job := self._job()) is not None:
            wait_until(lambda: not job.running, what="the end of the worker")
            self._count_blocks(job)
        return bool(pids)

    def _count_blocks(self, job: control.Job) -> None:
        """Blocks that the next worker finds, if it has to pack at all; none is ever lost."""
        if not control.Follower(job).state.databases[0].sealed:
            packed = blocks_packed(self.place)
            assert packed >= self._packed_before
            self._packed_before = packed

    def _moment(self) -> Callable[[], bool]:
        """After some time, or shortly after the transfer has come to one of its steps."""
        start = time.monotonic()
        delay = self.draw.uniform(0, LONGEST_DELAY)
        wanted = self.draw.choice(_MOMENTS)
        if wanted is None:
            return lambda: time.monotonic() > start + delay
        after = self.draw.uniform(0, 0.3)
        since: list[float] = []

        def reached() -> bool:
            if not since and phase(self._job()) == wanted:
                since.append(time.monotonic())
            return bool(since) and time.monotonic() > since[0] + after

        return reached

    def _workers(self) -> list[int]:
        """The process numbers of our own workers: they work in the folder of their job."""
        found = []
        for process in psutil.process_iter(["pid", "cmdline", "cwd"]):
            words, folder = process.info["cmdline"] or [], process.info["cwd"] or ""
            if "tui_transfer.worker" in words and Path(folder).parent == self.place.home.jobs:
                found.append(process.info["pid"])
        return found

    def _check_final_names(self) -> None:
        """Whatever has its final name is what a journal says was sealed, before."""
        named = archives(self.server.root)
        manifests = list(self.server.root.glob("*.manifest.json"))
        sealed = {
            spec.archive: event.sha256
            for job in control.list_jobs(self.place.home)
            for event in JournalReader(job.journal).read()
            if isinstance(event, ArchiveSealed)
            for spec in [job.spec.databases[event.database]]
        }
        for archive in named:
            assert hashlib.sha256(archive.read_bytes()).hexdigest() == sealed[archive.name], archive
            self.figures.checked += 1
        for manifest in manifests:
            told = json.loads(manifest.read_bytes())["archive"]
            assert told["sha256"] == sealed[told["name"]], manifest

    def _check_delivery(self, job: control.Job) -> None:
        """All that was to arrive did, and nothing else; then the Sharebox is emptied for the next."""
        names = {item.archive for item in job.spec.databases}
        expected = {name for archive in names for name in arrived(archive)}
        found = {path.name for path in self.server.root.iterdir()}
        assert found == expected, found ^ expected
        assert not job.spool.exists() or not list(job.spool.iterdir())
        for item in job.spec.databases:
            self._out += 1
            out = self.place.folder.parent / f"out{self._out}"
            unpacked = extract(self.server.root / item.archive, out) / Path(item.path).name
            assert content(unpacked) == content(Path(item.path))
        for path in list(self.server.root.iterdir()):
            path.unlink()
        self._check_blocks(job)
        control.remove(job)
        self.figures.transfers += 1

    def _check_blocks(self, job: control.Job) -> None:
        sealed = [
            event
            for event in JournalReader(job.journal).read()
            if isinstance(event, ArchiveSealed) and event.database == 0
        ]
        assert sealed[-1].reused >= self._packed_before
        self.figures.blocks_kept += self._packed_before
        self._packed_before = 0


def content(path: Path) -> object:
    """What a database holds, whatever the bytes of its file."""
    if path.suffix != ".db":
        return path.read_bytes()
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT * FROM paie").fetchall()


def make_databases(folder: Path, megabytes: float = 0.8) -> dict[str, Path]:
    """A file of three blocks, with `megabytes` of chance that take long to pack each; a small SQLite base."""
    folder.mkdir()
    file, database = folder / "base.bin", folder / "paie.db"
    piece = int(megabytes * 1_000_000)
    file.write_bytes(b"".join(os.urandom(piece).ljust(BLOCK_SIZE, b"-") for _ in range(3)))
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE paie (nom TEXT, net REAL)")
        connection.executemany("INSERT INTO paie VALUES (?, ?)", ((f"n{i}", i) for i in range(5000)))
        connection.commit()
    return {"Base": file, "Paie": database}


def make_campaign(folder: Path, server: SshServer, link: Relay, seed: int) -> Campaign:
    """A campaign in `folder`, through a slow line."""
    databases = make_databases(folder / "bases")
    place = place_for(folder / "home", server.password)
    place.configure(server, databases, port=link.port)
    link.rate = RATE
    return Campaign(place, server, link, databases, random.Random(seed))


def economy(folder: Path, server: SshServer, link: Relay, size: int, kills: int) -> str:
    """Kills a worker `kills` times during the sending of an archive of `size` bytes; tells what that cost."""
    base = folder / "grosse.bin"
    base.write_bytes(os.urandom(size))
    place = place_for(folder / "home", server.password)
    place.configure(server, {"Grosse": base}, port=link.port)
    link.rate = ECONOMY_RATE
    packed = 0
    for number in range(kills + 1):
        with place.started(*(["run", "--yes"] if number == 0 else ["resume"])) as view:
            if number < kills:
                share = size * (number + 1) // (kills + 1)
                wait_until(partial(_has_sent, link, share), seconds=600, what="its share")
                worker = control.Follower(place.job()).state.worker_pid
                assert worker
                os.kill(worker, signal.SIGKILL)
            view.communicate(timeout=600)
        assert view.returncode == (12 if number < kills else 0)
        if number < kills and not control.Follower(place.job()).state.databases[0].sealed:
            packed = blocks_packed(place)
    sealed = [
        event for event in JournalReader(place.job().journal).read() if isinstance(event, ArchiveSealed)
    ]
    lost = packed - sealed[-1].reused
    return (
        f"{kills} kills, {size / 1e6:.0f} MB: {link.sent / sealed[-1].size:.4f} times the archive sent; "
        f"{sealed[-1].reused} blocks reused by the last worker that packed, {lost} packed again"
    )


def _has_sent(link: Relay, count: int) -> bool:
    return link.sent >= count


def main() -> None:
    """Runs a campaign, and prints its figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--economy", action="store_true")
    asked = parser.parse_args()
    started = time.monotonic()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tui-transfer-kills-")))
        account = stack.enter_context(system_account())
        server = stack.enter_context(openssh(account, chroot=True))
        link = stack.enter_context(relay(server.port))
        if asked.economy:
            print(economy(folder, server, link, 100_000_000, 10))
        else:
            figures = make_campaign(folder, server, link, asked.seed).run(asked.kills)
            print(figures)
    print(f"{time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
