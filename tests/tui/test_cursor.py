"""The terminal's cursor follows the focus: screen readers and magnifiers look there, and nowhere else."""

from __future__ import annotations

import os
import re
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.procedure.terminal import Terminal, terminal
from tests.tui.patience import LONGEST
from tests.tui.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def _opened(staged: Stage) -> Iterator[Terminal]:
    command = [sys.executable, "-m", "tests.tui.on_a_terminal", str(staged.home.data)]
    environment = {name: value for name, value in os.environ.items() if name != "TMUX"}
    with terminal(command, environment | {"PYTHONWARNINGS": "ignore"}) as opened:
        yield opened


def _waits_at(opened: Terminal, text: str) -> tuple[int, int]:
    """Waits until the cursor is shown on a line that holds `text`; gives its column and line."""
    end = time.monotonic() + LONGEST
    while time.monotonic() < end:
        flag, x, y = map(int, opened.ask("#{cursor_flag} #{cursor_x} #{cursor_y}").split())
        lines = opened.screen().splitlines()
        if flag and y < len(lines) and re.search(text, lines[y]):
            return x, y
        time.sleep(0.05)
    raise AssertionError(f"the cursor is not at {text!r}, but at {x}, {y} ({flag}):\n{opened.screen()}")


def test_on_a_real_terminal_it_goes_from_the_menu_to_a_list_a_button_and_a_field(staged: Stage) -> None:
    with _opened(staged) as here:
        column, first = _waits_at(here, r"[A-Z]  \w")  # the next step of the menu
        here.press("Down")
        here.wait_until(lambda _: _waits_at(here, r"[A-Z]  \w") == (column, first + 1), "the next line")
        here.press("m")
        _waits_at(here, r"▸ T  Transfert database")
        here.press("t")
        _, row = _waits_at(here, r"\[.\]\s+Base active")
        here.press("Down")
        assert _waits_at(here, r"\[.\]\s+Archives")[1] == row + 1
        here.press("Tab")
        _waits_at(here, r"▸ T  Transférer")
        here.press("a")
        here.wait_for_form("Ajouter une base")
        here.press("C-u")  # the path is longer than the field
        here.wait_until(lambda _: _waits_at(here, r"Chemin de la base")[0] < 40, "an empty field")
        column, _ = _waits_at(here, r"Chemin de la base")
        here.type("a@#{[\\€")
        here.wait_for("a@#{[\\€")
        assert _waits_at(here, r"Chemin de la base")[0] == column + 7
        here.press("Escape")
        _waits_at(here, r"▸ T  Transférer")
        here.press("F1")
        _waits_at(here, r"▸ Échap  Fermer")
