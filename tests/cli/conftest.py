"""A place whose Sharebox is not there, for whatever ends before or at the connection; and one whose Sharebox
has the faults that a test chooses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.place import Nowhere, Place, place_for
from tests.servers.faulty import FaultyServer, faulty_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def base(tmp_path: Path) -> Path:
    path = tmp_path / "base.db"
    path.write_bytes(b"x" * 1000)
    return path


@pytest.fixture
def place(tmp_path: Path, base: Path) -> Place:
    made = place_for(tmp_path / "home", "secret")
    made.configure(Nowhere(), {"Base active": base})
    return made


@pytest.fixture
def server(tmp_path: Path) -> Iterator[FaultyServer]:
    with faulty_server(tmp_path / "faulty") as made:
        yield made


@pytest.fixture
def served(tmp_path: Path, server: FaultyServer, base: Path) -> Place:
    """A place whose Sharebox is `server`."""
    made = place_for(tmp_path / "home", server.password)
    made.configure(server, {"Base": base})
    return made
