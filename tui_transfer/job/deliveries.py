"""What was handed over of a database the last time, as the jobs of this machine tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_transfer.errors import TransferError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from tui_transfer.job.control import Entry, Follower
    from tui_transfer.job.state import DatabaseState


Place = tuple[str, int, str, str]
"""As `ShareboxSettings.place`."""


@dataclass(frozen=True)
class Delivery:
    """A database that a job delivered.

    Attributes:
        job: the job's name.
        at: when it was.
        place: where to.
        state: what is known of it.
    """

    job: str
    at: datetime
    place: Place
    state: DatabaseState

    @property
    def stamps(self) -> str:
        """Of what was read; empty where that is not known, or where the archive is of an earlier state."""
        found = self.state.found
        return "" if found is None else found.stamps


def deliveries_of(follower: Follower) -> list[Delivery]:
    """What a job delivered so far, whether or not it is at its end."""
    state = follower.state
    return [
        Delivery(
            job=follower.job.id,
            at=item.delivered_at or state.ended_at or follower.job.spec.created_at,
            place=(item.destination or state.sharebox).place,
            state=item,
        )
        for item in state.databases
        if item.delivered
    ]


def last_deliveries(jobs: Iterable[tuple[Entry, Follower | TransferError]]) -> dict[str, list[Delivery]]:
    """By the path in the job: the last delivery to each place, the newest first.

    `jobs` come with the newest first; those that cannot be read are passed over.
    """
    found: dict[str, list[Delivery]] = {}
    for _, follower in jobs:
        if isinstance(follower, TransferError):
            continue
        for delivery in deliveries_of(follower):
            others = found.setdefault(delivery.state.path, [])
            if all(other.place != delivery.place for other in others):
                others.append(delivery)
    return found
