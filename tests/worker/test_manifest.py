"""The manifest: what it holds, its documented shape, and the list that lies beside it where it is long."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cli.place import Place, archives, arrived, extract, place_for
from tests.job.examples import at
from tests.job.examples import spec as job_spec
from tests.programs import require
from tests.servers.openssh import SshServer
from tui_transfer.archive.writer import Archive, ArchivedFile
from tui_transfer.job.events import ArchiveSealed, BesideProgress
from tui_transfer.job.journal import JournalReader
from tui_transfer.job.spec import Waiver
from tui_transfer.preflight.statements import STATEMENTS
from tui_transfer.report import message
from tui_transfer.worker import manifest
from tui_transfer.worker.listing import LONGEST_WITHIN, make_listing, read_listing

SCHEMA = Path(message.__file__).with_name("manifest.schema.json")
PAGE = Path(message.__file__).with_name("manifest.md")
FIRST_FORMAT = {"format", "program", "job", "manager", "database", "created_at", "archive", "files"}


def files(count: int) -> list[ArchivedFile]:
    return [ArchivedFile(f"paie/{number:06d}é", number, f"{number:064x}", 0.0) for number in range(count)]


def told(server: SshServer) -> dict[str, Any]:
    (file,) = server.root.glob("*.manifest.json")
    found: dict[str, Any] = json.loads(file.read_bytes())
    return found


@pytest.fixture
def base(tmp_path: Path) -> Path:
    folder = tmp_path / "paie"
    folder.mkdir()
    (folder / "janvier.txt").write_bytes(b"2022")
    return folder


@pytest.fixture
def place(base: Path, tmp_path: Path, ssh_server: SshServer) -> Place:
    made = place_for(tmp_path / "home", ssh_server.password)
    made.configure(ssh_server, {"Paie": base})
    return made


def test_the_schema_that_ships_is_that_of_what_is_written() -> None:
    """Made anew by: json.dumps(manifest.schema(), ensure_ascii=False, indent=1)."""
    assert json.loads(SCHEMA.read_text("utf-8")) == json.loads(json.dumps(manifest.schema()))


def test_every_key_is_on_the_page_that_documents_them() -> None:
    page = PAGE.read_text("utf-8")
    for field in msgspec.structs.fields(manifest.Manifest):
        assert f"`{field.encode_name}`" in page or f"{field.encode_name} " in page, field.encode_name
    assert "'" not in page


def test_a_manifest_of_the_first_format_is_read() -> None:
    written = {
        "format": 1, "program": "tui-transfer 0.1.0", "job": "j", "manager": "m", "database": "d",
        "created_at": "2026-03-02T09:00:00+00:00", "archive": {"name": "a.7z", "size": 1, "sha256": "0" * 64},
        "files": [{"name": "d", "size": 1, "sha256": "0" * 64}],
    }  # fmt: skip
    assert set(written) == FIRST_FORMAT
    again = json.loads(manifest.encode(manifest.decode(json.dumps(written).encode())))
    assert again.keys() == written.keys()
    assert (again["archive"], again["files"]) == (written["archive"], written["files"])


def test_a_short_list_is_within_and_a_long_one_beside() -> None:
    short = make_listing(files(3))
    assert short.beside is None
    assert short.within is not None
    assert [entry["name"] for entry in json.loads(short.within)] == [entry.name for entry in files(3)]
    many = files(LONGEST_WITHIN // 90)
    long = make_listing(many)
    assert (long.within, long.count) == (None, len(many))
    assert long.beside is not None
    assert len(long.beside) < LONGEST_WITHIN / 2
    assert [(one["name"], one["size"], one["sha256"]) for one in read_listing(long.beside)] == [
        (entry.name, entry.size, entry.sha256) for entry in many
    ]
    sums = "".join(f"{entry.sha256}  {entry.name}\n" for entry in many)
    assert long.content == hashlib.sha256(sums.encode()).hexdigest()


def test_the_content_is_told_alike_wherever_the_list_lies() -> None:
    assert make_listing(files(10)).content == make_listing(files(10), longest_within=1).content
    assert make_listing(files(10)).content != make_listing(files(9)).content
    assert make_listing([]).within == b"[\n\n]"


def test_a_long_list_arrives_before_the_manifest_that_tells_its_hash_and_7zip_opens_it(
    place: Place, base: Path, ssh_server: SshServer, tmp_path: Path
) -> None:
    for number in range(2500):
        (base / f"bulletin-{number:05d}-{'x' * 20}.txt").write_bytes(b"%d" % number)
    result = place.run("run", "--yes")
    assert result.code == 0, result.err
    (archive,) = archives(ssh_server.root)
    assert {path.name for path in ssh_server.root.iterdir()} == {
        f"{archive.name}.files.jsonl.xz",
        *arrived(archive.name),
    }
    found = told(ssh_server)
    assert "files" not in found
    file = ssh_server.root / found["files_list"]["name"]
    data = file.read_bytes()
    assert (found["files_list"]["size"], found["files_list"]["count"]) == (len(data), 2501)
    assert found["files_list"]["sha256"] == hashlib.sha256(data).hexdigest()
    subprocess.run([require("7zz"), "x", "-y", f"-o{tmp_path}", file], check=True, capture_output=True)
    moved = [e for e in JournalReader(place.job().journal).read() if isinstance(e, BesideProgress)]
    (sealed,) = (e for e in JournalReader(place.job().journal).read() if isinstance(e, ArchiveSealed))
    assert [event.sent for event in moved] == sorted(event.sent for event in moved)
    assert {event.total for event in moved} == {moved[0].total}
    assert moved[-1].sent <= moved[0].total <= 1.2 * sealed.beside
    assert sealed.beside > len(data)
    listed = [json.loads(line) for line in (tmp_path / file.stem).read_text("utf-8").splitlines()]
    out = extract(archive, tmp_path / "out")
    assert {entry["name"]: entry["sha256"] for entry in listed} == {
        str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in out.rglob("*") if path.is_file()
    }  # fmt: skip


def test_it_tells_what_was_ticked_and_what_was_gone_without(place: Place, ssh_server: SshServer) -> None:
    assert place.run("run", "--yes").code == 0
    found = told(ssh_server)
    assert [item["key"] for item in found["prerequisites"]] == [item.key for item in STATEMENTS]
    assert not any("ticked_by" in item for item in found["prerequisites"])
    assert found["waiver"]["asked"] is False
    assert found["waiver"]["by"]


def test_it_names_the_earlier_delivery_of_the_same_base_and_compares_contents(
    place: Place, base: Path, ssh_server: SshServer
) -> None:
    deliveries = []
    for change in (b"2022", b"2022", b"2023"):
        (base / "janvier.txt").write_bytes(change)
        assert place.run("run", "--yes").code == 0
        deliveries.append(told(ssh_server))
        for file in ssh_server.root.iterdir():
            file.unlink()
    first, second, third = deliveries
    assert "supersedes" not in first
    for earlier, later, same in ((first, second, True), (second, third, False)):
        named = later["supersedes"]
        assert (named["job"], named["archive"]) == (earlier["job"], earlier["archive"]["name"])
        assert (named["sha256"], named["same_content"]) == (earlier["archive"]["sha256"], same)


def test_what_is_known_when_it_is_written_is_there_when_it_is_read() -> None:
    draft = manifest.Manifest(
        format=2, program="p", job="j", manager="m", database="d", created_at=at(0),
        archive=manifest.ArchiveFacts(name="a.7z", size=1, sha256="0" * 64),
        files=msgspec.Raw(b"[\n{}\n]"),
    )  # fmt: skip
    whole = manifest.verified(manifest.decode(manifest.encode(draft)), "read-back")
    assert manifest.encode(whole).endswith(b'"verified":"read-back","files":[\n{}\n]}\n')


def test_a_name_that_windows_loses_is_told_in_question_report_and_manifest(
    place: Place, base: Path, ssh_server: SshServer
) -> None:
    for name in (b"JANVIER.TXT", b"a:b.dat", b"pai\xe9.db"):
        (base / os.fsdecode(name)).write_bytes(name)
    assert "Noms changés dans l’archive" in place.run("run").err
    result = place.run("run", "--yes")
    assert result.code == 0, result.err
    assert "Noms changés dans l’archive" in result.out
    assert "« paie/a:b.dat » en « paie/a_b~" in place.run("report").out.replace("\xa0", " ")
    found = {entry["name"]: entry for entry in told(ssh_server)["files"]}
    assert found["paie/a:b.dat"]["stored_as"].startswith("paie/a_b~")
    assert bytes.fromhex(found["paie/pai\\xe9.db"]["name_hex"]) == b"paie/pai\xe9.db"
    assert sum("stored_as" in entry for entry in found.values()) == 3


@given(st.text(st.sampled_from("aé:\n\t \x01\x7f\u202e\u00ad\u2028\udce9\\\ue000"), min_size=1))
def test_the_name_that_a_file_has_can_be_told_from_its_line(name: str) -> None:
    (line,) = json.loads(make_listing([ArchivedFile("stored", 1, "0" * 64, 0, name)]).within or b"")
    bytes_ = bytes.fromhex(line["name_hex"]) if "name_hex" in line else line["name"].encode()
    assert bytes_ == os.fsencode(name)


def test_the_decision_to_hand_over_what_is_damaged_is_told() -> None:
    spec = job_spec("Base")
    waiver = Waiver(by="camille", at=at(5), asked=True)
    archive = Archive(Path("a"), 1, "0" * 64, 1, (), 0)
    for decided in (waiver, None):
        read = manifest.Read("sqlite", at(0), make_listing([]), None, decided)
        found = json.loads(manifest.encode(manifest.make_manifest(spec, 0, archive, read)))
        assert found.get("damage_waiver") == (
            {"by": "camille", "at": "2026-03-02T09:00:05Z", "asked": True} if decided else None
        )
