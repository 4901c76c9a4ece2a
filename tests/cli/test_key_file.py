"""A key whose path is relative is found, whichever process looks for it, and wherever that was started."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.cli.place import archives, place_for
from tests.servers.openssh import openssh
from tui_transfer.settings import config

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.account import Account


def test_it_starts_at_the_settings(account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = tmp_path / "base.db"
    database.write_bytes(b"x" * 1000)
    place = place_for(tmp_path / "home", "")
    place.secrets.clear()
    (tmp_path / "home" / "clé").mkdir(parents=True)
    key = tmp_path / "home" / "clé" / "id"
    with openssh(account, chroot=True) as server:
        shutil.copy(server.key_file, key)
        place.configure(server, {"Base": database}, key_file="clé/id")
        (tmp_path / "ailleurs").mkdir()
        monkeypatch.chdir(tmp_path / "ailleurs")
        checked = place.run("check")
        assert checked.code == 0, checked.out
        key.rename(tmp_path / "id")
        missing = place.run("run", "--yes")
        assert str(key) in missing.out + missing.err, "it is told where it was sought"
        (tmp_path / "id").rename(key)
        resumed = place.run("resume")
        assert resumed.code == 0, resumed.out + resumed.err
        assert len(archives(server.root)) == 1
    assert config.load(place.home.config_file).sharebox.key_file == "clé/id"
