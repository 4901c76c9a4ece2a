"""The terminal's cursor follows the focus: screen readers and magnifiers look there, and nowhere else."""

from __future__ import annotations

import os
import re
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from textual.geometry import Offset
from textual.widgets import DataTable, Input, OptionList

from tests.procedure.terminal import Terminal, terminal
from tests.tui.patience import LONGEST
from tests.tui.scenes import SCENES, Scene, open_scene
from tests.tui.stage import Stage
from tests.tui.test_contrast import cells_of
from tui_transfer.tui.widgets.actions import Action

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from textual.widget import Widget


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
async def test_the_cursor_is_where_the_focus_is(scene: Scene, tmp_path: Path) -> None:
    """What is drawn there shows it: the mark of a button, the ground of a line."""
    with open_scene(scene, tmp_path) as (app, drive):
        async with app.run_test(size=(80, 24)) as pilot:
            await drive(pilot)
            for _ in range(len(app.screen.focus_chain) or 1):
                focused, place = app.screen.focused, app.cursor_position
                if focused is None or not focused.display:  # an empty list is not there
                    assert scene.name == "historique-vide"
                    return
                assert focused.region.contains_point(place)
                cells = cells_of(app)
                if isinstance(focused, Action):
                    line = "".join(cells[place + Offset(x, 0)].char for x in range(3))
                    assert line.strip().startswith("▸")
                elif isinstance(focused, Input):
                    assert place == focused.cursor_screen_offset
                elif (mark := _mark_of(focused)) is not None:
                    assert cells[place].ground == mark
                    await pilot.press("up" if place.y > focused.content_region.y + 2 else "down")
                    if app.screen.focused is focused:
                        assert cells_of(app)[app.cursor_position].ground == mark
                app.screen.focus_next()
                await pilot.pause()


def _mark_of(widget: Widget) -> tuple[int, int, int] | None:
    """The ground of the line that is selected, in a widget that has lines."""
    if isinstance(widget, OptionList):
        return widget.get_component_styles("option-list--option-highlighted").background.rgb
    if isinstance(widget, DataTable) and widget.cursor_type == "row":
        return widget.get_component_styles("datatable--cursor").background.rgb
    return None


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
