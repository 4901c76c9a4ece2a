"""Adding a database to the list: a path typed with completion, or chosen in the folders below."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from tui_transfer.archive.companions import files_to_choose
from tui_transfer.errors import TransferError
from tui_transfer.settings.config import DatabaseSettings
from tui_transfer.system.files import printable
from tui_transfer.tui.answers import Pasted
from tui_transfer.tui.dialogs.dialog import Dialog
from tui_transfer.tui.letters import lettered
from tui_transfer.tui.pasted import refusal, understood
from tui_transfer.tui.paths import Match, ends_in_folder, find_matches, propose_name, restarted, why_not
from tui_transfer.tui.widgets.actions import FIELD, Action
from tui_transfer.tui.widgets.field import Field, QuietInput
from tui_transfer.tui.widgets.lists import EndedList
from tui_transfer.tui.widgets.path_input import PathInput
from tui_transfer.tui.widgets.tick_list import Row, TickList

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from textual.widget import Widget

_THIS_FOLDER: Final = "this-folder"


class EntryList(EndedList):
    """What there is in a folder: arrows lead on to the fields above and below."""

    LEADS_ON = True


class AddDatabaseDialog(Dialog[tuple[DatabaseSettings, ...] | Pasted | None]):
    """Gives the database to add, several paths that were pasted, or None.

    Args:
        known: names and absolute paths of the databases in the list.
        start: the folder to begin in.
    """

    AUTO_FOCUS = "#path"
    HELP = (
        "Tapez ou collez le chemin de la base (Tab complète) ; plusieurs, un par ligne, se collent à la "
        "fois. Ou descendez avec ↓ dans la liste, où Entrée ouvre un "
        "dossier ou choisit un fichier. Les fichiers qui en font partie sont cochés. Un "
        "dossier entier peut être une base. Aucun fichier n’est modifié."
    )
    CSS_PATH = "add_database.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        lettered("add", "Ajouter"),
        Binding("escape", "cancel", "Annuler", show=False),
    ]

    def __init__(self, known: Sequence[tuple[str, Path]], start: Path) -> None:
        super().__init__("Ajouter une base à la liste")
        self._known = list(known)
        self._start = f"{start}/"
        self._matches: list[Match] = []
        self._proposed = ""
        self._files: dict[str, bool] = {}
        """Files beside the one that was chosen, by name, and whether they are known to belong to it."""
        self._ticked: set[str] = set()

    def body(self) -> Iterable[Widget]:
        """Path, folders, name."""
        yield Field("Chemin de la base", PathInput(self._start, id="path"))
        entries = EntryList(id="entries", classes=f"panel {FIELD}", markup=False)
        entries.border_title = "Tab complète, ↓ parcourt, Entrée choisit"
        yield entries
        files = TickList(id="files")
        files.border_title = "Fichiers de la base : Espace coche, Tab passe au nom"
        files.display = False
        yield files
        yield Field("Nom dans la liste", QuietInput(id="name"))

    def buttons(self) -> Iterable[Action]:
        """« Ajouter » and « Annuler »."""
        yield Action("add", primary=True)
        yield Action("cancel")

    def on_mount(self) -> None:
        """Begins in the folder of the last database."""
        field = self.query_one("#path", Input)
        field.select_on_focus = False
        field.cursor_position = len(field.value)
        self._list(field.value)

    @on(Input.Changed, "#path")
    def _typed(self, event: Input.Changed) -> None:
        # What is in the field by now: of text that is pasted, more may be there than the event tells of.
        field = event.input
        if (meant := restarted(field.value)) != field.value:
            field.value = meant  # shown as it is understood
            field.cursor_position = len(meant)
            return
        self._field("path").set_error(None)
        self._show_files({})
        self._list(field.value)
        self._propose()

    @on(PathInput.Several)
    def _several_pasted(self, event: PathInput.Several) -> None:
        self.dismiss(Pasted(event.paths))

    @on(Input.Submitted, "#path")
    def _path_given(self) -> None:
        if self._check_path():
            self._look_beside()
            self.set_focus(self.query_one("#files" if self._files else "#name"))

    def _look_beside(self) -> None:
        """Offers the files that belong to the chosen one, ticked, and those that merely bear its name."""
        known: list[str] = []
        others: list[str] = []
        with suppress(TransferError):  # what cannot be looked at is told in the list of databases
            if self._path().is_file():
                _, known, others = files_to_choose(self._path())
        self._ticked = set(known)
        self._show_files({name: name in known for name in (*known, *others) if printable(name) == name})

    def _show_files(self, files: dict[str, bool]) -> None:
        self._files = files
        self.query_one("#entries").display = not files
        listing = self.query_one(TickList)
        listing.display = bool(files)
        listing.set_rows(
            [
                Row(name, "[✓]" if name in self._ticked else "[ ]", f"{name}{'' if known else ' (même nom)'}")
                for name, known in files.items()
            ]
        )

    @on(TickList.Ticked)
    def _tick(self, event: TickList.Ticked) -> None:
        self._ticked ^= {event.key}
        self._show_files(self._files)

    @on(TickList.Entered)
    def _files_agreed(self) -> None:
        self.set_focus(self.query_one("#name"))

    @on(Input.Submitted, "#name")
    def _name_given(self) -> None:
        self.action_add()

    @on(OptionList.OptionSelected, "#entries")
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        if event.option_id == _THIS_FOLDER:
            self._path_given()
            return
        match = self._matches[int(event.option_id or 0)]
        field = self.query_one("#path", Input)
        field.value = match.path
        field.cursor_position = len(match.path)
        if match.is_folder:
            self._list(match.path)
        else:
            self._path_given()

    def action_add(self) -> None:
        """Checks and gives the database."""
        path_right, name_right = self._check_path(), self._check_name()
        if path_right and name_right:
            name, files = self.query_one("#name", Input).value.strip(), self._files.items()
            also = tuple(file for file, known in files if file in self._ticked and not known)
            without = tuple(file for file, known in files if file not in self._ticked and known)
            chosen = DatabaseSettings(name=name, path=str(self._path()), also=also, without=without)
            self.dismiss((chosen,))

    def action_cancel(self) -> None:
        """Adds nothing."""
        self.dismiss(None)

    def _path(self) -> Path:
        return Path(understood(restarted(self.query_one("#path", Input).value))).absolute()

    def _list(self, typed: str) -> None:
        """Shows the entries that begin as typed, and the folder itself, which may be the database."""
        self._matches = find_matches(restarted(typed))
        options = [
            Option(
                Content.assemble(("▸ " if match.is_folder else "  ", "$primary"), printable(match.name),
                                 "/" if match.is_folder else ""),
                id=str(index),
            )
            for index, match in enumerate(self._matches)
        ]  # fmt: skip
        if ends_in_folder(typed) and self._path().is_dir():
            options.insert(0, Option("✓ choisir ce dossier, avec tout son contenu", id=_THIS_FOLDER))
        entries = self.query_one("#entries", OptionList)
        entries.clear_options()
        entries.add_options(options or [Option("aucun élément ne commence ainsi", disabled=True)])
        entries.highlighted = min(1, len(options) - 1) if options else None

    def _propose(self) -> None:
        """Makes a name from the path, unless the person has typed one."""
        field = self.query_one("#name", Input)
        if field.value == self._proposed and self.query_one("#path", Input).value:
            taken = {name.casefold() for name, _ in self._known}
            self._proposed = propose_name(self._path(), taken) if self._path().exists() else ""
            field.value = self._proposed

    def _check_path(self) -> bool:
        error = self._path_error()
        self._field("path").set_error(error)
        if error:
            self.set_focus(self.query_one("#path"))
        return error is None

    def _path_error(self) -> str | None:
        typed = self.query_one("#path", Input).value
        if not typed.strip():
            return "Indiquez où se trouve la base."
        path = self._path()
        return (None if path.exists() else refusal(restarted(typed))) or why_not(path, self._known)

    def _check_name(self) -> bool:
        name = self.query_one("#name", Input).value.strip()
        taken = name.casefold() in {known.casefold() for known, _ in self._known}
        error = "Donnez un nom." if not name else "Ce nom est déjà pris." if taken else None
        self._field("name").set_error(error)
        if error and self._path_error() is None:
            self.set_focus(self.query_one("#name"))
        return error is None

    def _field(self, id: str) -> Field:
        return next(field for field in self.query(Field) if field.widget.id == id)
