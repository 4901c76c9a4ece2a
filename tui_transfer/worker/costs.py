"""What presets cost and save on this database on this machine, learnt block by block. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tui_transfer.archive.blocks import Preset

PRESETS: Final[tuple[Preset, ...]] = (0, 1, 2, 5, 7)
"""Those worth a choice, from the quickest on: what lies between two of them is reached by using both."""
_SECONDS: Final = {1: 0.06e-6, 2: 0.12e-6, 5: 0.26e-6, 7: 0.42e-6}
"""Of one core for a byte, on a payroll base: guesses, until blocks of this one are packed."""
_SHARES: Final = {1: 0.32, 2: 0.29, 5: 0.28, 7: 0.272}
"""Bytes that a byte becomes, likewise."""
_CAUTION: Final = 1.5
"""How many times as long as guessed a preset is taken to need that was not used yet."""


class Costs:
    """Guesses, and how far from them blocks are. A slow machine is so by one factor, whatever the preset; so
    are data that shrink badly, by one of what is left over what is saved. Each preset has another of its own.
    """

    def __init__(self) -> None:
        # At first connecting costs a core as well; later on others compute too, for a moment.
        self._slowness = _Distance(prior=8e6, memory=16e6, surprise=math.log(2))
        self._stiffness = _Distance(prior=0.1e6, memory=8e6)
        self._own_slowness = _Distance(prior=1e6, memory=16e6, surprise=math.log(2))

    def of_other_data(self) -> Costs:
        """What is known of another database on the same machine."""
        other = Costs()
        other._slowness, other._own_slowness = self._slowness, self._own_slowness
        return other

    def learn(self, preset: Preset, size: int, packed: int, seconds: float, computing: float) -> None:
        """Notes that a block of `size` bytes became `packed` within `seconds` of one packer, for `computing`
        of which it had a core.
        """
        if preset and size:
            guess = size * _SECONDS[preset]
            self._slowness.learn(preset, size, math.log(max(seconds, 1e-6) / guess))
            self._own_slowness.learn(preset, size, math.log(max(computing, 1e-6) / guess))
            self._stiffness.learn(preset, size, _log_odds(packed / size) - _log_odds(_SHARES[preset]))

    def seconds(self, preset: Preset) -> float:
        """Of one packer, for a byte."""
        if not preset:
            return 0.0
        caution = 1.0 if preset in self._slowness.own else _CAUTION
        return caution * _SECONDS[preset] * math.exp(self._slowness[preset])

    @property
    def computing(self) -> float:
        """Seconds of a core that has nothing else to do, for a byte with the first preset."""
        return _SECONDS[PRESETS[1]] * math.exp(self._own_slowness[PRESETS[1]])

    def share(self, preset: Preset) -> float:
        """Bytes that a byte becomes."""
        return 1 / (1 + math.exp(-_log_odds(_SHARES[preset]) - self._stiffness[preset])) if preset else 1.0


class _Distance:
    """Logarithms: a moving average over the bytes of all presets, and how far from it each one's own is. The
    guess counts for `prior` bytes, what was seen for `memory` at most; a block is believed up to `surprise`.
    """

    def __init__(self, prior: float, memory: float, surprise: float = math.inf) -> None:
        self.own: dict[Preset, float] = {}
        self._all = 0.0
        self._seen, self._memory, self._surprise = prior, memory, surprise

    def __getitem__(self, preset: Preset) -> float:
        return self._all + self.own.get(preset, 0.0)

    def learn(self, preset: Preset, size: int, measured: float) -> None:
        error = max(-self._surprise, min(self._surprise, measured - self[preset]))
        error *= size / (self._seen + size)
        self._all += error
        self.own[preset] = self.own.get(preset, 0.0) + (error / 2 if self.own else 0.0)
        self._seen = min(self._memory, self._seen + size)


def _log_odds(share: float) -> float:
    share = max(0.001, min(0.99, share))  # limits from which an average soon finds back
    return math.log(share / (1 - share))
