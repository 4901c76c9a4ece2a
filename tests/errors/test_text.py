from __future__ import annotations

import json
import sys
import unicodedata

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_transfer.errors import harmless, harmless_json, harmless_lines

OBEYED = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def test_of_all_characters_those_that_a_terminal_obeys_are_not_left() -> None:
    for number in range(sys.maxunicode + 1):
        character = chr(number)
        category = unicodedata.category(character)
        if category in OBEYED:
            assert harmless(character) in (" ", "\N{REPLACEMENT CHARACTER}"), hex(number)
        elif category != "Cn":
            assert harmless(character) == character, hex(number)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;titre\x07", "�]0;titre�"),
        ("\u009b2J", "�2J"),
        ("a\r\n\tb\u2028c", "a b c"),
        ("paie\u202efdp.exe", "paie�fdp.exe"),
        ("b\udcff", "b�"),
        ("été\u00a0: « 12\u202fMo »", "été\u00a0: « 12\u202fMo »"),
    ],
)
def test_a_text_is_shown_in_one_line(text: str, shown: str) -> None:
    assert harmless(text) == shown


def test_lines_stay_lines_and_nothing_else_passes() -> None:
    assert harmless_lines("a\n\tb\r\x1b[2J\u2029c") == "a\n\tb��[2J�c"


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_json_keeps_its_meaning_in_characters_that_can_be_shown(text: str) -> None:
    document = harmless_json(msgspec.json.encode({"text": text}))
    assert json.loads(document) == {"text": text}
    assert harmless(document.decode()) == document.decode()


def test_json_of_an_invisible_character_beyond_the_first_plane() -> None:
    document = harmless_json(msgspec.json.encode("a\U000e0041\x9b"))
    assert document == b'"a\\udb40\\udc41\\u009b"'
