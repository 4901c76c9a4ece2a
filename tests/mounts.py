"""Small and full disks, made with tmpfs: real ENOSPC rather than a pretended one."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def tiny_filesystem(folder: Path, *, kilobytes: int) -> Iterator[Path]:
    """Mounts a tmpfs of that size on `folder`. Needs root: see `programs.require_root`."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)
