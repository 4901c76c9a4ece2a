"""Small transfers, one after the other for as long as one likes, under cuts and kills that chance chooses.

    python -m tests.benchmarks.soak [--transfers 1000] [--seconds 3600] [--lanes 2] [--seed 1]

This process is the view: it starts every worker and follows it, as the screens do. What arrives is compared
with its database, and this process must not grow: memory, descriptors and threads are told at intervals.
Needs root, for an account that sshd lets in.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import psutil

from tests.cli.place import arrived, content, extract
from tests.servers.account import system_account
from tests.servers.openssh import SshServer, openssh
from tests.servers.relay import Relay, relay
from tui_transfer.errors import Problem
from tui_transfer.job import control
from tui_transfer.job.orders import Orders
from tui_transfer.job.spec import make_spec
from tui_transfer.settings import config
from tui_transfer.settings.config import Home, Manager, Settings, ShareboxSettings

WARM_UP = 20
"""Transfers before the first measure: what is loaded once is no growth."""
FAULTS = ("none", "cut", "cuts", "kill", "cut and kill")
_POLL = 0.02
_MOST_WORKERS = 20
_LARGEST = 400_000
_HANDSHAKE = 6_000
"""Bytes after which a route is known to work: before, its failure is a person's affair."""


@dataclass
class Figures:
    """What all lanes found."""

    transfers: int = 0
    mismatches: list[str] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    workers: int = 0
    measures: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def done(self, fault: str, mismatch: str | None) -> None:
        """Counts one transfer, and measures this process now and then."""
        with self.lock:
            self.transfers += 1
            self.faults[fault] += 1
            if mismatch:
                self.mismatches.append(mismatch)
            if self.transfers == WARM_UP or self.transfers % 100 == 0:
                self.measures.append(self.measure())
                print(self.measures[-1], flush=True)

    def measure(self) -> str:
        """ResumeState, descriptors and threads of this process."""
        me = psutil.Process()
        size = me.memory_info().rss / 1e6
        counts = f"{me.num_fds()} descriptors, {me.num_threads()} threads"
        return f"{self.transfers:5d} transfers: {size:.1f} MB, {counts}"


@dataclass
class Lane:
    """Transfers of one home, one after the other."""

    number: int
    folder: Path
    server: SshServer
    draw: random.Random
    figures: Figures

    def __post_init__(self) -> None:
        self.home = Home.find({config.HOME_VARIABLE: str(self.folder / "home")})
        self.base = self.folder / "base"

    def transfer(self) -> None:
        """Makes a database, hands it over whatever happens, and compares what arrived."""
        self._make_database()
        fault = self.draw.choice(FAULTS)
        with relay(self.server.port) as link:
            link.cuts = self._cuts(fault)
            job = self._create(link)
            self._carry_out(job, kills=1 if "kill" in fault else 0)
        self.figures.done(fault, self._compare(job))
        control.remove(job)

    def _cuts(self, fault: str) -> list[int]:
        """Where the next connections are cut: anywhere, but the first is let through the handshake."""
        count = {"cut": 1, "cuts": 3, "cut and kill": 1}.get(fault, 0)
        return [self.draw.randrange(1 if number else _HANDSHAKE, _LARGEST) for number in range(count)]

    def _make_database(self) -> None:
        self.base.mkdir(exist_ok=True)
        for path in self.base.iterdir():
            path.unlink()
        for number in range(self.draw.randint(0, 3)):
            (self.base / f"{number}.dat").write_bytes(
                self.draw.randbytes(self.draw.randint(0, _LARGEST // 3))
            )

    def _create(self, link: Relay) -> control.Job:
        server = self.server
        settings = Settings(
            manager=Manager(name=f"Voie {self.number}"),
            sharebox=ShareboxSettings(
                host=server.host,
                port=link.port,
                username=server.username,
                directory=server.directory,
                host_key=server.fingerprint,
            ),
        )
        return control.create(
            self.home, make_spec(settings, [("Base", self.base)], datetime.now().astimezone())
        )

    def _carry_out(self, job: control.Job, kills: int) -> None:
        orders = Orders(sftp_password=self.server.password)
        for _ in range(_MOST_WORKERS):
            follower = control.Follower(job)
            if follower.succeeded:
                return
            pid = control.start(job, orders)
            with self.figures.lock:
                self.figures.workers += 1
            kill_at = time.monotonic() + self.draw.uniform(0, 0.6) if kills else float("inf")
            follower.poll()
            while not follower.ended:
                if time.monotonic() > kill_at:
                    kills, kill_at = kills - 1, float("inf")
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                time.sleep(_POLL)
                follower.poll()
            failure = follower.failure
            if failure and failure.problem not in (Problem.INTERRUPTED, Problem.CONNECTION_LOST):
                raise AssertionError(f"{job.id}: {failure}")
        raise AssertionError(f"{job.id}: {_MOST_WORKERS} workers were not enough")

    def _compare(self, job: control.Job) -> str | None:
        """What is wrong with what arrived; the Sharebox is tidied behind it."""
        (spec,) = job.spec.databases
        archive = self.server.root / spec.archive
        prefix = archive.name.split("_")[0]
        found = {path.name for path in self.server.root.iterdir() if path.name.startswith(prefix)}
        if found != arrived(archive.name):
            return f"{job.id}: {found}"
        with tempfile.TemporaryDirectory(dir=self.folder) as out:
            unpacked = extract(archive, Path(out)) / self.base.name
            same = content(unpacked) == content(self.base)
        for name in found:
            (self.server.root / name).unlink()
        return None if same else f"{job.id}: another content"


def soak(
    folder: Path, server: SshServer, *, transfers: int, seconds: float, lanes: int, seed: int
) -> Figures:
    """Runs the lanes until enough was transferred, or the time is over."""
    figures = Figures()
    end = time.monotonic() + seconds

    def follow(number: int) -> None:
        (folder / str(number)).mkdir()
        lane = Lane(number, folder / str(number), server, random.Random(seed * 1000 + number), figures)
        while figures.transfers < transfers and time.monotonic() < end:
            lane.transfer()

    with ThreadPoolExecutor(lanes) as pool:
        list(pool.map(follow, range(lanes)))
    return figures


def main() -> None:
    """Soaks, and prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--transfers", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=3600.0)
    parser.add_argument("--lanes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    started = time.monotonic()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tui-transfer-soak-")))
        server = stack.enter_context(openssh(stack.enter_context(system_account()), chroot=True))
        figures = soak(
            folder,
            server,
            transfers=asked.transfers,
            seconds=asked.seconds,
            lanes=asked.lanes,
            seed=asked.seed,
        )
    print(figures.measure())
    print(f"{figures.workers} workers, faults: {dict(figures.faults)}, {time.monotonic() - started:.0f} s")
    print(f"{len(figures.mismatches)} mismatches", *figures.mismatches, sep="\n")


if __name__ == "__main__":
    main()
