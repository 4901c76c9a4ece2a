"""What a seed draws: the bases, the Shareboxes, what the person does, and what goes wrong meanwhile."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any, Final

from tests.simulation.faults import HERE, PROCESS, REPLIES, THERE, Fault
from tests.simulation.server import FAILURE, NO_SUCH_FILE, PERMISSION_DENIED, Character

HOSTS: Final = ("sharebox-a.test", "sharebox-b.test")
FOLDERS: Final = ("/depot-un", "/depot-deux")

_REQUESTS: Final = {
    "request": 60,
    "write archive": 12,
    "write manifest": 2,
    "open": 6,
    "open archive": 4,
    "close": 6,
    "close archive": 3,
    "stat": 12,
    "stat archive": 5,
    "fstat": 3,
    "read": 10,
    "rename": 3,
    "rename archive": 2,
    "rename manifest": 2,
    "fsync": 5,
    "check-file-name": 3,
    "remove": 2,
    "init": 2,
    "limits": 2,
    "statvfs": 2,
    "fsetstat": 2,
}
"""Events at which a reply can be wrong, and how many of them a transfer has at most, or so."""
_DISK: Final = {"step": 60, "fsync here": 25, "replace here": 6, "unlink here": 8, "mkdir here": 4}
"""Steps that a disk can refuse."""
_STEPS: Final = {
    **_DISK,
    "journal": 20,
    "journal archive.started": 2,
    "journal archive.sealed": 2,
    "journal upload.started": 2,
    "journal database.delivered": 2,
    "journal job.succeeded": 1,
    "journal job.blocked": 1,
}
_SIZES: Final = (0, 1, 300, 3000, 9000, 20_000, 40_000)
_KINDS: Final = ("file", "set", "folder", "sqlite")


@dataclass(frozen=True)
class BasePlan:
    """A base: its kind, its size in bytes (of a folder: of its largest file), the seed of its content."""

    kind: str
    size: int
    seed: int


@dataclass(frozen=True)
class Act:
    """Something that the person does, and the faults that wait for the process that it begins.

    Attributes:
        what: "run", "resume" (the last), "resume each", "purge", "run refused", "settings", "turn clock",
            "change base", "remove base", "restore bases".
        faults: of the process.
        beside: whether the second home transfers at the same time; only of "run".
        seed: of its own choices.
    """

    what: str
    faults: tuple[Fault, ...] = ()
    beside: bool = False
    seed: int = 0


@dataclass(frozen=True)
class Plan:
    """All that a seed draws."""

    seed: int
    bases: tuple[BasePlan, ...]
    character: Character
    acts: tuple[Act, ...]
    retry_for: int = 1
    compression: Any = 1
    restless: float = 0.0
    cores: int = 1
    latency: float = 0.01
    restores: bool = True
    """Whether bases that were taken away are there again when the faults stop."""
    purges: bool = False
    """Whether everything is purged in the end."""
    hits: str = ""
    """Which files of a spool a bad disk hits; empty for any."""
    encrypt: bool = False


@dataclass
class Focus:
    """Narrows what is drawn, so that a fault that is known to be there is found soon.

    Attributes:
        whats: what may go wrong; empty for everything.
        places: at which events; empty for what is drawn.
        acts: what the person does; empty for what is drawn.
        changes: of the server's character; one that is not named has no oddities then.
        bases: how many; 0 for what is drawn.
        beside: whether the second home always transfers at the same time.
        kinds: of bases; empty for all.
        least: bytes that a base has at least; its largest file, of a folder.
        hits: the name of the files of a spool that a bad disk hits; empty for any.
    """

    whats: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    acts: tuple[str, ...] = ()
    changes: dict[str, Any] | None = None
    bases: int = 0
    beside: bool = False
    kinds: tuple[str, ...] = ()
    least: int = 0
    hits: str = ""


def make_plan(seed: int, focus: Focus | None = None) -> Plan:
    """The plan of a seed."""
    focus = focus or Focus()
    draw = random.Random(seed)
    names = focus.acts or _acts(draw)
    acts = tuple(_act(draw, name, first=number == 0, focus=focus) for number, name in enumerate(names))
    kinds = focus.kinds or _KINDS
    sizes = [size for size in _SIZES if size >= focus.least]
    return Plan(
        seed=seed,
        bases=tuple(
            BasePlan(draw.choice(kinds), draw.choice(sizes), draw.randrange(1 << 30))
            for _ in range(focus.bases or draw.choice((1, 1, 1, 2, 3)))
        ),
        character=_character(draw, focus.changes),
        acts=acts,
        retry_for=draw.choice((0, 1, 1, 30)),
        compression=draw.choice((0, 1, 1, 1, 2, "auto")),
        restless=draw.choice((0.0, 0.05, 0.3)),
        cores=draw.choice((1, 2, 3)),
        latency=draw.choice((0.0005, 0.01, 0.1)),
        restores=draw.random() < 0.7,
        purges=draw.random() < 0.3,
        hits=focus.hits,
        encrypt=draw.random() < 0.1,
    )


def _acts(draw: random.Random) -> list[str]:
    acts = ["run"]
    while draw.random() < 0.5 and len(acts) < 6:
        acts.append(
            draw.choice(
                (
                    "resume",
                    "resume",
                    "resume",
                    "resume each",
                    "run",
                    "run refused",
                    "settings",
                    "turn clock",
                    "change base",
                    "remove base",
                    "purge",
                )
            )
        )
    return acts


def _act(draw: random.Random, name: str, *, first: bool, focus: Focus) -> Act:
    faults: tuple[Fault, ...] = ()
    if name in ("run", "resume", "resume each", "purge"):
        count = draw.choice((1, 1, 2, 3)) if first else draw.choice((0, 1, 1, 2))
        faults = tuple(_fault(draw, focus) for _ in range(count))
    beside = name == "run" and (focus.beside or draw.random() < 0.12)
    return Act(name, faults, beside, draw.randrange(1 << 30))


def _fault(draw: random.Random, focus: Focus) -> Fault:
    what = draw.choice(focus.whats or draw.choice((REPLIES, REPLIES, PROCESS, THERE, HERE)))
    if what in REPLIES:
        places = _REQUESTS
    elif what == "refuse disk":
        places = _DISK
    else:
        places = draw.choice((_REQUESTS, _STEPS))
    if focus.places:
        at = draw.choice(focus.places)
    elif what == "cut write":
        at = draw.choice(("write archive", "write archive", "write manifest"))
    elif what in ("flip answer", "announce"):
        at = draw.choice(("read", "read", "check-file-name"))
    elif what == "size":
        at = draw.choice(("stat", "stat archive", "fstat", "stat manifest"))
    else:
        at = draw.choice(list(places))
    most = (_REQUESTS | _STEPS).get(at, 4)
    return Fault(what, at, min(draw.randint(1, most), draw.randint(1, most)), draw.randrange(1 << 30))


def _character(draw: random.Random, changes: dict[str, Any] | None) -> Character:
    plain = draw.random() < 0.5 or changes is not None
    values: dict[str, Any] = {
        "hashes": draw.choice(("", "", "extension", "command")),
        "syncs": draw.random() < 0.7,
        "tells_room": draw.random() < 0.7,
        "tells_limits": draw.random() < 0.8,
        "longest": draw.choice((1024, 2048, 4096, 16_384)),
        "sessions": draw.choice((1, 10, 10)),
    }
    if not plain:
        values |= {
            "reads": draw.random() < 0.7,
            "looks": draw.random() < 0.8,
            "reopens": draw.random() < 0.8,
            "takes": draw.choice(("", "", "", "close", "rename")),
            "replaces": draw.random() < 0.2,
            "renames": draw.random() < 0.95,
            "denies_by": draw.choice((PERMISSION_DENIED, PERMISSION_DENIED, FAILURE, NO_SUCH_FILE)),
        }
    return Character(**(values | (changes or {})))
