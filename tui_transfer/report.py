"""The report that is e-mailed once the databases are handed over: pure text made from a `JobState`."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from tui_transfer import __version__, french
from tui_transfer.errors import ExitCode
from tui_transfer.job.state import VERIFIED, JobStatus
from tui_transfer.preflight.statements import STATEMENTS

if TYPE_CHECKING:
    from tui_transfer.job.control import Follower
    from tui_transfer.job.state import DatabaseState, JobState

SUBJECT: Final = "Service Impact Emploi Association – Reprise de données – {manager}"

_VERIFICATIONS: Final = {
    "server-hash": "faite, par l'empreinte que Sharebox a calculée",
    "read-back": "faite, par relecture complète du fichier arrivé",
    "size-only": "impossible (remis, non vérifiable) : Sharebox ne laisse contrôler que la taille",
    "none": "impossible (remis, non vérifiable) : Sharebox ne montre pas les fichiers déposés",
}

_ROUTES: Final = {
    "direct": "en direct",
    "http": "par le proxy HTTP",
    "https": "par le proxy HTTPS",
    "socks5": "par le proxy SOCKS5",
}


@dataclass(frozen=True)
class Message:
    """A message ready to be sent: subject, addresses, and plain text."""

    subject: str
    recipients: tuple[str, ...]
    body: str

    @property
    def recipients_line(self) -> str:
        """The addresses as mail programs take them in the « À » field."""
        return ", ".join(self.recipients)

    def mailto(self) -> str:
        """A `mailto:` address (RFC 6068) that opens the message in a mail program."""
        to = ",".join(quote(address, safe="@") for address in self.recipients)
        body = quote(self.body.replace("\n", "\r\n"), safe="")
        return f"mailto:{to}?subject={quote(self.subject, safe='')}&body={body}"

    def eml(self) -> bytes:
        """The message as a file that mail programs open as a draft (`X-Unsent`)."""
        mail = EmailMessage(policy=SMTP)
        mail["To"] = self.recipients_line
        mail["Subject"] = self.subject
        mail["X-Unsent"] = "1"
        mail.set_content(self.body)
        return mail.as_bytes()


def make_message(state: JobState) -> Message:
    """The message about a job, whether or not it has succeeded; it never says more than was verified."""
    return Message(
        subject=SUBJECT.format(manager=state.spec.manager),
        recipients=state.spec.recipients,
        body=_body(state),
    )


def describe_verification(verified: str | None) -> str:
    """How an archive was checked after its arrival, in French."""
    return _VERIFICATIONS.get(verified or "", "pas encore faite")


def describe_route(route: str) -> str:
    """The way to the Sharebox, in French."""
    return _ROUTES.get(route, route)


def describe_reading(item: DatabaseState) -> str:
    """When the database was read, and whether it is known to have changed since; in French."""
    read = french.moment(item.read_at) if item.read_at else "pas encore faite"
    if not item.changed_since:
        return read
    return f"{read} ; la base a changé depuis, et son état actuel demande un nouveau transfert"


def describe_job(follower: Follower) -> str:
    """What became of a job, in two or three words for a list."""
    if follower.running:
        return "en cours"
    if follower.succeeded:
        return "réussi" if follower.state.all_verified else "remis, non vérifiable"
    failure = follower.failure
    return "interrompu" if failure and failure.exit_code is ExitCode.INTERRUPTED else "bloqué"


def _body(state: JobState) -> str:
    sections = [
        _opening(state),
        _facts(state),
        *(_database(number, item) for number, item in enumerate(state.databases, start=1)),
        _prerequisites(state),
        f"Message préparé par tui-transfer {__version__}.",
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _opening(state: JobState) -> str:
    return f"Bonjour,\n\n{conclusion(state)}"


def conclusion(state: JobState) -> str:
    """What became of the job, in one or two French sentences, true to what was verified."""
    total = len(state.databases)
    bases = french.count(total, "base de données", "bases de données")
    if state.status is not JobStatus.SUCCEEDED:
        done = sum(item.delivered for item in state.databases)
        reason = f" {state.failure.title}." if state.failure else ""
        return f"Le transfert n'est pas terminé ({done} sur {bases}).{reason}"
    if state.all_verified:
        if total == 1:
            return f"{bases} a été transférée vers Sharebox ; son contenu y a été vérifié."
        return f"{bases} ont été transférées vers Sharebox ; leur contenu y a été vérifié."
    if total == 1:
        return f"{bases} a été remise à Sharebox, qui ne permet pas d'en vérifier le contenu."
    unverified = sum(item.verified not in VERIFIED for item in state.databases)
    return (
        f"{bases} ont été remises à Sharebox, dont {unverified} sans vérification possible : Sharebox ne "
        "permet pas d'en relire le contenu."
    )


def _facts(state: JobState) -> str:
    lines = [f"Gestionnaire : {state.spec.manager}"]
    if state.started_at:
        lines.append(f"Début : {french.moment(state.started_at)}")
    if state.ended_at:
        lines.append(f"Fin : {french.moment(state.ended_at)}")
    lines.append(f"Destination : {state.sharebox.host}, dossier {state.sharebox.directory}")
    lines.append(f"Référence : {state.spec.id}")
    return "\n".join(lines)


def _database(number: int, item: DatabaseState) -> str:
    lines = [f"{number}. {item.name}"]
    if item.size is not None:
        files = f" ({french.count(item.files, 'fichier')})" if item.kind == "folder" and item.files else ""
        lines.append(f"   Données : {french.size(item.size)}{files}")
    if item.read_at is not None:
        lines.append(f"   Lecture : {describe_reading(item)}")
    if item.sealed:
        lines.append(f"   Archive : {item.archive}, {french.size(item.packed)}")
        lines.append(f"   SHA-256 : {item.sha256}")
    if item.delivered_at:
        lines.append(f"   Remise : {french.moment(item.delivered_at)}")
    lines.append(f"   Vérification : {describe_verification(item.verified)}")
    return "\n".join(lines)


def _prerequisites(state: JobState) -> str:
    ticks = {tick.key: tick for tick in state.spec.prerequisites}
    if not ticks:
        return "Prérequis : aucun n'a été coché."
    lines = ["Prérequis :"]
    for statement in STATEMENTS:
        tick = ticks.get(statement.key)
        if tick:
            lines.append(f"   [x] {statement.text} (coché par {tick.by} le {french.moment(tick.at)})")
        else:
            lines.append(f"   [ ] {statement.text}")
    return "\n".join(lines)
