"""Step 5: « Oui » or « Non », knowing what will be sent, how big, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.containers import VerticalScroll
from textual.content import Content

from tui_transfer import french
from tui_transfer.errors import TransferError
from tui_transfer.report.files import describe_files, describe_left_out
from tui_transfer.tui import wording
from tui_transfer.tui.answers import Decision
from tui_transfer.tui.dialogs.dialog import Dialog, list_databases, paragraph
from tui_transfer.tui.letters import lettered
from tui_transfer.tui.widgets.actions import Action
from tui_transfer.tui.widgets.prose import Prose

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from textual.binding import BindingType
    from textual.widget import Widget

    from tui_transfer.archive.source import Summary
    from tui_transfer.preflight.delivered import HandedOver
    from tui_transfer.preflight.unmet import Unmet
    from tui_transfer.settings.config import ShareboxSettings

_WHAT_HAPPENS: Final = (
    "Elle sera compressée, envoyée à l’espace sécurisé Sharebox de l’Urssaf, puis vérifiée :",
    "Elles seront compressées, envoyées à l’espace sécurisé Sharebox de l’Urssaf, puis vérifiées :",
)
"""To one, and to more."""
_FEW: Final = 3
"""Databases for which there is room where prerequisites are named too, and files of each."""
_SOME: Final = 5
"""Databases for which there is room otherwise."""


class ConfirmDialog(Dialog[Decision]):
    """« Oui » or « Non »; where prerequisites are not met, « Non » has the focus, and « P » leads to them.

    Args:
        looks: the databases by name, and what is known of each.
        sharebox: where they are to go.
        unmet: the prerequisites that are not met.
        handed: what was handed over there before, by name.
    """

    CSS_PATH = "confirm.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        lettered("yes", "Oui"),
        lettered("no", "Non", also="escape"),
        lettered("prerequisites", "Voir les prérequis", tooltip="Aller aux prérequis"),
    ]
    HELP = (
        "« Oui » transfère les bases de la liste ; « Non » revient au choix des bases. Si des prérequis ne "
        "sont pas cochés, « Voir les prérequis » y mène ; passer outre est possible, et le rapport les nomme."
    )

    def __init__(
        self,
        looks: Mapping[str, Summary | TransferError | None],
        sharebox: ShareboxSettings,
        unmet: Unmet,
        handed: Mapping[str, HandedOver] | None = None,
    ) -> None:
        self._again = {name: item for name, item in (handed or {}).items() if item.unchanged}
        self._unfit = [name for name, look in looks.items() if isinstance(look, TransferError)]
        title = "Transférer sans ces prérequis ?" if unmet else "Confirmer le transfert ?"
        if self._again and not unmet:
            title = "Transférer de nouveau ?"
        self._doubtful = bool(unmet or self._unfit or self._again)
        super().__init__(title, kind="warning" if self._doubtful else "info")
        self._looks = looks
        self._sharebox = sharebox
        self._unmet = unmet
        self.AUTO_FOCUS = "#action-no" if self._doubtful else "#action-yes"  # type: ignore[misc]

    def body(self) -> Iterable[Widget]:
        """What would be missing comes first."""
        if self._unmet:
            lines = [Content.styled(f"! {finding}", "$warning") for finding in self._unmet.findings]
            if self._unmet.statements:
                count = (f"! {self._unmet.count} : ", "$warning")
                lines.insert(0, Content.assemble(count, f"{self._unmet.names}."))
            lines.append(Content.styled("Le rapport dira que le transfert s’est fait sans eux.", "$muted"))
            yield paragraph(Content("\n").join(lines))
        if self._again:
            yield paragraph(Content.styled(self._told_again(), "$warning"))
        # Everything is in sight at once, at 80 columns and 24 lines.
        rows = [_row(name, look) for name, look in sorted(self._looks.items(), key=_unfit_first)]
        listing = list_databases(rows, len(rows))
        if len(rows) > (_FEW if self._unmet else _SOME):
            # It scrolls by itself: what will be done with them, and how much it is, stays in sight.
            panel = VerticalScroll(Prose(listing), id="bases", classes="panel", can_focus=False)
            panel.border_subtitle = "Page suiv. : la suite"
            yield panel
            yield paragraph(Content("\n").join(_total(self._looks)), "total")
        else:
            yield paragraph(Content("\n").join([listing, *_files(self._looks), *_total(self._looks)]))
        if self._unfit:
            cannot, others = _sentences(len(self._unfit), len(self._looks) - len(self._unfit))
            yield paragraph(Content.assemble((f"! {cannot}", "$warning"), f" {others}"))
        yield paragraph(self._destination())

    def _told_again(self) -> str:
        """Which of them are there already, as they are."""
        if len(self._again) == 1:
            name, item = next(iter(self._again.items()))
            return f"! {name} : déjà {item.sentence}."
        latest = max(item.at for item in self._again.values())
        names = ", ".join(wording.shorten(name, 24) for name in list(self._again)[:_FEW])
        more = len(self._again) - _FEW
        others = f" et {french.count(more, 'autre')}" if more > 0 else ""
        return f"! {names}{others} : déjà remises, la dernière le {french.moment(latest)}, inchangées depuis."

    def action_turn_page(self, step: int) -> None:
        """Moves the list, where it is long."""
        for listing in self.query("#bases"):
            if listing.max_scroll_y > 0 and 0 <= listing.scroll_target_y + step <= listing.max_scroll_y:
                listing.scroll_relative(y=step * max(1, listing.size.height - 1), animate=False)
                return
        super().action_turn_page(step)

    def _destination(self) -> Content:
        sharebox = self._sharebox
        folder = f", dossier {sharebox.directory}"
        if self._unmet:
            return Content.assemble("Destination : ", (sharebox.host, "bold"), f"{folder}.")
        what = _WHAT_HAPPENS[len(self._looks) - len(self._unfit) > 1]
        host = (f"\n  {sharebox.host}", "bold")
        return Content.assemble(what, host, f"{folder}, compte {sharebox.username}.")

    def buttons(self) -> Iterable[Action]:
        """« Oui » and « Non », and the way to the prerequisites."""
        yield Action("yes", primary=not self._doubtful)
        yield Action("no", primary=self._doubtful)
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


def _unfit_first(entry: tuple[str, Summary | TransferError | None]) -> bool:
    return not isinstance(entry[1], TransferError)


def _row(name: str, look: Summary | TransferError | None) -> tuple[str, str, str, str]:
    if isinstance(look, TransferError):
        return "✗", "$error", name, look.title.lower()
    return "•", "", name, _size(look)


def _files(looks: Mapping[str, Summary | TransferError | None]) -> Iterable[Content]:
    """The files of the databases that have several, and what stays beside them, as far as there is room."""
    for name, look in list(looks.items())[:_FEW]:
        if look is None or isinstance(look, TransferError):
            continue
        if look.names:
            yield Content.styled(f"    {name} : {describe_files(look.names, look.format)}", "$muted")
        if look.left_out:
            yield Content.styled(f"    {name}, {_lower(describe_left_out(look.left_out))}", "$muted")


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _sentences(unfit: int, others: int) -> tuple[str, str]:
    cannot = french.agree(
        unfit, "La base marquée ✗ ne pourra pas partir", "Les bases marquées ✗ ne pourront pas partir"
    )
    return f"{cannot} ;", french.agree(others, "l’autre partira.", "les autres partiront.")


def _total(looks: Mapping[str, Summary | TransferError | None]) -> Iterable[Content]:
    """How many databases and bytes; and how many names are stored otherwise."""
    fit = [look for look in looks.values() if not isinstance(look, TransferError)]
    known = [look for look in fit if look is not None]
    bases = french.count(len(fit), "base", "bases")
    if len(known) < len(fit):
        yield Content(f"{bases}, {wording.SIZE_UNKNOWN}.")
    else:
        yield Content(f"{bases}, {french.size(sum(look.size for look in known))} avant compression.")
    if renamed := sum(look.renamed for look in known):
        yield Content.styled(_renamed(renamed), "$muted")


def _renamed(count: int) -> str:
    """That names are changed, and not on this disk. The true ones are in the manifest, or in the archive."""
    names = french.count(count, "nom change", "noms changent")
    true = french.agree(count, "le vrai part", "les vrais partent")
    return f"Dans l’archive seulement, {names}, que Windows ou macOS ne rendrait pas ; {true} avec elle."


def _size(look: Summary | TransferError | None) -> str:
    return "" if look is None or isinstance(look, TransferError) else french.size(look.size)
