from __future__ import annotations

import socket
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.demo.clients import basic, connect_request, receive_until, refuses, sftp_session
from tui_transfer.demo.setup import Demo
from tui_transfer.errors import Problem, TransferError
from tui_transfer.settings import config

SMALL = 0.005


def test_the_configuration_leads_to_the_sharebox_and_the_databases() -> None:
    with Demo(scale=SMALL) as demo:
        home = config.Home.find({config.HOME_VARIABLE: str(demo.home)})
        assert home.config_file == demo.config_file
        settings = config.load(demo.config_file)
        assert settings.manager.name == "Association Démonstration"
        assert settings.sharebox.host_key is None
        assert settings.proxy is None
        assert all(recipient.endswith(".invalid") for recipient in settings.report.recipients)
        assert [Path(database.path).exists() for database in settings.databases] == [True, True, True]
        assert [database.active for database in settings.databases] == [True, False, False]
        with sftp_session(settings.sharebox.port, demo.password, username=settings.sharebox.username) as sftp:
            sftp.chdir(settings.sharebox.directory)
            with sftp.open("arrived", "w") as remote:
                remote.write(b"yes")
        assert (demo.delivered / "arrived").read_bytes() == b"yes"


@pytest.mark.linux
def test_no_password_is_written_and_nobody_else_can_read() -> None:
    with Demo(scale=SMALL, behind_proxy=True) as demo:
        assert demo.proxy is not None
        root = demo.home.parent
        for path in (root, *root.rglob("*")):
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
        written = b"".join(path.read_bytes() for path in root.rglob("*") if path.is_file())
        assert demo.password.encode() not in written
        assert demo.proxy.password.encode() not in written


def test_behind_a_proxy_the_given_credentials_open_the_way() -> None:
    with Demo(scale=SMALL, behind_proxy=True) as demo:
        assert demo.proxy is not None
        assert "é" in demo.proxy.password  # not ASCII, and one key on an AZERTY keyboard
        assert refuses(demo.port)
        with socket.create_connection((demo.proxy.host, demo.proxy.port), timeout=10) as tunnel:
            authorization = basic(f"{demo.proxy.username}:{demo.proxy.password}")
            tunnel.sendall(connect_request(f"{demo.host}:{demo.port}", authorization))
            assert receive_until(tunnel, b"\r\n\r\n").startswith(b"HTTP/1.1 200 ")
            with sftp_session(demo.port, demo.password, over=tunnel) as sftp:
                assert sftp.listdir("/") == ["depot"]


def test_nothing_is_left_even_after_an_error() -> None:
    with pytest.raises(RuntimeError, match="gone wrong"), Demo(scale=SMALL) as demo:
        raise RuntimeError("gone wrong")
    assert not demo.home.parent.exists()
    assert refuses(demo.port)


def test_passwords_differ_each_time() -> None:
    with Demo(scale=SMALL) as first, Demo(scale=SMALL) as second:
        assert first.password != second.password
        assert first.fingerprint != second.fingerprint


def test_a_disk_without_room_is_said_in_french(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(TransferError) as failed, Demo(scale=SMALL):
        pass
    assert failed.value.problem is Problem.DISK_UNWRITABLE
    assert "ce dossier n’existe pas" in failed.value.why


@pytest.mark.linux
def test_a_failed_start_leaves_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(TransferError) as failed, Demo(scale=SMALL):
        pass
    assert failed.value.problem is Problem.UNEXPECTED
    assert not list(tmp_path.iterdir())


def test_preparing_loads_no_heavy_library() -> None:
    code = "import sys, tui_transfer.demo.setup; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not {"paramiko", "py7zr", "textual", "cryptography", "h11"} & set(loaded.split())
