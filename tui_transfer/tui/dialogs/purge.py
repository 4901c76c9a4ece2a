"""Removing a job of the past: from this machine, and what it left unfinished on the Sharebox."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.content import Content

from tui_transfer import french
from tui_transfer.tui.answers import Purge
from tui_transfer.tui.dialogs.dialog import Dialog, paragraph
from tui_transfer.tui.letters import lettered
from tui_transfer.tui.past_jobs import names_in
from tui_transfer.tui.widgets.actions import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from textual.binding import BindingType
    from textual.widget import Widget

    from tui_transfer.job.control import Follower
    from tui_transfer.worker.leftovers import Leftovers

_MOST_LEFT: Final = 4
_NAMES_WIDTH: Final = 100
"""Letters of names that leave what is asked in sight, at 80 columns and 24 lines."""


class PurgeDialog(Dialog[Purge | None]):
    """Gives what to remove, or None.

    Args:
        follower: the job, whose worker is not alive.
        left: the partial files that it may have left, at every destination that it went to.
        kept: what stays of its databases on this machine, in French.
    """

    CSS_PATH = "purge.tcss"
    AUTO_FOCUS = "#action-no"
    HELP = (
        "Supprimer un transfert efface son dossier de cette machine : son journal, ses archives, de quoi "
        "refaire son rapport. Vos bases, et ce qui est remis à Sharebox, ne sont jamais touchés. Un "
        "transfert interrompu a pu laisser sur Sharebox un fichier partiel (« .part ») : il est alors "
        "supprimé aussi, ou laissé, comme vous le choisissez."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        lettered("everywhere", "Oui", tooltip="Supprimer, y compris les restes sur Sharebox"),
        lettered("here", "Ici seulement", tooltip="Ne rien changer sur Sharebox"),
        lettered("no", "Non", also="escape"),
    ]

    def __init__(self, follower: Follower, left: Sequence[Leftovers], kept: str = "") -> None:
        super().__init__("Supprimer ce transfert ?", kind="warning" if not follower.succeeded else "info")
        self._follower = follower
        self._left = list(left)
        self._kept = kept

    def body(self) -> Iterable[Widget]:
        """Which one, what is lost, and what lies on the Sharebox."""
        spec = self._follower.job.spec
        names = names_in([item.name for item in spec.databases], _NAMES_WIDTH)
        yield paragraph(
            Content.assemble((f"Transfert du {french.moment(spec.created_at)}", "bold"), f" : {names}.")
        )
        if self._follower.succeeded:
            yield paragraph(
                "Son journal disparaît de cette machine, et son rapport ne pourra plus être refait. Vos "
                "bases et ce qui est arrivé sur Sharebox restent en place."
            )
        else:
            yield paragraph(
                "Il ne pourra plus être repris. Vos bases, et celles qui sont déjà remises, restent en place."
            )
        if self._kept:
            yield paragraph(f"{self._kept} Tout cela est effacé aussi.")
        if self._left:
            places = list(dict.fromkeys(left.where for left in self._left))
            where = places[0] if len(places) == 1 else "Sharebox"
            yield paragraph(f"« Oui » supprime aussi ce qu’il a laissé d’inachevé sur {where} :")
            yield paragraph("\n".join(_listed(self._left)), "muted")

    def buttons(self) -> Iterable[Action]:
        """« Oui », « Ici seulement » where that makes a difference, « Non »."""
        yield Action("everywhere", primary=True)
        if self._left:
            yield Action("here")
        yield Action("no")

    def action_everywhere(self) -> None:
        """Removes the job and its leftovers."""
        self.dismiss(Purge.EVERYWHERE)

    def action_here(self) -> None:
        """Removes the job only."""
        if self._left:
            self.dismiss(Purge.HERE)

    def action_no(self) -> None:
        """Removes nothing."""
        self.dismiss(None)


def _listed(left: Sequence[Leftovers]) -> list[str]:
    """The names, under their destinations where there is more than one."""
    named = [(place.where, name) for place in left for name in place.told]
    lines, several = [], len({where for where, _ in named}) > 1
    for where, name in named[:_MOST_LEFT]:
        if several and f"{where} :" not in lines:
            lines.append(f"{where} :")
        lines.append(f"  · {name}")
    if (more := len(named) - _MOST_LEFT) > 0:
        lines.append(f"    et {french.count(more, 'autre')}")
    return lines
