from __future__ import annotations

import io
import random

import pytest

from tui_transfer.cli.folding import WIDTH, Column, FoldedStream


def folded(*writes: str) -> str:
    stream, column = io.StringIO(), Column()
    for text in writes:
        FoldedStream(stream, column).write(text)
    return stream.getvalue()


@pytest.mark.parametrize("seed", range(40))
def test_no_line_is_longer_and_no_word_is_lost(seed: int) -> None:
    chance = random.Random(seed)
    lines = [["é" * chance.randint(1, 30) for _ in range(chance.randint(0, 40))] for _ in range(6)]
    text = "".join(f"{' '.join(words)}\n" for words in lines)
    shown = folded(text)
    assert all(len(line) <= WIDTH for line in shown.splitlines())
    assert shown.split() == text.split()


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
