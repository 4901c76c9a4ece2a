"""A program on a terminal, of which the words are read that it draws, and not where they stand.

Wine 8's console takes letters, Enter and Escape from the terminal, but no arrows, and spoils the drawing: it
counts the sequences that move the cursor as letters.
"""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import pexpect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_SEQUENCES: Final = re.compile(r"\x1b(?:\][^\x07\x1b]*(?:\x07|\x1b\\)|[\[(][0-9;?<=>]*[ -/]*[@-~]?|.)")
QUIET_SECONDS: Final = 1.5
"""Without anything drawn: a screen is whole, and listens."""
_LIMIT: Final = 120.0


class Screen:
    """The program in a console."""

    def __init__(self, program: pexpect.spawn[str]) -> None:
        self.program = program
        self.drawn = ""

    def press(self, keys: str) -> None:
        """Presses keys; what is waited for next is drawn after that."""
        self.drawn = ""
        self.program.send(keys)

    def wait_for(self, *words: str) -> None:
        """Waits until all that is drawn since the last key holds these, and nothing moves any more."""
        end = time.monotonic() + _LIMIT
        quiet = time.monotonic()
        while not (all(word in self.words for word in words) and time.monotonic() - quiet > QUIET_SECONDS):
            assert time.monotonic() < end, f"waited for {words}; drawn was: {self.words}"
            try:
                self.drawn += self.program.read_nonblocking(65536, 0.2)
                quiet = time.monotonic()
            except pexpect.TIMEOUT:
                pass
            except pexpect.EOF:
                raise AssertionError(f"ended; drawn was: {self.words}") from None

    @property
    def words(self) -> str:
        return " ".join(_SEQUENCES.sub(" ", self.drawn).split())


@contextmanager
def on_screen(command: Sequence[str], environment: Mapping[str, str]) -> Iterator[Screen]:
    """Runs a command on a terminal of 80 columns and 24 lines; it is ended at the end."""
    program = pexpect.spawn(
        command[0],
        list(command[1:]),
        env={**environment, "TERM": "xterm-256color"},
        dimensions=(24, 80),
        encoding="utf-8",
        codec_errors="replace",
    )
    try:
        yield Screen(program)
    finally:
        program.close(force=True)
