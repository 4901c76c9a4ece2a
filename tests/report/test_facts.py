"""What a program reads of a report: sums, facts, and which delivery a message is about."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import msgspec

from tests.job.examples import START, settings
from tests.programs import require
from tests.report.test_message import at, spec_of, state_of
from tui_transfer.archive.writer import Archive, ArchivedFile
from tui_transfer.job import events as ev
from tui_transfer.job.spec import JobSpec, make_spec
from tui_transfer.job.state import JobState
from tui_transfer.report import message
from tui_transfer.report.message import make_message
from tui_transfer.worker import manifest
from tui_transfer.worker.listing import make_listing

PAGE = Path(message.__file__).with_name("manifest.md")
MANAGERS, DELIVERIES = 12, 40


def test_the_lines_of_the_message_are_what_sha256sum_reads(tmp_path: Path) -> None:
    spec = spec_of(3)
    for item in spec.databases:
        (tmp_path / item.archive).write_bytes(item.name.encode())
    events: list[ev.Event] = [ev.WorkerStarted(at=at(0), pid=1, program="p")]
    for index, item in enumerate(spec.databases):
        sha256 = hashlib.sha256(item.name.encode()).hexdigest()
        events += [
            ev.ArchiveSealed(at=at(1), database=index, size=9, sha256=sha256, source_size=9, files=1),
            ev.Delivered(at=at(2), database=index, path=item.archive, verified="read-back"),
        ]
    body = make_message(JobState.fold(spec, events)).body
    (tmp_path / "message.txt").write_text(body, "utf-8")
    block = "".join(re.findall(r"^[0-9a-f]{64}  .*\n", body, re.MULTILINE))
    (tmp_path / "bloc.txt").write_text(block, "ascii")
    for arguments in (["message.txt"], ["--strict", "bloc.txt"]):
        done = subprocess.run(
            [require("sha256sum"), "-c", *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout.count(": OK")) == (0, 3), done.stderr


def test_the_first_lines_say_who_what_how_many_and_how_it_was_verified() -> None:
    state = state_of(msgspec.structs.replace(spec_of(2), manager_id="TC-0042"), 2)
    first = make_message(state).body.replace("\xa0", " ").split("\n\n")[1].splitlines()
    assert first[0].startswith("2 bases de données ont été transférées vers Sharebox")
    assert first[1].startswith(f"TC-0042, {state.spec.manager} : Base 00, Base 01. Vérification faite, par ")
    assert "http" not in make_message(state).body
    assert "7-Zip" in make_message(state).body


def test_facts_are_plain_and_whole() -> None:
    state = state_of(msgspec.structs.replace(spec_of(2), manager_id="TC-0042", contact="Accueil"), 1)
    raw = make_message(state).facts
    facts = json.loads(raw)
    assert "\xa0" not in raw.decode()
    assert (facts["manager_id"], facts["job"], facts["status"]) == ("TC-0042", state.spec.id, "blocked")
    assert [item["delivered"] for item in facts["databases"]] == [True, False]
    assert facts["databases"][0]["archive"]["sha256"] == state.databases[0].sha256


def _job(number: int) -> JobSpec:
    """A delivery of one or two bases by one of the managers, all of one name."""
    manager = msgspec.structs.replace(settings().manager, id=f"TC-{number % MANAGERS:04}")
    bases = [(f"Base {place}", Path(f"/srv/{place}")) for place in range(1 + number % 2)]
    told = msgspec.structs.replace(settings(), manager=manager)
    return make_spec(told, bases, START + timedelta(seconds=number // 3))


def test_forty_deliveries_of_twelve_managers_are_matched_with_their_messages(tmp_path: Path) -> None:
    depot, mails = tmp_path / "depot", tmp_path / "mails"
    depot.mkdir()
    mails.mkdir()
    expected = set()
    for number in range(DELIVERIES):
        spec = _job(number)
        events: list[ev.Event] = [ev.WorkerStarted(at=at(0), pid=1, program="p")]
        for index, item in enumerate(spec.databases):
            sha256 = hashlib.sha256(item.archive.encode()).hexdigest()
            files = (ArchivedFile(item.name, 1, sha256, 0.0),)
            read = manifest.Read("file", at(0), make_listing(files), None)
            made = manifest.make_manifest(spec, index, Archive(depot, 9, sha256, 1, files, 0), read)
            told = manifest.encode(manifest.verified(made, "read-back"))
            (depot / f"{item.archive}.manifest.json").write_bytes(told)
            events += [
                ev.ArchiveSealed(at=at(1), database=index, size=9, sha256=sha256, source_size=1, files=1),
                ev.Delivered(at=at(2), database=index, path=item.archive, verified="read-back"),
            ]
            expected.add((f"{number:02}.eml", item.archive, spec.manager_id, spec.id))
        mail = make_message(JobState.fold(spec, [*events, ev.JobSucceeded(at=at(3))])).eml()
        (mails / f"{number:02}.eml").write_bytes(mail)
    script = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)[0]
    assert len(script.split("\n")) - script.count("\n\n") - 1 == 10
    done = subprocess.run(
        [sys.executable, "-c", script, depot, mails], capture_output=True, text=True, check=True
    )
    *matched, left = done.stdout.splitlines()
    assert left == "sans message"
    assert {tuple(line.split("\t")) for line in matched} == expected
    assert len({manager for _, _, manager, _ in expected}) == MANAGERS
