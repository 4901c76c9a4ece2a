"""Receipts: made with each delivery, kept when it goes, and what was altered is named."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.place import archives, place_for
from tests.programs import require
from tui_transfer.job.journal import _seal
from tui_transfer.report import signature
from tui_transfer.report.home_key import home_key

if TYPE_CHECKING:
    from tests.cli.place import Place
    from tests.servers.openssh import SshServer


@pytest.fixture
def place(tmp_path: Path, ssh_server: SshServer, base: Path) -> Place:
    made = place_for(tmp_path / "home", ssh_server.password)
    made.configure(ssh_server, {"Base <active> & « été »": base})
    return made


@pytest.fixture
def receipt(place: Place) -> Path:
    """The JSON of a receipt, in the home."""
    done = place.run("run", "--yes")
    assert done.code == 0, done.err
    (file,) = place.home.receipts.glob("*/recu-*.json")
    return file


def told(receipt: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(receipt.read_bytes())
    return found


def test_says_who_what_when_where_and_how(place: Place, receipt: Path, ssh_server: SshServer) -> None:
    content, job = told(receipt), place.job()
    (archive,) = archives(ssh_server.root)
    (item,) = content["databases"]
    assert (content["job"], content["manager"]) == (job.id, job.spec.manager)
    assert content["by"][0]["by"] == "root"
    assert content["by"][0]["host"]
    assert (item["archive"], item["size"]) == (archive.name, archive.stat().st_size)
    assert item["sha256"] == hashlib.sha256(archive.read_bytes()).hexdigest()
    assert (item["verified"], item["destination"]["host"]) == ("read-back", ssh_server.host)
    assert item["server_time"].startswith("20")
    assert content["host_key"] == ssh_server.fingerprint
    assert content["without"], "nothing was ticked"
    assert content["waiver"]["by"] == "root"
    lines = job.journal.read_bytes().splitlines()
    assert content["journal"] == {"lines": len(lines), "last_hash": json.loads(lines[-1])["hash"]}
    page = receipt.with_suffix(".html")
    assert content["page"] == hashlib.sha256(page.read_bytes()).hexdigest()
    for file in receipt.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_last_lines_of_run_say_where_it_is_and_what_shows_it(place: Place) -> None:
    done = place.run("run", "--yes")
    (page,) = place.home.receipts.glob("*/recu-*.html")
    said = done.out.replace("\xa0", " ").splitlines()[-1]
    assert said == f"Reçu signé, à garder (« tui-transfer receipt {page.parent.name} » le montre) : {page}"


def test_run_says_so_where_none_could_be_written(place: Place) -> None:
    place.home.receipts.write_bytes(b"in its place")
    done = place.run("run", "--yes")
    assert done.code == 0, done.err
    assert f"n’a pas pu être écrit. Pour l’écrire : tui-transfer receipt {place.job().id}" in done.out
    place.home.receipts.unlink()
    assert place.run("receipt", place.job().id).code == 0


def test_openssh_verifies_it(place: Place, receipt: Path) -> None:
    require("ssh-keygen")
    signers = place.home.receipts / "allowed_signers"
    identity = signers.read_text().split()[0]
    words: list[str | Path] = ["-f", signers, "-I", identity, "-n", "tui-transfer", "-s", f"{receipt}.sig"]
    done = subprocess.run(
        ["ssh-keygen", "-Y", "verify", *words], input=receipt.read_bytes(), capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_page_escapes_all_and_has_no_script(receipt: Path) -> None:
    page = receipt.with_suffix(".html").read_text()
    assert "Base &lt;active&gt; &amp; «\xa0été\xa0»" in page
    assert not re.search(r"<script|<a |<img|<link|javascript:|http", page.replace("http-equiv", ""))
    assert "size: A4" in page
    assert '<html lang="fr">' in page


def test_the_command_shows_it_and_copies_it(place: Place, receipt: Path, tmp_path: Path) -> None:
    shown = place.run("receipt")
    assert shown.code == 0, shown.err
    content = told(receipt)
    for word in (content["databases"][0]["sha256"], content["journal"]["last_hash"], content["host_key"]):
        assert word in shown.out
    copied = place.run("receipt", content["job"][:15], "--out", str(tmp_path / "copie"))
    assert copied.code == 0, copied.err
    names = {path.name for path in (tmp_path / "copie").iterdir()}
    assert names == {path.name for path in receipt.parent.iterdir()}
    checked = place.run("receipt", "--check", str(tmp_path / "copie" / receipt.name))
    assert (checked.code, "identique" in checked.out) == (0, True), checked.out


def test_it_stays_when_the_job_goes(place: Place, receipt: Path, ssh_server: SshServer) -> None:
    job = told(receipt)["job"]
    assert place.run("purge", "--yes").code == 0
    assert place.run("receipt", job).code == 0
    (archive,) = archives(ssh_server.root)
    checked = place.run("receipt", "--check", str(receipt), str(archive))
    assert checked.code == 0, checked.out
    assert "n’est pas sur ce poste" in checked.out
    assert "c’est l’archive remise" in checked.out


def test_one_that_is_missing_is_made(place: Place, receipt: Path) -> None:
    before = told(receipt)
    shutil.rmtree(place.home.receipts)
    assert place.run("receipt").code == 0
    assert told(receipt)["journal"] == before["journal"]
    shutil.rmtree(place.home.receipts)
    assert place.run("purge", "--yes").code == 0
    assert told(receipt)["journal"] == before["journal"], "purge keeps the proof"


def test_what_is_not_delivered_has_none(place: Place, ssh_server: SshServer) -> None:
    assert place.run("run", "--yes", TUI_TRANSFER_SFTP_PASSWORD="faux").code == 7
    refused = place.run("receipt")
    assert (refused.code, "n’est pas terminé" in refused.err) == (2, True)
    assert not place.home.receipts.exists()


# What was altered


def recompute(place: Place, change: Callable[[list[bytes]], list[bytes]]) -> None:
    """Does what a forger would: reckons all hashes of the journal anew."""
    journal = place.job().journal
    previous, lines = "0" * 64, []
    for number, line in enumerate(change(journal.read_bytes().splitlines()), start=1):
        whole = json.loads(line)
        whole |= {"n": number, "previous": previous}
        del whole["hash"]
        sealed, previous = _seal(json.dumps(whole, separators=(",", ":")).encode().removesuffix(b"}"))
        lines.append(sealed)
    journal.write_bytes(b"".join(lines))
    assert place.run("jobs", "--verify").code == 0, "the chain is whole"


def change_content(place: Place, receipt: Path) -> None:
    receipt.write_bytes(receipt.read_bytes().replace(b'"read-back"', b'"server-hash"'))


def change_a_space(place: Place, receipt: Path) -> None:
    receipt.write_bytes(receipt.read_bytes() + b" ")


def change_signature(place: Place, receipt: Path) -> None:
    file = Path(f"{receipt}.sig")
    lines = file.read_bytes().splitlines(keepends=True)
    lines[2] = lines[2].swapcase()
    file.write_bytes(b"".join(lines))


def take_signature(place: Place, receipt: Path) -> None:
    Path(f"{receipt}.sig").unlink()


def sign_with_another_key(place: Place, receipt: Path) -> None:
    change_content(place, receipt)
    other = home_key(place.folder.parent / "faussaire")
    Path(f"{receipt}.sig").write_bytes(signature.sign(receipt.read_bytes(), other))


def change_page(place: Place, receipt: Path) -> None:
    page = receipt.with_suffix(".html")
    page.write_text(page.read_text().replace("relecture complète", "calcul"))


def change_order(place: Place, receipt: Path) -> None:
    file = place.job().spec_file
    file.write_bytes(file.read_bytes() + b"\n")


def cut_journal(place: Place, receipt: Path) -> None:
    journal = place.job().journal
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:-1]))


def recompute_journal(place: Place, receipt: Path) -> None:
    def change(lines: list[bytes]) -> list[bytes]:
        assert any(b"read-back" in line for line in lines)
        return [line.replace(b"read-back", b"server-hash") for line in lines]

    recompute(place, change)


def take_line(place: Place, receipt: Path) -> None:
    recompute(place, lambda lines: lines[:3] + lines[4:])


@pytest.mark.parametrize(
    ("alter", "what"),
    [
        (change_content, "Signature : elle n’est pas celle de ce reçu"),
        (change_a_space, "Signature : elle n’est pas celle de ce reçu"),
        (change_signature, "Signature : elle n’est pas celle de ce reçu"),
        (take_signature, "manque"),
        (sign_with_another_key, "une clé qui n’a rien signé sur ce poste"),
        (change_page, "n’est plus celle qui a été signée"),
        (change_order, "Journal :"),
        (cut_journal, "sa fin a été coupée"),
        (recompute_journal, "il a été refait"),
        (take_line, "sa fin a été coupée"),
    ],
)
def test_what_was_altered_is_named(
    place: Place, receipt: Path, alter: Callable[[Place, Path], None], what: str
) -> None:
    before = place.run("receipt", "--check", str(receipt))
    assert (before.code, "✗" in before.out) == (0, False), before.out
    alter(place, receipt)
    after = place.run("receipt", "--check", str(receipt))
    assert after.code == 11, after.out
    (line,) = (line for line in after.out.splitlines() if line.startswith("✗"))
    assert what in line


def test_an_archive_that_is_another_is_named(place: Place, receipt: Path, ssh_server: SshServer) -> None:
    (archive,) = archives(ssh_server.root)
    checked = place.run("receipt", "--check", str(receipt), str(archive))
    assert checked.code == 0, checked.out
    data = bytearray(archive.read_bytes())
    data[40] ^= 1
    archive.write_bytes(data)
    checked = place.run("receipt", "--check", str(receipt), str(archive))
    assert (checked.code, "pas celui qui a été remis" in checked.out) == (11, True)


def test_elsewhere_the_key_is_named_for_comparing(receipt: Path, tmp_path: Path) -> None:
    other = place_for(tmp_path / "autre", "")
    checked = other.run("receipt", "--check", str(receipt))
    assert checked.code == 0, checked.out
    assert "ne connaît pas (SHA256:" in checked.out


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"format": 1, "job": "../.."}'])
def test_what_is_no_receipt_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    place = place_for(tmp_path / "home", "")
    file = tmp_path / "recu-x.json"
    file.write_bytes(content)
    checked = place.run("receipt", "--check", str(file))
    assert (checked.code, "plus lisible" in checked.out) == (11, True), checked.err
    missing = place.run("receipt", "--check", str(tmp_path / "absent.json"))
    assert missing.code == 2
