"""The program on screen: themes, signals, the first screen. Everything else is in the screens."""

from __future__ import annotations

import asyncio
import signal
import sys
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from textual.app import App
from textual.binding import Binding, BindingType

from tui_transfer.tui.output import lasting_output
from tui_transfer.tui.screens.home import HomePage
from tui_transfer.tui.screens.page import Page
from tui_transfer.tui.session import Session
from tui_transfer.tui.theme import DARK, LIGHT

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.driver import Driver

    from tui_transfer.config import Home
    from tui_transfer.tui.practice import Practice

_HERE: Final = Path(__file__).parent


class CentreApp(App[int], inherit_bindings=False):
    """The Centre de maintenance.

    Args:
        home: where configuration and jobs are.
        practice: the values to show during a demonstration.
        today: the calendar, for the GO.
        driver_class: where to draw; None for the terminal.
    """

    TITLE = "Centre de maintenance"
    CSS_PATH = [_HERE / "app.tcss", _HERE / "screens" / "home.tcss"]  # noqa: RUF012
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "explain_quit", show=False, system=True),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-too-narrow"), (60, "-narrow"), (100, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-too-short"), (20, "-short"), (30, "-tall")]  # noqa: RUF012

    def __init__(
        self,
        home: Home,
        practice: Practice | None = None,
        today: Callable[[], date] = date.today,
        driver_class: type[Driver] | None = None,
    ) -> None:
        super().__init__(driver_class=driver_class)
        self.session = Session(home, practice, today)
        # Every frame of an animation is sent over the SSH connection.
        self.animation_level = "none"
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = DARK.name

    def get_default_screen(self) -> HomePage:
        """The first screen."""
        return HomePage()

    def on_mount(self) -> None:
        """Watches for the end of the terminal."""
        if not self.is_headless and sys.platform != "win32":
            self._end_on_signals()

    def toggle_theme(self) -> None:
        """Changes between light and dark."""
        self.theme = LIGHT.name if self.theme == DARK.name else DARK.name

    def action_explain_quit(self) -> None:
        """Says what Ctrl+C does not do."""
        if isinstance(self.screen, Page):
            self.screen.say("Pour quitter, appuyez sur Q.")

    def _end_on_signals(self) -> None:
        """Leaves the terminal clean when it closes or the program is told to end; workers go on."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGHUP, signal.SIGTERM):
            loop.add_signal_handler(number, partial(self.exit, return_code=128 + number))


def run_app(home: Home, practice: Practice | None = None) -> int:
    """Opens the Centre de maintenance; returns the exit code when it is closed."""
    with lasting_output():
        app = CentreApp(home, practice)
        app.run()
    return app.return_code or 0
