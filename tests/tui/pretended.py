"""A transfer of fifteen databases that no worker does, and the terminal on which the program shows it."""

from __future__ import annotations

import os
import select
import sys
import time
from typing import TYPE_CHECKING

import pexpect

from tests.tui import stage
from tui_transfer.job import events as ev

if TYPE_CHECKING:
    from tests.tui.stage import Stage
    from tui_transfer.job.control import Job

MEGA = 1_000_000
_LONGEST = 60.0


def open_terminal(
    staged: Stage, size: tuple[int, int] = (80, 24), /, colours: str = "", **more: str
) -> pexpect.spawn[bytes]:
    """The program on a pty, on the screen of the newest job if there is one.

    Args:
        staged: the home that it opens.
        size: columns and lines.
        colours: COLORTERM. Without it, and ssh does not carry it: 256 colours.
        more: further variables of its environment.
    """
    usual = {"TERM": "xterm-256color", "COLORTERM": colours, "PYTHONWARNINGS": "ignore"}
    environment = {name: value for name, value in os.environ.items() if name != "TMUX"} | usual | more
    return pexpect.spawn(
        sys.executable,
        ["-m", "tests.tui.on_a_terminal", str(staged.home.data)],
        dimensions=(size[1], size[0]),
        env=environment,
        timeout=60,
    )


def read_for(terminal: pexpect.spawn[bytes], seconds: float) -> bytes:
    """What arrives within `seconds`: the measure is the time itself."""
    end, read = time.monotonic() + seconds, b""
    while (left := end - time.monotonic()) > 0:
        if select.select([terminal.child_fd], [], [], left)[0]:
            read += os.read(terminal.child_fd, 65536)
    return read


def read_until(terminal: pexpect.spawn[bytes], *words: bytes) -> bytes:
    """All that was sent since what was last expected, until every one of `words` was."""
    read = b"".join(part for part in (terminal.before, terminal.after, terminal.buffer) if part)
    terminal.buffer = b""
    limit = time.monotonic() + _LONGEST
    while not all(word in read for word in words):
        assert time.monotonic() < limit, f"no {words} in {read!r}"
        read += read_for(terminal, 0.1)
    return read


def read_until_quiet(terminal: pexpect.spawn[bytes], seconds: float = 2.0) -> None:
    """Until nothing came for that long: all that was to be drawn is."""
    terminal.buffer = b""
    limit = time.monotonic() + _LONGEST
    while read_for(terminal, seconds):
        assert time.monotonic() < limit, "it goes on sending"


def fifteen_databases(staged: Stage) -> Job:
    """A running job: one database packed and being sent, one being packed and sent, thirteen that wait."""
    names = [f"Base {number:02d}" for number in range(15)]
    sizes = stage.sized(*[500 * MEGA] * 2, *[10 * MEGA] * 13)
    job = staged.job([stage.started(), *sizes, stage.connected()], running=True, names=names)
    for index in (0, 1):
        stage.append(
            job,
            ev.ArchiveStarted(at=stage.at(2), database=index, kind="file", size=500 * MEGA, files=1),
            ev.ArchiveProgress(at=stage.at(3), database=index, read=100 * MEGA, packed=40 * MEGA),
            ev.UploadStarted(at=stage.at(3), database=index, offset=0),
        )
    return job


def advance(job: Job, second: float) -> None:
    """What a link of 80 Mbit/s has brought by then, on two databases at once: compressing and sending."""
    stage.append(
        job,
        ev.ArchiveProgress(
            at=stage.at(4 + second),
            database=1,
            read=int(120 + 20 * second) * MEGA,
            packed=int(48 + 8 * second) * MEGA,
        ),
        *(
            ev.UploadProgress(
                at=stage.at(4 + second), database=index, acknowledged=int(5 + 5 * second) * MEGA
            )
            for index in (0, 1)
        ),
    )
