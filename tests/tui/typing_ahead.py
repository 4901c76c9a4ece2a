"""Keys faster than screens are made, drawn from a seed: `python -m tests.tui.typing_ahead 1000` tries many.

What comes back is the seeds that failed; a seed that failed fails again.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import traceback
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from textual import events
from textual.geometry import Size

from tests.tui.patience import quiet
from tests.tui.scenes import SCENES, open_scene
from tui_transfer.tui.keys import own_bindings

if TYPE_CHECKING:
    from textual.app import App

    from tests.tui.scenes import Scene

MOVING = ("enter", "escape", "space", "tab", "shift+tab", "up", "down", "left", "right", "f1", "f2", "ctrl+c")
_MOST_TURNS = 40
"""Of the event loop: by then most screens are made."""


async def type_ahead(scene: Scene, seed: int) -> int | None:
    """Opens the scene, sooner or later does something on it in one go, and leaves; gives the exit code.

    Raises:
        Exception: what the program failed with.
    """
    random = Random(seed)
    with tempfile.TemporaryDirectory() as folder, open_scene(scene, Path(folder)) as (app, drive):
        early = random.random() < 0.3
        async with app.run_test(size=(80, 24)) as pilot:
            if not early:
                await drive(pilot)
            for _ in range(random.randint(1, 4)):
                _do_something(app, random)
                for _ in range(random.choice((0, 0, 1, 3, random.randint(0, _MOST_TURNS)))):
                    await asyncio.sleep(0)
            await quiet()
            app.exit()
            while app.is_running:  # the test's own end would pull the screens away from under it
                await asyncio.sleep(0)
        return app.return_code


def _do_something(app: App[Any], random: Random) -> None:
    what = random.random()
    if what < 0.08:
        app.exit(return_code=143)  # as a signal does
    elif what < 0.16:
        size = Size(random.randint(20, 200), random.randint(8, 60))
        app.post_message(events.Resize(size, size))
    elif what < 0.2:
        app.post_message(events.Paste("oui\nq"))
    else:
        for key in _burst(app, random):
            app.post_message(events.Key(key, key if len(key) == 1 else None))


def _burst(app: App[Any], random: Random) -> list[str]:
    """Two to four keys; most of them do something where they arrive, or where they lead."""
    here = [key for binding in own_bindings(type(app.screen)) for key in binding.key.split(",")]
    letters = list("abcdefghijklmnopqrstuvwxyz")
    return [random.choice(random.choice((here, letters, ["q"], MOVING))) for _ in range(random.randint(2, 4))]


def main() -> int:
    """Tries as many seeds as were asked for; says which failed."""
    count, failed = int(sys.argv[1]), []
    begin = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    for seed in range(begin, begin + count):
        scene = SCENES[seed % len(SCENES)]
        try:
            asyncio.run(type_ahead(scene, seed))
        except BaseException:
            failed.append(seed)
            traceback.print_exc(limit=-3)
            print("seed", seed, scene.name, flush=True)
    print(f"{count} tried, failed: {failed}")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
