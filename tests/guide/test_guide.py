"""The guide: it says what the screens say, draws what they show, and can be listened to."""

from __future__ import annotations

import ast
import re
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from rich.cells import cell_len

import tui_transfer
from tests.tui import make_guide
from tui_transfer.cli.commands import cli
from tui_transfer.errors import MEANINGS
from tui_transfer.guide.pages import Heading, Item, Paragraph, Picture, guide_pages
from tui_transfer.guide.text import WIDTH, contents, render, whole
from tui_transfer.worker.manifest import Manifest

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGES = guide_pages()
BY_TITLE = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.title)
PACKAGE = Path(tui_transfer.__file__).parent


def text_of(number: int) -> str:
    page = PAGES[number - 1]
    return "\n".join(
        block.caption if isinstance(block, Picture) else block.text for block in page.blocks
    ).replace("\xa0", " ")


# ── It cannot age ─────────────────────────────────────────────


@pytest.mark.parametrize("picture", make_guide.pictures(), ids=lambda picture: picture.name)
@pytest.mark.linux
async def test_a_drawing_is_what_the_screen_shows(picture: Picture) -> None:
    kept = (make_guide.FOLDER / f"{picture.name}.txt").read_text("utf-8")
    assert kept == await make_guide.draw(picture.name), "run python -m tests.tui.make_guide"


def test_no_drawing_is_left_over() -> None:
    wanted = {f"{picture.name}.txt" for picture in make_guide.pictures()}
    assert {file.name for file in make_guide.FOLDER.iterdir()} == wanted


def said_on_screen() -> str:
    """Every text of the program's source, but for the guide's own."""
    texts = []
    for file in PACKAGE.rglob("*.py"):
        if "guide" not in file.relative_to(PACKAGE).parts:
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    texts.append(node.value)
    return "\n".join(texts).replace("\xa0", " ")


QUOTED = re.compile(r"« ([^«»]+?) »")
NOT_ON_SCREEN = {"SHA256:", "sha256sum -c", "Vérifié"}
"""What the guide puts in quotes that is no name of the program's."""


def quoted() -> Iterator[str]:
    for page in PAGES:
        yield from QUOTED.findall(text_of(page.number))


def test_what_it_calls_by_a_name_the_screens_call_so_too() -> None:
    source = said_on_screen()
    names = set(quoted()) - NOT_ON_SCREEN
    assert {name for name in names if not name.startswith("tui-transfer") and name not in source} == set()
    assert len(names) > 20


def test_the_commands_that_it_names_are_there() -> None:
    named = [name.split() for name in quoted() if name.startswith("tui-transfer")]
    assert named
    for _, command, *more in named:
        found = cli.commands[command]
        assert not more or more[0] in found.commands  # type: ignore[attr-defined]


def test_the_likeliest_problems_are_twelve_by_their_names() -> None:
    headings = [block.text for block in PAGES[7].blocks if isinstance(block, Heading)]
    titles = {meaning.title for meaning in MEANINGS.values()}
    assert len(headings) == 13  # and how to ask for help
    assert [text for text in headings if text.replace("\xa0", " ") not in titles] == ["Demander de l’aide"]


def test_each_is_followed_by_what_to_do() -> None:
    blocks = PAGES[7].blocks
    for block, following in pairwise(blocks):
        if isinstance(block, Heading):
            assert isinstance(following, Paragraph)


def test_the_probabilities_are_those_of_the_formula() -> None:
    found = re.findall(r"([\d,]+) %[^:]*: (?:trouvé )?dans ([\d,]+) % des cas", text_of(10))
    assert len(found) == 5
    for share, cases in found:
        p, told = (float(number.replace(",", ".")) / 100 for number in (share, cases))
        assert told == pytest.approx(1 - (1 - p) ** 64, abs=0.005 if told < 0.99 else 0.001)


def test_the_keys_of_the_manifest_are_its_own() -> None:
    items = [block.text for block in PAGES[9].blocks if isinstance(block, Item)]
    known = {field.encode_name for field in msgspec.structs.fields(Manifest)}
    named = {
        key for text in items if "%" not in text for key in re.findall(r"\b[a-z_]+\b", text.partition(":")[0])
    }
    assert named - {"ou", "s", "ils", "sont", "nombreux"} <= known
    assert {"archive", "verified", "supersedes", "waiver"} <= named


def test_every_file_that_it_names_is_there() -> None:
    for name in ("manifest.schema.json", "manifest.md"):
        assert name in text_of(10)
        assert (PACKAGE / "report" / name).is_file()


# ── As text ───────────────────────────────────────────────────


@BY_TITLE
def test_every_line_fits(page: object) -> None:
    for aloud in (True, False):
        for line in render(page, aloud=aloud).splitlines():  # type: ignore[arg-type]
            assert cell_len(line) <= WIDTH, line


def test_ten_short_pages() -> None:
    assert len(PAGES) == 10
    for page in PAGES:
        assert len(render(page, aloud=True).split()) < 700, page.title


def test_aloud_nothing_is_drawn_and_every_picture_is_said() -> None:
    text = whole(aloud=True)
    assert not re.search(r"[─-╿▀-▟■-◿═]", text.replace("▸", ""))
    running = " ".join(text.split())
    for picture in make_guide.pictures():
        assert " ".join(picture.caption.split()) in running
        assert picture.caption.endswith(".")


def test_no_sentence_is_torn_and_nothing_is_left_unfilled() -> None:
    for page in PAGES:
        for block in page.blocks:
            text = block.caption if isinstance(block, Picture) else block.text
            assert text == " ".join(text.split(" "))
            assert "{" not in text
            assert "'" not in text


def test_the_contents_name_every_page() -> None:
    lines = contents().splitlines()
    assert len(lines) == 10
    assert lines[0] == " 1. Avant de commencer"
