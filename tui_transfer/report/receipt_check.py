"""Says of a receipt what was altered: itself, its page, the journal that it is of, archives that it names."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from tui_transfer import french
from tui_transfer.errors import Problem, TransferError
from tui_transfer.job import audit, control
from tui_transfer.job.journal import JournalReader
from tui_transfer.report import signature
from tui_transfer.report.receipt import Receipt, sha256
from tui_transfer.report.receipts import ReceiptFiles, knows
from tui_transfer.system import os_errors
from tui_transfer.system.files import open_regular, printable, read_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tui_transfer.settings.config import Home

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: a French sentence, and whether something is not as it was signed."""

    said: str
    altered: bool = False


def check_receipt(home: Home, file: Path, archives: Sequence[Path] = ()) -> Iterator[Finding]:
    """Compares a receipt with its signature, its page, the journal here, and archives.

    Args:
        home: whose jobs and keys are known.
        file: one of the receipt's files, wherever it is.
        archives: that are said to be what was handed over.

    Raises:
        TransferError: USAGE where there is no receipt; DISK_UNWRITABLE.
    """
    files = ReceiptFiles.around(file)
    content = _read(files.content)
    yield from _signature(home, files, content)
    try:
        receipt = Receipt.decode(content)
    except msgspec.DecodeError:
        yield Finding("Reçu : son contenu n’est plus lisible, il a été modifié ou abîmé.", altered=True)
        return
    yield _page(files, receipt)
    yield from _kept(home, files, receipt, content)
    yield _journal(home, receipt)
    for archive in archives:
        yield _archive(archive, receipt)


def _read(file: Path) -> bytes:
    try:
        return read_file(file)
    except OSError as error:
        reason = f"{printable(file)} : {os_errors.in_words(error)}."
        advice = "Attendu : le fichier « recu-….json », sa signature « .json.sig » et sa page à côté de lui."
        raise TransferError(Problem.USAGE, reason=reason, advice=advice) from error


def _signature(home: Home, files: ReceiptFiles, content: bytes) -> Iterator[Finding]:
    try:
        made = read_file(files.signature)
    except OSError:
        yield Finding(f"Signature : {files.signature.name} manque ; rien ne prouve ce reçu.", altered=True)
        return
    try:
        key = signature.verify(made, content)
    except signature.InvalidSignatureError:
        yield Finding(
            "Signature : elle n’est pas celle de ce reçu. Le reçu ou sa signature a été modifié.",
            altered=True,
        )
        return
    if knows(home.receipts, key):
        yield Finding(f"Signature : bonne, par une clé de ce poste ({key.fingerprint}).")
        return
    about_here = ReceiptFiles.of(home.receipts, files.job).exists or (home.jobs / files.job).is_dir()
    if about_here:
        said = f"Signature : par une clé qui n’a rien signé sur ce poste ({key.fingerprint})."
        yield Finding(said, altered=True)
        return
    yield Finding(
        f"Signature : bonne, par une clé que ce poste ne connaît pas ({key.fingerprint}). Comparez-la "
        "à celle du message envoyé par le gestionnaire."
    )


def _page(files: ReceiptFiles, receipt: Receipt) -> Finding:
    try:
        page = read_file(files.page)
    except OSError:
        return Finding(f"Page : {files.page.name} n’est pas à côté du reçu ; elle n’est pas comparée.")
    if sha256(page) != receipt.page:
        return Finding(f"Page : {files.page.name} n’est plus celle qui a été signée.", altered=True)
    return Finding("Page : telle qu’elle a été signée.")


def _kept(home: Home, files: ReceiptFiles, receipt: Receipt, content: bytes) -> Iterator[Finding]:
    """Of a copy: whether it is that of the receipt that this home keeps."""
    kept = ReceiptFiles.of(home.receipts, receipt.job)
    if not kept.exists or kept.content.absolute() == files.content.absolute():
        return
    if _read(kept.content) != content:
        yield Finding("Copie : elle diffère du reçu que ce poste garde.", altered=True)
    else:
        yield Finding("Copie : identique au reçu que ce poste garde.")


def _journal(home: Home, receipt: Receipt) -> Finding:
    folder = home.jobs / receipt.job
    if not folder.is_dir():
        return Finding("Journal : le transfert n’est pas sur ce poste ; il n’est pas comparé.")
    try:
        job = control.load(folder)
        reader, found = JournalReader(job.journal, len(job.spec.databases)), ""
        for _ in reader.read():
            if reader.count == receipt.journal.lines:
                found = reader.last_hash
        order = audit.spec_hash(job)
    except TransferError as error:
        return Finding(f"Journal : {error.title}. {error.why}", altered=True)
    if reader.count < receipt.journal.lines:
        there, then = french.count(reader.count, "ligne"), french.number(receipt.journal.lines)
        return Finding(f"Journal : sa fin a été coupée ; {there}, et {then} à l’heure du reçu.", altered=True)
    if found != receipt.journal.last_hash:
        return Finding("Journal : il a été refait ; ce n’est plus celui de l’heure du reçu.", altered=True)
    if order != receipt.order:
        return Finding("Journal : job.json n’est plus celui de l’heure du reçu.", altered=True)
    return Finding(f"Journal : tel qu’à l’heure du reçu ({french.count(receipt.journal.lines, 'ligne')}).")


def _archive(archive: Path, receipt: Receipt) -> Finding:
    name = printable(archive.name)
    try:
        found = _hash(archive)
    except OSError as error:
        reason = f"{printable(archive)} : {os_errors.in_words(error)}."
        raise TransferError(Problem.USAGE, reason=reason, advice="Donnez le chemin d’une archive.") from error
    for item in receipt.databases:
        if item.sha256 == found:
            return Finding(f"{name} : c’est l’archive remise de « {item.name} ».")
    if any(item.archive == archive.name for item in receipt.databases):
        return Finding(f"{name} : son contenu n’est pas celui qui a été remis.", altered=True)
    return Finding(f"{name} : ce n’est aucune des archives de ce reçu.", altered=True)


def _hash(file: Path) -> str:
    digest = hashlib.sha256()
    with open_regular(file) as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
