"""Puts each fault into a copy of the package, and shows that it is found there, and only there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent
_ROOT: Final = FOLDER.parents[2]
_COPIED: Final = ("tui_transfer", "tests/__init__.py", "tests/simulation")
_SEEDS_TRIED: Final = re.compile(r"^(\d+) seeds", re.MULTILINE)


@dataclass(frozen=True)
class Record:
    """One patch, and what its first lines say."""

    patch: Path
    fault: str
    finds: str
    focus: str
    first: int
    seeds: int

    @classmethod
    def read(cls, patch: Path) -> Record:
        """What a patch's first lines say."""
        head, _, _ = patch.read_text().partition("\ndiff ")
        told = dict(line.split(": ", 1) for line in head.splitlines() if ": " in line)
        first, seeds = told["Seeds"].split()
        return cls(patch, told["Fault"], told["Finds"], told["Focus"], int(first), int(seeds))


def records() -> list[Record]:
    """All that there are."""
    return [Record.read(patch) for patch in sorted(FOLDER.glob("*.patch"))]


def check(record: Record) -> str | None:
    """Why a record does not hold any more; None where it does."""
    with tempfile.TemporaryDirectory(prefix="track-record-") as name:
        copy = Path(name)
        _copy(copy)
        applied = _run(copy, "git", "apply", "--whitespace=nowarn", str(record.patch))
        if applied.returncode:
            return f"the patch does not apply any more:\n{applied.stderr}"
        found = _search(copy, record, record.seeds)
        if found.returncode:
            return f"it is not found any more:\n{found.stdout}{found.stderr}"
    tried = _SEEDS_TRIED.search(found.stdout)
    assert tried is not None
    without = _search(_ROOT, record, int(tried[1]))
    if not without.returncode:
        return f"it is found without the patch, too:\n{without.stdout}"
    return None


def _copy(copy: Path) -> None:
    for name in _COPIED:
        source, target = _ROOT / name, copy / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.patch"))
        else:
            shutil.copy(source, target)


def _search(folder: Path, record: Record, seeds: int) -> subprocess.CompletedProcess[str]:
    focus, first = f"--focus={record.focus}", f"--first={record.first}"
    command = [sys.executable, "-m", "tests.simulation", focus, first, f"--seeds={seeds}", "--jobs=1"]
    return _run(folder, *command, f"--expect={record.finds}")


def _run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONHASHSEED": "0"}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def main(wanted: list[str]) -> int:
    """The command: checks the records that are named, or all."""
    failures = 0
    for record in records():
        if wanted and record.patch.stem not in wanted:
            continue
        began = time.monotonic()
        trouble = check(record)
        failures += trouble is not None
        verdict = "found" if trouble is None else f"FAILED: {trouble}"
        print(f"{record.patch.stem:30} {time.monotonic() - began:5.1f} s  {verdict}  ({record.fault})")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
