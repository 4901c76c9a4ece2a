"""The file for whoever helps, made from a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_transfer import french
from tui_transfer.errors import TransferError
from tui_transfer.report import support
from tui_transfer.system.documents import documents_folder
from tui_transfer.system.files import printable
from tui_transfer.tui.background import in_background

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from textual.message_pump import MessagePump

    from tui_transfer.settings.config import Home


def make_support_file(owner: MessagePump, home: Home, say: Callable[[str], None]) -> None:
    """Writes it where the person keeps documents, beside the screen; `say` is told where, or why not."""
    say("Préparation du fichier pour l’aide…")

    def made(result: tuple[Path, int] | TransferError) -> None:
        if isinstance(result, TransferError):
            say(f"✗ {result.title}. {result.why}")
            return
        path, size = result
        say(
            f"✓ Fichier créé : {printable(path)} ({french.size(size)}). Joignez-le à votre demande d’aide : "
            f"noms et chemins y sont remplacés par des numéros. {support.ALL_THAT_IS_LEFT_OUT}"
        )

    in_background(owner, lambda: support.Bundle(home).save_in(documents_folder()), made)
