"""What the screens say of a job, in words and signs. Pure: a state in, French text out."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from tui_transfer import french
from tui_transfer.job.state import JobStatus, Step
from tui_transfer.report.message import describe_route

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_transfer.job.control import Follower
    from tui_transfer.job.events import Waiting
    from tui_transfer.job.progress import Progress
    from tui_transfer.job.state import DatabaseState, JobState

_LONG_SILENCE: Final = 12.0
"""Seconds without news of what is being sent that a person would wonder about."""
_ANOTHER_CLOCK: Final = 900.0
"""Seconds of silence that no connection lasts: the worker's machine goes by another time."""
_LONGEST_NAME: Final = 30
KINDS: Final = {"file": "Fichier", "folder": "Dossier", "set": "Fichiers", "sqlite": "Base SQLite"}
SIZE_UNKNOWN: Final = "taille en cours de calcul"
DETAILS: Final = {
    "address": "adresse",
    "advice": "que faire",
    "cause": "cause",
    "companion": "fichier qui en fait partie",
    "date": "date",
    "directory": "dossier",
    "expected": "attendu",
    "file": "fichier",
    "fingerprint": "empreinte présentée",
    "folder": "dossier",
    "found": "trouvé",
    "host": "serveur",
    "inner": "base contenue",
    "inner_path": "son emplacement",
    "job": "transfert",
    "key": "réglage",
    "key_type": "type de clé",
    "kind": "type",
    "known": "connus",
    "line": "ligne",
    "log": "journal technique",
    "md5": "la même en MD5",
    "method": "méthode",
    "methods": "méthodes",
    "name": "nom",
    "offered": "proposé",
    "operation": "opération",
    "other_port": "port qui répond",
    "option": "option",
    "outer": "base qui contient",
    "outer_path": "son emplacement",
    "path": "emplacement",
    "port": "port",
    "problem": "problème",
    "proxy_host": "proxy",
    "proxy_port": "port du proxy",
    "question": "question",
    "reason": "raison",
    "role": "en tant que",
    "said": "ce que dit le serveur",
    "target": "cible",
    "username": "compte",
    "variable": "variable",
    "where": "réglage",
}
_STEP_STYLES: Final = {
    Step.WAITING: "$muted",
    Step.RUNNING: "$primary",
    Step.VERIFYING: "$primary",
    Step.DONE: "$success",
    Step.FAILED: "$error",
}


def shorten(text: str, width: int) -> str:
    """Text with « … » in its middle where it does not fit: names often differ at their ends."""
    if len(text) <= width:
        return text
    tail = (width - 1) // 2
    return f"{text[: width - 1 - tail]}…{text[len(text) - tail :]}"


def detail(name: str, value: str) -> str:
    """A detail of a failure in one line, for whoever is asked for help."""
    return f"{DETAILS.get(name, name).capitalize()} : {value}"


def compression_cell(item: DatabaseState, *, running: bool) -> tuple[str, str]:
    """Column C: text and style."""
    done = 0.0 if not item.size else item.read / item.size
    return _cell(item.compression, done, running=running)


def transfer_cell(item: DatabaseState, *, running: bool) -> tuple[str, str]:
    """Column T: text and style."""
    whole = item.estimated_archive_size
    done = 0.0 if not whole else (item.acknowledged + item.beside_sent) / (whole + item.beside)
    if item.transfer is Step.VERIFYING:
        done = item.checked / item.to_check if item.to_check else 0.0
    if item.compression is Step.FAILED and item.transfer is Step.WAITING:
        return "–", _STEP_STYLES[Step.WAITING]  # it waits for nothing
    if item.transfer is Step.RUNNING and item.is_sent and running:
        return "▸ envoyé", _STEP_STYLES[Step.RUNNING]  # its verification comes after the one before
    return _cell(item.transfer, done, running=running)


def _cell(step: Step, done: float, *, running: bool) -> tuple[str, str]:
    if step in {Step.RUNNING, Step.VERIFYING} and not running:
        return f"· {french.percent(min(done, 0.99))}", "$muted"
    return _step(step, done), _STEP_STYLES[step]


def _step(step: Step, done: float) -> str:
    match step:
        case Step.WAITING:
            return "· attente"
        case Step.RUNNING:
            return f"▸ {french.percent(min(done, 0.99))}"
        case Step.VERIFYING:
            return "↻ vérif."
        case Step.DONE:
            return "✓ fait"
        case Step.FAILED:
            return "✗ échec"


def doing(state: JobState, now: float, *, running: bool) -> str:
    """What is being done at `now` (seconds, time of day), in one sentence."""
    if state.status is JobStatus.SUCCEEDED:
        return "Toutes les bases sont arrivées."
    if not running:
        return "Le transfert est arrêté, rien n’est perdu ; il peut être repris."
    compressing = [item.name for item in state.databases if item.compression is Step.RUNNING]
    if state.question is not None:
        return "Sharebox pose une question : une réponse est attendue."
    if state.waiting is not None:
        return _waiting(state.waiting, now, compressing)
    for item in state.databases:
        if item.lock is not None:
            end = item.lock.at + timedelta(seconds=item.lock.seconds)
            return (
                f"« {shorten(item.name, _LONGEST_NAME)} » est utilisée par un autre programme : "
                f"attente jusqu’à {french.time_of_day(end, seconds=True)}."
            )
    compared = [item.name for item in state.databases if item.is_compared]
    if compared:
        return f"Comparaison de « {compared[0]} » avec ce qui est déjà sur Sharebox."
    at_work = [item for item in state.databases if item.transfer is Step.RUNNING]
    sending = [item.name for item in at_work if not item.is_sent]
    checking = [item.name for item in state.databases if item.transfer is Step.VERIFYING]
    checking += [item.name for item in at_work if item.is_sent]
    looked_at = [
        item.name
        for item in state.databases
        if item.compression is Step.RUNNING
        and item.integrity
        and item.integrity.integrity == "running"
        and item.read >= (item.size or 0)
    ]
    if looked_at and not checking:  # packed: its verdict alone is waited for
        return f"Contrôle d’intégrité de « {looked_at[0]} »."
    steps = [("vérification", checking), ("compression", compressing), ("envoi", sending)]
    if checking and sending:
        del steps[1]  # the table tells it; three things would not fit into the line
    elif compressing and sending and compressing[0] == sending[0]:
        steps[1:] = [("compression et envoi", sending)]
    parts = [f"{verb} de « {names[0]} »" for verb, names in steps if names]
    if not parts:
        return "Connexion à Sharebox…" if state.route is None else "Préparation…"
    sentence = ", ".join(parts)
    return sentence[0].upper() + sentence[1:] + "."


def reassurance(state: JobState, now: float, *, running: bool) -> str:
    """What there is to do meanwhile, mostly nothing; what is waited for, until when.

    `now` is in seconds, time of day.
    """
    if state.status is JobStatus.SUCCEEDED:
        return "Rien d’autre n’est à transférer."
    if not running:
        return ""  # that nothing is lost is in the sentence above, and in the dialog that covers this
    if any(item.lock for item in state.databases):
        return "Fermez Impact emploi sur tous les postes : le transfert continue aussitôt."
    if state.question is not None:
        return "N’éteignez pas l’ordinateur : le transfert continue une fois la réponse donnée."
    if state.waiting is not None and state.waiting_since is not None:
        end = state.waiting_since + timedelta(minutes=state.spec.retry_for)
        return f"Rien n’est perdu. Les tentatives continuent jusqu’à {french.time_of_day(end)}."
    silent = now - state.updated_at.timestamp() if state.updated_at else 0.0
    if _LONG_SILENCE < silent < _ANOTHER_CLOCK and any(
        item.transfer is Step.RUNNING for item in state.databases
    ):
        return f"Sharebox ne répond pas depuis {french.duration(silent)}. Rien n’est perdu."
    return "Aucune intervention n’est requise. N’éteignez pas l’ordinateur."


def begun_anew(state: JobState) -> list[DatabaseState]:
    """The databases as they are once a worker has begun: what failed before waits again."""
    waits = {Step.FAILED: Step.WAITING}
    return [
        replace(
            item,
            compression=waits.get(item.compression, item.compression),
            transfer=waits.get(item.transfer, item.transfer),
        )
        for item in state.databases
    ]


def _waiting(waiting: Waiting, now: float, compressing: Sequence[str]) -> str:
    """The network is away: which attempt comes when. What is being compressed goes on meanwhile."""
    left = waiting.at.timestamp() + waiting.seconds - now
    sentence = (
        f"Attente du réseau : tentative {waiting.attempt} dans {french.duration(left)}."
        if left >= 1
        else f"Attente du réseau : tentative {waiting.attempt} en cours…"
    )
    return f"{sentence} Compression de « {compressing[0]} »." if compressing else sentence


def pace(state: JobState, progress: Progress, now: float, *, running: bool) -> str:
    """Bytes sent, rate and time left at `now` (seconds, time of day), as far as they are known."""
    parts = [_amount(state)]
    rate, left = (progress.rate(now), progress.left(now)) if running else (None, None)
    if rate is not None:
        parts.append(french.rate(rate))
    if left is not None:
        parts.append(f"encore {french.duration(left)}")
    if state.route is not None:
        parts.append(describe_route(state.route))
    return "  ·  ".join(parts)


def _amount(state: JobState) -> str:
    """What is counted just now: what is sent; before that what is compressed."""
    sent = sum(item.acknowledged for item in state.databases)
    checking = [item for item in state.databases if item.transfer is Step.VERIFYING and item.to_check]
    sending = any(item.transfer is Step.RUNNING and not item.is_sent for item in state.databases)
    if checking and not sending:
        checked = f"{french.size(checking[0].checked)} sur {french.size(checking[0].to_check)}"
        return f"{checked} comparés" if checking[0].is_compared else f"{checked} vérifiés"
    if not sent and (total := sum(item.size or 0 for item in state.databases)):
        read = sum(item.size or 0 if item.sealed else item.read for item in state.databases)
        return f"{french.size(read)} compressés sur {french.size(total)}, rien n’est encore envoyé"
    return f"{french.size(sent)} envoyés"


def job_line(follower: Follower) -> tuple[str, str]:
    """A job in one line for the first screen: a word with its sign, then a sentence."""
    state = follower.state
    total = french.count(len(state.databases), "base")
    when = french.moment(state.spec.created_at)
    if follower.running:
        return "▸ En cours", f"{total}, {french.percent(follower.progress.share)}. Commencé le {when}."
    if follower.succeeded:
        verified = "arrivée et contenu vérifiés" if state.all_verified else "remis, non vérifiable"
        return (
            "✓ Terminé",
            f"{total} le {french.moment(state.ended_at or state.spec.created_at)}, {verified}.",
        )
    failure = follower.failure
    reason = failure.title if failure else "Il n’est pas terminé"
    return "! À reprendre", f"{total}, commencé le {when}. {reason}."
