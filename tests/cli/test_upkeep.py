"""What becomes of old jobs: listed whatever their state, checked for damage, and removed."""

from __future__ import annotations

import errno
import hashlib
import os
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pexpect
import pytest

from tests.cli.place import COMMAND, Nowhere, Place, place_for
from tests.servers.openssh import SshServer
from tests.servers.relay import Relay, relay
from tui_transfer.cli import upkeep
from tui_transfer.job import audit, control
from tui_transfer.job.beside import names_beside
from tui_transfer.job.events import Connected, Delivered, JobSucceeded, WorkerStarted
from tui_transfer.job.journal import Journal
from tui_transfer.job.spec import FORMAT, make_spec
from tui_transfer.settings import config
from tui_transfer.settings.config import TransferSettings

SIZE = 3_000_000


@pytest.fixture
def base(tmp_path: Path) -> Path:
    path = tmp_path / "bases" / "base.bin"
    path.parent.mkdir()
    path.write_bytes(os.urandom(SIZE))
    return path


# --- Damage ---


@pytest.fixture
def offline(tmp_path: Path, base: Path) -> Place:
    made = place_for(tmp_path / "home", "secret")
    made.configure(Nowhere(), {"Base": base})
    return made


def _told(place: Place, age: timedelta = timedelta(), *, delivered: bool = True) -> control.Job:
    """A job that was delivered, or connected at least, as its journal tells."""
    now = datetime.now(UTC) - age
    settings = config.load(place.home.config_file)
    databases = config.active_databases(settings, place.home)
    job = control.create(place.home, make_spec(settings, databases, now))
    with Journal(job.journal) as journal:
        journal.append(WorkerStarted(at=now, pid=1, program="1", spec=audit.spec_hash(job)))
        journal.append(Connected(at=now, route="direct", host_key=Nowhere.fingerprint))
        if delivered:
            journal.append(Delivered(at=now, database=0, path="/depot/x.7z", verified="read-back"))
            journal.append(JobSucceeded(at=now))
    return job


def _lines(job: control.Job) -> list[bytes]:
    return job.journal.read_bytes().splitlines(keepends=True)


def _replace(file: Path, old: str, new: str) -> None:
    content = file.read_text()
    assert old in content
    file.write_text(content.replace(old, new))


def _reseal(job: control.Job, old: str, new: str) -> None:
    """Changes the last line of the journal, and its hash with it."""
    *before, last = _lines(job)
    assert old.encode() in last
    line = last[:-76].replace(old.encode(), new.encode())
    digest = hashlib.sha256(line).hexdigest()
    job.journal.write_bytes(b"".join(before) + line + f',"hash":"{digest}"}}\n'.encode())


def _pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def _folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


HARMS: dict[str, Callable[[control.Job], object]] = {
    "a line edited": lambda job: _replace(job.journal, '"read-back"', '"server-hash"'),
    "the last line edited": lambda job: _replace(job.journal, "job.succeeded", "job.Succeeded"),
    "a line removed": lambda job: job.journal.write_bytes(b"".join(_lines(job)[:1] + _lines(job)[2:])),
    "two lines exchanged": lambda job: job.journal.write_bytes(
        b"".join([_lines(job)[0], _lines(job)[2], _lines(job)[1], _lines(job)[3]])
    ),
    "the order edited": lambda job: _replace(job.spec_file, "127.0.0.1", "127.0.0.2"),
    "the order garbled": lambda job: job.spec_file.write_text("{"),
    "the order lost": lambda job: job.spec_file.unlink(),
    "a time without zone": lambda job: _replace(job.spec_file, 'Z"', '"'),
    "a resealed line about another database": lambda job: _reseal(
        job, '"type":"job.succeeded"', '"type":"archive.kept","changed":true,"database":7'
    ),
    "lists in lists": lambda job: _replace(job.spec_file, '"proxy": null', '"proxy": ' + "[" * 100_000),
    "the order is a pipe": lambda job: _pipe(job.spec_file),
    "the journal is a pipe": lambda job: _pipe(job.journal),
    "the order is a folder": lambda job: _folder(job.spec_file),
}


@pytest.mark.parametrize("harm", HARMS)
def test_damage_is_shown_and_hides_nothing(offline: Place, harm: str) -> None:
    whole, hurt = _told(offline, timedelta(hours=1)), _told(offline)
    HARMS[harm](hurt)
    listed = offline.run("jobs")
    assert listed.code == 0, listed.err
    first, second = listed.out.splitlines()
    assert first.startswith(hurt.id)
    assert "abîmé" in first
    assert second.startswith(whole.id)
    assert "réussi" in second
    checked = offline.run("jobs", "--verify")
    assert checked.code == 1
    first, second, *_ = checked.out.splitlines()
    assert first.startswith(f"{hurt.id}  abîmé : Fichier {hurt.folder}")
    assert second == f"{whole.id}  sans défaut visible (4\u00a0lignes)"


def test_damaged_jobs_keep_no_other_from_anything(offline: Place) -> None:
    whole = _told(offline, timedelta(hours=1))
    hurt = [_told(offline) for _ in HARMS]
    for job, harm in zip(hurt, HARMS.values(), strict=True):
        harm(job)
    listed = offline.run("jobs")
    assert listed.code == 0, listed.err
    assert listed.out.count("abîmé ") == len(hurt)
    assert f"{whole.id}  " in listed.out
    assert offline.run("report", whole.id).code == 0
    assert offline.run("run", "--yes").code == 5, "it got as far as the network"
    assert offline.run("support-bundle", "--yes", str(offline.folder / "aide.zip")).code == 0
    purged = offline.run("purge", "--yes", "--local")
    assert purged.code == 0
    assert purged.err.count("conservé") == len(hurt)
    assert not whole.folder.exists()


def test_refused_attempts_that_cannot_be_read_hide_no_job(offline: Place) -> None:
    job = _told(offline)
    os.mkfifo(offline.home.data / "attempts.jsonl")
    listed = offline.run("jobs")
    assert job.id in listed.out
    assert listed.code == 10
    assert "attempts.jsonl" in listed.err
    resumed = offline.run("resume")
    assert resumed.code == 15
    assert job.id in resumed.err


def test_a_pipe_in_the_place_of_the_log_keeps_nobody_waiting(offline: Place) -> None:
    job = _told(offline, delivered=False)
    os.mkfifo(job.log)
    resumed = offline.run("resume")
    assert resumed.code == 10
    assert "worker.log" in resumed.err


def test_journals_that_are_whole_or_torn_by_a_crash_are_fine(offline: Place) -> None:
    job = _told(offline)
    checked = offline.run("jobs", "--verify")
    assert checked.code == 0
    assert "Ce contrôle trouve les accidents" in checked.out
    job.journal.write_bytes(job.journal.read_bytes()[:-20])
    checked = offline.run("jobs", "--verify")
    assert checked.code == 0
    assert f"{job.id}  sans défaut visible (3\u00a0lignes)" in checked.out


def test_a_job_that_a_newer_version_went_on_with_is_said_to_be(offline: Place) -> None:
    job = _told(offline, delivered=False)
    with Journal(job.journal) as journal:
        journal.append(WorkerStarted(at=datetime.now(UTC), pid=2, program="9", format=FORMAT + 1))
    checked = offline.run("jobs", "--verify")
    assert checked.code == 2
    assert f"{job.id}  plus récent" in checked.out
    assert "plus récent" in offline.run("jobs").out
    resumed = offline.run("resume", "--json")
    assert resumed.finished["problem"] == "journal-newer"


def test_a_worker_does_not_go_on_by_an_order_that_was_edited(offline: Place) -> None:
    job = _told(offline, delivered=False)
    HARMS["the order edited"](job)
    resumed = offline.run("resume")
    assert resumed.code == 1
    assert "a été modifié après le début du transfert" in resumed.err


def test_the_copy_of_a_job_is_not_taken_for_it(offline: Place) -> None:
    import shutil

    job = _told(offline)
    shutil.copytree(job.folder, job.folder.with_name(f"{job.id} (copie)"))
    assert offline.run("jobs", "--verify").out.count("sans défaut visible") == 1
    assert offline.run("report", job.id).code == 0


# --- Removal ---


@pytest.fixture
def link(ssh_server: SshServer) -> Iterator[Relay]:
    with relay(ssh_server.port) as made:
        yield made


@pytest.fixture
def place(tmp_path: Path, ssh_server: SshServer, link: Relay, base: Path) -> Place:
    made = place_for(tmp_path / "home", ssh_server.password)
    made.configure(ssh_server, {"Base": base}, port=link.port)
    made.change(transfer=TransferSettings(retry_for=0))
    return made


def _interrupt(place: Place, link: Relay) -> control.Job:
    """A transfer that was cut in its middle, and did not try again."""
    link.cut_after = SIZE // 2
    assert place.run("run", "--yes").code == 12
    link.cut_after = None
    return place.job()


def _names(server: SshServer) -> set[str]:
    return {path.name for path in server.root.iterdir()}


def test_what_is_over_is_removed_and_what_was_delivered_stays(place: Place, ssh_server: SshServer) -> None:
    assert place.run("run", "--yes").code == 0
    there = _names(ssh_server)
    assert place.run("purge", "--yes").code == 0
    assert _names(ssh_server) == there
    assert list(place.home.jobs.glob("*/*")) == []
    assert place.run("jobs").out == "Aucun transfert.\n"


def test_an_interrupted_job_goes_with_its_own_partial_files_and_no_other(
    place: Place, ssh_server: SshServer, link: Relay
) -> None:
    job = _interrupt(place, link)
    archive = job.spec.databases[0].archive
    assert _names(ssh_server) == {f"{archive}.part"}
    # Killed between the renaming and the word of it; other people's files.
    others = {archive, f"{archive}.manifest.json", "autre.7z.part", f"{archive}.part.part"}
    for name in {*others, *(f"{name}.part" for name in names_beside(archive))}:
        (ssh_server.root / name).write_bytes(b"x")
    done = place.run("purge", job.id, "--yes")
    assert done.code == 0, done.err
    assert _names(ssh_server) == others
    assert not job.folder.exists()


def test_nothing_is_removed_without_a_yes(place: Place, ssh_server: SshServer, link: Relay) -> None:
    job = _interrupt(place, link)
    refused = place.run("purge")
    assert refused.code == 2
    assert f"{job.spec.databases[0].archive}.part" in refused.err
    assert job.folder.exists()
    assert len(_names(ssh_server)) == 1


def test_as_long_as_its_partial_file_cannot_be_removed_the_job_stays(
    place: Place, ssh_server: SshServer, link: Relay
) -> None:
    job = _interrupt(place, link)
    failed = place.run("purge", "--yes", TUI_TRANSFER_SFTP_PASSWORD="incorrect")
    assert failed.code == 7
    assert f"{job.id} : conservé." in failed.err
    assert place.run("jobs", "--verify").code == 0
    assert len(_names(ssh_server)) == 1
    assert place.run("purge", "--yes", "--local").code == 0
    assert len(_names(ssh_server)) == 1
    assert not job.folder.exists()


def test_a_key_that_was_mended_in_the_settings_serves_to_clean_up_too(
    place: Place, ssh_server: SshServer, link: Relay, base: Path
) -> None:
    _interrupt(place, link)
    place.configure(ssh_server, {"Base": base}, key=Nowhere.fingerprint, port=link.port)
    assert place.run("resume").code == 8
    assert place.run("purge", "--yes").code == 8
    place.configure(ssh_server, {"Base": base}, port=link.port)
    assert place.run("purge", "--yes").code == 0
    assert _names(ssh_server) == set()


def test_a_person_is_asked_before_anything_is_removed(
    place: Place, ssh_server: SshServer, link: Relay
) -> None:
    job = _interrupt(place, link)
    password = place.secrets.pop("TUI_TRANSFER_SFTP_PASSWORD")
    for answer in "non", "oui":
        asked = pexpect.spawn(COMMAND[0], [*COMMAND[1:], "purge"], env=place.environment(), timeout=60)
        asked.expect(re.escape(f"{job.spec.databases[0].archive}.part"))
        asked.expect(r"oui/non\] : ")
        assert len(_names(ssh_server)) == 1
        asked.sendline(answer)
        if answer == "oui":
            asked.expect("Mot de passe Sharebox .* : ")
            asked.sendline(password)
        asked.expect(pexpect.EOF)
        asked.wait()
        assert job.folder.exists() == (answer == "non")
    assert _names(ssh_server) == set()


def test_only_jobs_old_enough_are_removed_and_damaged_ones_are_kept(offline: Place) -> None:
    old, new = _told(offline, timedelta(days=31)), _told(offline)
    damaged = _told(offline, timedelta(days=60))
    HARMS["a line edited"](damaged)
    assert offline.run("purge", "--older-than", "30", "--yes").code == 0
    assert [job.folder.exists() for job in (old, new, damaged)] == [False, True, True]
    assert offline.run("purge", damaged.id, "--yes").code == 1
    assert damaged.folder.exists()


@pytest.mark.parametrize("command", [["jobs"], ["purge", "--yes", "--local"]], ids=["jobs", "purge"])
def test_a_removal_that_was_killed_is_ended_by_the_next_look_at_the_jobs(
    offline: Place, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    job = _told(offline)
    (job.spool / "0").mkdir(parents=True)
    (job.spool / "0" / "snapshot.sqlite").write_bytes(b"x")

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as context:
        context.setattr(os, "unlink", killed)
        with pytest.raises(KeyboardInterrupt):
            control.remove(job)
    assert offline.run("resume", job.id).code == 2
    done = offline.run(*command)
    assert done.code == 0
    assert f"{job.id} : sa suppression, interrompue auparavant, est achevée." in done.err
    assert not job.folder.exists()


def test_a_disk_that_refuses_a_removal_halfway_is_told_as_that(
    offline: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    job = _told(offline)

    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, "EIO")

    for _ in range(2):  # the removal, and going on with it
        with monkeypatch.context() as context:
            context.setattr(os, "unlink", refused)
            assert upkeep.purge(offline.home, (), None, yes=True, local=True) == 10
        assert f"{job.id} : supprimé en partie" in capsys.readouterr().err
    assert upkeep.purge(offline.home, (), None, yes=True, local=True) == 0
    assert not job.folder.exists()


def test_a_running_job_is_not_removed(offline: Place) -> None:
    job = _told(offline, delivered=False)
    with job.lock():
        refused = offline.run("purge", job.id, "--yes", "--local")
        assert refused.code == 16
        assert "en cours" in refused.err
        assert offline.run("purge", "--yes", "--local").code == 0
    assert job.folder.exists()
