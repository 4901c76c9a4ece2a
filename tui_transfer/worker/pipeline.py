"""The work itself: one thread packs the databases in turn, another delivers them as they grow.

Neither waits for the other, so that the whole takes as long as the slower of the two. Whatever was done
by an earlier worker is found again, in the spool and on the Sharebox, and is not done twice.
"""

from __future__ import annotations

import hashlib
import shutil
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tui_transfer.archive.source import summarize
from tui_transfer.archive.writer import write_archive
from tui_transfer.errors import Problem, TransferError
from tui_transfer.files import PRIVATE_FILE, disk_errors, make_private_folder, write_private
from tui_transfer.job import events as ev
from tui_transfer.sharebox.growing import GrowingFile
from tui_transfer.sharebox.publication import put_small
from tui_transfer.sharebox.upload import Stage, deliver
from tui_transfer.worker.connecting import connect
from tui_transfer.worker.manifest import make_manifest, manifest_name
from tui_transfer.worker.recorder import now

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui_transfer.archive.writer import Archive, Progress
    from tui_transfer.job.control import Job
    from tui_transfer.job.orders import Orders
    from tui_transfer.job.state import JobState
    from tui_transfer.sharebox.connection import Sharebox
    from tui_transfer.sharebox.upload import UploadProgress
    from tui_transfer.worker.recorder import Recorder

PRESET: Final = 1
"""LZMA2 preset of every block: faster than all but the fastest links, and within a fifth of the best size."""


class DatabaseError(Exception):
    """A failure that concerns one database: `index` in the job, with `error` as its meaning."""

    def __init__(self, index: int, error: TransferError) -> None:
        self.index = index
        self.error = error
        super().__init__(index, error)


class Shipment:
    """One database on its way: its place in the spool, and its archive as it grows."""

    def __init__(self, job: Job, index: int) -> None:
        self.index = index
        self.spec = job.spec.databases[index]
        self.folder = job.spool / str(index)
        # Never named .7z here: until its last bytes are written it is not an archive.
        self.archive = self.folder / "archive.part"
        self.manifest = self.folder / "manifest.json"
        self.growing = GrowingFile(self.archive)
        self.sha256 = ""
        """Known once the archive is whole."""
        make_private_folder(self.folder)
        with disk_errors(self.archive):
            # There from the start: the deliverer opens it before the packer may have come to it.
            self.archive.touch(PRIVATE_FILE)


class Pipeline:
    """Carries out what is left of a job.

    Args:
        job: its folder.
        state: what its journal tells so far.
        orders: secrets and decisions; they stay in memory.
        recorder: where what happens is told.
        cancelled: set from another thread to end the work within seconds.
    """

    def __init__(
        self, job: Job, state: JobState, orders: Orders, recorder: Recorder, cancelled: threading.Event
    ) -> None:
        self._job = job
        self._state = state
        self._orders = orders
        self._recorder = recorder
        self._cancelled = cancelled
        self._sharebox: Sharebox | None = None

    def run(self) -> None:
        """Packs, sends and verifies every database that is not delivered yet.

        Raises:
            DatabaseError: what stopped one database; those before it are delivered.
            TransferError: what stopped the whole.
        """
        for index, database in enumerate(self._state.databases):
            if database.delivered:
                self._discard(index)
        shipments = [
            Shipment(self._job, index)
            for index, database in enumerate(self._state.databases)
            if not database.delivered
        ]
        with self._packing(shipments), connect(self._state, self._orders, self._recorder) as sharebox:
            self._sharebox = sharebox
            for shipment in shipments:
                self._ship(shipment, sharebox)

    def abort(self) -> None:
        """Makes whatever waits for the network end at once. For another thread."""
        self._cancelled.set()
        if self._sharebox is not None:
            self._sharebox.abort()

    # --- Packing, in a thread of its own ---

    @contextmanager
    def _packing(self, shipments: list[Shipment]) -> Iterator[None]:
        """Packs in the background while the body runs; a failure in the body ends the packing."""
        packer = threading.Thread(target=self._pack_all, args=(shipments,), name="packer")
        packer.start()
        try:
            yield
        except BaseException:
            self._cancelled.set()
            raise
        finally:
            packer.join()

    def _pack_all(self, shipments: list[Shipment]) -> None:
        """Packs in turn; what stops one reaches its delivery through its growing file."""
        for position, shipment in enumerate(shipments):
            try:
                self._pack(shipment)
            except BaseException as error:  # handed over whole to the delivering thread, which raises it
                for rest in shipments[position:]:
                    rest.growing.fail(error)
                return

    def _pack(self, shipment: Shipment) -> None:
        known = self._state.databases[shipment.index]
        if known.sha256 and shipment.manifest.exists() and _is_intact(shipment.archive, known.sha256):
            shipment.sha256 = known.sha256
            shipment.growing.finish(known.packed)
            return
        path = Path(shipment.spec.path)
        summary = summarize(path)
        self._recorder.record(
            ev.ArchiveStarted(
                at=now(),
                database=shipment.index,
                kind=summary.kind,
                size=summary.size,
                files=summary.files,
            )
        )

        def on_progress(progress: Progress) -> None:
            shipment.growing.advance(progress.packed)
            self._recorder.measure(
                ev.ArchiveProgress(
                    at=now(), database=shipment.index, read=progress.read, packed=progress.packed
                )
            )

        archive = write_archive(
            path,
            shipment.archive,
            work=shipment.folder,
            preset=PRESET,
            on_progress=on_progress,
            cancelled=self._cancelled,
        )
        self._seal(shipment, archive)

    def _seal(self, shipment: Shipment, archive: Archive) -> None:
        # The manifest first: once the journal says the archive is whole, both are there.
        write_private(shipment.manifest, make_manifest(self._job.spec, shipment.spec, archive))
        self._recorder.record(
            ev.ArchiveSealed(
                at=now(),
                database=shipment.index,
                size=archive.size,
                sha256=archive.sha256,
                source_size=archive.source_size,
                files=len(archive.entries),
            )
        )
        shipment.sha256 = archive.sha256
        shipment.growing.finish(archive.size)

    # --- Delivering ---

    def _ship(self, shipment: Shipment, sharebox: Sharebox) -> None:
        try:
            delivery = deliver(
                sharebox,
                shipment.growing,
                shipment.spec.archive,
                sha256=lambda: shipment.sha256,
                on_progress=_UploadRecorder(shipment.index, self._recorder),
                cancelled=self._cancelled,
            )
            put_small(sharebox, manifest_name(shipment.spec.archive), shipment.manifest.read_bytes())
        except TransferError as error:
            if self._cancelled.is_set():
                # Cutting the connection is how the work is cancelled: that is not its failure.
                raise TransferError(Problem.INTERRUPTED, reason="À la demande d'une personne") from error
            raise DatabaseError(shipment.index, error) from error
        self._recorder.record(
            ev.Delivered(
                at=now(), database=shipment.index, path=delivery.path, verified=delivery.verification
            )
        )
        self._discard(shipment.index)

    def _discard(self, index: int) -> None:
        """Removes a delivered database's archive from the spool."""
        folder = self._job.spool / str(index)
        if folder.exists():
            with disk_errors(folder):
                shutil.rmtree(folder)


class _UploadRecorder:
    """Turns the uploader's progress into events, the first of which says where it starts from."""

    def __init__(self, index: int, recorder: Recorder) -> None:
        self._index = index
        self._recorder = recorder
        self._sending = False

    def __call__(self, progress: UploadProgress) -> None:
        if progress.stage is Stage.SENDING:
            self._sent(progress.done)
        elif progress.stage in (Stage.CHECKING, Stage.VERIFYING) and progress.total:
            self._recorder.measure(
                ev.VerificationProgress(
                    at=now(), database=self._index, checked=progress.done, total=progress.total
                )
            )

    def _sent(self, acknowledged: int) -> None:
        if not self._sending:
            self._sending = True
            self._recorder.record(ev.UploadStarted(at=now(), database=self._index, offset=acknowledged))
        self._recorder.measure(ev.UploadProgress(at=now(), database=self._index, acknowledged=acknowledged))


def _is_intact(archive: Path, sha256: str) -> bool:
    """Whether an archive that was whole still is: the disk may have lost it or part of it since."""
    with disk_errors(archive), archive.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == sha256
