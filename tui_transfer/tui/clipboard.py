"""Copying, and saying truthfully what became of it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from enum import Enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.app import App

_PATIENCE: Final = 2.0


class Means(Enum):
    """How a text leaves the program."""

    TMUX = "tmux"
    DISPLAY = "display"
    TERMINAL = "terminal"


def find_means(environment: Mapping[str, str]) -> Means:
    """The best means there is: tmux's buffer, the clipboard of a local display, or the terminal."""
    if environment.get("TMUX"):
        return Means.TMUX
    return Means.DISPLAY if has_local_display(environment) else Means.TERMINAL


def has_local_display(environment: Mapping[str, str]) -> bool:
    """Whether the person sits at this machine's own display; over SSH its clipboard is the server's."""
    if environment.get("SSH_CONNECTION") or environment.get("SSH_TTY"):
        return False
    if sys.platform in {"win32", "darwin"}:
        return True
    return bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))


async def copy(app: App[int], text: str, what: str, environment: Mapping[str, str] = os.environ) -> str:
    """Copies `text`; returns a French sentence that says what was done with `what`."""
    means = find_means(environment)
    if means is Means.TMUX and await asyncio.to_thread(_to_tmux, text):
        return f"{what} : placé dans le tampon de tmux (préfixe puis ]) et envoyé au terminal."
    if means is Means.DISPLAY and await asyncio.to_thread(_to_display, text):
        return f"{what} : placé dans le presse-papiers de cette machine."
    app.copy_to_clipboard(text)
    return f"{what} : envoyé au terminal. S'il ne se colle pas, appuyez sur X."


def _to_tmux(text: str) -> bool:
    """`-w` also hands it to the terminal's clipboard, where tmux is allowed to."""
    try:
        done = subprocess.run(
            ["tmux", "load-buffer", "-w", "-"],
            input=text.encode(),
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _to_display(text: str) -> bool:
    """True only once the clipboard gives the text back."""
    import pyperclip  # type: ignore[import-untyped]  # looks for clipboard programs when imported: not before it is needed

    try:
        pyperclip.copy(text)
        return bool(pyperclip.paste().replace("\r\n", "\n") == text)
    except (pyperclip.PyperclipException, OSError):
        return False
