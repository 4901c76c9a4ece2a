from __future__ import annotations

import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import paramiko
import pytest

from tests.demo.clients import openssh_sftp, refuses, sftp_session
from tests.programs import missing, require
from tests.servers.processes import wait_until
from tui_transfer.demo.launch import LOOPBACK, Ready, run_sharebox
from tui_transfer.errors import Problem, TransferError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PASSWORD = "secret-é-€"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sharebox")


@pytest.fixture(scope="module")
def sharebox(folder: Path) -> Iterator[Ready]:
    with run_sharebox(folder, PASSWORD) as ready:
        yield ready


@pytest.fixture
def session(sharebox: Ready) -> Iterator[paramiko.SFTPClient]:
    with sftp_session(sharebox.port, PASSWORD) as sftp:
        yield sftp


def test_openssh_puts_renames_and_gets(sharebox: Ready, folder: Path, tmp_path: Path) -> None:
    content = os.urandom(3_000_000)
    (tmp_path / "base é.7z").write_bytes(content)
    commands = "mkdir depot\nput 'base é.7z' depot/a.part\nrename depot/a.part depot/a\nget depot/a back\n"
    done = openssh_sftp(sharebox.port, PASSWORD, tmp_path, commands)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "back").read_bytes() == content
    assert (folder / "depot" / "a").read_bytes() == content
    assert not (folder / "depot" / "a.part").exists()
    assert stat.S_IMODE((folder / "depot" / "a").stat().st_mode) == 0o600
    assert stat.S_IMODE((folder / "depot").stat().st_mode) == 0o700


def test_openssh_sees_a_listing(sharebox: Ready, folder: Path, tmp_path: Path) -> None:
    (folder / "vu.txt").write_bytes(b"123")
    done = openssh_sftp(sharebox.port, PASSWORD, tmp_path, "ls -la /\n")
    assert any(line.endswith("vu.txt") and " 3 " in line for line in done.stdout.splitlines()), done.stdout


def test_openssh_is_refused_an_overwriting_rename(sharebox: Ready, folder: Path, tmp_path: Path) -> None:
    (folder / "new").write_bytes(b"new")
    (folder / "taken").write_bytes(b"old")
    done = openssh_sftp(sharebox.port, PASSWORD, tmp_path, "rename new taken\n")
    assert done.returncode != 0
    assert "Failure" in done.stderr
    assert (folder / "taken").read_bytes() == b"old"
    assert (folder / "new").read_bytes() == b"new"


def test_the_announced_fingerprint_is_that_of_the_host_key(sharebox: Ready) -> None:
    scanned = subprocess.run(
        [require("ssh-keyscan"), "-p", str(sharebox.port), LOOPBACK],
        capture_output=True,
        text=True,
        check=True,
    )
    shown = subprocess.run(
        [require("ssh-keygen"), "-lf", "-"], input=scanned.stdout, capture_output=True, text=True, check=True
    )
    assert shown.stdout.split()[1] == sharebox.fingerprint


@pytest.mark.parametrize(("username", "password"), [("demonstration", "autre"), ("autre", PASSWORD)])
def test_other_credentials_are_refused(sharebox: Ready, username: str, password: str) -> None:
    with (
        pytest.raises(paramiko.AuthenticationException),
        sftp_session(sharebox.port, password, username=username),
    ):
        pass


def test_there_is_no_shell(sharebox: Ready) -> None:
    with sftp_session(sharebox.port, PASSWORD) as sftp:
        channel = sftp.get_channel()
        assert channel is not None
        other = channel.get_transport().open_session()
        with pytest.raises(paramiko.SSHException):
            other.exec_command("id")


def test_posix_rename_overwrites(session: paramiko.SFTPClient, folder: Path) -> None:
    (folder / "over").write_bytes(b"over")
    (folder / "under").write_bytes(b"under")
    session.posix_rename("over", "under")
    assert (folder / "under").read_bytes() == b"over"
    assert not (folder / "over").exists()


def test_a_folder_is_renamed_but_never_over_another(session: paramiko.SFTPClient, folder: Path) -> None:
    session.mkdir("one")
    session.mkdir("two")
    with pytest.raises(OSError, match="Failure"):
        session.rename("one", "two")
    session.rename("one", "three")
    assert (folder / "three").is_dir()
    session.rmdir("three")
    session.rmdir("two")
    assert not (folder / "two").exists()


def test_a_file_is_written_at_offsets_truncated_and_removed(
    session: paramiko.SFTPClient, folder: Path
) -> None:
    with session.open("parts", "w+") as remote:
        remote.seek(5)
        remote.write(b"world")
        remote.seek(0)
        remote.write(b"hello")
        assert remote.stat().st_size == 10
        remote.truncate(7)
    assert (folder / "parts").read_bytes() == b"hellowo"
    session.truncate("parts", 2)
    with session.open("parts", "r+") as remote:
        remote.seek(2)
        remote.write(b"y")
        remote.seek(0)
        assert remote.read() == b"hey"
    session.utime("parts", (1_000_000, 2_000_000))
    assert session.stat("parts").st_mtime == 2_000_000
    session.remove("parts")
    assert not (folder / "parts").exists()


def test_a_hash_asked_past_the_end_of_a_file_is_answered(session: paramiko.SFTPClient, folder: Path) -> None:
    (folder / "short").write_bytes(b"x" * 1000)
    channel = session.get_channel()
    assert channel is not None
    channel.settimeout(30)
    with session.open("short") as remote:
        assert remote.check("sha1", 0, 1000) == hashlib.sha1(b"x" * 1000).digest()
        with pytest.raises(EOFError):
            remote.check("sha1", 0, 2000)


@pytest.mark.linux
def test_errors_say_what_went_wrong(session: paramiko.SFTPClient, folder: Path) -> None:
    (folder / "read-only").write_bytes(b"x")
    with pytest.raises(FileNotFoundError):
        session.stat("nowhere")
    with pytest.raises(FileNotFoundError):
        session.open("nowhere/file", "w")
    with pytest.raises(FileNotFoundError):
        session.listdir("nowhere")
    with pytest.raises(OSError, match="Failure"):
        session.mkdir("read-only")
    with pytest.raises(OSError, match="Failure"):
        session.open("read-only", "wx")
    with pytest.raises(PermissionError):
        session.chown("read-only", 12, 12)
    with pytest.raises(OSError, match="Failure"), session.open("/", "w"):
        pass
    with pytest.raises(OSError, match="unsupported"):
        session.symlink("/etc/passwd", "link")


def test_a_full_disk_is_a_failure_of_the_write(session: paramiko.SFTPClient, folder: Path) -> None:
    if not Path("/dev/full").exists():
        missing("there is no /dev/full")
    (folder / "device").unlink(missing_ok=True)
    os.mknod(folder / "device", 0o600 | stat.S_IFCHR, Path("/dev/full").stat().st_rdev)
    with session.open("device", "r+") as remote, pytest.raises(OSError, match="Failure"):
        remote.write(b"x" * 100)
    (folder / "device").unlink()


def test_nothing_outside_the_folder_can_be_reached(
    session: paramiko.SFTPClient, folder: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    way_up = "../" * 30
    for path in (f"{way_up}{secret}", str(secret), f"depot/{way_up}{secret}"):
        with pytest.raises(FileNotFoundError):
            session.open(path)
    (folder / "outside").symlink_to(tmp_path)
    (folder / "file outside").symlink_to(secret)
    attempts: list[Callable[[], object]] = [
        lambda: session.open("outside/secret"),
        lambda: session.open("file outside", "r+"),
        lambda: session.stat("file outside"),
        lambda: session.listdir("outside"),
        lambda: session.open("outside/new", "w"),
        lambda: session.mkdir("outside/new"),
        lambda: session.remove("outside/secret"),
        lambda: session.truncate("file outside", 0),
        lambda: session.rename("outside/secret", "mine"),
        lambda: session.posix_rename("read-only", "outside/secret"),
        lambda: session.rmdir("/"),
    ]
    for attempt in attempts:
        with pytest.raises(PermissionError):
            attempt()
    assert stat.S_ISLNK(session.lstat("file outside").st_mode or 0)
    session.remove("file outside")  # the link itself is in the folder
    session.remove("outside")
    assert secret.read_bytes() == b"secret"
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret"]


def test_several_connections_work_at_once(sharebox: Ready, folder: Path) -> None:
    def send(number: int) -> None:
        with sftp_session(sharebox.port, PASSWORD) as sftp, sftp.open(f"at once {number}", "w") as remote:
            for _ in range(20):
                remote.write(bytes([number]) * 10_000)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(send, range(6)))
    for number in range(6):
        assert (folder / f"at once {number}").read_bytes() == bytes([number]) * 200_000


def test_only_one_of_many_renames_to_a_name_wins(sharebox: Ready, folder: Path) -> None:
    for number in range(6):
        (folder / f"candidate {number}").write_bytes(bytes([number]))

    def claim(number: int) -> bool:
        with sftp_session(sharebox.port, PASSWORD) as sftp:
            try:
                sftp.rename(f"candidate {number}", "throne")
            except OSError:
                return False
            return True

    with ThreadPoolExecutor(6) as pool:
        won = list(pool.map(claim, range(6)))
    assert sum(won) == 1
    assert (folder / "throne").read_bytes() == bytes([won.index(True)])
    assert len(list(folder.glob("candidate *"))) == 5


def test_the_password_is_in_no_list_of_processes(sharebox: Ready) -> None:
    process = Path("/proc", str(sharebox.pid))
    if not process.exists():
        missing("there is no /proc")
    shown = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
    assert b"tui_transfer.demo.sharebox" in shown
    assert PASSWORD.encode() not in shown


@contextmanager
def started(*command: str) -> Iterator[subprocess.Popen[str]]:
    """A Python process with pipes, killed at the end if it did not end by itself."""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, *command], stdin=pipe, stdout=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_it_ends_by_itself_when_its_standard_input_is_closed(tmp_path: Path) -> None:
    with started("-m", "tui_transfer.demo.sharebox", f"--folder={tmp_path}") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"password": PASSWORD}) + "\n")
        process.stdin.flush()
        ready = Ready(**json.loads(process.stdout.readline()))
        with sftp_session(ready.port, PASSWORD) as sftp:
            sftp.listdir("/")  # someone is served meanwhile
            process.stdin.close()
            assert process.wait(timeout=60) == 0


PARENT = """
import sys
from pathlib import Path
from tui_transfer.demo.launch import run_sharebox
with run_sharebox(Path(sys.argv[1]), "x", rate=64_000, proxy_password="y") as ready:
    print(ready.pid, ready.proxy_port, flush=True)
    sys.stdin.read()
"""


def test_it_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    with started("-c", PARENT, str(tmp_path)) as parent:
        assert parent.stdout is not None
        pid, port = map(int, parent.stdout.readline().split())
        assert not refuses(port)
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        try:
            wait_until(lambda: refuses(port), what="the port to be closed")
        finally:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def test_a_sharebox_that_cannot_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(TransferError) as failed, run_sharebox(tmp_path / "nowhere", PASSWORD):
        pass
    assert failed.value.problem is Problem.UNEXPECTED
    assert "nowhere" in failed.value.why


def test_a_slow_line_still_delivers_every_byte(tmp_path: Path) -> None:
    content = os.urandom(200_000)
    with (
        run_sharebox(tmp_path, PASSWORD, rate=16_000_000) as ready,
        sftp_session(ready.port, PASSWORD) as sftp,
    ):
        with sftp.open("slow", "w") as remote:
            remote.write(content)
        with sftp.open("slow") as remote:
            assert remote.read() == content
