"""Lines for the ear: without hashes, paths and commands, which the report and the history have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tui_transfer import french
from tui_transfer.cli.lines import PlainOutput, show_failure
from tui_transfer.errors import Need
from tui_transfer.job import events as ev
from tui_transfer.report.message import (
    conclusion,
    describe_other_failures,
    describe_route,
    describe_verification,
    describe_words,
)

if TYPE_CHECKING:
    from tui_transfer.errors import TransferError
    from tui_transfer.job.remains import SpoolContents
    from tui_transfer.job.state import JobState
    from tui_transfer.report.receipts import ReceiptFiles


class SpokenOutput(PlainOutput):
    """What is said while a transfer is followed; a question says what is to be done after it."""

    def describe(self, event: ev.Event, state: JobState) -> str | None:
        """The line for a fact; None for what is not worth one."""
        match event:
            case ev.Connected():
                said = f" {describe_words(event.said)}" if event.said else ""
                return f"Connecté à Sharebox {describe_route(event.route)}.{said}"
            case ev.ArchiveSealed():
                return f"{state.databases[event.database].name} : compressée, {french.size(event.size)}."
            case ev.Delivered():
                verified = describe_verification(event.verified, event.read_meanwhile)
                return f"{state.databases[event.database].name} : remise. Vérification : {verified}."
        return super().describe(event, state)

    def end(
        self,
        state: JobState | None,
        failure: TransferError | None,
        job: str | None,
        spool: SpoolContents | None = None,
        receipt: ReceiptFiles | None = None,
    ) -> None:
        """Says what became of the job."""
        if failure is None and state is not None:
            click.echo(conclusion(state))
        elif failure is not None and failure.need is Need.HOST_KEY:
            click.echo(f"{failure.title}. Comparez son empreinte avec celle que l’Urssaf vous a donnée.")
        elif failure is not None:
            show_failure(failure)
            if state is not None and (others := describe_other_failures(state)):
                click.echo(others, err=True)
