"""Words of others on the screen: what a terminal would obey instead of showing is not sent to it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from textual.filter import LineFilter

from tui_transfer.errors import INVISIBLE

if TYPE_CHECKING:
    from rich.segment import Segment
    from textual.color import Color

_INVISIBLE: Final = re.compile(f"[{INVISIBLE}]")


class HarmlessFilter(LineFilter):
    """Goes over every line that a widget draws. Lines keep their widths: what has none disappears."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same segments, fit to be shown."""
        return [
            segment._replace(text=_INVISIBLE.sub(_stand_in, segment.text))
            if _INVISIBLE.search(segment.text)
            else segment
            for segment in segments
        ]


def _stand_in(found: re.Match[str]) -> str:
    return "\N{REPLACEMENT CHARACTER}" * cell_len(found[0])
