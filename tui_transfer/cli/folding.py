"""Lines that end before column 80, for whoever has them read aloud line by line, or enlarged.

Words are kept whole: an address, a path or a hash that is longer than a line stands in one of its own.
"""

from __future__ import annotations

import re
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, cast

from tui_transfer.french import typeset

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

WIDTH: Final = 80
_PIECES: Final = re.compile(r"\n| +|[^\n ]+")


class Column:
    """Where the next letter goes on a terminal that several streams write to."""

    def __init__(self) -> None:
        self.now = 0
        self.blank = ""
        """Spaces that are written only once a word follows in the same line."""


class FoldedStream:
    """Writes text to `stream` in lines of at most `WIDTH` columns."""

    def __init__(self, stream: TextIO, column: Column) -> None:
        self._stream = stream
        self._column = column

    def write(self, text: str) -> int:
        """Writes `text`. What ends with a space is a question: the answer follows in its line."""
        column = self._column
        written = []
        for piece in _PIECES.findall(typeset(text)):
            if piece == "\n":
                written.append("\n")
                column.now, column.blank = 0, ""
            elif piece[0] == " ":
                column.blank += piece
            else:
                if column.now and column.now + len(column.blank) + len(piece) > WIDTH:
                    written.append("\n")
                    column.now, column.blank = 0, ""
                written.append(column.blank + piece)
                column.now += len(column.blank) + len(piece)
                column.blank = ""
        if column.now and column.blank:
            written.append(column.blank)
            column.now += len(column.blank)
            column.blank = ""
        self._stream.write("".join(written))
        return len(text)

    def line_ended(self) -> None:
        """A person ended the line, by typing Enter."""
        self._column.now, self._column.blank = 0, ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def folded() -> Iterator[None]:
    """Has all that this process prints meanwhile go through `FoldedStream`; once is enough."""
    if isinstance(sys.stderr, FoldedStream):
        yield
        return
    before, column = (sys.stdout, sys.stderr), Column()
    sys.stdout, sys.stderr = (cast("TextIO", FoldedStream(stream, column)) for stream in before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def line_ended() -> None:
    """Tells folded streams that a person typed Enter."""
    if isinstance(sys.stderr, FoldedStream):
        sys.stderr.line_ended()
