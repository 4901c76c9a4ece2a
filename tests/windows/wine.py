"""The bundle for Windows, copied, with CPython running it under Wine, in a prefix of its own.

Wine 8 lacks things that Windows has: the copy gets them, or does without. Nothing of that is in the bundle.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import threading
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bundling import embedded, places

from tests.programs import missing, require

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

LENT: Final = Path(__file__).with_name("lent")
_COMPILER: Final = "x86_64-w64-mingw32-gcc"
_TESTERS: Final = (
    *("aiosmtpd", "asyncssh", "babel", "filelock", "hypothesis", "pexpect", "pyte"),
    *("pytest", "pytest-asyncio", "pytest-timeout", "pytest-xdist"),
)
"""What the tests import, besides what is shipped; in the versions that they have here."""
_NOT_UNDER_WINE: Final = ("_wmi.pyd",)
_LIMIT: Final = 120.0
_PIECE: Final = 1 << 16
_STILL_TO_READ: Final = 2.0
"""Seconds for what a command has written before it ended."""


@dataclass(frozen=True)
class Result:
    """How a command ended; `out` has both its outputs, as a console shows them."""

    code: int
    out: str


@dataclass(frozen=True)
class Wine:
    """A Windows that nobody else uses.

    Attributes:
        program: Wine's.
        prefix: the folder that holds its registry and its disk `C:`.
        python: CPython for Windows, in a copy of the bundle.
    """

    program: str
    prefix: Path
    python: Path

    @property
    def bundle(self) -> Path:
        """The copy of what is shipped."""
        return self.python.parents[1]

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """What Windows' programs get: neither a display, nor the settings of whoever runs the tests."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TZ") if name in os.environ}
        return {
            **kept,
            "WINEPREFIX": str(self.prefix),
            "WINEARCH": "win64",
            "WINEDEBUG": "-all",
            "WINEDLLOVERRIDES": "bcryptprimitives=n;mscoree,mshtml=",
            **(more or {}),
        }

    def python_command(self, *arguments: str) -> list[str]:
        """Python with these arguments."""
        return [self.program, str(self.python), *arguments]

    def command(self, *arguments: str) -> list[str]:
        """The program with these arguments, as the bundle starts it."""
        return self.python_command("-m", "tui_transfer", *arguments)

    def run(
        self,
        command: Sequence[str],
        environment: Mapping[str, str] | None = None,
        limit: float = _LIMIT,
        *,
        folder: Path | None = None,
        encoding: str = "cp1252",
    ) -> Result:
        """Runs a command to its end, without a console and without input.

        Its output is a pipe: Python does not start where Wine is given a plain file. What it has begun of
        Windows itself, such as the desktop, may hold that pipe for as long as Windows runs.
        """
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=self.environment(environment),
            cwd=folder,
        )
        said: list[bytes] = []

        def read() -> None:
            assert process.stdout is not None
            with process.stdout as pipe:
                said.extend(iter(partial(os.read, pipe.fileno(), _PIECE), b""))

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        try:
            code = process.wait(limit)
        finally:
            process.kill()
            process.wait()
        reader.join(_STILL_TO_READ)
        return Result(code, b"".join(said).decode(encoding, "replace"))

    def tool(self, *words: str) -> Result:
        """Runs one of Windows' own programs, which must succeed."""
        result = self.run([self.program, *words])
        assert result.code == 0, f"{words}: {result.out}"
        return result


def in_windows(path: Path) -> str:
    """The path of a file of this machine, as Windows has it under Wine."""
    return "Z:" + str(path).replace("/", "\\")


@contextlib.contextmanager
def wine(folder: Path, bundle: Path, testers: Path) -> Iterator[Wine]:
    """Makes a Windows in `folder`, from the bundle and what the tests need there; it ends with the block."""
    made = Wine(require("wine"), folder / "prefix", folder / "bundle" / "python" / "python.exe")
    folder.mkdir(parents=True)
    shutil.copytree(bundle, made.bundle)
    _lend(made.python.parent, testers)
    subprocess.run(
        [require("wineboot"), "-i"],
        env=made.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=_LIMIT,
        check=True,
    )
    try:
        made.tool("reg", "add", "HKCU\\Software\\Wine", "/v", "Version", "/d", "win10", "/f")
        yield made
    finally:
        subprocess.run([require("wineserver"), "-k"], env=made.environment(), check=False, timeout=_LIMIT)
        subprocess.run([require("wineserver"), "-w"], env=made.environment(), check=False, timeout=_LIMIT)


def _lend(python: Path, testers: Path) -> None:
    for name in _NOT_UNDER_WINE:
        (python / name).unlink()
    shutil.copy(LENT / "sitecustomize.py", python)
    library = python / "bcryptprimitives.dll"
    source = LENT / "bcryptprimitives.c"
    subprocess.run([require(_COMPILER), "-shared", "-o", library, source, "-ladvapi32"], check=True)
    searched = python / embedded.LIBRARY.replace(".zip", "._pth")
    lines = searched.read_text().splitlines()
    searched.write_text("\n".join([*lines[:-1], in_windows(testers), lines[-1]]) + "\n")


def gather_testers(folder: Path) -> Path:
    """Lays out, in `folder`, what the tests import there; what is there already is not downloaded again."""
    wanted = "\n".join(f"{name}=={version(name)}" for name in _TESTERS) + "\n"
    note = folder / "wanted.txt"
    if note.exists() and note.read_text() == wanted:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    done = subprocess.run(
        [
            *[sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"],
            *["--target", str(folder), "--only-binary=:all:", "--platform=win_amd64"],
            *["--implementation=cp", f"--python-version={'.'.join(map(str, embedded.PYTHON))}"],
            *wanted.split(),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        missing(f"what tests need under Windows could not be downloaded:\n{done.stderr}")
    note.write_text(wanted)
    return folder


def build_bundle(out: Path) -> Path:
    """Builds the bundle as it is shipped, and gives its folder."""
    done = subprocess.run(
        ["bash", str(places.ROOT / ".ci" / "bundle"), "windows", "--out", str(out)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return next(path for path in out.iterdir() if (path / "python").is_dir())
