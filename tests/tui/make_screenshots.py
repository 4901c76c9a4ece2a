"""Writes `screenshots/`: one picture a screen. Run `python -m tests.tui.make_screenshots` after a change."""

from __future__ import annotations

import asyncio
import re
import tempfile
from pathlib import Path

from tests.tui.scenes import SCENES, Scene, open_scene
from tui_transfer.tui.app import CentreApp

FOLDER = Path(__file__).parents[2] / "screenshots"
SIZE = (120, 36)


def take(app: CentreApp) -> str:
    """What is on the screen as SVG, without the random names that Rich puts in."""
    return re.sub(r"terminal-\d+-", "terminal-", app.export_screenshot())


async def _picture(scene: Scene) -> str:
    with tempfile.TemporaryDirectory() as folder, open_scene(scene, Path(folder)) as (app, drive):
        async with app.run_test(size=SIZE) as pilot:
            await drive(pilot)
            return take(app)


def main() -> None:
    """Makes them all anew."""
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.svg"):
        old.unlink()
    for scene in SCENES:
        (FOLDER / f"{scene.name}.svg").write_text(asyncio.run(_picture(scene)), "utf-8")


if __name__ == "__main__":
    main()
