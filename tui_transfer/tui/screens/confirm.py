"""Step 5: « Oui » or « Non », knowing what will be sent, how big, and where."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from textual.content import Content

from tui_transfer import french
from tui_transfer.errors import TransferError
from tui_transfer.job import control
from tui_transfer.job.spec import make_spec
from tui_transfer.preflight import gate
from tui_transfer.preflight.statements import STATEMENTS, Ticks
from tui_transfer.tui import wording
from tui_transfer.tui.screens.dialog import YesNo, list_databases
from tui_transfer.tui.screens.transfer import TransferPage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tui_transfer.archive.source import Summary
    from tui_transfer.tui.screens.page import Page


def confirm_transfer(
    page: Page, databases: Sequence[tuple[str, Path]], looks: Mapping[str, Summary | TransferError | None]
) -> None:
    """Asks; on « Oui » creates the job and shows it instead of `page`.

    Args:
        page: the screen the question comes from.
        databases: names and absolute paths.
        looks: what is known of each, by name.
    """
    ticks = Ticks(page.session.home)
    missing = len(STATEMENTS) - len(ticks.all)
    paragraphs = [
        list_databases([("•", "", name, _size(looks.get(name))) for name, _ in databases]),
        _total(looks),
        _destination(page),
    ]
    if missing:
        points = french.count(missing, "prérequis n'est pas coché", "prérequis ne sont pas cochés")
        paragraphs.append(Content.styled(f"! {points} : le rapport le dira.", "$warning"))
    question = YesNo("Confirmer le transfert ?", *paragraphs, yes=True)
    page.app.push_screen(question, lambda agreed: _begin(page, databases, ticks) if agreed else None)


def _size(look: Summary | TransferError | None) -> str:
    return "" if look is None or isinstance(look, TransferError) else french.size(look.size)


def _total(looks: Mapping[str, Summary | TransferError | None]) -> Content:
    sizes = [look.size for look in looks.values() if look is not None and not isinstance(look, TransferError)]
    bases = french.count(len(looks), "base", "bases")
    if len(sizes) < len(looks):
        return Content(f"{bases}, {wording.SIZE_UNKNOWN}.")
    return Content(f"{bases}, {french.size(sum(sizes))} avant compression.")


def _destination(page: Page) -> Content:
    assert page.session.settings is not None
    sharebox = page.session.settings.sharebox
    return Content.assemble(
        "Elles seront compressées, envoyées à l'espace sécurisé Sharebox de l'Urssaf, puis vérifiées :\n",
        (f"  {sharebox.host}", "bold"),
        f", dossier {sharebox.directory}, compte {sharebox.username}.",
    )


def _begin(page: Page, databases: Sequence[tuple[str, Path]], ticks: Ticks) -> None:
    session = page.session
    settings = session.settings
    assert settings is not None
    # Another window may have started a transfer while the question was open.
    reason = gate.closed(session.home, settings.transfer, session.today())
    if reason is not None:
        page.say(f"{reason.title}. {reason.why}", "error")
        return
    try:
        spec = make_spec(settings, databases, datetime.now().astimezone(), ticks.all)
        job = control.create(session.home, spec)
    except TransferError as error:
        page.say(f"{error.title}. {error.why}", "error")
        return
    page.app.switch_screen(TransferPage(job, begin=True))
