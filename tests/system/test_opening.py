"""What another program keeps for itself is told from what may not be read."""

from __future__ import annotations

import errno
import os
import sys
import time
from pathlib import Path

import pytest

from tui_transfer.archive.disk import unreadable
from tui_transfer.errors import Problem
from tui_transfer.system import opening
from tui_transfer.system.opening import is_in_use, may_be_read, open_to_read

IN_USE = "un autre programme l’a ouvert"


def refused(number: int | None, name: str | None = "base.mdb") -> OSError:
    """As Windows refuses."""
    error = OSError(errno.EACCES, os.strerror(errno.EACCES), name)
    if sys.platform != "win32" or number is not None:
        error.winerror = number  # type: ignore[attr-defined,unused-ignore]
    return error


@pytest.mark.parametrize("number", [32, 33])
def test_a_file_that_another_program_keeps_is_locked(number: int) -> None:
    told = unreadable("base.mdb", refused(number))
    assert told.problem is Problem.DATABASE_LOCKED
    assert told.details["reason"] == IN_USE


def test_a_file_that_may_not_be_read_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "_LOCKS_PARTS", True)
    told = unreadable("base.mdb", refused(5))
    assert (told.problem, told.details["reason"]) == (Problem.DATABASE_UNREADABLE, "accès refusé")


def test_a_part_that_is_locked_is_in_use_where_the_system_locks_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    while_reading = refused(None, None)
    monkeypatch.setattr(opening, "_LOCKS_PARTS", False)
    assert not is_in_use(while_reading)
    monkeypatch.setattr(opening, "_LOCKS_PARTS", True)
    assert is_in_use(while_reading)
    assert not is_in_use(refused(None))


def test_a_file_is_opened_and_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "base.mdb"
    file.write_bytes(b"a\r\nb\x1a")
    may_be_read(file)
    with os.fdopen(open_to_read(file), "rb") as stream:
        assert stream.read() == b"a\r\nb\x1a"
        file.write_bytes(b"other")
        file.rename(tmp_path / "moved")
    with pytest.raises(FileNotFoundError) as caught:
        open_to_read(file)
    assert caught.value.filename == str(file)


@pytest.mark.skipif(sys.platform != "win32", reason="elsewhere nobody can keep a file for itself")
def test_on_windows_a_file_that_is_kept_is_in_use(tmp_path: Path) -> None:
    if sys.platform == "win32":  # for the types
        import _winapi

        file = tmp_path / "base.mdb"
        file.write_bytes(b"x" * 100)
        handle = _winapi.CreateFile(str(file), _winapi.GENERIC_READ, 0, 0, _winapi.OPEN_EXISTING, 0, 0)
        try:
            for look in (open_to_read, may_be_read):
                with pytest.raises(OSError, match=r"base\.mdb") as caught:
                    look(file)
                assert is_in_use(caught.value)
        finally:
            _winapi.CloseHandle(handle)
        may_be_read(file)


@pytest.mark.skipif(sys.platform != "win32", reason="elsewhere nobody can keep a file for itself")
def test_on_windows_one_that_is_kept_for_an_instant_is_opened_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if sys.platform == "win32":  # for the types
        import _winapi

        file = tmp_path / "base.mdb"
        file.write_bytes(b"x" * 100)
        kept = [_winapi.CreateFile(str(file), _winapi.GENERIC_READ, 0, 0, _winapi.OPEN_EXISTING, 0, 0)]
        monkeypatch.setattr(time, "sleep", lambda _: kept and _winapi.CloseHandle(kept.pop()))
        os.close(open_to_read(file))
        assert kept == []
