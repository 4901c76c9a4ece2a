"""One Windows for each process that runs tests, from one bundle."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from bundling import places
from filelock import FileLock

from tests.windows.table import ROOM, lines
from tests.windows.wine import Wine, build_bundle, gather_testers, wine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def parts(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The bundle, and what tests need besides: made by whoever of this run's processes comes first."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "windows"
    with FileLock(f"{shared}.lock"):
        if shared.exists():
            bundle = next(path for path in shared.iterdir() if (path / "python").is_dir())
        else:
            bundle = build_bundle(shared)
        testers = gather_testers(places.ROOT / "dist" / "kept" / "testers")
    return bundle, testers


@pytest.fixture(scope="session")
def windows(parts: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wine]:
    bundle, testers = parts
    with wine(tmp_path_factory.mktemp("wine") / "it", bundle, testers) as made:
        yield made


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says how many tests of each room ran there."""
    reports = [
        report
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        if isinstance(report, pytest.TestReport)
    ]
    rooms = [value for report in reports for name, value in report.user_properties if name == ROOM]
    if rooms:
        terminalreporter.section("on Windows, under Wine")
        for line in lines(rooms):  # type: ignore[arg-type]
            terminalreporter.line(line)
