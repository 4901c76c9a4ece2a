"""Writes anew which versions go into a bundle, and which tools build it.

uv finds versions that go together on every system at once, which pip does not; it is needed for this alone,
and so is no part of the tools.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from bundling import places

_OLDEST_PYTHON: Final = "3.11"
_OPTIONS: Final = [
    *["--quiet", "--upgrade", "--universal", "--generate-hashes", "--only-binary=:all:"],
    *[f"--python-version={_OLDEST_PYTHON}", "--no-annotate", "--no-header", "--no-emit-index-url"],
    *["--no-emit-find-links", "--color=never"],
]


def write() -> None:
    """Writes both files."""
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", f"--target={folder}", "uv"]
        subprocess.run(pip, check=True)
        uv = Path(folder, "bin", "uv")
        project = places.ROOT / "pyproject.toml"
        for source, target in (
            ([str(project)], places.LOCKED),
            ([f"--group={project}:bundle"], places.TOOLS),
        ):
            target.write_text("", encoding="utf-8")  # what it holds would be preferred to what is newest
            command = [str(uv), "pip", "compile", *_OPTIONS, *source, f"--output-file={target}"]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
