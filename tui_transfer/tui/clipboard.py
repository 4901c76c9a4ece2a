"""Copying, and saying truthfully what became of it.

A terminal never answers whether it took a text: what goes to one is « envoyé », never « copié ». So each copy
is also a file, which nothing cuts or refuses, and the sentence says where it is.
"""

from __future__ import annotations

import asyncio
import base64
import os
import re
import subprocess
import unicodedata
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tui_transfer.errors import TransferError
from tui_transfer.system import desktop
from tui_transfer.system.files import printable, write_private

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Protocol

    class Terminal(Protocol):
        """What hands a text to the terminal: a program of Textual, for instance."""

        def copy_to_clipboard(self, text: str) -> None:
            """Sends it."""


_ON_DISPLAY: Final = "placé dans le presse-papiers de cette machine"
_PATIENCE: Final = 2.0
"""Seconds that a tmux command may take."""

LONGEST: Final = 74_992
"""Characters of base64 sent in one OSC 52: below hterm's limit of 100,000 bytes, the lowest known of the
terminals that mean to take long texts, with a margin for what lies in between."""
CERTAIN: Final = 6_000
"""Characters of base64 that terminals take without a doubt. Termux stops near 6,500 and kitty did at 8,192,
without a word. Sources: issue 5324 of termux-app, issue 3031 of kitty."""


class Means(Enum):
    """How a text leaves the program, besides the file."""

    TMUX = "tmux"
    DISPLAY = "display"
    TERMINAL = "terminal"
    NONE = "none"


def find_means(environment: Mapping[str, str]) -> Means:
    """The best means there is: tmux's buffer, the clipboard of a local display, or the terminal."""
    if environment.get("TMUX"):
        return Means.TMUX
    if desktop.has_local_display(environment):
        return Means.DISPLAY
    # GNU screen keeps OSC 52 to itself, and the Linux console has no clipboard.
    return Means.NONE if environment.get("STY") or environment.get("TERM") == "linux" else Means.TERMINAL


async def copy(
    app: Terminal,
    text: str,
    what: str,
    folder: Path,
    *,
    plain_key: str | None = None,
    environment: Mapping[str, str] = os.environ,
) -> str:
    """Copies `text`, and keeps it in a file of `folder` that only its owner may read.

    Args:
        app: the program, whose terminal may be sent the text.
        text: what to copy.
        what: what it is, in French, such as « Contenu »; the file has its name, and replaces the last one.
        folder: where the file goes; it need not exist.
        plain_key: the key of the screen that shows the text alone, where there is one.
        environment: tells of tmux, a display and SSH.

    Returns:
        A French sentence that says what was done.
    """
    kept = await asyncio.to_thread(_to_file, text, folder / f"{_file_name(what)}.txt")
    done = await _hand_over(app, text, find_means(environment))
    if plain_key and done != _ON_DISPLAY:
        kept = f"S’il ne se colle pas : {plain_key} l’affiche seul. {kept}"
    return f"{what} : {done}. {kept}"


async def _hand_over(app: Terminal, text: str, means: Means) -> str:
    """Gives the text away by `means`, or by what is left where that fails; says how."""
    if means is Means.TMUX and (said := await asyncio.to_thread(_to_tmux, text)):
        return said
    if means is Means.DISPLAY and await asyncio.to_thread(_to_display, text):
        return _ON_DISPLAY
    if means is Means.NONE:
        return "pas de presse-papiers dans ce terminal"
    length = len(base64.b64encode(text.encode()))
    if length > LONGEST:
        return "trop long pour être envoyé au terminal"
    app.copy_to_clipboard(text)
    if length > CERTAIN:
        return "envoyé au terminal, qui peut le couper : vérifiez la fin"
    return "envoyé au terminal"


def _to_tmux(text: str) -> str | None:
    """Fills tmux's buffer; says so, and whether tmux also sends it to its terminal. None where it fails."""
    forwards = _asks_tmux("display-message", "-p", "#{set-clipboard} #{client_termfeatures}")
    setting, _, features = (forwards or "").partition(" ")
    # `-w` hands it on to the terminal; tmux older than 3.2 does not know it.
    sent = _asks_tmux("load-buffer", "-w", "-", given=text) is not None
    if not sent and _asks_tmux("load-buffer", "-", given=text) is None:
        return None
    said = "placé dans le tampon de tmux (préfixe puis ])"
    if sent and setting != "off" and "clipboard" in features:
        return f"{said} et envoyé au terminal"
    return said


def _asks_tmux(*command: str, given: str = "") -> str | None:
    """What a tmux command answers; None where it fails."""
    try:
        done = subprocess.run(
            ["tmux", *command], input=given.encode(), capture_output=True, timeout=_PATIENCE, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode(errors="replace").strip()


def _to_display(text: str) -> bool:
    """True only once the clipboard gives the text back."""
    import pyperclip  # type: ignore[import-untyped]  # looks for clipboard programs when imported: not before it is needed

    try:
        pyperclip.copy(text)
        return bool(pyperclip.paste().replace("\r\n", "\n") == text)
    except (pyperclip.PyperclipException, OSError):
        return False


def _to_file(text: str, file: Path) -> str:
    """Writes the text; says where, or why it could not be done."""
    try:
        write_private(file, text.encode())
    except TransferError as error:
        return f"Pas de fichier : {error.why}"
    return f"Fichier : {brief(file)}"


def _file_name(what: str) -> str:
    """« Le texte de l’erreur » as `texte-de-l-erreur`."""
    spelt = unicodedata.normalize("NFKD", what.casefold().replace("’", "'"))
    letters = spelt.encode("ascii", "ignore").decode()
    return re.sub(r"^(?:le|la|les|l)-", "", re.sub(r"\W+", "-", letters).strip("-"))


def brief(path: Path) -> str:
    """The path as a person would type it: from `~` where it is below their home."""
    try:
        return printable(Path("~") / path.relative_to(Path.home()))
    except (ValueError, RuntimeError):  # elsewhere, or an account without a home
        return printable(path)
