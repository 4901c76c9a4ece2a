"""What pages and dialogs say that happened. What follows is not theirs to know: `procedure.py` says it.

Where something is asked, `then` takes the answer; it is None where the person would rather not answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from pathlib import Path

    from textual.screen import Screen

    from tui_transfer.archive.source import Summary
    from tui_transfer.errors import TransferError
    from tui_transfer.job.control import Follower, Job
    from tui_transfer.job.events import LoginAsked
    from tui_transfer.job.orders import Orders
    from tui_transfer.job.state import JobState
    from tui_transfer.preflight.delivered import HandedOver
    from tui_transfer.preflight.unmet import Unmet
    from tui_transfer.settings.config import DatabaseSettings, MailSettings, Settings, ShareboxSettings
    from tui_transfer.tui.answers import Answer, Decision, Leaving, Purge, Reminded, Unsaved
    from tui_transfer.worker.leftovers import Leftovers


# ── The way through the procedure ─────────────────────────────


@dataclass(frozen=True)
class MaintainChosen:
    """« Maintenir »; with `instead` one does not come back to the page where it was chosen."""

    instead: bool = False


@dataclass(frozen=True)
class PrerequisitesChosen:
    """« Prérequis »."""


@dataclass(frozen=True)
class TransferPressed:
    """The button « Transfert database vers Urssaf »; with `instead` one does not come back to where it was
    asked for.
    """

    instead: bool = False


@dataclass(frozen=True)
class AdditionAsked:
    """« Ajouter » a database to the list.

    Args:
        known: names and absolute paths of those in the list.
        start: the folder to look in first.
        then: takes the new ones.
    """

    known: Sequence[tuple[str, Path]]
    start: Path
    then: Callable[[Sequence[DatabaseSettings] | None], None]


@dataclass(frozen=True)
class SearchAsked:
    """« Chercher » databases in the usual places; the arguments are those of `AdditionAsked`."""

    known: Sequence[tuple[str, Path]]
    then: Callable[[Sequence[DatabaseSettings] | None], None]


@dataclass(frozen=True)
class RemovalAsked:
    """« Supprimer » a database from the list."""

    name: str
    then: Callable[[bool | None], None]


@dataclass(frozen=True)
class DatabasesChosen:
    """« Transférer », with nothing in the way.

    Args:
        looks: the chosen databases, by name, and what is known of each.
        sharebox: where they are to go.
        unmet: the prerequisites that are not met.
        then: takes what was decided.
        handed: what was handed over there before, by name.
    """

    looks: Mapping[str, Summary | TransferError | None]
    sharebox: ShareboxSettings
    unmet: Unmet
    then: Callable[[Decision | None], None]
    handed: Mapping[str, HandedOver]


@dataclass(frozen=True)
class PassphraseMade:
    """« Oui », where archives are to be encrypted.

    Args:
        passphrase: with what.
        then: takes whether it is noted.
    """

    passphrase: str = field(repr=False)
    then: Callable[[bool | None], None]


@dataclass(frozen=True)
class JobMade:
    """« Oui »: the job is there, and no worker yet."""

    job: Job


@dataclass(frozen=True)
class JobChosen:
    """A job to look at; with `begin` it is gone on with at once."""

    job: Job
    begin: bool


@dataclass(frozen=True)
class JobJoined:
    """Another window began this job first: it is followed, in place of the page where that was found."""

    job: Job


@dataclass(frozen=True)
class JobBlocked:
    """The worker has ended, or could not begin, for want of something.

    Args:
        failure: what stands in the way.
        follower: the job.
        then: takes what to go on with.
    """

    failure: TransferError
    follower: Follower
    then: Callable[[Answer | None], None]


@dataclass(frozen=True)
class LoginQuestionAsked:
    """The Sharebox asks a person something, and waits.

    Args:
        asked: its question.
        account: who logs in, and where.
        then: takes an answer for each prompt.
    """

    asked: LoginAsked
    account: str
    then: Callable[[list[str] | None], None]


@dataclass(frozen=True)
class JobUnreadable:
    """A job cannot be shown; `job` is None where nobody knows what it was to do."""

    failure: TransferError
    job: Job | None
    then: Callable[[Answer | None], None] | None = None


@dataclass(frozen=True)
class JobSucceeded:
    """Every database is delivered."""

    job: Job
    state: JobState


@dataclass(frozen=True)
class MessageChosen:
    """« Message à envoyer » about a job; with `instead` one does not come back to where it was chosen."""

    job: Job
    instead: bool = False


@dataclass(frozen=True)
class SendingAsked:
    """« Envoyer le rapport », where a mail server is set.

    Args:
        mail: the server, and who sends.
        recipients: who gets it.
        then: takes whether it may go.
    """

    mail: MailSettings
    recipients: Sequence[str]
    then: Callable[[bool | None], None]


@dataclass(frozen=True)
class MailPasswordNeeded:
    """The mail server wants a password; `failure` says why."""

    failure: TransferError
    mail: MailSettings
    then: Callable[[Answer | None], None]


@dataclass(frozen=True)
class SendingFailed:
    """The report was not sent, or nobody knows; what to do instead is on the page below."""

    failure: TransferError


@dataclass(frozen=True)
class FinishedChosen:
    """« C’est fini »: the report about a job is sent; `instead` as for `MessageChosen`, and `said` is what a
    mail server said to it."""

    job: Job
    instead: bool = False
    said: str = ""


@dataclass(frozen=True)
class TextAsked:
    """The message as text alone, to be selected."""

    text: str


# ── Beside the procedure ──────────────────────────────────────


@dataclass(frozen=True)
class HistoryChosen:
    """« Historique »."""


@dataclass(frozen=True)
class PurgeAsked:
    """« Supprimer » a job of the past; `left` is what it may have left at each destination, and `kept` says
    in French what stays of its databases here.
    """

    follower: Follower
    left: Sequence[Leftovers]
    kept: str
    then: Callable[[Purge | None], None]


@dataclass(frozen=True)
class GuideChosen:
    """« Guide »."""


@dataclass(frozen=True)
class ImportChosen:
    """« Configuration reçue »; `then` is called once one was taken over."""

    then: Callable[[], None]


@dataclass(frozen=True)
class DemoChosen:
    """« S’exercer »: the demonstration, in the place of this program."""


@dataclass(frozen=True)
class SettingsChosen:
    """« Réglages »; with `at`, a key as the file names it, for instance `sharebox.directory`, that field is
    where one begins.
    """

    at: str = ""


@dataclass(frozen=True)
class ForgettingAsked:
    """« Oublier la clé » of the server."""

    then: Callable[[bool | None], None]


@dataclass(frozen=True)
class LeftUnsaved:
    """A form is left whose changes are not saved."""

    then: Callable[[Unsaved | None], None]


@dataclass(frozen=True)
class TrialAsked:
    """« Tester la connexion », with settings that need not be saved."""

    settings: Settings
    orders: Orders


@dataclass(frozen=True)
class SecretNeeded:
    """The account on `sharebox` wants a password, or its key a passphrase; `failure` says which, and why."""

    failure: TransferError
    sharebox: ShareboxSettings
    then: Callable[[Answer | None], None]


@dataclass(frozen=True)
class LeavingAsked:
    """« Quitter », while a transfer goes on."""

    then: Callable[[Leaving | None], None]


@dataclass(frozen=True)
class UnsentRemembered:
    """« Quitter », while the report about a job is still to be sent."""

    follower: Follower
    then: Callable[[Reminded | None], None]


@dataclass(frozen=True)
class InterruptionAsked:
    """« Interrompre »: the worker would end, for everyone who follows it."""

    then: Callable[[bool | None], None]


@dataclass(frozen=True)
class HelpAsked:
    """« ? »: what `screen` is for, and its keys."""

    screen: Screen[Any]
    text: str


@dataclass(frozen=True)
class CommandsAsked:
    """« : »: what can be done on `screen`; `then` takes the action chosen."""

    screen: Screen[Any]
    then: Callable[[str | None], Awaitable[None]]


Step: TypeAlias = (
    PrerequisitesChosen
    | MaintainChosen
    | TransferPressed
    | AdditionAsked
    | SearchAsked
    | RemovalAsked
    | DatabasesChosen
    | PassphraseMade
    | JobMade
    | JobChosen
    | JobJoined
    | JobBlocked
    | JobUnreadable
    | LoginQuestionAsked
    | JobSucceeded
    | MessageChosen
    | SendingAsked
    | MailPasswordNeeded
    | SendingFailed
    | FinishedChosen
    | TextAsked
)
Aside: TypeAlias = (
    HistoryChosen
    | GuideChosen
    | PurgeAsked
    | ImportChosen
    | DemoChosen
    | SettingsChosen
    | ForgettingAsked
    | LeftUnsaved
    | TrialAsked
    | SecretNeeded
    | LeavingAsked
    | UnsentRemembered
    | InterruptionAsked
    | HelpAsked
    | CommandsAsked
)
Happening: TypeAlias = Step | Aside
