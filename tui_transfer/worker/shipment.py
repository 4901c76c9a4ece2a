"""One database on its way, shared by the thread that packs it and the one that delivers it."""

from __future__ import annotations

import contextlib
import hashlib
from typing import TYPE_CHECKING, Final

import msgspec

from tui_transfer.archive.checksums import CheckedReader, Checksums, SpoolPart, damaged
from tui_transfer.archive.companions import Selection
from tui_transfer.archive.stamp import MODIFIED
from tui_transfer.errors import TransferError
from tui_transfer.job.remains import ARCHIVE_NAME
from tui_transfer.sharebox.delivery.growing import GrowingFile
from tui_transfer.system import os_errors
from tui_transfer.system.files import (
    PRIVATE_FILE,
    disk_errors,
    make_private_folder,
    read_file,
    sync_folder,
    write_private,
)
from tui_transfer.worker import manifest

if TYPE_CHECKING:
    from pathlib import Path

    from tui_transfer.archive.source import Source
    from tui_transfer.job.control import Job
    from tui_transfer.report.signer import Signer
    from tui_transfer.worker.manifest import Manifest

_LONGEST_MANIFEST: Final = 1 << 30
"""Bytes: it has a line for each file of a database, of which there may be a million."""


class Shipment:
    """One database on its way: its place in the spool, and its archive as it grows."""

    def __init__(self, job: Job, index: int) -> None:
        self.index = index
        self.spec = job.spec.databases[index]
        self.selection = Selection(self.spec.also, self.spec.without)
        """Which of the files beside it go along."""
        self.folder = job.spool / str(index)
        self.archive = self.folder / ARCHIVE_NAME
        self.manifest = self.folder / "manifest.json"
        self.list = self.folder / "files.jsonl.xz"
        self.signature = self.folder / "manifest.json.sig"
        self.checksums = Checksums()
        """Of what is written to the archive: what is sent is held to them."""
        self.growing = GrowingFile(self.archive, lambda path: CheckedReader(path, self.checksums))
        self.source: Source | None = None
        """Where the database was listed already, to be packed next."""
        self.sha256 = ""
        """Of the archive, known once it is whole."""
        self.manifest_sha256 = ""
        """In hexadecimal, as it was written; known with it."""
        self.damage: TransferError | None = None
        """Why the archive has to be made again: the disk does not give back what was written."""
        make_private_folder(self.folder)
        with disk_errors(self.archive):
            # There from the start: the deliverer opens it before the packer may have come to it.
            self.archive.touch(PRIVATE_FILE)
            sync_folder(self.folder)

    def write_manifest(self, content: bytes, list_beside: bytes | None = None) -> None:
        """Writes the manifest, and before it the list of files that it names, if it does.

        Raises:
            TransferError: DISK_FULL or DISK_UNWRITABLE.
        """
        if list_beside is not None:
            write_private(self.list, list_beside)
        write_private(self.manifest, content)
        self.manifest_sha256 = hashlib.sha256(content).hexdigest()

    def sign(self, manifest: bytes, signer: Signer) -> bytes:
        """The signature of the manifest that is sent. It is made once: some keys make another one each time,
        and what is on the Sharebox is compared.

        Raises:
            TransferError: DISK_FULL or DISK_UNWRITABLE.
        """
        # Late: what knows keys takes long to load.
        from tui_transfer.report import signature

        with contextlib.suppress(OSError, signature.InvalidSignatureError):
            made = read_file(self.signature)
            signature.verify(made, manifest)
            return made
        made = signer.sign(manifest)
        write_private(self.signature, made)
        return made

    def has_manifest(self) -> bool:
        """Whether the manifest lies there as it was written, and so does the list that it names."""
        try:
            self.read_list(self.read_manifest())
        except TransferError:
            return False
        return True

    def read_manifest(self) -> Manifest:
        """The manifest, as it was written.

        Raises:
            TransferError: SPOOL_DAMAGED.
        """
        content = _read(self.manifest, self.manifest_sha256)
        try:
            return manifest.decode(content)
        except msgspec.DecodeError as error:
            raise damaged(self.manifest, SpoolPart.MANIFEST, MODIFIED) from error

    def read_list(self, told: Manifest) -> bytes | None:
        """The list of files that a manifest names, as it was written; None where it names none.

        Raises:
            TransferError: SPOOL_DAMAGED.
        """
        return _read(self.list, told.files_list.sha256) if told.files_list else None

    def space_used(self) -> int:
        """Bytes that its place in the spool takes already.

        Raises:
            TransferError: DISK_UNWRITABLE.
        """
        with disk_errors(self.folder):
            return sum(path.stat().st_size for path in self.folder.iterdir())


def _read(file: Path, sha256: str) -> bytes:
    """What has this SHA-256, in hexadecimal.

    Raises:
        TransferError: SPOOL_DAMAGED.
    """
    try:
        content = read_file(file, _LONGEST_MANIFEST)
    except OSError as error:
        raise damaged(file, SpoolPart.MANIFEST, os_errors.in_words(error)) from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise damaged(file, SpoolPart.MANIFEST, MODIFIED)
    return content
