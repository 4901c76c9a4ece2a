"""Receipts of delivered transfers: shown, exported, and checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from tui_transfer import french
from tui_transfer.cli import headless
from tui_transfer.errors import ExitCode, Problem, TransferError, harmless
from tui_transfer.job import control
from tui_transfer.job.orders import Orders
from tui_transfer.job.state import JobStatus
from tui_transfer.report import receipt_page
from tui_transfer.report.message import describe_destination
from tui_transfer.report.receipt import Receipt
from tui_transfer.report.receipt_check import check_receipt
from tui_transfer.report.receipts import ReceiptFiles, find_receipts, keep_receipt_of
from tui_transfer.settings.variables import SFTP_PASSWORD_VARIABLE
from tui_transfer.system.cancellation import Cancellation
from tui_transfer.system.files import disk_errors, printable, read_file, write_private

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tui_transfer.job.control import Follower
    from tui_transfer.settings.config import Home


def show(home: Home, wanted: str | None, out: Path | None, *, local: bool = False) -> ExitCode:
    """Prints the receipt of a job, or copies its files to a folder, with what the Sharebox has answered.

    Args:
        home: where it is.
        wanted: the beginning of the job's name; None: the newest job.
        out: the folder.
        local: leave the Sharebox alone.

    Raises:
        TransferError: JOB_UNKNOWN; USAGE where the job is not delivered, or its receipt cannot be read; what
            keeps the job from being read; DISK_FULL or DISK_UNWRITABLE.
    """
    files, follower = _find(home, wanted)
    if follower is not None:
        if not local:
            _fetch(home, follower)
        keep_receipt_of(follower, Orders.from_environment().key_passphrase)
    with disk_errors(files.content):
        content = read_file(files.content)
    try:
        receipt = Receipt.decode(content)
    except msgspec.DecodeError as error:
        reason = f"{printable(files.content)} n’est plus lisible."
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
    click.echo("Ce reçu ne correspond plus." if altered else "Ce reçu est tel qu’il a été signé.")
    return ExitCode.MISMATCH if altered else ExitCode.SUCCESS


def _fetch(home: Home, follower: Follower) -> None:
    """Fetches what the Sharebox has answered since. No secret is asked for that alone, and what keeps it from
    being fetched is told, and keeps nothing else.
    """
    # Only where it is needed: it brings in the libraries of the connection.
    from tui_transfer.worker.answers import fetch_answers

    state = follower.state
    places = {item.destination.place: item.destination for item in state.databases if item.destination}
    for destination in places.values():
        orders = headless.with_given(Orders(), home, state, destination)
        current = orders.sharebox if orders.sharebox and orders.sharebox.place == destination.place else None
        where = describe_destination(destination)
        if (current or destination).key_file is None and orders.sftp_password is None:
            click.echo(f"Réponses de {where} : non cherchées, {SFTP_PASSWORD_VARIABLE} manque.", err=True)
            continue
        click.echo(f"Recherche de réponses sur {where}…", err=True)
        try:
            found = fetch_answers(state, destination, orders, home.receipts, Cancellation())
        except TransferError as error:
            click.echo(f"Réponses de {where} : non cherchées. {error.title}. {error.why}", err=True)
        else:
            count = french.count(len(found), "nouvelle réponse", "nouvelles réponses")
            click.echo(f"{count}." if found else "Aucune nouvelle réponse.", err=True)


def _find(home: Home, wanted: str | None) -> tuple[ReceiptFiles, Follower | None]:
    """Where the receipt that is meant is, or will be, and its job, unless that was removed."""
    try:
        follower = control.Follower(control.find(home, wanted))
    except TransferError as error:
        known = find_receipts(home, wanted) if wanted and error.problem is not Problem.JOURNAL_NEWER else []
        if len(known) != 1:
            raise
        return ReceiptFiles.of(home.receipts, known[0]), None
    if follower.state.status is not JobStatus.SUCCEEDED:
        reason = f"Le transfert {follower.job.id} n’est pas terminé : seul un transfert remis a un reçu."
        raise TransferError(Problem.USAGE, reason=reason, advice="Terminez-le : tui-transfer resume.")
    return ReceiptFiles.of(home.receipts, follower.job.id), follower


def _export(files: ReceiptFiles, folder: Path) -> ExitCode:
    answers = [files.answers_folder / answer.name for answer in files.answers()]
    for file in (files.page, files.signature, *answers, files.content):
        with disk_errors(file):
            content = read_file(file)
        write_private(folder / file.name, content)
        click.echo(f"Enregistré : {printable(folder / file.name)}")
    return ExitCode.SUCCESS
