"""Step 1 and 2: the Centre de maintenance, its menu and its arrow, and where one stands."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical
from textual.content import Content
from textual.widgets import Label, OptionList
from textual.widgets.option_list import Option

from tui_transfer.errors import TransferError
from tui_transfer.preflight import place
from tui_transfer.tui import menu as entries
from tui_transfer.tui.background import in_background
from tui_transfer.tui.happenings import (
    DemoChosen,
    FinishedChosen,
    GuideChosen,
    HistoryChosen,
    ImportChosen,
    JobChosen,
    MaintainChosen,
    MessageChosen,
    PrerequisitesChosen,
    SettingsChosen,
)
from tui_transfer.tui.letters import letter_of, lettered, numbered
from tui_transfer.tui.overview import JobsRead, Overview, lines_of, look_at_bases, overview
from tui_transfer.tui.screens.page import Page
from tui_transfer.tui.widgets.actions import FIELD, Action
from tui_transfer.tui.widgets.bars import Notice, TopBar
from tui_transfer.tui.widgets.lists import EndedList
from tui_transfer.tui.widgets.prose import Prose, wrap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from textual import events
    from textual.widget import Widget

    from tui_transfer.tui.menu import MenuEntry
    from tui_transfer.tui.overview import Base

WATCH_SECONDS = 2.0
_BROAD: Final = 120
"""Columns of the window from which the state of everything stands beside the menu."""
_LABELS: Final = ("Réglages", "Ouverture", "Prérequis", "Bases", "Transferts", "Rapport", "Reçus", "Derniers")
_BESIDE: Final = 61
"""Columns that the menu, the labels and the frames take of those."""
_AROUND: Final = 8
"""Lines of the window that are not for the state of everything."""
_FRAME: Final = 2
"""Lines of a frame."""
_LEFT: Final = 20
"""Lines that the menu and the purpose take beside it, at least."""
_STEPS: Final = 12
"""Lines of the four steps below it, their frame included."""
_SHORTLY: Final = 4
"""Lines for what matters most, where the state of everything has no room."""


class HomePage(Page):
    """The way, the menu, what the highlighted entry is for, and where one stands."""

    TRAIL = "Centre de maintenance"
    WIDEST = 160
    HELP = (
        "En haut, les quatre étapes : celle qui porte ▸ vient ensuite, Entrée y mène, et les chiffres 1 à 4 "
        "mènent à chacune. Le menu mène à tout ; une lettre ouvre directement l’entrée qui la porte."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,down", "none", "Choisir", key_display="↑ ↓", tooltip="Choisir une entrée du menu"),
        Binding("right", "open", "Ouvrir", show=False, key_display="→ ou Entrée",
                tooltip="Ouvrir l’entrée choisie"),
        Binding("escape", "back", "", show=False),
        numbered(1, "step(0)", "1 Réglages", tooltip="Étape 1 : Réglages"),
        numbered(2, "step(1)", "2 Prérequis", tooltip="Étape 2 : Prérequis"),
        numbered(3, "step(2)", "3 Transférer", tooltip="Étape 3 : Transférer, suivre ou reprendre"),
        numbered(4, "step(3)", "4 Rapport", tooltip="Étape 4 : Rapport à envoyer"),
        lettered("maintain", "Maintenir", tooltip="Transférer des bases vers l’Urssaf"),
        lettered("prerequisites", "Prérequis", tooltip="Cocher et contrôler les prérequis"),
        lettered("follow", "Suivre le transfert", tooltip="Suivre le transfert en cours"),
        lettered("resume", "Reprendre",
                 tooltip="Reprendre le dernier transfert inachevé là où il s’est arrêté"),
        lettered("report", "Rapport à envoyer", tooltip="Message à envoyer après le transfert"),
        lettered("history", "Historique",
                 tooltip="Les transferts passés : suivre, reprendre, rapport, supprimer"),
        lettered("settings", "Réglages",
                 tooltip="Votre nom, Sharebox, proxy, destinataires, dates, affichage"),
        lettered("import_config", "Configuration reçue",
                 tooltip="Reprendre le fichier « config.toml » que l’Urssaf vous a donné"),
        lettered("demo", "S’exercer", tooltip="Démonstration : tout y est fictif"),
        lettered("guide", "Guide", tooltip="La procédure en dix pages"),
        lettered("leave", "Quitter", also="ctrl+q", show=True, key_display="Q",
                 tooltip="Fermer le centre de maintenance"),
        lettered("next_theme", "Thème", show=True,
                 tooltip="Changer de thème : sombre, clair, contraste élevé"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self._entries: list[MenuEntry] = []
        self._next_entry: MenuEntry | None = None
        self._overview: Overview | None = None
        self._once_read: list[Callable[[], object]] = []
        """What to do once the jobs are known as they are now."""
        self._is_reading_jobs = self._is_looking_at_bases = False

    def body(self) -> Iterable[Widget]:
        """The way above; then the menu, the purpose and the state beside them, or in short below."""
        menu = EndedList(id="menu", classes=f"panel {FIELD}", markup=False)
        menu.border_title = "Menu"
        purpose = Vertical(Prose(id="purpose"), Action("open", primary=True), classes="panel",
                           id="purpose-panel")  # fmt: skip
        rows = [
            Horizontal(Label(label, classes="muted"), Prose(id=f"state-{number}"), classes="state-row")
            for number, label in enumerate(_LABELS)
        ]
        state = Vertical(*rows, classes="panel", id="state")
        last = Vertical(Prose(id="job-status"), classes="panel", id="last")
        state.border_title = last.border_title = "Où vous en êtes"
        columns = Horizontal(Container(menu, purpose, id="left"), state, id="columns")
        return [Prose(id="way"), columns, self._steps(), last]

    def _steps(self) -> Widget:
        """What each step is, for windows that have room for it: the way is known before it is gone."""
        rows = [
            Horizontal(
                Label(Content.assemble((f"{number}", "bold $primary"), f"  {name}")),
                Prose(entry.purpose.partition("\n")[0]),
                classes="state-row",
            )
            for number, (name, entry) in enumerate(entries.STEPS, 1)
        ]
        rows[-1].add_class("-last")
        steps = Vertical(*rows, classes="panel", id="steps")
        steps.border_title = "Les quatre étapes"
        return steps

    def on_mount(self) -> None:
        """Keeps an eye on a running transfer."""
        self.set_interval(WATCH_SECONDS, self._watch)
        if notice := self.centre.notice:
            self.say(notice)
        elif self.session.practice is None:
            in_background(self, partial(place.remark, self.session.home), self._remark_place)

    def _remark_place(self, remark: str | TransferError) -> None:
        """Says what cannot be promised of the home, unless something else was said meanwhile."""
        if remark and isinstance(remark, str) and not self.query_one(Notice).text.plain:
            self.say(f"{remark} : voyez les contrôles, aux prérequis.", "warning")

    def on_screen_resume(self) -> None:
        """Something may have happened in the screens that were opened from here."""
        self.session.reload()
        settings = self.session.settings
        self.query_one(TopBar).manager = settings.manager.name if settings else ""
        self._refresh()

    def on_resize(self, event: events.Resize) -> None:
        """Wide windows show more."""
        super().on_resize(event)
        self.set_class(self.size.width >= _BROAD, "-broad")
        self._show_everything()

    def _watch(self) -> None:
        """Follows a running transfer; costs nothing while there is none."""
        standing = self._overview and self._overview.standing
        if self.is_active and standing and standing.running is not None:
            self._refresh(bases=False)

    # ── What there is to know ─────────────────────────────────

    def _refresh(self, then: Callable[[], object] | None = None, *, bases: bool = True) -> None:
        """Looks at everything again; `then` is called once the jobs are known as they are now."""
        if then is not None:
            self._once_read.append(then)
        session = self.session
        known = self._overview
        self._overview = overview(session.home, session.settings, session.error, session.today())
        if known is not None:
            self._overview = known.as_now(self._overview)
        try:
            readings = session.jobs.look_if_quick()
        except TransferError as error:
            self._jobs_read(error, bases=bases)
            return
        if readings is not None:
            self._jobs_read(JobsRead.of(readings), bases=bases)
        elif not self._is_reading_jobs:
            self._is_reading_jobs = True
            self._show_everything()
            jobs = session.jobs
            in_background(
                self, lambda: JobsRead.of(jobs.look(gently=True)), partial(self._read_beside, bases)
            )

    def _read_beside(self, bases: bool, result: JobsRead | TransferError) -> None:
        self._is_reading_jobs = False
        self._jobs_read(result, bases=bases)

    def _jobs_read(self, result: JobsRead | TransferError, *, bases: bool) -> None:
        assert self._overview is not None
        self._overview = self._overview.with_jobs(result)
        self.session.standing = self._overview.standing
        self._show_everything()
        waiting, self._once_read = self._once_read, []
        for then in waiting:
            then()
        if bases:
            self._look_at_bases()

    def _look_at_bases(self) -> None:
        """Compares the databases with what was handed over, beside the screen: a big folder takes a while."""
        seen = self._overview
        settings = self.session.settings
        if self._is_looking_at_bases or settings is None or seen is None or seen.standing is None:
            return
        self._is_looking_at_bases = True
        in_background(self, partial(look_at_bases, self.session.home, settings, seen.standing), self._looked)

    def _looked(self, result: list[Base] | TransferError) -> None:
        self._is_looking_at_bases = False
        if self._overview is not None and not isinstance(result, TransferError):
            self._overview = self._overview.with_bases(result)
            self._show_everything()

    # ── What is shown ─────────────────────────────────────────

    def _show_everything(self) -> None:
        seen = self._overview
        if seen is None:
            return
        self.query_one("#way", Prose).update(seen.way(self.room))
        self._fill_menu(seen)
        broad = self.has_class("-broad")
        self.query_one("#last").display = not broad
        self.query_one("#steps").display = False
        if broad:
            self._show_state(seen)
        else:
            self._show_shortly(seen)

    def _show_state(self, seen: Overview) -> None:
        width = self.room - _BESIDE
        height = self.size.height - _AROUND - (self.session.practice is not None)
        rows = dict(seen.in_full(width, height))
        self.query_one("#state").styles.max_height = height + _FRAME
        left = height - max(_LEFT, lines_of(rows.values(), width))
        self.query_one("#steps").display = left >= _STEPS
        for number, label in enumerate(_LABELS):
            row = self.query_one(f"#state-{number}", Prose)
            if row.parent is not None:
                row.parent.display = label in rows
                row.parent.set_class(label == list(rows)[-1], "-last")
            row.update(rows.get(label, Content("")))

    def _show_shortly(self, seen: Overview) -> None:
        """As many whole sentences as there is room for, the first one always."""
        width = max(1, self.room - 6)
        text, lines = Content(""), 0
        for sentence in seen.in_short():
            lines += wrap(sentence, width).plain.count("\n") + 1
            if text.plain and lines > _SHORTLY:
                break
            text = Content("\n").join([text, sentence]) if text.plain else sentence
        self.query_one("#last").display = bool(text.plain)
        self.query_one("#job-status", Prose).update(text)

    def _fill_menu(self, seen: Overview) -> None:
        practising = self.session.practice is not None
        found = entries.menu(
            seen.standing,
            is_first_start=seen.is_first_start,
            is_all_done=seen.is_all_done,
            practising=practising,
        )
        next_step = self._entry_of_next(seen, found)
        menu = self.query_one("#menu", OptionList)
        chosen = self._entries[menu.highlighted] if menu.highlighted is not None else None
        # The next step is what one most likely wants, once; then a choice is kept.
        wanted = next_step if next_step != self._next_entry and next_step is not None else chosen
        self._next_entry = next_step
        if found != self._entries:
            self._entries = found
            menu.clear_options()
            menu.add_options(
                Option(Content.assemble((letter_of(entry.action), "bold $primary"), f"  {entry.name}"))
                for entry in found
            )
        place = found.index(wanted) if wanted in found else 0
        if menu.highlighted != place:
            menu.highlighted = place
        self._describe(place)

    def _entry_of_next(self, seen: Overview, found: Sequence[MenuEntry]) -> MenuEntry | None:
        if seen.is_first_start:
            return found[0]
        action = "report" if seen.next_step is None else seen.steps[seen.next_step].action
        return next((entry for entry in found if entry.action == action), None)

    def _describe(self, index: int) -> None:
        entry = self._entries[index]
        title = f"Ensuite : {entry.name}" if entry == self._next_entry else entry.name
        panel = self.query_one("#purpose-panel")
        if panel.border_title != title:
            panel.border_title = title
        self.query_one("#purpose", Prose).update(entry.purpose)

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        self._describe(event.option_index)

    @on(OptionList.OptionSelected)
    async def _selected(self) -> None:
        await self.run_action("open")

    # ── What the keys do ──────────────────────────────────────

    async def action_open(self) -> None:
        """Does what the highlighted entry says: the blue arrow of the procedure."""
        index = self.query_one("#menu", OptionList).highlighted
        if index is not None:
            await self.run_action(self._entries[index].action)

    async def action_step(self, number: int) -> None:
        """Goes to one of the four steps."""
        if self._overview is not None:
            await self.run_action(self._overview.steps[number].action)

    def action_maintain(self) -> None:
        """Opens « Maintenir »."""
        self.centre.tell(MaintainChosen())

    def action_prerequisites(self) -> None:
        """Opens « Prérequis »."""
        self.centre.tell(PrerequisitesChosen())

    def action_follow(self) -> None:
        """Joins the running transfer."""
        self._refresh(self._follow)  # another window may have begun or removed one

    def _follow(self) -> None:
        standing = self._overview and self._overview.standing
        if not standing or standing.running is None:
            self.say("Aucun transfert n’est en cours.")
        else:
            self.centre.tell(JobChosen(standing.running.job, begin=True))

    def action_resume(self) -> None:
        """Goes on with the last transfer that is not finished."""
        self._refresh(self._resume)

    def _resume(self) -> None:
        standing = self._overview and self._overview.standing
        if not standing or standing.running is not None or not standing.unfinished:
            self.say("Aucun transfert n’est à reprendre.")
        else:
            self.centre.tell(JobChosen(standing.unfinished[0].job, begin=True))

    def action_report(self) -> None:
        """Opens the message that is still to be sent, or that of the last transfer."""
        self._refresh(self._open_report)

    def _open_report(self) -> None:
        standing = self._overview and self._overview.standing
        unsent = standing.unsent if standing else ()
        follower = next(iter(unsent), None) or (standing and standing.finished)
        if not follower:
            self.say("Le rapport sera prêt une fois le transfert terminé.")
        else:
            sent = standing.sent if standing else None
            is_told = sent is not None and sent[0].job.id == follower.job.id
            self.centre.tell((FinishedChosen if is_told else MessageChosen)(follower.job))

    def action_history(self) -> None:
        """Opens « Historique »."""
        self.centre.tell(HistoryChosen())

    def action_settings(self) -> None:
        """Opens « Réglages »."""
        self.centre.tell(SettingsChosen())

    def action_guide(self) -> None:
        """Opens the guide."""
        self.centre.tell(GuideChosen())

    def action_import_config(self) -> None:
        """Asks for the configuration that was received."""
        self.centre.tell(ImportChosen(self.on_screen_resume))

    def action_demo(self) -> None:
        """Opens the demonstration, in the place of this."""
        if self.session.practice is not None:
            self.say("Vous êtes dans la démonstration.")
        else:
            self.centre.tell(DemoChosen())

    def action_none(self) -> None:
        """The menu does it."""

    def action_back(self) -> None:
        """There is no screen before this one."""
        self.remark(f"C’est le premier écran : {letter_of('leave')} pour quitter.")
