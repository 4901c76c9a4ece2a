"""What has happened lately during a transfer, each thing in a few words. Pure: events in, French out."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tui_transfer import french
from tui_transfer.job import events as ev
from tui_transfer.job.state import VERIFIED
from tui_transfer.report.message import describe_route
from tui_transfer.tui import wording

if TYPE_CHECKING:
    from datetime import datetime

    from tui_transfer.job.state import JobState

MOST: Final = 24
_LONGEST_NAME: Final = 28


@dataclass(frozen=True)
class Line:
    """Something that happened, and when."""

    at: datetime
    text: str
    kind: type[ev.Event]


class News:
    """The last things that happened, the newest last."""

    def __init__(self) -> None:
        self._lines: deque[Line] = deque(maxlen=MOST)

    def hear(self, event: ev.Event, state: JobState) -> None:
        """Takes an event, and the job's state after it. Of attempts to connect again, the last is kept."""
        text = in_words(event, state)
        if text is None:
            return
        if self._lines and isinstance(event, ev.Waiting) and self._lines[-1].kind is ev.Waiting:
            self._lines.pop()
        self._lines.append(Line(event.at, text, type(event)))

    def last(self, count: int) -> list[str]:
        """The last ones, a line each, with the time of day."""
        lines = list(self._lines)[-count:] if count > 0 else []
        return [f"{french.at_this_machine(line.at):%H:%M:%S}  {line.text}" for line in lines]


def in_words(event: ev.Event, state: JobState) -> str | None:
    """What happened, in a few words; None for what is not worth them."""
    match event:
        case ev.WorkerStarted():
            return "Transfert commencé" if state.started_at == event.at else "Transfert repris"
        case ev.Connected():
            return f"Connecté à Sharebox, {describe_route(event.route)}"
        case ev.RouteFailed():
            return "Connexion impossible par ce chemin, essai du suivant"
        case ev.Waiting():
            return f"Connexion perdue, rien n’est perdu\N{NO-BREAK SPACE}: tentative {event.attempt}"
        case ev.LoginAsked():
            return "Sharebox pose une question"
        case ev.JobSucceeded():
            return "Toutes les bases sont arrivées"
        case ev.JobBlocked():
            return f"Arrêt\N{NO-BREAK SPACE}: {state.failure.title}" if state.failure else "Arrêt"
        case _:
            said = _of_database(event, state)
            return said and f"{_name(state, getattr(event, 'database', 0))}\N{NO-BREAK SPACE}: {said}"


def _name(state: JobState, index: int) -> str:
    return wording.shorten(state.databases[index].name, _LONGEST_NAME)


def _of_database(event: ev.Event, state: JobState) -> str | None:
    match event:
        case ev.DatabaseLocked():
            return "un autre programme l’utilise, attente"
        case ev.ArchiveStarted():
            return "compression commencée"
        case ev.ArchiveKept():
            return "déjà compressée"
        case ev.ArchiveSealed():
            return f"compressée, {french.size(event.size)}"
        case ev.UploadStarted():
            resumed = state.databases[event.database].resumed
            return f"envoi repris à {french.size(event.offset)}" if resumed else "envoi commencé"
        case ev.DeliveryStep(step="closing") if event.file == state.databases[event.database].archive:
            return "entièrement envoyée"
        case ev.DeliveryLost():
            return "disparue de Sharebox, envoyée une seconde fois"
        case ev.SpoolDamaged():
            return "copie d’ici abîmée, refaite"
        case ev.Delivered():
            return "remise et vérifiée" if event.verified in VERIFIED else "remise, non vérifiable"
        case ev.DatabaseFailed():
            failure = state.databases[event.database].failure
            return f"échec. {failure.title}" if failure else "échec"
        case _:
            return None
