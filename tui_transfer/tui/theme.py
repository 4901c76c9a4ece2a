"""One palette, dark, light and in high contrast: one hue for what can be done, others for state only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.theme import Theme

if TYPE_CHECKING:
    from tui_transfer.settings.config import ThemeName

DARK: Final = Theme(
    name="centre-sombre",
    dark=True,
    background="#12171f",
    surface="#181f29",
    panel="#222b38",
    foreground="#d8dfe9",
    primary="#7ab4f5",
    secondary="#a5b4c8",
    accent="#7ab4f5",
    success="#86cfa0",
    warning="#e5c07b",
    error="#f2918c",
    variables={
        "line": "#5f6e81",
        "muted": "#98a5b6",
        "on-primary": "#0d131b",
        "selection": "#2e6cb2",
        "field-focus": "#1e3652",
        "block-cursor-background": "#2e6cb2",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-blurred-background": "#5f6e81",
        "block-cursor-blurred-foreground": "#ffffff",
        "block-cursor-text-style": "bold",
        "input-selection-background": "#7ab4f5 35%",
        "scrollbar": "#6b7a8d",
        "scrollbar-background": "#181f29",
        "scrollbar-corner-color": "#181f29",
    },
)
LIGHT: Final = Theme(
    name="centre-clair",
    dark=False,
    background="#f3f5f8",
    surface="#fcfdfe",
    panel="#e4e9f0",
    foreground="#1d2733",
    primary="#0a57a8",
    secondary="#4b5b6e",
    accent="#0a57a8",
    success="#1a6e41",
    warning="#855300",
    error="#ad2a20",
    variables={
        "line": "#7f8d9e",
        "muted": "#566577",
        "on-primary": "#ffffff",
        "selection": "#2467ae",
        "field-focus": "#d6e6f8",
        "block-cursor-background": "#2467ae",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-blurred-background": "#5f6e80",
        "block-cursor-blurred-foreground": "#ffffff",
        "block-cursor-text-style": "bold",
        "input-selection-background": "#0a57a8 25%",
        "scrollbar": "#7f8d9e",
        "scrollbar-background": "#fcfdfe",
        "scrollbar-corner-color": "#fcfdfe",
    },
)
CONTRAST: Final = Theme(
    name="centre-contraste",
    dark=True,
    background="#000000",
    surface="#000000",
    panel="#1a1a1a",
    foreground="#ffffff",
    primary="#ffe34d",
    secondary="#ffffff",
    accent="#ffe34d",
    success="#7dff9b",
    warning="#ffc46b",
    error="#ff9d96",
    variables={
        "line": "#ffffff",
        "muted": "#e0e0e0",
        "on-primary": "#000000",
        "selection": "#0a58ca",
        "field-focus": "#00409c",
        "block-cursor-background": "#0a58ca",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-blurred-background": "#5c5c5c",
        "block-cursor-blurred-foreground": "#ffffff",
        "block-cursor-text-style": "bold",
        "input-selection-background": "#ffe34d 33%",
        "scrollbar": "#ffffff",
        "scrollbar-background": "#000000",
        "scrollbar-corner-color": "#000000",
    },
)

THEMES: Final[dict[ThemeName, Theme]] = {"dark": DARK, "light": LIGHT, "contrast": CONTRAST}
"""By their names in the settings, in the order in which one key goes through them."""
THEME_NAMES: Final[dict[ThemeName, str]] = {"dark": "sombre", "light": "clair", "contrast": "contraste élevé"}
