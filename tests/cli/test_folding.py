from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st

from tui_transfer.cli.folding import WIDTH, Column, FoldedStream

_WORDS = st.text(st.sampled_from("abcé’"), min_size=1, max_size=30)


def folded(*writes: str) -> str:
    stream, column = io.StringIO(), Column()
    for text in writes:
        FoldedStream(stream, column).write(text)
    return stream.getvalue()


@given(st.lists(st.lists(_WORDS, max_size=40), max_size=6))
def test_no_line_is_longer_and_no_word_is_lost(lines: list[list[str]]) -> None:
    text = "".join(f"{' '.join(words)}\n" for words in lines)
    shown = folded(text)
    assert all(len(line) <= WIDTH for line in shown.splitlines())
    assert shown.split() == text.split()
    assert [" ".join(line.split()) for line in text.splitlines() if len(line) <= WIDTH] == [
        line for line in map(" ".join, lines) if len(line) <= WIDTH
    ]


def test_what_is_longer_than_a_line_stands_in_one_of_its_own() -> None:
    path = "/srv/" + "x" * 100
    assert folded(f"Fichier : {path} (et plus)\n") == f"Fichier\xa0:\n{path}\n(et plus)\n"


def test_lines_that_fit_stay_as_they_are() -> None:
    assert folded("  a  b\n\nc\n") == "  a  b\n\nc\n"


def test_a_question_and_what_is_written_after_it_are_one_line() -> None:
    assert folded("Quel nom ", ": ") == "Quel nom : "
    assert folded("x" * 79 + " ", ": ") == "x" * 79 + " \n: "


def test_what_a_person_typed_ended_the_line() -> None:
    stream, column = io.StringIO(), Column()
    lines = FoldedStream(stream, column)
    lines.write("x" * 70 + " : ")
    lines.line_ended()
    lines.write("Une longue phrase.\n")
    assert stream.getvalue().endswith(": Une longue phrase.\n")
