"""Ticks: what is true of a day is true for a day (U21)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from tui_transfer.job.spec import PrerequisiteTick
from tui_transfer.preflight.statements import STATEMENTS, Group, Ticks
from tui_transfer.settings.config import Home

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2022, 3, 2, 14, 5, tzinfo=UTC)
OF_THE_DAY = {"antivirus", "closed", "closed-network"}


def ticks(folder: Path, age: timedelta) -> Ticks:
    made = [PrerequisiteTick(key=item.key, by="camille", at=NOW - age) for item in STATEMENTS]
    (folder / "prerequisites.json").write_bytes(msgspec.json.encode(made))
    return Ticks(Home(folder / "config.toml", folder), clock=lambda: NOW)


def test_those_about_the_installation_are_of_the_day() -> None:
    assert {item.key for item in STATEMENTS if item.lasts} == OF_THE_DAY
    assert {item.key for item in STATEMENTS if item.group is Group.INSTALLATION} == OF_THE_DAY


@pytest.mark.parametrize(
    ("age", "holds"),
    [
        (timedelta(0), True),
        (timedelta(hours=23, minutes=59), True),
        (timedelta(hours=24), False),
        (timedelta(days=700), False),
        (-timedelta(minutes=59), True),
        (-timedelta(days=2), False),
    ],
)
def test_they_hold_for_a_day_and_the_others_for_good(tmp_path: Path, age: timedelta, holds: bool) -> None:
    found = ticks(tmp_path, age)
    keys = {item.key for item in STATEMENTS}
    assert set(found.keys) == (keys if holds else keys - OF_THE_DAY)
    assert {tick.key for tick in found.all} == set(found.keys)
    assert {tick.key for tick in found.expired} == (set() if holds else OF_THE_DAY)
    assert found.complete is holds


def test_ticked_again_it_holds_again(tmp_path: Path) -> None:
    old = datetime.now(UTC) - timedelta(days=3)
    made = [PrerequisiteTick(key=item.key, by="camille", at=old) for item in STATEMENTS]
    (tmp_path / "prerequisites.json").write_bytes(msgspec.json.encode(made))
    found = Ticks(Home(tmp_path / "config.toml", tmp_path))
    assert {tick.key for tick in found.expired} == OF_THE_DAY
    for key in OF_THE_DAY:
        found.set_ticked(key, True)
    assert (len(found.all), found.expired) == (len(STATEMENTS), ())
