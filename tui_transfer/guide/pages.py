"""The pages of the guide, as what they consist of. They are files in `pages/`, in the order of their names.

A page is a little Markdown: a title, headings, paragraphs, lists, and pictures: `![what is seen](name)` is a
drawing of a screen in `pictures/`. What the program itself decides is not written into a page but named:
`{problem:sharebox-full}` is how that failure is called, `{days}` a default of the settings. So a page cannot
say otherwise than the screens do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final, TypeAlias

from tui_transfer.errors import MEANINGS, Problem
from tui_transfer.french import typeset
from tui_transfer.settings.config import RetentionSettings, TransferSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAMED: Final = re.compile(r"\{([a-z_]+)(?::([a-z-]+))?\}")
_PICTURE: Final = re.compile(r"!\[(?P<caption>.+)\]\((?P<name>[\w-]+)\)", re.DOTALL)
_ITEM: Final = re.compile(r"(?P<marker>-|\d+\.) (?P<text>.+)", re.DOTALL)


@dataclass(frozen=True)
class Heading:
    """What the next paragraphs are about."""

    text: str


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    text: str


@dataclass(frozen=True)
class Item:
    """One of a list."""

    marker: str
    """« – », or a number and a full stop."""
    text: str


@dataclass(frozen=True)
class Picture:
    """A drawing of a screen, and what is seen on it."""

    name: str
    caption: str

    @property
    def lines(self) -> tuple[str, ...]:
        """The drawing."""
        return tuple(_read(f"pictures/{self.name}.txt").splitlines())


Block: TypeAlias = Heading | Paragraph | Item | Picture


@dataclass(frozen=True)
class GuidePage:
    """A page."""

    number: int
    title: str
    blocks: tuple[Block, ...]


@cache
def guide_pages() -> tuple[GuidePage, ...]:
    """All of them, in order."""
    names = sorted(file.name for file in files(__package__).joinpath("pages").iterdir())
    contents = [_read(f"pages/{name}") for name in names if name.endswith(".md")]
    return tuple(_page(number, content) for number, content in enumerate(contents, start=1))


def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")


def _page(number: int, content: str) -> GuidePage:
    title, _, rest = content.partition("\n")
    return GuidePage(number, _filled(title.removeprefix("# ")), tuple(_blocks(rest)))


def _blocks(content: str) -> Iterator[Block]:
    for part in re.split(r"\n\s*\n|\n(?=- |\d+\. )", content.strip()):
        text = _filled(" ".join(part.split()))
        if part.startswith("## "):
            yield Heading(text.removeprefix("## "))
        elif picture := _PICTURE.fullmatch(text):
            yield Picture(picture["name"], picture["caption"])
        elif item := _ITEM.fullmatch(text):
            marker = item["marker"]
            yield Item("–" if marker == "-" else marker, item["text"])
        else:
            yield Paragraph(text)


def _filled(text: str) -> str:
    return typeset(_NAMED.sub(lambda found: _value(found[1], found[2]), text))


def _value(name: str, which: str | None) -> str:
    match name:
        case "problem":
            return MEANINGS[Problem(which or "")].title
        case "days":
            return str(RetentionSettings().days)
        case "minutes":
            return str(TransferSettings().retry_for)
        case _:
            raise KeyError(name)
