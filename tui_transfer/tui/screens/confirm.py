"""Step 5: « Oui » or « Non », knowing what will be sent, how big, and where."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.content import Content

from tui_transfer import french
from tui_transfer.errors import TransferError
from tui_transfer.job import control
from tui_transfer.job.spec import make_spec
from tui_transfer.preflight import gate
from tui_transfer.preflight.statements import Ticks
from tui_transfer.preflight.unmet import Unmet, find_unmet
from tui_transfer.tui import wording
from tui_transfer.tui.background import in_background
from tui_transfer.tui.screens.dialog import Dialog, list_databases, paragraph
from tui_transfer.tui.screens.transfer import TransferPage
from tui_transfer.tui.widgets.actions import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from textual.widget import Widget

    from tui_transfer.archive.source import Summary
    from tui_transfer.tui.screens.page import Page


_WHAT_HAPPENS: Final = (
    "Elles seront compressées, envoyées à l'espace sécurisé Sharebox de l'Urssaf, puis vérifiées :"
)
_FEW: Final = 3
"""Databases that are named where prerequisites are too."""


class Decision(Enum):
    """What was answered."""

    TRANSFER = "transfer"
    NOT_NOW = "not now"
    PREREQUISITES = "prerequisites"
    """Not before these were looked at again."""


class ConfirmDialog(Dialog[Decision]):
    """« Oui » or « Non »; where prerequisites are not met, « Non » has the focus, and « P » leads to them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "yes", "Oui", show=False),
        Binding("n,escape", "no", "Non", show=False),
        Binding("p", "prerequisites", "Voir les prérequis", show=False, tooltip="Aller aux prérequis"),
    ]
    HELP = (
        "« Oui » transfère les bases de la liste ; « Non » revient au choix des bases. Si des prérequis ne "
        "sont pas cochés, « Voir les prérequis » y mène ; passer outre est possible, et le rapport les nomme."
    )

    def __init__(self, unmet: Unmet, *paragraphs: Content) -> None:
        title = "Transférer sans ces prérequis ?" if unmet else "Confirmer le transfert ?"
        super().__init__(title, kind="warning" if unmet else "info")
        self._unmet = unmet
        self._paragraphs = paragraphs
        self.AUTO_FOCUS = "#action-no" if unmet else "#action-yes"  # type: ignore[misc]

    def body(self) -> Iterable[Widget]:
        """What would be missing comes first."""
        if self._unmet:
            lines = [Content.styled(f"! {finding}", "$warning") for finding in self._unmet.findings]
            if self._unmet.statements:
                count = (f"! {self._unmet.count} : ", "$warning")
                lines.insert(0, Content.assemble(count, f"{self._unmet.names}."))
            lines.append(Content.styled("Le rapport dira que le transfert s'est fait sans eux.", "$muted"))
            yield paragraph(Content("\n").join(lines))
        yield from map(paragraph, self._paragraphs)

    def buttons(self) -> Iterable[Action]:
        """« Oui » and « Non », and the way to the prerequisites."""
        yield Action("yes", primary=not self._unmet)
        yield Action("no", primary=bool(self._unmet))
        if self._unmet:
            yield Action("prerequisites")

    def action_yes(self) -> None:
        """Agrees."""
        self.dismiss(Decision.TRANSFER)

    def action_no(self) -> None:
        """Declines."""
        self.dismiss(Decision.NOT_NOW)

    def action_prerequisites(self) -> None:
        """Declines for now."""
        if self._unmet:
            self.dismiss(Decision.PREREQUISITES)


def confirm_transfer(
    page: Page, databases: Sequence[tuple[str, Path]], looks: Mapping[str, Summary | TransferError | None]
) -> None:
    """Looks whether the prerequisites are met, and asks; on « Oui » creates the job and shows it, not `page`.

    Args:
        page: the screen the question comes from.
        databases: names and absolute paths.
        looks: what is known of each, by name.
    """
    home = page.session.home

    def ask(unmet: Unmet | TransferError) -> None:
        if isinstance(unmet, TransferError):
            page.say(f"{unmet.title}. {unmet.why}", "error")
            return
        if not page.is_active:  # left meanwhile, or something else is asked
            return
        rows = [("•", "", name, _size(looks.get(name))) for name, _ in databases]
        # Everything is in sight at once, at 80 columns and 24 lines.
        listing = list_databases(rows, _FEW) if unmet else list_databases(rows)
        summary = Content("\n").join([listing, _total(looks)])
        question = ConfirmDialog(unmet, summary, _destination(page, brief=bool(unmet)))
        page.app.push_screen(question, partial(_decided, page, databases, unmet))

    in_background(page, lambda: find_unmet(home, databases), ask)


def _decided(
    page: Page, databases: Sequence[tuple[str, Path]], unmet: Unmet, decision: Decision | None
) -> None:
    if decision is Decision.TRANSFER:
        _begin(page, databases, unmet)
    elif decision is Decision.PREREQUISITES:
        from tui_transfer.tui.screens.prerequisites import PrerequisitesPage

        page.app.push_screen(PrerequisitesPage())


def _size(look: Summary | TransferError | None) -> str:
    return "" if look is None or isinstance(look, TransferError) else french.size(look.size)


def _total(looks: Mapping[str, Summary | TransferError | None]) -> Content:
    sizes = [look.size for look in looks.values() if look is not None and not isinstance(look, TransferError)]
    bases = french.count(len(looks), "base", "bases")
    if len(sizes) < len(looks):
        return Content(f"{bases}, {wording.SIZE_UNKNOWN}.")
    return Content(f"{bases}, {french.size(sum(sizes))} avant compression.")


def _destination(page: Page, *, brief: bool) -> Content:
    assert page.session.settings is not None
    sharebox = page.session.settings.sharebox
    folder = f", dossier {sharebox.directory}"
    if brief:
        return Content.assemble("Destination : ", (sharebox.host, "bold"), f"{folder}.")
    host = (f"\n  {sharebox.host}", "bold")
    return Content.assemble(_WHAT_HAPPENS, host, f"{folder}, compte {sharebox.username}.")


def _begin(page: Page, databases: Sequence[tuple[str, Path]], unmet: Unmet) -> None:
    session = page.session
    settings = session.settings
    assert settings is not None
    try:
        # Another window may have started a transfer while the question was open.
        if (reason := gate.closed(session.home, settings.transfer, session.today())) is not None:
            raise reason
        now = datetime.now().astimezone()
        spec = make_spec(settings, databases, now, Ticks(session.home).all, unmet.waive(asked=True))
        job = control.create(session.home, spec)
    except TransferError as error:
        page.say(f"{error.title}. {error.why}", "error")
        return
    page.app.switch_screen(TransferPage(job, begin=True))
