"""What a server asks a person while they log in: its words, and what is asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

_PASSWORD: Final = re.compile(
    r"pass\s*(word|phrase|code)|mot\s+de\s+passe|kennwort|passwort|contrase|senha|wachtwoord", re.I
)
_OF_ONCE: Final = re.compile(
    r"one[\s-]?time|\botp\b|token|\bcode\b|\bpin\b|usage\s+unique|verif|vérif|sms|passcode|factor|facteur|yubi",
    re.I,
)
_NEW: Final = re.compile(
    r"\bnew\b|re-?type|re-?enter|again|confirm|nouve|retape|ressai|à\s+nouveau|encore|neue|nuev", re.I
)


@dataclass(frozen=True)
class Prompt:
    """One thing asked for, in the server's words; `hidden` where what is typed must not be shown."""

    text: str
    hidden: bool

    @property
    def is_new_password(self) -> bool:
        """Whether a new password is to be chosen: it is never anything that was kept."""
        return self.hidden and bool(_NEW.search(self.text))

    @property
    def is_password(self) -> bool:
        """Whether the account's password is asked for, and not a code, nor a new one.

        A server has no other way to say so than its words.
        """
        return (
            self.hidden
            and not self.is_new_password
            and bool(_PASSWORD.search(self.text))
            and not _OF_ONCE.search(self.text)
        )


@dataclass(frozen=True)
class Question:
    """What a server asks at one time, shown as it is; it may have no prompts, and only tell something."""

    title: str
    text: str
    prompts: tuple[Prompt, ...]

    @property
    def words(self) -> str:
        """All of it on one line."""
        return " ".join(part for part in (self.title, self.text, *(p.text for p in self.prompts)) if part)


Ask = Callable[[Question, Callable[[], bool]], Sequence[str] | None]
"""Asks a person, for as long as the second argument says that the server waits. Gives an answer for each
prompt, in their order; None where nobody is there, nobody answered in time, or they do not wish to."""


def nobody(_question: Question, _waits: Callable[[], bool]) -> None:
    """An `Ask` where nobody is there."""
    return
