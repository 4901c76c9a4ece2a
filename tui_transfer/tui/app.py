"""The program on screen: themes, signals, the first screen. Everything else is in the screens."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from textual.app import App
from textual.binding import Binding, BindingType

from tui_transfer.errors import TransferError
from tui_transfer.job.orders import forget_environment
from tui_transfer.tui.announce import Announcer
from tui_transfer.tui.output import lasting_output
from tui_transfer.tui.screens.home import HomePage
from tui_transfer.tui.screens.page import Page
from tui_transfer.tui.session import Session
from tui_transfer.tui.theme import THEME_NAMES, THEMES

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.driver import Driver

    from tui_transfer.settings.config import Home, ThemeName
    from tui_transfer.tui.practice import Practice

_HERE: Final = Path(__file__).parent


class CentreApp(App[int], inherit_bindings=False):
    """The Centre de maintenance.

    Args:
        home: where configuration and jobs are.
        practice: the values to show during a demonstration.
        today: the calendar, for the GO.
        announcer: what is told to the terminal besides the screen.
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
        announcer: Announcer | None = None,
        driver_class: type[Driver] | None = None,
    ) -> None:
        super().__init__(driver_class=driver_class)
        self.session = Session(home, practice, today)
        # Every frame of an animation is sent over the SSH connection.
        self.animation_level = "none"
        for theme in THEMES.values():
            self.register_theme(theme)
        settings = self.session.settings
        self.theme = THEMES[settings.display.theme if settings else "dark"].name
        self.announcer = announcer or Announcer(None, {})
        self.announcer.notify = settings is None or settings.display.notify

    def get_default_screen(self) -> HomePage:
        """The first screen."""
        return HomePage()

    def on_mount(self) -> None:
        """Watches for the end of the terminal."""
        if not self.is_headless and sys.platform != "win32":
            self._end_on_signals()

    @property
    def theme_name(self) -> ThemeName:
        """The theme on screen, as the settings name it."""
        return next(name for name in THEMES if THEMES[name].name == self.theme)

    def next_theme(self) -> str:
        """Changes to the next theme and remembers it; returns a French sentence that says which it is."""
        names = list(THEMES)
        chosen = names[(names.index(self.theme_name) + 1) % len(names)]
        self.theme = THEMES[chosen].name
        if self.session.settings is None:
            return f"Thème {THEME_NAMES[chosen]}, pour cette fois : enregistrez vos réglages pour le retenir."
        try:
            self.session.keep_theme(chosen)
        except TransferError:
            return f"Thème {THEME_NAMES[chosen]}, pour cette fois : la configuration ne peut pas être écrite."
        return f"Thème {THEME_NAMES[chosen]}."

    def action_explain_quit(self) -> None:
        """Says what Ctrl+C does not do."""
        if isinstance(self.screen, Page):
            self.screen.say("Pour quitter, appuyez sur Q.")

    def _fatal_error(self) -> None:
        """Tells an unexpected failure. Textual would add every local variable, and some are passwords."""
        from rich.traceback import Traceback  # slow to load, and hardly ever needed

        self.panic(Traceback())

    def _end_on_signals(self) -> None:
        """Leaves the terminal clean when it closes or the program is told to end; workers go on."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGHUP, signal.SIGTERM):
            loop.add_signal_handler(number, partial(self.exit, return_code=128 + number))


def run_app(home: Home, practice: Practice | None = None, *, mouse: bool = True) -> int:
    """Opens the Centre de maintenance; returns the exit code when it is closed."""
    return run_on_terminal(lambda announcer: CentreApp(home, practice, announcer=announcer), mouse=mouse)


def run_on_terminal(make_app: Callable[[Announcer], CentreApp], *, mouse: bool = True) -> int:
    """Runs an app on this process's terminal, which is left as it was; returns the exit code."""
    forget_environment()
    with lasting_output(os.environ) as output:
        announcer = Announcer(None if output is None else output.write_now, os.environ)
        app = make_app(announcer)
        announcer.open()
        try:
            app.run(mouse=mouse)
        finally:
            announcer.close()
    return app.return_code or 0
