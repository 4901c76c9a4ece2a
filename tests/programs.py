"""Finds the real programs that tests run against."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import NoReturn

import pytest

IN_CI = os.environ.get("CI") == "true"
ON_WINDOWS = os.name == "nt"
NEEDS_LINUX = "needs Linux"
NEEDS_REAL_WINDOWS = "needs a real Windows"
_SYSTEM_FOLDERS = "/usr/sbin:/usr/local/sbin:/sbin"


def require(program: str) -> str:
    """Gives the path of `program`.

    Where it is missing the test fails in CI, and is skipped elsewhere with a reason that names it.
    """
    search = os.pathsep.join([os.environ.get("PATH", ""), _SYSTEM_FOLDERS])
    found = shutil.which(program, path=search)
    if found is None:
        missing(f"the program « {program} » is not installed")
    return found


def require_from_npm(package: str, program: str) -> str:
    """Gives the path of a program within an npm package; `tests/run.sh` installs those beside Python's."""
    found = Path(sys.prefix) / "npm" / "node_modules" / package / program
    if not found.exists():
        missing(f"the npm package « {package} » is not installed in {Path(sys.prefix) / 'npm'}")
    found.chmod(0o755)  # some packages come without
    return str(found)


def require_root() -> None:
    """Skips (fails in CI) where the test needs rights that only root has."""
    if ON_WINDOWS or os.geteuid() != 0:
        missing("this test needs to run as root")


def missing(reason: str) -> NoReturn:
    """Says that a test cannot run here: a failure in CI, a skip with its reason elsewhere.

    On Windows it always is a skip: the servers and programs that tests run against are those of Linux.
    """
    if ON_WINDOWS:
        pytest.skip(f"{NEEDS_LINUX}: {reason}")
    if IN_CI:
        pytest.fail(f"{reason}, and in CI every test must run")
    pytest.skip(reason)
