"""Draws the guide's pictures anew, from the same scenes as the screenshots: `python -m tests.tui.make_guide`.

A picture is a screen as text, in a frame; it fits the width of a page of the guide on a screen of 80 columns.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Final

from rich.cells import cell_len

import tui_transfer.guide.pages as guide
from tests.tui.conftest import shown
from tests.tui.scenes import SCENES, open_scene
from tui_transfer.guide.pages import Picture, guide_pages

FOLDER: Final = Path(guide.__file__).with_name("pictures")
SIZE: Final = (72, 24)


def pictures() -> list[Picture]:
    """Those that the pages show."""
    return [block for page in guide_pages() for block in page.blocks if isinstance(block, Picture)]


def framed(text: str) -> str:
    """The screen's lines in a frame as wide as the screen."""
    width, _ = SIZE
    lines = [line.rstrip() for line in text.splitlines()]
    drawn = [f"│{line}{' ' * (width - cell_len(line))}│" for line in lines]
    return "\n".join([f"┌{'─' * width}┐", *drawn, f"└{'─' * width}┘", ""])


async def draw(name: str) -> str:
    """The drawing of a scene."""
    scene = next(scene for scene in SCENES if scene.name == name)
    with tempfile.TemporaryDirectory() as folder, open_scene(scene, Path(folder)) as (app, drive):
        async with app.run_test(size=SIZE) as pilot:
            await drive(pilot)
            return framed(shown(app).replace("\n\n", "\n"))  # Rich ends each line by one more


def main() -> None:
    """Draws them all anew, and removes what no page shows any more."""
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.txt"):
        old.unlink()
    for picture in pictures():
        (FOLDER / f"{picture.name}.txt").write_text(asyncio.run(draw(picture.name)), "utf-8")


if __name__ == "__main__":
    main()
