"""Small, full and read-only disks, made with tmpfs: real refusals rather than pretended ones."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.programs import missing, require, require_root


@contextmanager
def small_disk(folder: Path, options: str) -> Iterator[Path]:
    """Mounts a file system in memory on `folder`, which exists; `options` as `mount -o` takes them.

    Where nobody may mount, the test fails in CI and is skipped elsewhere.
    """
    require_root()
    mount = [require("mount"), "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        missing("this machine lets nobody mount a file system")
    try:
        yield folder
    finally:
        # Lazy: a server of the test may still have a file open there.
        subprocess.run([require("umount"), "--lazy", str(folder)], check=True)
