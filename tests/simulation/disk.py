"""A disk that can lose: what a power cut would leave of a home, and the cut itself.

What a file holds is safe once the file was synced; a name is safe once its folder was. Of everything later,
each piece may have reached the disk or not: that is all that POSIX promises, and less than file systems keep.
"""

from __future__ import annotations

import os
import shutil
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from random import Random

_PAGE: Final = 4096


@dataclass
class Disk:
    """What of the folder `root` is safe. `root` itself is.

    Attributes:
        contents: of files, by inode, as they were last synced.
        names: of folders, by inode, as they were last synced: each name's inode.
    """

    root: Path
    contents: dict[int, bytes] = field(default_factory=dict)
    names: dict[int, dict[str, int]] = field(default_factory=dict)

    def sync_all(self) -> None:
        """Everything that is there now is safe."""
        for folder, _, files in os.walk(self.root):
            self.sync(Path(folder))
            for name in files:
                self.sync(Path(folder) / name)

    def sync(self, path: Path) -> None:
        """A file's content, or a folder's names, are safe from now on."""
        try:
            info = path.lstat()
        except FileNotFoundError:
            return
        if stat.S_ISDIR(info.st_mode):
            before = self.names.get(info.st_ino, {})
            now = self.names[info.st_ino] = {entry.name: entry.inode() for entry in os.scandir(path)}
            for inode in set(before.values()) - set(now.values()):  # another file may get that number
                self.contents.pop(inode, None)
        elif stat.S_ISREG(info.st_mode):
            self.contents[info.st_ino] = path.read_bytes()

    def cut_power(self, draw: Random) -> None:
        """Loses what was not safe, as `draw` has it; what is left is safe."""
        self._lose(self.root, self.root.lstat().st_ino, draw, draw.choice((0.0, 0.5, 1.0)))
        self.contents.clear()
        self.names.clear()
        self.sync_all()

    def _lose(self, folder: Path, inode: int, draw: Random, kept: float) -> None:
        """Brings a folder to what may be left of it; what is not safe is kept as often as `kept` says."""
        safe = self.names.get(inode, {})
        present = {entry.name: entry.inode() for entry in os.scandir(folder)}
        for name in sorted(safe.keys() | present.keys()):
            path = folder / name
            if safe.get(name) == present.get(name) or draw.random() < kept:
                if name in present:
                    self._lose_content(path, draw, kept)
            elif name in safe:
                self._bring_back(path, safe[name], draw, kept)
            else:
                _remove(path)

    def _lose_content(self, path: Path, draw: Random, kept: float) -> None:
        info = path.lstat()
        if stat.S_ISDIR(info.st_mode):
            self._lose(path, info.st_ino, draw, kept)
            return
        safe, now = self.contents.get(info.st_ino, b""), path.read_bytes()
        if safe == now or draw.random() < kept:
            return
        left = draw.choice((safe, _torn(safe, now, draw)))
        path.write_bytes(left)
        os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))

    def _bring_back(self, path: Path, inode: int, draw: Random, kept: float) -> None:
        """A name that was taken away, or given to another file, without that being safe."""
        if path.exists():
            _remove(path)
        if inode in self.names:
            path.mkdir(mode=0o700)
            self._lose(path, inode, draw, 1.0)
            for name, content in self.names[inode].items():
                self._bring_back(path / name, content, draw, kept)
        elif inode in self.contents:
            path.write_bytes(self.contents[inode])
            path.chmod(0o600)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def _torn(safe: bytes, now: bytes, draw: Random) -> bytes:
    """Of each page what was safe or what is there now, zeros where there was nothing; a size in between.

    What was synced, and not written again, is there.
    """
    size = draw.randint(*sorted((len(safe), len(now))))
    before, after = (content[:size].ljust(size, b"\0") for content in (safe, now))
    starts = range(0, size, _PAGE)
    return b"".join(draw.choice((before, after))[start : start + _PAGE] for start in starts)


def flip(path: Path, draw: Random) -> bool:
    """Turns one bit of a file over, as a bad disk does: its times stay. False for an empty one."""
    content = bytearray(path.read_bytes())
    if not content:
        return False
    content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    _rewrite(path, bytes(content))
    return True


def _rewrite(path: Path, content: bytes) -> None:
    info = path.stat()
    with path.open("r+b") as file:
        file.write(content)
        file.truncate()
    os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))


def empty(path: Path) -> None:
    """Leaves nothing of a file but its name and its times."""
    _rewrite(path, b"")


def shorten(path: Path, draw: Random) -> None:
    """Loses a file's end."""
    content = path.read_bytes()
    _rewrite(path, content[: draw.randint(0, len(content))])
