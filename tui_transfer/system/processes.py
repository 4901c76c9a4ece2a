"""Processes of this machine that were started from here, known by what they run and not by a number alone."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from enum import Enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import psutil


if sys.platform == "win32":
    ASIDE: Final = subprocess.CREATE_NEW_PROCESS_GROUP
    # A console of its own, without a window: whatever such a process starts would open one otherwise, and so
    # would the `python.exe` of a virtual environment, which starts another.
    _ALONE: Final = subprocess.CREATE_NO_WINDOW | ASIDE
    _WAYS: Final[tuple[int, ...]] = (_ALONE | subprocess.CREATE_BREAKAWAY_FROM_JOB, _ALONE)
else:
    ASIDE: Final = 0
    _WAYS: Final[tuple[int, ...]] = (0,)
"""Flags for a process that outlives its terminal, the best first. On Windows all that belongs to a session
may be in one « job », as OpenSSH's server has it, and ends with it; some jobs let nobody go, and refuse.
`ASIDE` is for one that a Ctrl+C at the terminal is not for, which elsewhere has a session of its own.
"""


def start_detached(
    words: Sequence[str], *, stdin: int, stdout: int, stderr: int, env: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    """Starts a process that goes on when the terminal is closed and whoever started it has ended.

    Args:
        words: the program, and what it is given.
        stdin, stdout, stderr: as for `subprocess.Popen`, which gives the rest of them too.
        env: its environment.

    Raises:
        OSError: it cannot be started.
    """
    for flags in _WAYS:
        try:
            return subprocess.Popen(
                words,
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                env=env,
                start_new_session=True,
                creationflags=flags,
            )
        except PermissionError:
            if flags == _WAYS[-1]:
                raise
    raise AssertionError("there is a way at least")


ENDINGS: Final = tuple(getattr(signal, name) for name in ("SIGHUP", "SIGTERM") if sys.platform != "win32")
"""The signals that say that the terminal was closed, or that the program is to end; Windows sends none."""


_ENDED: Final = frozenset({5, 87})
"""ERROR_ACCESS_DENIED and ERROR_INVALID_PARAMETER of Windows, asked of a process that is gone."""


class Asked(Enum):
    """What became of a request to end."""

    HEARD = "heard"
    ABSENT = "absent"
    """This machine has no such process."""
    FORBIDDEN = "forbidden"
    """It is another account's."""


def ask_to_end(pid: int, module: str, folder: Path) -> Asked:
    """Has a process end that runs `python -m module` and works in `folder`; one of that number that does not
    is left alone.

    It is interrupted, as by Ctrl+C. On Windows, where a process without a console cannot be, it is ended.
    """
    import psutil  # takes a while to load

    try:
        process = psutil.Process(pid)
        if not _runs(process, module, folder):
            return Asked.ABSENT
        if sys.platform == "win32":
            process.terminate()
        else:
            process.send_signal(signal.SIGINT)
    except psutil.NoSuchProcess:
        return Asked.ABSENT
    except (psutil.AccessDenied, OSError) as error:
        # Windows refuses access to a process that is just ending, and calls one that has ended an invalid
        # argument.
        if not isinstance(error, psutil.AccessDenied) and getattr(error, "winerror", None) not in _ENDED:
            raise
        return Asked.FORBIDDEN if psutil.pid_exists(pid) else Asked.ABSENT
    return Asked.HEARD


def _runs(process: psutil.Process, module: str, folder: Path) -> bool:
    words = process.cmdline()
    if ["-m", module] not in [words[index : index + 2] for index in range(len(words))]:
        return False
    try:
        return folder.samefile(process.cwd())
    except OSError:
        return False


def give_way(niceness: int) -> None:
    """Lets whatever else wants this thread's core have it first, where that can be said of one thread."""
    if sys.platform == "linux":  # elsewhere it would slow down the whole process, or does not exist
        with contextlib.suppress(OSError):  # some sandboxes refuse it
            as_given = os.getpriority(os.PRIO_PROCESS, 0)  # on top of what the person gave it
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), as_given + niceness)
