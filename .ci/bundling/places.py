"""Where things are, and the one time that everything built bears."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
LOCKED: Final = ROOT / ".ci" / "bundled.txt"
TOOLS: Final = ROOT / ".ci" / "tools.txt"
PARTS: Final = Path(__file__).with_name("parts")
"""What goes into a bundle as it is written there."""


def epoch() -> int:
    """Seconds since 1970: SOURCE_DATE_EPOCH, as all such builders take it, or else the commit's time."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given:
        return int(given)
    command = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def moment() -> datetime:
    """The same as a date, in UTC: a build knows no zone."""
    return datetime.fromtimestamp(epoch(), UTC)
