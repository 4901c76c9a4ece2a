"""The guide on the command line."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from tui_transfer.errors import ExitCode
from tui_transfer.guide.pages import guide_pages
from tui_transfer.guide.text import render, whole
from tui_transfer.system.terminal import is_terminal

if TYPE_CHECKING:
    from collections.abc import Mapping


def show(number: int | None, *, aloud: bool) -> ExitCode:
    """Prints the guide, or one of its pages; page by page where somebody reads it on a terminal.

    `aloud`: what is drawn is said instead. So it is where the terminal is one for that.
    """
    aloud = aloud or _is_read_aloud(os.environ)
    text = whole(aloud=aloud) if number is None else render(guide_pages()[number - 1], aloud=aloud)
    if number is None and not aloud and is_terminal(sys.stdin) and is_terminal(sys.stdout):
        click.echo_via_pager(f"{text}\n")
    else:
        click.echo(text)
    return ExitCode.SUCCESS


def _is_read_aloud(environment: Mapping[str, str]) -> bool:
    return environment.get("TERM") == "dumb" or bool(environment.get("ACCESSIBLE"))
