"""The statement of accessibility: each criterion has a verdict, and each verdict a test that there is."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import tui_transfer

STATEMENT = Path(tui_transfer.__file__).with_name("ACCESSIBILITY.md")
ROOT = Path(__file__).parent.parent
ROW = re.compile(r"^\| (?P<criterion>\d+\.\d[^|]*) \| (?P<verdict>[^|]*) \| (?P<how>[^|]*)\|$", re.MULTILINE)
TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def rows() -> list[re.Match[str]]:
    return list(ROW.finditer(STATEMENT.read_text("utf-8")))


def test_the_program_ships_this_page() -> None:
    """It lies in the package, which is built as it is."""
    assert STATEMENT.is_file()
    assert len(rows()) > 30


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["criterion"])
def test_each_criterion_has_a_verdict_and_what_holds_it(row: re.Match[str]) -> None:
    verdict = row["verdict"].strip()
    assert verdict in {"met", "in lines", "none"}
    tests = TEST.findall(row["how"])
    assert bool(tests) == (verdict != "none"), "a verdict without a test, or a test of nothing"
    for file, name in tests:
        source = ROOT / file
        assert source.is_file(), file
        functions = {
            node.name
            for node in ast.walk(ast.parse(source.read_text("utf-8")))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        assert not name or name in functions, f"{file}::{name}"


def test_criteria_that_do_not_apply_are_named_too() -> None:
    """Every number of the chapters that count is there: what is left out was not looked at."""
    said = " ".join(row["criterion"] for row in rows())
    wanted = (
        "5.2 5.3 5.4 11.1.1.1 11.1.3.2 11.1.4.1 11.1.4.3 11.1.4.10 11.1.4.11 11.2.1.1 11.2.1.4 11.2.2.1"
        " 11.2.4.7 11.3.1.1 11.3.2.2 11.3.3.4 11.4.1.2 11.4.1.3 11.5 11.6 11.7 11.8 12.1.1 12.1.2 12.2"
    )
    for number in wanted.split():
        assert number in said
