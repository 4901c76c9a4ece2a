"""What stands in the way of a transfer, as far as it is found without any network; and the lines of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from tui_transfer.errors import ExitCode, TransferError
from tui_transfer.preflight import checks, gate
from tui_transfer.preflight.checks import Verdict
from tui_transfer.preflight.statements import STATEMENTS, Ticks
from tui_transfer.settings import config

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from tui_transfer.preflight.checks import Check
    from tui_transfer.settings.config import Home, Settings

_VERDICTS: Final = {Verdict.OK: "OK", Verdict.WARNING: "à voir", Verdict.FAILED: "bloquant"}


@dataclass(frozen=True)
class Here:
    """What was found without any network.

    Attributes:
        closed: what keeps any transfer from beginning now.
        results: of the checks.
        ticked: the keys of the statements that a person ticked.
    """

    closed: TransferError | None
    results: Sequence[Check]
    ticked: Collection[str]

    @property
    def exit_code(self) -> ExitCode:
        """That of what keeps any transfer from beginning now; PREREQUISITE where a check failed."""
        if self.closed is not None:
            return self.closed.exit_code
        failed = any(result.verdict is Verdict.FAILED for result in self.results)
        return ExitCode.PREREQUISITE if failed else ExitCode.SUCCESS


def check_here(settings: Settings, home: Home, say: Callable[[str], object]) -> ExitCode:
    """Checks what needs no network."""
    here = look_here(settings, home)
    if doubt := config.describe_doubts(settings):
        say(f"Attention : {doubt}")
    closed = here.closed
    say(f"Transfert possible : {f'non. {closed.title}. {closed.why}' if closed else 'oui'}")
    for result in here.results:
        say(f"[{_VERDICTS[result.verdict]}] {result.title} : {result.explanation}")
    for statement in STATEMENTS:
        say(f"[{'coché' if statement.key in here.ticked else 'à cocher'}] {statement.text}")
    return here.exit_code


def look_here(settings: Settings, home: Home) -> Here:
    """Looks at the databases that are active, the ticks, and the calendar; not for a UI's own thread."""
    return Here(
        gate.closed(home, settings.transfer, datetime.now().astimezone().date()),
        [
            *checks.check_databases(
                config.active_databases(settings, home), checks.selections(settings), home
            ),
            *checks.check_place(home),
            *checks.check_key(settings.sharebox, home),
        ],
        Ticks(home).keys,
    )
