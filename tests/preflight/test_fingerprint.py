"""What counts as having compared a fingerprint, and what does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_transfer.preflight.fingerprint import matches

SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
PRESENTED = "SHA256:vEyG0pyn1T4jEYhUQu3UnqLcGTc9Ww7bgkHqXzDR8nM"


@pytest.mark.parametrize(
    "typed",
    [
        "zDR8nM",
        "  zDR8nM\n",
        "XzDR8nM",
        "zDR8nM=",
        "SHA256:vEyG0pyn1T4jEYhUQu3UnqLcGTc9Ww7bgkHqXzDR8nM",
        "vEyG0pyn1T4jEYhUQu3UnqLcGTc9Ww7bgkHqXzDR8nM",
        "SHA256:vEyG0pyn1T4jEYhUQu3UnqLcGTc9Ww7bgkHqXzDR8nM=",
        "SHA256: vEyG0pyn1T4jEYhUQu3U\u00a0nqLcGTc9Ww7b\r\ngkHqXzDR8nM",
    ],
)
def test_compared(typed: str) -> None:
    assert matches(PRESENTED, typed)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "oui",
        "=",
        "DR8nM",  # five
        "DR8nM=",
        "zdr8nm",  # Base64 tells capitals from small letters
        "vEyG0p",  # the first signs, which the eye falls on without looking
        "SHA256:",
        "SHA256:zDR8nM",
        "SHA256:vEyG0pyn1T4jEYhUQu3UnqLcGTc9Ww7bgkHqXzDR8nN",
        "MD5:vEyG0pyn1T4jEYhUQu3UnqLcGTc9Ww7bgkHqXzDR8nM",
        "xvEyG0pyn1T4jEYhUQu3UnqLcGTc9Ww7bgkHqXzDR8nM",
    ],
)
def test_not_compared(typed: str) -> None:
    assert not matches(PRESENTED, typed)


def test_nothing_was_presented() -> None:
    assert not matches("", "")
    assert not matches("SHA256:", "SHA256:")


@given(st.text(SIGNS, min_size=43, max_size=43), st.integers(1, 43), st.integers(0, 42))
def test_only_last_signs_count_and_all_of_them_must_be_right(signs: str, count: int, place: int) -> None:
    typed = signs[-count:]
    assert matches(f"SHA256:{signs}", typed) == (count >= 6)
    place %= count
    other = "A" if typed[place] != "A" else "B"
    assert not matches(f"SHA256:{signs}", typed[:place] + other + typed[place + 1 :])
