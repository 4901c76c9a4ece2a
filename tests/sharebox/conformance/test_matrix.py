"""Every row on every server. A row that a server cannot have is declared there, with its reason."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from filelock import FileLock

from tests.sharebox.conformance.rows import judge
from tests.sharebox.conformance.servers import SERVERS
from tests.sharebox.conformance.story import Story, tell
from tests.sharebox.conformance.target import Entry, Login, Row, Workshop


def _cells() -> Iterator[object]:
    for entry in SERVERS:
        for row in Row:
            yield pytest.param(entry, row, id=f"{entry.name}: {row}")


@pytest.fixture
def stories(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where stories are kept that were told in this run, by whichever of the processes that share it."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "conformance"
    folder.mkdir(exist_ok=True)
    return folder


def _story(entry: Entry, stories: Path, workshop: Workshop) -> Story:
    """What happened on that server: told once, by the first who asks."""
    name = re.sub(r"\W+", "-", entry.name)
    with FileLock(stories / f"{name}.lock"):
        file = stories / f"{name}.json"
        if not file.exists():
            file.write_bytes(msgspec.json.encode(tell(entry, workshop)))
        return msgspec.json.decode(file.read_bytes(), type=Story)


@pytest.mark.parametrize(("entry", "row"), _cells())
def test_row(entry: Entry, row: Row, request: pytest.FixtureRequest, stories: Path, tmp_path: Path) -> None:
    if row in entry.without:
        return
    workshop = Workshop(tmp_path, lambda: request.getfixturevalue("account"))
    judge(row, entry, _story(entry, stories, workshop))


def test_the_expectations_fit_together() -> None:
    for entry in SERVERS:
        assert any(entry.has(login) for login in Login), entry.name
        assert entry.said is None or entry.said.goes_on == entry.goes_on, entry.name
    assert len({entry.name for entry in SERVERS}) == len(SERVERS)
