"""Names that are given and taken away while something looks at the files for an instant."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tui_transfer.errors import Problem, TransferError
from tui_transfer.system import names
from tui_transfer.system.files import write_private

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that are made, which take no time here."""
    made: list[float] = []
    monkeypatch.setattr(time, "sleep", made.append)
    return made


def looked_at(monkeypatch: pytest.MonkeyPatch, function: str, times: int, number: int | None) -> None:
    """Has the system refuse that often, as Windows does: a double, since no other system does."""
    as_it_is: Callable[..., Any] = getattr(os, function)
    left = times

    def refuse(*given: Any, **named: Any) -> Any:
        nonlocal left
        if left:
            left -= 1
            error = PermissionError(13, "looked at")
            if number is not None:
                error.winerror = number  # type: ignore[attr-defined]
            raise error
        return as_it_is(*given, **named)

    monkeypatch.setattr(os, function, refuse)


@pytest.mark.parametrize("number", [5, 32])
def test_a_name_is_given_once_nothing_looks_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pauses: list[float], number: int
) -> None:
    file = tmp_path / "config.toml"
    write_private(file, b"old")
    looked_at(monkeypatch, "replace", 3, number)
    write_private(file, b"new")
    assert file.read_bytes() == b"new"
    assert pauses == [0.02, 0.05, 0.1]
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("function", ["replace", "unlink"])
def test_a_refusal_that_lasts_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pauses: list[float], function: str
) -> None:
    file = tmp_path / "config.toml"
    file.touch()
    looked_at(monkeypatch, function, len(names.PAUSES) + 1, 32)
    with pytest.raises(PermissionError):
        names.replace(file, tmp_path / "other") if function == "replace" else names.remove(file)
    assert len(pauses) == len(names.PAUSES)
    assert 2 < sum(pauses) < 10


def test_what_no_system_takes_back_is_told_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pauses: list[float]
) -> None:
    looked_at(monkeypatch, "replace", 1, None)
    with pytest.raises(TransferError) as caught:
        write_private(tmp_path / "config.toml", b"new")
    assert caught.value.problem is Problem.DISK_UNWRITABLE
    assert not pauses


def test_folders_go_with_what_is_in_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pauses: list[float]
) -> None:
    folder = tmp_path / "spool"
    (folder / "0").mkdir(parents=True)
    (folder / "0" / "archive.part").touch()
    looked_at(monkeypatch, "unlink", 1, 32)
    names.remove_tree(folder / "0")
    looked_at(monkeypatch, "rmdir", 2, 145)
    names.remove_folder(folder)
    assert not folder.exists()
    assert len(pauses) == 3
    names.remove(folder)  # nothing is there any more


@pytest.mark.skipif(sys.platform != "win32", reason="elsewhere an open file loses its name")
def test_on_windows_a_file_that_is_open_keeps_its_name_until_it_is_closed(tmp_path: Path) -> None:
    import threading

    file = tmp_path / "file"
    file.touch()
    stream = file.open()
    timer = threading.Timer(0.3, stream.close)
    timer.start()
    names.remove(file)
    assert not file.exists()
    timer.join()
