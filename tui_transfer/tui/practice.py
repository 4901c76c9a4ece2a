"""What a demonstration tells the person to type in, shown where it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class PracticeProxy:
    """The made-up proxy of a demonstration."""

    host: str
    port: int
    username: str
    password: str


@dataclass(frozen=True)
class Practice:
    """The made-up values of a demonstration; none of them opens anything real."""

    password: str
    """Of the Sharebox account."""
    fingerprint: str
    """Of the Sharebox's host key."""
    folder: Path
    """Where on this machine what is sent arrives."""
    proxy: PracticeProxy | None = None
