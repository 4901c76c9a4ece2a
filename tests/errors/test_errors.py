"""What failures say, whoever's words they hold."""

from __future__ import annotations

import os
from string import Formatter

import pytest

from tui_transfer.errors import MEANINGS, Problem, TransferError
from tui_transfer.system.files import printable
from tui_transfer.tui import wording


def test_what_a_server_says_commands_no_terminal() -> None:
    said = "Bienvenue\x1b]0;autre titre\x07\x1b[31m\x9b2J\u202e\r\nau\u2028revoir"
    failure = TransferError(Problem.SHAREBOX_REFUSED, operation="écriture", path="/depot/x", reason=said)
    assert failure.why.endswith("Bienvenue�]0;autre titre��[31m�2J� au revoir.")


@pytest.mark.linux
def test_neither_does_the_name_of_a_file() -> None:
    assert printable("/srv/a\x1b[31mb\n.db") == "/srv/a�[31mb .db"
    assert printable(os.fsdecode(b"/srv/\xe9t\xe9\x9b.db")) == "/srv/\\xe9t\\xe9\\x9b.db"


def test_each_detail_of_a_failure_has_a_french_name() -> None:
    templates = [
        part for meaning in MEANINGS.values() for part in (meaning.title, meaning.why, meaning.advice)
    ]
    names = {name for part in templates for _, name, _, _ in Formatter().parse(part) if name}
    assert sorted(names - wording.DETAILS.keys()) == []
