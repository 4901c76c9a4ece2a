"""What `check` tells: the prerequisites, then the connection stage by stage, in lines for a ticket."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

import msgspec

from tui_transfer.archive.source import summarize
from tui_transfer.errors import ExitCode, TransferError
from tui_transfer.job.orders import Orders
from tui_transfer.preflight import checks, findings, gate
from tui_transfer.preflight.checks import Verdict
from tui_transfer.preflight.statements import STATEMENTS, Ticks
from tui_transfer.settings import config
from tui_transfer.system.cancellation import Cancellation

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_transfer.settings.config import Home, Settings

_VERDICTS: Final = {Verdict.OK: "OK", Verdict.WARNING: "à voir", Verdict.FAILED: "bloquant"}


def check(settings: Settings, home: Home, say: Callable[[str], object]) -> ExitCode:
    """Checks everything, each line said as soon as it is known.

    Returns:
        That of what keeps any transfer from beginning now; PREREQUISITE where a prerequisite is not met;
        otherwise that of the first stage of the connection that would end a transfer.
    """
    local = check_here(settings, home, say)
    connection = check_connection(settings, home, say)
    return local if local is not ExitCode.SUCCESS else connection


def check_here(settings: Settings, home: Home, say: Callable[[str], object]) -> ExitCode:
    """Checks what needs no network."""
    closed = gate.closed(home, settings.transfer, datetime.now().astimezone().date())
    say(f"Transfert possible : {f'non. {closed.title}. {closed.why}' if closed else 'oui'}")
    results = [
        *checks.check_databases(config.active_databases(settings, home), home),
        *checks.check_key(settings.sharebox, home),
    ]
    for result in results:
        say(f"[{_VERDICTS[result.verdict]}] {result.title} : {result.explanation}")
    ticked = Ticks(home).keys
    for statement in STATEMENTS:
        say(f"[{'coché' if statement.key in ticked else 'à cocher'}] {statement.text}")
    if closed is not None:
        return closed.exit_code
    failed = any(result.verdict is Verdict.FAILED for result in results)
    return ExitCode.PREREQUISITE if failed else ExitCode.SUCCESS


def check_connection(settings: Settings, home: Home, say: Callable[[str], object]) -> ExitCode:
    """Tries the connection with the secrets of the environment."""
    # Only where it is needed: it brings in the libraries of the connection.
    from tui_transfer.preflight.diagnosis import diagnose

    found = []
    settings = msgspec.structs.replace(settings, sharebox=config.located(settings.sharebox, home))
    for finding in diagnose(settings, Orders.from_environment(), Cancellation(), _size(settings, home)):
        say(finding.as_line())
        found.append(finding)
    if todo := findings.advice(found):
        say(f"À faire : {todo}")
    return findings.exit_code(found)


def _size(settings: Settings, home: Home) -> int | None:
    """Bytes of the active databases; None where one cannot be looked at, which is told elsewhere."""
    try:
        return sum(summarize(path).size for _, path in config.active_databases(settings, home))
    except TransferError:
        return None
