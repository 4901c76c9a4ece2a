"""Whether SQLite finds a database sound, looked at in a thread while it is packed.

`PRAGMA quick_check` reads every page, and finds what a disk, a copy or a power cut did to the structure; not
what indexes say wrongly. Whatever else keeps SQLite from telling (a missing module, say) is no damage.

Source: SQLite, « Pragma Statements », quick_check; « sqlite3_interrupt ».
"""

from __future__ import annotations

import re
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, Final, Self

from tui_transfer import french
from tui_transfer.archive.sqlite import read_only_uri
from tui_transfer.system.processes import give_way

if TYPE_CHECKING:
    from pathlib import Path

LIMIT: Final = 600.0
"""Seconds, from its beginning, for which what is packed waits for a verdict."""

_MOST_FINDINGS: Final = 3
_NICENESS: Final = 5
_OPCODES: Final = 1_000_000
"""Of SQLite's machine, between two looks at whether it is to end: a tenth of a second at most. Each look
needs the interpreter's lock, for which others compete."""
_DAMAGE: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_OF_CONTENT: Final = ("NULL value in ", "CHECK constraint failed in ", "NUMERIC value in ", "TEXT value in ")
"""How findings begin that tell of what programs wrote, where the structure is sound."""


class Integrity(StrEnum):
    """What is known of a database's structure."""

    SOUND = "sound"
    DAMAGED = "damaged"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Verdict:
    """How sound a database is; in French, what was found or why nobody knows; and SQLite's own words."""

    integrity: Integrity
    found: str = ""
    said: str = field(default="", compare=False)


class Inspection:
    """Looks at a database that nobody writes. A context manager: leaving it ends the look at once.

    Args:
        database: an SQLite database, whole in one file.
        limit: see `LIMIT`.
    """

    QUERY: ClassVar = f"PRAGMA quick_check({_MOST_FINDINGS})"

    def __init__(self, database: Path, limit: float = LIMIT) -> None:
        self._deadline = time.monotonic() + limit
        self._ended = False
        self._connection = sqlite3.connect(read_only_uri(database), uri=True, check_same_thread=False)
        self._pool = ThreadPoolExecutor(1, "inspect", give_way, (_NICENESS,))
        self._verdict = self._pool.submit(self._look)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
        self._pool.shutdown()
        self._connection.close()

    def end(self) -> None:
        """Ends the look, from any thread; its verdict is then that nobody knows."""
        self._ended = True
        with suppress(sqlite3.ProgrammingError):  # closed meanwhile
            self._connection.interrupt()

    def verdict(self) -> Verdict:
        """Waits for the verdict, no longer than the limit."""
        try:
            return self._verdict.result(max(0.0, self._deadline - time.monotonic()))
        except FutureTimeoutError:
            self.end()
            return self._verdict.result()

    def _look(self) -> Verdict:
        connection = self._connection
        said = []
        try:
            connection.set_progress_handler(lambda: int(self._ended), _OPCODES)
            connection.execute("PRAGMA trusted_schema = OFF")
            for (text,) in connection.execute(self.QUERY):
                said.append(str(text))
        except sqlite3.Error as error:
            said.append(str(error))
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE:
                return Verdict(Integrity.DAMAGED, _in_french(said), "\n".join(said))
            why = (
                "son contrôle, trop long, a été arrêté"
                if self._ended
                else "SQLite ne sait pas la contrôler ici"
            )
            return Verdict(Integrity.UNKNOWN, why, "\n".join(said))
        if said == ["ok"]:
            return Verdict(Integrity.SOUND)
        if all(text.startswith(_OF_CONTENT) for text in said):
            why = "des valeurs y contredisent ses propres règles"
            return Verdict(Integrity.UNKNOWN, why, "\n".join(said))
        return Verdict(Integrity.DAMAGED, _in_french(said), "\n".join(said))


def _in_french(said: list[str]) -> str:
    """Which pages SQLite names."""
    pages = list(dict.fromkeys(re.findall(r"\b[Pp]age (\d+)", "\n".join(said))))[:_MOST_FINDINGS]
    if not pages:
        return "sa structure est illisible"
    return f"{french.agree(len(pages), 'page', 'pages')} {', '.join(pages)}"
