"""Keys at any speed of the machine: each is pressed once it can be heard, and done when all it caused is.

Textual's pilot takes a process that uses no processor for idle. On a busy machine it may only be waiting for
its turn: the screen is looked at before the key arrived, or the next key falls between a screen and its
widgets, where it is lost.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import pytest
from textual import events
from textual.app import ScreenStackError
from textual.pilot import Pilot

from tui_transfer.tui.centre import CentreScreen

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import App

LONGEST = 60.0
_CHARACTERS = {"enter": "\r", "space": " ", "tab": "\t"}
_press = Pilot.press


async def press(pilot: Pilot[Any], *keys: str) -> None:
    """In place of `Pilot.press`: each key once there is somebody to hear it, and to its end."""
    for key in keys:
        await until(pilot, lambda: True)
        await _press(pilot, key)
        await rest(pilot)


def type_at_once(app: App[Any], *keys: str) -> None:
    """Without waiting for what any of them does, as they arrive over a slow connection."""
    for key in keys:
        app.post_message(events.Key(key, _CHARACTERS.get(key, key if len(key) == 1 else None)))


async def until(pilot: Pilot[Any], condition: Callable[[], object]) -> None:
    """Waits for what a timer or a thread behind the screen brings, and for the keys to find their place.

    A screen is there before its widgets are: keys that come in between would be lost.
    """
    end = time.monotonic() + LONGEST
    while time.monotonic() < end:
        await quiet()
        if condition() and _hears(pilot):
            await pilot.pause()
            return
        await pilot.pause(0.02)
    pytest.fail("it never came to be so")


async def rest(pilot: Pilot[Any]) -> None:
    """Waits until everything that is under way was done, and drawn; timers and threads go on."""
    await quiet()
    try:
        await pilot.pause()
    except ScreenStackError:  # the program has ended
        return
    await quiet()


def _hears(pilot: Pilot[Any]) -> bool:
    screen = pilot.app.screen
    is_seen = not isinstance(screen, CentreScreen) or screen.is_seen
    return screen.is_mounted and is_seen and bool(screen.focused or not screen.focus_chain)


async def quiet() -> None:
    """Until the event loop has nothing to do but wait. No public name tells."""
    loop: Any = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(0)
        if not loop._ready:
            return
