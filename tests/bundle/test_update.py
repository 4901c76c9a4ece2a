"""« Mettre à jour » is to replace the folder: an interrupted transfer goes on with the new version."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.place import LIMIT, Place, archives, content, extract, place_for
from tests.programs import missing
from tests.servers.openssh import SshServer
from tests.servers.relay import relay
from tui_transfer import __version__
from tui_transfer.job import control
from tui_transfer.settings.config import TransferSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.bundle.conftest import Built

pytestmark = pytest.mark.timeout(900)  # whoever comes first builds for all, on a machine that others use

SIZE = 3_000_000
NEW = "9.9.9"


def run(program: Path, place: Place, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs what is in the folder, as somebody who has nothing but a system."""
    ours = {name: value for name, value in place.environment().items() if name.startswith("TUI_TRANSFER_")}
    return subprocess.run(
        [str(program / "tui-transfer"), *arguments],
        env={"PATH": "/usr/bin:/bin", "HOME": str(place.folder), "LANG": "C.UTF-8"} | ours,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT,
    )


def versions(done: subprocess.CompletedProcess[str]) -> list[tuple[str, str]]:
    """The job and the version of each worker that a command tells of."""
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return [(line["job"], line["program"]) for line in lines if line["type"] == "worker.started"]


def renew(program: Path, built: Path) -> None:
    """Puts a newer one in the folder's place, of which nothing stays."""
    shutil.rmtree(program)
    shutil.copytree(built, program, symlinks=True)
    (told,) = program.glob("lib/**/tui_transfer/__init__.py")
    told.write_text(told.read_text("utf-8").replace(__version__, NEW), "utf-8")


def test_a_transfer_that_was_interrupted_goes_on_with_the_new_version(
    shipped: Callable[[str], Built], ssh_server: SshServer, tmp_path: Path
) -> None:
    if not Path("/usr/bin/python3").exists():
        missing("the system has no Python of its own")
    built = next(path for path in shipped("linux").first.iterdir() if path.is_dir())
    program = tmp_path / "program"
    shutil.copytree(built, program, symlinks=True)
    base = tmp_path / "base.db"
    base.write_bytes(os.urandom(SIZE))
    place = place_for(tmp_path / "home", ssh_server.password)
    with relay(ssh_server.port) as link:
        place.configure(ssh_server, {"Base": base}, port=link.port)
        place.change(transfer=TransferSettings(retry_for=0))
        link.cut_after = SIZE // 2
        cut = run(program, place, "run", "--yes", "--json")
        assert cut.returncode == 12, cut.stdout + cut.stderr
        link.cut_after = None
        renew(program, built)
        gone_on = run(program, place, "resume", "--json")
    assert gone_on.returncode == 0, gone_on.stdout + gone_on.stderr
    job = place.job().id
    assert versions(cut)[-1:] == [(job, __version__)]
    assert versions(gone_on)[-1:] == [(job, NEW)]
    assert control.Follower(place.job()).state.databases[0].resumed_from > 0
    (archive,) = archives(ssh_server.root)
    assert content(extract(archive, tmp_path / "out")) == {"base.db": base.read_bytes()}
    assert len(list(place.home.receipts.glob("*/recu-*.html"))) == 1
