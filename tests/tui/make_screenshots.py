"""Writes `screenshots/`: one picture a screen. Run `python -m tests.tui.make_screenshots` after a change."""

from __future__ import annotations

import asyncio
import re
import tempfile
from pathlib import Path

from tests.tui.scenes import SCENES, Scene, open_scene

FOLDER = Path(__file__).parents[2] / "screenshots"
SIZE = (100, 30)


def chosen() -> list[Scene]:
    """The scenes that are in the folder."""
    return [scene for scene in SCENES if scene.pictured]


async def picture(scene: Scene) -> str:
    """The scene as SVG, without the random names that Rich puts in."""
    with tempfile.TemporaryDirectory() as folder, open_scene(scene, Path(folder)) as (app, drive):
        async with app.run_test(size=SIZE) as pilot:
            await drive(pilot)
            return re.sub(r"terminal-\d+-", "terminal-", app.export_screenshot())


def main() -> None:
    """Makes them all anew."""
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.svg"):
        old.unlink()
    for scene in chosen():
        (FOLDER / f"{scene.name}.svg").write_text(asyncio.run(picture(scene)), "utf-8")


if __name__ == "__main__":
    main()
