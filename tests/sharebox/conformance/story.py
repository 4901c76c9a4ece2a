"""What happens between the real program and one server, told in figures that every row judges by.

`check`, then `run`, which is cut in the middle, then `resume`. Each gets in another way, if the server has
several: by the key alone, by the password alone, by several factors.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import msgspec
import pexpect

from tests.cli.place import Place, archives, content, extract
from tests.cli.terminal import at_terminal
from tests.servers.processes import wait_until
from tests.servers.relay import Relay, relay
from tests.sharebox.conformance.target import Entry, Login, Target, Workshop
from tui_transfer.errors import TransferError
from tui_transfer.job import events as ev
from tui_transfer.job.journal import JournalReader
from tui_transfer.settings.config import TransferSettings
from tui_transfer.settings.variables import SFTP_PASSWORD_VARIABLE

SIZE = 2_000_000
"""Bytes of the database, which do not shrink."""
Kind = TypeVar("Kind", bound=ev.Event)
_SUCCESS = (0, 13)
_MANIFEST = ".manifest.json"


class Ended(msgspec.Struct, frozen=True):
    """How one command ended.

    Attributes:
        login: the way in.
        code: its exit code.
        said: all that it wrote.
        let_in: whether the server let it in.
        offset: where it first began to send the archive, if it did.
        sent: bytes that went to the server meanwhile.
        answered: bytes that came from it.
    """

    login: Login
    code: int
    said: str
    let_in: bool
    offset: int | None
    sent: int
    answered: int
    seconds: float


class Story(msgspec.Struct, frozen=True):
    """What happened.

    Attributes:
        check: the first command.
        left: names of what it left in the drop folder.
        cut: `run`, which was cut in the middle.
        resumed: `resume`.
        verified: how the archive was verified, as the program tells it; None where it was not delivered.
        names: of all that is in the drop folder at last.
        archive_is_right: the archive there has the size and hash that were told, and holds the database.
        manifest_is_right: the manifest there names that hash; None where there is none.
    """

    check: Ended
    left: list[str]
    cut: Ended
    resumed: Ended
    verified: str | None
    names: list[str]
    archive_is_right: bool
    manifest_is_right: bool | None


def tell(entry: Entry, workshop: Workshop) -> Story:
    """Runs the server and the program, and tells what happened. Some seconds, all in `workshop.folder`."""
    with entry.run(workshop) as target, relay(target.port) as line:
        return _Teller(entry, target, line, workshop.folder).tell()


class _Teller:
    def __init__(self, entry: Entry, target: Target, line: Relay, folder: Path) -> None:
        self._entry = entry
        self._target = target
        self._line = line
        self._place = Place(folder / "home")
        self._base = folder / "base.bin"

    def tell(self) -> Story:
        self._base.write_bytes(os.urandom(SIZE))
        check = self._command(self._first_of(Login.KEY, Login.PASSWORD, Login.FACTORS), "check")
        left = self._names()
        self._line.cut_after = None if self._entry.leaves else SIZE // 2
        cut = self._command(self._first_of(Login.PASSWORD, Login.KEY, Login.FACTORS), "run", "--yes")
        self._line.cut_after = None
        resumed = self._command(self._first_of(Login.FACTORS, Login.PASSWORD, Login.KEY), "resume")
        told = self._events(ev.Delivered)
        sealed = self._events(ev.ArchiveSealed)
        if resumed.code in _SUCCESS:  # some servers move what they got to its place a little later
            with suppress(AssertionError):
                wait_until(lambda: self._is_there(sealed[-1]), seconds=10)
        return Story(
            check=check,
            left=left,
            cut=cut,
            resumed=resumed,
            verified=told[-1].verified if told else None,
            names=self._names(),
            archive_is_right=bool(sealed) and self._is_right(sealed[-1]) and self._holds_the_base(),
            manifest_is_right=self._manifest_is_right(sealed),
        )

    def _first_of(self, *logins: Login) -> Login:
        return next(login for login in logins if self._entry.has(login))

    def _names(self) -> list[str]:
        return sorted(path.name for path in self._target.root.iterdir())

    # Commands

    def _command(self, login: Login, *arguments: str) -> Ended:
        self._configure(login)
        has_password = login is not Login.KEY
        secrets = {SFTP_PASSWORD_VARIABLE: self._target.password} if has_password else {}
        sent, answered, began = self._line.sent, self._line.answered, time.monotonic()
        connected, started = len(self._events(ev.Connected)), len(self._events(ev.UploadStarted))
        if login is Login.FACTORS and self._target.code is not None:
            code, said = self._answer_a_code(arguments, secrets)
        else:
            result = self._place.run(*arguments, **secrets)
            code, said = result.code, result.out + result.err
        let_in = len(self._events(ev.Connected)) > connected or "[OK] Identification" in said
        offsets = [event.offset for event in self._events(ev.UploadStarted)[started:]]
        return Ended(
            login=login,
            code=code,
            said=said,
            let_in=let_in,
            offset=offsets[0] if offsets else None,
            sent=self._line.sent - sent,
            answered=self._line.answered - answered,
            seconds=time.monotonic() - began,
        )

    def _configure(self, login: Login) -> None:
        """Writes the settings, with what gets in so and nothing else."""
        target = self._target
        target.admit(login)
        self._line.target_port = target.ports.get(login, target.port)
        by_key = login is Login.KEY or (login is Login.FACTORS and target.code is None)
        key = {"key_file": str(target.key_file)} if by_key else {}
        self._place.configure(target, {"Base": self._base}, port=self._line.port, **key)
        self._place.change(transfer=TransferSettings(retry_for=0))
        if not self._entry.temporary_names:
            settings = self._place.home.config_file
            text = settings.read_text()
            settings.write_text(text.replace("[sharebox]\n", "[sharebox]\ntemporary_names = false\n"))

    def _answer_a_code(self, arguments: tuple[str, ...], secrets: dict[str, str]) -> tuple[int, str]:
        """Runs a command at a terminal, where a person types the code that the server asks for."""
        assert self._target.code is not None
        with at_terminal(self._place, *arguments, **secrets) as person:
            if person.program.expect(["Votre code.* : ", pexpect.EOF]) == 0:
                person.heard += str(person.program.before)
                person.program.sendline(self._target.code)
                person.program.expect(pexpect.EOF)
            person.program.wait()
            return int(person.program.exitstatus), person.heard + str(person.program.before)

    # What came of it

    def _events(self, kind: type[Kind]) -> list[Kind]:
        try:
            journal = self._place.job().journal
        except TransferError:  # there is no job yet
            return []
        return [event for event in JournalReader(journal).read() if isinstance(event, kind)]

    def _is_there(self, sealed: ev.ArchiveSealed) -> bool:
        return self._is_right(sealed) and not (self._entry.manifest and self._manifest() is None)

    def _is_right(self, sealed: ev.ArchiveSealed) -> bool:
        found = archives(self._target.root)
        if len(found) != 1:
            return False
        data = found[0].read_bytes()
        return (len(data), hashlib.sha256(data).hexdigest()) == (sealed.size, sealed.sha256)

    def _holds_the_base(self) -> bool:
        into = self._place.folder.parent / "extracted"
        unpacked = content(extract(archives(self._target.root)[0], into))
        return list(unpacked.values()) == [self._base.read_bytes()]

    def _manifest(self) -> Path | None:
        return next(self._target.root.glob(f"*{_MANIFEST}"), None)

    def _manifest_is_right(self, sealed: list[ev.ArchiveSealed]) -> bool | None:
        found = self._manifest()
        if found is None or not sealed:
            return None
        archive = json.loads(found.read_text())["archive"]
        named = (archive["name"] + _MANIFEST, archive["size"], archive["sha256"])
        return bool(named == (found.name, sealed[-1].size, sealed[-1].sha256))
