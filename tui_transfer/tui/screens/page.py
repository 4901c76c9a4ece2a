"""What every full screen has in common: title bar, lead, body, notice, buttons, keys."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.containers import Center, Vertical
from textual.content import Content
from textual.css.query import NoMatches
from textual.widgets import Input, Static

from tui_transfer.errors import TransferError
from tui_transfer.job import control, report_mark
from tui_transfer.tui.answers import Leaving, Reminded
from tui_transfer.tui.background import in_background
from tui_transfer.tui.centre import CentreScreen, now
from tui_transfer.tui.happenings import (
    CommandsAsked,
    FinishedChosen,
    HelpAsked,
    InterruptionAsked,
    LeavingAsked,
    MessageChosen,
    UnsentRemembered,
)
from tui_transfer.tui.keyboard import acts
from tui_transfer.tui.letters import lettered
from tui_transfer.tui.widgets.actions import Action, ActionRow
from tui_transfer.tui.widgets.bars import KeyBar, Notice, TooSmall, TopBar
from tui_transfer.tui.widgets.prose import Prose

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual import events
    from textual.app import ComposeResult
    from textual.widget import Widget

    from tui_transfer.job.control import Job
    from tui_transfer.tui.session import Session

MOST_COLUMNS: Final = 108
MARGIN: Final = 2
_LONGEST_DRAWING: Final = 1.0
"""Seconds for which keys are kept back."""


class Page(CentreScreen[None]):
    """A full screen. Subclasses give `TRAIL`, `LEAD`, `HELP`, a body and buttons."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Retour", tooltip="Revenir à l’écran précédent"),
        lettered("leave", "Quitter", also="ctrl+q", key_display="Q",
                 tooltip="Fermer le centre de maintenance"),
        Binding("question_mark,f1", "help", "Aide", show=False, key_display="?",
                tooltip="Cette aide"),
        lettered("next_theme", "Thème",
                 tooltip="Changer de thème : sombre, clair, contraste élevé"),
        Binding("colon,ctrl+p,f2", "palette", "Commandes", show=False, key_display=": ou F2",
                tooltip="Chercher une commande par son nom"),
    ]  # fmt: skip
    TRAIL: ClassVar[str] = ""
    """Where the title bar says one is."""
    LEAD: ClassVar[str] = ""
    """What to do here, in one sentence."""
    HELP: ClassVar[str] = ""
    """What the help says about this screen."""
    WIDEST: ClassVar[int] = MOST_COLUMNS
    """Columns that it takes of a wide window; lines stay readable."""
    AUTO_FOCUS = ".field"

    def __init__(self) -> None:
        super().__init__()
        self._unavailable: set[str] = set()
        self._drawn_since: float | None = None
        """On the clock of events; None while it is covered, or not drawn yet."""
        self._is_drawn = asyncio.Event()
        self._resumed_at = 0.0

    @property
    def session(self) -> Session:
        """What the screens share."""
        return self.centre.session

    def compose(self) -> ComposeResult:
        """The same places on every screen."""
        settings = self.session.settings
        yield TopBar(self.TRAIL, settings.manager.name if settings else "")
        if self.session.practice is not None:
            yield Static(
                Content.assemble(
                    ("Démonstration", "bold"), "  tout est fictif : bases, Sharebox, destinataires"
                ),
                id="practice",
            )
        with Center(id="frame"), Vertical(id="column"):
            with Vertical(id="body"):
                if self.LEAD:
                    yield Prose(self.LEAD, id="lead")
                yield from self.body()
            yield Notice(id="notice")
            with ActionRow(id="actions"):
                yield from self.buttons()
        yield KeyBar(id="keys")
        yield TooSmall()

    def on_resize(self, event: events.Resize) -> None:
        """The lines above and below begin where the column does, however wide the window is."""
        side = MARGIN + max(0, self.size.width - self.WIDEST) // 2
        for line in self.query("TopBar, #practice, #keys"):
            line.styles.padding = (0, side)
        if self.focused is not None:
            self.call_after_refresh(self.focused.scroll_visible, animate=False)

    def on_mount(self) -> None:
        """What is coloured by hand follows the theme, wherever that is changed."""
        self.app.theme_changed_signal.subscribe(self, lambda _: self.theme_changed())

    def theme_changed(self) -> None:
        """Colours anew what the styles do not."""

    def on_descendant_focus(self) -> None:
        """The key of the help depends on where one is."""
        self.query_one(KeyBar).show(in_field=isinstance(self.focused, Input))

    def heeds(self, event: events.Event) -> bool:
        """What does something counts once the page is drawn: not what was typed ahead."""
        return not acts(event, self) or (self._drawn_since is not None and event.time > self._drawn_since)

    @property
    def is_seen(self) -> bool:
        """Whether it listens to whatever does something."""
        return self._drawn_since is not None

    async def made(self) -> None:
        """Waits until it is drawn, too; for a page that for some reason never is, not for long."""
        await super().made()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._is_drawn.wait(), _LONGEST_DRAWING)

    def on_screen_resume(self) -> None:
        """It is on top, and will be drawn."""
        self._resumed_at = now()
        self._is_drawn.clear()
        self.call_after_refresh(self._drawn)

    def on_screen_suspend(self) -> None:
        """Something covers it."""
        self._drawn_since = None
        self._is_drawn.set()

    def on_unmount(self) -> None:
        """Nobody need wait any more."""
        self._is_drawn.set()

    def _drawn(self) -> None:
        """By now it is, whether or not there was anything to send."""
        if self.is_current and self._drawn_since is None:
            self._drawn_since = self._resumed_at
        self._is_drawn.set()

    def begin_display(self, at: float) -> None:
        """The first piece shows where one is; before there are widgets, it shows nothing."""
        if self._drawn_since is None and self.is_current and self.children:
            self._drawn_since = at
            self._is_drawn.set()

    def remark(self, text: str) -> None:
        """Before the keys that there are."""
        for bar in self.query(KeyBar):
            bar.remark(text)

    @property
    def room(self) -> int:
        """Columns between the margins: wide windows leave the rest empty, lines stay readable."""
        return min(self.size.width, self.WIDEST) - 2 * MARGIN

    def body(self) -> Iterable[Widget]:
        """The widgets between the lead and the notice."""
        return ()

    def buttons(self) -> Iterable[Action]:
        """The buttons at the bottom."""
        return ()

    def say(self, text: str, kind: str = "info") -> None:
        """Shows a line above the buttons."""
        self.query_one(Notice).say(text, kind)

    def say_failure(self, error: TransferError, *, with_advice: bool = False) -> None:
        """Says what failed, and whom to ask for help."""
        parts = [f"{error.title}.", error.why, error.advice if with_advice else ""]
        self.say(" ".join(part for part in (*parts, self.session.contact) if part), "error")

    def set_available(self, action: str, available: bool) -> None:
        """Greys an action, its button and its letter, or gives them back."""
        (self._unavailable.discard if available else self._unavailable.add)(action)
        for button in self.query(Action):
            if button.action == action:
                button.disabled = not available
                button.refresh()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keeps the letters of greyed buttons from doing anything."""
        return None if action in self._unavailable else super().check_action(action, parameters)

    def action_back(self) -> None:
        """Goes to the screen before this one."""
        self.app.pop_screen()

    def action_leave(self) -> None:
        """Ends the program; asks first while a transfer goes on, wherever one is."""
        job = self.job_at_work()
        if job is not None:
            self.centre.tell(LeavingAsked(partial(self._left, job)))
        elif (follower := self.session.report_to_remember()) is not None:
            self.centre.tell(UnsentRemembered(follower, partial(self._reminded, follower.job)))
        else:
            self.app.exit()

    def _reminded(self, job: Job, choice: Reminded | None) -> None:
        """Goes on with leaving, or with the report that is still to be sent."""
        if choice is Reminded.SHOW:
            self.centre.tell(MessageChosen(job))
        elif choice is Reminded.SENT:
            try:
                report_mark.mark_sent(job)
            except TransferError as error:
                self.say(f"{error.title}. {error.why}", "error")
            else:
                self.centre.tell(FinishedChosen(job))
        elif choice is Reminded.LEAVE:
            self.app.exit()

    def job_at_work(self) -> Job | None:
        """The transfer that quitting would leave alone; another window may have begun it.

        None also where that cannot be told: one can always leave.
        """
        try:
            return control.running_job(self.session.home)
        except TransferError:
            return None

    def interrupt(self, job: Job) -> None:
        """Asks the worker to end, beside the screen."""
        self.say("Interruption demandée : le transfert s’arrête proprement.")
        in_background(self, lambda: control.stop(job), self._stopped)

    def _left(self, job: Job, choice: Leaving | None) -> None:
        if choice is Leaving.BACKGROUND:
            self.app.exit()
        elif choice is Leaving.INTERRUPT:
            self.centre.tell(InterruptionAsked(partial(self._interruption_decided, job)))

    def _interruption_decided(self, job: Job, agreed: bool | None) -> None:
        if agreed:
            self.interrupt(job)

    def _stopped(self, result: TransferError | None) -> None:
        if isinstance(result, TransferError):
            self.say_failure(result)

    def action_help(self) -> None:
        """Explains this screen and its keys."""
        self.centre.tell(HelpAsked(self, self.HELP))

    def action_palette(self) -> None:
        """Lets one look for an action by its name."""
        self.centre.tell(CommandsAsked(self, self._do))

    async def _do(self, action: str | None) -> None:
        if action is not None:
            await self.run_action(action)

    def action_next_theme(self) -> None:
        """Changes to the next theme."""
        self.say(self.centre.next_theme())

    def set_text(self, selector: str, text: str | Content) -> None:
        """Replaces the text of a `Static`, only if it differs; the place it takes must not change."""
        try:
            widget = self.query_one(selector, Static)
        except NoMatches:  # closed meanwhile
            return
        content = Content(text) if isinstance(text, str) else text
        if str(widget.content) != str(content):
            widget.update(content, layout=False)
