"""Every row on every server. A row that a server cannot have is declared there, with its reason."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import pytest
from filelock import FileLock, Timeout

from tests.sharebox.conformance.rows import judge
from tests.sharebox.conformance.servers import SERVERS
from tests.sharebox.conformance.story import Story, tell
from tests.sharebox.conformance.target import Entry, Login, Row, Workshop


def _cells() -> Iterator[object]:
    for entry in SERVERS:
        for row in Row:
            yield pytest.param(entry, row, id=f"{entry.name}: {row}")


@pytest.fixture
def stories(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where stories are kept that were told in this run, by whichever of the processes that share it."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "conformance"
    folder.mkdir(exist_ok=True)
    return folder


class Library:
    """The stories of this run: each is told once, by whichever of its processes comes first.

    Args:
        folder: where they are kept.
        wanted: the servers that this run asks about.
        workshop: makes servers.
    """

    def __init__(self, folder: Path, wanted: Sequence[Entry], workshop: Callable[[Entry], Workshop]) -> None:
        self._folder = folder
        self._wanted = wanted
        self._workshop = workshop

    def story(self, entry: Entry) -> Story:
        """What happened on that server. While another process is telling it, others are told."""
        while not self._tell(entry, wait=False):
            if not any(self._tell(other, wait=False) for other in self._wanted if not self._is_told(other)):
                self._tell(entry, wait=True)
        return msgspec.json.decode(self._file(entry).read_bytes(), type=Story)

    def _file(self, entry: Entry) -> Path:
        return self._folder / f"{re.sub(r'[^a-z]+', '-', entry.name.lower())}.json"

    def _is_told(self, entry: Entry) -> bool:
        return self._file(entry).exists()

    def _tell(self, entry: Entry, *, wait: bool) -> bool:
        """Tells it, where that is still to be done; False where another process is at it."""
        file = self._file(entry)
        try:
            with FileLock(file.with_suffix(".lock"), blocking=wait):
                if not file.exists():
                    content = msgspec.json.encode(tell(entry, self._workshop(entry)))
                    file.with_suffix(".new").write_bytes(content)
                    file.with_suffix(".new").rename(file)
        except Timeout:
            return False
        return True


@pytest.fixture
def library(
    request: pytest.FixtureRequest, stories: Path, tmp_path_factory: pytest.TempPathFactory
) -> Library:
    calls = [item.callspec for item in request.session.items if hasattr(item, "callspec")]
    asked = {call.params["entry"].name for call in calls if isinstance(call.params.get("entry"), Entry)}
    return Library(
        stories,
        [entry for entry in SERVERS if entry.name in asked],
        lambda entry: Workshop(tmp_path_factory.mktemp("server"), lambda: request.getfixturevalue("account")),
    )


@pytest.mark.parametrize(("entry", "row"), _cells())
def test_row(entry: Entry, row: Row, library: Library) -> None:
    if row not in entry.without:
        judge(row, entry, library.story(entry))


def test_the_expectations_fit_together() -> None:
    for entry in SERVERS:
        assert any(entry.has(login) for login in Login), entry.name
        assert entry.said is None or entry.said.goes_on == entry.goes_on, entry.name
    assert len({entry.name for entry in SERVERS}) == len(SERVERS)
