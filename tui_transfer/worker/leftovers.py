"""What a job that was given up left on the Sharebox, and taking it away."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
from paramiko import sftp as protocol

from tui_transfer.errors import Problem, TransferError
from tui_transfer.job import control
from tui_transfer.job.beside import names_beside
from tui_transfer.report.message import describe_destination
from tui_transfer.sharebox.delivery.part import PART
from tui_transfer.sharebox.delivery.sighting import find
from tui_transfer.sharebox.sftp.session import SftpError
from tui_transfer.worker.connector import Connector

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_transfer.job.control import Follower
    from tui_transfer.job.orders import Orders
    from tui_transfer.job.state import JobState
    from tui_transfer.settings.config import ShareboxSettings
    from tui_transfer.sharebox.ssh.sharebox import Sharebox
    from tui_transfer.system.cancellation import Cancellation


@dataclass(frozen=True)
class Leftovers:
    """What a job may have left at one destination.

    Attributes:
        sharebox: the destination, with the key that it showed.
        names: of partial files of its own making, and none that it delivered.
    """

    sharebox: ShareboxSettings
    names: tuple[str, ...]

    @property
    def where(self) -> str:
        """The destination, in French."""
        return describe_destination(self.sharebox)

    @property
    def told(self) -> list[str]:
        """The names that a person is told, in French: an archive's stands for all that may lie beside it."""
        final = {name: name.removesuffix(PART) for name in self.names}
        beside = {
            name: [other for other in self.names if _lies_beside(final[other], final[name])] for name in final
        }
        followers = {name for names in beside.values() for name in names}
        return [
            f"{name}, et ce qui l’accompagne" if beside[name] else name
            for name in self.names
            if name not in followers
        ]


def _lies_beside(name: str, archive: str) -> bool:
    return name in names_beside(archive)


def leftovers_by_place(state: JobState) -> list[Leftovers]:
    """What the job may have left, at every destination that it sent anything to."""
    shareboxes: dict[tuple[object, ...], ShareboxSettings] = {}
    names: dict[tuple[object, ...], list[str]] = {}
    for database in state.databases:
        every = [database.archive, *names_beside(database.archive)]
        left: list[tuple[ShareboxSettings, list[str]]] = []
        if database.refused:
            left.append((database.destination or state.destination, list(database.refused)))
        elif database.owns_names and not database.delivered:
            left.append((state.destination, every))
        left += [(other.sharebox, every) for other in database.elsewhere]
        for sharebox, ours in left:
            shareboxes[sharebox.place] = sharebox
            found = names.setdefault(sharebox.place, [])
            found.extend(name + PART for name in ours)
            if not sharebox.temporary_names:
                found.extend(ours)
    return [Leftovers(sharebox, tuple(names[place])) for place, sharebox in shareboxes.items()]


def leftovers(state: JobState) -> list[str]:
    """The partial files that the job may have left, wherever."""
    return list(dict.fromkeys(name for left in leftovers_by_place(state) for name in left.names))


def discard(
    follower: Follower,
    make_orders: Callable[[ShareboxSettings], Orders],
    removed: Callable[[str], object],
    cancellation: Cancellation,
    unreached: Callable[[Leftovers, TransferError], object] = lambda *_: None,
) -> None:
    """Removes a job, what it left on the Sharebox first: as long as something is left there, the job tells of
    it. A destination that cannot be reached keeps none of the others from being cleaned.

    Args:
        follower: the job.
        make_orders: gives what to connect to a destination with; called once no worker can take the job any
            more. Their `sharebox` is what the settings have now.
        removed: is told each name that was removed from the Sharebox.
        cancellation: ends it, whatever it waits for; the job is kept then.
        unreached: is told each destination that could not be cleaned.

    Raises:
        TransferError: what `control.remove` raises, and `remove_leftovers` first did; the job is kept then.
    """

    def clean_sharebox() -> None:
        failures = []
        for left in leftovers_by_place(follower.state):
            try:
                for name in remove_leftovers(follower.state, left, make_orders(left.sharebox), cancellation):
                    removed(name)
            except TransferError as error:
                failures.append(error)
                unreached(left, error)
        if failures:
            raise failures[0]

    control.remove(follower.job, clean_sharebox)


def remove_leftovers(
    state: JobState, left: Leftovers, orders: Orders, cancellation: Cancellation
) -> list[str]:
    """Removes partial files from one destination; gives the names of those that were there.

    Raises:
        TransferError: what `Connector.open` raises; what the server refuses.
    """
    there = at_destination(state, left.sharebox, orders)
    with closing(Connector(there, orders, lambda _: None, cancellation)) as connector:
        sharebox = connector.open()
        return [name for name in left.names if _remove(sharebox, name)]


def at_destination(state: JobState, sharebox: ShareboxSettings, orders: Orders) -> JobState:
    """The job as if it went to that destination; by another key that the settings of now name for it."""
    if orders.sharebox is not None and orders.sharebox.place == sharebox.place:
        mended = orders.sharebox
        sharebox = mended if mended.host_key else msgspec.structs.replace(mended, host_key=sharebox.host_key)
    route = state.route if sharebox.host == state.sharebox.host else None
    return msgspec.structs.replace(state, sharebox=sharebox, host_key=None, route=route)


def _remove(sharebox: Sharebox, name: str) -> bool:
    path = sharebox.path(name)
    with sharebox.refusals("suppression de", path):
        try:
            sharebox.sftp.remove(path)
        except SftpError as error:
            if error.code == protocol.SFTP_NO_SUCH_FILE or find(sharebox, path).is_nothing:
                return False  # a server may refuse the name itself, which nothing of ours has then
            raise
    # As with renaming: what counts is what is seen, whatever the server said.
    if find(sharebox, path).is_something:
        reason = "le serveur dit l’avoir faite, et le fichier est toujours là"
        raise TransferError(Problem.SHAREBOX_REFUSED, operation="suppression de", path=path, reason=reason)
    return True
