"""What a server was seen to do, kept from one connection to the next, and from one process to the next.

It is found out on a small file of its own (`delivery.trial`), by whoever first needs it, and holds for a week
for one host key, account and folder. A server that does otherwise is tried anew.
"""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
import threading
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

import msgspec
import psutil

from tui_transfer.errors import TransferError
from tui_transfer.system.decoding import from_json
from tui_transfer.system.files import read_file, write_private

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_log = logging.getLogger("tui_transfer.sharebox")

KEPT_FOR: Final = timedelta(days=7)
_FORMAT: Final = 1
_LONGEST: Final = 1 << 16

Risk = Literal["runs_commands", "takes_two_sessions", "reads_meanwhile"]
"""What some servers answer by ending the connection."""


class Abilities(msgspec.Struct, frozen=True, kw_only=True):
    """What a server lets an account do in its folder. What was not tried yet is hoped for.

    Attributes:
        writes_back: what comes first may be written after what follows it. Otherwise files are only written
            from their beginning to their end.
        goes_on: a file that is there may be written to.
        reads: files may be read.
        reads_meanwhile: a file may be read while it is written, and what was acknowledged is there then;
            `None` while that was not tried, and it is not hoped for.
        keeps_what_it_shows: a file never differed, once it was closed, from what was acknowledged and read of
            it before. Once one did, that is known for good.
        sees: their sizes are told.
        hashes: it tells their SHA-256, by SFTP or by a command.
        syncs: it brings them to its disk when asked to.
        renames: they may get another name.
        renames_over: one that bears that name already is overwritten then.
        takes_away: they are gone as soon as they are closed or renamed.
        runs_commands: a command may be of use: it was, or none was tried yet.
        takes_two_sessions: likewise of a second session.
        sees_directory: the folder was not said to be missing. Some say so of one that takes files.
    """

    writes_back: bool = True
    goes_on: bool = True
    reads: bool = True
    reads_meanwhile: bool | None = None
    keeps_what_it_shows: bool = True
    sees: bool = True
    hashes: bool = True
    syncs: bool = True
    renames: bool = True
    renames_over: bool = False
    takes_away: bool = False
    runs_commands: bool = True
    takes_two_sessions: bool = True
    sees_directory: bool = True

    @property
    def resumes(self) -> bool:
        """Whether a delivery that was cut goes on where it was: what is there is compared, and written to."""
        return self.goes_on and self.reads

    def outdated(self) -> Abilities:
        """What holds of that for good, when the rest is to be found out again."""
        return Abilities(keeps_what_it_shows=self.keeps_what_it_shows)


class Knowledge:
    """What is known of one server. Thread-safe.

    Args:
        abilities: what was seen.
        found_out: when a trial showed it; None where none did.
        trials: whose files may be there still: the marks in their names, and the number of the process.
        keep: is told whenever that changes.

    Attributes:
        abilities: what was seen; changes with what is seen.
        found_out: when a trial showed it.
        trials: whose files may be there.
    """

    def __init__(
        self,
        abilities: Abilities | None = None,
        found_out: datetime | None = None,
        trials: dict[str, int] | None = None,
        keep: Callable[[Knowledge], object] = lambda _: None,
    ) -> None:
        self.abilities = abilities or Abilities()
        self.found_out = found_out
        self.trials = trials or {}
        self._under_way: set[str] = set()
        self._keep = keep
        self._lock = threading.Lock()
        self._at_stake: Risk | None = None
        self._survived: set[Risk] = set()

    @property
    def is_complete(self) -> bool:
        """Whether a trial showed it, and nothing has contradicted that since."""
        return self.found_out is not None

    def learn(self, **seen: bool) -> None:
        """Takes note of what was seen to be so."""
        with self._lock:
            before, self.abilities = self.abilities, msgspec.structs.replace(self.abilities, **seen)
            if self.abilities != before:
                self._keep(self)

    def complete(self, **seen: bool) -> None:
        """A trial has shown all of it."""
        with self._lock:
            self.abilities = msgspec.structs.replace(self.abilities, **seen)
            self.found_out = datetime.now().astimezone()
            self._keep(self)

    def begin_trial(self) -> str:
        """A trial begins: gives the mark that its files bear. Until it ends they may be there."""
        mark = secrets.token_hex(8)
        with self._lock:
            self._under_way.add(mark)
            self.trials[mark] = os.getpid()
            self._keep(self)
        return mark

    def leave_trial(self, mark: str) -> None:
        """The trial is over, and its files are there still: the connection was lost."""
        self._under_way.discard(mark)

    def end_trial(self, mark: str) -> None:
        """The trial is over, and its files are gone, or cannot be removed."""
        with self._lock:
            self._under_way.discard(mark)
            if self.trials.pop(mark, None) is not None:
                self._keep(self)

    def abandoned(self) -> list[str]:
        """The marks of trials that nobody will end any more."""
        return [
            mark
            for mark, process in self.trials.items()
            if mark not in self._under_way and (process == os.getpid() or not psutil.pid_exists(process))
        ]

    def begin_anew(self) -> None:
        """All of it is to be found out again, also what the server refused before."""
        with self._lock:
            self.abilities, self.found_out = self.abilities.outdated(), None

    def doubt(self) -> None:
        """The server did otherwise: the next connection begins with a trial."""
        with self._lock:
            self.found_out = None
            self._keep(self)

    @contextmanager
    def at_risk(self, ability: Risk) -> Iterator[None]:
        """Asks the server for what may cost the connection; `blames` is to be asked where it did."""
        self._at_stake = ability
        yield
        self._at_stake = None
        self._survived.add(ability)

    def blames(self) -> bool:
        """Whether such a question has cost the connection that was just lost, and not the network: the next
        attempt is free then, and does not ask again. To be called once for each connection that was lost.

        What went well in this process before may be the network's fault all the same. What went well in one
        before it is tried once more, or a server that was changed would end each attempt of a transfer.
        """
        ability, self._at_stake = self._at_stake, None
        if ability is None or ability in self._survived:
            return False
        if self.is_complete:
            self.doubt()
        else:
            self.learn(**{ability: False})
        return True


class _Record(msgspec.Struct, frozen=True, kw_only=True):
    """One server's file."""

    format: Literal[1] = _FORMAT
    host_key: str
    username: str
    directory: str
    found_out: datetime | None
    abilities: Abilities
    trials: dict[str, int] = {}


class KnownServers:
    """The servers that are known. Thread-safe.

    Args:
        folder: where that is kept; None for this process alone. It is a convenience: what cannot be read or
            written there is found out anew.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._met: dict[tuple[str, str, str], Knowledge] = {}
        self._lock = threading.Lock()

    def recall(self, host_key: str, username: str, directory: str) -> Knowledge:
        """What is known of a server, by the fingerprint of its key, for an account and a folder."""
        key = host_key, username, directory
        with self._lock:
            if key not in self._met:
                self._met[key] = self._read(key)
            return self._met[key]

    def _read(self, key: tuple[str, str, str]) -> Knowledge:
        def keep(knowledge: Knowledge) -> None:
            self._write(key, knowledge)

        with suppress(OSError, msgspec.DecodeError):
            if self._folder is not None:
                record = from_json(read_file(_file(self._folder, key), _LONGEST), _Record)
                if (record.host_key, record.username, record.directory) == key:
                    if _holds(record.found_out):
                        return Knowledge(record.abilities, record.found_out, record.trials, keep)
                    return Knowledge(record.abilities.outdated(), None, record.trials, keep)
        return Knowledge(keep=keep)

    def _write(self, key: tuple[str, str, str], knowledge: Knowledge) -> None:
        if self._folder is None:
            return
        host_key, username, directory = key
        record = _Record(
            host_key=host_key,
            username=username,
            directory=directory,
            found_out=knowledge.found_out,
            abilities=knowledge.abilities,
            trials=knowledge.trials,
        )
        try:
            write_private(_file(self._folder, key), msgspec.json.format(msgspec.json.encode(record)) + b"\n")
        except TransferError as error:
            _log.warning("what the server can do is not kept: %s", error)


def _file(folder: Path, key: tuple[str, str, str]) -> Path:
    digest = hashlib.sha256("\0".join(key).encode("utf-8", "surrogatepass")).hexdigest()
    return folder / f"{digest[:32]}.json"


def _holds(found_out: datetime | None) -> bool:
    """Whether what was found out then still holds. Where nothing was, what is kept is what it refused."""
    if found_out is None:
        return True
    if found_out.tzinfo is None:
        return False
    age = datetime.now().astimezone() - found_out
    return timedelta(0) <= age <= KEPT_FOR
