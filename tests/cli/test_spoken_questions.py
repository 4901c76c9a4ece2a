"""Every question that a command asks, read where it is written: it is whole when it is heard alone."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tui_transfer import cli
from tui_transfer.cli.plain import centre
from tui_transfer.cli.plain.doing import Menu

assert centre  # with it, all menus are made

ASKING = {"wants", "agree", "text", "secret", "choose", "another_secret", "text_or_nothing"}
POINTS = re.compile(r"(?i)^(?:l’|le |la |les |en |y |est-ce|est-il|est-elle|sont-ils|faut-il|ok\b)")
"""What only makes sense after what was said before."""
KNOWN = {
    "Le rapport de ce transfert est-il envoyé ?",
    "La phrase secrète des archives est-elle notée ?",
}
"""These begin with a thing, and not with what stands for one."""


def questions_of(source: str) -> Iterator[str]:
    """The texts that are given to `questions`, with « … » for what is put into them."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and node.args:
            asked = node.func
            name = asked.attr if isinstance(asked, ast.Attribute) else getattr(asked, "id", "")
            if name in ASKING and (text := _text(node.args[0])):
                yield text


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
    return ""


def _is_whole(question: str) -> bool:
    return question in KNOWN or (len(question.split()) > 2 and not POINTS.match(question)) or "…" in question


@pytest.mark.parametrize("question", ["Est-ce fait ?", "Le suivre ?", "L’interrompre ?", "Est-elle notée ?"])
def test_a_question_that_is_not_whole_would_be_found(question: str) -> None:
    assert not all(map(_is_whole, questions_of(f'questions.wants("{question}")')))


def test_every_question_is_whole_when_heard_alone() -> None:
    asked = [
        question
        for path in Path(cli.__file__).parent.rglob("*.py")
        for question in questions_of(path.read_text("utf-8"))
    ]
    assert len(asked) > 30
    assert not [question for question in asked if not _is_whole(question)]


def test_every_menu_names_what_it_is_about() -> None:
    for menu in Menu.all:
        assert len(menu.question.split()) > 3, menu.question
    assert len({menu.question for menu in Menu.all}) == len(Menu.all), "two that cannot be told apart"
