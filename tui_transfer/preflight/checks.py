"""What a program can see of the prerequisites, it checks itself."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tui_transfer import french
from tui_transfer.archive.companions import AS_KNOWN, Selection, files_sent, main_of
from tui_transfer.archive.source import find_nested, summarize
from tui_transfer.errors import Problem, TransferError
from tui_transfer.preflight import place
from tui_transfer.preflight.health import describe_ailments
from tui_transfer.preflight.locks import find_locks
from tui_transfer.settings.config import expanded, located
from tui_transfer.system import access, os_errors
from tui_transfer.system.files import printable
from tui_transfer.system.users import programs_using

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tui_transfer.archive.source import Summary
    from tui_transfer.settings.config import Home, Settings, ShareboxSettings

Database = tuple[str, Path]
"""A name and an absolute path."""
Selections = Mapping[str, Selection]
"""What a person decided about the files beside databases, by the names of these; nothing where they have
none.
"""

_MARGIN: Final = 64_000_000
_WORKER: Final = "tui_transfer.worker"
"""The module that a worker's command line names."""


class Verdict(StrEnum):
    """What a check found."""

    OK = "ok"
    WARNING = "warning"
    """A person should look; the transfer may go on and takes its own precautions."""
    FAILED = "failed"
    """The transfer would not succeed."""


@dataclass(frozen=True)
class Check:
    """A check's result.

    Attributes:
        key: stable name.
        title: what was looked at.
        verdict: what it means.
        explanation: what was found and what to do.
        finding: what was found, alone, as the report tells it where the transfer goes on nevertheless.
    """

    key: str
    title: str
    verdict: Verdict
    explanation: str
    finding: str = ""


def check_all(
    databases: Sequence[Database],
    selected: Selections,
    home: Home,
    sharebox: ShareboxSettings | None,
) -> list[Check]:
    """Runs every check, or those without network where `sharebox` is None.

    Takes seconds where the Sharebox does not answer or a database is a big folder: not for a UI's own thread.
    """
    checks = check_databases(databases, selected, home)
    checks += check_place(home)
    return checks if sharebox is None else [*checks, *check_key(sharebox, home), check_sharebox(sharebox)]


def check_databases(databases: Sequence[Database], selected: Selections, home: Home) -> list[Check]:
    """The checks that need no network."""
    looks = look_at(databases, selected)
    return [
        check_readable(looks),
        check_health(databases, home, looks),
        check_names(databases, home),
        *check_in_use(databases, selected),
        check_free_space(looks, home),
    ]


def check_in_use(databases: Sequence[Database], selected: Selections) -> list[Check]:
    """The checks that tell whether somebody works with what is sent of a database."""
    return [check_companions(databases, selected), check_not_open(databases, selected)]


def look_at(databases: Sequence[Database], selected: Selections) -> list[Summary | TransferError]:
    """What is sent of each database, or what it has against it."""
    return [_look(path, selected.get(name, AS_KNOWN)) for name, path in databases]


def selections(settings: Settings) -> Selections:
    """Which files go along with the databases of the settings, by their names."""
    return {item.name: Selection(item.also, item.without) for item in settings.databases}


def require(databases: Sequence[Database], selected: Selections, home: Home) -> dict[str, TransferError]:
    """Refuses what could not be handed over, before anything is begun.

    Returns:
        By name, the databases that will fail, and why: they do not keep the others.

    Raises:
        TransferError: DATABASE_NONE, DATABASE_NESTED, PREREQUISITE_UNMET, DISK_FULL; where none of the
            databases is fit, what the first has against it: DATABASE_MISSING, DATABASE_UNREADABLE,
            DATABASE_FILE_NAME and so on.
    """
    if not databases:
        raise TransferError(Problem.DATABASE_NONE)
    for _, path in databases:
        _require_writable_name(path)
    looks = look_at(databases, selected)
    names = [name for name, _ in databases]
    unfit = {name: look for name, look in zip(names, looks, strict=True) if isinstance(look, TransferError)}
    if len(unfit) == len(databases):
        raise next(iter(unfit.values()))
    if nested := find_nested([path for _, path in databases]):
        inner, outer = nested
        by_path = {path: name for name, path in databases}
        if _same(inner, outer):
            explanation = f"{inner} est deux fois dans la liste : retirez l’une des deux."
            raise TransferError(
                Problem.PREREQUISITE_UNMET, reason="Une base est demandée deux fois.", advice=explanation
            )
        raise TransferError(
            Problem.DATABASE_NESTED,
            inner=by_path.get(inner, inner),
            inner_path=inner,
            outer=by_path.get(outer, outer),
            outer_path=outer,
        )
    if (unique := check_names(databases, home)).verdict is Verdict.FAILED:
        raise TransferError(
            Problem.PREREQUISITE_UNMET, reason=f"{unique.title} : non.", advice=unique.explanation
        )
    if (space := check_free_space(looks, home)).verdict is Verdict.FAILED:
        raise TransferError(Problem.DISK_FULL, path=home.data, reason=space.explanation.rstrip("."))
    return unfit


def check_readable(looks: Sequence[Summary | TransferError]) -> Check:
    """Each database exists and can be looked at."""
    title = "Bases présentes et lisibles"
    if not looks:
        return Check("readable", title, Verdict.FAILED, "Aucune base dans la liste.")
    failures = [look for look in looks if isinstance(look, TransferError)]
    if failures:
        advice = dict.fromkeys(look.advice for look in failures)  # each once, however many need it
        explanation = " ".join([*(look.why for look in failures), *advice])
        return Check("readable", title, Verdict.FAILED, explanation)
    return Check("readable", title, Verdict.OK, french.count(len(looks), "base") + ".")


def check_health(
    databases: Sequence[Database], home: Home, looks: Sequence[Summary | TransferError]
) -> Check:
    """No database is empty, or much smaller than when it was last handed over."""
    title = "Bases ni vides ni amoindries"
    found = describe_ailments(databases, looks, home)
    if found:
        advice = "Vérifiez que c’est la bonne base, et qu’elle est complète."
        return _warning("health", title, " ".join(found), advice)
    return Check("health", title, Verdict.OK, "Rien à signaler.")


def check_names(databases: Sequence[Database], home: Home) -> Check:
    """No two databases share a name, and none lies inside another or holds the program's own folder."""
    title = "Noms uniques, aucune base dans une autre"
    counts = Counter(name.casefold() for name, _ in databases)
    doubled = {name.casefold(): name for name, _ in databases if counts[name.casefold()] > 1}
    if doubled:
        explanation = " ".join(
            f"Le nom « {name} » est porté par {french.count(counts[key], 'base')} : renommez-en."
            for key, name in doubled.items()
        )
        return Check("names", title, Verdict.FAILED, explanation)
    if nested := find_nested([path for _, path in databases]):
        inner, outer = nested
        where = "deux fois dans la liste" if _same(inner, outer) else f"à l’intérieur de {outer}"
        explanation = f"{inner} est {where} : retirez l’une des deux."
        return Check("names", title, Verdict.FAILED, explanation)
    for _, path in databases:
        if find_nested([path, home.jobs]):
            explanation = (
                f"{path} et le dossier de travail du programme ({home.jobs}) sont l’un dans l’autre : "
                "déplacez l’un des deux."
            )
            return Check("names", title, Verdict.FAILED, explanation)
    return Check("names", title, Verdict.OK, "Aucun doublon.")


def check_companions(databases: Sequence[Database], selected: Selections) -> Check:
    """No lock or journal file lies beside what is sent of a database."""
    title = "Aucun fichier de verrou ou de journal à côté"
    found = [
        f"{lock} à côté de « {name} »"
        for name, path in databases
        for lock in find_locks(path, selected.get(name, AS_KNOWN))
    ]
    if found:
        finding = f"Fichiers d’une base ouverte : {', '.join(found)}."
        return _warning("companions", title, finding, "Fermez Impact emploi sur tous les postes.")
    return Check("companions", title, Verdict.OK, "Rien à signaler.")


def check_not_open(databases: Sequence[Database], selected: Selections) -> Check:
    """No other process that this account may look into has open what is sent of a database."""
    title = "Bases fermées dans les autres programmes"
    users = _users_of(databases, selected)
    if users:
        finding = " ".join(
            f"« {name} » est ouverte dans {', '.join(programs)}." for name, programs in users.items()
        )
        return _warning("open", title, finding, "Fermez-y la base, ou quittez ce programme.")
    return Check("open", title, Verdict.OK, "Aucun programme visible ne les utilise.")


def check_free_space(looks: Sequence[Summary | TransferError], home: Home) -> Check:
    """The archives fit on the disk that holds the home."""
    title = "Place libre sur cette machine"
    needed = space_needed(look for look in looks if not isinstance(look, TransferError))
    try:
        existing = next(folder for folder in (home.data, *home.data.parents) if folder.exists())
        free = shutil.disk_usage(existing).free
    except OSError as error:
        explanation = f"Impossible à dire pour {home.data} : {os_errors.in_words(error)}."
        return Check("space", title, Verdict.FAILED, explanation)
    figures = f"{french.size(free)} libres, {french.size(needed)} nécessaires au plus."
    if free < needed:
        advice = f" Il manque {french.size(needed - free)} sur le disque de {home.data} : faites de la place."
        return Check("space", title, Verdict.FAILED, figures + advice)
    return Check("space", title, Verdict.OK, figures)


def check_place(home: Home) -> list[Check]:
    """What the disk of the home does not keep, where it keeps less than is usual."""
    title = "Dossier de travail sur un disque qui le garde bien"
    found = place.shortcomings(home)
    return [Check("place", title, Verdict.WARNING, " ".join(found))] if found else []


def exposed(key_file: Path) -> str | None:
    """What is to be said of a key that other accounts may read, in French sentences; None of one that is not
    exposed.
    """
    if not access.others_may_read(expanded(str(key_file))):
        return None
    command = printable(access.how_to_close(key_file))
    return f"D’autres comptes de cette machine peuvent lire la clé {printable(key_file)} : « {command} »."


def check_key(sharebox: ShareboxSettings, home: Home) -> list[Check]:
    """Nobody else may read the key with which the account logs in, where a file holds it."""
    key = located(sharebox, home).key_path
    if key is None:
        return []
    title = "Clé d’accès lisible de vous seul"
    told = exposed(key)
    if told is not None:
        return [Check("key", title, Verdict.WARNING, told)]
    return [Check("key", title, Verdict.OK, "Rien à signaler.")]


def check_sharebox(sharebox: ShareboxSettings) -> Check:
    """The Sharebox can be reached directly; through a proxy it may still be."""
    # Reached only when asked for: the route code brings in libraries that the first screen does without.
    from tui_transfer.sharebox.proxy.routes import Direct, open_tunnel
    from tui_transfer.system.cancellation import Cancellation

    title = "Sharebox joignable"
    place = f"{sharebox.host}, port {sharebox.port}"
    try:
        open_tunnel(Direct(), sharebox.host, sharebox.port, Cancellation()).close()
    except TransferError as error:
        explanation = f"{error.why} Le transfert demandera l’adresse d’un proxy."
        return Check("sharebox", title, Verdict.WARNING, explanation)
    return Check("sharebox", title, Verdict.OK, f"{place} répond.")


def space_needed(summaries: Iterable[Summary]) -> int:
    """Bytes that the spool may take at worst: every archive as large as its database, plus a copy."""
    return sum(summary.space_needed for summary in summaries) + _MARGIN


def _warning(key: str, title: str, finding: str, advice: str) -> Check:
    return Check(key, title, Verdict.WARNING, f"{finding} {advice}", finding)


def _same(one: Path, other: Path) -> bool:
    return os.path.realpath(main_of(one)) == os.path.realpath(main_of(other))


def _require_writable_name(path: Path) -> None:
    """Refuses a path that the job's file, which is UTF-8, could not hold."""
    try:
        str(path).encode()
    except UnicodeEncodeError as error:
        reason = "ce chemin n’est pas écrit en Unicode"
        raise TransferError(Problem.DATABASE_FILE_NAME, path=printable(path), reason=reason) from error


def _look(path: Path, selection: Selection = AS_KNOWN) -> Summary | TransferError:
    try:
        return summarize(path, selection)
    except TransferError as error:
        return error


def _users_of(databases: Sequence[Database], selected: Selections) -> dict[str, list[str]]:
    """For each database in use, by its name, the programs that hold open a file that is sent of it.

    This program's own workers, which read what they send, do not count.
    """
    wanted = [(name, file) for name, path in databases for file in _files(path, selected.get(name, AS_KNOWN))]
    programs = programs_using([file for _, file in wanted], but=_WORKER)
    users: dict[str, set[str]] = {}
    for name, file in wanted:
        if file in programs:
            users.setdefault(name, set()).update(programs[file])
    return {name: sorted(users[name]) for name in users}


def _files(path: Path, selection: Selection) -> list[Path]:
    try:
        return files_sent(path, selection)
    except TransferError:  # told by another check
        return [Path(os.path.realpath(path))]
