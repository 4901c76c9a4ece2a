"""How `--help` is written: with French typography, so that no line begins with « : » or « ; »."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tui_transfer.french import NO_BREAK, typeset

if TYPE_CHECKING:
    from collections.abc import Iterable


class _Formatter(click.HelpFormatter):
    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, typeset(prefix or "Utilisation : "))

    def write_heading(self, heading: str) -> None:
        super().write_heading(heading.rstrip() + NO_BREAK)

    def write_text(self, text: str) -> None:
        super().write_text(typeset(text))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        super().write_dl([(name, typeset(text)) for name, text in rows], col_max, col_spacing)


class _Context(click.Context):
    formatter_class = _Formatter


class Command(click.Command):
    """A command whose help is typeset."""

    context_class = _Context


class Group(click.Group):
    """A group of such commands."""

    context_class = _Context
    command_class = Command
    group_class = type


class PlainOption(click.Option):
    """An option whose help leaves out the range of its values, which click writes as « [x>=0] »."""

    def get_help_extra(self, ctx: click.Context) -> Any:
        """What else click would say."""
        extra = super().get_help_extra(ctx)
        extra.pop("range", None)
        return extra
