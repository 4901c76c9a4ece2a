"""Sentences with a number or a gender, of none, one, two and many."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from tests.report.test_message import spec_of, state_of
from tui_transfer import french
from tui_transfer.cli.plain.bases import _count as chosen_bases
from tui_transfer.report.files import describe_left_out, describe_renames, describe_true_names, listed
from tui_transfer.report.message import conclusion
from tui_transfer.sharebox.ssh.tries import in_words as tries_left

NUMBERS = (0, 1, 2, 21)


def plain(text: str) -> str:
    return text.replace(french.NO_BREAK, " ").replace(french.NARROW, " ")


def names(count: int) -> list[str]:
    return [f"F{number}" for number in range(count)]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            chosen_bases,
            ("Aucune base n’est", "1 base est choisie.", "2 bases sont", "21 bases sont"),
        ),
        (
            tries_left,
            ("Il ne reste aucun", "Il ne reste qu’un essai", "Il reste 2 essais", "21 essais"),
        ),
        (describe_true_names, ("", "Nom d’origine :", "Noms d’origine :", "Noms d’origine :")),
        (lambda count: describe_renames(count, ()), ("", "Nom changé dans", "Noms changés dans", ": 21")),
        (
            lambda count: describe_left_out(names(count)),
            ("", "Fichier de même nom, laissé", "Fichiers de même nom, laissés", "et 9 autres"),
        ),
        (lambda count: listed(names(12 + count)), ("F10, F11", "et 1 autre", "et 2 autres", "et 21 autres")),
        (lambda count: french.count(count, "base"), ("0 base", "1 base", "2 bases", "21 bases")),
    ],
)
def test_of_none_one_two_and_many(said: Callable[[int], str], expected: Sequence[str]) -> None:
    for count, words in zip(NUMBERS, expected, strict=True):
        assert words in plain(said(count))


@pytest.mark.parametrize(
    ("total", "words"),
    [
        (1, "Une base de données a été transférée vers Sharebox ; son contenu y a été vérifié."),
        (2, "2 bases de données ont été transférées vers Sharebox ; leur contenu y a été vérifié."),
        (21, "21 bases de données ont été transférées vers Sharebox ; leur contenu y a été vérifié."),
    ],
)
def test_the_conclusion(total: int, words: str) -> None:
    assert plain(conclusion(state_of(spec_of(total), total))) == words
