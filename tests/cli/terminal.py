"""A person at a real terminal, who answers what a command asks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pexpect

from tests.cli.place import COMMAND, Place

ASKED = r"\s: \Z"
"""What stands at the end of each question once it can be answered."""


class Person:
    """Somebody who answers questions at a terminal; all that was said is kept."""

    def __init__(self, program: pexpect.spawn) -> None:
        self.program = program
        self.heard = ""

    def answers(self, question: str, answer: str) -> None:
        self.waits_for(question)
        self.waits_for(ASKED)
        self.program.sendline(answer)

    def chooses(self, *choices: str) -> None:
        """Answers the menu, and then the menus of what was chosen."""
        for choice in choices:
            self.answers("Tapez un numéro", choice)

    def leaves(self, code: int) -> str:
        self.answers("Que voulez-vous faire \\?", "Quitter")
        return self.sees_it_end(code)

    def waits_for(self, words: str) -> None:
        self.program.expect(words.replace("\\ ", " ").replace(" ", r"\s+"))  # a line may end there
        self.heard += self.program.before + self.program.after

    def sees_it_end(self, code: int) -> str:
        self.program.expect(pexpect.EOF)
        self.heard += self.program.before
        self.program.wait()
        assert self.program.exitstatus == code, self.heard
        assert "\x1b" not in self.heard, "no cursor movement and no colour"
        assert "\r" not in self.heard.replace("\r\n", ""), "no line is written over"
        return self.heard


@contextmanager
def at_terminal(
    place: Place, *arguments: str, command: Sequence[str] | None = None, **environment: str
) -> Iterator[Person]:
    words = command or [*COMMAND, *arguments]
    program = pexpect.spawn(
        words[0],
        list(words[1:]),
        env=place.environment(**{"TERM": "xterm-256color", **environment}),
        timeout=60,
        encoding="utf-8",
        dimensions=(24, 80),
        echo=False,
    )
    try:
        yield Person(program)
    finally:
        program.close(force=True)
