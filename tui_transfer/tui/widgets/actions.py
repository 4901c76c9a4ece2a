"""Buttons that show the letter that does the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tui_transfer.tui.keys import key_name, own_bindings
from tui_transfer.tui.widgets.flow import FlowLayout

if TYPE_CHECKING:
    from textual import events
    from textual.layout import Layout
    from textual.screen import Screen

_FLOW: Final = FlowLayout()
FIELD: Final = "field"
"""The class of focusable widgets that are not buttons: arrows go from buttons to them."""
TEXT: Final = "dialog-body"
"""The name of what a dialog says, which scrolls where it does not fit."""


class Action(Widget, can_focus=True):
    """A button for one of its screen's bindings: label, letter and effect all come from there.

    Args:
        action: the action of a binding of the screen.
        primary: whether it is what one most likely wants.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "press", "Appuyer sur le bouton", show=False),
        Binding("left", "neighbour(-1)", "Bouton précédent", show=False),
        Binding("right", "neighbour(1)", "Bouton suivant", show=False),
        Binding("up", "leave(-1)", "Élément précédent", show=False),
        Binding("down", "leave(1)", "Élément suivant", show=False),
    ]
    ALLOW_SELECT = False
    label: reactive[str] = reactive("", layout=True)

    def __init__(self, action: str, *, primary: bool = False, large: bool = False) -> None:
        super().__init__(id=f"action-{action.replace('_', '-')}")
        self.action = action
        self.set_class(primary, "-primary")
        self.set_class(large, "-large")
        self._key = ""

    def on_mount(self) -> None:
        """Takes letter and label from the binding."""
        binding = find_binding(self.screen, self.action)
        self._key = key_name(binding.key.split(",")[0])
        self.label = binding.description

    def render(self) -> Content:
        """The letter, then the label; an arrow marks the focus so that it needs no colour."""
        marker = "▸" if self.has_focus else " "
        key = "·" if self.disabled else self._key
        return Content.assemble(f"{marker} ", (key, "bold"), f"  {self.label} ")

    def get_content_width(self, container: object, viewport: object) -> int:
        """The width of the text, whatever is focused."""
        return self.render().cell_length

    def on_focus(self) -> None:
        """Draws the marker."""
        self.refresh()

    def on_blur(self) -> None:
        """Takes the marker away."""
        self.refresh()

    def watch_disabled(self, disabled: bool) -> None:
        """Measures anew: the sign that stands for the key then is shorter than most keys."""
        super().watch_disabled(disabled)
        self.refresh(layout=True)

    async def on_click(self, event: events.Click) -> None:
        """A mouse works too."""
        event.stop()
        await self.action_press()

    async def action_press(self) -> None:
        """Does what the letter does."""
        if not self.disabled:
            await self.app.run_action(self.action, self.screen)

    def action_neighbour(self, step: int) -> None:
        """Goes to another button."""
        move = self.screen.focus_next if step > 0 else self.screen.focus_previous
        move("Action")

    def action_leave(self, step: int) -> None:
        """Goes back to the list or form above; where there is none, moves the text above while there is more
        of it, then goes to another button.
        """
        fields = [item for item in self.screen.focus_chain if item.has_class(FIELD)]  # that are shown
        if fields:
            self.screen.set_focus(fields[-1 if step < 0 else 0])
        elif not self._move_text(step):
            self.action_neighbour(step)

    def _move_text(self, step: int) -> bool:
        """Scrolls a dialog's text by lines; says whether there was more of it."""
        for text in self.screen.query(f"#{TEXT}"):
            if 0 <= text.scroll_target_y + step <= text.max_scroll_y:
                text.scroll_relative(y=step, animate=False)
                return True
        return False


class ActionRow(Widget):
    """Buttons at the same place on every screen, in as many lines as they need; in a column where a screen's
    style says so.
    """

    @property
    def layout(self) -> Layout:
        """Side by side as far as there is room."""
        return super().layout if self.styles.layout is not None else _FLOW


def find_binding(screen: Screen[object], action: str) -> Binding:
    """The binding of a screen's class that does `action`.

    Raises:
        LookupError: a button names an action that has no key.
    """
    for binding in own_bindings(type(screen)):
        if binding.action == action:
            return binding
    raise LookupError(action)
