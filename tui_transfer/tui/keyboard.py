"""What a person meant by a key, and what is said where it does nothing.

One rule for all screens: what a screen binds counts as it is typed; otherwise a capital counts as its small
letter, and what an unshifted French keyboard has on its row of digits as the digit. A field that takes the
key as text keeps it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from textual import events
from textual.keys import key_to_character

from tui_transfer.tui.keys import key_name
from tui_transfer.tui.letters import DIGITS

if TYPE_CHECKING:
    from textual.screen import Screen

UNKNOWN: Final = "unknown_key"
"""The name of a key whose sequence nobody knows."""
_UNSHIFTED: Final = "&é\"'(-è_ç"
"""On the row of digits of a French keyboard, from 1 to 9."""
_DIGIT_OF: Final = dict(zip(_UNSHIFTED + _UNSHIFTED.upper(), DIGITS * 2, strict=True))
_MOVING: Final = frozenset(
    {"up", "down", "left", "right", "home", "end", "pageup", "pagedown", "tab", "shift+tab", "escape"}
)
"""What leads from one place to another, and does nothing else."""


def meant(event: events.Key, screen: Screen[Any]) -> events.Key:
    """The key that `event` stands for on `screen`."""
    typed = event.character or ""
    if len(typed) != 1 or not typed.isprintable():
        return event
    bound = screen.active_bindings
    if event.key in bound:
        return event
    for key in (typed.lower(), _DIGIT_OF.get(typed, "")):
        if key and key in bound:
            other = events.Key(key, key)
            other.time = event.time
            return other
    return event


def acts(event: events.Event, screen: Screen[Any]) -> bool:
    """Whether it would do something on `screen`, other than to move about or to be text in a field."""
    if not isinstance(event, events.Key) or event.key in _MOVING:
        return False
    focused = screen.focused
    return focused is None or not focused.check_consume_key(event.key, key_to_character(event.key))


def shown_key(event: events.Key) -> str:
    """The name of the key, as a person would say it; empty where there is none to say."""
    if event.key == UNKNOWN:
        return ""
    if event.character and len(event.character) == 1 and event.character.isprintable():
        return key_name("space") if event.character == " " else event.character.upper()
    return key_name(event.key)


def does_nothing(event: events.Key) -> str:
    """Says so."""
    name = shown_key(event)
    return f"La touche {name} ne fait rien ici." if name else "Cette touche ne fait rien ici."


def is_unavailable(event: events.Key) -> str:
    """Says that what the key does cannot be done at this moment."""
    return f"{shown_key(event)} : pas possible pour l’instant."


def came_too_soon(event: events.Key) -> str:
    """Says that the key came before the screen could be seen."""
    return f"{shown_key(event)} : tapée avant que l’écran s’affiche, sans effet."
