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
    from pathlib import Path

    import psutil


if sys.platform == "win32":
    DETACHED: Final = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
else:
    DETACHED: Final = 0
"""For `subprocess.Popen`: what a process needs, beside a session of its own, to outlive its terminal."""


ENDINGS: Final = tuple(getattr(signal, name) for name in ("SIGHUP", "SIGTERM") if sys.platform != "win32")
"""The signals that say that the terminal was closed, or that the program is to end; Windows sends none."""


class Asked(Enum):
    """What became of a request to end."""

    HEARD = "heard"
    ABSENT = "absent"
    """This machine has no such process."""
    FORBIDDEN = "forbidden"
    """It is another account's."""


def ask_to_end(pid: int, module: str, folder: Path) -> Asked:
    """Has a process end that runs `python -m module folder`; one of that number that runs something else is
    left alone.

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
    except psutil.AccessDenied:
        return Asked.FORBIDDEN
    except psutil.NoSuchProcess:
        return Asked.ABSENT
    return Asked.HEARD


def _runs(process: psutil.Process, module: str, folder: Path) -> bool:
    words = process.cmdline()
    if ["-m", module] not in [words[index : index + 2] for index in range(len(words))]:
        return False
    try:
        return folder.samefile(words[-1])
    except OSError:
        return False


def give_way(niceness: int) -> None:
    """Lets whatever else wants this thread's core have it first, where that can be said of one thread."""
    if sys.platform == "linux":  # elsewhere it would slow down the whole process, or does not exist
        with contextlib.suppress(OSError):  # some sandboxes refuse it
            as_given = os.getpriority(os.PRIO_PROCESS, 0)  # on top of what the person gave it
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), as_given + niceness)
