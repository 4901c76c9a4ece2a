"""How far places of a database shrink tells what the rest of its archive will be like."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from tui_transfer.archive.companions import Selection
from tui_transfer.archive.outlook import PLACES, look_ahead
from tui_transfer.archive.source import list_source

if TYPE_CHECKING:
    from pathlib import Path

MEGA = 1 << 20


def _places(path: Path) -> tuple[int, ...]:
    return look_ahead(list_source(path, Selection((), ())), threading.Event())


def test_what_shrinks_is_told_from_what_does_not_wherever_it_is(tmp_path: Path) -> None:
    """Half chance, half zeros, over three files: places count from the beginning of the first on."""
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "1.dat").write_bytes(os.urandom(8 * MEGA))
    (tmp_path / "base" / "2.dat").write_bytes(os.urandom(12 * MEGA) + bytes(12 * MEGA))
    (tmp_path / "base" / "3.dat").write_bytes(bytes(8 * MEGA))
    places = _places(tmp_path / "base")
    assert len(places) == PLACES
    assert min(places[: PLACES // 2]) > 990
    assert max(places[PLACES // 2 :]) < 10


def test_nothing_is_told_of_what_is_packed_at_once_or_cannot_be_read(tmp_path: Path) -> None:
    small, gone = tmp_path / "small.dat", tmp_path / "gone.dat"
    small.write_bytes(os.urandom(MEGA))
    assert _places(small) == ()
    gone.write_bytes(bytes(40 * MEGA))
    source = list_source(gone, Selection((), ()))
    gone.unlink()
    assert look_ahead(source, threading.Event()) == ()
