"""Receipts of delivered transfers: shown, exported, and checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from tui_transfer.errors import ExitCode, Problem, TransferError, harmless
from tui_transfer.job import control
from tui_transfer.job.orders import Orders
from tui_transfer.job.state import JobStatus
from tui_transfer.report import receipt_page
from tui_transfer.report.receipt import Receipt
from tui_transfer.report.receipt_check import check_receipt
from tui_transfer.report.receipts import ReceiptFiles, find_receipts, keep_receipt_of
from tui_transfer.system.files import disk_errors, printable, read_file, write_private

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tui_transfer.settings.config import Home


def show(home: Home, wanted: str | None, out: Path | None) -> ExitCode:
    """Prints the receipt of a job, or copies its files to a folder.

    Args:
        home: where it is.
        wanted: the beginning of the job's name; None: the newest job.
        out: the folder.

    Raises:
        TransferError: JOB_UNKNOWN; USAGE where the job is not delivered, or its receipt cannot be read; what
            keeps the job from being read; DISK_FULL or DISK_UNWRITABLE.
    """
    files = _find(home, wanted)
    with disk_errors(files.content):
        content = read_file(files.content)
    try:
        receipt = Receipt.decode(content)
    except msgspec.DecodeError as error:
        reason = f"{printable(files.content)} n'est plus lisible."
        advice = f"Ce qui y a été modifié : tui-transfer receipt --check {printable(files.content)}"
        raise TransferError(Problem.USAGE, reason=reason, advice=advice) from error
    if out is not None:
        return _export(files, out.absolute())
    click.echo(receipt_page.text(receipt))
    later = files.answers()
    if later != receipt.answers:
        section = receipt_page.answers_section(later)
        click.echo("\n".join(["", section.title, *(f"  {harmless(f'{a} : {b}')}" for a, b in section.lines)]))
    click.echo(f"\nPage à imprimer : {printable(files.page)}\nReçu signé : {printable(files.content)}")
    return ExitCode.SUCCESS


def check(home: Home, file: Path, archives: Sequence[Path]) -> ExitCode:
    """Says what of a receipt, and of what it is of, was altered.

    Returns:
        MISMATCH where something was.

    Raises:
        TransferError: USAGE where there is no receipt, or no archive.
    """
    altered = False
    for finding in check_receipt(home, file.absolute(), archives):
        click.echo(harmless(f"{'✗' if finding.altered else '✓'} {finding.said}"))
        altered |= finding.altered
    click.echo("Ce reçu ne correspond plus." if altered else "Ce reçu est tel qu'il a été signé.")
    return ExitCode.MISMATCH if altered else ExitCode.SUCCESS


def _find(home: Home, wanted: str | None) -> ReceiptFiles:
    """The receipt that is meant, made now where it is missing; that of a removed job, too."""
    try:
        follower = control.Follower(control.find(home, wanted))
    except TransferError as error:
        known = find_receipts(home, wanted) if wanted and error.problem is not Problem.JOURNAL_NEWER else []
        if len(known) != 1:
            raise
        return ReceiptFiles.of(home.receipts, known[0])
    if follower.state.status is not JobStatus.SUCCEEDED:
        reason = f"Le transfert {follower.job.id} n'est pas terminé : seul un transfert remis a un reçu."
        raise TransferError(Problem.USAGE, reason=reason, advice="Terminez-le : tui-transfer resume.")
    files = keep_receipt_of(follower, Orders.from_environment().key_passphrase)
    assert files is not None
    return files


def _export(files: ReceiptFiles, folder: Path) -> ExitCode:
    answers = [files.answers_folder / answer.name for answer in files.answers()]
    for file in (files.page, files.signature, *answers, files.content):
        with disk_errors(file):
            content = read_file(file)
        write_private(folder / file.name, content)
        click.echo(f"Enregistré : {printable(folder / file.name)}")
    return ExitCode.SUCCESS
