"""Questions to a person at a terminal, on standard error; every one that a command asks is asked here.

What was typed before a question stood there does not answer it. An answer that says nothing has the question
asked again: a mistyped one as often as it takes, an empty one some times. Who then still gives none gets no
answer put into their mouth. A question is whole when it is heard alone: it names what it is about.
"""

from __future__ import annotations

import sys
import unicodedata
from contextlib import nullcontext
from typing import TYPE_CHECKING, Final

import click

from tui_transfer.cli.folding import line_ended
from tui_transfer.errors import Problem, TransferError
from tui_transfer.preflight.fingerprint import LEAST_SIGNS, Verdict, compare
from tui_transfer.sharebox.proxy.clear_text import clear_text_warning
from tui_transfer.system.terminal import discard_typed, is_terminal, pasted_too, read_hidden, without_echo

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeVar

    from tui_transfer.job.events import LoginAsked, Prompt
    from tui_transfer.preflight.fingerprint import Presented
    from tui_transfer.settings.config import ProxySettings

    Answer = TypeVar("Answer")

_TRIES: Final = 3
"""Empty lines; a mistyped answer shows that somebody is there, who is asked again."""
_END_OF_SENTENCE: Final = " .!\t"
_EMPTY: Final = "Une réponse est nécessaire."
_WORDS: Final = {"o": True, "oui": True, "n": False, "non": False}

_NOTE_IT: Final = (
    "Notez-la : elle n’est affichée que cette fois, et n’est enregistrée nulle part. Donnez-la par téléphone "
    "à qui reçoit les archives, jamais par le message qui les annonce. Sans elle, personne n’ouvre les "
    "archives, et un transfert interrompu ne peut pas être repris."
)


class NoAnswerError(click.Abort):
    """Nobody answered: the input ended, or none of a few answers said anything. Where nothing catches it the
    command is given up."""


def someone_is_there() -> bool:
    """Whether a person can be asked."""
    return is_terminal(sys.stdin)


def can_show() -> bool:
    """Whether what is said on standard error comes to a person's eyes, and not to a file."""
    return someone_is_there() and is_terminal(sys.__stderr__)


def show_passphrase(passphrase: str, *, asked: bool) -> None:
    """Shows once the passphrase that was made for a job's archives; with `asked` a person says that it is
    noted.

    Raises:
        TransferError: CONFIRMATION_NEEDED where it is not.
    """
    click.echo(f"Phrase secrète des archives de ce transfert :\n\n    {passphrase}\n\n{_NOTE_IT}", err=True)
    if asked:
        agree("La phrase secrète des archives est-elle notée ?")


def agree(question: str) -> None:
    """Asks for « oui ».

    Raises:
        TransferError: CONFIRMATION_NEEDED, also where nobody can answer, or does.
    """
    if not someone_is_there():
        reason = "Personne n’est là pour répondre : l’entrée n’est pas un terminal."
        raise TransferError(Problem.CONFIRMATION_NEEDED, reason=reason)
    try:
        agreed = wants(question)
    except NoAnswerError as error:
        raise TransferError(Problem.CONFIRMATION_NEEDED, reason="Aucune réponse.") from error
    if not agreed:
        raise TransferError(Problem.CONFIRMATION_NEEDED, reason="Réponse : « non ».")


def wants(question: str) -> bool:
    """Asks for « oui » or « non ».

    Raises:
        NoAnswerError: neither was given.
    """
    return _ask(f"{question} [oui/non]", _yes_or_no, "Répondez « oui » ou « non », puis Entrée.")


def choose(question: str, choices: Sequence[str], default: int | None = None) -> int:
    """Asks which of some things is wanted, by its number or the beginning of its name; an empty line is
    `default`, which is named.

    Returns:
        The place of the one that is wanted, from 0.

    Raises:
        NoAnswerError: none was given.
    """
    folded = [_folded(choice) for choice in choices]

    def found(line: str) -> int | None:
        if not line:
            return default
        if line.isdecimal():
            return int(line) - 1 if 0 < int(line) <= len(choices) else None
        begun = [place for place, choice in enumerate(folded) if choice.startswith(_folded(line))]
        return begun[0] if len(begun) == 1 else None

    for number, choice in enumerate(choices, 1):
        click.echo(f"{number}. {choice}", err=True)
    proposed = "" if default is None else f" [{default + 1}, {choices[default]}]"
    wanted = f"Tapez un numéro de 1 à {len(choices)}, ou le début d’un nom, puis Entrée."
    return _ask(f"{question}{proposed}", found, wanted)


def text(question: str, default: str | None = None) -> str:
    """Asks for a line of text; an empty one stands for `default`, which is shown.

    Raises:
        NoAnswerError: none was given.
    """
    shown = f"{question} [{default}]" if default else question
    return _ask(shown, lambda line: line or default, _EMPTY)


def text_or_nothing(question: str, known: str) -> str:
    """Asks for a line of text in the place of `known`, which an empty line keeps, be it empty itself.

    Raises:
        NoAnswerError: the input ended.
    """
    return _ask(f"{question} [{known}]", lambda line: line or known, _EMPTY)


def secret(what: str, *, shown: bool = False) -> str:
    """Asks for a secret, which is not shown, unless a person wants it so.

    Raises:
        NoAnswerError: none was given.
    """
    return _ask(what, lambda line: line or None, _EMPTY, hidden=not shown)


def another_secret(question: str, what: str) -> str | None:
    """Asks for a secret in the place of one that was refused, and whether it is to be seen this time.

    Returns:
        None where none is wanted.

    Raises:
        NoAnswerError: none was given.
    """
    if not wants(question):
        return None
    return secret(what, shown=wants("Afficher ce mot de passe ou cette phrase pendant que vous le tapez ?"))


def answers(asked: LoginAsked) -> list[str] | None:
    """Asks what the Sharebox asks, in its words; None where nobody answers."""

    def answer(prompt: Prompt) -> str:
        return _ask(
            f"Votre réponse à Sharebox, qui demande « {prompt.text} »",
            lambda line: line or None,
            _EMPTY,
            hidden=prompt.hidden,
        )

    try:
        return [answer(prompt) for prompt in asked.prompts]
    except NoAnswerError:
        return None


def warn_of_clear_text(proxy: ProxySettings) -> None:
    """Says, before a proxy's password is asked for, that others might read it on its way."""
    if (warning := clear_text_warning(proxy.kind)) is not None:
        click.echo(warning, err=True)


def compares(presented: Presented, contact: str | None = None) -> bool:
    """Asks for what shows that the fingerprint of a server's key was compared with the one that was received.

    Whoever does not show it, in some tries, has not compared it. `contact` is whom to call if it differs.
    """

    def explained(line: str) -> str:
        comparison = compare(presented, line)
        return f"{comparison.explanation} {comparison.next_step(contact)}".strip()

    def judged(line: str) -> bool | None:
        if compare(presented, line).verdict is Verdict.EQUAL:
            return True
        return False if _yes_or_no(line) is False else None

    signs = in_groups(presented.fingerprint)
    click.echo(f"Empreinte présentée, par groupes de quatre signes : {signs}", err=True)
    question = (
        f"Tapez les {LEAST_SIGNS} derniers signes de l’empreinte reçue de l’Urssaf, ou collez-la "
        "entière ; « non » refuse la clé"
    )
    try:
        return _ask(question, judged, explained, several=True)
    except NoAnswerError:
        return False


def in_groups(fingerprint: str) -> str:
    """A fingerprint as it can be read aloud and followed: its kind, then groups of four signs."""
    kind, _, signs = fingerprint.rpartition(":")
    groups = " ".join(signs[place : place + 4] for place in range(0, len(signs), 4))
    return f"{kind} {groups}".strip()


def _yes_or_no(line: str) -> bool | None:
    return _WORDS.get(line.casefold().strip(_END_OF_SENTENCE))


def _folded(text: str) -> str:
    """`text` without what is easily forgotten in typing it: capitals and accents."""
    return unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()


def _ask(
    question: str,
    understand: Callable[[str], Answer | None],
    complaint: str | Callable[[str], str],
    *,
    hidden: bool = False,
    several: bool = False,
) -> Answer:
    """Asks until `understand` makes something of the line; an empty one some times at most.

    Args:
        question: what is asked.
        understand: gives the answer, or None where the line is none.
        complaint: what is said then, perhaps of the line.
        hidden: nothing of the line is shown.
        several: more lines may be pasted with the first, and belong to it.
    """
    empty = 0
    while empty < _TRIES:
        line = _read(question, hidden=hidden)
        if several:
            line += "\n" + pasted_too(sys.stdin)
        line = line if hidden else line.strip()
        answer = understand(line)
        if answer is not None:
            return answer
        empty = 0 if line else empty + 1
        click.echo(complaint if isinstance(complaint, str) else complaint(line), err=True)
    raise NoAnswerError


def _read(question: str, *, hidden: bool) -> str:
    with without_echo(sys.stdin) if hidden else nullcontext():
        click.echo(f"{question} ", nl=False, err=True)
        discard_typed(sys.stdin, sys.stderr)
        click.echo(": ", nl=False, err=True)  # only now: whoever waits for it is heard
        line = ""
        try:
            line = read_hidden(sys.stdin) if hidden else sys.stdin.readline()
        except UnicodeDecodeError:
            return ""
        finally:
            if hidden or not line.endswith("\n"):
                click.echo(err=True)
            line_ended()
    if not line.endswith("\n"):
        raise NoAnswerError
    return line[:-1]
