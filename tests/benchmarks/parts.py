"""Parts of a transfer on their own: sending next to OpenSSH's `sftp put`, going on next to packing again.

    python -m tests.benchmarks.parts [sender] [resume] [--megabytes 200] [--database sqlite80] [--runs 3]

`sender`: the same bytes, which do not shrink, by our upload and by `sftp put`, over loopback and over a relay
of 100 Mbit/s that answers 100 ms late; both count from connecting until the last byte is acknowledged.
`resume`: an archive whose blocks are all in its index is gone on with, as after a kill before it was sealed.
Needs root, for an account that sshd lets in.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import tempfile
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.benchmarks.databases import make_database
from tests.benchmarks.line import Reached, delaying_relay
from tests.benchmarks.peers import run, sftp_put
from tests.servers.account import system_account
from tests.servers.openssh import SshServer, openssh
from tests.servers.processes import LOOPBACK
from tests.sharebox.helpers import connect, send
from tui_transfer.archive.source import list_source
from tui_transfer.archive.writer import Archive, Fixed, write_archive
from tui_transfer.sharebox.delivery.progress import DeliveryProgress, DeliveryStage

if TYPE_CHECKING:
    from collections.abc import Iterator

_RATE: Final = 100e6 / 8
_ROUND_TRIP: Final = 0.1
_PRESETS: Final = (1, 6)


def measure_sender(server: SshServer, file: Path, runs: int) -> Iterator[str]:
    """The lines of the table on sending `file`."""
    yield "| line | ours: sent | ours: verified, named | sftp put | sent ÷ sftp put, to be ≤ 1.10 |"
    yield "| --- | --- | --- | --- | --- |"
    yield _sender_line("loopback", server, server.port, file, runs)
    with delaying_relay(server.port, _RATE, _ROUND_TRIP) as relay:
        yield _sender_line("100 Mbit/s, 100 ms", server, relay.port, file, runs)


def _sender_line(name: str, server: SshServer, port: int, file: Path, runs: int) -> str:
    # In a process of its own, as a worker is: the relay, which is in this one, does not slow it down.
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        sent, whole, theirs = [], [], []
        for _ in range(runs):
            done = process.submit(_send, server, port, file).result()
            sent.append(done[0])
            whole.append(done[1])
            theirs.append(run(sftp_put(file, "theirs", server, Reached(LOOPBACK, port))))
            for path in server.root.iterdir():
                path.unlink()
    ours, whole_ours, theirs_median = (statistics.median(times) for times in (sent, whole, theirs))
    return (
        f"| {name} | {ours:.2f} s | {whole_ours:.2f} s | {theirs_median:.2f} s | {ours / theirs_median:.2f} |"
    )


def _send(server: SshServer, port: int, file: Path) -> tuple[float, float]:
    """Seconds until all was acknowledged, and until it had its name."""
    acknowledged: list[float] = []

    def note(progress: DeliveryProgress) -> None:
        if progress.stage is DeliveryStage.VERIFYING and not acknowledged:
            acknowledged.append(time.perf_counter())

    begin = time.perf_counter()
    with connect(server, port=port) as sharebox:
        send(sharebox, file, "ours", on_progress=note)
    return acknowledged[0] - begin, time.perf_counter() - begin


def measure_resume(database: Path, runs: int) -> Iterator[str]:
    """The lines of the table on going on with an archive of `database`."""
    yield "| preset | packing | going on | times as fast, to be ≥ 5 |"
    yield "| --- | --- | --- | --- |"
    for preset in _PRESETS:
        packing, going_on = [], []
        for _ in range(runs):
            with tempfile.TemporaryDirectory(prefix="tui-transfer-resume-") as name:
                seconds, packed = _pack(database, Path(name), preset)
                packing.append(seconds)
                seconds, again = _pack(database, Path(name), preset)
                going_on.append(seconds)
                assert again.reused
                assert again.sha256 == packed.sha256
        first, second = statistics.median(packing), statistics.median(going_on)
        yield f"| {preset} | {first:.2f} s | {second:.2f} s | {first / second:.1f} |"


def _pack(database: Path, folder: Path, preset: int) -> tuple[float, Archive]:
    """Packs a database in `folder`, or goes on there; gives the seconds that took."""
    begin = time.perf_counter()
    archive = write_archive(
        list_source(database),
        folder / "archive.7z",
        work=folder / "work",
        pacer=Fixed(preset),
        on_progress=lambda _: None,
        cancelled=threading.Event(),
    )
    return time.perf_counter() - begin, archive


def main() -> None:
    """Measures what is named, and prints a table of each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("parts", nargs="*", metavar="sender|resume", help="both by default")
    parser.add_argument("--megabytes", type=int, default=200, help="to send")
    parser.add_argument("--database", default="sqlite80", help="to pack")
    parser.add_argument("--runs", type=int, default=3, help="of each; the median counts")
    asked = parser.parse_args()
    parts = asked.parts or ["sender", "resume"]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tui-transfer-parts-")))
        if "sender" in parts:
            account = stack.enter_context(system_account())
            server = stack.enter_context(openssh(account, allow_exec=True, options=["LogLevel ERROR"]))
            file = make_database(f"random{asked.megabytes}", folder / "random").path
            for line in measure_sender(server, file, asked.runs):
                print(line, flush=True)
        if "resume" in parts:
            database = make_database(asked.database, folder / "database").path
            for line in measure_resume(database, asked.runs):
                print(line, flush=True)


if __name__ == "__main__":
    main()
