"""Step 4: the databases to hand over."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from msgspec.structs import replace
from rich.cells import cell_len
from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import DataTable, Input

from tui_transfer import french
from tui_transfer.archive.companions import Selection
from tui_transfer.archive.passphrase import make_passphrase
from tui_transfer.archive.source import find_nested, summarize
from tui_transfer.errors import Problem, TransferError
from tui_transfer.job import attempts, control
from tui_transfer.job.spec import make_spec
from tui_transfer.preflight import gate
from tui_transfer.preflight.checks import selections
from tui_transfer.preflight.choice import Choice
from tui_transfer.preflight.delivered import HandedOver, find_handed_over
from tui_transfer.preflight.health import why_empty
from tui_transfer.preflight.statements import Ticks
from tui_transfer.preflight.unmet import find_unmet
from tui_transfer.report.files import describe_files, describe_left_out
from tui_transfer.settings import config
from tui_transfer.system.files import printable
from tui_transfer.tui import wording
from tui_transfer.tui.answers import Decision
from tui_transfer.tui.background import in_background
from tui_transfer.tui.happenings import (
    AdditionAsked,
    DatabasesChosen,
    JobJoined,
    JobMade,
    PassphraseMade,
    PrerequisitesChosen,
    RemovalAsked,
    SearchAsked,
)
from tui_transfer.tui.letters import letter_of, lettered, numbered
from tui_transfer.tui.screens.page import Page
from tui_transfer.tui.widgets.actions import Action
from tui_transfer.tui.widgets.database_rows import Entry, Rows
from tui_transfer.tui.widgets.field import Field, QuietInput
from tui_transfer.tui.widgets.prose import Prose
from tui_transfer.tui.widgets.tick_table import TickTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from rich.text import Text
    from textual import events
    from textual.widget import Widget

    from tui_transfer.archive.source import Summary
    from tui_transfer.job.control import Job
    from tui_transfer.job.reading import Jobs
    from tui_transfer.preflight.checks import Selections
    from tui_transfer.preflight.unmet import Unmet
    from tui_transfer.settings.config import DatabaseSettings, Home, ShareboxSettings

    _Known = tuple[Unmet, int, Mapping[str, HandedOver]]
    """What is known before the question is asked; see `_before_asking`."""

_MANY: Final = 8
"""Databases from which on there is a field to look for one."""
_AT_A_TIME: Final = 4
"""Databases that are looked at at once: two hundred threads would help nobody."""
_PANEL: Final = 4
"""Columns around those of the table: the panel's border and margin, and a scrollbar."""
_EMPTY_LIST: Final = f"La liste est vide : ajoutez une base avec {letter_of('add')}."


class DatabasesPage(Page):
    """The list: tick, add, remove, and « Transférer »."""

    TRAIL = "Maintenir › Transfert database vers Urssaf"
    LEAD = "Cochez les bases à transférer. Vos fichiers ne sont jamais modifiés."
    HELP = (
        "La base active est cochée d’avance ; « Active » dit laquelle l’est. Les coches sont retenues "
        "jusqu’au transfert. Vous pouvez ajouter une base absente de la liste, en chercher dans les dossiers "
        "habituels, ou en retirer une : aucun fichier n’est touché. « Transférer » demande d’abord votre "
        "accord."
    )
    CSS_PATH = "databases.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,down", "none", "Choisir", key_display="↑ ↓", tooltip="Choisir une base"),
        Binding("space", "none", "Cocher", key_display="Espace",
                tooltip="Cocher ou décocher ; Entrée passe au bouton"),
        lettered("transfer", "Transférer", tooltip="Transférer les bases cochées"),
        lettered("add", "Ajouter", tooltip="Ajouter une base à la liste"),
        numbered(1, "search", "Chercher", tooltip="Chercher des bases dans les dossiers habituels"),
        Binding("delete,backspace", "remove", "Supprimer", show=False, key_display="Suppr",
                tooltip="Retirer la base de la liste, sans toucher au fichier"),
        lettered("tick_all", "Tout cocher", tooltip="Cocher toutes les bases, ou aucune"),
        lettered("make_active", "Active", tooltip="Base active : cochée d’avance, ou plus"),
        numbered(2, "filter", "Filtrer",
                 tooltip="Ne montrer que les bases dont le nom ou le dossier contient un mot"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self._databases: list[DatabaseSettings] = []
        self._shown: list[DatabaseSettings] = []
        """Those that fit what is looked for."""
        self._ticked: set[str] = set()
        self._looks: dict[str, Summary | TransferError] = {}
        self._empty: dict[str, str] = {}
        """Why a database holds no data, by its name."""
        self._handed: Mapping[str, HandedOver] = {}
        """What was handed over before, by its name."""
        self._rows = Rows.fitting((), 0)
        self._to_look_at: list[DatabaseSettings] = []
        self._looking = 0
        """How many are being looked at."""

    def body(self) -> Iterable[Widget]:
        """What is looked for, the table, the path of the highlighted line, and the sum of the ticked ones."""
        yield Field("2  Filtrer", QuietInput(id="filter", placeholder="une partie du nom ou du dossier"))
        yield Vertical(TickTable(id="databases"), id="rows")
        yield Prose(id="location")
        yield Prose(id="sum")

    def buttons(self) -> Iterable[Action]:
        """What to do with the list."""
        yield Action("transfer", primary=True)
        yield Action("add")
        yield Action("search")
        yield Action("remove")
        yield Action("tick_all")
        yield Action("make_active")

    def on_mount(self) -> None:
        """Shows the list of the settings, ticked as it was left."""
        assert self.session.settings is not None
        self._databases = list(self.session.settings.databases)
        self._ticked = Choice(self.session.home).ticked(self._databases)
        self.query_one(Field).display = len(self._databases) > _MANY
        self._fill()
        self.set_focus(self.query_one(TickTable))
        self._look_at_all()
        self._look_for_deliveries()

    def on_resize(self, event: events.Resize) -> None:
        """The names take what room there is."""
        super().on_resize(event)
        self._fill()

    def action_none(self) -> None:
        """The table does it."""

    # ── The table ─────────────────────────────────────────────

    def _fill(self) -> None:
        table = self.query_one(TickTable)
        here = self._highlighted_item()
        wanted = french.folded(self.query_one("#filter", Input).value)
        self._shown = [
            item for item in self._databases if wanted in french.folded(f"{item.name}\n{item.path}")
        ]
        self._rows = Rows.fitting([item.name for item in self._databases], self.room - _PANEL)
        table.set_columns(self._rows.heads)
        for item in self._shown:
            table.add_row(*self._cells(item))
        names = [item.name for item in self._shown]
        if names:
            table.move_cursor(row=names.index(here.name) if here and here.name in names else 0)
        self._describe()

    def _cells(self, item: DatabaseSettings) -> list[Text]:
        entry = Entry(
            name=item.name,
            path=self._path_of(item),
            ticked=item.name in self._ticked,
            active=item.active,
            look=self._looks.get(item.name),
            is_empty=item.name in self._empty,
            is_done=item.name in self._handed and self._handed[item.name].unchanged is True,
        )
        return self._rows.cells(entry)

    def _redraw(self, *items: DatabaseSettings) -> None:
        """Draws rows that may have changed."""
        table = self.query_one(TickTable)
        for item in items:
            if item in self._shown:
                table.set_row(self._shown.index(item), self._cells(item))
        self._describe()

    def _look_at_all(self) -> None:
        """Sizes and dates are looked up beside the screen, some at a time: a big folder takes a while."""
        self._to_look_at = [item for item in self._databases if item.name not in self._looks]
        for _ in range(_AT_A_TIME - self._looking):
            self._look_at_next()

    def _look_at_next(self) -> None:
        if self._to_look_at:
            self._looking += 1
            self._look_at(self._to_look_at.pop(0))

    def _look_for_deliveries(self) -> None:
        """Which of them were handed over already: beside the screen, like the rest."""
        settings, jobs = self.session.settings, self.session.jobs
        if settings is None:
            return
        named = [(item.name, self._path_of(item)) for item in self._databases]

        def found(result: Mapping[str, HandedOver] | TransferError) -> None:
            if not isinstance(result, TransferError):
                self._handed = result
                self._redraw(*self._shown)

        look = partial(find_handed_over, jobs, named, selections(settings), settings.sharebox)
        in_background(self, look, found)

    def _look_at(self, item: DatabaseSettings) -> None:
        path = self._path_of(item)

        def looked(result: Summary | TransferError) -> None:
            self._looking -= 1
            self._look_at_next()
            self._looks[item.name] = result
            if not isinstance(result, TransferError) and (why := why_empty(path, result)):
                self._empty[item.name] = why
                self._ticked.discard(item.name)
            self._redraw(item)

        in_background(self, lambda: summarize(path, Selection(item.also, item.without)), looked)

    def _describe(self) -> None:
        """The path of the highlighted line, and how much is ticked."""
        item = self._highlighted_item()
        look = self._looks.get(item.name) if item else None
        # A name that does not fit in its column is told in full here.
        about = "" if item is None else f"{self._full_name(item)} : {printable(self._path_of(item))}"
        if isinstance(look, TransferError):
            about = f"✗ {look.title}. {look.why} {look.advice}"
        elif item and look:
            about += _about_files(look)
            if handed := self._handed.get(item.name):
                about = f"{'Déjà r' if handed.unchanged else 'R'}{handed.sentence[1:]}.\n{about}"
            if why := self._empty.get(item.name):
                about = f"! Non cochée : {why}.\n{about}"
        nothing = "Aucune base n’a ce mot." if self._databases else _EMPTY_LIST
        self.query_one("#location", Prose).update(about or nothing)
        ticked = [self._looks.get(item.name) for item in self._ticked_items()]
        sizes = [look.size for look in ticked if look is not None and not isinstance(look, TransferError)]
        count = french.count(len(ticked), "base cochée", "bases cochées")
        size = wording.SIZE_UNKNOWN if None in ticked else french.size(sum(sizes))
        all_of_them = f" sur {french.number(len(self._databases))}" if len(self._databases) > _MANY else ""
        hidden = sum(item not in self._shown for item in self._ticked_items())
        not_shown = f" (dont {french.count(hidden, 'masquée', 'masquées')} par le filtre)" if hidden else ""
        total = f"{count}{all_of_them}, {size}{not_shown}" if ticked else "Aucune base cochée"
        self.query_one("#sum", Prose).update(total)

    def _full_name(self, item: DatabaseSettings) -> str:
        return "Emplacement" if cell_len(item.name) <= self._rows.layout.name else f"« {item.name} »"

    def _highlighted_item(self) -> DatabaseSettings | None:
        return self.query_one(TickTable).under_cursor(self._shown)

    def _ticked_items(self) -> list[DatabaseSettings]:
        return [item for item in self._databases if item.name in self._ticked]

    def _path_of(self, item: DatabaseSettings) -> Path:
        return config.resolve(item.path, self.session.home.config_file)

    @on(TickTable.Ticked)
    def _tick(self, event: TickTable.Ticked) -> None:
        self._turn(self._shown[event.row])

    def _turn(self, item: DatabaseSettings) -> None:
        """Ticks or unticks."""
        self._ticked ^= {item.name}
        self.say("")
        self._redraw(item)
        self._keep_choice()

    def _keep_choice(self) -> None:
        """Whoever leaves the list, or the program, finds it as it was; a full disk is told elsewhere."""
        with suppress(TransferError):
            Choice(self.session.home).keep(self._databases, self._ticked)

    @on(Input.Changed, "#filter")
    def _filter(self) -> None:
        self._fill()

    @on(Input.Submitted, "#filter")
    def _filtered(self) -> None:
        self.set_focus(self.query_one(TickTable))

    @on(DataTable.RowSelected)
    def _enter(self) -> None:
        """Goes on to the button, and takes nothing back; one that is not ticked is ticked first."""
        item = self._highlighted_item()
        if item is not None and item.name not in self._ticked:
            self._turn(item)
        self.set_focus(self.query_one("#action-transfer", Action))

    @on(DataTable.RowHighlighted)
    def _highlight(self) -> None:
        self._describe()

    # ── What the buttons do ───────────────────────────────────

    def action_add(self) -> None:
        """Asks for a database to add."""
        known = self._known()
        start = known[-1][1].parent if known else Path.home()
        self.centre.tell(AdditionAsked(known, start, self._added))

    def action_search(self) -> None:
        """Looks for databases in the usual places."""
        self.centre.tell(SearchAsked(self._known(), self._added))

    def _known(self) -> list[tuple[str, Path]]:
        return [(item.name, self._path_of(item)) for item in self._databases]

    def _added(self, items: Sequence[DatabaseSettings] | None) -> None:
        if not items or not self._save(lambda databases: [*databases, *items]):
            return
        self._ticked |= {item.name for item in items}
        self.query_one("#filter", Input).value = ""
        self.query_one(Field).display = len(self._databases) > _MANY
        self._fill()
        self.query_one(TickTable).move_cursor(row=len(self._databases) - 1)
        self._look_at_all()
        self._keep_choice()
        if len(items) == 1:
            self.say(f"« {items[0].name} » est ajoutée à la liste, et cochée.", "success")
        else:
            self.say(f"{french.count(len(items), 'base')} ajoutées à la liste, et cochées.", "success")

    def action_tick_all(self) -> None:
        """Ticks all that are shown and can go; unticks them where all are ticked."""
        fit = {item.name for item in self._shown if self._is_fit(item)}
        if fit <= self._ticked:
            self._ticked -= fit
        else:
            self._ticked |= fit
        self.say("")
        self._redraw(*self._shown)
        self._keep_choice()

    def _is_fit(self, item: DatabaseSettings) -> bool:
        return item.name not in self._empty and not isinstance(self._looks.get(item.name), TransferError)

    def action_make_active(self) -> None:
        """Makes the highlighted database an active one, or one like the others; the settings keep it."""
        item = self._highlighted_item()
        if item is None:
            self.say("La liste est vide.")
            return
        turned = replace(item, active=not item.active)
        if not self._save(lambda all_: [turned if one.name == item.name else one for one in all_]):
            return
        if turned.active:
            self._ticked.add(item.name)
        self._fill()
        self._keep_choice()
        told = "est active : elle sera cochée d’avance" if turned.active else "n’est plus active"
        self.say(f"« {item.name} » {told}.", "success")

    def action_filter(self) -> None:
        """Goes to the field that narrows the list down."""
        self.query_one(Field).display = True
        self.set_focus(self.query_one("#filter"))

    def action_back(self) -> None:
        """Shows the whole list again first, where a part of it was looked for."""
        field = self.query_one("#filter", Input)
        if field.value:
            field.value = ""
            self.set_focus(self.query_one(TickTable))
        else:
            super().action_back()

    def action_remove(self) -> None:
        """Asks before taking the highlighted database out of the list."""
        item = self._highlighted_item()
        if item is None:
            self.say("La liste est vide.")
            return
        self.centre.tell(RemovalAsked(item.name, lambda agreed: self._removed(item) if agreed else None))

    def _removed(self, item: DatabaseSettings) -> None:
        if self._save(lambda databases: [other for other in databases if other.name != item.name]):
            self._ticked.discard(item.name)
            self._keep_choice()
            self._looks.pop(item.name, None)
            self._empty.pop(item.name, None)
            self._fill()
            self._look_at_all()
            self.say(f"« {item.name} » est retirée de la liste. Aucun fichier n’a été touché.", "success")

    def _save(self, edit: Callable[[Sequence[DatabaseSettings]], list[DatabaseSettings]]) -> bool:
        try:
            self.session.change(lambda now: replace(now, databases=tuple(edit(now.databases))))
        except TransferError as error:
            self.say_failure(error)
            return False
        assert self.session.settings is not None
        self._databases = list(self.session.settings.databases)
        return True

    def action_transfer(self) -> None:
        """Step 5: asks for agreement, unless something stands in the way."""
        chosen = [(item.name, self._path_of(item)) for item in self._ticked_items()]
        if obstacle := self._obstacle(chosen):
            self.say(obstacle, "error")
            return
        assert self.session.settings is not None
        settings = self.session.settings
        look = partial(_before_asking, self.session.jobs, chosen, selections(settings), settings.sharebox)
        in_background(self, look, partial(self._ask, chosen))

    def _obstacle(self, chosen: list[tuple[str, Path]]) -> str | None:
        if not chosen:
            return "Cochez au moins une base avec Espace."
        looks = [self._looks.get(name) for name, _ in chosen]
        if all(isinstance(look, TransferError) for look in looks):  # one that is fit is kept by no other
            name, first = chosen[0][0], looks[0]
            assert isinstance(first, TransferError)
            return f"« {name} » : {first.title.lower()}. Décochez-la, ou réglez ce point."
        if nested := find_nested([path for _, path in chosen]):
            names = {path: name for name, path in chosen}
            inner, outer = (names[path] for path in nested)
            return f"« {inner} » est à l’intérieur de « {outer} » : décochez l’une des deux."
        return None

    def _ask(self, chosen: Sequence[tuple[str, Path]], look: _Known | TransferError) -> None:
        if isinstance(look, TransferError):
            self.say_failure(look)
            return
        unmet, known, handed = look
        if not self.is_active:  # left meanwhile, or something else is asked
            return
        assert self.session.settings is not None
        looks = {name: self._looks.get(name) for name, _ in chosen}
        decided = partial(self._decided, chosen, known, unmet)
        self.centre.tell(DatabasesChosen(looks, self.session.settings.sharebox, unmet, decided, handed))

    def _decided(
        self, chosen: Sequence[tuple[str, Path]], known: int, unmet: Unmet, decision: Decision | None
    ) -> None:
        if decision is Decision.PREREQUISITES:
            self.centre.tell(PrerequisitesChosen())
        if decision is not Decision.TRANSFER:
            return
        begin = partial(self._begin, chosen, known, unmet)
        if self.session.settings and self.session.settings.transfer.encrypt:
            passphrase = make_passphrase()
            noted = partial(self._noted, begin, passphrase)
            self.centre.tell(PassphraseMade(passphrase, noted))
        else:
            begin()

    def _noted(self, begin: Callable[[str], None], passphrase: str, noted: bool | None) -> None:
        if noted:
            begin(passphrase)
        else:
            self.say("Rien n’est commencé : la phrase secrète n’a pas été notée.")

    def _begin(
        self, chosen: Sequence[tuple[str, Path]], known: int, unmet: Unmet, passphrase: str = ""
    ) -> None:
        try:
            job = self._make_job(chosen, known, unmet)
        except TransferError as error:
            with suppress(TransferError):  # the reason for the refusal matters more
                attempts.record(self.session.home, error, command="screen")
            if (first := _began_first(self.session.home, error)) is not None:
                self.centre.tell(JobJoined(first))
            else:
                self.say_failure(error)
            return
        if passphrase:
            self.session.archive_passwords[job.id] = passphrase
        with suppress(TransferError):
            Choice(self.session.home).forget()
        self.centre.tell(JobMade(job))

    def _make_job(self, chosen: Sequence[tuple[str, Path]], known: int, unmet: Unmet) -> Job:
        session = self.session
        settings = session.settings
        assert settings is not None
        # Another window may have started a transfer while the question was open.
        if (reason := gate.closed(session.home, settings.transfer, session.today())) is not None:
            raise reason
        control.require_not_overtaken(session.home, known)
        now = datetime.now().astimezone()
        spec = make_spec(settings, chosen, now, Ticks(session.home).all, unmet.waive(asked=True))
        return control.create(session.home, spec)


def _began_first(home: Home, error: TransferError) -> Job | None:
    """The job that another window began while this one asked; None where that is not what `error` says."""
    if error.problem not in (Problem.JOB_RUNNING, Problem.JOB_OVERTAKEN):
        return None
    with suppress(TransferError):
        return control.find(home, error.details.get("job", ""))
    return None


def _before_asking(
    jobs: Jobs, chosen: Sequence[tuple[str, Path]], selected: Selections, sharebox: ShareboxSettings
) -> _Known:
    """What the transfer would go without, the last job that is known to whoever agrees to it, and what was
    handed over before.
    """
    handed = find_handed_over(jobs, chosen, selected, sharebox)
    return find_unmet(jobs.home, chosen, selected), control.newest_number(jobs.home), handed


def _about_files(look: Summary) -> str:
    """The files of a database that has several, and what stays beside it: a line each."""
    lines = [f"Fichiers : {describe_files(look.names, look.format)}"] if look.names else []
    if look.left_out:
        lines.append(describe_left_out(look.left_out))
    return "".join(f"\n{line}" for line in lines)
