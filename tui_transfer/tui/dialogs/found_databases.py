"""Databases that were pasted several at once, or looked for in the usual places: what is ticked is added."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.binding import Binding, BindingType

from tui_transfer import french
from tui_transfer.preflight.search import MOST, known_places, search
from tui_transfer.settings.config import DatabaseSettings
from tui_transfer.system.files import printable
from tui_transfer.tui import wording
from tui_transfer.tui.background import in_background
from tui_transfer.tui.dialogs.dialog import Dialog
from tui_transfer.tui.letters import letter_of, lettered, numbered
from tui_transfer.tui.pasted import refusal, understood
from tui_transfer.tui.paths import propose_name, why_not
from tui_transfer.tui.widgets.actions import Action
from tui_transfer.tui.widgets.prose import Prose
from tui_transfer.tui.widgets.tick_list import Row, TickList

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from textual import events
    from textual.widget import Widget

    from tui_transfer.errors import TransferError

_LOOK: Final = 0.25
"""Seconds between two looks at what the search has found by now."""
_LEAST_PATH: Final = 24


@dataclass
class _Candidate:
    name: str
    path: Path
    refused: str | None
    """Why it cannot be added, in French."""
    ticked: bool = False


class FoundDatabasesDialog(Dialog[tuple[DatabaseSettings, ...] | None]):
    """Gives the databases that were ticked, or None.

    Args:
        known: names and absolute paths of the databases in the list.
        pasted: the paths that were pasted; None to look for databases in the usual places.
        home: the program's own folder, which is not looked into.
    """

    AUTO_FOCUS = "#found"
    HELP = (
        "Espace coche la base surlignée, « Tout cocher » les coche toutes. Seules les bases cochées sont "
        "ajoutées à la liste ; aucun fichier n’est modifié. La recherche lit des noms de fichiers, jamais "
        "leur contenu, et s’arrête d’elle-même."
    )
    CSS_PATH = "found_databases.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        lettered("add", "Ajouter", tooltip="Ajouter à la liste les bases cochées"),
        lettered("tick_all", "Tout cocher", tooltip="Tout cocher, ou tout décocher"),
        numbered(1, "stop", "Arrêter la recherche"),
        Binding("escape", "cancel", "Annuler", show=False),
    ]

    def __init__(self, known: Sequence[tuple[str, Path]], pasted: Sequence[str] | None, home: Path) -> None:
        super().__init__("Bases trouvées sur cette machine" if pasted is None else "Bases collées")
        self._known = list(known)
        self._pasted = pasted
        self._home = home
        self._candidates: list[_Candidate] = []
        self._found: list[Path] = []
        """What the search, which only appends to it, has found."""
        self._unwanted = threading.Event()
        self._is_searching = pasted is None

    def body(self) -> Iterable[Widget]:
        """The list, and what is being done."""
        yield TickList(id="found")
        yield Prose(id="state")

    def buttons(self) -> Iterable[Action]:
        """What to do with them."""
        yield Action("add", primary=True)
        yield Action("tick_all")
        if self._pasted is None:
            yield Action("stop")
        yield Action("cancel")

    def on_mount(self) -> None:
        """Takes what was pasted, or begins to look."""
        for line in self._pasted or ():
            self._take(Path(understood(line)).absolute(), refusal(line), ticked=True)
        self._show()
        if self._is_searching:
            in_background(self, self._search, self._ended)
            self.set_interval(_LOOK, self._look)

    def on_unmount(self) -> None:
        """Nobody wants to know any more."""
        self._unwanted.set()

    def on_resize(self, event: events.Resize) -> None:
        """Paths take what room there is."""
        super().on_resize(event)
        self._show()

    def _search(self) -> None:
        places = known_places([path for _, path in self._known])
        for path in search(places, self._home, lambda: not self._unwanted.is_set()):
            self._found.append(path)

    def _ended(self, result: TransferError | None) -> None:
        self._is_searching = False
        self._look()
        self.query_one("#action-stop").display = False
        self._show()

    def _look(self) -> None:
        new = self._found[len(self._candidates) :]
        for path in new:
            self._take(path, None, ticked=False)
        if new:
            self._show()

    def _take(self, path: Path, refused: str | None, *, ticked: bool) -> None:
        known = [*self._known, *((item.name, item.path) for item in self._candidates if not item.refused)]
        refused = refused or why_not(path, known)
        name = propose_name(path, {name.casefold() for name, _ in known})
        self._candidates.append(_Candidate(name, path, refused, ticked and refused is None))

    # ── The list ──────────────────────────────────────────────

    def _show(self) -> None:
        listing = self.query_one(TickList)
        listing.set_rows([self._row(index, item) for index, item in enumerate(self._candidates)])
        ticked = sum(item.ticked for item in self._candidates)
        listing.border_title = french.count(ticked, "base cochée", "bases cochées")
        self.query_one("#state", Prose).update(self._state())

    def _row(self, index: int, item: _Candidate) -> Row:
        room = max(_LEAST_PATH, self.query_one(TickList).size.width - len(item.name) - 14)
        path = wording.shorten(printable(item.path), room)
        if item.refused is not None:
            return Row(str(index), " ✗ ", f"{path} : {item.refused}", "$error")
        sign, style = ("[✓]", "bold $success") if item.ticked else ("[ ]", "$muted")
        return Row(str(index), sign, f"{item.name}  {path}", style)

    def _state(self) -> str:
        usable = [item for item in self._candidates if item.refused is None]
        found = french.count(len(usable), "base trouvée", "bases trouvées")
        if self._is_searching:
            return f"Recherche en cours : {found}."
        if not self._candidates:
            return "Aucune base trouvée : donnez son chemin, par « Ajouter » dans la liste des bases."
        if len(self._found) >= MOST:
            return f"{found}, et la recherche s’est arrêtée là."
        return f"{french.count(len(usable), 'base')} à cocher." if usable else "Aucune ne peut être ajoutée."

    @on(TickList.Entered)
    def _agreed(self, event: TickList.Entered) -> None:
        """Goes on, and takes nothing back."""
        item = self._candidates[int(event.key)]
        item.ticked = item.refused is None
        self._show()
        self.set_focus(self.query_one("#action-add"))

    @on(TickList.Ticked)
    def _tick(self, event: TickList.Ticked) -> None:
        item = self._candidates[int(event.key)]
        if item.refused is None:
            item.ticked = not item.ticked
        self._show()

    # ── What the buttons do ───────────────────────────────────

    def action_tick_all(self) -> None:
        """Ticks all, or unticks them where all are."""
        usable = [item for item in self._candidates if item.refused is None]
        ticked = not all(item.ticked for item in usable)
        for item in usable:
            item.ticked = ticked
        self._show()

    def action_stop(self) -> None:
        """Ends the search; what it found stays."""
        self._unwanted.set()

    def action_add(self) -> None:
        """Gives what is ticked."""
        chosen = [item for item in self._candidates if item.ticked]
        if not chosen:
            self.query_one("#state", Prose).update(
                f"Cochez d’abord une base avec Espace, ou toutes avec {letter_of('tick_all')}."
            )
            return
        self.dismiss(tuple(DatabaseSettings(name=item.name, path=str(item.path)) for item in chosen))

    def action_cancel(self) -> None:
        """Adds nothing."""
        self.dismiss(None)
