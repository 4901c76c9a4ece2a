"""The guide as lines of text: with its drawings, or with what is seen on them, for reading aloud."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final, assert_never

from tui_transfer import french
from tui_transfer.guide.pages import Heading, Item, Paragraph, Picture, guide_pages

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tui_transfer.guide.pages import Block, GuidePage

WIDTH: Final = 80
_INDENT: Final = 4


def contents(pages: Sequence[GuidePage] | None = None) -> str:
    """The titles, numbered, a line each."""
    return "\n".join(f"{page.number:>2}. {page.title}" for page in pages or guide_pages())


def whole(*, aloud: bool = False) -> str:
    """The whole guide."""
    pages = guide_pages()
    title = "GUIDE DU TRANSFERT" if not aloud else "Guide du transfert."
    return "\n\n\n".join([f"{title}\n\n{contents(pages)}", *(render(page, aloud=aloud) for page in pages)])


def render(page: GuidePage, *, aloud: bool = False) -> str:
    """A page, in lines of at most `WIDTH` columns.

    `aloud`: nothing is drawn, and every picture is said instead.
    """
    title = f"{page.number}. {page.title}"
    parts = [title if aloud else f"{title}\n{'═' * len(title)}"]
    before: Block | None = None
    for block in page.blocks:
        text = "\n".join(_lines(block, aloud=aloud))
        if isinstance(block, Item) and isinstance(before, Item):
            parts[-1] += f"\n{text}"
        else:
            parts.append(text)
        before = block
    return "\n\n".join(parts)


def _lines(block: Block, *, aloud: bool) -> Iterator[str]:
    match block:
        case Heading(text):
            yield from wrapped(text)
            if not aloud:
                yield "─" * min(WIDTH, len(text))
        case Paragraph(text):
            yield from wrapped(text)
        case Item(marker, text):
            yield from wrapped(text, f"{marker} ".rjust(_INDENT))
        case Picture(_, caption) if aloud:
            yield from wrapped(f"Écran{french.NO_BREAK}: {caption}")
        case Picture(_, caption):
            yield from block.lines
            yield from wrapped(caption, " " * _INDENT)
        case _:
            assert_never(block)


def wrapped(text: str, marker: str = "", width: int = WIDTH) -> list[str]:
    """Lines of a paragraph that begins with `marker`, broken at plain spaces alone."""
    lines = textwrap.wrap(
        # textwrap takes every blank for one where a line may end: what must not part is one word to it.
        text.replace(french.NO_BREAK, _GLUE).replace(french.NARROW, _NARROW_GLUE),
        width,
        initial_indent=marker,
        subsequent_indent=" " * len(marker),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(_GLUE, french.NO_BREAK).replace(_NARROW_GLUE, french.NARROW) for line in lines]


_GLUE: Final = "\ue000"
_NARROW_GLUE: Final = "\ue001"
"""Of Unicode's private use: no text holds them."""
