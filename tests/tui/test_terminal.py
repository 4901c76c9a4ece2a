"""From outside, on a pty: signals, the state the terminal is left in, and what is sent to it."""

from __future__ import annotations

import os
import re
import select
import signal
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec
import pexpect
import pyte
import pytest

from tests.tui import stage
from tests.tui.pretended import (
    advance,
    fifteen_databases,
    open_terminal,
    read_for,
    read_until,
    read_until_quiet,
)
from tui_transfer.settings import config
from tui_transfer.tui.theme import THEMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.tui.stage import Stage
    from tui_transfer.settings.config import ThemeName

FAST = 10.0
"""Seconds, on a machine that does much else: what is waited for in vain takes longer."""
LEFT_ALTERNATE_SCREEN = b"\x1b[?1049l"


@pytest.fixture
def terminal(staged: Stage) -> Iterator[pexpect.spawn[bytes]]:
    child = open_terminal(staged)
    yield child
    child.close(force=True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_cleanly_and_fast(terminal: pexpect.spawn[bytes], number: signal.Signals) -> None:
    terminal.expect("Maintenir")
    begun = time.monotonic()
    terminal.kill(number)
    terminal.expect(pexpect.EOF)
    terminal.wait()
    assert time.monotonic() - begun < FAST
    assert terminal.exitstatus == 128 + number
    assert LEFT_ALTERNATE_SCREEN in terminal.before


def test_quitting_is_fast_and_leaves_the_terminal_as_it_was(terminal: pexpect.spawn[bytes]) -> None:
    terminal.expect("Maintenir")
    begun = time.monotonic()
    terminal.send("q")
    terminal.expect(pexpect.EOF)
    terminal.wait()
    assert time.monotonic() - begun < FAST
    assert terminal.exitstatus == 0
    assert LEFT_ALTERNATE_SCREEN in terminal.before


def test_a_terminal_without_utf_8_is_drawn_on_with_the_signs_that_it_has(staged: Stage) -> None:
    terminal = open_terminal(staged, PYTHONIOENCODING="iso-8859-1")
    try:
        seen = read_until(terminal, b"Pr\xe9requis", b"Centre de maintenance", b"---")
        assert b"\xe2" not in seen
    finally:
        terminal.close(force=True)


OBEYED = (b"\x1b]0;titre", "\u009b".encode(), "\u202e".encode(), "\U000e0041".encode(), "\u200b".encode())


def test_names_and_paths_do_not_command_the_terminal(staged: Stage) -> None:
    """A job of an earlier version has what settings refuse now; a path may hold anything."""
    file = "/cles/\x1b]0;titre\x07\u009b2J\u202ebla\u200b\U000e0041fin"
    given = config.load(staged.home.config_file)
    sharebox = msgspec.structs.replace(given.sharebox, key_file=file)
    config.save(staged.home.config_file, msgspec.structs.replace(given, sharebox=sharebox))
    staged.job(
        [stage.started(), stage.connected()], running=True, names=["Base\u202e\U000e0041\u200b active"]
    )
    terminal = open_terminal(staged)
    try:
        drawn = read_until(terminal, b"Base active")
        terminal.send("\x1b")
        drawn += read_until(terminal, "Réglages".encode())
        terminal.send("g")
        drawn += read_until(terminal, b"/cles/", b"fin")
        assert [code for code in OBEYED if code in drawn] == []
    finally:
        terminal.close(force=True)


_SGR = re.compile(r"\x1b\[([\d;]*)m")
_COLOUR = re.compile(r"[34]8;5;(\d+)|[34]8;2;(\d+);(\d+);(\d+)|(?<!\d)(?:3|4|9|10)([0-7])(?!\d)")
_GREYS = {"0", "7", "16", *map(str, range(231, 256))}
"""Among 8, twice 8 or 256 colours: black, white and what is between them."""


def _kinds_of_colour(drawn: bytes) -> set[str]:
    """What is asked of the terminal: "16", "256" or "true" colours, "grey" in any of these ways."""
    kinds = set()
    for codes in _SGR.findall(drawn.decode()):
        for indexed, red, green, blue, plain in _COLOUR.findall(codes):
            if red:
                kinds.add("grey" if red == green == blue else "true")
            elif indexed:
                kinds.add("grey" if indexed in _GREYS else "256")
            else:
                kinds.add("grey" if plain in _GREYS else "16")
    return kinds


def _drawn(terminal: pexpect.spawn[bytes]) -> bytes:
    """All that was sent since the start until the transfer's screen is complete."""
    return read_until(terminal, b"Progression", b"Base 00") + read_for(terminal, 1.0)


@contextmanager
def _opened(staged: Stage, **environment: str) -> Iterator[pexpect.spawn[bytes]]:
    terminal = open_terminal(staged, **environment)
    try:
        yield terminal
    finally:
        terminal.close(force=True)


@pytest.mark.parametrize(
    ("environment", "colours"),
    [
        ({"colours": "truecolor"}, {"true", "grey"}),
        ({}, {"256", "grey"}),
        ({"TERM": "xterm-16color"}, {"16", "grey"}),
        ({"TERM": "linux"}, {"16", "grey"}),
        ({"NO_COLOR": "1"}, {"grey"}),
        ({"NO_COLOR": "1", "colours": "truecolor"}, {"grey"}),
        ({"NO_COLOR": "1", "TERM": "linux"}, {"grey"}),
    ],
)
def test_no_more_colours_are_asked_for_than_the_terminal_has(
    staged: Stage, environment: dict[str, str], colours: set[str]
) -> None:
    fifteen_databases(staged)
    with _opened(staged, **environment) as terminal:
        asked = _kinds_of_colour(_drawn(terminal))
    assert asked
    assert asked <= colours


@pytest.mark.parametrize("theme", list(THEMES))
def test_with_sixteen_colours_nothing_is_drawn_in_the_colour_of_its_ground(
    staged: Stage, theme: ThemeName
) -> None:
    now = config.load(staged.home.config_file)
    display = msgspec.structs.replace(now.display, theme=theme)
    config.save(staged.home.config_file, msgspec.structs.replace(now, display=display))
    fifteen_databases(staged)
    screen = pyte.Screen(80, 24)
    with _opened(staged, TERM="linux") as terminal:
        pyte.Stream(screen).feed(_drawn(terminal).decode())
    assert "Base 00" in "\n".join(screen.display)
    unseen = {
        (screen.display[y].strip(), cell.fg)
        for y, line in screen.buffer.items()
        for cell in line.values()
        if cell.fg == cell.bg and cell.data not in " █"
    }
    assert unseen == set()


def test_the_title_is_kept_and_given_back(terminal: pexpect.spawn[bytes]) -> None:
    terminal.expect_exact(b"\x1b[22;0t\x1b]2;Impact emploi\x07")
    terminal.expect("Maintenir")
    terminal.send("q")
    terminal.expect_exact(b"\x1b[23;0t")


def test_an_idle_screen_sends_nothing(terminal: pexpect.spawn[bytes]) -> None:
    terminal.expect("Maintenir")
    read_until_quiet(terminal)
    assert read_for(terminal, 3.0) == b""


def _drawn_late(terminal: pexpect.spawn[bytes]) -> bytes:
    """What comes next: something moves at each step, if not at once on a busy machine."""
    assert select.select([terminal.child_fd], [], [], 60)[0], "nothing moves"
    return os.read(terminal.child_fd, 65536)


@pytest.mark.parametrize(
    ("size", "colours"),
    [((80, 24), ""), ((80, 24), "truecolor"), ((120, 36), "truecolor"), ((200, 50), "truecolor")],
)
def test_a_transfer_of_fifteen_databases_sends_less_than_a_kilobyte_a_second(
    staged: Stage, size: tuple[int, int], colours: str
) -> None:
    job = fifteen_databases(staged)
    terminal = open_terminal(staged, size, colours)
    try:
        terminal.expect("Progression")
        read_until_quiet(terminal)
        sent, steps, begun = 0, 12, time.monotonic()
        for step in range(steps):
            advance(job, step / 2)
            sent += len(read_for(terminal, 0.5) or _drawn_late(terminal))
        seconds = time.monotonic() - begun
        assert sent < 1000 * seconds, f"{sent / seconds:.0f} bytes a second"
        terminal.send("q")
        read_until(terminal, b"Rester")
        read_until_quiet(terminal)
        advance(job, steps / 2)
        assert read_for(terminal, 2.0) == b"", "drawn under a modal"
    finally:
        terminal.close(force=True)
