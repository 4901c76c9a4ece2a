"""The jobs of this machine as « Historique » shows them, looked at again and again beside the screen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from tui_transfer import french
from tui_transfer.errors import ExitCode, TransferError
from tui_transfer.job import attempts
from tui_transfer.job.reading import Jobs
from tui_transfer.job.spec import STAMP
from tui_transfer.report.message import conclusion, describe_damage
from tui_transfer.tui.wording import shorten

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_transfer.job.attempts import Attempt
    from tui_transfer.job.control import Follower, Job
    from tui_transfer.job.reading import Reading
    from tui_transfer.settings.config import Home

_UNKNOWN: Final = "–"
_STAMP_LENGTH: Final = len("20220302-140500")


@dataclass(frozen=True)
class PastJob:
    """One job, or a transfer that was refused before there was one, as it was looked at, in words."""

    name: str
    state: str
    """A sign and a word."""
    style: str
    """The state's colour, a variable of the theme."""
    created: str
    databases: tuple[str, ...]
    sharebox: str
    about: str
    """The same in sentences, with what the columns leave out."""
    job: Job | None = None
    """None where `job.json` cannot be read."""
    error: TransferError | None = None
    """Why the job cannot be read."""
    running: bool = False
    succeeded: bool = False
    refused: bool = False
    """Whether it never began; `databases` holds the reason then."""

    @property
    def stopped(self) -> bool:
        """Whether it can be gone on with."""
        return self.error is None and not self.running and not self.succeeded


class PastJobs:
    """Looks at the jobs of `home`; of a journal that was read before, only what was appended is read.

    `jobs`: what was read of them so far, where others look at them as well.
    """

    def __init__(self, home: Home, jobs: Jobs | None = None) -> None:
        self._home = home
        self._jobs = jobs or Jobs(home)

    def look(self) -> tuple[PastJob, ...]:
        """All jobs and refused attempts, the newest first. One call at a time; it reads the disk.

        Raises:
            TransferError: DISK_UNWRITABLE where the jobs cannot be listed.
        """
        found: list[tuple[int, PastJob]] = [
            (reading.entry.sequence, describe(reading)) for reading in self._jobs.look(gently=True)
        ]
        found += [(attempt.sequence, _refused(attempt)) for attempt in attempts.read(self._home)]
        # Stable: jobs without a number stay in the order of their times.
        return tuple(row for _, row in sorted(found, key=lambda pair: pair[0], reverse=True))


def describe(reading: Reading) -> PastJob:
    """One job as it was read, in words."""
    job, found = reading.entry.job, reading.found
    if isinstance(found, TransferError):
        return _damaged(reading.entry.name, None if isinstance(job, TransferError) else job, found)
    return _described(found)


def names_in(names: Sequence[str], width: int) -> str:
    """All names where they fit, otherwise the first and how many more there are: « Base active + 2 »."""
    whole = ", ".join(names)
    if len(whole) <= width or len(names) == 1:
        return whole
    rest = f" + {len(names) - 1}"
    return shorten(names[0], width - len(rest)) + rest


def _described(follower: Follower) -> PastJob:
    state, spec = follower.state, follower.job.spec
    word, style = _state_word(follower)
    folder = state.sharebox.directory
    place = f"Compte {state.sharebox.username}, dossier {folder}, référence {follower.job.id}."
    names = tuple(item.name for item in spec.databases)
    return PastJob(
        name=follower.job.id,
        state=word,
        style=style,
        created=french.short_moment(spec.created_at),
        databases=names,
        sharebox=state.sharebox.host,
        about=f"{_sentence(follower)}\n{place}\n{french.count(len(names), 'base')} : {', '.join(names)}.",
        job=follower.job,
        running=follower.running,
        succeeded=follower.succeeded,
    )


def _state_word(follower: Follower) -> tuple[str, str]:
    if follower.running:
        return "▸ en cours", "primary"
    if follower.succeeded:
        return ("✓ réussi", "success") if follower.state.all_verified else ("! remis", "warning")
    failure = follower.failure
    interrupted = failure is not None and failure.exit_code is ExitCode.INTERRUPTED
    return ("· interrompu" if interrupted else "! bloqué"), "warning"


def _sentence(follower: Follower) -> str:
    state = follower.state
    if follower.running:
        begun = french.moment(state.started_at or state.spec.created_at)
        return f"En cours depuis le {begun}, {french.percent(follower.progress.share)}. Entrée l’affiche."
    if follower.succeeded:
        return f"{conclusion(state)} Terminé le {french.moment(state.ended_at or state.spec.created_at)}."
    done = sum(item.delivered for item in state.databases)
    remaining = f"{french.count(done, 'base remise', 'bases remises')} sur {len(state.databases)}."
    failure = follower.failure
    return f"{failure.title}. {failure.why} {remaining}" if failure else remaining


def _damaged(name: str, job: Job | None, error: TransferError) -> PastJob:
    return PastJob(
        name=name,
        state=f"✗ {describe_damage(error)}",
        style="error",
        created=_moment_in(name),
        databases=tuple(item.name for item in job.spec.databases) if job else (_UNKNOWN,),
        sharebox=job.spec.sharebox.host if job else _UNKNOWN,
        about=f"{error.title}. {error.why} {error.advice}",
        job=job,
        error=error,
    )


def _refused(attempt: Attempt) -> PastJob:
    failure = attempt.failure
    when = f"Demandé le {french.moment(attempt.at)} par {attempt.by}"
    return PastJob(
        name=f"{attempt.sequence}",
        state="✗ refusé",
        style="warning",
        created=french.short_moment(attempt.at),
        databases=(failure.title,),
        sharebox=_UNKNOWN,
        about=f"{failure.title}. {failure.why} {failure.advice}\n{when}, refusé (code {attempt.exit_code}).",
        error=failure,
        refused=True,
    )


def _moment_in(name: str) -> str:
    """The time in a job's name, which is there even where nothing else can be read."""
    try:
        return french.short_moment(datetime.strptime(name[:_STAMP_LENGTH], STAMP).astimezone())
    except (
        ValueError,
        OverflowError,
        OSError,
    ):  # no date, or none of this system
        return _UNKNOWN
