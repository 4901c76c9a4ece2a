"""What `check` tells: the prerequisites, then the connection stage by stage; in lines for a ticket, or as one
JSON document for a program.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tui_transfer import __version__
from tui_transfer.archive.companions import AS_KNOWN
from tui_transfer.archive.source import summarize
from tui_transfer.cli import questions
from tui_transfer.cli.lines import print_json
from tui_transfer.errors import ExitCode, TransferError
from tui_transfer.job.orders import Orders
from tui_transfer.preflight import findings
from tui_transfer.preflight.checks import selections
from tui_transfer.preflight.here import check_here, look_here
from tui_transfer.preflight.statements import STATEMENTS
from tui_transfer.settings import config
from tui_transfer.system.cancellation import Cancellation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tui_transfer.preflight.findings import Finding
    from tui_transfer.settings.config import Home, Settings
    from tui_transfer.sharebox.ssh.knowledge import Abilities

FORMAT: Final = 1
"""The version of the JSON document."""


def check(settings: Settings, home: Home, say: Callable[[str], object]) -> ExitCode:
    """Checks everything, each line said as soon as it is known.

    Returns:
        That of what is found here; where nothing is, that of the first stage of the connection that would
        end a transfer.
    """
    local = check_here(settings, home, say)
    connection = check_connection(settings, home, say)
    return local if local is not ExitCode.SUCCESS else connection


def check_connection(
    settings: Settings, home: Home, say: Callable[[str], object], known: Orders | None = None
) -> ExitCode:
    """Tries the connection with the secrets of the environment, those `known`, or what a person types."""
    found = []
    for finding in _try_connection(settings, home, _with_password(settings, known or Orders())):
        say(finding.as_line())
        found.append(finding)
    if todo := findings.advice(found):
        say(f"À faire : {todo}")
    return findings.exit_code(found)


def _with_password(settings: Settings, known: Orders) -> Orders:
    """The secrets at hand; a password that is missing is asked for, where somebody can answer."""
    given = Orders.from_environment()
    orders = msgspec.structs.replace(
        given,
        sftp_password=given.sftp_password or known.sftp_password,
        key_passphrase=given.key_passphrase or known.key_passphrase,
    )
    sharebox = settings.sharebox
    if sharebox.key_file is not None or orders.sftp_password or not questions.someone_is_there():
        return orders
    account = f"{sharebox.username} sur {sharebox.host}"
    with suppress(questions.NoAnswerError):  # what needs no password is tried all the same
        password = questions.secret(f"Mot de passe Sharebox de {account}")
        return msgspec.structs.replace(orders, sftp_password=password)
    return orders


def check_as_json(home: Home) -> ExitCode:
    """The same as one JSON document on standard output, also where the settings cannot be read."""
    document: dict[str, Any] = {"type": "check.finished", "format": FORMAT, "program": __version__}
    try:
        settings = config.load(home.config_file)
    except TransferError as error:
        print_json(document | {"exit_code": int(error.exit_code)} | _problem(error))
        return error.exit_code
    here = look_here(settings, home)
    found = list(_try_connection(settings, home, Orders.from_environment()))
    code = here.exit_code if here.exit_code is not ExitCode.SUCCESS else findings.exit_code(found)
    abilities = next((finding.abilities for finding in found if finding.abilities is not None), None)
    document |= {
        "exit_code": int(code),
        "closed": None if here.closed is None else _problem(here.closed),
        "prerequisites": [
            {"key": item.key, "verdict": item.verdict, "title": item.title, "explanation": item.explanation}
            for item in here.results
        ],
        "statements": [
            {"key": item.key, "text": item.text, "ticked": item.key in here.ticked} for item in STATEMENTS
        ],
        "connection": [_stage(finding) for finding in _last_of_each(found)],
        "abilities": None if abilities is None else _abilities(abilities),
    }
    print_json(document)
    return code


def _try_connection(settings: Settings, home: Home, orders: Orders) -> Iterator[Finding]:
    # Only where it is needed: it brings in the libraries of the connection.
    from tui_transfer.preflight.diagnosis import diagnose
    from tui_transfer.sharebox.ssh.knowledge import KnownServers

    settings = msgspec.structs.replace(settings, sharebox=config.located(settings.sharebox, home))
    servers = KnownServers(home.servers)
    return diagnose(settings, orders, Cancellation(), servers, _size(settings, home))


def _last_of_each(found: Sequence[Finding]) -> Sequence[Finding]:
    """The last finding of each stage, in their order: a later stage may correct an earlier one."""
    return list({finding.stage: finding for finding in found}.values())


def _stage(finding: Finding) -> dict[str, Any]:
    return {
        "stage": finding.stage.name.lower(),
        "outcome": finding.outcome.name.lower(),
        "seconds": finding.seconds,
        "sentence": finding.sentence,
        **(_problem(finding.failure) if finding.failure is not None else {}),
    }


def _problem(failure: TransferError) -> dict[str, Any]:
    return {"problem": failure.problem, "details": failure.details, "message": failure.as_text()}


def _abilities(abilities: Abilities) -> dict[str, Any]:
    """All that was found out, and what follows from it."""
    from tui_transfer.sharebox.delivery.exploration import verification

    found: dict[str, Any] = msgspec.to_builtins(abilities)
    return found | {"resumes": abilities.resumes, "verified": verification(abilities)}


def _size(settings: Settings, home: Home) -> int | None:
    """Bytes of the active databases; None where one cannot be looked at, which is told elsewhere."""
    try:
        selected = selections(settings)
        return sum(
            summarize(path, selected.get(name, AS_KNOWN)).size
            for name, path in config.active_databases(settings, home)
        )
    except TransferError:
        return None
