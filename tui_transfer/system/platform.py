"""Which operating system this is, for the few places outside this room where that changes what is right."""

from __future__ import annotations

import sys
from typing import Final

ON_WINDOWS: Final = sys.platform == "win32"

SETTINGS_NAME: Final = {"win32": "les réglages de Windows", "darwin": "les réglages de macOS"}.get(
    sys.platform, "les réglages de cette machine"
)
"""What people call the place where the system keeps its settings."""
