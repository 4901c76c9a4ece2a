"""What a job that was given up left on the Sharebox, and taking it away."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import msgspec
from paramiko import sftp as protocol

from tui_transfer.job import control
from tui_transfer.sharebox.delivery.part import PART
from tui_transfer.sharebox.sftp.session import SftpError
from tui_transfer.worker.connector import Connector
from tui_transfer.worker.diary import owns_names
from tui_transfer.worker.manifest import manifest_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_transfer.job.control import Follower
    from tui_transfer.job.orders import Orders
    from tui_transfer.job.state import JobState
    from tui_transfer.settings.config import ShareboxSettings
    from tui_transfer.sharebox.ssh.sharebox import Sharebox
    from tui_transfer.system.cancellation import Cancellation


def leftovers(state: JobState) -> list[str]:
    """The partial files that the job may have left: of its own making, and none that it delivered."""
    return [
        name + PART
        for database in state.databases
        if not database.delivered and owns_names(database)
        for name in (database.archive, manifest_name(database.archive))
    ]


def discard(
    follower: Follower,
    make_orders: Callable[[], Orders],
    removed: Callable[[str], object],
    cancellation: Cancellation,
) -> None:
    """Removes a job, the Sharebox first: as long as something is left there, the job tells of it.

    Args:
        follower: the job.
        make_orders: gives what to connect with; called once no worker can take the job any more.
        removed: is told each name that was removed from the Sharebox.
        cancellation: ends it, whatever it waits for; the job is kept then.

    Raises:
        TransferError: what `control.remove` and `remove_leftovers` raise; the job is kept then.
    """

    def clean_sharebox() -> None:
        for name in remove_leftovers(follower.state, make_orders(), cancellation):
            removed(name)

    control.remove(follower.job, clean_sharebox)


def remove_leftovers(state: JobState, orders: Orders, cancellation: Cancellation) -> list[str]:
    """Removes the job's partial files from the Sharebox; gives the names of those that were there.

    Raises:
        TransferError: what `Connector.open` raises; what the server refuses.
    """
    with closing(Connector(_as_mended(state, orders), orders, lambda _: None, cancellation)) as connector:
        sharebox = connector.open()
        return [name for name in leftovers(state) if _remove(sharebox, name)]


def _as_mended(state: JobState, orders: Orders) -> JobState:
    """Takes up another key from the settings of now, as long as they name the place where the files lie."""
    then, now = state.sharebox, orders.sharebox
    if now is None or _place(now) != _place(then):
        return state
    return msgspec.structs.replace(state, sharebox=now)


def _place(sharebox: ShareboxSettings) -> tuple[object, ...]:
    return sharebox.host, sharebox.port, sharebox.username, sharebox.directory


def _remove(sharebox: Sharebox, name: str) -> bool:
    path = sharebox.path(name)
    with sharebox.refusals("suppression de", path):
        try:
            sharebox.sftp.remove(path)
        except SftpError as error:
            if error.code == protocol.SFTP_NO_SUCH_FILE:
                return False
            raise
    return True
