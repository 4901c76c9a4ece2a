"""Keys that come before the screen that they find: none does harm, and what was not seen is not answered."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, Any

import pexpect
import pytest
from textual import events
from textual._xterm_parser import XTermParser
from textual.widget import Widget

from tests.tui.conftest import flat, until
from tests.tui.patience import quiet, type_at_once
from tests.tui.pretended import open_terminal, read_until, read_until_quiet
from tests.tui.scenes import SCENES, follow
from tests.tui.typing_ahead import type_ahead
from tui_transfer.settings import config
from tui_transfer.tui.app import CentreApp
from tui_transfer.tui.centre import CentreScreen
from tui_transfer.tui.dialogs.leaving import LeavingDialog
from tui_transfer.tui.escape import EscapeParser
from tui_transfer.tui.happenings import HistoryChosen
from tui_transfer.tui.screens.databases import DatabasesPage
from tui_transfer.tui.screens.history import HistoryPage
from tui_transfer.tui.screens.home import HomePage
from tui_transfer.tui.screens.maintain import MaintainPage
from tui_transfer.tui.screens.page import Page
from tui_transfer.tui.screens.settings import SettingsPage
from tui_transfer.tui.screens.transfer import TransferPage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from textual.app import ComposeResult

    from tests.tui.conftest import Workers
    from tests.tui.stage import Stage

WHERE_IS_THE_CURSOR = b"\x1b[6n"
THERE = "\x1b[12;1R"
"""A terminal's answer."""
TURNS = (0, 1, 2, 3, 4, 6, 9, 14, 20)
"""Of the event loop: moments of a screen's making."""


async def _end(app: CentreApp) -> None:
    while app.is_running:
        await asyncio.sleep(0)


@pytest.mark.parametrize("seed", range(len(SCENES)))
async def test_nothing_typed_at_any_moment_does_harm(seed: int) -> None:
    await type_ahead(SCENES[seed], seed)


@pytest.mark.parametrize("later", "hmgptrl")
async def test_no_key_does_anything_once_leaving_has_begun(staged: Stage, later: str) -> None:
    app = CentreApp(staged.home)
    theme = app.theme
    async with app.run_test():
        type_at_once(app, "q", later)
        await _end(app)
        assert [type(screen) for screen in app.screen_stack] == [HomePage]
    assert (app.return_code, app.theme) == (0, theme)


async def test_what_a_thread_brings_opens_nothing_once_leaving_has_begun(staged: Stage) -> None:
    app = CentreApp(staged.home)
    async with app.run_test():
        app.exit()
        app.tell(HistoryChosen())
        assert [type(screen) for screen in app.screen_stack] == [HomePage]
        await _end(app)


async def test_what_is_typed_after_the_answer_to_leaving_does_nothing(
    staged: Stage, workers: Workers
) -> None:
    job = staged.job([], running=True)
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await follow(pilot, job)
        await pilot.press("q")
        type_at_once(app, "q", "t", "m")
        await _end(app)
        assert isinstance(app.screen, TransferPage)
    assert (app.return_code, workers.stopped) == (0, [])


@pytest.mark.parametrize("page", [HistoryPage, SettingsPage], ids=lambda page: page.__name__)
@pytest.mark.parametrize("turns", TURNS)
async def test_a_signal_at_any_moment_of_a_screens_making_ends_it_cleanly(
    staged: Stage, page: type[Page], turns: int
) -> None:
    app = CentreApp(staged.home)
    async with app.run_test():
        app.push_screen(page())
        for _ in range(turns):
            await asyncio.sleep(0)
        app.exit(return_code=143)
        await _end(app)
    assert app.return_code == 143


class _SlowWidget(Widget):
    """Takes its time."""

    async def on_mount(self) -> None:
        for _ in range(1000):
            await asyncio.sleep(0)
        self.app.title = "whole" if self.app.is_running else "broken off"


class _SlowScreen(CentreScreen[None]):
    def compose(self) -> ComposeResult:
        yield _SlowWidget()


async def test_the_program_is_not_left_before_a_screen_is_whole(staged: Stage) -> None:
    app = CentreApp(staged.home)
    async with app.run_test():
        app.push_screen(_SlowScreen())
        app.exit()
        await _end(app)
    assert app.title == "whole"


@pytest.mark.parametrize("turns", TURNS)
async def test_a_screen_can_be_taken_away_at_any_moment_of_its_making(staged: Stage, turns: int) -> None:
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        app.push_screen(HistoryPage())
        for _ in range(turns):
            await asyncio.sleep(0)
        app.pop_screen()
        await until(pilot, lambda: isinstance(app.screen, HomePage))


@pytest.mark.parametrize("key", ["enter", "t", "space"])
async def test_a_key_does_nothing_on_a_page_that_was_not_drawn_when_it_was_typed(
    staged: Stage, key: str
) -> None:
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await until(pilot, lambda: isinstance(app.screen, HomePage))
        type_at_once(app, "m", key)  # each would go on to the list of databases
        await until(pilot, lambda: "avant que l’écran s’affiche" in flat(app))
        assert isinstance(app.screen, MaintainPage)
        await pilot.press("t")
        assert isinstance(app.screen, DatabasesPage)
        assert "avant que l’écran s’affiche" not in flat(app)


async def test_the_way_back_is_heard_before_a_page_is_drawn(staged: Stage) -> None:
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await until(pilot, lambda: isinstance(app.screen, HomePage))
        type_at_once(app, "m", "escape")
        await quiet()
        await until(pilot, lambda: isinstance(app.screen, HomePage))


async def test_what_was_typed_before_a_question_was_seen_does_not_answer_it(
    staged: Stage, workers: Workers
) -> None:
    job = staged.job([], running=True)
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await follow(pilot, job)
        before: list[events.Event] = [events.Key("q", "q"), events.Key("enter", "\r"), events.Paste("c")]
        await pilot.press("q")
        for event in before:
            app.post_message(event)
        await quiet()
        assert isinstance(app.screen, LeavingDialog)
        assert app.is_running
        await pilot.press("escape")
        assert isinstance(app.screen, TransferPage)


async def test_a_question_that_was_covered_is_seen_anew(staged: Stage, workers: Workers) -> None:
    job = staged.job([], running=True)
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await follow(pilot, job)
        await pilot.press("q", "question_mark")
        type_at_once(app, "enter", "enter")  # the first closes the help
        await until(pilot, lambda: isinstance(app.screen, LeavingDialog))
        assert app.is_running
        await pilot.press("enter")
        await _end(app)


# ── Escape ────────────────────────────────────────────────────

SEQUENCES = ("\x1b[A", "\x1bOP", "\x1b[3~", "\x1b[27u", "\x1b[<0;5;5M", "\x1b[5;7R", "\x1b[200~é\x1b[201~")


def _heard(parser: XTermParser, *reads: str) -> list[str]:
    """The keys, and other events by their names; what came last is given its time."""
    found = [event for data in reads for event in parser.feed(data)]
    found += parser.feed("")
    return [event.key if isinstance(event, events.Key) else type(event).__name__ for event in found]


@pytest.mark.parametrize(
    ("reads", "keys"),
    [
        (["\x1bq"], ["escape", "q"]),
        (["\x1b", "q"], ["escape", "q"]),
        (["\x1b\x1b", "q"], ["escape", "escape", "q"]),
        (["\x1b\r"], ["escape", "enter"]),
        (["\x1b", "\r"], ["escape", "enter"]),
        (["m\x1bt\x1b\x1b[B"], ["m", "escape", "t", "escape", "down"]),
        (["\x1bé"], ["escape", "é"]),
        (["\x1b", "[A"], ["up"]),
        (["\x1b[", "A\x1b"], ["up", "escape"]),
        (["\x1b", "OP"], ["f1"]),
        (["\x1bO"], ["escape", "O"]),
        (["\x1bP"], ["escape", "P"]),
        (["\x1b[>4;9z", "q"], ["unknown_key", "q"]),
        (["\x1b[113~"], ["unknown_key"]),
        (
            ["@#{[\\€"],
            ["at", "number_sign", "left_curly_bracket", "left_square_bracket", "backslash", "euro_sign"],
        ),
    ],
)
def test_escape_is_heard_whatever_follows(reads: list[str], keys: list[str]) -> None:
    assert _heard(EscapeParser(), *reads) == keys


@pytest.mark.parametrize("sequence", SEQUENCES)
def test_sequences_are_still_read_wherever_the_reads_part_them(sequence: str) -> None:
    whole = _heard(XTermParser(), f"m{sequence}t")
    for cut in range(len(sequence)):
        assert _heard(EscapeParser(), f"m{sequence[:cut]}", f"{sequence[cut:]}t") == whole


# ── On a terminal ─────────────────────────────────────────────


@pytest.fixture
def terminal(staged: Stage) -> Iterator[pexpect.spawn[Any]]:
    """The program on a pty, where no transfer was made yet."""
    child = open_terminal(staged)
    yield child
    child.close(force=True)


def _ended(terminal: pexpect.spawn[Any]) -> tuple[int | None, bytes]:
    """The exit status, and what the program sent since what was last expected."""
    terminal.expect(pexpect.EOF)
    terminal.wait()
    return terminal.exitstatus, terminal.before


@pytest.mark.parametrize("early", [True, False], ids=["before-the-first-paint", "after"])
@pytest.mark.parametrize("keys", ["qh", "qm", "qg", "qp", "mq", "hq", "hqg", "mtq", "lhq"])
def test_keys_in_one_read_end_in_a_clean_exit(terminal: pexpect.spawn[Any], keys: str, early: bool) -> None:
    if not early:
        terminal.expect("Maintenir")
    terminal.send(keys)
    said = b""
    while terminal.expect([pexpect.EOF, pexpect.TIMEOUT], timeout=1) == 1:
        said += terminal.before
        terminal.send("\x11")  # ctrl+q: what was typed before a screen was drawn did nothing there
    said += terminal.before
    terminal.wait()
    assert terminal.exitstatus == 0
    assert b"Traceback" not in said


def test_two_escapes_in_one_read_lead_back(terminal: pexpect.spawn[Any]) -> None:
    terminal.expect("Maintenir")
    terminal.send("m")
    terminal.expect("Mettre")
    terminal.send("\x1b\x1b")
    terminal.expect("Où vous en êtes".encode())
    terminal.send("q")
    assert _ended(terminal)[0] == 0


def test_an_escape_and_enter_in_one_read_do_not_agree(terminal: pexpect.spawn[Any], staged: Stage) -> None:
    terminal.expect("Maintenir")
    for key, seen in (("m", "Transfert database"), ("t", "Taille"), ("\x1b[3~", "ne figurera plus")):
        terminal.send(key)
        terminal.expect(seen)
    read_until_quiet(terminal, 1.5)  # the question listens
    terminal.send("\x1b[D\x1b\r")  # to « Oui », then Escape; Enter ticks the line below
    read_until_quiet(terminal, 1.5)
    terminal.send("q")
    assert _ended(terminal)[0] == 0
    assert len(config.load(staged.home.config_file).databases) == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_a_screen_is_being_made(terminal: pexpect.spawn[Any], number: signal.Signals) -> None:
    terminal.expect_exact(b"\x1b[?1049h")  # nothing is drawn yet
    terminal.send("h")
    terminal.kill(number)
    status, said = _ended(terminal)
    assert status == 128 + number
    assert b"\x1b[?1049l" in said, "the terminal is not left as it was"


def test_the_terminals_answer_parts_what_was_typed_before_from_what_was_typed_after(staged: Stage) -> None:
    """The test is the terminal: the dialog is not seen before it says so, however long it takes."""
    job = staged.job([], running=True)
    terminal = open_terminal(staged, PATIENT="1")
    try:
        terminal.expect("Progression")
        terminal.send("q")
        read_until(terminal, b"Rester", WHERE_IS_THE_CURSOR)
        terminal.send(f"iq{THERE}\x1b")  # interrupt, go on in the background; then stay
        read_until(terminal, b"Paie 2021")  # the page below is drawn again
        terminal.send("q")
        read_until(terminal, b"Rester", WHERE_IS_THE_CURSOR)
        terminal.send(f"i{THERE}q")
        assert _ended(terminal)[0] == 0
    finally:
        terminal.close(force=True)
    assert job.running


def test_a_terminal_that_never_answers_can_be_answered_on_all_the_same(staged: Stage) -> None:
    staged.job([], running=True)
    terminal = open_terminal(staged)
    try:
        terminal.expect("Progression")
        terminal.send("q")
        terminal.expect("Rester")
        while terminal.expect([pexpect.EOF, pexpect.TIMEOUT], timeout=1) == 1:
            terminal.send("q")
        assert _ended(terminal)[0] == 0
    finally:
        terminal.close(force=True)
