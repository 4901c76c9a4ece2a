"""What has been happening during a transfer, for windows that have room for it: the rate, the last events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from tui_transfer.tui.news import News
from tui_transfer.tui.widgets.rate_curve import RateCurve

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.geometry import Size

    from tui_transfer.job.control import Follower
    from tui_transfer.job.events import Event
    from tui_transfer.job.state import JobState

_WIDE: Final = 100
_TALL: Final = 33
_EVERY: Final = 2.0
"""Seconds between two looks at the rate."""


class Latest(Horizontal):
    """The curve of the rate on the left, what happened last on the right."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._news = News()
        self._looked_at = float("-inf")
        self._curve = RateCurve(id="curve")
        self._lines = Static(id="news")
        self._shown = ""

    def compose(self) -> ComposeResult:
        """Side by side."""
        yield self._curve
        yield self._lines

    def hear(self, event: Event, state: JobState, follower: Follower) -> None:
        """Takes an event of the job that `follower` follows, and the state after it."""
        self._news.hear(event, state)
        at = event.at.timestamp()
        if at - self._looked_at >= _EVERY:
            self._looked_at = at
            self._curve.hear(at, follower.progress.rate(at))

    def lay_out(self, window: Size) -> None:
        """Takes its place where this window has room for it."""
        self.display = window.width >= _WIDE and window.height >= _TALL
        self.call_after_refresh(self.show)

    def show(self) -> None:
        """Brings what is new to the screen."""
        if not self.display:
            return
        text = "\n".join(self._news.last(self._lines.size.height))
        if text != self._shown:
            self._shown = text
            self._lines.update(Content(text), layout=False)
