"""What every test may use; and, on Windows, which tests are for another system."""

from __future__ import annotations

import sys

pytest_plugins = ["tests.servers.fixtures", *(["tests.on_windows"] if sys.platform == "win32" else [])]
