"""What every full screen has in common: title bar, lead, body, notice, buttons, keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from textual.binding import Binding, BindingType
from textual.containers import Center, Vertical
from textual.content import Content
from textual.css.query import NoMatches
from textual.screen import Screen
from textual.widgets import Static

from tui_transfer.tui.widgets.actions import Action, ActionRow
from tui_transfer.tui.widgets.bars import KeyBar, Notice, TooSmall, TopBar
from tui_transfer.tui.widgets.prose import Prose

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.app import ComposeResult
    from textual.widget import Widget

    from tui_transfer.tui.app import CentreApp
    from tui_transfer.tui.session import Session

MOST_COLUMNS: Final = 108
MARGIN: Final = 2


class Page(Screen[None]):
    """A full screen. Subclasses give `TRAIL`, `LEAD`, `HELP`, a body and buttons."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Retour", tooltip="Revenir à l'écran précédent"),
        Binding("q,ctrl+q", "leave", "Quitter", show=False, key_display="Q",
                tooltip="Fermer le centre de maintenance"),
        Binding("question_mark,f1", "help", "Aide", show=False, key_display="?",
                tooltip="Cette aide"),
        Binding("l", "toggle_theme", "Clair ou sombre", show=False,
                tooltip="Passer du thème sombre au thème clair, et inversement"),
    ]  # fmt: skip
    TRAIL: ClassVar[str] = ""
    """Where the title bar says one is."""
    LEAD: ClassVar[str] = ""
    """What to do here, in one sentence."""
    HELP: ClassVar[str] = ""
    """What the help says about this screen."""
    AUTO_FOCUS = ".field"

    def __init__(self) -> None:
        super().__init__()
        self._unavailable: set[str] = set()

    @property
    def centre(self) -> CentreApp:
        """The program."""
        return cast("CentreApp", self.app)

    @property
    def session(self) -> Session:
        """What the screens share."""
        return self.centre.session

    def compose(self) -> ComposeResult:
        """The same places on every screen."""
        settings = self.session.settings
        yield TopBar(self.TRAIL, settings.manager.name if settings else "")
        if (practice := self.session.practice) is not None:
            yield Static(
                Content.assemble(
                    ("Démonstration", "bold"),
                    f"  tout est fictif ; ce qui part arrive dans {practice.folder}",
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

    @property
    def room(self) -> int:
        """Columns between the margins: wide windows leave the rest empty, lines stay readable."""
        return min(self.size.width, MOST_COLUMNS) - 2 * MARGIN

    def body(self) -> Iterable[Widget]:
        """The widgets between the lead and the notice."""
        return ()

    def buttons(self) -> Iterable[Action]:
        """The buttons at the bottom."""
        return ()

    def say(self, text: str, kind: str = "info") -> None:
        """Shows a line above the buttons."""
        self.query_one(Notice).say(text, kind)

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
        """Ends the program."""
        self.app.exit()

    def action_help(self) -> None:
        """Explains this screen and its keys."""
        from tui_transfer.tui.screens.help import HelpDialog

        self.app.push_screen(HelpDialog(cast("Screen[Any]", self), self.HELP))

    def action_toggle_theme(self) -> None:
        """Changes between light and dark."""
        self.centre.toggle_theme()

    def set_text(self, selector: str, text: str | Content) -> None:
        """Replaces the text of a `Static`, only if it differs; the place it takes must not change."""
        try:
            widget = self.query_one(selector, Static)
        except NoMatches:  # closed meanwhile
            return
        content = Content(text) if isinstance(text, str) else text
        if str(widget.content) != str(content):
            widget.update(content, layout=False)
