"""One database on its way, shared by the thread that packs it and the one that delivers it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_transfer.job.remains import ARCHIVE_NAME
from tui_transfer.sharebox.delivery.growing import GrowingFile
from tui_transfer.system.files import PRIVATE_FILE, disk_errors, make_private_folder

if TYPE_CHECKING:
    from tui_transfer.archive.source import Source
    from tui_transfer.job.control import Job


class Shipment:
    """One database on its way: its place in the spool, and its archive as it grows."""

    def __init__(self, job: Job, index: int) -> None:
        self.index = index
        self.spec = job.spec.databases[index]
        self.folder = job.spool / str(index)
        self.archive = self.folder / ARCHIVE_NAME
        self.manifest = self.folder / "manifest.json"
        self.growing = GrowingFile(self.archive)
        self.source: Source | None = None
        """Where the database was listed already, to be packed next."""
        self.sha256 = ""
        """Known once the archive is whole."""
        make_private_folder(self.folder)
        with disk_errors(self.archive):
            # There from the start: the deliverer opens it before the packer may have come to it.
            self.archive.touch(PRIVATE_FILE)

    def space_used(self) -> int:
        """Bytes that its place in the spool takes already.

        Raises:
            TransferError: DISK_UNWRITABLE.
        """
        with disk_errors(self.folder):
            return sum(path.stat().st_size for path in self.folder.iterdir())
