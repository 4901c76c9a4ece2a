"""What lies beside an archive on the Sharebox: small files that say what it is, put there in an order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_transfer.job.beside import MANIFEST, SHA256, sha256_line
from tui_transfer.worker import manifest

if TYPE_CHECKING:
    from tui_transfer.worker.shipment import Shipment


@dataclass(frozen=True)
class Companion:
    """A small file beside an archive: its name there, and its bytes."""

    name: str
    content: bytes


def companions(shipment: Shipment, verification: str) -> list[Companion]:
    """What is to lie beside the archive of a shipment, in order, once it has arrived and was verified so.

    The same archive verified in the same way has the same companions, whichever worker makes them.

    Raises:
        TransferError: SPOOL_DAMAGED.
    """
    archive = shipment.spec.archive
    return [
        Companion(archive + SHA256, sha256_line(archive, shipment.sha256).encode()),
        Companion(archive + MANIFEST, manifest.verified(shipment.read_manifest(), verification)),
    ]


def size_beside(shipment: Shipment) -> int:
    """Bytes of all of them, to a few, before the archive has arrived.

    Raises:
        TransferError: SPOOL_DAMAGED.
    """
    return sum(len(companion.content) for companion in companions(shipment, ""))
