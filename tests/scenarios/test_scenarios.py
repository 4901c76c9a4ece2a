"""The quick scenarios, and what the command says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.scenarios.ways import SCENARIOS, Scenario
from tests.scenarios.world import made_world

QUICK = [found for found in SCENARIOS.values() if found.quick]


@pytest.mark.parametrize("scenario", QUICK, ids=lambda scenario: scenario.name)
def test_a_scenario_ends_as_it_should(scenario: Scenario, tmp_path: Path) -> None:
    with made_world(tmp_path / "pictures") as world:
        scenario.play(world)
    names = sorted(path.name for path in (tmp_path / "pictures").glob("*.svg"))
    assert [name[:2] for name in names] == [f"{number:02d}" for number in range(1, len(names) + 1)]
    assert names
    for file in (tmp_path / "pictures").glob("*.txt"):
        assert file.read_text("utf-8").strip()


def test_without_a_name_they_are_listed() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.scenarios"], capture_output=True, text=True, check=True, timeout=60
    )
    assert [line.split()[0] for line in done.stdout.splitlines()] == list(SCENARIOS)
    assert len(SCENARIOS) >= 10
