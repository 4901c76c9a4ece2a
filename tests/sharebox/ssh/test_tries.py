"""How many tries are left, in the words of servers."""

from __future__ import annotations

import pytest

from tui_transfer.sharebox.ssh.tries import in_words, tries_left


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("Access denied. You have 2 attempts left.", 2),
        ("Login incorrect (3 login attempts remaining)", 3),
        ("You have 4 more tries.", 4),
        ("1 remaining attempt", 1),
        ("Attempts remaining: 2", 2),
        ("Remaining login attempts: 0", 0),
        ("Mot de passe erroné. Il vous reste 2 essais.", 2),
        ("Il ne reste que 1 tentative.", 1),
        ("2 tentatives restantes", 2),
    ],
)
def test_said(said: str, left: int) -> None:
    assert tries_left(said) == left


@pytest.mark.parametrize(
    "said",
    ["", "3 failed attempts since Monday", "Too many authentication failures", "Reste : 12 Go", "6 left"],
)
def test_not_said(said: str) -> None:
    assert tries_left(said) is None


def test_in_french() -> None:
    assert "Il reste 2\N{NO-BREAK SPACE}essais" in in_words(2)
    assert "qu’un essai" in in_words(1)
    assert "aucun essai" in in_words(0)
