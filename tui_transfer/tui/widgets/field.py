"""A labelled field with room for an error below it, and a choice among a few words."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Input, Label

from tui_transfer.tui.widgets.actions import FIELD
from tui_transfer.tui.widgets.prose import Prose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.app import ComposeResult


ENTER_GOES_ON: Final = Binding("enter", "app.focus_next", "Champ suivant", show=False, priority=True)
"""With priority, as below: what is typed at once after it goes to the next field. A password that follows a
name would be shown otherwise."""


class QuietInput(Input):
    """An input whose cursor does not blink: nothing is sent to an idle terminal."""

    BINDINGS: ClassVar[list[BindingType]] = [
        # With priority, the focus has moved before the next key is looked at: over a slow connection the
        # keys of a fast typist arrive together.
        Binding("down,tab", "app.focus_next", "Champ suivant", show=False, priority=True),
        Binding("up,shift+tab", "app.focus_previous", "Champ précédent", show=False, priority=True),
    ]

    def __init__(self, value: str = "", *, id: str, password: bool = False, placeholder: str = "") -> None:
        super().__init__(
            value, placeholder=placeholder, id=id, classes=FIELD, password=password, compact=True
        )
        self.cursor_blink = False


class FormInput(QuietInput):
    """An input of several in a form: Enter goes on to the next one."""

    BINDINGS: ClassVar[list[BindingType]] = [ENTER_GOES_ON]


class PastedInput(QuietInput):
    """An input into which several lines may be pasted. It shows them as one, and gives them as they came."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._pasted, self._shown = "", ""

    @property
    def text(self) -> str:
        """What was pasted, as long as nothing else was typed; otherwise what is shown."""
        return self._pasted if self.value == self._shown else self.value

    def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()  # of the lines, that would take the first alone
        was_empty = not self.value
        self.replace(" ".join(event.text.splitlines()), *self.selection)
        self._pasted, self._shown = (event.text, self.value) if was_empty else ("", "")


class Choice(Widget, can_focus=True):
    """One of a few words, changed with the arrows or Space."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,space", "turn(1)", "Choix suivant", show=False),
        Binding("left", "turn(-1)", "Choix précédent", show=False),
        Binding("down,tab,enter", "app.focus_next", "Champ suivant", show=False, priority=True),
        Binding("up,shift+tab", "app.focus_previous", "Champ précédent", show=False, priority=True),
    ]
    chosen: reactive[int] = reactive(0)

    def __init__(self, options: Sequence[tuple[str, str]], value: str, *, id: str) -> None:
        """`options`: values and the words that stand for them."""
        super().__init__(id=id, classes=FIELD)
        self._options = list(options)
        self.set_reactive(Choice.chosen, [key for key, _ in options].index(value))

    @property
    def value(self) -> str:
        """The value chosen."""
        return self._options[self.chosen][0]

    @value.setter
    def value(self, value: str) -> None:
        self.chosen = [key for key, _ in self._options].index(value)

    def render(self) -> Content:
        """All the words, the chosen one with a full mark."""
        parts = [
            Content.styled(f"{'(•)' if index == self.chosen else '( )'} {word}    ",
                           "bold" if index == self.chosen else "")
            for index, (_, word) in enumerate(self._options)
        ]  # fmt: skip
        return Content("").join(parts)

    def action_turn(self, step: int) -> None:
        """Chooses the next or previous word."""
        self.chosen = (self.chosen + step) % len(self._options)


class Field(Vertical):
    """A label, a widget to type or choose in, and below it what is wrong with it, or else what it is for.

    Args:
        label: before the widget.
        widget: to type or choose in.
        hint: what it is for; without one there is nothing below it unless something is wrong.
    """

    def __init__(self, label: str, widget: Widget, hint: str = "") -> None:
        super().__init__()
        self._label = label
        self.widget = widget
        self._hint = hint

    def compose(self) -> ComposeResult:
        """Label and widget side by side, the line below."""
        with Horizontal(classes="field-line"):
            yield Label(self._label, classes="field-label")
            yield self.widget
        yield Prose(self._hint, classes="field-note")

    @property
    def error(self) -> str:
        """What is said to be wrong; empty for nothing."""
        return self.query_one(".field-note", Prose).text.plain if self.has_class("-wrong") else ""

    def set_error(self, text: str | None) -> None:
        """Says what is wrong; None for nothing."""
        if text is None and not self.has_class("-wrong"):
            return  # a layout for nothing at each key would be felt
        self.set_class(text is not None, "-wrong")
        self.query_one(".field-note", Prose).update(self._hint if text is None else f"✗ {text}")

    def set_hint(self, text: str, *, warn: bool = False) -> None:
        """Changes what is said where nothing is wrong."""
        if (text, warn) != (self._hint, self.has_class("-doubtful")):
            self._hint = text
            self.set_class(warn, "-doubtful")
            if not self.has_class("-wrong"):
                self.query_one(".field-note", Prose).update(text)
