"""What presets cost and save on this database on this machine, learnt block by block. Pure.

Presets are compared on logarithms: a slow machine makes all of them slower by about the same factor, and data
that shrink little shrink little at any preset. So what was seen of one preset tells what to expect of the
others, and each keeps a deviation of its own once it was tried.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from tui_transfer.archive.blocks import BLOCK_SIZE, PRESETS, STORED

if TYPE_CHECKING:
    from tui_transfer.archive.blocks import Preset

_MEGA: Final = 1e-6
_SECONDS: Final = [s * _MEGA for s in (0.060, 0.119, 0.217, 0.305, 0.45, 0.50, 0.55, 0.60, 0.65, 0.75)]
"""Of one core for a byte, by preset: measured on a payroll base, for those that were not tried here yet."""
_SHARES: Final = (0.401, 0.381, 0.371, 0.365, 0.324, 0.318, 0.315, 0.314, 0.313, 0.312)
"""Bytes that a byte becomes, likewise."""
_STORED_SECONDS: Final = 0.008 * _MEGA

_NEWEST: Final = 0.3
"""Weight of the newest block among those before it: data that change are followed within a few blocks."""
_NEWEST_OWN: Final = 0.2
_SURPRISE: Final = math.log(2)
"""How far from the expected a cost is believed at once: other programs compute too, for a moment."""
_WORTH_PACKING: Final = 0.97
_GUESS: Final = 1 / 8
"""Blocks that the guess of how fast this machine is counts for."""


class Costs:
    """What is known of every preset."""

    def __init__(self) -> None:
        self._slowness = _Trait(0.0, _SURPRISE, _GUESS)
        """Logarithm of the seconds over `_SECONDS`."""
        self._shrinking = _Trait(1.0, math.inf, 0.0)
        """Logarithm of the share over that of `_SHARES`: 1 for such a base, 0 for noise."""

    def of_other_data(self) -> Costs:
        """What is known of another database on the same machine: how fast presets are, not what they save."""
        other = Costs()
        other._slowness = self._slowness
        return other

    def learn(self, preset: Preset, size: int, packed: int, seconds: float) -> None:
        """Notes that a block of `size` bytes became `packed` within `seconds` of one packer."""
        if preset is STORED or not size:
            return
        share, weight = min(1.0, max(packed, 1) / size), size / BLOCK_SIZE
        self._shrinking.learn(preset, math.log(share) / math.log(_SHARES[preset]), weight)
        self._slowness.learn(preset, math.log(max(seconds, 1e-6) / (size * _SECONDS[preset])), weight)

    def seconds(self, preset: Preset) -> float:
        """Of one packer, for a byte."""
        if preset is STORED:
            return _STORED_SECONDS
        return _SECONDS[preset] * math.exp(self._slowness[preset])

    def share(self, preset: Preset) -> float:
        """Bytes that a byte becomes."""
        if preset is STORED:
            return 1.0
        return math.exp(math.log(_SHARES[preset]) * max(0.0, self._shrinking[preset]))

    @property
    def data_shrink(self) -> bool:
        """Whether packing makes the data smaller, by more than what it is not worth computing for."""
        return self.share(PRESETS[-1]) < _WORTH_PACKING

    def worth_using(self) -> list[Preset]:
        """From the cheapest on, the presets that no mixture of two others beats: a lower convex hull.

        `STORED` is the first of them, and the only one where the data do not shrink.
        """
        hull: list[Preset] = []
        for preset in sorted((STORED, *PRESETS), key=self.seconds):
            if hull and self.share(preset) >= self.share(hull[-1]):
                continue
            while len(hull) > 1 and self._slope(hull[-2], hull[-1]) >= self._slope(hull[-1], preset):
                hull.pop()
            hull.append(preset)
        return hull

    def _slope(self, cheap: Preset, dear: Preset) -> float:
        saved = self.share(dear) - self.share(cheap)
        return saved / max(self.seconds(dear) - self.seconds(cheap), 1e-12)


class _Trait:
    """A number for each preset: what they share, and how each deviates from it.

    Args:
        guess: what they share, before anything was measured.
        surprise: how far from the expected a measurement is believed.
        weight: blocks that the guess counts for.
    """

    def __init__(self, guess: float, surprise: float, weight: float) -> None:
        self._shared = guess
        self._surprise = surprise
        self._own = dict.fromkeys(PRESETS, 0.0)
        self._weight = weight

    def __getitem__(self, preset: int) -> float:
        return self._shared + self._own[preset]

    def learn(self, preset: int, value: float, weight: float) -> None:
        """Takes a measurement of `weight` blocks into account, the first ones most."""
        error = max(-self._surprise, min(self._surprise, value - self[preset]))
        if self._weight >= 1:  # before that, whatever deviates is put down to what all share
            self._own[preset] += error * weight * _NEWEST_OWN
        self._weight += weight
        self._shared += error * max(weight / self._weight, weight * _NEWEST)
