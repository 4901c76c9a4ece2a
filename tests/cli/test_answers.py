"""What a Sharebox answers beside an archive is fetched and kept, and its names lead nowhere else."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.place import archives, place_for
from tests.servers.faulty import FaultyServer
from tui_transfer.worker.answers import _places

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.place import Place
    from tests.servers.openssh import SshServer


def deliver(place: Place, server: FaultyServer) -> str:
    """Delivers the base; gives the name of its archive without its ending."""
    done = place.run("run", "--yes")
    assert done.code == 0, done.err
    (archive,) = archives(server.root)
    return archive.stem


def kept(place: Place) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in place.home.receipts.glob("*/reponses/*")}


def receipt(place: Place) -> dict[str, Any]:
    (file,) = place.home.receipts.glob("*/recu-*.json")
    found: dict[str, Any] = json.loads(file.read_bytes())
    return found


def test_one_that_is_there_at_the_end_is_in_the_receipt(served: Place, server: FaultyServer) -> None:
    def answer(name: str) -> None:
        if name.endswith((".sig", ".sig.part")):
            archive = name.partition(".7z")[0]
            (server.root / f"{archive}.7z.accuse.txt").write_bytes(b"Recu")

    server.faults.on_close = answer
    stem = deliver(served, server)
    assert kept(served) == {f"{stem}.7z.accuse.txt": b"Recu"}
    (told,) = receipt(served)["answers"]
    assert (told["name"], told["size"]) == (f"{stem}.7z.accuse.txt", 4)
    (page,) = served.home.receipts.glob("*/*.html")
    assert f"{stem}.7z.accuse.txt" in page.read_text()


def test_one_that_comes_later_is_fetched_by_the_command(
    served: Place, server: FaultyServer, tmp_path: Path
) -> None:
    stem = deliver(served, server)
    assert kept(served) == {}
    (server.root / f"{stem}.7z.ok").write_bytes(b"1")
    (server.root / f"{stem}-rejet.csv").write_bytes(b"2")
    shown = served.run("receipt")
    assert shown.code == 0, shown.err
    assert kept(served) == {f"{stem}.7z.ok": b"1", f"{stem}-rejet.csv": b"2"}
    assert f"{stem}.7z.ok" in shown.out
    (server.root / f"{stem}.7z.ok").write_bytes(b"3")
    assert "1 nouvelle réponse" in served.run("receipt").err.replace("\xa0", " ")
    assert kept(served) == {f"{stem}.7z.ok": b"1", f"{stem}.7z.ok.2": b"3", f"{stem}-rejet.csv": b"2"}
    assert "Aucune nouvelle réponse" in served.run("receipt", "--out", str(tmp_path / "copie")).err
    assert (tmp_path / "copie" / f"{stem}.7z.ok.2").read_bytes() == b"3"
    (file,) = served.home.receipts.glob("*/recu-*.json")
    assert served.run("receipt", "--check", str(file)).code == 0


def test_what_is_no_answer_is_left_alone(served: Place, server: FaultyServer) -> None:
    stem = deliver(served, server)
    (server.root / f"{stem}.7z.gros").write_bytes(b"x" * ((1 << 20) + 1))
    (server.root / f"{stem}.7z.dossier").mkdir()
    (server.root / f"{stem}2.7z").write_bytes(b"another's")
    (server.root / "autre.7z.txt").write_bytes(b"another's")
    (server.root / f"{stem}.7z.part").write_bytes(b"a partial one")
    assert served.run("receipt").code == 0
    assert kept(served) == {}


def test_its_name_leads_nowhere(tmp_path: Path, base: Path, ssh_server: SshServer) -> None:
    served = place_for(tmp_path / "home", ssh_server.password)
    served.configure(ssh_server, {"Base": base})
    assert served.run("run", "--yes").code == 0
    (archive,) = archives(ssh_server.root)
    stem = archive.stem
    for name in (f"{stem}.7z.é\n\x1b[2J..", f"{stem}.7z.c:\\x|y ", f"{stem}.7z.{'n' * 100}"):
        (ssh_server.root / name).write_bytes(name.encode())
    (ssh_server.root / os.fsdecode(f"{stem}.7z.".encode() + b"\xff\xfe")).write_bytes(b"bytes")
    shown = served.run("receipt")
    assert shown.code == 0, shown.err
    assert "\x1b" not in shown.out
    found = kept(served)
    assert len(found) == 4
    assert all(name.isascii() and name.startswith(stem) and "/" not in name for name in found)


@pytest.mark.parametrize("name", ["a.7z/../../x", "a.7z\\..\\x", "a.7z\0", "a.7z..", "a.7z:flux"])
def test_it_is_kept_in_its_folder(tmp_path: Path, name: str) -> None:
    for file in _places(tmp_path, name):
        assert file.parent == tmp_path
        assert file.resolve().parent == tmp_path.resolve()
        assert not set(file.name) & set("/\\:\0")


def test_of_thousands_some_are_kept(served: Place, server: FaultyServer) -> None:
    stem = deliver(served, server)
    for number in range(3000):
        (server.root / f"{stem}.7z.{number:04d}").write_bytes(b"x")
    assert served.run("receipt").code == 0
    assert len(kept(served)) == 20


def test_without_a_secret_the_receipt_is_shown_all_the_same(served: Place, server: FaultyServer) -> None:
    stem = deliver(served, server)
    (server.root / f"{stem}.7z.ok").write_bytes(b"1")
    secret = served.secrets.pop("TUI_TRANSFER_SFTP_PASSWORD")
    shown = served.run("receipt")
    assert (shown.code, kept(served)) == (0, {})
    assert "TUI_TRANSFER_SFTP_PASSWORD manque" in shown.err
    assert stem in shown.out
    wrong = served.run("receipt", TUI_TRANSFER_SFTP_PASSWORD="faux")
    assert (wrong.code, "non cherchées" in wrong.err) == (0, True)
    assert "non cherchées" not in served.run("receipt", "--local").err
    assert served.run("receipt", TUI_TRANSFER_SFTP_PASSWORD=secret).code == 0
    assert len(kept(served)) == 1


def test_a_server_that_lists_nothing_is_no_failure(served: Place, server: FaultyServer) -> None:
    server.faults.hide = lambda name: False
    deliver(served, server)
    assert served.run("receipt").code == 0
    assert kept(served) == {}
