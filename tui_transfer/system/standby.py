"""Keeps the machine from standby while work goes on that nobody attends; its screen may go dark."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

if sys.platform == "win32":
    import ctypes

    _FROM_NOW_ON: Final = 0x8000_0000  # ES_CONTINUOUS
    _AWAKE: Final = 1  # ES_SYSTEM_REQUIRED

    @contextmanager
    def held_off() -> Iterator[None]:
        """While the body runs, in this thread to whose life Windows binds it, the machine stays awake."""
        ctypes.windll.kernel32.SetThreadExecutionState(_FROM_NOW_ON | _AWAKE)
        try:
            yield
        finally:
            ctypes.windll.kernel32.SetThreadExecutionState(_FROM_NOW_ON)

elif sys.platform == "darwin":

    @contextmanager
    def held_off() -> Iterator[None]:
        """While the body runs, and at most as long as this process, the machine stays awake.

        By Apple's documentation of caffeinate(8); it was tried on no such machine.
        """
        with contextlib.suppress(OSError):
            subprocess.Popen(
                ["/usr/bin/caffeinate", "-i", "-w", str(os.getpid())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        yield

else:

    @contextmanager
    def held_off() -> Iterator[None]:
        """Nothing is held off: servers have no standby, and who may forbid it differs between desktops."""
        yield
