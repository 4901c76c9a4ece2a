"""Where one stands with all jobs of a home: what goes on, what is not finished, what is still to be told.

A later success hides nothing: what was begun and not brought to its end stays in the list until it is, or
until a person removes it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tui_transfer.errors import TransferError
from tui_transfer.job import report_mark
from tui_transfer.job.deliveries import deliveries_of, last_deliveries

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tui_transfer.job.control import Follower
    from tui_transfer.job.deliveries import Delivery, Place
    from tui_transfer.job.reading import Reading
    from tui_transfer.job.report_mark import ReportMark


@dataclass(frozen=True)
class Standing:
    """What the jobs of a home add up to; all lists have the newest first.

    Attributes:
        running: the job that is being worked at.
        unfinished: the others that are not at their end, and can be gone on with.
        overtaken: the names of those of them whose databases were all delivered by later jobs.
        unsent: jobs at their end whose report was not said to be sent. Where a later job delivered the same
            databases to the same place, its report tells of them, and the earlier job is left out.
        sent: the last job whose report was said to be sent, and who said so.
        finished: the last job that is at its end.
        damaged: the names of jobs that cannot be read, and why.
        deliveries: by the path of a database, its last delivery to each place.
        count: how many jobs there are.
    """

    running: Follower | None = None
    unfinished: tuple[Follower, ...] = ()
    overtaken: frozenset[str] = frozenset()
    unsent: tuple[Follower, ...] = ()
    sent: tuple[Follower, ReportMark] | None = None
    finished: Follower | None = None
    damaged: tuple[tuple[str, TransferError], ...] = ()
    deliveries: Mapping[str, Sequence[Delivery]] = field(default_factory=dict)
    count: int = 0


def standing(readings: Sequence[Reading]) -> Standing:
    """What `Jobs.look` found, as a whole. It reads the marks of reports."""
    running: Follower | None = None
    finished: Follower | None = None
    sent: tuple[Follower, ReportMark] | None = None
    unfinished, overtaken, unsent, damaged = [], set(), [], []
    told: set[tuple[str, Place]] = set()
    """What later jobs that are at their end delivered, and where."""
    delivered: set[str] = set()
    """What later jobs delivered, wherever."""
    for entry, found in readings:
        if isinstance(found, TransferError):
            damaged.append((entry.name, found))
            continue
        here = {(item.state.path, item.place) for item in deliveries_of(found)}
        if found.running:
            running = running or found
        elif found.succeeded:
            finished = finished or found
            mark = report_mark.sent(found.job)
            if mark is not None:
                sent = sent or (found, mark)
            elif not here <= told:
                unsent.append(found)
            told |= here
        else:
            unfinished.append(found)
            if {item.path for item in found.state.databases if not item.delivered} <= delivered:
                overtaken.add(found.job.id)
        delivered |= {path for path, _ in here}
    return Standing(
        running=running,
        unfinished=tuple(unfinished),
        overtaken=frozenset(overtaken),
        unsent=tuple(unsent),
        sent=sent,
        finished=finished,
        damaged=tuple(damaged),
        deliveries=last_deliveries(readings),
        count=len(readings),
    )
