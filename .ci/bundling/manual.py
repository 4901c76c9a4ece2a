"""The man page and the completions, made from the commands themselves so that they say the same.

Run as a program by the Python that has the bundle's modules: `python -m bundling.manual FOLDER`.
"""

from __future__ import annotations

import gzip
import os
import sys
from gettext import bindtextdomain
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from click.shell_completion import get_completion_class

from tui_transfer import __version__
from tui_transfer.cli import commands
from tui_transfer.errors import EXIT_CODE_MEANINGS
from tui_transfer.french import typeset

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM: Final = "tui-transfer"
COMPLETIONS: Final = {
    "bash": f"bash-completion/completions/{PROGRAM}",
    "zsh": f"zsh/vendor-completions/_{PROGRAM}",
    "fish": f"fish/vendor_completions.d/{PROGRAM}.fish",
}
PAGES: Final = (f"man/man1/{PROGRAM}.1.gz", f"man/fr/man1/{PROGRAM}.1.gz")
"""The same page twice: it is found whatever the language of the session."""


def write(folder: Path) -> None:
    """Writes everything below `folder`, laid out as /usr/share is."""
    page = gzip.compress(man_page(commands.cli).encode(), mtime=0)
    for name in PAGES:
        _write(folder / name, page)
    for shell, name in COMPLETIONS.items():
        _write(folder / name, completion(shell).encode())


def completion(shell: str) -> str:
    """What a shell has to load: it then asks the program itself."""
    made = get_completion_class(shell)
    assert made is not None
    variable = f"_{PROGRAM}_COMPLETE".replace("-", "_").upper()
    return made(commands.cli, {}, PROGRAM, variable).source() + "\n"


def man_page(program: click.Group) -> str:
    """The page of `program` with all its commands."""
    context = _context(program, PROGRAM, None)
    lines = [
        f'.TH {PROGRAM.upper()} 1 "" "{PROGRAM} {__version__}" "Transfert Urssaf"',
        *[".nh", ".ad l"],  # a name that is cut at the end of a line cannot be copied
        *[".SH NOM", f"{_text(PROGRAM)} \\- {_text(program.get_short_help_str(limit=200))}"],
        *[".SH SYNOPSIS", *_usage(program, context)],
        *[".SH DESCRIPTION", *_description(program)],
        *[".SH OPTIONS", *_options(program, context)],
        ".SH COMMANDES",
    ]
    for command, below in _commands(program, context):
        lines += [f".SS {_text(below.command_path.removeprefix(PROGRAM).strip())}"]
        lines += [*_usage(command, below), *_description(command), *_options(command, below)]
    lines.append(".SH CODES DE RETOUR")
    for code, meaning in EXIT_CODE_MEANINGS.items():
        lines += [".TP", f".B {code.value}", _text(typeset(meaning))]
    return "\n".join(lines) + "\n"


def _commands(group: click.Group, context: click.Context) -> Iterator[tuple[click.Command, click.Context]]:
    """All that carry something out, also below groups."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None or command.hidden:
            continue
        below = _context(command, name, context)
        if isinstance(command, click.Group):
            yield from _commands(command, below)
        else:
            yield command, below


def _context(command: click.Command, name: str, above: click.Context | None) -> click.Context:
    return command.context_class(command, info_name=name, parent=above, **command.context_settings)


def _usage(command: click.Command, context: click.Context) -> list[str]:
    pieces = " ".join(command.collect_usage_pieces(context))
    return [".PP", f"\\fB{_text(context.command_path)}\\fR {_text(pieces)}", ".PP"]


def _description(command: click.Command) -> list[str]:
    lines = []
    for paragraph in (command.help or "").split("\n\n"):
        lines += [_text(typeset(" ".join(paragraph.split()))), ".PP"]
    return lines


def _options(command: click.Command, context: click.Context) -> list[str]:
    lines = []
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and record[1]:  # an argument is told of in the description
            lines += [".TP", f"\\fB{_text(record[0])}\\fR", _text(typeset(record[1]))]
    return lines


def _text(text: str) -> str:
    """Words as roff takes them: no sign of theirs is a command, and a hyphen can be copied into a shell."""
    safe = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{safe}" if safe.startswith((".", "'")) else safe


def _write(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


if __name__ == "__main__":
    os.environ["LANGUAGE"] = "fr"
    bindtextdomain("messages", str(Path(commands.__file__).with_name("locale")))
    write(Path(sys.argv[1]))
