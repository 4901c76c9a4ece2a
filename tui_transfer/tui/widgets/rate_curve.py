"""The rate of a transfer from its beginning to now, as a curve made of text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.content import Content
from textual.widgets import Static

from tui_transfer import french

if TYPE_CHECKING:
    from textual import events

_SHORTEST: Final = 4.0
"""Seconds of a column, at least. When the width is used up, two columns become one: so a curve grows at its
end only, which is little to send, and less the longer a transfer takes."""
_EIGHTHS: Final = " ▁▂▃▄▅▆▇█"
"""Where they cannot be written, `system.signs` puts plain signs in their place."""


class Curve:
    """Rates in columns of equal time. Pure.

    Args:
        columns: how many there are, at most.
    """

    def __init__(self, columns: int) -> None:
        self._columns = max(2, columns)
        self._seconds = _SHORTEST
        self._begun: float | None = None
        self._sums: list[tuple[float, int]] = []

    def add(self, at: float, rate: float | None) -> bool:
        """Takes the rate (bytes a second, None for none) at a time (seconds); whether a column is new."""
        if self._begun is None:
            self._begun = at
        index = max(len(self._sums) - 1, int((at - self._begun) / self._seconds))
        if index >= self._columns:
            self._halve(index)
            return self.add(at, rate)
        is_new = index >= len(self._sums)
        while len(self._sums) <= index:
            self._sums.append((0.0, 0))
        total, count = self._sums[index]
        self._sums[index] = total + (rate or 0.0), count + 1
        return is_new

    @property
    def rates(self) -> list[float]:
        """The mean of each column; that of the one before where nothing was heard in one."""
        found: list[float] = []
        for total, count in self._sums:
            found.append(total / count if count else found[-1] if found else 0.0)
        return found

    def _halve(self, index: int) -> None:
        while index >= self._columns:
            self._seconds *= 2
            index //= 2
            pairs = [self._sums[start : start + 2] for start in range(0, len(self._sums), 2)]
            self._sums = [(sum(one for one, _ in pair), sum(one for _, one in pair)) for pair in pairs]


def bars(rates: list[float], rows: int) -> list[str]:
    """Lines of a picture of these rates, the topmost first, as high as the greatest is."""
    greatest = max(rates, default=0.0)
    heights = [round(8 * rows * rate / greatest) if greatest else 0 for rate in rates]
    return [
        "".join(_EIGHTHS[min(8, max(0, height - 8 * row))] for height in heights)
        for row in reversed(range(rows))
    ]


class RateCurve(Static):
    """Draws a `Curve` as large as its place is, and tells the greatest rate in words."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._curve: Curve | None = None
        self._heard: list[tuple[float, float | None]] = []

    def hear(self, at: float, rate: float | None) -> None:
        """Takes the rate at a time; what comes before it has a place is kept until it has."""
        if self._curve is None:
            self._heard.append((at, rate))
        elif self._curve.add(at, rate):
            self._draw()

    def on_resize(self, event: events.Resize) -> None:
        """It is as wide as its first place was; what was heard before is drawn at once."""
        if self._curve is None and event.size.width:
            self._curve = Curve(event.size.width)
            for at, rate in self._heard:
                self._curve.add(at, rate)
            self._heard = []
        self._draw()

    def _draw(self) -> None:
        if self._curve is None or not self.size.height:
            return
        rates = self._curve.rates
        content = Content.styled("Débit : aucune mesure", "$muted")
        if any(rates):
            picture = "\n".join(line.rstrip() for line in bars(rates, self.size.height - 1))
            label = f"Débit, au plus {french.rate(max(rates))}\n"
            content = Content.assemble((label, "$muted"), (picture, "$primary"))
        if str(self.content) != str(content):
            self.update(content, layout=False)
