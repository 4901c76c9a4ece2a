"""The tests of every room, run on Windows by its Python, against what is shipped."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree

import pytest
from bundling import places

from tests.programs import NEEDS_REAL_WINDOWS
from tests.windows.table import ROOM, Counts
from tests.windows.wine import Wine, in_windows

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [pytest.mark.windows, pytest.mark.timeout(900), pytest.mark.xdist_group("rooms")]

ROOMS: Final = ("demo", "errors", "guide", "job", "preflight", "report", "settings", "system", "worker")
ALONE: Final = (
    "archive/test_snapshot.py::test_on_windows_the_database_is_taken_whose_names_are_the_same_letter_by_letter",
    "archive/test_source.py::test_on_windows_names_of_other_systems_go_along",
)
"""Tests of a room whose others do not run there yet: no other system runs these."""
_LIMIT: Final = 800.0
_LONGEST_TEST: Final = 60


@dataclass
class Room:
    """How the tests of a room went."""

    counts: Counts = field(default_factory=Counts)
    failures: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def rooms(windows: Wine, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Room]:
    """All rooms, in one run of pytest: its start takes Wine as long as many tests do."""
    folder = tmp_path_factory.mktemp("rooms")
    report = folder / "report.xml"
    command = windows.python_command(
        *("-X", "utf8", "-X", f"pycache_prefix={in_windows(folder / 'cache')}"),
        *("-m", "pytest", "-q", "-n2", "-p", "no:cacheprovider", "--tb=short"),
        "--import-mode=append",  # the program is the one in the bundle
        f"--timeout={_LONGEST_TEST}",
        f"--basetemp={in_windows(folder / 'temporary')}",
        f"--junitxml={in_windows(report)}",
        *(f"tests/{tests}" for tests in (*ROOMS, *ALONE)),
    )
    done = windows.run(command, {"TZ": "UTC"}, _LIMIT, folder=places.ROOT, encoding="utf-8")
    assert report.exists(), done.out[-5000:]
    return read(report.read_text(encoding="utf-8"))


def read(report: str) -> dict[str, Room]:
    """What pytest wrote as JUnit does, by room."""
    rooms: dict[str, Room] = defaultdict(Room)
    for case in ElementTree.fromstring(report).iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        room = rooms[name.split(".")[1]]
        skipped = case.find("skipped")
        failed = [found for found in (case.find("failure"), case.find("error")) if found is not None]
        if failed:
            room.failures.append(f"{name}\n{failed[0].text}")
        elif skipped is None:
            room.counts.passed += 1
        elif NEEDS_REAL_WINDOWS in (skipped.get("message") or ""):
            room.counts.real_windows += 1
        else:
            room.counts.linux += 1
    return rooms


@pytest.mark.parametrize("room", [*ROOMS, "archive"])
def test_all_that_can_run_there_does(
    rooms: dict[str, Room], room: str, record_property: Callable[[str, object], None]
) -> None:
    counts = rooms[room].counts
    record_property(ROOM, (room, counts.passed, counts.linux, counts.real_windows))
    assert not rooms[room].failures, "\n".join(rooms[room].failures)
    assert counts.passed
