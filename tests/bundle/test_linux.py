"""The folder for Linux, and what it is made of."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from bundling import linux, places, wheels

from tests.bundle.contents import (
    assert_bill_is_true,
    assert_no_trace_of_this_machine,
    assert_sums_are_true,
    distributions,
)
from tests.programs import missing, require, require_root

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.bundle.conftest import Built

pytestmark = pytest.mark.timeout(900)  # whoever comes first builds for all, on a machine that others use

SYSTEM_PYTHON = "/usr/bin/python3"
LOOPBACK_ALONE = """
import fcntl, os, socket, struct, sys
with socket.socket() as any_socket:
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sH22x", b"lo", 1))  # SIOCSIFFLAGS, IFF_UP
os.execv(sys.argv[1], sys.argv[1:])
"""


@pytest.fixture
def built(shipped: Callable[[str], Built]) -> Built:
    return shipped("linux")


@pytest.fixture
def folder(built: Built) -> Path:
    return next(path for path in built.first.iterdir() if path.is_dir())


@pytest.fixture
def person(tmp_path: Path) -> dict[str, str]:
    """The environment of somebody who has nothing but a system; the folder stays as it was built."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    return {**environment, "PYTHONDONTWRITEBYTECODE": "1"}


def run(folder: Path, person: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    if not Path(SYSTEM_PYTHON).exists():
        missing("the system has no Python of its own")
    command = [str(folder / "tui-transfer"), *arguments]
    return subprocess.run(command, env=person, cwd="/", capture_output=True, text=True, check=False)


@pytest.mark.parametrize("pattern", ["*.tar.gz", "*.deb"])
def test_two_builds_are_the_same_to_the_byte(built: Built, pattern: str) -> None:
    first, again = built.files(pattern)
    assert first.name == again.name
    assert first.read_bytes() == again.read_bytes()


def test_the_archive_is_the_folder_owned_by_nobody_in_particular(built: Built, folder: Path) -> None:
    with tarfile.open(built.files("*.tar.gz")[0]) as archive:
        entries = archive.getmembers()
    names = [entry.name for entry in entries]
    assert names == sorted(names)
    assert {folder.parent / name for name in names} == {path for path in folder.rglob("*") if path.is_file()}
    assert {(entry.mtime, entry.uid, entry.gid, entry.uname) for entry in entries} == {
        (places.epoch(), 0, 0, "")
    }
    assert [entry.name for entry in entries if entry.mode == 0o755 and "/lib/" not in entry.name] == [
        f"{folder.name}/tui-transfer"
    ]


def test_sums_and_bill_of_materials_are_true(folder: Path) -> None:
    assert_sums_are_true(folder)
    assert_bill_is_true(folder, distributions(*(folder / "lib").iterdir()), others=set())
    assert_no_trace_of_this_machine(folder)


@pytest.mark.parametrize("machine", linux.MACHINES)
@pytest.mark.parametrize("python", linux.PYTHONS)
def test_each_python_finds_all_it_needs_once_and_made_for_it(
    folder: Path, machine: str, python: tuple[int, int]
) -> None:
    kind = f"cpython-{''.join(map(str, python))}-{machine}-linux-gnu"
    searched = [Path(path) for path in linux.search_path(folder, kind).split(os.pathsep)]
    found = [distributions(path) for path in searched if path.exists()]
    together = {name for each in found for name in each}
    assert len(together) == sum(map(len, found)), "a distribution that is there twice"
    target = linux.target(machine, python)
    wanted = {pin.name for pin in wheels.locked() if wheels.applies(pin, target)}
    assert together == wanted | {"tui-transfer"}
    endings = {"".join(path.suffixes) for place in searched for path in place.rglob("*.so")}
    versioned = {ending for ending in endings if "cpython-" in ending}
    assert versioned == {f".{kind}.so"}


def test_it_runs_with_the_systems_python_and_without_network(folder: Path, person: dict[str, str]) -> None:
    require_root()
    if not Path(SYSTEM_PYTHON).exists():
        missing("the system has no Python of its own")
    command = [require("unshare"), "--net", sys.executable, "-c", LOOPBACK_ALONE]
    done = subprocess.run(
        [*command, str(folder / "tui-transfer"), "demo", "--headless"],
        env=person,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_modules_come_from_the_folder_whatever_the_session_says(
    folder: Path, person: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "click.py").write_text("raise SystemExit('somebody else’s click')")
    person |= {"PYTHONPATH": str(tmp_path), "PYTHONHOME": str(tmp_path)}
    done = run(folder, person, "--version")
    assert done.returncode == 0, done.stderr
    assert "0.1.0" in done.stdout


def test_a_python_that_is_not_covered_is_told_in_french(folder: Path, person: dict[str, str]) -> None:
    shell = require("sh")
    # A copy without the folders of any Python: none that is there is covered.
    bare = Path(person["HOME"], "bare")
    (bare / "lib").mkdir(parents=True)
    (bare / "tui-transfer").write_bytes((folder / "tui-transfer").read_bytes())
    done = subprocess.run(
        [shell, str(bare / "tui-transfer")], env=person, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "Il faut Python 3.11, 3.12, 3.13 ou 3.14, sur une machine x86_64 ou aarch64" in done.stderr
    assert "TUI_TRANSFER_PYTHON" in done.stderr


def test_bash_completes_commands_and_options(folder: Path, person: dict[str, str]) -> None:
    completion = folder / "share" / "bash-completion" / "completions" / "tui-transfer"
    script = f"""
        PATH="{folder}:$PATH"
        source {completion}
        for words in "re" "demo --head"; do
            COMP_WORDS=(tui-transfer $words); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); COMPREPLY=()
            _tui_transfer_completion tui-transfer
            echo "${{COMPREPLY[@]}}"
        done
    """
    done = subprocess.run(
        [require("bash"), "-c", script], env=person, capture_output=True, text=True, check=True
    )
    commands, options = done.stdout.splitlines()
    assert set(commands.split()) >= {"resume", "report", "receipt"}
    assert options == "--headless"


def test_nothing_is_left_to_be_filled_in(folder: Path) -> None:
    start = (folder / "tui-transfer").read_text(encoding="utf-8")
    assert not re.search(r"@\w+@", start + (folder / "Lisez-moi.txt").read_text(encoding="utf-8"))
