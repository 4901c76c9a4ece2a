"""Transfers that were asked for and refused before there was a job: when, why, by whom.

They are kept as lines of JSON, the latest `KEPT` at least, in the order in which they were asked for. A line
that cannot be read, cut off by a crash for instance, is left out.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import msgspec

from tui_transfer import __version__
from tui_transfer.errors import TransferError
from tui_transfer.job import sequence
from tui_transfer.job.fields import Count, Line, Place
from tui_transfer.job.spec import Decision
from tui_transfer.system import access
from tui_transfer.system.decoding import from_json
from tui_transfer.system.files import PRIVATE_FILE, disk_errors, read_file, sync_folder, write_private

if TYPE_CHECKING:
    from pathlib import Path

    from tui_transfer.settings.config import Home

NAME: Final = "attempts.jsonl"
KEPT: Final = 200


class Attempt(Decision, frozen=True, kw_only=True):
    """One refusal: who asked, where, and when by that machine's clock."""

    sequence: Place
    """Its place among the attempts and the jobs of its home."""
    command: Line
    """`run`, `--plain` or `screen`; never with its arguments."""
    program: str = __version__
    problem: str
    """One of `errors.Problem`, of this version or another."""
    details: dict[str, str] = msgspec.field(default_factory=dict)
    exit_code: Count

    @property
    def failure(self) -> TransferError:
        """Why it was refused, with its French text."""
        return TransferError.recalled(self.problem, self.details)


def record(home: Home, error: TransferError, *, command: str) -> None:
    """Keeps a refusal; it is on the disk when this returns.

    Raises:
        TransferError: DISK_FULL or DISK_UNWRITABLE.
    """
    file = home.data / NAME
    lines = _lines(file)
    known = max((attempt.sequence for attempt in _decoded(lines)), default=0)
    with sequence.drawn(home, known) as number:
        attempt = Attempt.made_now(
            sequence=number,
            command=command,
            problem=error.problem,
            details=error.details,
            exit_code=error.exit_code,
        )
        line = msgspec.json.encode(attempt) + b"\n"
        if len(lines) < 2 * KEPT:
            _append(file, line)
        else:
            write_private(file, b"\n".join([*lines[-KEPT + 1 :], line]))


def read(home: Home) -> list[Attempt]:
    """The refusals that are kept, the latest first.

    Raises:
        TransferError: DISK_UNWRITABLE where the file cannot be read.
    """
    found = _decoded(_lines(home.data / NAME))
    return sorted(found, key=lambda attempt: attempt.sequence, reverse=True)[:KEPT]


def _append(file: Path, line: bytes) -> None:
    with disk_errors(file):
        is_new = not file.exists()
        as_it_is = getattr(os, "O_BINARY", 0)  # Windows would end lines in its own way
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND | as_it_is, PRIVATE_FILE)
        with os.fdopen(descriptor, "r+b") as stream:
            access.close_to_others(file)
            # A line that a crash cut off must not take this one with it.
            if stream.seek(0, os.SEEK_END) and (stream.seek(-1, os.SEEK_END), stream.read(1))[1] != b"\n":
                line = b"\n" + line
            stream.write(line)
            stream.flush()
            os.fsync(descriptor)
        if is_new:
            sync_folder(file.parent)


def _lines(file: Path) -> list[bytes]:
    with disk_errors(file):
        try:
            return read_file(file).splitlines()
        except FileNotFoundError:
            return []


def _decoded(lines: list[bytes]) -> list[Attempt]:
    attempts = []
    for line in lines:
        try:
            attempts.append(from_json(line, Attempt))
        except msgspec.DecodeError:
            continue
    return attempts
