"""Disks that keep less than others are told from their file system's name, wherever they are."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tui_transfer.system import volumes
from tui_transfer.system.volumes import Kind, kind_of

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="its table of disks")


@pytest.mark.parametrize(
    ("name", "kind"),
    [("FAT32", Kind.FAT), ("exFAT", Kind.FAT), ("vfat", Kind.FAT), ("nfs4", Kind.NETWORK),
     ("fuse.sshfs", Kind.NETWORK), ("NTFS", None), ("ext4", None), ("", None)],
)  # fmt: skip
def test_the_name_of_a_file_system_tells_its_kind(name: str, kind: Kind | None) -> None:
    assert volumes._kind_named(name) is kind


def test_a_folder_on_a_disk_of_this_machine_is_told_nothing_of(tmp_path: Path) -> None:
    assert kind_of(tmp_path) is kind_of(tmp_path / "absent" / "too") is None


@on_linux
def test_the_deepest_disk_counts_and_of_two_on_one_another_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if sys.platform == "linux":  # for the types
        table = tmp_path / "mounts"
        stick, share = tmp_path / "Clé USB", tmp_path / "share"
        shown = str(stick).replace(" ", "\\040")
        table.write_text(
            f"/dev/sda1 / ext4 rw 0 0\n//nas/paie {share} ext4 rw 0 0\n/dev/sdb1 {shown} vfat rw 0 0\n"
            f"//nas/paie {share} cifs rw 0 0\ntmpfs {share}/quick tmpfs rw 0 0\n"
        )
        monkeypatch.setattr(volumes, "_MOUNTS", table)
        (tmp_path / "link").symlink_to(stick)
        places = (stick, tmp_path / "link" / "home", share / "home", share / "quick", tmp_path / "share2")
        assert [kind_of(place) for place in places] == [Kind.FAT, Kind.FAT, Kind.NETWORK, None, None]
        monkeypatch.setattr(volumes, "_MOUNTS", tmp_path / "absent")
        assert kind_of(stick) is None


@pytest.mark.skipif(sys.platform != "win32", reason="only Windows has drives and shares")
def test_on_windows_what_is_on_a_share_is_another_machine_s(monkeypatch: pytest.MonkeyPatch) -> None:
    if sys.platform == "win32":  # for the types
        assert volumes.keeps_rights(Path.home())
        monkeypatch.setattr(volumes, "_root_of", lambda _: "\\\\srv\\paie\\")
        assert (kind_of(Path.home()), volumes.keeps_rights(Path.home())) == (Kind.NETWORK, False)
        monkeypatch.setattr(volumes, "_root_of", lambda _: None)
        assert (kind_of(Path.home()), volumes.keeps_rights(Path.home())) == (None, False)
        monkeypatch.undo()
        monkeypatch.setattr(volumes, "_described", lambda _: ("FAT32", 0))
        assert (kind_of(Path.home()), volumes.keeps_rights(Path.home())) == (Kind.FAT, False)


def test_the_drives_are_where_paths_begin(tmp_path: Path) -> None:
    found = volumes.drives()
    assert (f"{tmp_path.drive}/" in found) == (sys.platform == "win32")
    assert all(re.fullmatch(r"[A-Z]:/", drive) for drive in found)
