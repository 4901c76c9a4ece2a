"""What presets cost and save on this database on this machine, learnt block by block. Pure.

A slow machine makes all presets slower by about the same factor, which their logarithms share. Data that
shrink little do so at any preset, and the logarithms of what is left over what is saved differ from preset to
preset by about the same. So one preset tells what to expect of the others, and each keeps a deviation of its
own once it was tried.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from tui_transfer.archive.blocks import BLOCK_SIZE, PRESETS

if TYPE_CHECKING:
    from tui_transfer.archive.blocks import Preset

_MEGA: Final = 1e-6
_SECONDS: Final = [s * _MEGA for s in (0.008, 0.060, 0.117, 0.140, 0.167, 0.257, 0.343, 0.422, 0.500, 0.629)]
"""Of one core for a byte, by preset: means over payrolls of five formats, for those not tried here yet."""
_SHARES: Final = (0.470, 0.324, 0.294, 0.290, 0.286, 0.282, 0.277, 0.273, 0.273, 0.268)
"""Bytes that a byte becomes, likewise; for Deflate a cautious guess (the mean is 0.41): on payrolls in SQLite
it leaves twice what LZMA2 leaves.
"""

_NEWEST_SECONDS: Final = 0.2
"""Weight of the newest block among those before it: what it takes varies with all that the machine does."""
_NEWEST_SHARE: Final = 0.8
"""What is left of it varies with the data alone, which are followed at once."""
_NEWEST_OWN: Final = 0.1
_FIRST_OWN: Final = 0.7
_ENOUGH: Final = 0.5
"""Blocks packed with other presets, from which on a preset's deviation is told from what is shared."""
_SURPRISE: Final = math.log(2)
"""How far from the expected a cost is believed at once: other programs compute too, for a moment."""
_WORTH_PACKING: Final = 0.97
_GUESS: Final = 1 / 8
"""Blocks that the guess of how fast this machine is counts for."""


class Costs:
    """What is known of every preset."""

    def __init__(self) -> None:
        self._slowness = _Trait(_NEWEST_SECONDS, _SURPRISE, _GUESS)
        """Logarithm of the seconds over `_SECONDS`."""
        self._shrinking = _Trait(_NEWEST_SHARE, math.inf, 0.0)
        """How far `_odds` of the share are above those of `_SHARES`."""

    def of_other_data(self) -> Costs:
        """What is known of another database on the same machine: how fast presets are, not what they save."""
        other = Costs()
        other._slowness = self._slowness
        return other

    def learn(self, preset: Preset, size: int, packed: int, seconds: float) -> None:
        """Notes that a block of `size` bytes became `packed` within `seconds` of one packer."""
        if not size:
            return
        weight = size / BLOCK_SIZE
        self._shrinking.learn(preset, _odds(packed / size) - _odds(_SHARES[preset]), weight)
        if preset != PRESETS[0]:  # Deflate takes little time however fast it is, and says little of LZMA2
            self._slowness.learn(preset, math.log(max(seconds, 1e-6) / (size * _SECONDS[preset])), weight)

    def seconds(self, preset: Preset) -> float:
        """Of one packer, for a byte."""
        return _SECONDS[preset] * math.exp(self._slowness[preset])

    def share(self, preset: Preset) -> float:
        """Bytes that a byte becomes."""
        return 1 / (1 + math.exp(-_odds(_SHARES[preset]) - self._shrinking[preset]))

    def was_tried(self, preset: Preset) -> bool:
        """Whether a block of this machine was packed with it, so that more than guesses are known."""
        return self._slowness.was_tried(preset)

    @property
    def data_shrink(self) -> bool:
        """Whether packing makes the data smaller, by more than what it is not worth computing for."""
        return self.share(PRESETS[-1]) < _WORTH_PACKING

    def worth_using(self) -> list[Preset]:
        """From the cheapest on, the presets that no mixture of two others beats: a lower convex hull."""
        hull: list[Preset] = []
        for preset in sorted(PRESETS, key=self.seconds):
            if hull and self.share(preset) >= self.share(hull[-1]):
                continue
            while len(hull) > 1 and self._slope(hull[-2], hull[-1]) >= self._slope(hull[-1], preset):
                hull.pop()
            hull.append(preset)
        return hull

    def _slope(self, cheap: Preset, dear: Preset) -> float:
        saved = self.share(dear) - self.share(cheap)
        return saved / max(self.seconds(dear) - self.seconds(cheap), 1e-12)


def _odds(share: float) -> float:
    """Logarithm of what is left over what is saved, within limits from which estimates soon find back."""
    share = max(0.001, min(0.99, share))
    return math.log(share / (1 - share))


class _Trait:
    """A number for each preset: what they share, and how each deviates from it.

    Args:
        newest: weight of the newest block among those before it.
        surprise: how far from the expected a measurement is believed.
        weight: blocks that the guess, which is 0, counts for.
    """

    def __init__(self, newest: float, surprise: float, weight: float) -> None:
        self._shared = 0.0
        self._newest = newest
        self._surprise = surprise
        self._own = dict.fromkeys(PRESETS, 0.0)
        self._tried = dict.fromkeys(PRESETS, 0.0)
        self._weight = weight

    def __getitem__(self, preset: int) -> float:
        return self._shared + self._own[preset]

    def was_tried(self, preset: int) -> bool:
        """Whether there was a measurement of it."""
        return self._tried[preset] > 0

    def learn(self, preset: int, value: float, weight: float) -> None:
        """Takes a measurement of `weight` blocks into account, the first ones most."""
        error = max(-self._surprise, min(self._surprise, value - self[preset]))
        if self._weight - self._tried[preset] >= _ENOUGH:
            # Others have told what is shared: what is new about this one is mostly its own.
            own = error * weight * max(_NEWEST_OWN, _FIRST_OWN / (1 + self._tried[preset]))
            self._own[preset] += own
            error -= own
        self._tried[preset] += weight
        self._weight += weight
        self._shared += error * max(weight / self._weight, weight * self._newest)
