"""Progress, rate and time left of a job: a pure fold over its events and states.

One prediction serves all three: the seconds that are left, as the worker goes about it. A thread packs the
databases in turn, another sends them as they grow, a third reads back what arrived and puts beside it what
tells of it; each has its pace, which is measured, and its bytes, which are counted or expected.

Progress is the share of that which is done. It moves with what is done alone: with each step the share that
this step has of what was left is added, both by the same measure. So it never falls, neither where more
turns out to be left than was thought nor where something has to be sent once more, it goes on from where it
stands, and is whole when nothing is left.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec.structs import replace

from tui_transfer.job.events import Measure
from tui_transfer.job.state import JobState, JobStatus, Step

if TYPE_CHECKING:
    from tui_transfer.job.events import Event
    from tui_transfer.job.state import DatabaseState

_MEMORY: Final = 12.0
"""Seconds after which what was measured counts a third: steady, and soon right on a line that slows down."""
_PACKING_MEMORY: Final = 20.0
"""Blocks are packed some at a time, so that their bytes come in lumps."""
_LUMP: Final = 1.0
"""Seconds between two lumps, at least."""
_SHORTEST: Final = 2.0
"""Seconds before a pace is told: the first one, of a burst or a beginning, is far off."""
_KEPT: Final = 3.0
"""Seconds that a pace of before counts for where something begins anew."""
_INTERVAL: Final = 2.0
"""Seconds within which measures are reckoned with once: of a long transfer there are many."""
_SILENCE: Final = 10.0
"""Seconds without an event after which nobody can tell how it goes on."""
_READS_BACK: Final = "read-back"
_ALL: Final = 1 << 62
_LAG: Final = 250_000
"""Bytes: more than are under way, to and fro, where reading back keeps up with sending."""
_RATIO: Final = 0.25
"""Of an archive's size to its database's, until some of it is packed."""
_RECENT: Final = 1 / 12
"""Of a database: what was packed of it before counts a third for what is left. Few are alike all through."""
_RECENT_LEAST: Final = 8 << 20
_BLOCK: Final = 8 << 20
"""Bytes that are packed at a time; what the last ones become is sent once they are."""
_WAITS: Final = 1.1
"""Of the time that sending takes, that of packing at most, where the presets are chosen so that both end
together."""
_BEHIND: Final = 0.87
"""Of the pace of sending, that of reading back where it lags behind: answers come one after another, so that
a line that carries less back keeps sending from being faster by much."""
_ASSUMED: Final = 1e6
"""Bytes a second of what was not measured yet: a line is taken to be as fast both ways."""
_ASSUMED_PACKING: Final = 20e6
_BELIEVED: Final = 12e6
"""Bytes that were packed lately before that tells how fast it goes: the first blocks are small."""
_HASHED: Final = 200e6
"""Bytes a second that a server hashes."""
_ASIDE: Final = 0.05
"""How much of progress is everything that is done, whether anything waits for it or not. Otherwise packing
would not be seen as long as there is no connection."""
_NEARLY: Final = 0.995


class Pace(msgspec.Struct, frozen=True):
    """Bytes over seconds; what was longer ago counts less and less."""

    count: float = 0.0
    seconds: float = 0.0

    def after(self, seconds: float, count: float, memory: float = _MEMORY) -> Pace:
        """The pace after `count` more bytes in `seconds` more. It is measured from the first bytes on."""
        if count <= 0 and not self.count:
            return self
        kept = math.exp(-seconds / memory)
        return Pace(self.count * kept + count, self.seconds * kept + seconds)

    def known_before(self) -> Pace:
        """The pace where something begins anew, which soon counts more than what was before."""
        share = min(1.0, _KEPT / self.seconds) if self.seconds else 1.0
        return Pace(self.count * share, self.seconds * share)

    @property
    def rate(self) -> float | None:
        """Bytes a second; None until that is known."""
        return self.count / self.seconds if self.seconds >= _SHORTEST and self.count else None


class _Course(msgspec.Struct, frozen=True, gc=False):
    """By what is predicted: paces in bytes a second, and how much longer archives are than was expected."""

    packing: float
    since: float
    """Seconds for which the blocks have been packed that come next."""
    sending: float
    reading: float
    ratio: float
    reads_after: int
    overlaps: bool


class _Parts(msgspec.Struct, frozen=True, gc=False):
    """Seconds of one database: each thing that is left to be done with it, by itself."""

    packing: float = 0.0
    checking: float = 0.0
    """What an earlier worker sent is compared before the rest is sent."""
    sending: float = 0.0
    tail: float = 0.0
    """Sending what was packed last."""
    reading: float = 0.0
    """While the rest is sent."""
    after: float = 0.0

    @property
    def sum(self) -> float:
        return min(self.packing, self.sending) + self.checking + self.sending + self.reading + self.after

    @property
    def alone(self) -> float:
        """Until it is done, where there is nothing else to do, and packing is no hindrance."""
        return self.checking + max(self.sending, self.reading) + self.after


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """What can be told of a job's course after some of its events.

    Attributes:
        share: of the whole that is done, from 0 to 1, which is the end.
        shares: the same of each database, by itself.
    """

    share: float = 0.0
    shares: tuple[float, ...]
    _at: float = 0.0
    _state: JobState
    _latest: tuple[float, JobState] | None = None
    """What has come since, and nobody has asked for yet."""
    _left: float | None = None
    _shown: Pace = Pace()
    _packing: Pace = Pace()
    _sending: Pace = Pace()
    _reading: Pace = Pace()
    _since: float = 0.0
    """Seconds since some of a database was packed."""
    _lump: float = 0.0
    _lasted: float = 0.0
    """Bytes of it that were packed about then, and seconds since the first of them were."""
    _ratio: Pace = Pace()
    """Bytes of the archive over what was expected of them."""
    _overlaps: bool = True

    @classmethod
    def begin(cls, state: JobState) -> Progress:
        """What can be told before anything has happened, `state` being the job's then."""
        return cls(shares=(0.0,) * len(state.databases), _state=state)

    def after(self, event: Event, state: JobState) -> Progress:
        """What can be told after one more event, `state` being the job's after it."""
        at = event.at.timestamp()
        later = replace(self, _latest=(at, state))
        is_soon = isinstance(event, Measure) and at // _INTERVAL == self._at // _INTERVAL
        return later if is_soon else later._reckoned()

    def told(self, before: Progress | None = None) -> Progress:
        """What a view tells now, with all that has come: never less than it told `before`."""
        told = self._reckoned()
        if before is None:
            return told
        shares = tuple(map(max, told.shares, before.shares))
        return replace(told, share=max(told.share, before.share), shares=shares)

    def _reckoned(self) -> Progress:
        if self._latest is None:
            return self
        (at, state), before = self._latest, self._state
        measured = self._measured(before, state, max(0.0, at - self._at))
        course = measured._course(state)
        share, shares = measured._advanced(before, state, course)
        is_known = measured._sending.rate or measured._reading.rate
        goes_on = state.status is JobStatus.RUNNING and state.waiting is None and state.question is None
        left = _left([_parts(item, course) for item in state.databases], course)
        return replace(
            measured,
            share=share,
            shares=shares,
            _at=at,
            _state=state,
            _latest=None,
            _left=left if is_known and goes_on and _sizes_are_known(state) else None,
        )

    def left(self, now: float) -> float | None:
        """Seconds until all is done, as of `now` (seconds since 1970); None while that cannot be told."""
        if self._left is None:
            return None
        silent = max(0.0, now - self._at)
        left = self._left - silent
        return left if silent <= _SILENCE and left > 0 else None

    def rate(self, now: float) -> float | None:
        """Bytes a second of what goes over the line; None while that is not known."""
        goes_on = self._left is not None and now - self._at <= _SILENCE
        return self._shown.rate if goes_on else None

    # ── What is measured ──────────────────────────────────────

    def _measured(self, before: JobState, state: JobState, seconds: float) -> Progress:
        if before.worker_pid != state.worker_pid:
            return replace(
                self,
                _shown=Pace(),
                _packing=Pace(),
                _since=0.0,
                _lump=0.0,
                _lasted=0.0,
                _sending=self._sending.known_before(),
                _reading=self._reading.known_before(),
            )
        if before.waiting is not None or before.status is not JobStatus.RUNNING:
            return self
        packing, sending, reading, shown = self._packing, self._sending, self._reading, self._shown
        ratio, since, lump, lasted = self._ratio, self._since, self._lump, self._lasted
        pairs = list(zip(before.databases, state.databases, strict=True))
        for old, new in pairs:
            if new.read > old.read and not _is_stored(old, new):
                expected = _shrunk(new, old.read, new.read)
                memory = _shrunk(new, 0, new.size or 0) * max(_RECENT, _RECENT_LEAST / (new.size or 1))
                ratio = ratio.after(expected, max(0, new.packed - old.packed), max(1.0, memory))
        if any(item.compression is Step.RUNNING for item in before.databases):
            read = sum(max(0, new.read - old.read) for old, new in pairs)
            # From when it is packed on: before, a copy of it may be made.
            since = since + seconds if any(new.read for _, new in pairs) else 0.0
            lasted += seconds
            if read and since >= _LUMP:  # blocks come some at a time: their time is until the next ones come
                packing, lump, lasted = packing.after(lasted, lump, _PACKING_MEMORY), 0.0, 0.0
            lump += read
            since = 0.0 if read else since
        else:
            since = lump = lasted = 0.0
        if _is_sending(before):
            ways = 2 if _reads_after(state) else 1  # what lies beside an archive is read back at once
            sent = sum(max(0, _sent(new, ways) - _sent(old, ways)) for old, new in pairs)
            shown = shown.after(seconds, sent)
            sending = sending.after(_busy(seconds, sent, sending.rate, before), sent)
            if any(new.read_back and not old.read_back for old, new in pairs):
                sending = sending.known_before()  # what is read back may slow down what is sent
        # What is read in places while the next one is sent comes more slowly than all else does.
        if _is_verifying(before) and (_reads_after(state) == _ALL or not _is_sending(before)):
            back = sum(max(0, _read(new) - _read(old)) for old, new in pairs)
            if back and not reading.count:  # what was under way already comes at once
                reading = sending.known_before()
            reading = reading.after(seconds, back)
            if not _is_sending(before):
                shown = shown.after(seconds, back)
        overlaps = self._overlaps
        if any(item.transfer is Step.VERIFYING for item in state.databases):
            overlaps = _is_sending(state) or (overlaps and not _holds_back(state))
        return replace(
            self,
            _packing=packing,
            _since=since,
            _lump=lump,
            _lasted=lasted,
            _sending=sending,
            _reading=reading,
            _shown=shown,
            _ratio=ratio,
            _overlaps=overlaps,
        )

    def _course(self, state: JobState) -> _Course:
        sending, reading = self._sending.rate, self._reading.rate
        ratio = self._ratio.count / self._ratio.seconds if self._ratio.seconds else 1.0
        return _Course(
            self._packing.rate
            if self._packing.rate and self._packing.count >= _BELIEVED
            else _ASSUMED_PACKING,
            self._since,
            sending or reading or _ASSUMED,
            reading or (sending or _ASSUMED) * (_BEHIND if _is_behind(state) else 1.0),
            ratio,
            _reads_after(state),
            self._overlaps,
        )

    # ── What is done ──────────────────────────────────────────

    def _advanced(
        self, before: JobState, state: JobState, course: _Course
    ) -> tuple[float, tuple[float, ...]]:
        """The shares after a step, which is measured by one course from both its ends."""
        news = [_parts(item, course) for item in state.databases]
        olds = [
            new if former is item else _parts(former, course, item)
            for new, item, former in zip(news, state.databases, before.databases, strict=True)
        ]
        shares = tuple(
            1.0 if item.delivered else _moved(share, old.alone, new.alone, old.sum, new.sum)
            for share, item, old, new in zip(self.shares, state.databases, olds, news, strict=True)
        )
        if state.status is JobStatus.SUCCEEDED:
            return 1.0, shares
        sums = sum(parts.sum for parts in olds), sum(parts.sum for parts in news)
        # How long packing takes is known least: where it is waited for, what is sent tells how far that is.
        before_, after_ = (
            _left([replace(parts, packing=0.0) for parts in all_], course) for all_ in (olds, news)
        )
        return _moved(self.share, before_, after_, *sums), shares


def _moved(share: float, before: float, after: float, sum_before: float, sum_after: float) -> float:
    """The share after a step that leaves `after` of what took `before`, and of all things together."""
    before, after = before + _ASIDE * sum_before, after + _ASIDE * sum_after
    if after >= before:
        return share
    return max(share, min(_NEARLY, 1.0 - (1.0 - share) * after / before))


def _busy(seconds: float, sent: float, rate: float | None, before: JobState) -> float:
    """For how long of `seconds` the line had something to carry: where all that is packed is sent, it waits
    for more, and is as fast as it was.
    """
    has_more = any(
        item.transfer is Step.RUNNING and item.acknowledged < item.packed for item in before.databases
    )
    return seconds if has_more or not rate else min(seconds, sent / rate)


def _is_sending(state: JobState) -> bool:
    """Whether something goes to the Sharebox; what is there, and waits to be verified, does not."""
    return any(item.transfer is Step.RUNNING and not item.is_sent for item in state.databases)


def _is_verifying(state: JobState) -> bool:
    """Whether something is being read back by itself."""
    return any(
        item.transfer is Step.VERIFYING and item.reads_after != 0 and item.checked < item.to_check
        for item in state.databases
    )


def _is_behind(state: JobState) -> bool:
    """Whether reading back what is being sent lags behind that."""
    return any(
        item.transfer is Step.RUNNING
        and item.read_back
        and item.acknowledged - item.read_back > _LAG + (item.reads_after or 0)
        for item in state.databases
    )


def _holds_back(state: JobState) -> bool:
    """Whether what could be sent waits, and nothing else, although a verification is well under way."""
    steps = {item.transfer for item in state.databases}
    well_under_way = any(item.transfer is Step.VERIFYING and item.checked for item in state.databases)
    ready = any(item.transfer is Step.WAITING and item.packed for item in state.databases)
    return well_under_way and ready and Step.RUNNING not in steps


def _sent(database: DatabaseState, ways: int) -> int:
    """What was there before this worker came was not sent by it."""
    return max(0, database.acknowledged - database.resumed_from) + ways * database.beside_sent


def _read(database: DatabaseState) -> int:
    return database.checked + max(0, database.read_back - database.read_before)


# ── What is left ──────────────────────────────────────────────


def _left(databases: list[_Parts], course: _Course) -> float:
    """Seconds until the last one is done."""
    packed = sent = finished = before = 0.0
    for parts in databases:
        packed += parts.packing
        # One is verified while the next is sent; none is begun before the one before that is done.
        begun = max(sent, before) if course.overlaps else max(sent, finished)
        sent = begun + parts.checking + parts.sending
        if parts.packing:
            sent = max(sent, packed + parts.tail)
        read = max(begun + parts.checking, finished) + parts.reading  # there is one way back for all of them
        before, finished = finished, max(sent, read) + parts.after
    return finished


def _parts(database: DatabaseState, course: _Course, later: DatabaseState | None = None) -> _Parts:
    """What is left of a database; by the sizes known of it `later`, where that is given: what turns out
    to be other than was thought is not done by that.
    """
    known = later or database
    if database.delivered or database.problem is not None:
        return _Parts()
    size = _expected_size(known, course.ratio)
    to_pack = 0 if database.sealed else max(0, (known.size or 0) - database.read)
    to_send = max(0, size - database.acknowledged)
    ways = (course.sending, course.reading) if course.reads_after else (course.sending,)
    beside = sum(max(0, database.beside - database.beside_sent) / way for way in ways)
    checking = reading = after = 0.0
    if database.transfer is Step.VERIFYING and not to_send:
        after = max(0, (database.to_check or size) - database.checked)
    elif not database.sends_beside:
        was_read = max(database.read_back, database.checked)
        if database.transfer is not Step.RUNNING and database.acknowledged > _BLOCK // 256:
            checking = max(0, database.acknowledged - database.checked)
            was_read = max(was_read, database.acknowledged)
        after = min(size, course.reads_after)
        if 0 < course.reads_after < size:  # its ends are read then alone
            reading = max(0, size - was_read - course.reads_after)
    last = _shrunk(known, (known.size or 0) - _BLOCK, known.size or 0) * course.ratio
    tail = min(float(to_send), last) / course.sending
    packing = to_pack / course.packing
    if database.compression is Step.RUNNING:
        packing = max(packing / 2, packing - course.since)
        if database.preset:  # what sending would have to wait for is packed more quickly, or not at all
            packing = min(packing, max(0.0, to_send / course.sending * _WAITS - tail))
    return _Parts(
        packing=packing,
        checking=checking / course.reading,
        sending=to_send / course.sending,
        tail=tail,
        reading=reading / course.reading,
        after=(after / course.reading if course.reads_after else size / _HASHED) + beside,
    )


def _expected_size(database: DatabaseState, ratio: float) -> int:
    """Of its archive: what is packed, and what the rest will be if it shrinks as what was packed last did."""
    if database.sealed:
        return database.packed
    to_come = _shrunk(database, database.read, database.size or 0) * ratio
    return max(database.packed + int(to_come), database.acknowledged)


def _shrunk(database: DatabaseState, start: int, end: int) -> float:
    """What the bytes of a database from `start` to `end` shrink to, as its places let expect."""
    if end <= start:
        return 0.0
    places, size = database.places, database.size
    if not places or not size:
        return (end - start) * _RATIO
    part = size / len(places)
    first, last = int(start / part), min(int(end / part), len(places) - 1)
    return sum(
        max(0.0, min(end, (index + 1) * part) - max(start, index * part)) * places[index] / 1000
        for index in range(first, last + 1)
    )


def _is_stored(old: DatabaseState, new: DatabaseState) -> bool:
    """Whether what was packed was not made smaller, though it could have been: packing had no time for that,
    which tells nothing of the rest.
    """
    read = new.read - old.read
    return new.packed - old.packed > 0.95 * read and 0 < _shrunk(new, old.read, new.read) < 0.8 * read


def _sizes_are_known(state: JobState) -> bool:
    return all(item.size is not None for item in state.databases if item.problem is None)


def _reads_after(state: JobState) -> int:
    """How many bytes of an archive are read once it is sent, at most: as the last one was verified, or as is
    thought of the last that is being sent. Most servers need all of it.
    """
    for database in reversed(state.databases):
        if database.verified is not None and not database.read_meanwhile:
            return _ALL if database.verified == _READS_BACK else 0
        if database.transfer is not Step.WAITING and database.reads_after is not None:
            return database.reads_after
    return _ALL
