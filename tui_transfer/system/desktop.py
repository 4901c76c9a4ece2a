"""The desktop of whoever sits at this machine: whether there is one, and opening an address on it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

IS_PART_OF_SYSTEM: Final = sys.platform in {"win32", "darwin"}
"""On Windows and macOS there always is one, and the system itself opens addresses."""


def has_local_display(environment: Mapping[str, str]) -> bool:
    """Whether the person sits at this machine's own display; over SSH its clipboard is the server's."""
    if environment.get("SSH_CONNECTION") or environment.get("SSH_TTY"):
        return False
    return IS_PART_OF_SYSTEM or bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))


if sys.platform == "win32":

    def open_address(address: str, patience: float) -> bool:
        """Opens a `mailto:` address in the program that the system knows; tells whether that went well."""
        try:
            os.startfile(address)  # noqa: S606 - an address of the caller's making
        except OSError:
            return False
        return True

else:

    def open_address(address: str, patience: float) -> bool:
        """Opens a `mailto:` address in the program that the system knows; tells whether that went well.

        One that still runs after `patience` seconds is taken to have begun.
        """
        program = "open" if sys.platform == "darwin" else "xdg-email"
        try:
            opening = subprocess.Popen(
                [program, address],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError:
            return False
        try:
            return opening.wait(patience) == 0
        except subprocess.TimeoutExpired:
            # Waited for in the background, so that it does not stay a zombie while this process lives.
            threading.Thread(target=opening.wait, daemon=True).start()
            return True
