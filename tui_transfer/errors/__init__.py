"""Every way a transfer can fail, and the exception that carries it.

The rest of the program raises `TransferError` with a `Problem` and the details; what that means, and how it
is said in French, stands in `meanings`.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from tui_transfer.errors.meanings import MEANINGS
from tui_transfer.errors.places import Place, field_of, in_words
from tui_transfer.errors.problems import (
    EXIT_CODE_MEANINGS,
    OF_ONE_DATABASE,
    OF_THE_ROUTE,
    ExitCode,
    Meaning,
    Need,
    Problem,
    Recovery,
    Words,
)
from tui_transfer.errors.text import INVISIBLE, decoded, harmless, harmless_json, harmless_lines

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "EXIT_CODE_MEANINGS",
    "INVISIBLE",
    "MEANINGS",
    "OF_ONE_DATABASE",
    "OF_THE_ROUTE",
    "ExitCode",
    "Meaning",
    "Need",
    "Place",
    "Problem",
    "Recovery",
    "TransferError",
    "Words",
    "decoded",
    "field_of",
    "harmless",
    "harmless_json",
    "harmless_lines",
    "in_words",
    "unexpected",
]


class TransferError(Exception):
    """A failure that a person can understand: a `Problem` and the details its text needs.

    Args:
        problem: which failure.
        details: the words that fill the templates in `MEANINGS`. Never a secret. A server may have said them:
            they are kept as `harmless` text.
    """

    def __init__(self, problem: Problem, /, **details: object) -> None:
        self.problem = problem
        self.details = {name: harmless(str(value)) for name, value in details.items()}
        super().__init__(f"{problem}: {self.details}")

    @classmethod
    def recalled(cls, problem: str, details: Mapping[str, str]) -> TransferError:
        """A failure as a file tells it, which another version of the program may have written."""
        if problem not in Problem.__members__.values():
            return cls(Problem.UNEXPECTED, **({"reason": problem} | dict(details)))
        return cls(Problem(problem), **details)

    @property
    def meaning(self) -> Meaning:
        """The entry of `MEANINGS` for this failure."""
        return MEANINGS[self.problem]

    @property
    def need(self) -> Need | None:
        """What a person is asked for so that the job goes on; None where nothing they could give helps."""
        return self.meaning.need

    @property
    def is_of_one_database(self) -> bool:
        """Whether this failure, met in the work on one database, lets the others go on."""
        return self.problem in OF_ONE_DATABASE

    @property
    def exit_code(self) -> ExitCode:
        """The exit status of a command that ends with this failure."""
        return self.meaning.exit_code

    @property
    def title(self) -> str:
        """What happened, in French, without final full stop."""
        return self._fill(self._words.title)

    @property
    def why(self) -> str:
        """Why it happened, in French: one or two sentences."""
        return self._fill(self._words.why)

    @property
    def advice(self) -> str:
        """What to do now, in French, in the words of the screens."""
        return self._fill(self._words.advice)

    @property
    def place(self) -> Place | None:
        """Where on screen this is mended, most likely."""
        return self._words.place

    @property
    def field(self) -> str | None:
        """The key of the field in « Réglages » where this is mended, for instance `sharebox.port`."""
        if self.problem is Problem.CONFIGURATION_INVALID:
            return field_of(self.details.get("key", ""))
        return field_of(self.place) if self.place else None

    @property
    def by_command(self) -> str:
        """What whoever works by commands is told in addition, in French: what to write where, or to give."""
        if self.meaning.by_command:
            return self._fill(self.meaning.by_command)
        if self.problem is Problem.CONFIGURATION_INVALID:
            given = self.details.get("key", "")
            return f"Dans ce fichier, c’est « {given} »." if in_words(given) != given else ""
        table, _, key = (self.place or "").rpartition(".")
        return f"Dans config.toml, c’est « {key} », sous [{table}]." if table else ""

    def as_text(self) -> str:
        """All of it as lines of plain text, for commands and tickets."""
        parts = (self.title + ".", self.why, self.advice, self.by_command)
        return "\n".join(part for part in parts if part)

    @property
    def _words(self) -> Words:
        return self.meaning.words(self.details.get("cause", ""))

    def _fill(self, template: str) -> str:
        # `said`: the server's own words, where it had any. `where`: the key at fault as the screens call it.
        known = {"said": "", "where": in_words(self.details.get("key", "—")), **self.details}
        return template.format_map(defaultdict(lambda: "—", known)).strip()


def unexpected(error: Exception, log: object = "affiché ci-dessus") -> TransferError:
    """What a person is told of an error nobody thought of; `log` is where its details are."""
    return TransferError(Problem.UNEXPECTED, reason=f"Erreur interne ({type(error).__name__}).", log=log)
