"""All that there is in a simulation, here and there, and what is true of it."""

from __future__ import annotations

import hashlib
import io
import os
import random
import shutil
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import py7zr
from py7zr.io import BytesIOFactory

from tests.simulation import clock, disk, seams
from tests.simulation.plan import FOLDERS, HOSTS
from tests.simulation.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.simulation.plan import BasePlan, Plan

State = frozenset[tuple[str, str]]
"""Of a base or an archive: its files' names and the SHA-256 of each."""

_LARGEST: Final = 1 << 24
_ENDINGS: Final = {"folder": "", "set": ".fic"}
_COMPANIONS: Final = (".mmo", ".ndx")
"""Of a base of several files: its memos and its index."""
_FIRST_CHANGE: Final = 1_640_000_000


class Base:
    """A base on this machine, with all the states that it has had.

    Attributes:
        path: where it is.
        states: every state that it had, the newest last.
        present: whether it is there.
    """

    def __init__(self, name: str, folder: Path, plan: BasePlan) -> None:
        self.name = name
        self.states: list[State] = []
        self.present = True
        self._draw = random.Random(plan.seed)
        self._kind = plan.kind
        self._changes = 0
        stem = name.replace(" ", "-").lower()
        self.path = folder / f"{stem}{_ENDINGS.get(plan.kind, '.db')}"
        self._files = self._first(plan.size)
        self._write()

    def _first(self, size: int) -> dict[str, bytes]:
        draw = self._draw
        if self._kind == "folder":
            names = ("paie.dat", "sous/index.dat", "vide.dat")
            sizes = (size, min(size, 500), 0)
            return {name: _content(draw, length) for name, length in zip(names, sizes, strict=True)}
        if self._kind == "set":
            sizes = (size, min(size, 500), min(size, 100))
            names = ("", *_COMPANIONS)
            return {name: _content(draw, length) for name, length in zip(names, sizes, strict=True)}
        if self._kind == "sqlite":
            return {"": _sqlite(self.path, _content(draw, size))}
        return {"": _content(draw, size)}

    def change(self) -> None:
        """Somebody works with it."""
        if not self.present:
            return
        for name, content in list(self._files.items())[:1]:
            if self._kind == "sqlite":
                # Where it is being copied, SQLite lets nobody write.
                with (
                    closing(sqlite3.connect(self.path, timeout=0)) as base,
                    suppress(sqlite3.OperationalError),
                ):
                    base.execute("INSERT INTO bulletins VALUES (?)", (_content(self._draw, 200),))
                    base.commit()
                self._files[name] = self.path.read_bytes()
            else:
                self._files[name] = content + _content(self._draw, self._draw.choice((1, 100, 3000)))
        self._write()

    def remove(self) -> None:
        """Somebody takes it away."""
        if self.path.is_dir():
            shutil.rmtree(self.path)
        else:
            for name in self._files:
                self._at(name).unlink(missing_ok=True)
        self.present = False

    def restore(self) -> None:
        """It is there again."""
        if not self.present:
            self.present = True
            self._write()

    def is_untouched(self) -> bool:
        """Whether it is as its owner left it."""
        if not self.present:
            return not self.path.exists()
        if self._kind == "set":
            return all(self._at(name).read_bytes() == content for name, content in self._files.items())
        found = {
            str(path.relative_to(self.path)) if path != self.path else "": path.read_bytes()
            for path in ([self.path] if self.path.is_file() else self.path.rglob("*"))
            if path.is_file()
        }
        return found == self._files

    def _at(self, name: str) -> Path:
        """Where one of its files is."""
        if self._kind == "set":
            return self.path.with_suffix(name) if name else self.path
        return self.path / name if name else self.path

    def _write(self) -> None:
        self._changes += 1
        for name, content in self._files.items():
            path = self._at(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists() or path.read_bytes() != content:
                path.write_bytes(content)
            os.utime(path, (_FIRST_CHANGE + self._changes,) * 2)
        state = frozenset(
            (str(self._at(name).relative_to(self.path.parent)), hashlib.sha256(content).hexdigest())
            for name, content in self._files.items()
        )
        self.states.append(state)


def _content(draw: random.Random, size: int) -> bytes:
    """Records of numbers that shrink to about half."""
    return b"".join(b"%08d;%s" % (draw.randrange(10**8), draw.randbytes(6)) for _ in range(size // 15 + 1))[
        :size
    ]


def _sqlite(path: Path, content: bytes) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as base:
        base.execute("CREATE TABLE bulletins (contenu BLOB)")
        base.executemany(
            "INSERT INTO bulletins VALUES (?)",
            [(content[start : start + 900],) for start in range(0, len(content), 900)],
        )
        base.commit()
    return path.read_bytes()


@dataclass
class Delivered:
    """What a job called delivered: when, where, how it says that it was verified, and whether it is true."""

    tick: int
    host: str
    path: str
    verified: str
    sound: bool


@dataclass
class HomeFolder:
    """One home, and what is known of its jobs.

    Attributes:
        made: its jobs, in the order in which they were made.
        purged: those that a person had removed.
        damaged: those whose own folder somebody else has been at, beside the spool.
        delivered: by job and position of the base.
        refused: whether the last thing that was asked here was refused before it became a job.
        disk: what is safe of it.
    """

    folder: Path
    disk: disk.Disk
    made: list[str] = field(default_factory=list)
    purged: set[str] = field(default_factory=set)
    damaged: set[str] = field(default_factory=set)
    delivered: dict[tuple[str, int], Delivered] = field(default_factory=dict)
    sealed: set[tuple[str, int]] = field(default_factory=set)
    refused: bool = False
    moved: bool = False
    cut: bool = False

    def spool_files(self) -> list[Path]:
        """Every file in the spools, in the order of names."""
        return sorted(path for path in self.folder.glob("jobs/*/spool/*/*") if path.is_file())


class World:
    """A world for one plan, in `root`, an empty folder."""

    def __init__(self, plan: Plan, root: Path) -> None:
        self.plan = plan
        self.root = root
        self.ticks = 0
        self.clock = clock.Clock()
        self.changes: list[tuple[str, str, str]] = []
        """What clients did to files that were complete: host, path, what."""
        self.servers = {
            host: Server(host, FOLDERS, plan.character, lambda: self.ticks, self._noter(host))
            for host in HOSTS
        }
        self.planted: set[tuple[str, str]] = set()
        """Files that somebody else put there: host and path."""
        self.bases = [
            Base(f"Base {number}", root / "bases", base) for number, base in enumerate(plan.bases, start=1)
        ]
        self.homes = [self._home("foyer")]
        self._decoded: dict[bytes, State | None] = {}

    def _noter(self, host: str) -> Callable[[str, str], None]:
        return lambda path, what: self.changes.append((host, path, what))

    def _home(self, name: str) -> HomeFolder:
        folder = self.root / name
        seams.configure(
            folder,
            HOSTS[0],
            FOLDERS[0],
            {base.name: base.path for base in self.bases},
            retry_for=self.plan.retry_for,
            compression=self.plan.compression,
            encrypt=self.plan.encrypt,
        )
        safe = disk.Disk(folder)
        safe.sync_all()
        return HomeFolder(folder, safe)

    def second_home(self) -> HomeFolder:
        """The home beside, made when it is first needed."""
        if len(self.homes) == 1:
            self.homes.append(self._home("voisin"))
        return self.homes[1]

    def home_of(self, path: str) -> HomeFolder:
        """The home in which a file lies."""
        return next(home for home in self.homes if path.startswith(f"{home.folder}{os.sep}"))

    def is_right(self, content: bytes, base: Base) -> bool:
        """Whether an archive holds a state that a base has had, whole."""
        return self._decode(content) in base.states

    def _decode(self, content: bytes) -> State | None:
        key = hashlib.sha256(content).digest()
        if key not in self._decoded:
            self._decoded[key] = _decode(content)
        return self._decoded[key]

    def files(self) -> Iterator[tuple[Server, str]]:
        """Every file on every server."""
        for server in self.servers.values():
            for path in sorted(server.files):
                yield server, path


def _decode(content: bytes) -> State | None:
    """What an archive holds; None for what is none. By py7zr, which did not write it."""
    factory = BytesIOFactory(_LARGEST)
    try:
        with py7zr.SevenZipFile(io.BytesIO(content), password=seams.PASSPHRASE) as archive:
            names = [item.filename for item in archive.files if not item.is_directory]
            archive.extract(factory=factory)
    except Exception:
        return None
    found = {name: hashlib.sha256(product.read()).hexdigest() for name, product in factory.products.items()}
    nothing = hashlib.sha256().hexdigest()
    return frozenset((name, found.get(name, nothing)) for name in names)


if TYPE_CHECKING:
    from collections.abc import Callable
