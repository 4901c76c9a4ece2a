"""What a power cut leaves of a home: every name that the program made was brought to the disk."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.place import Place, place_for
from tests.servers.openssh import SshServer
from tui_transfer.system.files import make_private_folder

WATCH = """
import os, sys

log = os.open(os.environ["WATCHED_BY"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
sync = os.fsync


def tell(what, path):
    os.write(log, f"{what} {os.path.abspath(os.fsdecode(path))}\\n".encode())


def hook(event, arguments):
    if event == "os.mkdir":
        tell("make", arguments[0])
    elif event == "os.rename":
        tell("make", arguments[1])
    elif event == "open" and isinstance(arguments[0], (str, bytes)) and arguments[2] & os.O_CREAT:
        if not os.path.exists(arguments[0]):
            tell("make", arguments[0])


def fsync(descriptor):
    sync(descriptor)
    tell("sync", os.readlink(f"/proc/self/fd/{descriptor}"))


os.fsync = fsync
sys.addaudithook(hook)
"""
"""Python runs it before the program, the command and the worker alike: it tells what is made and synced."""

KEPT = ("jobs", "job.json", "journal.jsonl", "spool", "0", "archive.part", "manifest.json")


@pytest.fixture
def place(tmp_path: Path, ssh_server: SshServer) -> Place:
    (tmp_path / "watch").mkdir()
    (tmp_path / "watch" / "sitecustomize.py").write_text(WATCH)
    base = tmp_path / "base.db"
    base.write_bytes(os.urandom(100_000))
    made = place_for(tmp_path / "neu" / "home", ssh_server.password)
    made.configure(ssh_server, {"Base": base})
    return made


def steps(log: Path, home: Path) -> Iterator[tuple[str, Path]]:
    for line in log.read_text().splitlines():
        what, path = line.split(" ", 1)
        if home in Path(path).parents or Path(path) == home:
            yield what, Path(path)


def test_every_folder_and_file_that_a_transfer_lives_by_is_brought_to_the_disk_by_name(
    place: Place, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    watched = {"PYTHONPATH": str(tmp_path / "watch"), "WATCHED_BY": str(log)}
    assert place.run("run", "--yes", **watched).code == 0
    waiting: set[Path] = set()
    seen: set[str] = set()
    for what, path in steps(log, place.folder):
        if what == "sync":
            assert path not in waiting, "its content outlives the cut, and nothing leads to it"
            waiting = {made for made in waiting if made.parent != path}
        elif path.name in KEPT or path.parent == place.home.jobs:
            waiting.add(path)
            seen.add(path.name)
    assert seen >= set(KEPT), "the test looks at what is there"
    assert waiting == set()


def test_a_new_home_is_brought_to_the_disk_with_the_folders_above_it(tmp_path: Path) -> None:
    synced: list[Path] = []
    original = os.fsync

    def fsync(descriptor: int) -> None:
        original(descriptor)
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        make_private_folder(tmp_path / "a" / "b" / "c")
        assert synced == [tmp_path, tmp_path / "a", tmp_path / "a" / "b"]
        make_private_folder(tmp_path / "a" / "b" / "c")
    # Who made it may have been killed before it was synced.
    assert synced[3:] == [tmp_path / "a" / "b"]
