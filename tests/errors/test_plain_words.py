"""What failures say is for a person at a screen: plain words, the likeliest first, and where it is mended."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tui_transfer.errors import MEANINGS, Need, Place, Problem, TransferError, in_words
from tui_transfer.errors.places import LABELS, SECTIONS
from tui_transfer.settings.config import MailSettings, Settings, ShareboxSettings
from tui_transfer.tui import settings_entries
from tui_transfer.tui.settings_draft import HOST_KEY

if TYPE_CHECKING:
    from collections.abc import Iterator

GLOSSES = {
    "SSH": "liaison chiffrée",
    "SFTP": "dépôt de fichiers",
    "TLS": "chiffrée",
    "CONNECT": "sortie",
    "NTLM": "service informatique",
    "Digest": "service informatique",
    "Basic": "service informatique",
    "HTTP": "service informatique",
    "HTTPS": "service informatique",
    "SOCKS5": "service informatique",
}
"""Words of protocols, and what the same text must hold that tells what is meant, or who knows."""
NEVER = ("DNS", "TCP", "IP", "SQLite", "JSON", "PAC", "stat", "rename", "chmod", "purge")
KEYS = sorted(
    {name for name in ShareboxSettings.__struct_fields__ if "_" in name} | {"directory", "retry_for"}
)
BY_COMMAND = re.compile(r"tui-transfer [a-z]|--[a-z]|TUI_TRANSFER_")
OF_COMMANDS = {
    Problem.USAGE,
    Problem.SECRET_ON_COMMAND_LINE,
    Problem.TERMINAL_UNSUITABLE,
    Problem.JOB_UNKNOWN,
    Problem.NOTHING_TO_RESUME,
    Problem.CONFIRMATION_NEEDED,
    Problem.VIEW_LEFT,
}
"""Only commands meet these."""


def texts() -> Iterator[tuple[str, str, str, str]]:
    """Name, title, why and advice: each problem's, and those of its causes."""
    for problem, meaning in MEANINGS.items():
        for cause in ("", *meaning.causes):
            words = meaning.words(cause)
            yield f"{problem} {cause}".strip(), words.title, words.why, words.advice


@pytest.mark.parametrize(("name", "title", "why", "advice"), texts())
def test_no_word_of_a_protocol_stands_alone(name: str, title: str, why: str, advice: str) -> None:
    whole = f"{title} {why} {advice}"
    for word, gloss in GLOSSES.items():
        assert not re.search(rf"\b{word}\b", title), word
        if re.search(rf"\b{word}\b", whole):
            assert gloss in whole, word
    for word in NEVER:
        assert not re.search(rf"\b{word}\b", whole), word


@pytest.mark.parametrize(("name", "title", "why", "advice"), texts())
def test_keys_of_the_file_are_for_commands(name: str, title: str, why: str, advice: str) -> None:
    for key in KEYS:
        assert not re.search(rf"\b{key}\b", f"{title} {why} {advice}".replace(f"{{{key}}}", "")), key
    if Problem(name.split()[0]) not in OF_COMMANDS:
        assert not BY_COMMAND.search(f"{title} {why} {advice}")


@pytest.mark.parametrize("problem", [problem for problem in Problem if MEANINGS[problem].place is not None])
def test_what_has_a_place_tells_commands_its_key(problem: Problem) -> None:
    failure = TransferError(problem)
    place = failure.place
    assert place is not None
    if "." in place:
        assert f"« {place.rpartition('.')[2]} »" in failure.by_command
        assert failure.by_command in failure.as_text()
        assert failure.field == place


UNREACHABLE = Problem.SHAREBOX_UNREACHABLE


@pytest.mark.parametrize(
    ("cause", "first", "place"),
    [
        ("name", "adresse", Place.HOST),
        ("refused", "port", Place.PORT),
        ("other-port", "port", Place.PORT),
        ("network", "câble", None),
        ("silent", "adresse", Place.HOST),
        ("", "adresse", Place.HOST),
    ],
)
def test_the_likeliest_comes_first_and_a_proxy_last(cause: str, first: str, place: Place | None) -> None:
    failure = TransferError(UNREACHABLE, host="x", port=1, reason="r", cause=cause, other_port=22)
    said = f"{failure.title}. {failure.why} {failure.advice}"
    assert 0 <= said.index(first) < said.index("proxy")
    assert failure.place is place
    assert "proxy" not in failure.title
    assert failure.need is Need.PROXY


def test_where_a_wrong_setting_stands_is_said_as_the_form_says_it() -> None:
    given = {"file": "/srv/config.toml", "reason": "r", "expected": "e"}
    failure = TransferError(Problem.CONFIGURATION_INVALID, key="sharebox.port", **given)
    assert "« Sharebox », « Port » : r." in failure.why
    assert "sharebox.port" not in f"{failure.why} {failure.advice}"
    assert "« sharebox.port »" in failure.as_text()
    assert failure.field == "sharebox.port"
    line = TransferError(Problem.CONFIGURATION_INVALID, key="ligne 183, colonne 2", **given)
    assert "ligne 183, colonne 2 : r." in line.why
    assert "« ligne" not in line.as_text()
    assert in_words("databases[2].path") == "base n° 2 de la liste, emplacement"


def test_fields_and_headings_are_those_of_the_form() -> None:
    keys = {entry.key for entry in settings_entries.ENTRIES} | {HOST_KEY}
    assert set(LABELS) == keys
    assert set(SECTIONS) == {key.partition(".")[0] for key in keys}


def test_places_are_keys_of_the_file() -> None:
    for place in Place:
        table, _, key = place.rpartition(".")
        tables = {"sharebox": ShareboxSettings, "mail": MailSettings}
        names = tables.get(table, Settings).__struct_fields__
        assert place is Place.SETTINGS or key in names
