"""Opening the mail program with the message ready, where there is one to open."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from tui_transfer.tui.clipboard import has_local_display

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui_transfer.report import Message

LONGEST: Final = 2000 if sys.platform == "win32" else 30_000
"""Characters of a `mailto:` address that the system hands over whole."""
_PASTE_HERE: Final = (
    "(Collez ici le contenu du rapport : « Copier le contenu » dans le centre de maintenance.)"
)


def why_unavailable(environment: Mapping[str, str] = os.environ) -> str | None:
    """Why no mail program can be opened, in French; None where one can."""
    if environment.get("SSH_CONNECTION") or environment.get("SSH_TTY"):
        return "cette session est à distance (SSH) : la messagerie s'ouvrirait sur l'autre machine"
    if not has_local_display(environment):
        return "aucun écran graphique sur cette machine"
    if sys.platform not in {"win32", "darwin"} and shutil.which("xdg-email") is None:
        return "aucun programme de messagerie trouvé (xdg-email)"
    return None


def open_message(message: Message) -> bool:
    """Asks the system to open the message in the mail program; whether it could be asked."""
    address = message.mailto()
    if len(address) > LONGEST:
        to, _, rest = address.partition("&body=")
        address = f"{to}&body={quote(_PASTE_HERE)}" if rest else to
    try:
        if sys.platform == "win32":
            os.startfile(address)  # noqa: S606 - a mailto: address made above
            return True
        program = "open" if sys.platform == "darwin" else "xdg-email"
        opening = subprocess.Popen(
            [program, address],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        return False
    # Waited for in the background, so that it does not stay a zombie while this process lives.
    threading.Thread(target=opening.wait, daemon=True).start()
    return True
