"""A place whose Sharebox is not there, for whatever ends before or at the connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.place import Nowhere, Place, place_for

if TYPE_CHECKING:
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
