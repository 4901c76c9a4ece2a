"""Processes that outlive whoever started them, and that are asked to end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from tui_transfer.system import processes
from tui_transfer.system.processes import Asked, ask_to_end, start_detached

AWAY, ALONE = 0x0100_0000, 8


class Windows:
    """Starts processes as Windows would; a double, since only Windows has « jobs » that keep processes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *refused: int) -> None:
        self.tried: list[int] = []
        self._refused, self._start = refused, subprocess.Popen
        monkeypatch.setattr(processes, "_WAYS", (AWAY | ALONE, ALONE))
        monkeypatch.setattr(subprocess, "Popen", self._popen)

    def _popen(self, words: list[str], *, creationflags: int, **given: Any) -> subprocess.Popen[bytes]:
        self.tried.append(creationflags)
        if creationflags in self._refused:
            raise PermissionError
        return self._start(words, **given)


def started() -> int:
    pipe = subprocess.PIPE
    process = start_detached(
        [sys.executable, "-c", ""], stdin=pipe, stdout=pipe, stderr=pipe, env=dict(os.environ)
    )
    process.communicate()
    return process.returncode


def test_a_process_leaves_the_session_where_it_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    windows = Windows(monkeypatch)
    assert started() == 0
    assert windows.tried == [AWAY | ALONE]


def test_and_is_started_all_the_same_where_it_may_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    windows = Windows(monkeypatch, AWAY | ALONE)
    assert started() == 0
    assert windows.tried == [AWAY | ALONE, ALONE]


def test_what_may_not_be_started_at_all_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    windows = Windows(monkeypatch, AWAY | ALONE, ALONE)
    with pytest.raises(PermissionError):
        started()
    assert windows.tried == [AWAY | ALONE, ALONE]


def test_a_process_is_started_by_the_ways_of_this_system(tmp_path: Path) -> None:
    assert started() == 0


HAS_A_WINDOW = """
import ctypes
of_console = ctypes.windll.kernel32.GetConsoleWindow
of_console.restype = ctypes.c_void_p
window = of_console()
print(bool(window and ctypes.windll.user32.IsWindowVisible(ctypes.c_void_p(window))), flush=True)
"""


@pytest.mark.skipif(sys.platform != "win32", reason="elsewhere a process has no window")
def test_nothing_that_it_starts_opens_a_window() -> None:
    starts = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {HAS_A_WINDOW!r}])"
    pipe = subprocess.PIPE
    words = [sys.executable, "-c", HAS_A_WINDOW + starts]
    process = start_detached(words, stdin=pipe, stdout=pipe, stderr=pipe, env=dict(os.environ))
    # Whoever has a console of its own writes there, and not to this pipe.
    assert process.communicate()[0].split() == [b"False", b"False"]


@pytest.mark.parametrize("number", [5, 87])
def test_one_that_is_just_ending_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    refusal = OSError(22, "")
    refusal.winerror = number  # type: ignore[attr-defined]

    def refuse(*_: object) -> psutil.Process:
        raise refusal if number == 87 else psutil.AccessDenied

    monkeypatch.setattr(psutil, "Process", refuse)
    assert ask_to_end(process.pid, "tui_transfer.worker", tmp_path) is Asked.ABSENT
    if number == 5:
        assert ask_to_end(os.getpid(), "tui_transfer.worker", tmp_path) is Asked.FORBIDDEN


def test_another_failure_is_not_hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> psutil.Process:
        raise OSError(5, "the disk")

    monkeypatch.setattr(psutil, "Process", fail)
    with pytest.raises(OSError, match="disk"):
        ask_to_end(os.getpid(), "tui_transfer.worker", tmp_path)
