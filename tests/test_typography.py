"""What people read is typeset as French is: every text of the program is looked at where it is written."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import tui_transfer

PACKAGE = Path(tui_transfer.__file__).parent
STRAIGHT = re.compile(r"[^\W\d_]'(?=[^\W\d_]|[«%{]|$)")
"""An apostrophe as keyboards have it, in a word or before what is put in after it."""
AS_TYPED = {
    "de théâtre d'ombres",
    "CSG déductible de l'impôt sur le revenu",
    "congés d'août.csv",
}
"""The demonstration's data: what people typed, at keyboards that have no other apostrophe."""
LOGGED = {
    "the account's key does not sign; the home's does",
    "the journal's last line could not be written: its disk does not answer",
}
"""Lines of the technical log."""


class Text(NamedTuple):
    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


def texts_of(source: str, file: str) -> Iterator[Text]:
    """The texts of a module but for its docstrings; a command's is its help, which people read."""
    tree = ast.parse(source)
    docstrings = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and any(map(_makes_a_command, node.decorator_list)):
            docstrings -= {node.body[0].value} if isinstance(node.body[0], ast.Expr) else set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in docstrings:
            yield Text(file, node.lineno, node.value)


def _makes_a_command(decorator: ast.expr) -> bool:
    made = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(made, ast.Attribute) and made.attr in {"command", "group"}


def all_texts() -> list[Text]:
    return [
        text
        for path in sorted(PACKAGE.rglob("*.py"))
        for text in texts_of(path.read_text("utf-8"), path.relative_to(PACKAGE).as_posix())
    ]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('say("Rien n\'est perdu.")', 1),
        ('say(f"l\'{what}")', 1),
        ('def f():\n    """The server\'s."""\n', 0),
        ('@cli.command()\ndef f():\n    """L\'écran."""\n', 1),
        ('say("Rien n’est perdu.", "sh -c \'exit 1\'")', 0),
    ],
)
def test_a_straight_apostrophe_would_be_found(source: str, found: int) -> None:
    assert len([text for text in texts_of(source, "x.py") if STRAIGHT.search(text.text)]) == found


def test_apostrophes_are_typographic() -> None:
    straight = [text for text in all_texts() if STRAIGHT.search(text.text)]
    assert not [str(text) for text in straight if text.text not in AS_TYPED | LOGGED]
    assert {text.text for text in straight} == AS_TYPED | LOGGED, "an exception that is not needed any more"


@pytest.mark.parametrize("kind", ["*.po", "*.md", "*.json", "*.tcss"])
def test_apostrophes_are_typographic_in_what_lies_beside_the_code(kind: str) -> None:
    elided = re.compile(r"(?i)\b(?:[ldnscjmt]|qu)'(?=[^\W\d_]|«)")
    for path in PACKAGE.rglob(kind):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if not line.startswith("msgid"):
                assert not elided.search(line), f"{path}:{number}: {line}"
