"""The program by CPython for Windows under Wine beside the same on Linux, on one machine in one run.

`PYTHONPATH=.ci python -m tests.benchmarks.windows` measures the first screen, until nothing moves, and
the transfer of a payroll base to an sshd over loopback. Wine is no Windows: it tells what the program costs
there, as far as the machine and not the system decides.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from bundling import places

from tests.benchmarks.databases import make_database
from tests.cli.place import COMMAND, place_for
from tests.servers.account import system_account
from tests.servers.openssh import SshServer, openssh
from tests.windows.place import windows_place
from tests.windows.screen import QUIET_SECONDS, on_screen
from tests.windows.wine import Wine, build_bundle, gather_testers, wine

if TYPE_CHECKING:
    from collections.abc import Callable

Measures = dict[str, list[float]]


def main() -> None:
    """Measures each in turn on both, and prints the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=80)
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tui-transfer-windows-")))
        base = make_database(f"sqlite{asked.megabytes}", folder / "base").path
        server = stack.enter_context(openssh(stack.enter_context(system_account()), chroot=True))
        testers = gather_testers(places.ROOT / "dist" / "kept" / "testers")
        windows = stack.enter_context(wine(folder / "wine", build_bundle(folder / "built"), testers))
        measures: Measures = {}
        for run in range(asked.runs + 1):
            here = folder / str(run)
            found = measure(here, windows, server, base)
            if run:  # the first one fills caches
                for name, seconds in found.items():
                    measures.setdefault(name, []).append(seconds)
    print(f"| seconds, median of {asked.runs} | Linux | Wine |")
    print("| --- | --- | --- |")
    for what in ("first screen", f"transfer of {asked.megabytes} MB"):
        key = what.partition(" of ")[0]
        cells = [f"{statistics.median(measures[f'{key}, {system}']):.2f}" for system in ("Linux", "Wine")]
        print(f"| {what} | {' | '.join(cells)} |")


def measure(folder: Path, windows: Wine, server: SshServer, base: Path) -> dict[str, float]:
    """Seconds of each, on homes that nobody used before."""
    linux = place_for(folder / "linux", server.password)
    linux.configure(server, {"Paie": base})
    other = windows_place(windows, folder / "windows", server.password)
    other.configure(server, {"Paie": base})
    return {
        "first screen, Linux": first_screen(COMMAND, linux.environment()),
        "first screen, Wine": first_screen(windows.command(), windows.environment(other.environment)),
        "transfer, Linux": seconds(lambda: _succeed(linux.run("run", "--yes").code)),
        "transfer, Wine": seconds(lambda: _succeed(other.run("run", "--yes").code)),
    }


def first_screen(command: list[str], environment: dict[str, str]) -> float:
    """Seconds until it is drawn, and nothing moves any more."""
    begun = time.perf_counter()
    with on_screen(command, environment) as screen:
        screen.wait_for("Maintenir")
        return time.perf_counter() - begun - QUIET_SECONDS


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _succeed(code: int) -> None:
    assert code == 0


if __name__ == "__main__":
    main()
