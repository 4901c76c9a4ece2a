"""Keeps what the Sharebox puts beside what was sent: a file that says what became of it."""

from __future__ import annotations

import re
from contextlib import closing
from typing import TYPE_CHECKING, Final

from tui_transfer.job.beside import names_beside
from tui_transfer.report.receipts import ReceiptFiles
from tui_transfer.sharebox.delivery.answers import LARGEST, MOST, find_answers
from tui_transfer.system.files import UnfitFileError, disk_errors, read_file, write_private
from tui_transfer.worker.connector import Connector
from tui_transfer.worker.leftovers import at_destination

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tui_transfer.job.orders import Orders
    from tui_transfer.job.spec import JobSpec
    from tui_transfer.job.state import JobState
    from tui_transfer.settings.config import ShareboxSettings
    from tui_transfer.sharebox.ssh.sharebox import Sharebox
    from tui_transfer.system.cancellation import Cancellation

_UNFIT: Final = re.compile(r"[^A-Za-z0-9._-]+")
"""What not every file system takes in a name, or what leads elsewhere."""


def keep_answers(sharebox: Sharebox, spec: JobSpec, receipts: Path) -> list[Path]:
    """Fetches the answers to a job that are in the folder of the Sharebox, and keeps those that are new.

    Nothing that is kept is ever replaced: an answer that has changed is kept beside the one of before.

    Returns:
        The files that were written.

    Raises:
        TransferError: CONNECTION_LOST, INTERRUPTED; DISK_FULL or DISK_UNWRITABLE.
    """
    folder = ReceiptFiles.of(receipts, spec.id).answers_folder
    ours = {item.archive: names_beside(item.archive) for item in spec.databases}
    written = []
    for name, content in find_answers(sharebox, ours):
        for file in _places(folder, name):
            kept = _kept(file)
            if kept == content:
                break
            if kept is None:
                write_private(file, content)
                written.append(file)
                break
    return written


def fetch_answers(
    state: JobState,
    destination: ShareboxSettings,
    orders: Orders,
    receipts: Path,
    cancellation: Cancellation,
) -> list[Path]:
    """Connects to a destination of a delivered job, and does the same.

    Raises:
        TransferError: what `Connector.open` and `keep_answers` raise.
    """
    there = at_destination(state, destination, orders)
    with closing(Connector(there, orders, lambda _: None, cancellation)) as connector:
        return keep_answers(connector.open(), state.spec, receipts)


def _places(folder: Path, name: str) -> Iterator[Path]:
    """Where an answer of that name may be kept: in this folder and nowhere else, in their order."""
    fit = _UNFIT.sub("_", name).rstrip(".")
    yield folder / fit
    for number in range(2, MOST + 1):
        yield folder / f"{fit}.{number}"


def _kept(file: Path) -> bytes | None:
    """What is there under that name; None for nothing. Whatever is no answer of ours is left alone."""
    with disk_errors(file):
        try:
            return read_file(file, LARGEST)
        except FileNotFoundError:
            return None
        except UnfitFileError:
            return b""
