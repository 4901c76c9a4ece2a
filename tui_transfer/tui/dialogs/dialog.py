"""What every modal has in common, and the plain question."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final, Generic, TypeVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tui_transfer import french
from tui_transfer.tui import wording
from tui_transfer.tui.centre import CentreScreen
from tui_transfer.tui.happenings import HelpAsked
from tui_transfer.tui.letters import lettered
from tui_transfer.tui.widgets.actions import TEXT, Action, ActionRow
from tui_transfer.tui.widgets.bars import Notice, TooSmall
from tui_transfer.tui.widgets.prose import Prose
from tui_transfer.tui.widgets.secret_input import SecretInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from textual import events
    from textual.app import ComposeResult
    from textual.widget import Widget


T = TypeVar("T")

_LEAST_LINES: Final = 3
_MOST_NAMES: Final = 5
_NAME_WIDTH: Final = 48


class Dialog(CentreScreen[T], ModalScreen[T], Generic[T]):
    """A framed question over the screen. Subclasses give a title, a body and buttons."""

    AUTO_FOCUS = "Action"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,f1", "help", "Aide", show=False, key_display="? ou F1", tooltip="Cette aide"),
        # The arrows do it, too, where there is nothing but buttons; in a list these keys are the list's.
        Binding("pageup", "turn_page(-1)", "Reculer dans le texte", show=False, key_display="Page préc."),
        Binding("pagedown", "turn_page(1)", "Avancer dans le texte", show=False, key_display="Page suiv."),
    ]
    HELP: ClassVar[str] = ""
    """What the help says about this dialog."""
    SHOWS_CONTACT: ClassVar[bool] = False
    """Whether it tells of a failure, and so whom to ask for help: always in sight, above the buttons."""
    ASKS: ClassVar[bool] = True
    """Whether it asks something, which nothing answers that was typed before it was seen."""

    def __init__(self, title: str, *, kind: str = "info") -> None:
        """`kind`: `info`, `success`, `warning` or `error`; it shows as a sign before the title."""
        super().__init__()
        self.heading = title
        self.kind = kind
        self._seen_since: float | None = None
        """On the clock of events; None while it is not to be seen."""
        self._times_shown = 0

    def compose(self) -> ComposeResult:
        """The same frame for all."""
        sign = "" if self.kind == "info" else f"{Notice.SIGNS[self.kind]} "
        with Vertical(id="dialog", classes=f"-{self.kind}") as frame:
            frame.border_subtitle = self._help_hint
            yield Static(Content.styled(f"{sign}{self.heading}", "bold"), id="heading")
            with VerticalScroll(id=TEXT, can_focus=False):
                yield from self.body()
            if self.SHOWS_CONTACT and (contact := self.centre.session.contact):
                yield Prose(contact, id="contact")
            with ActionRow(id="dialog-actions"):
                yield from self.buttons()
        yield TooSmall()

    def heeds(self, event: events.Event) -> bool:
        """Only what was done by somebody who saw the question answers it."""
        return not self.ASKS or (self._seen_since is not None and event.time > self._seen_since)

    def on_screen_resume(self) -> None:
        """It is on top, and will be drawn."""
        self._times_shown += 1
        self.call_after_refresh(self.centre.when_seen, partial(self._seen, self._times_shown))

    def on_screen_suspend(self) -> None:
        """Something covers it, and lets it shine through."""
        self._seen_since = None
        for secret in self.query(SecretInput):
            secret.conceal()

    def _seen(self, time_shown: int, since: float) -> None:
        if self._seen_since is None and time_shown == self._times_shown:
            self._seen_since = since

    @property
    def is_seen(self) -> bool:
        """Whether it listens."""
        return not self.ASKS or self._seen_since is not None

    def on_resize(self, event: events.Resize) -> None:
        """What is between title and buttons scrolls where it does not fit: the buttons are always there."""
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        frame, body = self.query_one("#dialog"), self.query_one(f"#{TEXT}")
        others = [child for child in frame.children if child is not body and child.display]
        taken = sum(child.size.height + child.gutter.height + child.styles.margin.height for child in others)
        room = self.size.height - frame.gutter.height - taken - body.styles.margin.height
        body.styles.max_height = max(_LEAST_LINES, room)

    def on_descendant_focus(self) -> None:
        """A field takes « ? » as a letter."""
        self.query_one("#dialog").border_subtitle = self._help_hint

    @property
    def _help_hint(self) -> str:
        return "F1 Aide" if isinstance(self.focused, Input) else "? Aide"

    def remark(self, text: str) -> None:
        """In the frame, beside the key of the help."""
        for frame in self.query("#dialog"):
            hint = f"! {text} {self._help_hint}" if text else self._help_hint
            if frame.border_subtitle != hint:  # set, it would be drawn again
                frame.border_subtitle = hint

    def action_turn_page(self, step: int) -> None:
        """Scrolls what does not fit, by as much as is in sight."""
        text = self.query_one(f"#{TEXT}")
        text.scroll_relative(y=step * max(1, text.size.height - 1), animate=False)

    def action_reveal(self) -> None:
        """Shows what is typed as a password, or hides it again; goes there first."""
        secrets = list(self.query(SecretInput))
        if secrets:
            chosen = next((secret for secret in secrets if secret.has_focus), secrets[0])
            self.set_focus(chosen)
            chosen.turn()

    def action_help(self) -> None:
        """Explains this dialog and its keys."""
        self.centre.tell(HelpAsked(self, self.HELP))

    def body(self) -> Iterable[Widget]:
        """The widgets under the title."""
        return ()

    def buttons(self) -> Iterable[Action]:
        """The buttons."""
        return ()


def paragraph(text: str | Content, classes: str = "") -> Prose:
    """A paragraph of a dialog; markup in `text` is not interpreted."""
    return Prose(text, classes=f"paragraph {classes}")


def list_databases(rows: Sequence[tuple[str, str, str, str]], most: int = _MOST_NAMES) -> Content:
    """One line a database as far as there is room, so that what follows stays in sight.

    Args:
        rows: sign, its style, name and size of each.
        most: how many of them are named.
    """
    names = [wording.shorten(name, _NAME_WIDTH) for _, _, name, _ in rows[:most]]
    width = max(map(cell_len, names), default=0)
    lines = [
        Content.assemble((f"  {sign} ", style), (name, "bold"), " " * (width - cell_len(name)), f"   {size}")
        for name, (sign, style, _, size) in zip(names, rows, strict=False)
    ]
    if len(rows) > most:
        lines.append(Content(f"    et {french.count(len(rows) - most, 'autre')}"))
    return Content("\n").join(lines)


class YesNo(Dialog[bool]):
    """A question answered by « Oui » or « Non »."""

    BINDINGS: ClassVar[list[BindingType]] = [
        lettered("yes", "Oui"),
        lettered("no", "Non", also="escape"),
    ]

    def __init__(self, title: str, *paragraphs: str | Content, kind: str = "info", yes: bool = False) -> None:
        """`yes`: whether « Oui » has the focus."""
        super().__init__(title, kind=kind)
        self._paragraphs = paragraphs
        self.AUTO_FOCUS = "#action-yes" if yes else "#action-no"  # type: ignore[misc]

    def body(self) -> Iterable[Widget]:
        """The paragraphs."""
        return [paragraph(text) for text in self._paragraphs]

    def buttons(self) -> Iterable[Action]:
        """« Oui » and « Non »."""
        yield Action("yes", primary=True)
        yield Action("no")

    def action_yes(self) -> None:
        """Agrees."""
        self.dismiss(True)

    def action_no(self) -> None:
        """Declines."""
        self.dismiss(False)
