"""A little of `tests.benchmarks.soak`, in every run of the tests."""

from __future__ import annotations

import threading
from pathlib import Path

import psutil

from tests.benchmarks.soak import soak
from tests.servers.openssh import SshServer
from tests.servers.processes import wait_until

TRANSFERS = 6


def test_small_transfers_under_faults_arrive_and_leave_nothing_behind(
    tmp_path: Path, ssh_server: SshServer
) -> None:
    soak(tmp_path, ssh_server, transfers=1, seconds=300, lanes=1, seed=1)  # what is loaded once is no growth
    threads, descriptors = threading.active_count(), psutil.Process().num_fds()
    (tmp_path / "more").mkdir()
    figures = soak(tmp_path / "more", ssh_server, transfers=TRANSFERS, seconds=600, lanes=1, seed=6)
    assert figures.transfers == TRANSFERS
    assert figures.workers > TRANSFERS, "some were killed"
    assert figures.mismatches == []
    # The threads that wait for workers end a moment after these.
    wait_until(lambda: threading.active_count() <= threads, what="the end of the threads")
    wait_until(lambda: psutil.Process().num_fds() <= descriptors, what="the end of the descriptors")
