"""Writes the pictures of every screen: `python -m tests.tui.make_screenshots` after a change.

`make_guide` goes before it where its pictures change, too: a page of the guide is among the scenes.
Those of a wide window are `screenshots/`, for people; those of the smallest that a terminal opens with lie
beside the tests. Both are compared with what is drawn.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from pathlib import Path
from typing import Any

from textual.app import App

from tests.tui.scenes import SCENES, Scene, open_scene

FOLDERS = {
    (120, 36): Path(__file__).parents[2] / "screenshots",
    (80, 24): Path(__file__).parent / "pictures",
}


def take(app: App[Any]) -> str:
    """What is on the screen as SVG, without the random names that Rich puts in."""
    return re.sub(r"terminal-\d+-", "terminal-", app.export_screenshot())


def is_as_kept(app: App[Any], scene: Scene) -> None:
    """Compares the screen with its picture.

    Raises:
        AssertionError: it is another; what is new lies beside the old one's name for the eye to compare.
    """
    kept = FOLDERS[app.size.width, app.size.height] / f"{scene.name}.svg"
    drawn = take(app)
    if not kept.exists() or kept.read_text("utf-8") != drawn:
        new = Path(tempfile.mkdtemp(prefix="tui-transfer-")) / kept.name
        new.write_text(drawn, "utf-8")
        raise AssertionError(f"{kept} is not {new}: look, then run python -m tests.tui.make_screenshots")


async def _picture(scene: Scene, size: tuple[int, int]) -> str:
    with tempfile.TemporaryDirectory() as folder, open_scene(scene, Path(folder)) as (app, drive):
        async with app.run_test(size=size) as pilot:
            await drive(pilot)
            return take(app)


def main() -> None:
    """Makes them all anew."""
    for size, folder in FOLDERS.items():
        folder.mkdir(exist_ok=True)
        for old in folder.glob("*.svg"):
            old.unlink()
        for scene in SCENES:
            (folder / f"{scene.name}.svg").write_text(asyncio.run(_picture(scene, size)), "utf-8")


if __name__ == "__main__":
    main()
