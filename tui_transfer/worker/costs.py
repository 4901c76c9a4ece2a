"""What presets cost and save on this database on this machine, learnt block by block. Pure.

A slow machine makes all presets slower by about the same factor, which their logarithms share. Data that
shrink little do so at any preset, and the logarithms of what is left over what is saved differ from preset to
preset by about the same. So one preset tells what to expect of the others, and each keeps a deviation of its
own once it was tried.
"""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING, Final

from tui_transfer.archive.blocks import BLOCK_SIZE, FIRST_SIZES, PRESETS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_transfer.archive.blocks import Preset

_MEGA: Final = 1e-6
_SECONDS: Final = [s * _MEGA for s in (0.008, 0.060, 0.117, 0.140, 0.167, 0.257, 0.343, 0.422, 0.500, 0.629)]
"""Of one core for a byte, by preset: means over payrolls of five formats, for those not tried here yet."""
_SHARES: Final = (0.470, 0.324, 0.294, 0.290, 0.286, 0.282, 0.277, 0.273, 0.273, 0.268)
"""Bytes that a byte becomes, likewise; for Deflate a cautious guess (the mean is 0.41): on payrolls in SQLite
it leaves twice what LZMA2 leaves.
"""

_SECONDS_SPREAD: Final = 0.25
_SHARE_SPREAD: Final = 0.06
_DEFLATE_SHARE_SPREAD: Final = 0.4
"""How far a preset is from what it shares with the others: about the standard deviations over those payrolls
and a program. LZMA2's presets hardly differ in what data do to their shares. Deflate differs more, most where
data repeat themselves most: there it leaves seven times what LZMA2 leaves.
"""
_SECONDS_DRIFT: Final = 0.06
_SHARE_DRIFT: Final = 0.8
"""How far what they share moves from one block to the next, however small: data may be of another kind."""
_OWN_DRIFT: Final = 0.05
"""How far a preset's deviation moves from one of its blocks to the next, as a part of its spread: what was
learnt is not for ever."""
_SECONDS_NOISE: Final = 0.2
"""How far a block's seconds are from those of such blocks: other programs compute, too."""
_SHARE_NOISE: Final = 0.03
_SURPRISE: Final = math.log(2)
"""How far from the expected a cost is believed at once: other programs compute too, for a moment."""
_UNKNOWN: Final = 1.0
"""Standard deviation of what presets share, before anything is known of it."""
_TELLING: Final = FIRST_SIZES[0] / BLOCK_SIZE
"""Blocks from which on a measurement is one; the end of a database may be a few bytes."""
_WORTH_PACKING: Final = 0.97


class Costs:
    """What is known of every preset."""

    def __init__(self) -> None:
        self._slowness = _Trait([_SECONDS_SPREAD] * len(PRESETS), _SECONDS_DRIFT, _SECONDS_NOISE, _SURPRISE)
        """Logarithm of the seconds over `_SECONDS`."""
        spreads = [_DEFLATE_SHARE_SPREAD] + [_SHARE_SPREAD] * (len(PRESETS) - 1)
        self._shrinking = _Trait(spreads, _SHARE_DRIFT, _SHARE_NOISE, math.inf)
        """How far `_odds` of the share are above those of `_SHARES`."""

    def of_other_data(self) -> Costs:
        """What is known of another database on the same machine: how fast presets are, not what they save."""
        other = Costs()
        other._slowness = self._slowness.of_other_data()
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
    """A number for each preset: what all share, and how each deviates from it, by Kalman's filter.

    Where a measurement differs from what was expected, the difference is divided among the shared number and
    the deviations (the measured preset's own, and those of the others, which are measured against it): the
    less one of them is known, the more it takes. A preset that is used block after block is soon known so
    well that a later difference goes to the shared number, and so to all presets.

    Args:
        spreads: standard deviation of each preset's deviation, before anything is known of it.
        drift: standard deviation of what is shared, from one block to the next.
        noise: standard deviation of a whole block's measurement.
        surprise: how far from the expected a measurement is believed.
    """

    def __init__(self, spreads: Sequence[float], drift: float, noise: float, surprise: float) -> None:
        self._own_variances = [spread**2 for spread in spreads]
        self._drift = drift**2
        self._noise = noise**2
        self._surprise = surprise
        variances = [*self._own_variances, _UNKNOWN**2]
        self._state = [0.0] * len(variances)
        """The deviations, then what is shared."""
        self._covariance = [
            [variance if row == column else 0.0 for column in range(len(variances))]
            for row, variance in enumerate(variances)
        ]
        self._tried: set[int] = set()

    def __getitem__(self, preset: int) -> float:
        return self._state[preset] + self._state[-1]

    def of_other_data(self) -> _Trait:
        """The same, of data on which the deviations may be others."""
        other = copy.deepcopy(self)
        for preset, variance in enumerate(self._own_variances):
            other._covariance[preset][preset] += variance
        return other

    def was_tried(self, preset: int) -> bool:
        """Whether there was a measurement of it that tells more than the guess."""
        return preset in self._tried

    def learn(self, preset: int, value: float, weight: float) -> None:
        """Takes a measurement of `weight` blocks into account."""
        if weight >= _TELLING:
            self._tried.add(preset)
        error = max(-self._surprise, min(self._surprise, value - self[preset]))
        self._covariance[-1][-1] += self._drift
        self._covariance[preset][preset] += _OWN_DRIFT**2 * self._own_variances[preset]
        known = [row[preset] + row[-1] for row in self._covariance]
        """How each part of the state varies with what was measured."""
        variance = known[preset] + known[-1] + self._noise / weight
        gains = [each / variance for each in known]
        self._state = [part + gain * error for part, gain in zip(self._state, gains, strict=True)]
        for row, gain in zip(self._covariance, gains, strict=True):
            row[:] = [each - gain * other for each, other in zip(row, known, strict=True)]
