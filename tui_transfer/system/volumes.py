"""What kind of disk a folder is on: some keep neither what a program relies on nor what it promises."""

from __future__ import annotations

import os
import re
import sys
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator


class Kind(Enum):
    """A kind of disk that promises less than others."""

    FAT = "fat"
    """FAT or exFAT, as USB sticks have it: without access rights, without a journal, with coarse times."""
    NETWORK = "network"
    """On another machine, which alone decides about locks and rights."""


_FAT: Final = frozenset({"fat", "fat12", "fat16", "fat32", "vfat", "msdos", "exfat"})
_NETWORK: Final = frozenset({
    *("nfs", "nfs4", "cifs", "smb2", "smb3", "smbfs", "afs", "ncpfs", "webdav", "davfs", "9p", "ceph"),
    *("fuse.sshfs", "fuse.davfs", "fuse.rclone", "fuse.glusterfs", "fuse.gvfsd-fuse", "fuse.smbnetfs"),
    *("vboxsf", "prl_fs", "fuse.vmhgfs-fuse", "virtiofs"),  # the folder of the machine that this one is in
})  # fmt: skip


def _kind_named(name: str) -> Kind | None:
    """The kind that a system calls by this name."""
    name = name.casefold()
    if name in _FAT:
        return Kind.FAT
    return Kind.NETWORK if name in _NETWORK else None


if sys.platform == "win32":
    import ctypes
    import string
    from ctypes import wintypes

    from tui_transfer.system.winapi import function

    _REMOTE: Final = 4  # DRIVE_REMOTE
    _KEEPS_RIGHTS: Final = 8  # FILE_PERSISTENT_ACLS
    _LONGEST: Final = 32_768

    def kind_of(folder: Path) -> Kind | None:
        """The kind of disk that holds a folder, which need not be there yet; see below."""
        root = _root_of(folder)
        if root is None:
            return None
        look = function("kernel32", "GetDriveTypeW", wintypes.UINT, wintypes.LPCWSTR)
        if look(root) == _REMOTE or root.startswith("\\\\"):
            return Kind.NETWORK
        return _kind_named(_described(root)[0])

    def keeps_rights(folder: Path) -> bool:
        """Whether it is a disk of this machine that has access lists."""
        root = _root_of(folder)
        if root is None or kind_of(folder) is Kind.NETWORK:
            return False
        return bool(_described(root)[1] & _KEEPS_RIGHTS)

    def drives() -> list[str]:
        """The drives that there are, each as `C:/`; see below."""
        present = function("kernel32", "GetLogicalDrives", wintypes.DWORD)()
        return [f"{letter}:/" for place, letter in enumerate(string.ascii_uppercase) if present >> place & 1]

    def _root_of(folder: Path) -> str | None:
        """Where its disk begins, with a backslash; None where the system does not know."""
        look = function(
            "kernel32", "GetVolumePathNameW", wintypes.BOOL, wintypes.LPCWSTR, wintypes.LPWSTR, wintypes.DWORD
        )
        found = ctypes.create_unicode_buffer(_LONGEST)
        return found.value if look(os.path.abspath(folder), found, _LONGEST) else None  # noqa: PTH100

    def _described(root: str) -> tuple[str, int]:
        """The name of its file system, and what that can do; an empty one where the disk does not tell."""
        look = function(
            "kernel32",
            "GetVolumeInformationW",
            wintypes.BOOL,
            wintypes.LPCWSTR,
            *(wintypes.LPWSTR, wintypes.DWORD),
            *(wintypes.LPDWORD,) * 3,
            *(wintypes.LPWSTR, wintypes.DWORD),
        )
        flags, name = wintypes.DWORD(), ctypes.create_unicode_buffer(64)
        if not look(root, None, 0, None, None, ctypes.byref(flags), name, len(name)):
            return "", 0
        return name.value, flags.value

else:

    def kind_of(folder: Path) -> Kind | None:
        """The kind of disk that holds a folder, which need not be there yet; None for one that keeps what is
        usual, and where the system does not tell.

        May wait for a disk of another machine: not for a UI's own thread.
        """
        place = Path(os.path.realpath(folder))
        try:
            disks = list(_mounted())
        except OSError:  # some containers show none
            return None
        holding = [(mounted, name) for mounted, name in disks if place.is_relative_to(mounted)]
        # The last of those that are mounted on one another.
        found = max(enumerate(holding), key=lambda one: (len(one[1][0]), one[0]), default=None)
        return None if found is None else _kind_named(found[1][1])

    def drives() -> list[str]:
        """The beginnings of all paths, where there are several: none here. No drive is looked at for it."""
        return []


if sys.platform == "linux":
    _MOUNTS: Final = Path("/proc/self/mounts")
    _SIGN: Final = re.compile(r"\\([0-7]{3})")

    def _mounted() -> Iterator[tuple[str, str]]:
        """Where each disk is, and the name of its file system. Source: proc_pid_mounts(5), fstab(5)."""
        for line in os.fsdecode(_MOUNTS.read_bytes()).splitlines():
            _, place, name, *_ = line.split(" ")
            yield _SIGN.sub(lambda sign: chr(int(sign[1], 8)), place), name

elif sys.platform != "win32":

    def _mounted() -> Iterator[tuple[str, str]]:
        """Where each disk is, and the name of its file system. It was tried on no such machine."""
        import psutil  # takes a while to load

        for disk in psutil.disk_partitions(all=True):
            yield disk.mountpoint, disk.fstype
