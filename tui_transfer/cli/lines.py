"""Tells a job without a screen: plain French lines, or one JSON event a line, until its worker ends."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Protocol

import click
import msgspec

from tui_transfer import french
from tui_transfer.cli.pace import Detail, Pace
from tui_transfer.errors import ExitCode, Problem, TransferError, harmless_json
from tui_transfer.job import events as ev
from tui_transfer.job.remains import SpoolContents, spool_contents
from tui_transfer.job.state import Step
from tui_transfer.report.files import describe_files, describe_left_out, describe_renames, describe_true_names
from tui_transfer.report.integrity import describe_integrity
from tui_transfer.report.message import (
    conclusion,
    describe_left_behind,
    describe_other_failures,
    describe_reading,
    describe_refused,
    describe_route,
    describe_spool,
    describe_spool_damage,
    describe_verification,
    describe_words,
)
from tui_transfer.report.receipts import ReceiptFiles, describe_receipt
from tui_transfer.settings.config import Home, contact, receipts_beside
from tui_transfer.system.files import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_transfer.job.control import Follower
    from tui_transfer.job.progress import Progress
    from tui_transfer.job.state import DatabaseState, JobState

_POLL: Final = 0.05
_GOES_ON: Final = frozenset({Problem.VIEW_LEFT, Problem.JOB_ELSEWHERE, Problem.JOB_BEING_REMOVED})
"""After these there is nothing to resume, or not now."""
_NOTHING: Final = SpoolContents()
_QUIET: Final = (ev.LoginAsked, ev.DeliveryLost, ev.Delivered, ev.DatabaseFailed)
"""What is said although little is to be: what ends a database, and what a person has to know or do."""


_FATES: Final = {
    "stayed": "il y est resté",
    "gone-at-close": "il est retiré dès son arrivée",
    "gone-at-rename": "il est retiré dès qu’il a son nom définitif",
    "hidden": "personne ne peut l’y voir",
}


class Output(Protocol):
    """Where a followed job is told."""

    def event(self, event: ev.Event, state: JobState, progress: Progress) -> None:
        """One thing happened; `state` and `progress` are as they are after it."""

    def end(
        self,
        state: JobState | None,
        failure: TransferError | None,
        job: str | None,
        spool: SpoolContents = _NOTHING,
        receipt: ReceiptFiles | None = None,
    ) -> None:
        """The worker ended, or the job could not even begin (`state` is then None); `spool` stays here, and
        the `receipt` of a delivered job, which may be missing there.
        """


def follow(
    follower: Follower,
    output: Output,
    ask: Callable[[ev.LoginAsked], None] | None = None,
    wait: Callable[[float], object] = time.sleep,
) -> ExitCode:
    """Tells what happens until no worker is at the job any more; returns the exit status.

    What happened before this call is not told again.

    Args:
        follower: of the job.
        output: is told.
        ask: asks a person what the Sharebox asks, where the worker hears the answer.
        wait: passes the seconds between two looks at the journal.
    """
    asked: set[int] = set()
    _ = follower.progress  # is reckoned from now on
    while True:
        for event, state in follower.steps():
            output.event(event, state, follower.progress)
        question = follower.state.question
        if ask is not None and question is not None and question.number not in asked:
            asked.add(question.number)
            ask(question)
        if follower.ended:
            break
        wait(_POLL)
    spool = _NOTHING
    with suppress(TransferError):  # a disk that cannot be looked at is told of where it matters
        spool = spool_contents(follower.job)
    receipt = ReceiptFiles.of(receipts_beside(follower.job.folder.parent), follower.job.id)
    output.end(
        follower.state, follower.failure, follower.job.id, spool, receipt if follower.succeeded else None
    )
    return exit_code(follower)


def exit_code(follower: Follower) -> ExitCode:
    """The exit status of a command that leaves the job as it is."""
    failure = follower.failure
    return failure.exit_code if failure else follower.state.exit_code


class JsonOutput:
    """The journal's events as they are, then one `job.finished` object; see the README for its shape."""

    def event(self, event: ev.Event, state: JobState, progress: Progress) -> None:
        """Prints the event."""
        print_json(
            msgspec.to_builtins(event) | _of(state)
        )  # whatever fields an event has, these are what they say

    def end(
        self,
        state: JobState | None,
        failure: TransferError | None,
        job: str | None,
        spool: SpoolContents = _NOTHING,
        receipt: ReceiptFiles | None = None,
    ) -> None:
        """Prints `job.finished`."""
        code = failure.exit_code if failure else state.exit_code if state else ExitCode.UNEXPECTED
        finished: dict[str, Any] = {
            "type": "job.finished",
            **(_of(state) if state else {}),
            "job": job,
            "status": "blocked" if failure else "succeeded",
            "exit_code": int(code),
            "databases": [database_json(item) for item in state.databases] if state else [],
            "spool": {"snapshot": spool.snapshot, "archives": spool.archives},
            "receipt": printable(receipt.content) if receipt and receipt.exists else None,
        }
        if failure:
            finished["problem"] = failure.problem
            finished["details"] = failure.details
            finished["message"] = failure.as_text()
        print_json(finished)


FORMAT: Final = 1
"""Of the lines of JSON."""


def _of(state: JobState) -> dict[str, Any]:
    """What every line of JSON tells: of which job and of whom it is."""
    spec = state.spec
    return {"format": FORMAT, "job": spec.id, "manager": spec.manager, "manager_id": spec.manager_id}


def show_failure(error: TransferError) -> None:
    """Prints a failure on standard error, and whom to ask for help."""
    text = "\n".join(part for part in (error.as_text(), contact(Home.find())) if part)
    click.echo(text, err=True)


class PlainOutput:
    """Plain lines, without colour or cursor movement."""

    def __init__(self, detail: Detail = Detail.NORMAL) -> None:
        self._detail = detail
        self._pace = Pace(detail)
        self._standing = "Le transfert commence : rien n’est encore envoyé."

    def event(self, event: ev.Event, state: JobState, progress: Progress) -> None:
        """Prints a line for each fact, and one now and then for progress."""
        is_told = self._detail is not Detail.QUIET or isinstance(event, _QUIET)
        line = self.describe(event, state) if is_told else None
        if isinstance(event, ev.Measure):
            self._standing = _progress(state.databases[event.database], progress, event.at.timestamp())
            if self._pace.is_due(progress.share):
                line = self._standing
        if line is not None:
            click.echo(line)

    def describe(self, event: ev.Event, state: JobState) -> str | None:
        """The line for a fact; None for what is not worth one."""
        return _describe(event, state)

    def stand(self) -> None:
        """Prints in one line how far it is: a person asked."""
        click.echo(self._standing)

    def end(
        self,
        state: JobState | None,
        failure: TransferError | None,
        job: str | None,
        spool: SpoolContents = _NOTHING,
        receipt: ReceiptFiles | None = None,
    ) -> None:
        """Prints what became of the job; a failure goes to standard error."""
        if failure is None and state is not None:
            click.echo(conclusion(state))
            if left := _left_behind(state):
                click.echo(left)
        elif failure is not None:
            show_failure(failure)
            if state is not None and (others := describe_other_failures(state)):
                click.echo(others, err=True)
            if job and not failure.meaning.needs_new_job and failure.problem not in _GOES_ON:
                click.echo(f"Pour reprendre : tui-transfer resume {job}", err=True)
        if receipt is not None:
            click.echo(describe_receipt(receipt, f"tui-transfer receipt {job}"))
        if remains := describe_spool(spool):
            click.echo(f"{remains} « tui-transfer purge {job} » le supprime.", err=failure is not None)


def _describe(event: ev.Event, state: JobState) -> str | None:
    """The line for a fact; None for what is not worth one."""
    match event:
        case ev.WorkerStarted():
            return _left_behind(state) or None
        case ev.Connected():
            said = f" {describe_words(event.said)}" if event.said else ""
            return (
                f"Connecté à Sharebox {describe_route(event.route)} ; clé du serveur {event.host_key}.{said}"
            )
        case ev.RouteFailed():
            return (
                f"Connexion {describe_route(event.route)} impossible : {event.reason} Essai de la suivante."
            )
        case ev.Waiting():
            seconds = french.duration(event.seconds)
            return f"Connexion perdue : {event.reason} Essai {event.attempt} dans {seconds}."
        case ev.LoginAsked():
            asked = " ".join(words for words in (event.title, event.text, *_prompts(event)) if words)
            return f"Sharebox demande : {asked}"
        case ev.LoginAnswered(given=False):
            return "Personne n’a répondu à la question de Sharebox."
        case ev.ArchiveStarted():
            return _started(event, state.databases[event.database].name)
        case ev.ArchiveLocked():
            return "Les archives sont chiffrées (AES-256) : 7-Zip les ouvre, avec leur phrase secrète."
        case ev.ArchiveKept():
            item = state.databases[event.database]
            return f"{item.name} : déjà compressée. Lecture : {describe_reading(item)}."
        case ev.ArchiveSealed():
            name = state.databases[event.database].name
            inside = describe_true_names(event.true_names)
            said = f"{name} : compressée, {french.size(event.size)}, SHA-256 {event.sha256}."
            return f"{said} {inside}." if inside else said
        case ev.IntegrityChecked() | ev.DamageWaived():
            item = state.databases[event.database]
            return f"{item.name} : {describe_integrity(item)}."
        case ev.SpoolDamaged():
            return f"{state.databases[event.database].name} : {describe_spool_damage(event)}."
        case ev.UploadStarted():
            name = state.databases[event.database].name
            resumed = (
                f", repris à {french.size(event.offset)}" if state.databases[event.database].resumed else ""
            )
            return f"{name} : envoi{resumed}."
        case ev.DeliveryLost():
            return f"{event.file} : acceptée par Sharebox, puis disparue (perte {event.times})."
        case ev.TrialFollowed():
            return f"Fichier d’essai sur Sharebox : {_FATES.get(event.fate, event.fate)}."
        case ev.Delivered():
            name = state.databases[event.database].name
            verified = describe_verification(event.verified, event.read_meanwhile)
            refused = "".join(f" {line}" for line in describe_refused(state.databases[event.database]))
            return f"{name} : remise ({event.path}). Vérification : {verified}.{refused}"
        case ev.DatabaseFailed():
            item = state.databases[event.database]
            assert item.failure is not None
            return f"{item.name} : échec. {item.failure.title}. {item.failure.why}"
        case _:
            return None


def _started(event: ev.ArchiveStarted, name: str) -> str:
    """What is read, and what beside it is not."""
    sentences = [f"{name} : compression de {french.size(event.size)}."]
    if event.names:
        sentences.append(f"Fichiers : {describe_files(event.names, event.file_format)}.")
    if event.left_out:
        sentences.append(f"{describe_left_out(event.left_out)}.")
    if renamed := describe_renames(event.renamed, event.renames):
        sentences.append(f"{renamed}.")
    return " ".join(sentences)


def _prompts(event: ev.LoginAsked) -> list[str]:
    return [prompt.text for prompt in event.prompts]


def _left_behind(state: JobState) -> str:
    told = describe_left_behind(state)
    return (
        f"{told}\nUne fois ce transfert terminé, « tui-transfer purge {state.spec.id} » le supprime."
        if told
        else ""
    )


def _progress(item: DatabaseState, progress: Progress, now: float) -> str:
    """How far all is, then how far a database: what is of all stands beside no name."""
    rate, left = progress.rate(now), progress.left(now)
    verifying = item.transfer is Step.VERIFYING
    done = f"vérifié {french.size(item.checked)}" if verifying else f"envoyé {french.size(item.acknowledged)}"
    parts = [f"En tout : {french.percent(progress.share)}"]
    if left is not None:
        parts.append(f"encore {french.duration(left)}")
    if rate:
        parts.append(french.rate(rate))
    return f"{', '.join(parts)}. {item.name} : {done}."


def database_json(item: DatabaseState) -> dict[str, Any]:
    """A database as JSON tells it; see the README for its shape."""
    return {
        "name": item.name,
        "archive": item.archive,
        "sha256": item.sha256,
        "size": item.size,
        "packed": item.packed,
        "kind": item.kind,
        "format": item.found.file_format if item.found else "",
        "names": item.found.names if item.found else (),
        "integrity": item.integrity.integrity if item.integrity else None,
        "left_out": item.found.left_out if item.found else (),
        "read_at": item.read_at,
        "changed_since": item.changed_since,
        "verified": item.verified or "none",
        "read_meanwhile": item.read_meanwhile,
        "manifest_refused": item.manifest_refused,
        "refused": item.refused,
        "signed_by": item.signed_by,
        "delivered": item.delivered,
        "sharebox": item.destination.host if item.destination else None,
        "directory": item.destination.directory if item.destination else None,
        "problem": item.problem,
    }


def print_json(content: dict[str, Any]) -> None:
    """Prints an object of JSON in a line of its own."""
    # Bytes: JSON is UTF-8 whatever the terminal's encoding. Text that is not Unicode could not be written.
    click.echo(harmless_json(msgspec.json.encode(content)))
