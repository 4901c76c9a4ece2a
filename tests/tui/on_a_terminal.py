"""The program on a real terminal, for the tests to look at from outside: `python -m tests.tui.on_a_terminal`.

It opens the home given, on the screen of its newest job if there is one.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tui_transfer.job import control
from tui_transfer.settings.config import Home
from tui_transfer.tui import centre
from tui_transfer.tui.app import CentreApp, run_on_terminal
from tui_transfer.tui.screens.transfer import TransferPage


class Opened(CentreApp):
    """Opens the newest job once the first screen is there."""

    def on_ready(self) -> None:
        """Goes where the test wants to look."""
        for job in control.list_jobs(self.session.home):
            self.push_screen(TransferPage(job, begin=False))


def main() -> int:
    """Runs until a key or a signal ends it; returns the exit code."""
    if os.environ.get("PATIENT"):  # for the terminal's answer
        centre._LONGEST_ANSWER = 3600.0
    folder = Path(sys.argv[1])
    home = Home(folder / "config.toml", folder)
    return run_on_terminal(lambda announcer: Opened(home, announcer=announcer))


if __name__ == "__main__":
    sys.exit(main())
