"""The desktop of whoever sits at this machine: whether there is one, opening an address on it, a notice in
its corner.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
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
    import atexit
    import contextlib
    import ctypes
    from ctypes import wintypes

    from tui_transfer.system.winapi import function

    _ADD: Final = 0  # NIM_ADD
    _DELETE: Final = 2  # NIM_DELETE
    _WHAT_IS_SET: Final = 2 | 4 | 0x10  # NIF_ICON, NIF_TIP, NIF_INFO
    _INFORMATION: Final = 32_516  # IDI_INFORMATION
    _NOTICE_SECONDS: Final = 10.0

    class _Notice(ctypes.Structure):
        """`NOTIFYICONDATAW`."""

        _fields_ = (
            ("size", wintypes.DWORD),
            ("window", wintypes.HWND),
            ("number", wintypes.UINT),
            ("flags", wintypes.UINT),
            ("message", wintypes.UINT),
            ("icon", wintypes.HICON),
            ("tip", wintypes.WCHAR * 128),
            ("state", wintypes.DWORD),
            ("state_mask", wintypes.DWORD),
            ("text", wintypes.WCHAR * 256),
            ("version", wintypes.UINT),
            ("title", wintypes.WCHAR * 64),
            ("kind", wintypes.DWORD),
            ("guid", ctypes.c_byte * 16),
            ("own_icon", wintypes.HICON),
        )

    def notify(title: str, text: str) -> None:
        """Shows a notice in the corner of the desktop for some seconds, if this session has one; returns at
        once.

        By Microsoft's documentation of Shell_NotifyIcon; no desktop was there to try it on.
        """

        def show() -> None:
            with contextlib.suppress(OSError, AttributeError):  # no desktop here: a service, a Nano Server
                _show(title, text)

        threading.Thread(target=show, name="notice", daemon=True).start()

    def _show(title: str, text: str) -> None:
        window = function("kernel32", "GetConsoleWindow", wintypes.HWND)
        icon = function("user32", "LoadIconW", wintypes.HICON, wintypes.HINSTANCE, ctypes.c_void_p)
        tell = function(
            "shell32", "Shell_NotifyIconW", wintypes.BOOL, wintypes.DWORD, ctypes.POINTER(_Notice)
        )
        notice = _Notice(size=ctypes.sizeof(_Notice), window=window(), number=1, flags=_WHAT_IS_SET)
        notice.icon = icon(None, _INFORMATION)
        notice.tip, notice.title, notice.text = title[:127], title[:63], text[:255]
        shown = ctypes.pointer(notice)
        if not tell(_ADD, shown):
            return
        ended = atexit.register(lambda: tell(_DELETE, shown))  # or it would stay in the taskbar
        time.sleep(_NOTICE_SECONDS)
        atexit.unregister(ended)
        tell(_DELETE, shown)

    def open_address(address: str, patience: float) -> bool:
        """Opens a `mailto:` address in the program that the system knows; tells whether that went well."""
        try:
            os.startfile(address)  # noqa: S606 - an address of the caller's making
        except OSError:
            return False
        return True

else:

    def notify(title: str, text: str) -> None:
        """Nothing: here it is the terminal that calls whoever sits before it."""

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
