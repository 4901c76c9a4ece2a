"""What the screens cost: first paint, processor time, memory, bytes to the terminal, time to end.

    python -m tests.benchmarks.view [--runs 9] [--seconds 30] [--peer 'posting|Send' ...]

The first paint is measured side by side, in turns, with a bare Textual program and with every peer: a command
and a word of its first screen. The rest is measured on a pty of 80×24 while a transfer of fifteen databases
goes on.
"""

from __future__ import annotations

import argparse
import os
import shlex
import statistics
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pexpect
import psutil

from tests.tui.pretended import advance, fifteen_databases, open_terminal, read_for
from tests.tui.stage import Stage, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui_transfer.job.control import Job

_BARE = """
from textual.app import App
from textual.widgets import Static

class Bare(App):
    def compose(self):
        yield Static("Bonjour")

Bare().run()
"""
_SIZE = (24, 80)
_LONGEST = 60


@dataclass(frozen=True)
class Program:
    """What is opened, and a word by which its first screen is known."""

    name: str
    command: list[str]
    word: str


def programs(peers: list[str]) -> list[Program]:
    """The bare one, ours, and those that were named."""
    return [
        Program("bare Textual", [sys.executable, "-c", _BARE], "Bonjour"),
        Program("tui-transfer", [sys.executable, "-m", "tui_transfer"], "Maintenir"),
        *(
            Program(command.split()[0], shlex.split(command), word)
            for command, word in (peer.split("|", 1) for peer in peers)
        ),
    ]


def first_paint(program: Program, environment: dict[str, str]) -> float:
    """Seconds from the start of the process to the word on the terminal."""
    begun = time.monotonic()
    child = pexpect.spawn(
        program.command[0], program.command[1:], env=environment, dimensions=_SIZE, timeout=_LONGEST
    )
    try:
        child.expect_exact(program.word.encode())
        return time.monotonic() - begun
    finally:
        child.close(force=True)


def compare_first_paint(peers: list[str], runs: int) -> None:
    """Prints each program's median, and how many times the bare one's it is."""
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {"TERM": "xterm-256color", "TUI_TRANSFER_HOME": home}
        seconds: dict[str, list[float]] = {}
        for _ in range(runs + 1):
            for program in programs(peers):
                seconds.setdefault(program.name, []).append(first_paint(program, environment))
    # The first round fills the caches.
    medians = {name: statistics.median(measured[1:]) for name, measured in seconds.items()}
    bare = medians["bare Textual"]
    print(f"first paint, median of {runs}")
    for name, median in medians.items():
        print(f"  {name:<14} {median:.3f} s  {median / bare:.2f} x")


@contextmanager
def shown(colours: str) -> Iterator[tuple[pexpect.spawn[bytes], Job]]:
    """The transfer's screen, once it has come to rest."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Stage(Path(folder) / "home", settings(("Base active",), [folder])) as staged,
    ):
        job = fifteen_databases(staged)
        terminal = open_terminal(staged, colours=colours)
        try:
            terminal.expect("Progression")
            read_for(terminal, 2)
            yield terminal, job
        finally:
            terminal.close(force=True)


def _busy(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def measure_transfer(seconds: int, colours: str) -> None:
    """Prints what the screen costs while two events of each kind arrive every second."""
    with shown(colours) as (terminal, job):
        process = psutil.Process(terminal.pid)
        busy, begun, sent = _busy(process), time.monotonic(), 0
        for half in range(2 * seconds):
            advance(job, half / 2)
            sent += len(read_for(terminal, 0.5))
        lasted = time.monotonic() - begun
        print(
            f"15 databases, {colours or '256 colours':<11} {sent / lasted:5.0f} B/s, "
            f"{100 * (_busy(process) - busy) / lasted:.2f} % of a core, "
            f"{process.memory_info().rss / 1e6:.0f} MB"
        )
        terminal.send("q")
        read_for(terminal, 1)
        advance(job, seconds)
        print(f"  under a modal: {len(read_for(terminal, 5)) / 5:.0f} B/s")


def measure_end() -> None:
    """Prints how long the program takes to end once asked, at three moments."""
    for moment, keys in (
        ("at once", ()),
        ("under a modal", ("q",)),
        ("in the help", ("?",)),
    ):
        with shown("") as (terminal, _):
            for key in keys:
                terminal.send(key)
                read_for(terminal, 0.5)
            begun = time.monotonic()
            terminal.kill(15)
            terminal.expect(pexpect.EOF)
            terminal.wait()
            print(f"ended {moment}: {time.monotonic() - begun:.2f} s")


def main() -> None:
    """Runs the three, and prints what they find."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--peer", action="append", default=[], metavar="COMMAND|WORD")
    options = parser.parse_args()
    compare_first_paint(options.peer, options.runs)
    for colours in ("", "truecolor"):
        measure_transfer(options.seconds, colours)
    measure_end()


if __name__ == "__main__":
    main()
