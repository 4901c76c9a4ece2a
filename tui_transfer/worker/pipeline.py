"""The work itself: one thread packs the databases in turn, another sends them as they grow, a third verifies
what has arrived.

None waits for another, so that the whole takes as long as the slowest of them. Whatever was done
by an earlier worker is found again, in the spool and on the Sharebox, and is not done twice.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import threading
from collections import Counter
from contextlib import closing, contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from tui_transfer import french
from tui_transfer.archive.checksums import SpoolPart
from tui_transfer.archive.integrity import Integrity
from tui_transfer.archive.snapshot import remove_snapshot
from tui_transfer.archive.source import list_source, summarize
from tui_transfer.archive.writer import Fixed, cores, write_archive
from tui_transfer.errors import Problem, TransferError, unexpected
from tui_transfer.job import events as ev
from tui_transfer.job.control import list_entries
from tui_transfer.job.history import earlier_delivery
from tui_transfer.job.journal import JournalReader
from tui_transfer.job.state import JobState
from tui_transfer.report.signer import Signer
from tui_transfer.settings.config import Home, data_beside, receipts_beside, servers_beside
from tui_transfer.system import names
from tui_transfer.system.files import disk_errors
from tui_transfer.worker.backoff import Backoff
from tui_transfer.worker.companions import size_beside
from tui_transfer.worker.costs import Costs
from tui_transfer.worker.encryption import Encryption
from tui_transfer.worker.integrity import inspecting
from tui_transfer.worker.listing import make_listing, withheld
from tui_transfer.worker.manifest import Read, encode, make_manifest
from tui_transfer.worker.pacing import Pacer
from tui_transfer.worker.recorder import now
from tui_transfer.worker.shipment import Shipment
from tui_transfer.worker.traffic import Traffic

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tui_transfer.archive.companions import Selection
    from tui_transfer.archive.source import Summary
    from tui_transfer.archive.writer import Archive, PresetPolicy, Progress
    from tui_transfer.job.control import Entry, Job
    from tui_transfer.job.history import Earlier
    from tui_transfer.job.orders import Orders
    from tui_transfer.job.state import DatabaseState, Verified
    from tui_transfer.sharebox.ssh.conversation import Ask
    from tui_transfer.system.cancellation import Cancellation
    from tui_transfer.worker.connector import Connector
    from tui_transfer.worker.recorder import Recorder

_log = logging.getLogger("tui_transfer.worker")

OVERHEAD: Final = 1_000_000
"""Bytes for what a job writes beside its archives."""
_WORTH_FORETELLING: Final = 40.0
"""Seconds that what is left would take to be sent as it is, from which on a person wants to know how long it
takes in truth."""
_MENDINGS: Final = 3
"""How often a database is packed again by one worker because of what the disk did to it."""


class Pipeline:
    """Carries out what is left of a job.

    Args:
        job: its folder.
        state: what its journal tells so far.
        orders: secrets and decisions; they stay in memory.
        recorder: where what happens is told.
        stop: ends the work within seconds.
        ask: asks a person what the Sharebox asks; nobody is there without it.
    """

    def __init__(
        self,
        job: Job,
        state: JobState,
        orders: Orders,
        recorder: Recorder,
        stop: Cancellation,
        ask: Ask | None = None,
    ) -> None:
        self._ask = ask
        self._job = job
        self.signer = Signer(data_beside(job.folder.parent))
        """With the account's key, from when it is known."""
        self._state = state
        self._recorder = recorder
        self._orders = orders
        self._stop = stop
        self._cancelled = threading.Event()
        self._encryption = Encryption(state, orders.archive_password, recorder.record)
        self._traffic = Traffic()
        self._costs = Costs()
        self._mended: Counter[int] = Counter()
        self._told: set[tuple[int, str]] = set()
        """Which parts of which databases' places in the spool were told to be damaged."""

    def run(self) -> None:
        """Packs, sends and verifies every database that is not delivered yet.

        What stops one database is told the journal, and the others go on.

        Raises:
            TransferError: what stopped the whole.
        """
        for index, database in enumerate(self._state.databases):
            if (proof := database.proof(index)) is not None:
                self._discard(proof)
        shipments = [
            Shipment(self._job, index)
            for index, database in enumerate(self._state.databases)
            if not database.delivered
        ]
        try:
            if self._state.needs_passphrase:  # before anything is sent, and while a person may be there
                self._encryption.key_of("")
            self._waive_damage()
            self._check_space(shipments)
            while shipments:
                self._carry_out(shipments)
                shipments = self._to_mend(shipments)
                # What was asked of the Sharebox meanwhile is the ground on which a database is sent again.
                self._state = JobState.fold(self._job.spec, JournalReader(self._job.journal).read())
        finally:
            self.remove_snapshots()

    def _waive_damage(self) -> None:
        """Writes down who decided that what is known to be damaged goes nevertheless."""
        if (waiver := self._orders.damage) is None:
            return
        for index, database in enumerate(self._state.databases):
            found = database.integrity
            if found and found.integrity == Integrity.DAMAGED and database.damage_waiver is None:
                event = ev.DamageWaived(at=now(), database=index, waiver=waiver)
                self._recorder.record(event)
                self._state = self._state.apply(event)

    def _carry_out(self, shipments: list[Shipment]) -> None:
        with (
            self._stop.scope() as work,
            work.ending(self._cancelled.set),
            self._packing(shipments, work),
        ):
            self._deliver(shipments, work)

    def _deliver(self, shipments: list[Shipment], work: Cancellation) -> None:
        # Late: what speaks SSH takes long to load, and a database is being read already.
        from tui_transfer.sharebox.ssh.knowledge import KnownServers
        from tui_transfer.worker.connector import Connector
        from tui_transfer.worker.courier import Courier

        servers = KnownServers(servers_beside(self._job.folder.parent))
        backoff = Backoff(60 * self._job.spec.retry_for)
        with closing(
            Connector(self._state, self._orders, self._recorder.record, work, self._ask, servers)
        ) as connector:
            self.signer = Signer(data_beside(self._job.folder.parent), connector.account_key)
            courier = Courier(
                connector,
                self._state.databases,
                self._recorder,
                backoff,
                work,
                self._cancelled,
                self._traffic,
                self.signer,
            )
            courier.deliver(shipments, self._on_delivered)
            self._keep_answers(connector)

    def _keep_answers(self, connector: Connector) -> None:
        """What the Sharebox has answered by now. It is delivered with or without: `receipt` asks again."""
        from tui_transfer.worker.answers import keep_answers

        if connector.connected is None:
            return
        try:
            keep_answers(connector.connected, self._job.spec, receipts_beside(self._job.folder.parent))
        except Exception:  # no failure of a delivery that is made
            _log.exception("answers were not fetched")

    def _on_delivered(self, shipment: Shipment, event: ev.Delivered) -> None:
        """What nobody could verify is kept here: it may be the only copy."""
        proof = self._state.apply(event).databases[shipment.index].proof(shipment.index)
        if proof is not None:
            self._discard(proof)

    def _check_space(self, shipments: list[Shipment]) -> None:
        """Refuses to begin what the disk may not hold; what an earlier worker left there is counted.

        Raises:
            TransferError: DISK_FULL.
        """
        to_pack = [shipment for shipment in shipments if not self._is_packed(shipment)]
        # The first comes last: it is packed at once, as it was listed here.
        summaries = [self._look_at(shipment, shipment is to_pack[0]) for shipment in reversed(to_pack)]
        needed = 0
        for shipment, summary in zip(to_pack, reversed(summaries), strict=True):
            if summary is not None:
                self._recorder.record(ev.DatabaseSized(at=now(), database=shipment.index, size=summary.size))
                needed += max(0, summary.space_needed - shipment.space_used())
        with disk_errors(self._job.spool):
            free = shutil.disk_usage(self._job.spool).free
        if free < needed + OVERHEAD:
            reason = f"{french.size(free)} libres, {french.size(needed + OVERHEAD)} nécessaires au plus"
            raise TransferError(Problem.DISK_FULL, path=self._job.spool, reason=reason)

    def _is_packed(self, shipment: Shipment) -> bool:
        return self._state.databases[shipment.index].sealed and shipment.manifest.exists()

    def _look_at(self, shipment: Shipment, is_next: bool) -> Summary | None:
        """How much there is to pack; None where that cannot be told.

        What is packed next is listed for that at once: of thousands of files, looking twice takes a while.
        """
        path = Path(shipment.spec.path)
        try:
            if not is_next:
                return summarize(path, shipment.selection)
            shipment.source = list_source(path, shipment.selection)
            return shipment.source.summary
        except TransferError:
            return None  # it will be said of this database alone, when its turn comes

    @contextmanager
    def _packing(self, shipments: list[Shipment], work: Cancellation) -> Iterator[None]:
        """Packs in the background while the body runs; a failure in the body ends the packing."""
        packer = threading.Thread(target=self._pack_all, args=(shipments, work), name="packer")
        packer.start()
        try:
            yield
        except BaseException:
            work.cancel()
            raise
        finally:
            packer.join()

    def _pack_all(self, shipments: list[Shipment], work: Cancellation) -> None:
        """Packs in turn; what stops one reaches its delivery through its growing file, and what stops all
        reaches theirs.
        """
        for position, shipment in enumerate(shipments):
            try:
                self._pack(shipment, work)
            except Exception as error:
                failure = self._as_failure(error)
                concerned = [shipment] if failure.is_of_one_database else shipments[position:]
                for one in concerned:
                    one.growing.fail(failure)
                if concerned[-1] is not shipment:
                    return

    def _as_failure(self, error: Exception) -> TransferError:
        if isinstance(error, TransferError):
            return error
        _log.error("unexpected", exc_info=error)
        return unexpected(error, self._job.log)

    def _to_mend(self, shipments: list[Shipment]) -> list[Shipment]:
        """Tells of the shipments that the disk damaged; gives them back as new ones, to be packed again.

        What lies on the Sharebox by now is compared with them. A disk that goes on like that is given up.
        """
        again = []
        for shipment in shipments:
            if (damage := shipment.damage) is not None:
                self._tell_damage(shipment.index, damage.details["part"])
                if self._mended[shipment.index] < _MENDINGS:
                    self._mended[shipment.index] += 1
                    again.append(Shipment(self._job, shipment.index))
                else:
                    self._recorder.record(
                        ev.DatabaseFailed(
                            at=now(),
                            database=shipment.index,
                            problem=damage.problem,
                            details=damage.details,
                        )
                    )
        return again

    def _tell_damage(self, database: int, part: str, *, unproven: bool = False) -> None:
        self._told.add((database, part))
        event = ev.SpoolDamaged(at=now(), database=database, part=part, unproven=unproven)
        self._recorder.record(event)
        self._state = self._state.apply(event)

    def remove_snapshots(self) -> None:
        """Removes what is left of copies in clear: a worker that was killed left them, and this one had no
        use for them; or this one ends without waiting for its threads.
        """
        for index in range(len(self._state.databases)):
            with contextlib.suppress(TransferError):  # it stays, and whoever looks at the job is told
                remove_snapshot(self._job.spool / str(index))

    def _is_kept(self, shipment: Shipment) -> bool:
        """Whether an earlier worker made the archive whole and all of it is as it was written; tells of
        damage.
        """
        known = self._state.databases[shipment.index]
        if known.sha256 is None:
            return False
        shipment.sha256, shipment.manifest_sha256 = known.sha256, known.manifest or ""
        part = None
        if not shipment.has_manifest():
            part = SpoolPart.MANIFEST
        elif not shipment.checksums.take_again(shipment.archive, known.sha256, self._cancelled):
            part = SpoolPart.ARCHIVE
        if part:
            self._tell_damage(shipment.index, part, unproven=known.manifest is None)
        return part is None

    def _keep(self, shipment: Shipment) -> None:
        known = self._state.databases[shipment.index]
        self._recorder.record(
            ev.ArchiveKept(
                at=now(), database=shipment.index, changed=_has_changed_since(known, shipment.selection)
            )
        )
        self._traffic.ready(shipment.index, known.packed)
        shipment.growing.finish(known.packed)

    def _pack(self, shipment: Shipment, work: Cancellation) -> None:
        if self._is_kept(shipment):
            self._keep(shipment)
            return
        key = self._encryption.key_of(shipment.spec.archive)
        path = Path(shipment.spec.path)
        source, shipment.source = shipment.source or list_source(path, shipment.selection), None
        started = ev.ArchiveStarted(
            at=now(),
            database=shipment.index,
            kind=source.summary.kind,
            size=source.summary.size,
            files=source.summary.files,
            modified=source.summary.modified,
            file_format=source.summary.format,
            left_out=source.summary.left_out,
            renamed=source.summary.renamed,
            stamps=source.summary.stamps,
        )
        if not self._job.spec.encrypt:  # reports name what the journal does, and are not encrypted
            started = replace(started, names=source.summary.names, renames=source.summary.renames)
        self._recorder.record(started)

        def on_progress(progress: Progress) -> None:
            self._traffic.ready(shipment.index, progress.packed)  # first: it is sent as soon as it grows
            shipment.growing.advance(progress.packed)
            self._recorder.measure(
                ev.ArchiveProgress(
                    at=now(), database=shipment.index, read=progress.read, packed=progress.packed
                )
            )

        def on_outlook(places: tuple[int, ...]) -> None:
            self._recorder.record(ev.ArchiveExpected(at=now(), database=shipment.index, places=places))

        def on_locked(seconds: float) -> None:
            self._recorder.record(ev.DatabaseLocked(at=now(), database=shipment.index, seconds=seconds))

        def wants_outlook(left: int) -> bool:
            with self._traffic.changed:
                rate = self._traffic.rate.at(self._traffic.clock())
            return rate is not None and left > rate * _WORTH_FORETELLING

        def on_damaged(part: SpoolPart) -> None:
            if (shipment.index, part) not in self._told:  # otherwise this is what is being mended
                self._tell_damage(shipment.index, part)

        archive = write_archive(
            source,
            shipment.archive,
            work=shipment.folder,
            pacer=self._pacer(shipment.index),
            inspecting=lambda snapshot: inspecting(
                shipment.index, self._state.databases[shipment.index], snapshot, self._recorder, work
            ),
            on_progress=on_progress,
            on_outlook=on_outlook,
            wants_outlook=wants_outlook,
            on_locked=on_locked,
            cancelled=self._cancelled,
            checksums=shipment.checksums,
            on_damaged=on_damaged,
            on_older=lambda: self._tell_damage(shipment.index, SpoolPart.ARCHIVE, unproven=True),
            key=key,
        )
        self._seal(shipment, source.summary.kind, started.at, archive)

    def _pacer(self, database: int) -> PresetPolicy:
        compression = self._job.spec.compression
        if compression != "auto":
            return Fixed(compression)
        self._costs = self._costs.of_other_data()
        return Pacer(database, cores(), self._costs, self._traffic, self._recorder.record)

    def _seal(self, shipment: Shipment, kind: str, read_at: datetime, archive: Archive) -> None:
        shipment.sha256 = archive.sha256
        count = len(archive.entries)
        listing = withheld(count) if self._job.spec.encrypt else make_listing(archive.entries)
        # The manifest first: once the journal says the archive is whole, both are there.
        waiver = self._state.databases[shipment.index].damage_waiver
        read = Read(kind, read_at, listing, self._earlier(shipment), waiver)
        told = make_manifest(self._job.spec, shipment.index, archive, read)
        shipment.write_manifest(encode(told), listing.beside)
        self._recorder.record(
            ev.ArchiveSealed(
                at=now(),
                database=shipment.index,
                size=archive.size,
                sha256=archive.sha256,
                source_size=archive.source_size,
                files=listing.count,
                reused=archive.reused,
                manifest=shipment.manifest_sha256,
                beside=size_beside(shipment),
                content=listing.content,
                true_names=archive.true_names,
            )
        )
        shipment.growing.finish(archive.size)

    def _earlier(self, shipment: Shipment) -> Earlier | None:
        return earlier_delivery(self._jobs, self._job.spec, shipment.spec)

    @cached_property
    def _jobs(self) -> list[Entry]:
        """Those of the home: of many, listing them takes a while, and is done once."""
        data = data_beside(self._job.folder.parent)
        with contextlib.suppress(TransferError):  # what this one delivers is right without the others
            return list_entries(Home(data / "config.toml", data))
        return []

    def _discard(self, verified: Verified) -> None:
        """Removes from the spool what is kept of a database that is verified on the Sharebox."""
        folder = self._job.spool / str(verified.database)
        if folder.exists():
            with disk_errors(folder):
                names.remove_tree(folder)


def _has_changed_since(known: DatabaseState, selection: Selection) -> bool:
    """Whether the database is no longer what is in its archive, as far as sizes and times tell.

    The archive is sent all the same: it is what was there when the person asked for the transfer, whole and
    consistent, and a part of it may have arrived. Whoever wants the present state begins another transfer.
    """
    try:
        now_found = summarize(Path(known.path), selection)
    except TransferError:
        return True
    then = known.found
    return then is None or (then.size, then.files, then.modified) != (
        now_found.size,
        now_found.files,
        now_found.modified,
    )
