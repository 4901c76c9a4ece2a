from __future__ import annotations

import pytest

from tui_transfer.settings.siret import doubt


@pytest.mark.parametrize(
    "number",
    [
        "73282932000074",
        "35600000000048",  # La Poste, its seat: Luhn's key fits
        "35600000009075",  # La Poste, an establishment: it does not, and need not
        "TC-0042",
        "123",
        "732829320000745",
        "",
    ],
)
def test_nothing_speaks_against_a_right_key_or_what_has_none(number: str) -> None:
    assert doubt(number) == ""


@pytest.mark.parametrize("number", ["73282932000075", "73282923000074", "35600000009076"])
def test_a_wrong_key_is_doubted(number: str) -> None:
    assert number in doubt(number)
    assert "sa clé est fausse" in doubt(number)


def test_every_digit_that_is_copied_wrongly_is_noticed() -> None:
    right = "73282932000074"
    for place, digit in enumerate(right):
        for other in set("0123456789") - {digit}:
            assert doubt(right[:place] + other + right[place + 1 :])
