"""The smallest run of the benchmarks that are run by hand, in every run of the tests: they must work."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.benchmarks.bound import Packing, best
from tests.programs import require, require_root


def _run(module: str, *arguments: str) -> list[list[str]]:
    """Runs a benchmark; gives the cells of its table's lines, without headings."""
    require_root()
    require("sshd")
    done = subprocess.run(
        [sys.executable, "-m", f"tests.benchmarks.{module}", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line.strip("| ").split(" | ") for line in done.stdout.splitlines() if line.startswith("|")]
    return [row for row in rows[2:] if "---" not in row]


def test_every_contender_takes_a_database_over_a_line() -> None:
    require("7zz")
    rows = _run("links", "--rates", "50", "--databases", "files20", "--peers", "sftp")
    ours = ["ours, server's hash", "ours, encrypted", "ours, read back"]
    assert [row[2] for row in rows] == ["bound", *ours, "7zz, sftp"]
    assert all(float(row[3]) > 0 for row in rows[1:])  # the bound of so little may round to nothing
    assert [row[5] for row in rows][-1] == "1.00"


@pytest.mark.parametrize("part", ["sender", "resume"])
def test_the_parts_are_measured(part: str) -> None:
    rows = _run("parts", part, "--megabytes", "1", "--database", "sqlite1", "--runs", "1")
    assert len(rows) == 2
    assert all(float(row[-1].rstrip(" |")) > 0 for row in rows)


def test_replies_are_judged() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.fuzz_replies", "--replies", "20000"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    total, *lines = done.stdout.splitlines()
    assert int(total.split()[0]) >= 20_000
    assert sum(int(line.split()[0]) for line in lines) == int(total.split()[0])
    assert {line.split()[-1] for line in lines} >= {"granted", "refused", "reply", "done", "nonsense", "lost"}


def test_the_bound_is_that_of_the_preset_that_suits_the_line() -> None:
    quick, small = Packing(0, 1.0, 2000), Packing(9, 10.0, 1000)
    assert best([quick, small], None) is quick
    assert best([quick, small], 500.0) is quick
    assert best([quick, small], 10.0) is small
    assert small.bound(10.0) == 100.0
