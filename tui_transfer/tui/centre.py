"""The program as its pages and dialogs know it, and how a key finds its way to one of them.

Keys come faster than screens are made: they are typed ahead, pasted, or held up by a slow line. A screen is
therefore made to its end before a key, a click or a paste reaches it, and before the program is left. Once
leaving has begun, none of them does anything, and nothing is opened any more. A screen that is being taken
away hears of nothing more: neither of what its timers and threads still bring, nor of its own making.

What a person does and nothing comes of is told (`remark`).
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, cast

from textual import events
from textual.app import App
from textual.geometry import Offset
from textual.screen import Screen

from tui_transfer.errors import TransferError
from tui_transfer.tui import focus_place, keyboard
from tui_transfer.tui.announce import Announcer
from tui_transfer.tui.escape import PLAIN_KEYS
from tui_transfer.tui.session import Session
from tui_transfer.tui.theme import THEME_NAMES, THEMES

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from rich.console import RenderableType
    from textual.driver import Driver
    from textual.message import Message

    from tui_transfer.settings.config import Home, ThemeName
    from tui_transfer.tui.happenings import Happening
    from tui_transfer.tui.practice import Practice


T = TypeVar("T")

_WHERE_IS_THE_CURSOR: Final = "\x1b[6n"
"""Every terminal answers this, and in turn: what it shows by then was drawn before, what was typed by then
comes before the answer."""
_LONGEST_ANSWER = 1.0
"""Seconds; who is further away than that, or has a terminal that does not answer, is not waited for."""


class CentreScreen(Screen[T], Generic[T]):
    """A page or a dialog."""

    def __init__(self) -> None:
        super().__init__()
        self._made = asyncio.Event()

    @property
    def centre(self) -> Centre:
        """The program."""
        return cast("Centre", self.app)

    async def made(self) -> None:
        """Waits until it has all its widgets, and the focus is where it begins; or until it is gone."""
        await self._made.wait()

    def heeds(self, event: events.Event) -> bool:
        """Whether what a person did is meant for this screen."""
        return True

    @property
    def is_seen(self) -> bool:
        """Whether it listens to whatever does something."""
        return True

    def begin_display(self, at: float) -> None:
        """A piece of it is about to be sent to the terminal, at this time of the clock of events."""

    def remark(self, text: str) -> None:
        """Says something about the key that was just pressed; an empty text takes it back."""

    def on_mount(self) -> None:
        """What was posted while it was made comes first.

        Pages set the focus by `set_focus`: `Widget.focus` would do it later, after the next key.
        """
        self.call_later(self._made.set)

    def on_unmount(self) -> None:
        """Nobody need wait any more."""
        self._made.set()

    async def _on_message(self, message: Message) -> None:
        """Everything that Textual brings comes through here, and no public method does the same."""
        if self._pruning and not isinstance(message, events.Unmount) and not _takes_apart(message):
            return
        await super()._on_message(message)


def _takes_apart(message: Message) -> bool:
    """Textual's own messages, by which it keeps its tree, are not for screens to see."""
    return type(message).__module__ == "textual.messages"


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
        self._is_leaving = False
        self.notice = ""
        """What to say on the first screen, to begin with."""
        self.wants_practice = False
        """Whether it was left for the demonstration, after which it is opened again."""
        self._waiting: deque[Callable[[float], None]] = deque()
        """What to call when the terminal answers, in the order in which it was asked."""

    def on_mount(self) -> None:
        """The terminal is there; it is taken again whenever the program was stopped and goes on."""
        self._take_terminal()
        self.app_resume_signal.subscribe(self, lambda _: self._take_terminal())

    def _take_terminal(self) -> None:
        """What differs from how Textual uses it."""
        if self._driver is not None and not self.is_headless:
            self._driver.write(PLAIN_KEYS + focus_place.SHOW + focus_place.shape(os.environ))

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        """Textual's only way to the terminal. What is typed once this is there, was typed after it began."""
        if isinstance(screen, CentreScreen):
            screen.begin_display(now())
        super()._display(screen, renderable)

    @property
    def cursor_position(self) -> Offset:
        """Where the terminal's cursor stands after each piece of drawing: where the focus is."""
        focused = self.screen.focused if self.screen_stack else None
        return focus_place.place_of(focused) if focused is not None and focused.region else Offset(0, 0)

    @cursor_position.setter
    def cursor_position(self, _: Offset) -> None:
        """Fields of Textual say where they are, also those that do not have the focus."""

    def tell(self, happening: Happening) -> None:
        """Goes on from what happened on a page or in a dialog; not while the program is being left."""
        if not self._is_leaving:
            self._follow(happening)

    def _follow(self, happening: Happening) -> None:
        raise NotImplementedError

    # ── Keys, clicks and pastes ───────────────────────────────

    async def on_event(self, event: events.Event) -> None:
        """What a person did goes on only to a screen that is whole, and that is meant."""
        if isinstance(event, (events.InputEvent, events.Paste)) and not await self._is_for_the_screen(event):
            return
        if isinstance(event, events.Key) and not event.is_forwarded:
            self._remark("")
            event = keyboard.meant(event, self.screen)
        await super().on_event(event)

    async def _is_for_the_screen(self, event: events.Event) -> bool:
        screen = None
        while not self._is_leaving and screen is not self.screen:
            screen = self.screen
            if isinstance(screen, CentreScreen):
                await screen.made()
        if self._is_leaving or not isinstance(screen, CentreScreen):
            return not self._is_leaving
        heeded = screen.heeds(event)
        if not heeded and isinstance(event, events.Key):
            self._remark(keyboard.came_too_soon(event))
        return heeded

    async def on_key(self, event: events.Key) -> None:
        """The last who could do something with it; what does nothing is told."""
        event.prevent_default()  # of the app, which does the first line and is silent otherwise
        if not await self._check_bindings(event.key):
            bound = event.key in self.screen.active_bindings
            self._remark(keyboard.is_unavailable(event) if bound else keyboard.does_nothing(event))

    def _remark(self, text: str) -> None:
        if isinstance(self.screen, CentreScreen):
            self.screen.remark(text)

    def when_seen(self, then: Callable[[float], None]) -> None:
        """Calls `then` once what was drawn so far is on the terminal.

        It is given the time since when whoever did something could see it, on the clock of events: when the
        terminal's answer was read. What was typed before then came before that answer, however long the line.
        """
        if self._driver is None or self.is_headless:
            then(now())
            return
        self._waiting.append(then)
        self._driver.write(_WHERE_IS_THE_CURSOR)
        self._driver.flush()
        self.set_timer(_LONGEST_ANSWER, lambda: then(now()))

    def on_cursor_position(self, event: events.CursorPosition) -> None:
        """The terminal answers."""
        if self._waiting:
            self._waiting.popleft()(event.time)

    # ── Leaving ───────────────────────────────────────────────

    def exit(
        self, result: int | None = None, return_code: int = 0, message: RenderableType | None = None
    ) -> None:
        """Leaves the program; the first reason to leave gives the exit code.

        It happens in its turn, and not before each screen has all its widgets: Textual gives none to a screen
        of a program that is being left, which would then miss them.
        """
        if not self._is_leaving:
            self._is_leaving = True
            self.call_later(self._leave, partial(super().exit, result, return_code, message))

    async def _leave(self, leave: Callable[[], None]) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, CentreScreen):
                await screen.made()
        leave()

    def practise(self) -> None:
        """Leaves the program for the demonstration: that is another program, with a home of its own."""
        self.wants_practice = True
        self.exit(return_code=0)

    # ── Themes ────────────────────────────────────────────────

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


def now() -> float:
    """The time on the clock of events."""
    return events.Event().time
