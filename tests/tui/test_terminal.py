"""From outside, on a pty: signals, the state the terminal is left in, and what is sent to it."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from typing import TYPE_CHECKING

import pexpect
import pytest

from tests.tui import stage
from tui_transfer.job import events as ev

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.tui.stage import Stage
    from tui_transfer.job.control import Job

MEGA = 1_000_000
LEFT_ALTERNATE_SCREEN = b"\x1b[?1049l"


@pytest.fixture
def terminal(staged: Stage) -> Iterator[pexpect.spawn[bytes]]:
    child = _open(staged)
    yield child
    child.close(force=True)


def _open(staged: Stage, colours: str = "", **more: str) -> pexpect.spawn[bytes]:
    # Without COLORTERM, which ssh does not carry: 256 colours.
    usual = {"TERM": "xterm-256color", "COLORTERM": colours, "PYTHONWARNINGS": "ignore"}
    environment = {name: value for name, value in os.environ.items() if name != "TMUX"} | usual | more
    return pexpect.spawn(
        sys.executable,
        ["-m", "tests.tui.on_a_terminal", str(staged.home.data)],
        dimensions=(24, 80),
        env=environment,
        timeout=20,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_cleanly_and_fast(terminal: pexpect.spawn[bytes], number: signal.Signals) -> None:
    terminal.expect("Maintenir")
    begun = time.monotonic()
    terminal.kill(number)
    terminal.expect(pexpect.EOF)
    terminal.wait()
    assert time.monotonic() - begun < 2
    assert terminal.exitstatus == 128 + number
    assert LEFT_ALTERNATE_SCREEN in terminal.before


def test_quitting_is_fast_and_leaves_the_terminal_as_it_was(terminal: pexpect.spawn[bytes]) -> None:
    terminal.expect("Maintenir")
    begun = time.monotonic()
    terminal.send("q")
    terminal.expect(pexpect.EOF)
    terminal.wait()
    assert time.monotonic() - begun < 2
    assert terminal.exitstatus == 0
    assert LEFT_ALTERNATE_SCREEN in terminal.before


def test_a_terminal_without_utf_8_is_drawn_on_with_the_signs_that_it_has(staged: Stage) -> None:
    terminal = _open(staged, PYTHONIOENCODING="iso-8859-1")
    try:
        terminal.expect(b"Pr\xe9requis")
        _, seen = _read_for(terminal, 1.0), terminal.before
        assert "Centre de maintenance".encode("iso-8859-1") in seen
        assert b"---" in seen
        assert b"\xe2" not in seen
    finally:
        terminal.close(force=True)


def test_the_title_is_kept_and_given_back(terminal: pexpect.spawn[bytes]) -> None:
    terminal.expect_exact(b"\x1b[22;0t\x1b]2;Impact emploi\x07")
    terminal.expect("Maintenir")
    terminal.send("q")
    terminal.expect_exact(b"\x1b[23;0t")


def test_an_idle_screen_sends_nothing(terminal: pexpect.spawn[bytes]) -> None:
    terminal.expect("Maintenir")
    _read_for(terminal, 1.0)
    assert _read_for(terminal, 3.0) == 0


@pytest.mark.parametrize("colours", ["", "truecolor"])
def test_a_transfer_of_fifteen_databases_sends_less_than_a_kilobyte_a_second(
    staged: Stage, colours: str
) -> None:
    names = [f"Base {number:02d}" for number in range(15)]
    job = staged.job([stage.started(), stage.connected()], running=True, names=names)
    for index in range(15):
        stage.append(job, *_begun(index))
    terminal = _open(staged, colours)
    try:
        terminal.expect("Progression")
        _read_for(terminal, 1.5)
        sent, seconds = [], 6
        for second in range(seconds):
            for half in (0.0, 0.5):
                _advance(job, second + half)
                sent.append(_read_for(terminal, 0.5))
        assert sum(sent) < 1000 * seconds, f"{sum(sent) / seconds:.0f} bytes a second"
        assert sum(bytes_ > 0 for bytes_ in sent) > 1.5 * seconds, "something moves twice a second"
        terminal.send("q")
        _read_for(terminal, 1.0)
        _advance(job, seconds)
        assert _read_for(terminal, 2.0) == 0, "drawn under a modal"
    finally:
        terminal.close(force=True)


def _begun(index: int) -> list[ev.Event]:
    if index > 1:
        return []
    return [
        ev.ArchiveStarted(at=stage.at(2), database=index, kind="file", size=500 * MEGA, files=1),
        ev.ArchiveProgress(at=stage.at(3), database=index, read=100 * MEGA, packed=40 * MEGA),
        ev.UploadStarted(at=stage.at(3), database=index, offset=0),
    ]


def _advance(job: Job, second: float) -> None:
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


def _read_for(terminal: pexpect.spawn[bytes], seconds: float) -> int:
    """How many bytes arrive within `seconds`: the measure is the time itself."""
    end, count = time.monotonic() + seconds, 0
    while (left := end - time.monotonic()) > 0:
        if select.select([terminal.child_fd], [], [], left)[0]:
            count += len(os.read(terminal.child_fd, 65536))
    return count
