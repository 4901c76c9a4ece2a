"""Chooses how hard each block is packed, so that packing and sending end together. Pure: times are given.

With C(p) the seconds that preset p takes and S(p) the bytes that it leaves, a transfer lasts about
max(C(p), S(p) / rate of the link). For each block a few plans for all that is left are played through, with
the packers, the order of the blocks and the link, and the block is packed as the best of them begins. A plan
packs some pieces with one preset and the rest with another: what lies between two presets is reached by both.
"""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from tui_transfer.archive.blocks import BLOCK_SIZE, PRESETS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tui_transfer.archive.blocks import Preset
    from tui_transfer.worker.costs import Costs
    from tui_transfer.worker.rate import Rate

ASSUMED_RATE: Final = 4e6
"""Bytes per second, until the link has shown what it carries: an ordinary line, far from either end."""
_PIECES: Final = 24
"""Pieces that what is left is thought of in, at most."""
_WORTH_CHANGING: Final = 0.995
"""What the time left must come down to, as a share, for the preset to change."""
_WORTH_QUICKEST: Final = 0.97
"""The same for the quickest preset: of data on which LZMA2 does well, it leaves up to twice as many bytes."""
_BAD_GUESS: Final = 2.0
"""How many times as long as guessed a preset may take that was not tried yet."""
_EFFORT: Final = 0.01
"""What a second of packing counts that nobody waits for: where nothing is gained, nothing is computed."""
_UNTIL_LEFT: Final = 1.5
"""Hysteresis between Deflate and LZMA2: Deflate is left only once so many times as many bytes are ready to be
sent as would have kept it from being chosen. So presets change less often."""
_PROBE_AFTER: Final = 8
"""Blocks deflated in a row because data did not shrink, before LZMA2, which sees further back, is tried."""
_QUICKEST, _QUICK = PRESETS[0], PRESETS[1]
"""Those that are tried whatever the guess: Deflate, which is next to no work, and the first of LZMA2."""


class Reason(StrEnum):
    """Why a preset was chosen."""

    START = "start"
    """The link has not shown yet what it carries."""
    LINK_BEHIND = "link-behind"
    """Sending would end after packing: smaller blocks arrive sooner."""
    PACKING_BEHIND = "packing-behind"
    """Packing would end after sending: blocks packed faster arrive sooner."""
    INCOMPRESSIBLE = "incompressible"
    """The data do not shrink: LZMA2 is tried where that costs no time, and now and then, in case they do."""


@dataclass(frozen=True, slots=True)
class Choice:
    """How blocks are packed from now on, and why.

    Attributes:
        rate: bytes per second that the link is taken to carry.
        backlog: bytes that are packed and not acknowledged.
        left: bytes of the database that are still to be packed.
        seconds: until all of it is packed and acknowledged, as expected.
        instead: the same, had the preset before been kept; None at the start.
    """

    preset: Preset
    reason: Reason
    rate: float
    backlog: int
    left: int
    seconds: float
    instead: float | None = None


@dataclass(frozen=True, slots=True)
class _Begun:
    """A block that is being packed, or waits for one before it."""

    preset: Preset
    size: int
    packed: float
    """Bytes expected of it."""
    end: float
    """When it is expected to be packed."""


class Pacing:
    """Chooses the preset of each block of a database, in the order of the source.

    Args:
        threads: blocks packed at the same time.
        costs: what is known of the presets; goes on learning.
        rate: of the link; to be told what is acknowledged.
        read_back: seconds for which what arrived is read back and compared, for each second of sending.

    Attributes:
        choice: the last one; the very same object as long as the preset stays the same.
    """

    def __init__(self, threads: int, costs: Costs, rate: Rate, read_back: float = 0.0) -> None:
        self._threads = threads
        self._costs = costs
        self._rate = rate
        self._read_back = read_back
        self._begun: deque[_Begun] = deque()
        self._probing = _Probing()
        self.choice: Choice | None = None

    def choose(self, now: float, size: int, left: int) -> Preset:
        """How to pack the block of `size` bytes that begins now, before `left` more bytes of the database."""
        choice = self._decide(now, size, left)
        if self.choice is None or choice.preset != self.choice.preset:
            self.choice = choice
        in_vain = choice.preset == _QUICKEST and not self._costs.data_shrink
        is_probe = self._probing.is_due(in_vain, self._has_time_for(_QUICK, choice.rate))
        preset = _QUICK if is_probe else choice.preset
        packed, seconds = size * self._costs.share(preset), size * self._costs.seconds(preset)
        self._begun.append(_Begun(preset, size, packed, now + seconds))
        return preset

    def packed(self, packed: int, seconds: float) -> None:
        """The earliest block chosen for, of those not packed yet, became `packed` bytes in `seconds`."""
        begun = self._begun.popleft()
        self._costs.learn(begun.preset, begun.size, packed, seconds)

    def _decide(self, now: float, size: int, left: int) -> Choice:
        known = self._rate.at(now)
        rate = known or ASSUMED_RATE
        table = _Table(self._costs, self._threads, rate, self._read_back, size, left)
        start = table.lay(self._rate.waiting, [(begun.end - now, begun.packed) for begun in self._begun])
        candidates = self._candidates(known)
        plans = {preset: list(table.plans(start, preset, candidates)) for preset in candidates}
        preset = min(plans, key=lambda preset: min(plans[preset]))
        seconds, instead = min(plans[preset]), None
        if self.choice is not None and (former := self.choice.preset) in plans:
            # What is kept is kept for a while: putting a change off by one block always looks harmless.
            instead = min(plans[former][1:] or plans[former])
            if seconds > instead * (_WORTH_QUICKEST if preset == _QUICKEST else _WORTH_CHANGING):
                preset, seconds = former, instead
        reason = self._reason(preset, is_known=known is not None)
        return Choice(preset, reason, rate, self._rate.waiting, size + left, seconds, instead)

    def _candidates(self, rate: float | None) -> list[Preset]:
        """From the cheapest on: of plans that are as good, those that feed the link first are preferred."""
        if not self._costs.data_shrink:
            # Where the link is slow, or may be, LZMA2 costs no time, and may find what Deflate does not; the
            # first blocks may well be of another kind than all the rest.
            trying = self._costs.seconds(_QUICK) / self._threads
            return [_QUICK if rate is None or 2 * trying * rate < 1 else _QUICKEST]
        assumed = rate or ASSUMED_RATE
        candidates = [preset for preset in self._costs.worth_using() if self._may_try(preset, assumed)]
        if self.choice is not None and self.choice.preset not in candidates:
            candidates.append(self.choice.preset)
        # The quickest takes no time: without a limit half a database would be gone, as up to twice as many
        # bytes, before more is known of the link and the data than the first blocks tell. What LZMA2 packs
        # from now on is there when one packer is through with a whole block.
        until_packed = BLOCK_SIZE * self._costs.seconds(_QUICK)
        if self.choice is not None and self.choice.preset == _QUICKEST:
            until_packed *= _UNTIL_LEFT
        if rate is None or self._is_busy(rate, until_packed):
            return [preset for preset in candidates if preset != _QUICKEST] or [_QUICK]
        return candidates

    def _may_try(self, preset: Preset, rate: float) -> bool:
        """Whether what `preset` costs is known, or a bad guess would not let the link rest."""
        return (
            preset in (_QUICKEST, _QUICK) or self._costs.was_tried(preset) or self._has_time_for(preset, rate)
        )

    def _has_time_for(self, preset: Preset, rate: float) -> bool:
        """Whether the link would not rest while a block is packed, even were the guess a bad one."""
        return self._is_busy(rate, _BAD_GUESS * BLOCK_SIZE * self._costs.seconds(preset))

    def _is_busy(self, rate: float, seconds: float) -> bool:
        """Whether what is ready, or begun, keeps the link busy for so long."""
        return self._rate.waiting + sum(begun.packed for begun in self._begun) > rate * seconds

    def _reason(self, preset: Preset, *, is_known: bool) -> Reason:
        if not self._costs.data_shrink:
            return Reason.INCOMPRESSIBLE
        if not is_known or self.choice is None:
            return Reason.START
        dearer = self._costs.seconds(preset) >= self._costs.seconds(self.choice.preset)
        return Reason.LINK_BEHIND if dearer else Reason.PACKING_BEHIND


class _Probing:
    """Says when LZMA2 is tried on a block of data that do not shrink, to see whether they do by now.

    That is, each time twice as many were deflated in vain as the last time, and only while the link has
    enough to do, so that it costs little, however long this lasts. A link that is never behind gains nothing.
    """

    def __init__(self) -> None:
        self._count, self._next = 0, _PROBE_AFTER

    def is_due(self, in_vain: bool, has_time: bool) -> bool:
        """Whether to do so with the next block; `in_vain` says whether Deflate would be all in vain,
        `has_time` whether the link would not rest meanwhile.
        """
        if not in_vain:
            self._count, self._next = 0, _PROBE_AFTER
            return False
        self._count += 1
        if self._count <= self._next or not has_time:
            return False
        self._next = 2 * self._count
        return True


@dataclass(frozen=True, slots=True)
class _Moment:
    """How far a plan has come: seconds from now."""

    free: Sequence[float]
    """When each packer has nothing more to do, as a heap."""
    ready: float
    """When the last block is packed."""
    sent: float
    """When it is acknowledged."""
    effort: float = 0.0
    """Seconds of packing."""
    sending: float = 0.0
    """Seconds of sending."""


class _Table:
    """Where plans are played through.

    Args:
        costs: what presets cost and save.
        threads: pieces packed at the same time.
        rate: of the link, in bytes per second.
        read_back: as for `Pacing`.
        size: of the first piece, in bytes.
        left: bytes after it.
    """

    def __init__(
        self, costs: Costs, threads: int, rate: float, read_back: float, size: int, left: int
    ) -> None:
        self._costs = costs
        self._threads = threads
        self._rate = rate
        self._read_back = read_back
        count = min(-(-left // BLOCK_SIZE), _PIECES)
        self._pieces = [float(size)] + [left / count] * count if count else [float(size)]
        self._stages = sorted({1, *(1 + -(-count * part // 4) for part in (1, 2, 3, 4))})

    def lay(self, waiting: int, begun: Sequence[tuple[float, float]]) -> _Moment:
        """The moment at which plans begin: `waiting` bytes to send, and blocks with their ends and sizes."""
        ready, sent = 0.0, waiting / self._rate
        for end, packed in begun:
            ready = max(ready, end)
            sent = max(sent, ready) + packed / self._rate
        # One packer is free, or nobody would ask; of the others the ones that end last are still at work.
        busy = sorted(max(0.0, end) for end, _ in begun)[-(self._threads - 1) :] if self._threads > 1 else []
        free = [0.0] * (self._threads - len(busy)) + busy
        return _Moment(free, ready, sent)

    def plans(self, start: _Moment, preset: Preset, after: Sequence[Preset]) -> Iterator[float]:
        """What plans come to that begin with `preset` and go on with one of `after`, for one that changes the
        soonest first.
        """
        moment, done = start, 0
        for stage in self._stages:
            moment, done = self._play(moment, preset, done, stage), stage
            yield min(self._score(self._play(moment, rest, done, len(self._pieces))) for rest in after)

    def _play(self, moment: _Moment, preset: Preset, begin: int, end: int) -> _Moment:
        seconds, share = self._costs.seconds(preset), self._costs.share(preset) / self._rate
        free, ready, sent = list(moment.free), moment.ready, moment.sent
        for piece in self._pieces[begin:end]:
            packed = free[0] + piece * seconds
            heapq.heapreplace(free, packed)
            ready = max(ready, packed)
            sent = max(sent, ready) + piece * share
        size = sum(self._pieces[begin:end])
        return _Moment(free, ready, sent, moment.effort + size * seconds, moment.sending + size * share)

    def _score(self, moment: _Moment) -> float:
        idle = _EFFORT * moment.effort / self._threads
        return moment.sent + idle + self._read_back * moment.sending
