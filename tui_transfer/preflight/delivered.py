"""Whether a database was handed over already, and is still what was handed over then.

The evidence is what the job itself noted when it began to read: the name, size and time of last change of
every file. Jobs of before that was noted tell that they delivered, and not whether anything changed since.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tui_transfer import french
from tui_transfer.archive.companions import AS_KNOWN, main_of
from tui_transfer.archive.source import summarize
from tui_transfer.errors import TransferError
from tui_transfer.job.deliveries import deliveries_of
from tui_transfer.job.state import VERIFIED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from tui_transfer.archive.companions import Selection
    from tui_transfer.archive.source import Summary
    from tui_transfer.job.deliveries import Delivery, Place
    from tui_transfer.job.reading import Jobs
    from tui_transfer.settings.config import ShareboxSettings

Database = tuple[str, Path]
"""A name and an absolute path."""


@dataclass(frozen=True)
class HandedOver:
    """The last time that a database was handed over to a Sharebox.

    Attributes:
        at: when.
        verified: whether its content was compared there.
        unchanged: whether no file of it was written to since; None where that cannot be told.
    """

    at: datetime
    verified: bool
    unchanged: bool | None

    @property
    def sentence(self) -> str:
        """The same in French, to follow the database's name."""
        how = "" if self.verified else ", sans pouvoir être vérifiée"
        return f"remise le {french.moment(self.at)}{how}{_SINCE[self.unchanged]}"

    @property
    def short(self) -> str:
        """The same with a date in figures, for a line that has to be short."""
        since = _SINCE[self.unchanged].removesuffix(" depuis")
        return f"remise le {french.short_moment(self.at).split()[0]}{since}"


_SINCE: Final = {True: ", inchangée depuis", False: ", modifiée depuis", None: ""}


def handed_over(
    databases: Sequence[Database],
    looks: Mapping[str, Summary | TransferError | None],
    sharebox: ShareboxSettings,
    deliveries: Mapping[str, Sequence[Delivery]],
) -> dict[str, HandedOver]:
    """By name, the databases that were handed over to `sharebox` before.

    Args:
        databases: which ones.
        looks: what is known of each now.
        sharebox: where they would go; what went elsewhere is not there.
        deliveries: by the path in the job, as `Standing` has them.
    """
    newest: dict[str, Delivery] = {}
    for path, found in deliveries.items():
        for delivery in _at(sharebox.place, found):
            same = _identity(path)
            newest[same] = max(newest.get(same, delivery), delivery, key=lambda item: item.at)
    if not newest:
        return {}
    known = {name: newest.get(_identity(str(path))) for name, path in databases}
    return {name: _compared(delivery, looks.get(name)) for name, delivery in known.items() if delivery}


def find_handed_over(
    jobs: Jobs, databases: Sequence[Database], selected: Mapping[str, Selection], sharebox: ShareboxSettings
) -> dict[str, HandedOver]:
    """The same for whoever has not read the jobs: of those of the databases, the newest are read, and each
    database is looked at. What cannot be read says nothing.
    """
    identity = cache(_identity)
    wanted = {identity(str(path)) for _, path in databases}
    found: dict[str, list[Delivery]] = {}
    with suppress(TransferError):  # where they cannot be listed, no transfer begins either
        for _, follower in jobs.of_database(lambda path: identity(path) in wanted):
            here = () if isinstance(follower, TransferError) else deliveries_of(follower)
            for delivery in _at(sharebox.place, here):
                found.setdefault(delivery.state.path, [delivery])
            if wanted <= {identity(path) for path in found}:
                break
    looks = {name: _look(path, selected.get(name)) for name, path in databases} if found else {}
    return handed_over(databases, looks, sharebox, found)


def _at(place: Place, deliveries: Iterable[Delivery]) -> list[Delivery]:
    return [item for item in deliveries if item.place == place]


def _look(path: Path, selection: Selection | None) -> Summary | TransferError:
    try:
        return summarize(path, selection or AS_KNOWN)
    except TransferError as error:
        return error


def _identity(path: str) -> str:
    """What tells one database from another, whichever of its files and links a path goes by."""
    return os.path.realpath(main_of(Path(path)))


def _compared(delivery: Delivery, look: Summary | TransferError | None) -> HandedOver:
    unchanged = None
    if delivery.stamps and look is not None and not isinstance(look, TransferError):
        unchanged = look.stamps == delivery.stamps
    return HandedOver(at=delivery.at, verified=delivery.state.verified in VERIFIED, unchanged=unchanged)
