"""Canaries: what is secret or personal is nowhere but where it has to be, and all we write is private."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pexpect
import pytest

from tests.cli.place import COMMAND, LIMIT, Place, archives, place_for
from tests.programs import missing
from tests.servers.openssh import SshServer
from tui_transfer.archive.blocks import BLOCK_SIZE

NUMBER = "1850578006084-CANARI"
"""As a social security number in a database."""
UNUSED = {"TUI_TRANSFER_KEY_PASSPHRASE": "canari-phrase", "TUI_TRANSFER_PROXY_PASSWORD": "canari-proxy"}
_STRANGERS = 0o077


@pytest.fixture(autouse=True)
def _proc() -> None:
    if not Path("/proc/self/environ").exists():
        missing("the memory and environment of processes are looked at in /proc")


CRASH = """
from tui_transfer.settings.config import Home
from tui_transfer.tui import app

def crash(password):
    raise RuntimeError("accident")

app.CentreApp.on_mount = lambda self: self.call_later(crash, "-".join(["canari", "secret"]))
raise SystemExit(app.run_app(Home.find()))
"""


def test_a_crash_of_the_screens_tells_no_variable(tmp_path: Path) -> None:
    environment = place_for(tmp_path, "").environment(TERM="xterm-256color")
    screens = pexpect.spawn(sys.executable, ["-c", CRASH], env=environment, timeout=60)
    screens.expect(pexpect.EOF)
    screens.wait()
    assert screens.exitstatus == 1
    assert b"accident" in screens.before
    assert b"canari-secret" not in screens.before


CHILD = """
import os
from tui_transfer.settings.config import Home
from tui_transfer.tui import app

app.CentreApp.on_mount = lambda self: self.exit(os.system("env"))
raise SystemExit(app.run_app(Home.find()))
"""


def test_what_the_screens_start_gets_no_secret(tmp_path: Path) -> None:
    environment = place_for(tmp_path, "canari-sftp").environment(TERM="xterm-256color", **UNUSED)
    screens = pexpect.spawn(sys.executable, ["-c", CHILD], env=environment, timeout=60)
    screens.expect(pexpect.EOF)
    assert b"TUI_TRANSFER_HOME=" in screens.before
    assert b"canari" not in screens.before


@pytest.fixture
def databases(tmp_path: Path) -> dict[str, Path]:
    folder = tmp_path / "bases" / "dossier"
    folder.mkdir(parents=True)
    # Each takes a moment to pack, so that there is something to watch.
    (folder / "hasard.bin").write_bytes(os.urandom(800_000).ljust(BLOCK_SIZE, b"-"))
    (folder / "salaries.txt").write_text(f"{NUMBER}\n" * 10)
    database = tmp_path / "bases" / "paie.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE salarie (numero TEXT)")
        connection.executemany("INSERT INTO salarie VALUES (?)", [(NUMBER,)] * 1000)
        connection.execute("INSERT INTO salarie VALUES (?)", (os.urandom(5 * BLOCK_SIZE),))
        connection.commit()
    return {"Dossier": folder, "Paie": database}


@pytest.fixture
def place(tmp_path: Path, ssh_server: SshServer, databases: dict[str, Path]) -> Place:
    made = place_for(tmp_path / "home", ssh_server.password)
    made.configure(ssh_server, databases)
    return made


@dataclass
class _Watch:
    """What can be seen of the program from outside while it runs, by anyone who looks all the time."""

    home: Path
    temporary: Path
    command_lines: set[bytes] = field(default_factory=set)
    environments: set[bytes] = field(default_factory=set)
    """Of workers."""
    limits: set[str] = field(default_factory=set)
    """What dump of memory workers may leave, in bytes."""
    open_to_strangers: dict[str, str] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    """Names of files in the home."""
    seen_temporary: set[str] = field(default_factory=set)
    """Names of temporary files."""

    def look(self) -> None:
        for process in Path("/proc").iterdir():
            if process.name.isdigit():
                with contextlib.suppress(OSError):  # it has ended
                    self._look_at(process)
        self.seen_temporary.update(path.name for path in self.temporary.iterdir())
        # os.walk passes over a folder that is removed meanwhile, which pathlib's does not.
        for path in (
            Path(folder, name) for folder, inside, files in os.walk(self.home) for name in inside + files
        ):
            with contextlib.suppress(FileNotFoundError):
                mode = path.stat().st_mode
                self.seen.add(path.name)
                if mode & _STRANGERS:
                    self.open_to_strangers[str(path)] = oct(mode)

    def _look_at(self, process: Path) -> None:
        command = (process / "cmdline").read_bytes()
        if b"tui_transfer" not in command:
            return
        self.command_lines.add(command)
        if b"tui_transfer.worker\0" in command and self.home in (process / "cwd").readlink().parents:
            self.environments.add((process / "environ").read_bytes())
            for line in (process / "limits").read_text().splitlines():
                if line.startswith("Max core file size"):
                    self.limits.add(line.split()[4])


@contextmanager
def _watching(home: Path, temporary: Path) -> Iterator[_Watch]:
    watch, ended = _Watch(home, temporary), threading.Event()

    def look() -> None:
        while not ended.is_set():
            watch.look()

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield watch
    finally:
        ended.set()
        thread.join()


def test_canaries_are_nowhere_and_all_is_private(place: Place, ssh_server: SshServer, tmp_path: Path) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    secrets = [ssh_server.password, *UNUSED.values()]
    with _watching(place.folder, temporary) as watch:
        done = subprocess.run(
            [*COMMAND, "run", "--yes"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=place.environment(TMPDIR=str(temporary), **UNUSED),
            umask=0,
            timeout=LIMIT,
        )
    assert done.returncode == 0, done.stderr
    assert len(archives(ssh_server.root)) == 2
    draft = tmp_path / "message.eml"
    saved = subprocess.run(
        [*COMMAND, "report", "--eml", str(draft)], capture_output=True, env=place.environment(), umask=0
    )
    assert saved.returncode == 0

    assert {"journal.jsonl", "worker.log", "start.lock", "archive.part", "blocks.index"} <= watch.seen
    assert {"snapshot.sqlite", "snapshot.json", "manifest.json"} <= watch.seen
    assert watch.open_to_strangers == {}
    assert draft.stat().st_mode & _STRANGERS == 0

    assert len(watch.command_lines) >= 2, "the command and its worker"
    assert watch.environments
    assert "1" in watch.limits, "neither 0, which Linux ignores where a program takes the dumps, nor more"
    for secret in secrets:
        assert not [line for line in watch.command_lines if secret.encode() in line]
        assert not [given for given in watch.environments if secret.encode() in given]

    assert watch.seen_temporary == set()
    assert list(place.job().spool.iterdir()) == []
    shown = done.stdout + done.stderr
    for canary in [*secrets, NUMBER]:
        assert canary not in shown
        for path in [draft, *place.folder.rglob("*")]:
            if path.is_file():
                assert canary.encode() not in path.read_bytes(), path
