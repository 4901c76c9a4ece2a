"""What lies beside an archive on the Sharebox: small files that say what it is, put there in an order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_transfer.job.beside import LIST, MANIFEST, SHA256, SIGNATURE, sha256_line
from tui_transfer.report import signature
from tui_transfer.worker import manifest

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from tui_transfer.report.signer import Signer
    from tui_transfer.worker.shipment import Shipment


@dataclass(frozen=True)
class Companion:
    """A small file beside an archive: its name there, and its bytes."""

    name: str
    content: bytes


def companions(shipment: Shipment, verification: str, signer: Signer) -> list[Companion]:
    """What is to lie beside the archive of a shipment, in order, once it has arrived and was verified so.

    The same archive verified in the same way has the same companions, whichever worker makes them.

    Raises:
        TransferError: SPOOL_DAMAGED; DISK_FULL or DISK_UNWRITABLE.
    """
    *others, told = _unsigned(shipment, verification)
    name = shipment.spec.archive + SIGNATURE
    return [*others, told, Companion(name, shipment.sign(told.content, signer))]


def signed_by(beside: Sequence[Companion], refused: Collection[str]) -> str:
    """The public key of the signature, as `authorized_keys` has it; empty where that is among what the
    Sharebox refused.
    """
    *_, told, made = beside
    return "" if made.name in refused else signature.verify(made.content, told.content).line


def _unsigned(shipment: Shipment, verification: str) -> list[Companion]:
    archive, draft = shipment.spec.archive, shipment.read_manifest()
    files = shipment.read_list(draft)
    return [
        *([Companion(archive + LIST, files)] if files is not None else []),
        Companion(archive + SHA256, sha256_line(archive, shipment.sha256).encode()),
        Companion(archive + MANIFEST, manifest.encode(manifest.verified(draft, verification))),
    ]


def size_beside(shipment: Shipment) -> int:
    """Bytes of all of them, to some hundred, before the archive has arrived.

    Raises:
        TransferError: SPOOL_DAMAGED.
    """
    return sum(len(companion.content) for companion in _unsigned(shipment, ""))
