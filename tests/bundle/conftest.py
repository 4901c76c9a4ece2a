"""What is shipped, built twice: once for all tests, and by whoever needs it first."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
OTHERWISE = {"TZ": "Pacific/Auckland", "LC_ALL": "C", "PYTHONHASHSEED": "7"}
"""A machine that differs in what a build must not depend on; so does its umask."""


@dataclass(frozen=True)
class Built:
    """A bundle, and the same one built elsewhere."""

    first: Path
    again: Path

    def files(self, pattern: str) -> tuple[Path, Path]:
        """The one that fits `pattern`, of each."""
        (first,), (again,) = self.first.glob(pattern), self.again.glob(pattern)
        return first, again


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Built]:
    """Builds what is asked for, if no other process of this test run has."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shipped"

    def build(what: str) -> Built:
        built = Built(shared / what / "first", shared / what / "again")
        with FileLock(f"{shared}.lock"):
            if not (shared / what / "done").exists():
                _build(what, built.first, {}, umask=0o022)
                _build(what, built.again, OTHERWISE, umask=0o077)
                (shared / what / "done").touch()
        return built

    return build


def _build(what: str, out: Path, environment: dict[str, str], *, umask: int) -> None:
    done = subprocess.run(
        ["bash", str(ROOT / ".ci" / "bundle"), what, "--out", str(out)],
        cwd=ROOT.parent,
        env={**os.environ, **environment},
        umask=umask,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
