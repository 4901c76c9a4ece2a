"""A base beyond 4 GiB opens with whatever a receiver has. It is sparse: nothing keeps 5 GiB on the disk."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import py7zr
import pytest
from py7zr.io import Py7zIO, WriterFactory

from tests.archive.tools import archive
from tests.programs import require, require_from_npm

SIZE = 5 << 30
CHUNK = 4 << 20
MARKS = [0, (2 << 30) - 3, (4 << 30) - 3, SIZE - 6]
"""Where something is: at both ends, and across what 31 and 32 bits can count."""


def by_7zz(file: Path, into: Path) -> str:
    return _output(require("7zz"), "x", "-bd", "-so", file)


def by_p7zip_16(file: Path, into: Path) -> str:
    return _output(require_from_npm("7zip-bin", "linux/x64/7za"), "x", "-bd", "-so", file)


def by_bsdtar(file: Path, into: Path) -> str:
    return _output(require("bsdtar"), "-xOf", file)


def by_unar(file: Path, into: Path) -> str:
    """It writes files alone: this one is removed at once."""
    subprocess.run([require("unar"), "-q", "-D", "-o", into, file], check=True)
    (extracted,) = into.iterdir()
    with extracted.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    extracted.unlink()
    return digest


def by_py7zr(file: Path, into: Path) -> str:
    hashing = _Hashing()
    with py7zr.SevenZipFile(file) as opened:
        opened.extractall(factory=hashing)
    return hashing.digest.hexdigest()


class _Hashing(WriterFactory, Py7zIO):
    """Takes the one file that is extracted, and keeps its hash alone."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()
        self._size = 0

    def create(self, filename: str) -> Py7zIO:
        return self

    def write(self, s: bytes | bytearray) -> int:
        self.digest.update(s)
        self._size += len(s)
        return len(s)

    def read(self, size: int | None = None) -> bytes:
        return b""

    def seek(self, offset: int, whence: int = 0) -> int:
        return offset

    def flush(self) -> None:
        pass

    def size(self) -> int:
        return self._size


def _output(*command: str | Path) -> str:
    """The hash of what a program writes."""
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        digest = hashlib.sha256()
        while chunk := process.stdout.read(CHUNK):
            digest.update(chunk)
    assert process.returncode == 0
    return digest.hexdigest()


@pytest.mark.timeout(1800)
def test_a_base_beyond_4_gib_comes_out_of_every_program_as_it_was(tmp_path: Path) -> None:
    """One test for all of them: the archive takes longest to make."""
    base = tmp_path / "base.bin"
    with base.open("wb") as file:
        file.truncate(SIZE)
        for mark in MARKS:
            os.pwrite(file.fileno(), b"repere", mark)
    with base.open("rb") as file:
        expected = hashlib.file_digest(file, "sha256").hexdigest()
    packed = archive(base, tmp_path, preset=lambda: 1).path
    base.unlink()
    openers = (by_7zz, by_p7zip_16, by_bsdtar, by_unar, by_py7zr)
    found = {opener.__name__: opener(packed, tmp_path / "x") for opener in openers}
    assert found == dict.fromkeys(found, expected)
