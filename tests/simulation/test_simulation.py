"""A small campaign among the tests; that what it finds comes back; that faults which are put in are found."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from tests.simulation.disk import Disk
from tests.simulation.track_record.__main__ import Record, check, records

SEEDS = 300
_ROOT = Path(__file__).parents[2]


def _simulate(*options: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own: the simulation puts much in the place of Python's own modules."""
    command = [sys.executable, "-m", "tests.simulation", *options]
    return subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)


def test_nothing_is_found() -> None:
    result = _simulate(f"--seeds={SEEDS}")
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.startswith(f"{SEEDS} seeds")


def test_a_seed_does_the_same_again() -> None:
    options = ("--seeds=12", "--first=40", "--traces")
    first, second = _simulate(*options, "--jobs=1"), _simulate(*options, "--jobs=2")
    traces = [line for line in first.stdout.splitlines() if line.startswith("trace ")]
    assert len(traces) == 12
    assert sorted(traces) == sorted(line for line in second.stdout.splitlines() if line.startswith("trace "))


@pytest.mark.parametrize("record", records(), ids=lambda record: record.patch.stem)
def test_a_fault_that_is_put_back_is_found(record: Record) -> None:
    assert check(record) is None


def test_a_power_cut_loses_what_was_not_synced(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    disk.sync_all()
    safe, unnamed, unsynced = (tmp_path / name for name in ("safe", "unnamed", "unsynced"))
    outcomes = set()
    for seed in range(40):
        for file in (safe, unnamed, unsynced):
            file.write_bytes(b"content")
        disk.sync(safe)
        disk.sync(unnamed)
        unnamed.rename(tmp_path / "named")
        disk.sync(tmp_path)
        (tmp_path / "named").rename(unnamed)
        disk.cut_power(Random(seed))
        assert safe.read_bytes() == b"content"
        outcomes.add((unnamed.exists(), (tmp_path / "named").exists(), unsynced.read_bytes() == b"content"))
        for file in tmp_path.iterdir():
            file.unlink()
        disk.sync(tmp_path)
    assert {named for _, named, _ in outcomes} == {True, False}
    assert {whole for _, _, whole in outcomes} == {True, False}


def test_a_power_cut_takes_nothing_of_what_was_synced_and_only_added_to(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    file = tmp_path / "file"
    safe = bytes(range(1, 251)) * 40  # more than two pages, none of it zeros
    for seed in range(60):
        file.write_bytes(safe)
        disk.sync_all()
        with file.open("ab") as stream:
            stream.write(b"x" * 9000)
        disk.cut_power(Random(seed))
        assert file.read_bytes().startswith(safe)
