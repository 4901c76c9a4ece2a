"""The processes that workers are: how one is started, and how one loads while its command still does.

It loads little, so that a command can have a worker prepared before it has loaded itself: on two cores both
take the time of one. A worker learns which job is its own from the orders on its standard input. One that
gets none, since its command was refused or has died, ends by itself.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from typing import Final

from tui_transfer.settings.variables import SECRET_VARIABLES
from tui_transfer.system.processes import start_detached

WORKER_MODULE: Final = "tui_transfer.worker"

_prepared: list[subprocess.Popen[bytes]] = []


def prepare() -> None:
    """Starts a worker, which the next `start` takes."""
    with suppress(OSError):  # `start` finds the same, and tells it
        _prepared.append(_new())


def start() -> subprocess.Popen[bytes]:
    """A worker that waits for its orders, with pipes for what it is told and says.

    Raises:
        OSError: none can be started.
    """
    while _prepared:
        worker = _prepared.pop()
        if worker.poll() is None:
            return worker
        worker.communicate()  # what it said, the next one says again
    return _new()


def _new() -> subprocess.Popen[bytes]:
    # -P: the folder it is started in is not searched for modules.
    return start_detached(
        [sys.executable, "-P", "-m", WORKER_MODULE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={name: value for name, value in os.environ.items() if name not in SECRET_VARIABLES},
    )
