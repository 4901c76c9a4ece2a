"""A home to run commands in, and what arrives on the Sharebox."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import msgspec

from tests.programs import require
from tests.servers.processes import LOOPBACK, free_port
from tui_transfer.job import control
from tui_transfer.job.beside import LIST, names_beside
from tui_transfer.settings import config
from tui_transfer.settings.config import (
    DatabaseSettings,
    Home,
    Manager,
    ReportSettings,
    Settings,
    ShareboxSettings,
)
from tui_transfer.settings.variables import SFTP_PASSWORD_VARIABLE

COMMAND = [sys.executable, "-m", "tui_transfer"]
LIMIT = 120.0


class Server(Protocol):
    """What the tests' servers have in common."""

    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def username(self) -> str: ...
    @property
    def fingerprint(self) -> str: ...
    @property
    def directory(self) -> str: ...


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def finished(self) -> dict[str, Any]:
        last = self.events[-1]
        assert last["type"] == "job.finished"
        return last


class Nowhere:
    """A server that is not there: a transfer that gets as far as it ends with 5, « injoignable »."""

    host = LOOPBACK
    port = free_port()
    username = "exemple"
    fingerprint = "SHA256:" + "A" * 43
    directory = "/depot"


@dataclass(frozen=True)
class Place:
    """A home in `folder`; commands run in it get `secrets` in their environment."""

    folder: Path
    secrets: dict[str, str] = field(default_factory=dict)

    @property
    def home(self) -> Home:
        return Home.find({config.HOME_VARIABLE: str(self.folder)})

    def configure(
        self, server: Server, databases: Mapping[str, Path], *, key: str | None = "pinned", **sharebox: Any
    ) -> None:
        """Writes the settings: every database active, the server's key pinned unless `key` says otherwise."""
        details: dict[str, Any] = {
            "host": server.host,
            "port": server.port,
            "username": server.username,
            "directory": server.directory,
            "host_key": server.fingerprint if key == "pinned" else key,
        }
        config.save(
            self.home.config_file,
            Settings(
                manager=Manager(name="Association d'Été"),
                sharebox=ShareboxSettings(**(details | sharebox)),
                databases=tuple(
                    DatabaseSettings(name=name, path=str(path), active=True)
                    for name, path in databases.items()
                ),
                report=ReportSettings(recipients=("destinataire@demo.invalid",)),
            ),
        )

    def change(self, **sections: Any) -> None:
        """Replaces sections of the settings."""
        settings = config.load(self.home.config_file)
        config.save(self.home.config_file, msgspec.structs.replace(settings, **sections))

    def environment(self, **more: str) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("TUI_TRANSFER_")}
        return clean | self.secrets | {config.HOME_VARIABLE: str(self.folder)} | more

    def run(
        self, *arguments: str, typed: str | None = None, through: Sequence[str] = (), **environment: str
    ) -> Result:
        """Runs a command without a terminal, `through` another program if one is given."""
        done = subprocess.run(
            [*through, *COMMAND, *arguments],
            input=typed,
            stdin=None if typed is not None else subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=self.environment(**environment),
            timeout=LIMIT,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    @contextmanager
    def started(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """Starts a command; it and its worker are ended at the end if they are still there."""
        with subprocess.Popen(
            [*COMMAND, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment(),
        ) as process:
            try:
                yield process
            finally:
                if (job := control.running_job(self.home)) is not None:
                    control.stop(job)
                if process.poll() is None:
                    process.kill()

    def job(self) -> control.Job:
        """The newest job."""
        return control.find(self.home, None)


def place_for(folder: Path, password: str) -> Place:
    return Place(folder, {SFTP_PASSWORD_VARIABLE: password})


def extract(archive: Path, into: Path) -> Path:
    """Tests and unpacks an archive with the official 7-Zip."""
    seven_zip = require("7zz")
    for command in (["t"], ["x", f"-o{into}"]):
        done = subprocess.run(
            [seven_zip, *command, str(archive)], capture_output=True, text=True, check=False
        )
        assert "Everything is Ok" in done.stdout, done.stdout + done.stderr
    return into


def content(folder: Path) -> dict[str, bytes | None]:
    """Every file below `folder` with its bytes, and every folder with None."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def arrived(archive: str) -> set[str]:
    """The names under which a database of few files arrives: its archive, and all that lies beside it."""
    return {archive, *names_beside(archive)} - {archive + LIST}


def archives(root: Path) -> Sequence[Path]:
    return sorted(root.glob("*.7z"))


def blocks_packed(place: Place) -> int:
    """Blocks of the first database that are packed for good: 8 bytes begin the index, 76 are a block."""
    index = next(place.home.jobs.glob("*/spool/0/blocks.index"), None)
    return max(0, index.stat().st_size - 8) // 76 if index else 0
