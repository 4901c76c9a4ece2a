"""What a worker takes of memory does not grow much with the number of files."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.place import LIMIT, place_for
from tests.servers.openssh import SshServer
from tests.servers.processes import wait_until
from tui_transfer.job import control
from tui_transfer.job.events import WorkerStarted
from tui_transfer.job.journal import JournalReader

COUNT = 100_000
MOST = 200 << 20
"""Bytes."""


def _highest(pid: int) -> int:
    """Bytes that a process has had in memory at most; 0 once it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM:")), 0)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_hundred_thousand_files_take_at_most_200_megabytes(tmp_path: Path, ssh_server: SshServer) -> None:
    base = tmp_path / "paie"
    for number in range(COUNT):
        if number % 1000 == 0:
            folder = base / f"{number // 1000:03d}"
            folder.mkdir(parents=True)
        (folder / f"bulletin-{number:06d}.txt").write_bytes(b"%d" % number)
    place = place_for(tmp_path / "home", ssh_server.password)
    place.configure(ssh_server, {"Paie": base})
    with place.started("run", "--yes") as running:
        pids: list[int] = []

        def begun() -> bool:
            for job in control.list_jobs(place.home):
                pids.extend(e.pid for e in JournalReader(job.journal).read() if isinstance(e, WorkerStarted))
            return bool(pids)

        wait_until(begun)
        highest = 0
        while running.poll() is None:
            highest = max(highest, _highest(pids[0]))
            with contextlib.suppress(subprocess.TimeoutExpired):
                running.wait(0.05)
        _, err = running.communicate(timeout=LIMIT)
    assert running.returncode == 0, err
    (manifest,) = ssh_server.root.glob("*.manifest.json")
    told = json.loads(manifest.read_bytes())
    assert told["files_list"]["count"] == COUNT
    assert 0 < highest <= MOST, f"{highest >> 20} MB"
