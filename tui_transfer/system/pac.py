"""Whether this machine finds its proxy by a script (proxy auto-config), and where that is.

Such a script is a program of somebody else's, in JavaScript. It is not run here: it is told, and whoever
wrote it knows which proxy it gives.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from typing import Final

from tui_transfer.errors import harmless

_SECONDS: Final = 1.0
"""For a program of the system that is asked; it takes some hundredths."""


def proxy_script() -> str | None:
    """The address of the script that the environment or the system's settings name, fit to be shown."""
    named = (os.environ.get(name) for name in ("auto_proxy", "AUTO_PROXY"))  # as Chromium reads it
    found = (next(filter(None, named), None) or _of_system() or "").strip()
    return harmless(re.sub(r"//[^/]*@", "//", found)) or None  # without a name and password


def script_hint(address: str) -> str:
    """The same as a French sentence for whoever looks for the proxy."""
    return (
        f"Cette machine choisit son proxy par un script (PAC), {address} : votre service informatique sait "
        "lequel il donne."
    )


if sys.platform == "win32":

    def _of_system() -> str | None:
        """As Windows' settings have it, under « Utiliser un script d’installation »."""
        import winreg

        key = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings"
        try:
            with winreg.OpenKey(winreg.HKEY_CURRENT_USER, key) as settings:
                return str(winreg.QueryValueEx(settings, "AutoConfigURL")[0])
        except OSError:
            return None

elif sys.platform == "darwin":

    def _of_system() -> str | None:
        """As macOS' settings have it."""
        settings = _said_by("scutil", "--proxy")
        if not re.search(r"ProxyAutoConfigEnable\s*:\s*1", settings):
            return None
        found = re.search(r"ProxyAutoConfigURLString\s*:\s*(\S+)", settings)
        return found[1] if found else None

else:

    def _of_system() -> str | None:
        """As the settings of GNOME and its kin have it."""
        if _said_by("gsettings", "get", "org.gnome.system.proxy", "mode").strip(" '\n") != "auto":
            return None
        return _said_by("gsettings", "get", "org.gnome.system.proxy", "autoconfig-url").strip(" '\n")


def _said_by(program: str, *arguments: str) -> str:
    """What a program says, if there is one, in time."""
    file = shutil.which(program)
    if file is None:
        return ""
    try:
        answer = subprocess.run(
            [file, *arguments], capture_output=True, stdin=subprocess.DEVNULL, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.decode("utf-8", "replace")
