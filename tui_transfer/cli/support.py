"""`support`: writes the file for whoever helps, after showing what is in it and asking."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from tui_transfer import french
from tui_transfer.cli import checkup, questions
from tui_transfer.errors import ExitCode
from tui_transfer.report.support import Bundle
from tui_transfer.system.files import printable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tui_transfer.settings.config import Home, Settings


def make_bundle(home: Home, file: Path | None, *, connect: bool, yes: bool) -> ExitCode:
    """Writes the zip file.

    Args:
        home: where everything is.
        file: where to; by default a name with the time, in the current folder.
        connect: whether the connection is tried, too.
        yes: agreed beforehand.

    Raises:
        TransferError: CONFIRMATION_NEEDED, DISK_FULL, DISK_UNWRITABLE.
    """
    bundle = Bundle(home, partial(_connect, home) if connect else None)
    for line in bundle.lines:
        click.echo(line, err=not yes)
    if not yes:
        questions.agree("Créer ce fichier ?")
    path, size = bundle.save(file)
    click.echo(f"Fichier créé : {printable(path)} ({french.size(size)})")
    return ExitCode.SUCCESS


def _connect(home: Home, settings: Settings, say: Callable[[str], object]) -> None:
    checkup.check_connection(settings, home, say)
