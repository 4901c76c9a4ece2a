"""The program as its pages and dialogs know it: what they share, and whom they tell what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import App

from tui_transfer.errors import TransferError
from tui_transfer.tui.announce import Announcer
from tui_transfer.tui.session import Session
from tui_transfer.tui.theme import THEME_NAMES, THEMES

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from textual.driver import Driver

    from tui_transfer.settings.config import Home, ThemeName
    from tui_transfer.tui.happenings import Happening
    from tui_transfer.tui.practice import Practice


class Centre(App[int], inherit_bindings=False):
    """The session, the themes, and what is told around the screen.

    Args:
        home: where configuration and jobs are.
        practice: the values to show during a demonstration.
        today: the calendar, for the GO.
        announcer: what is told to the terminal besides the screen.
        driver_class: where to draw; None for the terminal.
    """

    def __init__(
        self,
        home: Home,
        practice: Practice | None,
        today: Callable[[], date],
        announcer: Announcer | None,
        driver_class: type[Driver] | None,
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

    def tell(self, happening: Happening) -> None:
        """Goes on from what happened on a page or in a dialog."""
        raise NotImplementedError

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
