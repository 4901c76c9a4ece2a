"""A configuration that was received, taken over from the command line: shown, agreed to, put in its place."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import click

from tui_transfer.cli import questions
from tui_transfer.errors import ExitCode, harmless
from tui_transfer.settings import config
from tui_transfer.settings.takeover import describe, examine, read_offer, take_over
from tui_transfer.system.files import printable

if TYPE_CHECKING:
    from pathlib import Path

    from tui_transfer.settings.config import Home

_STANDARD_INPUT: Final = "-"


def import_config(home: Home, file: Path, *, yes: bool) -> ExitCode:
    """Takes over the configuration in `file`, or on standard input for « - ».

    Raises:
        TransferError: what keeps the file from being read, or written; CONFIRMATION_NEEDED.
    """
    if str(file) == _STANDARD_INPUT:
        offer = examine(sys.stdin.buffer.read(config.LONGEST), home.config_file)
    else:
        offer = read_offer(config.expanded(str(file)).absolute())
    if offer.settings is None:
        for fault in offer.faults:
            click.echo(harmless(fault), err=True)
        click.echo("Rien n’est changé.", err=True)
        return ExitCode.USAGE
    for label, said in describe(offer.settings, home):
        click.echo(harmless(f"{label} : {said}"), err=True)
    if not yes:
        kept = home.config_file.exists()
        questions.agree("Remplacer vos réglages par ceux-ci ?" if kept else "Prendre ces réglages ?")
    copy = take_over(home, offer)
    click.echo(f"Configuration reprise : {printable(home.config_file)}")
    if copy is not None:
        click.echo(f"La précédente est gardée : {printable(copy)}")
    return ExitCode.SUCCESS
