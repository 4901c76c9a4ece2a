"""The man page says what the commands say."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import click
import pytest
from bundling import manual

from tests.programs import require
from tui_transfer.cli.commands import cli
from tui_transfer.errors import EXIT_CODE_MEANINGS

if TYPE_CHECKING:
    from collections.abc import Iterator


def all_commands(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from all_commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


@pytest.fixture(scope="module")
def rendered() -> str:
    """The page as a terminal shows it; groff says on its other output what it does not understand."""
    done = subprocess.run(
        [require("groff"), "-man", "-Kutf8", "-Tutf8", "-ww", "-P-cbou", "-rLL=200n"],
        input=manual.man_page(cli).encode(),
        capture_output=True,
        check=True,
    )
    assert not done.stderr.decode()
    return done.stdout.decode().replace("‐", "-")


@pytest.mark.parametrize(("path", "command"), list(all_commands(cli, "tui-transfer")))
def test_each_command_is_there_with_all_its_options(rendered: str, path: str, command: click.Command) -> None:
    start = rendered.index(f"\n   {path.removeprefix('tui-transfer ')}\n")
    following = [
        place
        for other, _ in all_commands(cli, "tui-transfer")
        if (place := rendered.find(f"\n   {other.removeprefix('tui-transfer ')}\n")) > start
    ]
    text = rendered[start : min(following, default=len(rendered))]
    assert path in text
    for parameter in command.params:
        for name in parameter.opts if isinstance(parameter, click.Option) else ():
            assert name in text, name


def test_each_exit_code_is_there(rendered: str) -> None:
    codes = rendered.partition("CODES DE RETOUR")[2]
    for code in EXIT_CODE_MEANINGS:
        assert f"\n       {code.value} " in codes


def test_what_roff_would_take_for_a_command_is_text() -> None:
    group = click.Group("demo", help=".so /etc/passwd\n\n'a \\fB word")
    page = manual.man_page(group)
    assert "\n\\&.so /etc/passwd\n" in page
    assert "\n\\&'a \\efB word\n" in page


@pytest.mark.parametrize("shell", manual.COMPLETIONS)
def test_each_shell_has_its_completion(shell: str) -> None:
    assert "tui-transfer" in manual.completion(shell)
