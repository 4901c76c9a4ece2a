"""What a diagnosis of the connection tells: stage by stage, with its time and its verdict."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from tui_transfer import french
from tui_transfer.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tui_transfer.errors import TransferError
    from tui_transfer.settings.config import Settings
    from tui_transfer.sharebox.ssh.knowledge import Abilities


class Stage(StrEnum):
    """The stages, in the order in which a connection is made; the value is the title."""

    NAME = "Nom"
    ROUTE = "Route directe"
    PROXY = "Proxy"
    HOST_KEY = "Clé du serveur"
    LOGIN = "Identification"
    FOLDER = "Dossier"
    ROOM = "Place"
    CAPABILITIES = "Capacités"


class Outcome(StrEnum):
    """The verdicts; the value is what is said."""

    OK = "OK"
    LOOK = "à voir"
    """A person should look; a transfer could go on, perhaps with a question or by another way."""
    BLOCKING = "bloquant"
    """A transfer would end here."""
    NOT_TRIED = "pas essayé"


@dataclass(frozen=True)
class Finding:
    """One stage.

    Attributes:
        stage: which.
        outcome: the verdict.
        sentence: what was found, in one French sentence without any secret; empty where only an earlier stage
            is in the way.
        seconds: how long it took; None where nothing was tried.
        failure: what stands in the way, if something does.
        abilities: what the server lets the account do, where that was found out.
    """

    stage: Stage
    outcome: Outcome
    sentence: str = ""
    seconds: float | None = None
    failure: TransferError | None = None
    abilities: Abilities | None = None

    @property
    def time(self) -> str:
        """How long it took, for instance « 12 ms » or « 1,3 s »; empty where nothing was tried."""
        if self.seconds is None:
            return ""
        if self.seconds < 0.9995:
            return f"{french.number(self.seconds * 1000)}{french.NO_BREAK}ms"
        return f"{french.number(self.seconds, 1)}{french.NO_BREAK}s"

    def as_line(self) -> str:
        """The finding for a ticket."""
        time = f" ({self.time})" if self.time else ""
        sentence = f" : {self.sentence}" if self.sentence else ""
        return f"[{self.outcome}] {self.stage}{time}{sentence}"


def stages(settings: Settings) -> list[Stage]:
    """The stages that a diagnosis with these settings has."""
    return [stage for stage in Stage if stage is not Stage.PROXY or settings.proxy is not None]


def advice(findings: Iterable[Finding]) -> str:
    """What to do about the first thing that stands in the way, for a ticket or a command; empty where nothing
    does.
    """
    met = [(item.outcome is not Outcome.BLOCKING, item.failure) for item in findings if item.failure]
    if not met:
        return ""
    failure = min(met, key=lambda pair: pair[0])[1]
    return f"{failure.advice} {failure.by_command}".strip()


def exit_code(findings: Iterable[Finding]) -> ExitCode:
    """That of the first failure that would end a transfer."""
    blocking = (item.failure for item in findings if item.failure and item.outcome is Outcome.BLOCKING)
    return next((failure.exit_code for failure in blocking), ExitCode.SUCCESS)


def as_text(findings: Sequence[Finding]) -> str:
    """The whole diagnosis for a ticket: a line a stage, then what to do."""
    lines = [finding.as_line() for finding in findings]
    if todo := advice(findings):
        lines.append(f"À faire : {todo}")
    return "\n".join(lines) + "\n"
