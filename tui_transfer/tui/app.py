"""The program on screen: themes, signals, the first screen. Everything else is in the screens."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

import click
from textual.binding import Binding, BindingType

from tui_transfer.errors import TransferError
from tui_transfer.job.orders import forget_environment
from tui_transfer.system import desktop
from tui_transfer.system.processes import ENDINGS
from tui_transfer.tui import focus_place
from tui_transfer.tui.announce import Announcer
from tui_transfer.tui.centre import Centre
from tui_transfer.tui.escape import hear_every_escape
from tui_transfer.tui.farewell import farewell
from tui_transfer.tui.harmless import HarmlessFilter
from tui_transfer.tui.letters import letter_of
from tui_transfer.tui.output import lasting_output
from tui_transfer.tui.procedure import follow
from tui_transfer.tui.screens.home import HomePage
from tui_transfer.tui.screens.page import Page

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.driver import Driver
    from textual.filter import LineFilter

    from tui_transfer.settings.config import Home
    from tui_transfer.tui.happenings import Happening
    from tui_transfer.tui.practice import Practice

_HERE: Final = Path(__file__).parent
_HARMLESS: Final = HarmlessFilter()


class CentreApp(Centre, inherit_bindings=False):
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
        super().__init__(home, practice, today, announcer, driver_class)
        self.owns_terminal = False
        """Whether it ends with the terminal that this process has."""

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What goes over every line that a widget draws."""
        return [*super().get_line_filters(), _HARMLESS]

    def get_default_screen(self) -> HomePage:
        """The first screen."""
        return HomePage()

    def on_load(self) -> None:
        """Watches for the end of the terminal, before anything is drawn on it."""
        if self.owns_terminal:
            self._end_on_signals()

    def _follow(self, happening: Happening) -> None:
        follow(self, happening)

    def action_explain_quit(self) -> None:
        """Says what Ctrl+C does not do."""
        if isinstance(self.screen, Page):
            self.screen.say(f"Pour quitter, appuyez sur {letter_of('leave')}.")

    def _fatal_error(self) -> None:
        """Tells an unexpected failure. Textual would add every local variable, and some are passwords."""
        from rich.traceback import Traceback  # slow to load, and hardly ever needed

        self.panic(Traceback())

    def _end_on_signals(self) -> None:
        """Leaves the terminal clean when it closes or the program is told to end; workers go on."""
        loop = asyncio.get_running_loop()
        for number in ENDINGS:
            loop.add_signal_handler(number, partial(self.exit, return_code=128 + number))


def run_app(
    home: Home,
    practice: Practice | None = None,
    *,
    mouse: bool = True,
    practise: Callable[[], object] | None = None,
) -> int:
    """Opens the Centre de maintenance; returns the exit code when it is closed.

    Args:
        home: where configuration and jobs are.
        practice: the values to show during a demonstration.
        mouse: whether it listens to one.
        practise: runs the demonstration, which the menu offers then; afterwards the centre is opened again.
    """
    notice = ""
    while True:
        made: list[CentreApp] = []

        def make(announcer: Announcer, notice: str = notice, made: list[CentreApp] = made) -> CentreApp:
            made.append(CentreApp(home, practice, announcer=announcer))
            made[0].notice = notice
            return made[0]

        code = run_on_terminal(make, mouse=mouse)
        if practise is None or not made[0].wants_practice:
            break
        try:
            practise()
            notice = "La démonstration est terminée ; vous êtes de nouveau chez vous."
        except TransferError as error:
            notice = f"La démonstration n’a pas pu commencer. {error.title}. {error.why}"
    if not code and (line := farewell(home, practice=practice is not None)):
        with suppress(OSError):  # the terminal is gone
            click.echo(line)
    return code


def run_on_terminal(make_app: Callable[[Announcer], CentreApp], *, mouse: bool = True) -> int:
    """Runs an app on this process's terminal, which is left as it was; returns the exit code."""
    forget_environment()
    with lasting_output(os.environ) as output:
        announcer = Announcer(None if output is None else output.write_now, os.environ)
        if desktop.has_local_display(os.environ):
            announcer.show_notice = desktop.notify
        app = make_app(announcer)
        hear_every_escape()
        app.owns_terminal = True
        announcer.open()
        try:
            app.run(mouse=mouse)
        finally:
            announcer.close()
            if output is not None:
                output.write_now(focus_place.shape_back(os.environ))
    return app.return_code or 0
