"""The names of keys as French keyboards print them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.binding import Binding

if TYPE_CHECKING:
    from textual.dom import DOMNode

_NAMES: Final = {
    "escape": "Échap",
    "enter": "Entrée",
    "space": "Espace",
    "delete": "Suppr",
    "backspace": "Retour arrière",
    "tab": "Tab",
    "shift+tab": "Maj+Tab",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "home": "Début",
    "end": "Fin",
    "pageup": "Page préc.",
    "pagedown": "Page suiv.",
    "question_mark": "?",
}


def key_name(key: str) -> str:
    """The name of a Textual key, for instance « Échap » for `escape`."""
    return _NAMES.get(key) or key.upper().replace("CTRL+", "Ctrl+")


def binding_keys(binding: Binding) -> str:
    """All keys of a binding, for instance « Suppr ou S »; or what it wants shown for them."""
    if binding.key_display:
        return binding.key_display
    return " ou ".join(key_name(key.strip()) for key in binding.key.split(","))


def own_bindings(kind: type[DOMNode]) -> list[Binding]:
    """What the keys of a screen do: a class's bindings come before those of the classes it extends."""
    taken: set[str] = set()
    found: list[Binding] = []
    for owner in kind.__mro__:
        if not owner.__module__.startswith("tui_transfer."):
            continue
        mine = [item for item in vars(owner).get("BINDINGS", ()) if isinstance(item, Binding)]
        found += [item for item in mine if not taken & _keys(item)]
        taken |= {key for item in mine for key in _keys(item)}
    return found


def _keys(binding: Binding) -> set[str]:
    return {key.strip() for key in binding.key.split(",")}
