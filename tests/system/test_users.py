"""Who has files open. What Linux tells is tried with what the prerequisites make of it; here is Windows."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tui_transfer.system import users
from tui_transfer.system.paths import literal
from tui_transfer.system.users import UNNAMED, programs_using

OURS = "tui_transfer.worker"
HOLD = """
import _winapi, sys
_winapi.CreateFile(sys.argv[1], _winapi.GENERIC_READ, int(sys.argv[2]), 0, _winapi.OPEN_EXISTING, 0, 0)
print(flush=True)
sys.stdin.read()
"""
on_windows = pytest.mark.skipif(sys.platform != "win32", reason="elsewhere nobody keeps a file for itself")


class Holder:
    """A program that has a file open; `sharing` as Windows counts it, 0 for nobody else."""

    def __init__(self, file: Path, sharing: int = 0, *words: str) -> None:
        pipe = subprocess.PIPE
        command = [sys.executable, "-c", HOLD, literal(file), str(sharing), *words]
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe)
        assert self._process.stdout
        assert self._process.stdout.readline()
        self.pid = self._process.pid

    def __enter__(self) -> Holder:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()


class RestartManager:
    """Answers as Windows' own, which Wine does not have."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *found: tuple[int, str]) -> None:
        self._found = found
        self.files: list[str] = []
        self.open = 0
        self.refusing = ""
        self.waited_for = threading.Event()
        self.waited_for.set()
        monkeypatch.setattr(users, "function", self._function)

    def _function(self, library: str, name: str, *types: Any) -> Callable[..., int]:
        def called(*given: Any) -> int:
            if name == self.refusing:
                return 29
            answer: Callable[..., int] = getattr(self, name)
            return answer(*given)

        assert library == "rstrtmgr"
        return called

    def RmStartSession(self, session: Any, flags: int, key: Any) -> int:  # noqa: N802
        self.open += 1
        session._obj.value = 7
        return 0

    def RmRegisterResources(self, session: Any, count: int, names: Any, *nothing: Any) -> int:  # noqa: N802
        assert (session.value, nothing) == (7, (0, None, 0, None))
        self.files = list(names[:count])
        return 0

    def RmGetList(self, session: Any, needed: Any, count: Any, room: Any, reasons: Any) -> int:  # noqa: N802
        self.waited_for.wait()
        needed._obj.value = len(self._found)
        if count._obj.value < len(self._found):
            return 234
        count._obj.value = len(self._found)
        for place, (pid, name) in enumerate(self._found):
            room[place].pid, room[place].name = pid, name
        return 0

    def RmEndSession(self, session: Any) -> int:  # noqa: N802
        self.open -= 1
        return 0


@pytest.fixture
def base(tmp_path: Path) -> Path:
    file = tmp_path / "bases" / "Paie. " / "base.mdb"  # such a folder is found letter by letter alone
    Path(literal(file.parent)).mkdir(parents=True)
    Path(literal(file)).write_bytes(b"x")
    return file


@on_windows
def test_a_file_is_in_use_however_it_is_open_and_so_is_its_folder(base: Path) -> None:
    folder, other = base.parents[1], base.parents[1] / "autre.mdb"
    other.write_bytes(b"x")
    asked = [base, base.parent, folder, other]
    assert programs_using(asked, but=OURS) == {}
    for sharing in (0, 1 | 2 | 4):
        with Holder(base, sharing) as holder:
            found = programs_using(asked, but=OURS)
        assert set(found) == {base, base.parent, folder}
        for programs in found.values():
            assert programs == [UNNAMED] or programs[0].endswith(f"(processus {holder.pid})")
    assert programs_using(asked, but=OURS) == {}


@on_windows
def test_the_programs_are_named_but_for_our_own(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = base.with_name("sent.mdb")
    Path(literal(sent)).write_bytes(b"x")
    with Holder(base), Holder(sent, 7, OURS) as worker:
        ours = (os.getpid(), "Python"), (worker.pid, "Python")
        others = [(900_000_000 + number, f"Paie {number}") for number in range(20)]  # no such processes
        manager = RestartManager(monkeypatch, *ours, *others)
        named = sorted(f"{name} (processus {pid})" for pid, name in others)
        assert programs_using([base], but=OURS) == {base: named}
        assert (manager.files, manager.open) == ([str(base)], 0)
        RestartManager(monkeypatch, *ours)
        assert programs_using([base], but=OURS) == {}


@on_windows
@pytest.mark.parametrize("refusing", ["", "RmStartSession", "RmRegisterResources", "RmGetList"])
def test_whoever_is_not_named_is_another_program(
    base: Path, monkeypatch: pytest.MonkeyPatch, refusing: str
) -> None:
    manager = RestartManager(monkeypatch)
    manager.refusing = refusing
    with Holder(base):
        assert programs_using([base], but=OURS) == {base: [UNNAMED]}
    assert manager.open == 0


@on_windows
def test_so_is_one_that_the_system_does_not_name_in_time(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manager = RestartManager(monkeypatch, (900_000_000, "Paie"))
    manager.waited_for.clear()
    monkeypatch.setattr(users, "_ASKING_SECONDS", 0.1)
    with Holder(base):
        assert programs_using([base], but=OURS) == {base: [UNNAMED]}
    manager.waited_for.set()


@on_windows
def test_and_one_where_this_windows_has_nobody_to_ask(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(users, "function", lambda *_: getattr(os, "no_such_function"))  # noqa: B009
    with Holder(base):
        assert programs_using([base], but=OURS) == {base: [UNNAMED]}
