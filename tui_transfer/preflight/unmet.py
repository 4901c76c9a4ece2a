"""What a transfer would go without: statements that nobody ticked, and what the program itself sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_transfer import french
from tui_transfer.job.spec import Waiver
from tui_transfer.preflight.checks import Verdict, check_health, check_in_use, look_at
from tui_transfer.preflight.statements import STATEMENTS, Ticks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_transfer.job.spec import JobSpec
    from tui_transfer.job.state import JobState
    from tui_transfer.preflight.checks import Database, Selections
    from tui_transfer.preflight.statements import Statement
    from tui_transfer.settings.config import Home


@dataclass(frozen=True)
class Unmet:
    """The prerequisites that are not met; false where all are.

    Attributes:
        statements: those that are not ticked.
        findings: what the program saw, one sentence each.
    """

    statements: tuple[Statement, ...] = ()
    findings: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.statements or self.findings)

    @property
    def count(self) -> str:
        """How many are not ticked, in French."""
        quantity = len(self.statements)
        return french.count(quantity, "prérequis n’est pas coché", "prérequis ne sont pas cochés")

    @property
    def names(self) -> str:
        """Those that are not ticked, in French."""
        return ", ".join(item.short for item in self.statements)

    @property
    def lines(self) -> list[str]:
        """What is not met, in French: one line for the statements, one for each finding."""
        return [*([f"{self.count} : {self.names}."] if self.statements else []), *self.findings]

    def waive(self, *, asked: bool) -> Waiver | None:
        """The decision to go on nevertheless, taken now; None where there is nothing to decide.

        `asked`: whether a person answered a question that named all of it.
        """
        return Waiver.made_now(asked=asked, findings=self.findings) if self else None


def find_unmet(home: Home, databases: Sequence[Database], selected: Selections) -> Unmet:
    """Looks at the ticks, at who uses `databases` and at their health; not for a UI's own thread."""
    ticked = Ticks(home).keys
    return Unmet(
        statements=tuple(item for item in STATEMENTS if item.key not in ticked),
        findings=tuple(
            check.finding
            for check in (
                check_health(databases, home, look_at(databases, selected)),
                *check_in_use(databases, selected),
            )
            if check.verdict is Verdict.WARNING
        ),
    )


def waive_damage(state: JobState, *, asked: bool) -> Waiver | None:
    """The decision, taken now, to hand over the databases of a job that are damaged; None where none is."""
    found = tuple(
        f"{item.name} : {item.integrity.found}"
        for item in state.databases
        if item.awaits_waiver and item.integrity
    )
    return Waiver.made_now(asked=asked, findings=found) if found else None


def unmet_by(spec: JobSpec) -> Unmet:
    """What a job went without, as it was written when it began."""
    ticked = {tick.key for tick in spec.prerequisites}
    return Unmet(
        statements=tuple(item for item in STATEMENTS if item.key not in ticked),
        findings=spec.waiver.findings if spec.waiver else (),
    )
