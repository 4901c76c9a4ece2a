"""The names that archives have on the Sharebox: one transfer never takes another's."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from tests.cli.place import LIMIT, archives, extract, place_for
from tests.servers.openssh import SshServer


def test_homes_that_deliver_the_same_base_at_the_same_time_each_deliver_their_own(
    tmp_path: Path, ssh_server: SshServer
) -> None:
    """As cron starts them: the same manager, the same name, the same folder, the same second."""
    contents = {f"{number} ".encode() * 50_000 for number in range(4)}
    with ExitStack() as stack:
        running = []
        for number, content in enumerate(contents):
            base = tmp_path / str(number) / "base.db"
            base.parent.mkdir()
            base.write_bytes(content)
            place = place_for(base.parent / "home", ssh_server.password)
            place.configure(ssh_server, {"Base active": base})
            running.append(stack.enter_context(place.started("run", "--yes")))
        told = [process.communicate(timeout=LIMIT) for process in running]
    assert [process.returncode for process in running] == [0] * 4, told
    arrived = archives(ssh_server.root)
    assert {
        (extract(archive, tmp_path / "out" / archive.name) / "base.db").read_bytes() for archive in arrived
    } == contents


def test_names_that_become_alike_arrive_beside_one_another(tmp_path: Path, ssh_server: SshServer) -> None:
    bases = {"Paie & Loisirs": b"one", "Paie et Loisirs": b"two", "P" * 41: b"three", "P" * 42: b"four"}
    place = place_for(tmp_path / "home", ssh_server.password)
    files = {name: tmp_path / f"{number}.db" for number, name in enumerate(bases)}
    for name, file in files.items():
        file.write_bytes(bases[name])
    place.configure(ssh_server, files)
    result = place.run("run", "--yes", "--json")
    assert result.code == 0, result.err
    for item in result.finished["databases"]:
        extracted = extract(ssh_server.root / item["archive"], tmp_path / "out" / item["archive"])
        assert (extracted / files[item["name"]].name).read_bytes() == bases[item["name"]]
