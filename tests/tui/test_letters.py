"""One letter, one meaning: on every screen, in every dialog and every widget, and in what they say."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import string
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from textual.binding import Binding
from textual.dom import DOMNode

import tui_transfer.tui
from tests.tui.conftest import shown
from tests.tui.scenes import SCENES, open_scene
from tui_transfer.tui.dialogs.help import HelpDialog
from tui_transfer.tui.letters import DIGITS, LETTERS, letter_of, lettered
from tui_transfer.tui.screens.home import HomePage

if TYPE_CHECKING:
    from collections.abc import Iterator

MEANINGS = {letter.key: letter for letter in LETTERS}
NAMED = re.compile(r"\b(?:sur|avec|par|lettre|touche) [A-Z]\b")


def _modules() -> Iterator[str]:
    return (found.name for found in pkgutil.walk_packages(tui_transfer.tui.__path__, "tui_transfer.tui."))


def classes() -> Iterator[type[DOMNode]]:
    """Every screen, dialog and widget of the program, whether a scene shows it or not."""
    for name in _modules():
        for kind in vars(importlib.import_module(name)).values():
            if isinstance(kind, type) and issubclass(kind, DOMNode) and kind.__module__ == name:
                yield kind


def _bound() -> Iterator[tuple[type[DOMNode], Binding]]:
    for kind in classes():
        for binding in kind.__dict__.get("BINDINGS", ()):
            assert isinstance(binding, Binding)
            yield kind, binding


def _keys(binding: Binding) -> list[str]:
    return [key.strip() for key in binding.key.split(",")]


def test_no_letter_has_a_meaning_of_its_own_anywhere() -> None:
    own = [
        (kind.__name__, key, binding.action)
        for kind, binding in _bound()
        for key in _keys(binding)
        if len(key) == 1 and key not in DIGITS
        if key not in MEANINGS or binding.action not in MEANINGS[key].actions
    ]
    assert own == []


def test_the_table_says_nothing_twice_and_nothing_that_no_screen_does() -> None:
    assert [letter.key for letter in LETTERS] == sorted(MEANINGS)
    assert set(MEANINGS) <= set(string.ascii_lowercase)
    actions = [action for letter in LETTERS for action in letter.actions]
    assert len(actions) == len(set(actions))
    assert len({letter.meaning for letter in LETTERS}) == len(LETTERS)
    assert set(actions) == {binding.action for _, binding in _bound()} & set(actions)


def test_an_action_without_a_letter_is_told_at_once() -> None:
    with pytest.raises(KeyError):
        lettered("explode", "Exploser")


def test_no_text_names_a_letter_that_it_did_not_ask_the_table_for() -> None:
    for name in _modules():
        source = Path(str(importlib.import_module(name).__file__)).read_text("utf-8")
        texts = [node.value for node in ast.walk(ast.parse(source))
                 if isinstance(node, ast.Constant) and isinstance(node.value, str)]  # fmt: skip
        assert [found.group() for text in texts for found in NAMED.finditer(text)] == [], name


async def test_the_help_shows_the_table(tmp_path: Path) -> None:
    scene = next(scene for scene in SCENES if scene.name == "aide")
    with open_scene(scene, tmp_path) as (app, drive):
        async with app.run_test(size=(120, 100)) as pilot:
            await drive(pilot)
            assert isinstance(app.screen, HelpDialog)
            lines = [line.strip("│ ") for line in shown(app).splitlines()]
            for letter in LETTERS:
                assert any(re.fullmatch(rf"{letter.key.upper()} +{re.escape(letter.meaning)}", line)
                           for line in lines), letter  # fmt: skip


async def test_the_menu_shows_the_letters_that_it_obeys(tmp_path: Path) -> None:
    scene = next(scene for scene in SCENES if scene.name == "centre-a-reprendre")
    with open_scene(scene, tmp_path) as (app, drive):
        async with app.run_test(size=(80, 24)) as pilot:
            await drive(pilot)
            assert isinstance(app.screen, HomePage)
            assert re.search(rf"{letter_of('resume')}  Reprendre le transfert", shown(app))
