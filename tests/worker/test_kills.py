"""A few of the kills of `tests.benchmarks.kills`, in every run of the tests."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks.kills import make_campaign
from tests.servers.openssh import SshServer
from tests.servers.relay import relay

KILLS = 8


def test_killed_at_chosen_moments_everything_arrives(tmp_path: Path, ssh_server: SshServer) -> None:
    with relay(ssh_server.port) as link:
        figures = make_campaign(tmp_path, ssh_server, link, seed=16).run(KILLS)
    assert figures.kills.total() == KILLS
    assert figures.transfers >= 1
    assert figures.checked > 0
