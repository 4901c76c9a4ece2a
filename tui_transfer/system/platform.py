"""Which operating system this is, for the few places outside this room where that changes what is right."""

from __future__ import annotations

import sys
from typing import Final

ON_WINDOWS: Final = sys.platform == "win32"
