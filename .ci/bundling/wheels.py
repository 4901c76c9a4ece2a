"""Wheels: which are locked, which of them a system takes, and how they are laid out.

The lock holds versions and hashes for all systems. pip downloads and checks; what it would not do for another
system than its own, judging markers, is done here with `packaging`, the library that pip itself does it with.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from hatchling.build import build_wheel
from packaging.requirements import Requirement
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import canonicalize_name, parse_wheel_filename

from bundling import frozen, places

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_HASH: Final = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True)
class Target:
    """A Python on a system, as wheels are chosen for it."""

    python: tuple[int, int]
    platforms: tuple[str, ...]
    markers: tuple[tuple[str, str], ...]

    @cached_property
    def environment(self) -> dict[str, str]:
        """What markers are judged by."""
        version = ".".join(map(str, self.python))
        return {
            **dict(self.markers),
            "implementation_name": "cpython",
            "platform_python_implementation": "CPython",
            "python_version": version,
            "python_full_version": f"{version}.0",
        }

    @cached_property
    def ranks(self) -> dict[Tag, int]:
        """The tags of wheels that run there, the best first."""
        interpreter = "cp" + "".join(map(str, self.python))
        tags = [
            *cpython_tags(self.python, platforms=self.platforms),
            *compatible_tags(self.python, interpreter, self.platforms),
        ]
        return {tag: rank for rank, tag in reversed(list(enumerate(tags)))}


@dataclass(frozen=True)
class Pin:
    """A line of the lock."""

    requirement: Requirement
    hashes: frozenset[str]

    @property
    def name(self) -> str:
        """Of the distribution, as all tools write it."""
        return canonicalize_name(self.requirement.name)

    def line(self) -> str:
        """For pip, without the marker."""
        return " ".join(
            [f"{self.name}{self.requirement.specifier}", *(f"--hash=sha256:{h}" for h in sorted(self.hashes))]
        )


def locked(file: Path = places.LOCKED) -> list[Pin]:
    """What a lock holds."""
    lines = file.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    return [
        Pin(Requirement(line.split(" --hash=", 1)[0]), frozenset(_HASH.findall(line)))
        for line in lines
        if line.strip() and not line.startswith("#")
    ]


def gather(target: Target, downloads: Path) -> dict[str, Path]:
    """The wheels of all that is locked for `target`, by name; what is not there yet is downloaded."""
    wanted = [pin for pin in locked() if applies(pin, target)]
    found = _choose(wanted, target, downloads)
    missing = [pin for pin in wanted if pin.name not in found]
    if missing:
        _download(missing, target, downloads)
        found = _choose(wanted, target, downloads)
    absent = [pin.name for pin in wanted if pin.name not in found]
    if absent:
        raise SystemExit(f"No wheel for {target.platforms[0]}, Python {target.python}: {', '.join(absent)}")
    return found


def build_own(folder: Path) -> Path:
    """Builds the wheel of this program; hatchling gives its entries the time in SOURCE_DATE_EPOCH."""
    os.environ["SOURCE_DATE_EPOCH"] = str(places.epoch())
    os.chdir(places.ROOT)  # where such a backend looks for what it builds
    return folder / build_wheel(str(folder))


def unpack(wheel: Path, folder: Path) -> None:
    """Lays the wheel's modules into `folder`.

    Its scripts are left out: they would name the Python of the machine that builds.
    """
    with zipfile.ZipFile(wheel) as source:
        for entry in source.infolist():
            path = _place(entry.filename)
            if path is None or entry.is_dir():
                continue
            target = folder / path
            if target.exists():
                raise SystemExit(f"{wheel.name} would overwrite {path}")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read(entry))


def _place(name: str) -> str | None:
    """Where an entry of a wheel goes: what is below `*.data/` says by its second part what it is."""
    first, _, rest = name.partition("/")
    if not first.endswith(".data"):
        return name
    kind, _, path = rest.partition("/")
    return path if kind in {"purelib", "platlib"} else None


def applies(pin: Pin, target: Target) -> bool:
    """Whether what is locked is needed there."""
    marker = pin.requirement.marker
    return marker is None or marker.evaluate(target.environment)


def _choose(pins: Iterable[Pin], target: Target, downloads: Path) -> dict[str, Path]:
    """The best wheel for each pin among those that are there and have one of its hashes."""
    ranked: Mapping[str, list[tuple[int, Path]]] = {pin.name: [] for pin in pins}
    for path in sorted(downloads.glob("*.whl")):
        name, _, _, tags = parse_wheel_filename(path.name)
        ranks = [target.ranks[tag] for tag in tags if tag in target.ranks]
        if name in ranked and ranks:
            ranked[name].append((min(ranks), path))
    chosen = {}
    for pin in pins:
        for _, path in sorted(ranked[pin.name]):
            if frozen.sha256(path) in pin.hashes:
                chosen[pin.name] = path
                break
    return chosen


def _download(pins: Iterable[Pin], target: Target, downloads: Path) -> None:
    downloads.mkdir(parents=True, exist_ok=True)
    wanted = downloads / "wanted.txt"
    wanted.write_text("".join(f"{pin.line()}\n" for pin in pins), encoding="utf-8")
    pip_download(
        downloads,
        "--only-binary=:all:",
        "--implementation=cp",
        f"--python-version={'.'.join(map(str, target.python))}",
        *(f"--platform={platform}" for platform in target.platforms),
        f"--requirement={wanted}",
    )
    wanted.unlink()


def pip_download(downloads: Path, *arguments: str) -> None:
    """Has pip download what has one of the hashes that the requirements name, and nothing else."""
    subprocess.run(
        [
            *[sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"],
            *["--no-deps", "--require-hashes", f"--dest={downloads}", *arguments],
        ],
        check=True,
    )
