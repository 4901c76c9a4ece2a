"""Paths in every form in which people paste them (U11)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui_transfer.tui.pasted import refusal, several, understood

NAME = "l'été (2021) & co.db"
HERE = f"/srv/impact emploi/{NAME}"
ENVIRONMENT = {"HOME": "/home/camille", "BASES": "/srv/impact emploi", "USERPROFILE": "C:\\Users\\camille"}


def on_linux(text: str, *there: str) -> str:
    return understood(text, exists=lambda path: path in there, environment=ENVIRONMENT, on_windows=False)


def on_windows(text: str, *there: str) -> str:
    return understood(text, exists=lambda path: path in there, environment=ENVIRONMENT, on_windows=True)


@pytest.mark.parametrize(
    "pasted",
    [
        HERE,
        f"  {HERE} \n",
        f"{HERE}\r\n",
        f"\u202a{HERE}\u00a0",
        f'"{HERE}"',
        f"« {HERE} »",
        f"“{HERE}”",
        "'/srv/impact emploi/l'\\''été (2021) & co.db'",
        "/srv/impact\\ emploi/l\\'été\\ \\(2021\\)\\ \\&\\ co.db",
        "file:///srv/impact%20emploi/l'%C3%A9t%C3%A9%20(2021)%20&%20co.db",
        "file://localhost/srv/impact%20emploi/l'%C3%A9t%C3%A9%20(2021)%20%26%20co.db",
        f"$BASES/{NAME}",
        f"${{BASES}}/{NAME}",
        f"%BASES%/{NAME}",
        f'"$BASES/{NAME}"',
    ],
)
@pytest.mark.parametrize("is_there", [True, False])
def test_the_same_path_in_every_form(pasted: str, is_there: bool) -> None:
    assert on_linux(pasted, *([HERE] if is_there else [])) == HERE


@pytest.mark.parametrize("name", ["/srv/a\\b.db", '/srv/"paie".db', "/srv/50%BASES%.db", "/srv/$BASES"])
def test_a_name_that_is_there_is_taken_as_it_is(name: str) -> None:
    assert on_linux(name, name) == name


def test_a_home_and_what_nobody_has_set() -> None:
    assert on_linux("~/paie.db") == f"{Path.home()}/paie.db"
    assert on_linux("/srv/$RIEN/%RIEN%") == "/srv/$RIEN/%RIEN%"


@pytest.mark.parametrize(
    ("pasted", "meant"),
    [
        ('"C:\\Impact emploi\\paie.db"', "C:\\Impact emploi\\paie.db"),
        ("file:///C:/Impact%20emploi/paie.db", "C:\\Impact emploi\\paie.db"),
        ("file://serveur/partage/paie.db", "\\\\serveur\\partage\\paie.db"),
        ("%USERPROFILE%\\paie.db", "C:\\Users\\camille\\paie.db"),
        ("\\\\serveur\\partage\\paie.db\r\n", "\\\\serveur\\partage\\paie.db"),
    ],
)
def test_explorer_s_own_form_on_windows(pasted: str, meant: str) -> None:
    assert on_windows(pasted) == meant
    assert refusal(pasted, on_windows=True) is None


@pytest.mark.parametrize("pasted", ['"C:\\Impact\\paie.db"', "D:/paie.db", "\\\\serveur\\partage\\paie.db"])
def test_a_path_of_windows_elsewhere_is_told_kindly(pasted: str) -> None:
    told = refusal(pasted, on_windows=False)
    assert told is not None
    assert "chemin de Windows" in told
    assert "copiez-la d’abord ici" in told


def test_the_disks_of_windows_own_linux_are_found() -> None:
    assert on_linux('"C:\\Impact\\paie.db"', "/mnt/c/Impact/paie.db") == "/mnt/c/Impact/paie.db"


def test_an_address_is_no_path() -> None:
    told = refusal("https://sharebox.example.org/depot", on_windows=False)
    assert told == "C’est une adresse, et non le chemin d’un fichier de cette machine."
    assert refusal("file:///srv/paie.db", on_windows=False) is None


def test_several_lines_are_several_paths() -> None:
    assert several('"/srv/a.db"\r\n\n  /srv/b.db\n') == ['"/srv/a.db"', "/srv/b.db"]
