"""What people read is typeset as French is: every text of the program is looked at where it is written."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import tui_transfer

PACKAGE = Path(tui_transfer.__file__).parent
STRAIGHT = re.compile(r"[^\W\d_]'(?=[^\W\d_]|[«%{]|$)")
"""An apostrophe as keyboards have it, in a word or before what is put in after it."""
AS_TYPED = {
    "de théâtre d'ombres",
    "CSG déductible de l'impôt sur le revenu",
    "congés d'août.csv",
}
"""The demonstration's data: what people typed, at keyboards that have no other apostrophe."""
LOGGED = {
    "the account's key does not sign; the home's does",
    "the journal's last line could not be written: its disk does not answer",
}
"""Lines of the technical log."""


class Text(NamedTuple):
    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


def texts_of(source: str, file: str) -> Iterator[Text]:
    """The texts of a module but for its docstrings; a command's is its help, which people read."""
    tree = ast.parse(source)
    docstrings = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and any(map(_makes_a_command, node.decorator_list)):
            docstrings -= {node.body[0].value} if isinstance(node.body[0], ast.Expr) else set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in docstrings:
            yield Text(file, node.lineno, node.value)


def _makes_a_command(decorator: ast.expr) -> bool:
    made = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(made, ast.Attribute) and made.attr in {"command", "group"}


def all_texts() -> list[Text]:
    return [
        text
        for path in sorted(PACKAGE.rglob("*.py"))
        for text in texts_of(path.read_text("utf-8"), path.relative_to(PACKAGE).as_posix())
    ]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('say("Rien n\'est perdu.")', 1),
        ('say(f"l\'{what}")', 1),
        ('def f():\n    """The server\'s."""\n', 0),
        ('@cli.command()\ndef f():\n    """L\'écran."""\n', 1),
        ('say("Rien n’est perdu.", "sh -c \'exit 1\'")', 0),
    ],
)
def test_a_straight_apostrophe_would_be_found(source: str, found: int) -> None:
    assert len([text for text in texts_of(source, "x.py") if STRAIGHT.search(text.text)]) == found


def test_apostrophes_are_typographic() -> None:
    straight = [text for text in all_texts() if STRAIGHT.search(text.text)]
    assert not [str(text) for text in straight if text.text not in AS_TYPED | LOGGED]
    assert {text.text for text in straight} == AS_TYPED | LOGGED, "an exception that is not needed any more"


@pytest.mark.parametrize("kind", ["*.po", "*.md", "*.json", "*.tcss"])
def test_apostrophes_are_typographic_in_what_lies_beside_the_code(kind: str) -> None:
    elided = re.compile(r"(?i)\b(?:[ldnscjmt]|qu)'(?=[^\W\d_]|«)")
    for path in PACKAGE.rglob(kind):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if not line.startswith("msgid"):
                assert not elided.search(line), f"{path}:{number}: {line}"


PLURAL = re.compile(
    "^[ \u00a0\u202f]"
    "(autres|bases|clés|dossiers|essais|fichiers|jours|lignes|minutes|octets|secondes|tours|transferts)\\b"
)
"""What would be wrong after a number that happens to be one."""


def numbers_that_do_not_agree(source: str, file: str) -> Iterator[Text]:
    """Texts that put a number before a plural, or choose their words by one, without `french`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr):
            for value, after in zip(node.values, node.values[1:], strict=False):
                if isinstance(value, ast.FormattedValue) and isinstance(after, ast.Constant):
                    counted = ast.unparse(value.value)
                    # A constant is never one; `french` writes what agrees.
                    known = counted.startswith("french.") or counted.strip("_").isupper()
                    if PLURAL.match(str(after.value)) and not known:
                        yield Text(file, node.lineno, ast.unparse(node))
        if isinstance(node, ast.IfExp) and _compares_with_one(node.test):
            words = [text for text in (node.body, node.orelse) if _is_words(text)]
            if len(words) == 2:
                yield Text(file, node.lineno, ast.unparse(node))


def _compares_with_one(test: ast.expr) -> bool:
    return (
        isinstance(test, ast.Compare)
        and isinstance(test.comparators[0], ast.Constant)
        and test.comparators[0].value in (1, 2)
    )


def _is_words(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('f"{len(names) - 3} autres"', 1),
        ("f\"{french.count(n, 'autre')} et\"", 0),
        ('"la base part" if n == 1 else "les bases partent"', 1),
        ('french.agree(n, "la base part", "les bases partent")', 0),
        ('f"{LEAST_SIGNS} secondes"', 0),
    ],
)
def test_a_number_that_does_not_agree_would_be_found(source: str, found: int) -> None:
    assert len(list(numbers_that_do_not_agree(source, "x.py"))) == found


def test_numbers_agree_with_what_they_count() -> None:
    assert not [
        str(text)
        for path in sorted(PACKAGE.rglob("*.py"))
        for text in numbers_that_do_not_agree(path.read_text("utf-8"), path.relative_to(PACKAGE).as_posix())
    ]


PLAIN_WORDS = {
    "SSH": "liaison chiffrée|à distance|clé|agent",
    "SFTP": "dépôt",
    "SMTP": "messagerie",
    "TLS": "chiffré|inspect",
    "CONNECT": "sortie",
    "NTLM": "identifiant",
    "SOCKS5": "proxy",
    "MD5": "empreinte|la même",
    "known_hosts": "ligne|liste",
    "timeout|handshake|stdin|stderr|banner|keyboard-interactive|publickey|chroot|hash|DNS|TCP|OSC": "(?!)",
}
"""Words of protocols, and what has to stand in the same text; words that no text of a screen has."""
KEY = re.compile(r"(?<![\w{./-])[a-z]+_[a-z_]+(?![\w}(])")
"""A key of config.toml; only what commands say names one, beside the file."""
SCREENS = ("tui/", "errors/", "preflight/statements", "preflight/checks")


def shown_on_screens() -> list[Text]:
    """What people read there: sentences, that is, and no names that only the program has."""
    return [text for text in all_texts() if text.file.startswith(SCREENS) and re.search(r"\w \w", text.text)]


@pytest.mark.parametrize("word", PLAIN_WORDS)
def test_a_word_of_a_protocol_stands_beside_its_plain_one(word: str) -> None:
    said = [text for text in shown_on_screens() if re.search(rf"(?<![\w{{])(?:{word})(?![\w}}])", text.text)]
    assert not [str(text) for text in said if not re.search(PLAIN_WORDS[word], text.text, re.IGNORECASE)]


def test_keys_of_the_file_are_named_beside_the_file_alone() -> None:
    said = [text for text in shown_on_screens() if KEY.search(re.sub(r"known_hosts", "", text.text))]
    assert not [str(text) for text in said if "config.toml" not in text.text]


def test_no_text_relies_on_where_or_in_which_colour() -> None:
    """Who hears a text sees neither."""
    seen = re.compile(r"\ben (?:rouge|vert|jaune|bleu|orange)\b|\bà (?:gauche|droite) de l’écran\b|ci-contre")
    assert not [str(text) for text in all_texts() if seen.search(text.text)]
