"""Which programs of this machine have files open, as far as this account may see that."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import psutil

UNNAMED: Final = "un autre programme"
"""One that the system does not name, on another station for instance."""


def _described(name: str, pid: int) -> str:
    return f"{name} (processus {pid})"


def _is_ours(process: psutil.Process, module: str) -> bool:
    return process.pid == os.getpid() or module in process.cmdline()


if sys.platform == "win32":
    import _winapi
    import ctypes
    import time
    from ctypes import wintypes

    from tui_transfer.system.cancellation import Cancellation
    from tui_transfer.system.paths import literal, readable
    from tui_transfer.system.waiting import result_of
    from tui_transfer.system.winapi import function

    _SHARING_VIOLATION: Final = 32
    _PAUSES: Final = (0.1, 0.2, 0.4)
    """Seconds between two looks: what looks through files against viruses, or for an index, has each open for
    an instant only.
    """
    _LOOKING_SECONDS: Final = 10.0
    """For all files: what was not looked at by then, in a folder of many thousands, goes for closed."""
    _ASKING_SECONDS: Final = 5.0
    """For the programs of one path."""
    _MOST_FILES: Final = 20
    """Files of one path whose programs are asked for."""

    _CODE: Final = wintypes.DWORD  # of an error; 0 where there is none
    _MORE_DATA: Final = 234
    _ROUNDS: Final = 5
    """How often the list of programs may have grown while there was room made for it."""

    class _Process(ctypes.Structure):
        """`RM_PROCESS_INFO`; its first two fields are an `RM_UNIQUE_PROCESS`."""

        _fields_ = (
            ("pid", wintypes.DWORD),
            ("started", wintypes.FILETIME),
            ("name", wintypes.WCHAR * 256),
            ("service", wintypes.WCHAR * 64),
            ("kind", ctypes.c_int),
            ("status", wintypes.ULONG),
            ("session", wintypes.DWORD),
            ("restartable", wintypes.BOOL),
        )

    def programs_using(paths: Sequence[Path], *, but: str) -> dict[Path, list[str]]:
        """The programs that have a file open, or one of a folder; see below.

        `psutil` does not see who keeps a file for itself, and its search can hold up the whole process (its
        issue 1967). So each file is opened as nobody may have it open already, and closed at once; of what is
        refused the Restart Manager knows the programs.
        """
        end = time.monotonic() + _LOOKING_SECONDS
        users = {}
        for path in paths:
            held = _held(path, end)
            if held and (programs := _programs(held, but)):
                users[path] = programs
        return users

    def _held(path: Path, end: float) -> list[str]:
        held: list[str] = []
        for file in _files(path):
            if time.monotonic() > end or len(held) == _MOST_FILES:
                break
            if _is_held(file):
                held.append(readable(file))
        return held

    def _files(path: Path) -> Iterator[str]:
        whole = literal(path)  # by which also « Paie 2021. » is found
        if not os.path.isdir(whole):  # noqa: PTH112
            yield whole
            return
        for folder, _, names in os.walk(whole):
            yield from (os.path.join(folder, name) for name in names)  # noqa: PTH118 - taken as they are

    def _is_held(file: str) -> bool:
        for pause in (*_PAUSES, 0.0):
            try:
                handle = _winapi.CreateFile(file, _winapi.GENERIC_READ, 0, 0, _winapi.OPEN_EXISTING, 0, 0)
            except OSError as error:
                if error.winerror != _SHARING_VIOLATION:  # what cannot be looked at is told by others
                    return False
                time.sleep(pause)
            else:
                _winapi.CloseHandle(handle)
                return False
        return True

    def _programs(files: list[str], but: str) -> list[str]:
        """Who has them, without this program; whoever it is that nobody names."""
        import psutil  # takes a while to load

        try:
            found = result_of(lambda: _asked(files), Cancellation(), seconds=_ASKING_SECONDS)
        except (OSError, AttributeError):  # no such library, or it lacks something; or no answer
            found = []
        others = set()
        for pid, name in found:
            try:
                if _is_ours(psutil.Process(pid), but):
                    continue
            except psutil.Error:  # gone meanwhile, or another account's
                pass
            others.add(_described(name, pid) if name else UNNAMED)
        return sorted(others) if found else [UNNAMED]

    def _asked(files: list[str]) -> list[tuple[int, str]]:
        """The number and the name of each program that has one of the files open; none where the Restart
        Manager does not know.

        Source: Microsoft, « Restart Manager ».
        """
        start = function(
            "rstrtmgr", "RmStartSession", _CODE, wintypes.LPDWORD, wintypes.DWORD, wintypes.LPWSTR
        )
        register = function(
            "rstrtmgr",
            "RmRegisterResources",
            _CODE,
            wintypes.DWORD,
            *(wintypes.UINT, ctypes.POINTER(wintypes.LPCWSTR)),
            *(wintypes.UINT, ctypes.c_void_p) * 2,
        )
        counts = wintypes.LPUINT, wintypes.LPUINT
        listed = ctypes.POINTER(_Process)
        get = function("rstrtmgr", "RmGetList", _CODE, wintypes.DWORD, *counts, listed, wintypes.LPDWORD)
        end = function("rstrtmgr", "RmEndSession", _CODE, wintypes.DWORD)
        session, key = wintypes.DWORD(), ctypes.create_unicode_buffer(33)
        if start(ctypes.byref(session), 0, key):
            return []
        try:
            if register(session, len(files), (wintypes.LPCWSTR * len(files))(*files), 0, None, 0, None):
                return []
            room = 8
            for _ in range(_ROUNDS):
                found = (_Process * room)()
                needed, count, reasons = wintypes.UINT(), wintypes.UINT(room), wintypes.DWORD()
                said = get(session, ctypes.byref(needed), ctypes.byref(count), found, ctypes.byref(reasons))
                if said == 0:
                    return [(process.pid, process.name) for process in found[: count.value]]
                if said != _MORE_DATA:
                    return []
                room = max(room, needed.value) + 8
            return []
        finally:
            end(session)

else:

    def programs_using(paths: Sequence[Path], *, but: str) -> dict[Path, list[str]]:
        """The programs that have a file open, or one of a folder, for each of `paths` where there are any.

        This one does not count, nor one whose command line names the module `but`.

        Args:
            paths: files and folders, links resolved.
            but: the module that this program's own workers run.

        Returns:
            Each program as « name (processus number) », or `UNNAMED`; sorted.
        """
        import psutil  # takes a while to load

        users: dict[Path, set[str]] = {}
        for process in psutil.process_iter(["pid", "name"]):
            try:
                opened = [Path(file.path) for file in process.open_files()]
                held = [path for path in paths if any(file.is_relative_to(path) for file in opened)]
                if not held or _is_ours(process, but):
                    continue
            except psutil.Error:  # gone meanwhile, or another account's: what cannot be seen is ticked
                continue
            for path in held:
                users.setdefault(path, set()).add(_described(process.info["name"], process.pid))
        return {path: sorted(programs) for path, programs in users.items()}
