"""The whole transfer by command, against real servers."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.cli.place import COMMAND, LIMIT, Place, archives, arrived, content, extract, place_for
from tests.job.looks import looks, never_falls
from tests.programs import require, require_root
from tests.servers.account import Account
from tests.servers.danted import DantedServer
from tests.servers.openssh import PASSPHRASE, SshServer, openssh
from tests.servers.processes import free_port, wait_until
from tests.servers.relay import Relay, relay
from tests.servers.squid import PASSWORD as PROXY_PASSWORD
from tests.servers.squid import USERNAME as PROXY_USERNAME
from tests.servers.squid import SquidServer
from tui_transfer.job import control
from tui_transfer.job.events import ArchiveSealed, JobSucceeded, UploadProgress, WorkerStarted
from tui_transfer.job.journal import JournalReader
from tui_transfer.settings import config
from tui_transfer.settings.config import ProxySettings, TransferSettings

Databases = dict[str, Path]


@pytest.fixture
def databases(tmp_path: Path) -> Databases:
    """One of each kind, with what names and sizes can be troublesome."""
    folder = tmp_path / "bases" / "Dossier d'été"
    (folder / "sous-dossier vide").mkdir(parents=True)
    (folder / "Salariés – 2021.txt").write_text("Élodie;1200,00\n" * 5000)
    (folder / "vide.dat").touch()
    file = tmp_path / "bases" / "ancienne base.fdb"
    file.write_bytes(os.urandom(3_000_000) + bytes(2_000_000))
    empty = tmp_path / "bases" / "zéro.db"
    empty.touch()
    sqlite = tmp_path / "bases" / "active.db"
    with closing(sqlite3.connect(sqlite)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE paie (nom TEXT, net REAL)")
        connection.executemany("INSERT INTO paie VALUES (?, ?)", ((f"n{i}", i) for i in range(20_000)))
        connection.commit()
    return {"Base active": sqlite, "Dossier": folder, "Ancienne": file, "Zéro octet": empty}


@pytest.fixture
def place(tmp_path: Path, ssh_server: SshServer, databases: Databases) -> Place:
    made = place_for(tmp_path / "home", ssh_server.password)
    made.configure(ssh_server, databases)
    return made


def test_every_kind_of_database_arrives_whole_and_is_said_to(
    place: Place, ssh_server: SshServer, databases: Databases, tmp_path: Path
) -> None:
    result = place.run("run", "--yes", "--json")
    assert result.code == 0, result.err
    finished = result.finished
    assert (finished["status"], finished["exit_code"]) == ("succeeded", 0)
    assert [item["name"] for item in finished["databases"]] == list(databases)
    for item in finished["databases"]:
        archive = ssh_server.root / item["archive"]
        data = archive.read_bytes()
        assert item["verified"] == "read-back"
        assert item["packed"] == len(data)
        assert item["sha256"] == hashlib.sha256(data).hexdigest()
        extracted = extract(archive, tmp_path / "out" / item["name"])
        original = databases[item["name"]]
        if item["name"] == "Base active":
            assert _rows(extracted / original.name) == _rows(original)
        elif original.is_dir():
            assert content(extracted / original.name) == content(original)
        else:
            assert (extracted / original.name).read_bytes() == original.read_bytes()
        _check_manifest(ssh_server.root / f"{item['archive']}.manifest.json", item, extracted)
    sums = sorted(path.name for path in ssh_server.root.glob("*.sha256"))
    checked = subprocess.run(["sha256sum", "--strict", "-c", *sums], cwd=ssh_server.root, check=False)
    assert (len(sums), checked.returncode) == (len(databases), 0)
    names = {path.name for path in ssh_server.root.iterdir()}
    assert names == {name for item in finished["databases"] for name in arrived(item["archive"])}


def _rows(database: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute("SELECT * FROM paie").fetchall()


def _check_manifest(file: Path, item: dict[str, object], extracted: Path) -> None:
    manifest = json.loads(file.read_text())
    assert len(file.read_text().splitlines()) == len(manifest["files"]) + 2, "a line each"
    assert manifest["archive"] == {
        "name": item["archive"],
        "size": item["packed"],
        "sha256": item["sha256"],
    }
    assert manifest["program"].startswith("tui-transfer ")
    listed = {entry["name"]: (entry["size"], entry["sha256"]) for entry in manifest["files"]}
    found = {
        str(path.relative_to(extracted)): (path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in extracted.rglob("*")
        if path.is_file()
    }
    assert listed == found


def test_nothing_is_left_in_the_spool_and_everything_is_private(place: Place) -> None:
    assert place.run("run", "--yes").code == 0
    job = place.job()
    assert list(job.spool.iterdir()) == []
    for path in [job.folder, *job.folder.rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path


def test_databases_are_chosen_by_name_and_by_path(
    place: Place, ssh_server: SshServer, databases: Databases
) -> None:
    result = place.run("run", "--yes", "Zéro octet", str(databases["Ancienne"]))
    assert result.code == 0, result.err
    names = [path.name.split("_")[1] for path in archives(ssh_server.root)]
    assert names == ["ancienne", "zero-octet-08ce0fcc"]
    assert "2 bases de données ont été transférées" in result.out.replace("\u00a0", " ")


def test_only_active_databases_are_sent_unless_all_are_asked_for(place: Place, ssh_server: SshServer) -> None:
    import msgspec

    from tui_transfer.settings import config

    settings = config.load(place.home.config_file)
    first, *others = settings.databases
    inactive = [msgspec.structs.replace(item, active=False) for item in others]
    place.change(databases=(first, *inactive))
    assert place.run("run", "--yes").code == 0
    assert len(archives(ssh_server.root)) == 1
    assert place.run("run", "--yes", "--all").code == 0
    assert len(archives(ssh_server.root)) == 1 + 4


# --- Access ---


def test_keys_open_the_sharebox(place: Place, ssh_server: SshServer, databases: Databases) -> None:
    place.secrets.clear()
    place.configure(ssh_server, databases, key_file=str(ssh_server.key_file))
    assert place.run("run", "--yes", "Zéro octet").code == 0
    place.configure(ssh_server, databases, key_file=str(ssh_server.protected_key_file))
    refused = place.run("run", "--yes", "Zéro octet")
    assert refused.code == 7
    assert "TUI_TRANSFER_KEY_PASSPHRASE" in refused.err
    resumed = place.run("resume", TUI_TRANSFER_KEY_PASSPHRASE=PASSPHRASE)
    assert resumed.code == 0, resumed.err


@pytest.mark.parametrize("password", [None, "incorrect"])
def test_a_missing_or_wrong_password_ends_with_7(place: Place, password: str | None) -> None:
    place.secrets.clear()
    given = {"TUI_TRANSFER_SFTP_PASSWORD": password} if password else {}
    result = place.run("run", "--yes", "Zéro octet", **given)
    assert result.code == 7
    assert "mot de passe" in result.err
    assert "tui-transfer resume" in result.err


def test_an_unknown_key_is_shown_then_accepted_once_and_kept(
    place: Place, ssh_server: SshServer, databases: Databases
) -> None:
    place.configure(ssh_server, databases, key=None)
    result = place.run("run", "--yes", "Zéro octet")
    assert result.code == 8
    assert ssh_server.fingerprint in result.err
    assert not ssh_server.authentication_requests()
    assert place.run("resume", "--accept-host-key", ssh_server.fingerprint).code == 0
    assert place.run("run", "--yes", "Zéro octet").code == 0


def test_resuming_takes_up_what_was_mended_in_the_configuration(
    place: Place, ssh_server: SshServer, databases: Databases
) -> None:
    """A wrong directory first, then a key that the Urssaf confirmed as the new one."""
    place.configure(ssh_server, databases, key=None, directory="/depot/absent")
    accepted = ("--accept-host-key", ssh_server.fingerprint)
    assert place.run("run", "--yes", "Zéro octet", *accepted).code == 9
    place.configure(ssh_server, databases, key="SHA256:" + "A" * 43)
    assert place.run("resume").code == 8
    place.configure(ssh_server, databases)
    assert place.run("resume").code == 0
    assert len(archives(ssh_server.root)) == 1


def test_a_key_of_a_further_server_is_accepted_beside_the_first_and_kept(
    place: Place, ssh_server: SshServer, databases: Databases
) -> None:
    first = "SHA256:" + "A" * 43
    place.configure(ssh_server, databases, key=first)
    assert place.run("run", "--yes", "Zéro octet").code == 8
    line = f"# {ssh_server.host}:22\n256 {ssh_server.fingerprint} root@noeud-2 (ED25519)\n"
    assert place.run("resume", "--accept-host-key", line).code == 0
    assert config.load(place.home.config_file).sharebox.host_keys == (first, ssh_server.fingerprint)
    assert place.run("run", "--yes", "Zéro octet").code == 0
    assert place.run("config", "show").out.count("SHA256:") == 2


def test_a_key_that_is_accepted_and_not_met_is_not_kept(
    place: Place, ssh_server: SshServer, databases: Databases
) -> None:
    place.configure(ssh_server, databases)
    assert place.run("run", "--yes", "--accept-host-key", "MD5:" + "0a:" * 15 + "0a", "Zéro octet").code == 0
    assert config.load(place.home.config_file).sharebox.host_key == ssh_server.fingerprint


def test_another_key_than_the_expected_one_is_refused(
    place: Place, ssh_server: SshServer, databases: Databases
) -> None:
    other = "SHA256:" + "A" * 43
    place.configure(ssh_server, databases, key=other)
    result = place.run("run", "--yes", "Zéro octet")
    assert result.code == 8
    assert other in result.err
    assert ssh_server.fingerprint in result.err
    assert not ssh_server.authentication_requests()


# --- Routes ---


def _unreachable_directly(place: Place, ssh_server: SshServer, databases: Databases) -> None:
    """Names the server so that only a proxy, which resolves `localhost`, would be let through."""
    place.configure(ssh_server, databases, port=free_port())


def test_an_unreachable_sharebox_asks_for_a_proxy(
    place: Place, ssh_server: SshServer, databases: Databases
) -> None:
    _unreachable_directly(place, ssh_server, databases)
    result = place.run("run", "--yes", "--json")
    assert result.code == 5
    assert result.finished["problem"] == "sharebox-unreachable"
    assert result.finished["status"] == "blocked"
    assert result.finished["details"]["cause"] == "refused"
    assert "Rien ne répond au port" in result.finished["message"]
    assert "que par un proxy" in result.finished["message"]


def test_through_squid_with_a_password_of_every_kind(
    place: Place, ssh_server: SshServer, squid_with_password: SquidServer
) -> None:
    url = f"http://{PROXY_USERNAME}@{squid_with_password.host}:{squid_with_password.port}"
    result = place.run("run", "--yes", "--proxy", url, "--json", TUI_TRANSFER_PROXY_PASSWORD=PROXY_PASSWORD)
    assert result.code == 0, result.err
    assert [event["route"] for event in result.events if event["type"] == "sharebox.connected"] == ["http"]
    assert len(archives(ssh_server.root)) == 4


def test_through_socks5_with_a_password(
    place: Place, ssh_server: SshServer, danted_with_password: DantedServer, account: Account
) -> None:
    url = f"socks5://{account.username}@{danted_with_password.host}:{danted_with_password.port}"
    result = place.run("run", "--yes", "--proxy", url, TUI_TRANSFER_PROXY_PASSWORD=account.password)
    assert result.code == 0, result.err
    assert "par le proxy SOCKS5" in result.out


def test_the_configured_proxy_is_tried_after_the_direct_route(
    place: Place, ssh_server: SshServer, squid_with_password: SquidServer
) -> None:
    proxy = ProxySettings(
        host=squid_with_password.host, port=squid_with_password.port, username=PROXY_USERNAME
    )
    place.change(proxy=proxy)
    given = {"TUI_TRANSFER_PROXY_PASSWORD": PROXY_PASSWORD}
    direct = place.run("run", "--yes", "Zéro octet", "--json", **given)
    assert [event["route"] for event in direct.events if event["type"] == "sharebox.connected"] == ["direct"]


@pytest.mark.parametrize(
    ("password", "problem"),
    [("faux", "proxy-credentials-refused"), (None, "proxy-credentials-needed")],
)
def test_refused_proxy_credentials_end_with_6(
    place: Place, squid_with_password: SquidServer, password: str | None, problem: str
) -> None:
    url = f"http://{PROXY_USERNAME}@{squid_with_password.host}:{squid_with_password.port}"
    given = {"TUI_TRANSFER_PROXY_PASSWORD": password} if password else {}
    result = place.run("run", "--yes", "Zéro octet", "--proxy", url, "--json", **given)
    assert result.code == 6
    assert result.finished["problem"] == problem
    expected = 1 if password else 0
    wait_until(lambda: len(squid_with_password.attempts()) >= expected, what="the log tells of it")
    assert len(squid_with_password.attempts()) == expected


def test_a_proxy_that_forbids_the_port_is_explained(place: Place, squid_as_shipped: SquidServer) -> None:
    url = f"http://{squid_as_shipped.host}:{squid_as_shipped.port}"
    result = place.run("run", "--yes", "Zéro octet", "--proxy", url)
    assert result.code == 6
    assert "443" in result.err


def test_after_a_refused_route_what_was_packed_is_not_packed_again(
    place: Place, ssh_server: SshServer, squid_open: SquidServer
) -> None:
    """Step 5bis by command: the first proxy is a closed port, the second works."""
    first = place.run("run", "--yes", "Zéro octet", "Ancienne", "--proxy", f"http://127.0.0.1:{free_port()}")
    assert first.code == 6
    sealed_before = list(JournalReader(place.job().journal).read())
    result = place.run("resume", "--proxy", f"http://{squid_open.host}:{squid_open.port}")
    assert result.code == 0, result.err
    assert sealed_before == list(JournalReader(place.job().journal).read())[: len(sealed_before)]
    assert len(archives(ssh_server.root)) == 2


# --- What is refused ---


def _missing(bases: Path) -> Path:
    return bases / "nulle part.db"


def _link_outside(bases: Path) -> Path:
    folder = bases / "avec lien"
    folder.mkdir()
    (folder / "lien").symlink_to(bases / "ancienne base.fdb")
    return folder


def _pipe(bases: Path) -> Path:
    folder = bases / "avec tube"
    folder.mkdir()
    os.mkfifo(folder / "tube")
    return folder


@pytest.mark.parametrize(
    ("make", "words"),
    [(_missing, "introuvable"), (_link_outside, "lien"), (_pipe, "tube nommé")],
)
def test_what_cannot_be_archived_is_refused_by_name(
    place: Place, ssh_server: SshServer, databases: Databases, make: Callable[[Path], Path], words: str
) -> None:
    path = make(databases["Ancienne"].parent)
    place.configure(ssh_server, {"Douteuse": path})
    result = place.run("run", "--yes")
    assert result.code == 3
    assert words in result.err
    assert path.name in result.err
    assert archives(ssh_server.root) == []


def test_a_database_inside_another_is_refused_before_anything_begins(
    place: Place, ssh_server: SshServer, databases: Databases
) -> None:
    folder = databases["Dossier"]
    place.configure(ssh_server, {"Dedans": folder / "vide.dat", "Dehors": folder})
    result = place.run("run", "--yes")
    assert result.code == 3
    assert "« Dedans »" in result.err
    assert not place.home.jobs.exists()


def test_an_unreadable_file_is_refused_by_name(
    place: Place, ssh_server: SshServer, databases: Databases
) -> None:
    require_root()  # whose power to read everything is taken away below
    secret = databases["Ancienne"].with_name("secret.db")
    secret.write_bytes(b"x" * 100)
    secret.chmod(0)
    place.configure(ssh_server, {"Secrète": secret})
    powerless = [require("setpriv"), "--bounding-set", "-dac_override,-dac_read_search"]
    result = place.run("run", "--yes", through=powerless)
    assert result.code == 3
    assert "secret.db" in result.err
    assert archives(ssh_server.root) == []


def test_before_the_go_nothing_is_sent(place: Place) -> None:
    place.change(transfer=TransferSettings(opens_on=date.today() + timedelta(days=2)))
    result = place.run("run", "--yes")
    assert result.code == 17
    assert "GO" in result.err


def test_without_a_terminal_the_confirmation_must_be_given(place: Place) -> None:
    result = place.run("run")
    assert result.code == 2
    assert "--yes" in result.err
    assert not place.home.jobs.exists()


def test_a_password_on_the_command_line_is_refused_and_not_repeated(place: Place) -> None:
    result = place.run("run", "--yes", "--proxy", "http://moi:s3cr3t@proxy:3128")
    assert result.code == 2
    assert "TUI_TRANSFER_PROXY_PASSWORD" in result.err
    assert "s3cr3t" not in result.err + result.out


@pytest.mark.parametrize("directory", ["/depot/absent", "/"])
def test_a_folder_that_cannot_be_written_ends_with_9(
    place: Place, ssh_server: SshServer, databases: Databases, directory: str
) -> None:
    place.configure(ssh_server, databases, directory=directory)
    assert place.run("run", "--yes", "Zéro octet").code == 9


def test_what_nobody_may_check_is_said_to_be_delivered_but_not_verified(
    place: Place, ssh_server_unreadable: SshServer, databases: Databases
) -> None:
    place.configure(ssh_server_unreadable, databases)
    result = place.run("run", "--yes", "--json")
    assert result.code == 13
    assert {item["verified"] for item in result.finished["databases"]} == {"size-only"}
    assert "non vérifiable" in place.run("report").out


def test_a_server_that_runs_commands_is_asked_for_the_hash(
    place: Place, ssh_server_with_exec: SshServer, databases: Databases
) -> None:
    place.configure(ssh_server_with_exec, databases)
    result = place.run("run", "--yes", "--json")
    assert result.code == 0, result.err
    assert {item["verified"] for item in result.finished["databases"]} == {"server-hash"}


# --- Interruptions ---


def test_the_progress_of_several_databases_never_goes_back(place: Place) -> None:
    assert place.run("run", "--yes", "--all").code == 0
    spec, events = place.job().spec, list(JournalReader(place.job().journal).read())
    assert len(spec.databases) > 2
    assert never_falls(looks(spec, events))


@pytest.fixture
def slow_line(place: Place, ssh_server: SshServer, tmp_path: Path) -> Iterator[Relay]:
    """A line on which the place's one database takes seconds; a test that has seen enough opens it."""
    big = tmp_path / "bases" / "grosse.bin"
    big.write_bytes(os.urandom(6_000_000))
    with relay(ssh_server.port) as line:
        line.rate = 500_000
        place.configure(ssh_server, {"Grosse": big}, port=line.port)
        yield line


def test_what_is_read_back_while_it_is_sent_is_said_to_be(
    place: Place, ssh_server: SshServer, slow_line: Relay
) -> None:
    slow_line.rate = 2_000_000
    done = place.run("run", "--yes", "--json")
    assert done.code == 0, done.err
    (item,) = done.finished["databases"]
    assert (item["verified"], item["read_meanwhile"]) == ("read-back", True)
    begun = next(event for event in done.events if event["type"] == "upload.started")
    looked_at = [event for event in done.events if event["type"] == "verification.progress"]
    assert begun["reads_after"] < 2_300_000
    assert looked_at[-1]["total"] < item["packed"]
    assert hashlib.sha256((ssh_server.root / item["archive"]).read_bytes()).hexdigest() == item["sha256"]
    report = place.run("report").out
    assert "chaque octet, pendant l’envoi ou juste après" in " ".join(report.split())


_HARDLY = 50_000
"""Bytes per second at which it takes minutes: nothing ends while commands are started beside it."""


def _wait_until_sending(place: Place, beyond: int) -> control.Follower:
    """Until the database is packed and more than `beyond` bytes of it have arrived."""

    def is_sending() -> bool:
        jobs = control.list_jobs(place.home)
        events = list(JournalReader(jobs[0].journal).read()) if jobs else []
        arrived = (event.acknowledged for event in events if isinstance(event, UploadProgress))
        return any(isinstance(event, ArchiveSealed) for event in events) and max(arrived, default=0) > beyond

    wait_until(is_sending, seconds=60, what=f"more than {beyond} bytes to be sent")
    return control.Follower(place.job())


def _resumed_from(place: Place) -> int:
    return control.Follower(place.job()).state.databases[0].resumed_from


def test_ctrl_c_interrupts_and_resuming_continues(
    place: Place, ssh_server: SshServer, slow_line: Relay
) -> None:
    with place.started("run", "--yes") as command:
        _wait_until_sending(place, 1_000_000)
        command.send_signal(signal.SIGINT)
        _, err = command.communicate(timeout=LIMIT)
    assert command.returncode == 12
    assert "tui-transfer resume" in err
    assert archives(ssh_server.root) == []
    assert "interrompu" in place.run("jobs").out
    slow_line.rate = None
    assert place.run("resume").code == 0
    assert _resumed_from(place) > 1_000_000
    assert len(archives(ssh_server.root)) == 1


def test_a_killed_worker_is_noticed_and_resumed(
    place: Place, ssh_server: SshServer, slow_line: Relay
) -> None:
    with place.started("run", "--yes", "--json") as command:
        follower = _wait_until_sending(place, 1_000_000)
        assert follower.state.worker_pid is not None
        os.kill(follower.state.worker_pid, signal.SIGKILL)
        command.communicate(timeout=LIMIT)
    assert command.returncode == 12
    slow_line.rate = None
    assert place.run("resume").code == 0
    assert _resumed_from(place) > 1_000_000
    assert len(archives(ssh_server.root)) == 1


def test_an_archive_that_was_damaged_between_two_workers_is_not_sent(
    place: Place, ssh_server: SshServer, slow_line: Relay, tmp_path: Path
) -> None:
    with place.started("run", "--yes") as command:
        _wait_until_sending(place, 500_000)
        command.send_signal(signal.SIGINT)
        command.communicate(timeout=LIMIT)
    with (place.job().spool / "0" / "archive.part").open("r+b") as archive:
        archive.seek(5_500_000)
        archive.write(b"damaged")
    slow_line.rate = None
    result = place.run("resume")
    assert result.code == 0, result.err
    extracted = extract(archives(ssh_server.root)[0], tmp_path / "out")
    assert (extracted / "grosse.bin").read_bytes() == (tmp_path / "bases" / "grosse.bin").read_bytes()


def test_the_worker_outlives_a_killed_command_and_is_joined_again(
    place: Place, ssh_server: SshServer, slow_line: Relay
) -> None:
    with place.started("run", "--yes") as command:
        follower = _wait_until_sending(place, 500_000)
        slow_line.rate = _HARDLY
        command.kill()
        command.communicate(timeout=LIMIT)
        assert "en cours" in place.run("jobs").out
        second = place.run("run", "--yes")
        assert second.code == 16
        assert "déjà en cours" in second.err
        with place.started("resume", "--json") as joined:
            assert joined.stdout is not None
            lines = [joined.stdout.readline()]  # it has joined
            slow_line.rate = None
            lines += joined.stdout.readlines()
    assert joined.returncode == 0
    events = [json.loads(line) for line in lines]
    assert events[-1]["status"] == "succeeded"
    assert not [event for event in events if event["type"] == "worker.started"]
    assert follower.job.id == place.job().id
    assert len(archives(ssh_server.root)) == 1


def test_signals_to_the_command_do_not_reach_the_transfer(
    place: Place, ssh_server: SshServer, slow_line: Relay
) -> None:
    """A closed terminal, an impatient administrator: only Ctrl+C interrupts."""
    with place.started("run", "--yes") as first:
        _wait_until_sending(place, 100_000)
        slow_line.rate = _HARDLY
        with place.started("resume") as second:
            for command, number in (first, signal.SIGHUP), (second, signal.SIGTERM):
                command.send_signal(number)
                command.communicate(timeout=LIMIT)
                assert command.returncode == -number
            # Inside the blocks, which stop the worker at their end.
            with place.started("resume") as third:
                assert third.stdout is not None
                third.stdout.readline()  # it has joined
                slow_line.rate = None
                third.communicate(timeout=LIMIT)
            assert third.returncode == 0
    events = list(JournalReader(place.job().journal).read())
    assert sum(isinstance(event, WorkerStarted) for event in events) == 1
    assert len(archives(ssh_server.root)) == 1


def test_a_terminal_that_takes_nothing_holds_up_its_command_and_not_the_transfer(place: Place) -> None:
    """Ctrl+S, and later Ctrl+Q; an ssh connection that hangs is the same to whoever writes."""
    import pty
    import termios

    ours, theirs = pty.openpty()
    termios.tcflow(theirs, termios.TCOOFF)
    with subprocess.Popen(
        [*COMMAND, "run", "--yes", "Zéro octet"],
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        env=place.environment(),
    ) as command:
        wait_until(
            lambda: bool(control.list_jobs(place.home)) and control.Follower(place.job()).succeeded,
            seconds=60,
            what="the end of the transfer",
        )
        assert command.poll() is None
        termios.tcflow(theirs, termios.TCOON)
        assert command.wait(LIMIT) == 0
    os.close(theirs)
    said = b""
    with suppress(OSError):  # how Linux says that nobody has the other end any more
        while more := os.read(ours, 1 << 16):
            said += more
    assert "transférée vers Sharebox" in said.decode()
    os.close(ours)


@contextmanager
def _all_at_once(place: Place, count: int, *arguments: str) -> Iterator[list[subprocess.Popen[str]]]:
    """Runs a command several times at the same moment; they have ended when the block is left."""
    with ExitStack() as stack:
        commands = [stack.enter_context(place.started(*arguments)) for _ in range(count)]
        yield commands
        for command in commands:
            command.communicate(timeout=LIMIT)


def _codes(commands: Iterable[subprocess.Popen[str]]) -> list[int]:
    return sorted(command.returncode for command in commands)


def test_of_transfers_that_begin_at_the_same_moment_one_does(
    place: Place, ssh_server: SshServer, slow_line: Relay
) -> None:
    slow_line.rate = _HARDLY
    with _all_at_once(place, 3, "run", "--yes") as commands:
        wait_until(
            lambda: sum(command.poll() is not None for command in commands) == 2,
            what="two of them to give up",
        )
        slow_line.rate = None
    assert _codes(commands) == [0, 16, 16]
    assert len(control.list_jobs(place.home)) == 1
    assert len(archives(ssh_server.root)) == 1


def test_of_workers_that_are_started_at_the_same_moment_one_works(
    place: Place, ssh_server: SshServer
) -> None:
    assert place.run("run", "--yes", TUI_TRANSFER_SFTP_PASSWORD="incorrect").code == 7
    with _all_at_once(place, 5, "resume") as commands:
        pass
    assert _codes(commands) == [0] * 5
    events = list(JournalReader(place.job().journal).read())
    assert sum(isinstance(event, WorkerStarted) for event in events) == 2
    assert sum(isinstance(event, JobSucceeded) for event in events) == 1


def test_of_workers_with_a_wrong_password_one_alone_tries_it(
    place: Place, ssh_server: SshServer, slow_line: Relay
) -> None:
    place.secrets["TUI_TRANSFER_SFTP_PASSWORD"] = "incorrect"
    slow_line.rate = None
    assert place.run("run", "--yes").code == 7
    slow_line.silence()  # the one that works has no answer until all are there
    with _all_at_once(place, 4, "resume", "--json") as commands:
        for command in commands:
            assert command.stdout is not None
            assert command.stdout.readline()
        slow_line.resume()
    assert _codes(commands) == [7] * 4
    attempts = sum(isinstance(event, WorkerStarted) for event in JournalReader(place.job().journal).read())
    assert ssh_server.refused_passwords() == attempts == 2


def test_a_resumed_success_stays_a_success(place: Place, ssh_server: SshServer) -> None:
    assert place.run("run", "--yes", "Zéro octet").code == 0
    before = [path.stat().st_mtime_ns for path in sorted(ssh_server.root.iterdir())]
    assert place.run("resume", place.job().id).code == 0
    assert [path.stat().st_mtime_ns for path in sorted(ssh_server.root.iterdir())] == before


def test_secrets_are_nowhere_on_disk(
    place: Place, ssh_server: SshServer, squid_with_password: SquidServer
) -> None:
    url = f"http://{PROXY_USERNAME}@{squid_with_password.host}:{squid_with_password.port}"
    for given in (PROXY_PASSWORD, "canari-faux"):
        place.run("run", "--yes", "--proxy", url, TUI_TRANSFER_PROXY_PASSWORD=given)
    secrets = [ssh_server.password.encode(), PROXY_PASSWORD.encode(), b"canari-faux"]
    for path in place.folder.rglob("*"):
        if path.is_file():
            assert not [secret for secret in secrets if secret in path.read_bytes()], path


def test_a_server_of_another_account_is_told_by_its_key_type(
    place: Place, account: Account, databases: Databases
) -> None:
    with openssh(account, host_key_type="ecdsa") as server:
        place.configure(server, databases)
        assert place.run("run", "--yes", "Zéro octet").code == 0
