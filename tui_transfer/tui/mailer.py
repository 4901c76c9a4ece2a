"""Opening the mail program with the message ready, where there is one to open."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from enum import Enum
from typing import TYPE_CHECKING, Final

from tui_transfer.system import desktop

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui_transfer.report.message import Message

SHORTEST_LIMIT: Final = 1_600
"""Characters of a `mailto:` address that whatever opens it takes whole. Windows and Internet Explorer stop at
2,083 (Microsoft's KB 208427), Outlook behind a browser at 2,046, Chrome and Firefox near 2,000, Gmail near
1,620; what is longer is cut, or nothing opens at all. RFC 6068 sets no limit."""
LONG_LIMIT: Final = 30_000
"""The same for mail programs of the Linux desktop, which get the address as an argument: a fourth of the
128 KiB that Linux allows one."""
_TAKE_LONG_ONES: Final = re.compile(r"thunderbird|betterbird|evolution|kmail|kontact|geary|claws|sylpheed")

_PATIENCE: Final = 1.5
"""Seconds for a program that refuses to say so; one that still runs then is taken to have begun."""


class Opened(Enum):
    """How the mail program was called."""

    WHOLE = "whole"
    SHORTENED = "shortened"
    """With a text that asks to paste the rest."""
    FAILED = "failed"


def why_unavailable(environment: Mapping[str, str] = os.environ) -> str | None:
    """Why no mail program can be opened, in French; None where one can."""
    if environment.get("SSH_CONNECTION") or environment.get("SSH_TTY"):
        return "cette session est à distance (SSH) : la messagerie s’ouvrirait sur l’autre machine"
    if not desktop.has_local_display(environment):
        return "aucun écran graphique sur cette machine"
    if not desktop.IS_PART_OF_SYSTEM and shutil.which("xdg-email") is None:
        return "aucun programme de messagerie trouvé (xdg-email)"
    return None


def open_message(message: Message) -> Opened:
    """Asks the system to open the message in the mail program; not for a UI's thread: it may take seconds."""
    limit = _limit()
    whole = message.mailto()
    if len(whole) <= limit:
        return Opened.WHOLE if desktop.open_address(whole, _PATIENCE) else Opened.FAILED
    short = message.mailto(short=True)
    if len(short) > limit:  # a manager's name without end: the subject and the addresses are what matters
        short = short.partition("&body=")[0]
    return Opened.SHORTENED if desktop.open_address(short, _PATIENCE) else Opened.FAILED


def _limit() -> int:
    """The longest address that what opens it is known to take."""
    if desktop.IS_PART_OF_SYSTEM:
        return SHORTEST_LIMIT
    command = ["xdg-mime", "query", "default", "x-scheme-handler/mailto"]
    try:
        asked = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return SHORTEST_LIMIT
    handler = asked.stdout.decode(errors="replace").lower()
    return LONG_LIMIT if _TAKE_LONG_ONES.search(handler) else SHORTEST_LIMIT
