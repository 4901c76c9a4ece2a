"""Prints the matrix: every row on every server, or on those that are named (a part of the name will do)."""

from __future__ import annotations

import sys
import tempfile
import time
from contextlib import ExitStack
from functools import cache
from pathlib import Path

from tests.servers.account import Account, system_account
from tests.sharebox.conformance.rows import judge
from tests.sharebox.conformance.servers import SERVERS
from tests.sharebox.conformance.story import tell
from tests.sharebox.conformance.target import Entry, Row, Workshop


def main() -> int:
    """Prints the matrix as a table of Markdown, then what is wrong; returns 1 where anything is that should
    not be, 0 otherwise.
    """
    chosen = [
        entry
        for entry in SERVERS
        if not sys.argv[1:] or any(word.lower() in entry.name.lower() for word in sys.argv[1:])
    ]
    wrong: list[str] = []
    _print_line("server", *Row)
    _print_line(*["---"] * (1 + len(Row)))
    with ExitStack() as stack:

        @cache
        def account() -> Account:
            return stack.enter_context(system_account())

        for entry in chosen:
            with tempfile.TemporaryDirectory(prefix="conformance-") as folder:
                began = time.monotonic()
                cells = _cells(entry, Workshop(Path(folder), account), wrong)
                _print_line(entry.name, *cells)
                print(f"{entry.name}: {time.monotonic() - began:.1f} s", file=sys.stderr)
    for line in wrong:
        print(f"\n{line}")
    return 1 if wrong else 0


def _cells(entry: Entry, workshop: Workshop, wrong: list[str]) -> list[str]:
    story = tell(entry, workshop)
    cells = []
    for row in Row:
        if row in entry.without:
            cells.append("–")
            continue
        try:
            cells.append(judge(row, entry, story))
        except AssertionError as error:
            cells.append("NO")
            wrong.append(f"{entry.name}, {row}: {error}")
    return cells


def _print_line(*cells: str) -> None:
    print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
