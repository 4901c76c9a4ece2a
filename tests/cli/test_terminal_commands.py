"""What names, paths and servers say is shown by every command, and obeyed by no terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.place import COMMAND, Nowhere, Place
from tui_transfer.errors import harmless_lines

EVIL = "\x1b]0;titre\x07 \u009b2J \u202e fdp.exe \u2028 \u200b \x7f"


@pytest.fixture
def evil(place: Place, tmp_path: Path) -> Place:
    """A base whose path and whose job's folder hold commands to a terminal."""
    base = tmp_path / f"base {EVIL}" / "base.db"
    base.parent.mkdir()
    base.write_bytes(b"x")
    place.configure(Nowhere(), {"Base": base})
    assert place.run("run", "--yes").code == 5
    folder = place.job().folder
    (folder.parent / f"{folder.name} {EVIL}\n").mkdir()
    (folder.parent / f"{folder.name} {EVIL}\n" / "job.json").write_bytes((folder / "job.json").read_bytes())
    return place


@pytest.mark.parametrize(
    "command",
    [
        ["jobs"],
        ["jobs", "--verify"],
        ["check"],
        ["config", "show"],
        ["report"],
        ["run", "--yes"],
        ["run", "--yes", "--json"],
        ["run", EVIL],
        ["run", "--yes", f"--proxy={EVIL}"],
        ["resume", EVIL],
        [EVIL],
        ["report", "--eml", f"/absent {EVIL}/x"],
        ["purge", "--yes", "--local"],
    ],
    ids=" ".join,
)
def test_no_command_passes_on_what_a_terminal_would_obey(evil: Place, command: list[str]) -> None:
    for result in (evil.run(*command), evil.run(*command, PYTHONIOENCODING="ascii")):
        assert harmless_lines(result.out + result.err) == result.out + result.err
        assert "Traceback" not in result.err


def test_json_says_what_is_meant_all_the_same(evil: Place, tmp_path: Path) -> None:
    base = tmp_path / "\u009b\u202e.db"
    base.write_bytes(b"x")
    finished = evil.run("run", "--yes", "--json", str(base)).finished
    assert finished["exit_code"] == 5


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_a_traceback_does_not_either(encoding: str) -> None:
    program = (
        "from tui_transfer.system.streams import keep_streams_harmless\n"
        "import traceback\n"
        "keep_streams_harmless()\n"
        f"try: raise ValueError({EVIL!r})\n"
        "except ValueError: traceback.print_exc()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": encoding},
        check=True,
    )
    told = done.stderr.decode("latin-1" if encoding == "latin-1" else "utf-8")
    assert "ValueError: " in told
    assert "fdp.exe" in told
    assert harmless_lines(told) == told


@pytest.mark.parametrize("file", ["config.toml", "prerequisites.json"])
def test_a_pipe_in_the_home_keeps_no_command_waiting(place: Place, file: str) -> None:
    (place.folder / file).unlink(missing_ok=True)
    os.mkfifo(place.folder / file)
    for command in (["run", "--yes"], ["check"], ["jobs"]):
        done = subprocess.run(
            [*COMMAND, *command], env=place.environment(), capture_output=True, timeout=60, check=False
        )
        assert b"Traceback" not in done.stderr
