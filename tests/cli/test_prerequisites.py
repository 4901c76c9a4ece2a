"""`run` with prerequisites that are not met: said, asked where somebody can answer, kept for the report."""

from __future__ import annotations

import sys
from pathlib import Path

import pexpect
import pytest

from tests.cli.place import COMMAND, Place
from tests.preflight.test_checks import held_open
from tui_transfer.preflight.statements import STATEMENTS, Ticks
from tui_transfer.system import account


def report(place: Place) -> str:
    return place.run("report").out.replace("\xa0", " ")


def test_confirmed_in_advance_it_goes_on_says_so_and_the_report_too(place: Place, base: Path) -> None:
    Ticks(place.home).set_ticked("backup", True)
    with held_open(base):
        result = place.run("run", "--yes", "--json")
    assert result.code == 5
    assert result.finished["exit_code"] == 5, "the JSON is not disturbed"
    said = result.err.replace("\xa0", " ")
    assert "Attention : 9 prérequis ne sont pas cochés : noms de dossiers uniques, " in said
    assert "Attention : « Base active » est ouverte dans tail" in said
    text = report(place)
    assert "[x] Les données sont sauvegardées" in text
    assert "Transféré sans, par une commande confirmée d’avance (" in text
    assert text.count("[ ] ") == len(STATEMENTS) - 1
    assert "[!] « Base active » est ouverte dans tail" in text


def test_with_all_ticked_nothing_is_said(place: Place) -> None:
    for statement in STATEMENTS:
        Ticks(place.home).set_ticked(statement.key, True)
    result = place.run("run", "--yes")
    assert result.code == 5
    assert "Attention" not in result.err
    assert "Transféré sans" not in report(place)


def test_where_nobody_can_answer_nothing_begins(place: Place) -> None:
    result = place.run("run")
    assert result.code == 2
    assert "10\xa0prérequis ne sont pas cochés" in result.err
    assert not place.home.jobs.exists()


@pytest.mark.parametrize(("answer", "code"), [("non", 2), ("oui", 5)])
def test_at_a_terminal_one_question_names_them(place: Place, answer: str, code: int) -> None:
    asked = pexpect.spawn(
        sys.executable, [*COMMAND[1:], "run"], env=place.environment(), timeout=60, dimensions=(24, 400)
    )
    try:
        asked.expect("ne sont pas cochés : noms de dossiers uniques, ".encode())
        asked.expect(r"sans ces prérequis \? \[oui/non\]".encode())
        asked.sendline(answer)
        asked.expect(pexpect.EOF)
        asked.wait()
    finally:
        asked.close(force=True)
    assert asked.exitstatus == code
    assert place.home.jobs.exists() is (code == 5)
    if code == 5:
        assert "Transféré sans, en connaissance de cause (" in report(place)


def test_the_report_says_which_account_decided_and_keeps_apart_who_may_be_behind_it(place: Place) -> None:
    names = {"LOGNAME": "personne", "USER": "personne", "SUDO_USER": "camille"}
    place.run("run", "--yes", **names)
    who = (
        f"{account.current().name} (machine {account.current().host}, par sudo camille, session de personne)"
    )
    assert f"Transféré sans, par une commande confirmée d’avance ({who} le " in report(place)
