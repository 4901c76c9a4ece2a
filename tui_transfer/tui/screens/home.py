"""Step 1 and 2: the Centre de maintenance, its menu and its arrow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tui_transfer.errors import TransferError
from tui_transfer.job import control
from tui_transfer.tui import wording
from tui_transfer.tui.happenings import (
    GuideChosen,
    HistoryChosen,
    JobChosen,
    MaintainChosen,
    MessageChosen,
    PrerequisitesChosen,
    SettingsChosen,
)
from tui_transfer.tui.letters import letter_of, lettered
from tui_transfer.tui.screens.page import Page
from tui_transfer.tui.widgets.actions import FIELD, Action
from tui_transfer.tui.widgets.lists import EndedList
from tui_transfer.tui.widgets.prose import Prose

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.widget import Widget

    from tui_transfer.job.control import Job

WATCH_SECONDS = 2.0


@dataclass(frozen=True)
class MenuEntry:
    """A line of the menu: the action it does, its name, and what it is for."""

    action: str
    name: str
    purpose: str


_MAINTAIN = MenuEntry(
    "maintain",
    "Maintenir",
    "Transférer les bases de données vers l’Urssaf : choix des bases, confirmation, "
    "compression, envoi sur l’espace sécurisé Sharebox, vérification.\n\n"
    "Rien n’est envoyé sans votre accord, et vos bases ne sont jamais modifiées.",
)
_PREREQUISITES = MenuEntry(
    "prerequisites",
    "Prérequis",
    "Ce qu’il faut avoir fait avant le transfert : vos données, votre installation.\n\n"
    "Vous cochez ce qui est fait ; le programme contrôle lui-même ce qu’il peut voir. "
    "Tout est retenu, vous pouvez y revenir plusieurs jours de suite.",
)
_FOLLOW = MenuEntry(
    "follow",
    "Suivre le transfert",
    "Voir où en est le transfert en cours : compression, envoi, vérification de chaque base.",
)
_RESUME = MenuEntry(
    "resume",
    "Reprendre le transfert",
    "Il continuera là où il s’est arrêté : ce qui est déjà envoyé ne l’est pas une seconde fois.\n\n"
    "S’il attend quelque chose de vous, un mot de passe ou un proxy, le programme le demandera.",
)
_REPORT = MenuEntry(
    "report",
    "Rapport à envoyer",
    "Le message qui annonce le transfert à l’équipe Impact emploi association : "
    "l’envoyer, le copier ou l’enregistrer.",
)
_HISTORY = MenuEntry(
    "history",
    "Historique",
    "Les transferts faits depuis cette machine, et celui qui est en cours, même lancé d’une autre fenêtre : "
    "suivre, reprendre, renvoyer le rapport, supprimer.",
)
_SETTINGS = MenuEntry(
    "settings",
    "Réglages",
    "Votre nom, l’espace Sharebox, le proxy, les destinataires du rapport, les dates, le thème, "
    "les notifications.",
)
_GUIDE = MenuEntry(
    "guide",
    "Guide",
    "Toute la procédure en dix pages, avec ce que montre chaque écran, les problèmes les plus probables, et "
    "le sens des mots employés.",
)
_QUIT = MenuEntry(
    "leave",
    "Quitter",
    "Fermer le centre de maintenance.\n\n"
    "Un transfert en cours continue sans lui ; rouvrez-le pour le suivre.",
)
_FIRST = (_MAINTAIN, _PREREQUISITES)
"""Before what the last transfer adds."""
_LAST = (_HISTORY, _SETTINGS, _GUIDE, _QUIT)


class HomePage(Page):
    """The menu, what the highlighted entry is for, and how the last transfer stands."""

    TRAIL = "Centre de maintenance"
    LEAD = "Choisissez avec ↑ et ↓, puis appuyez sur Entrée ou sur la flèche →."
    HELP = (
        "Le menu mène à tout. « Maintenir » est l’étape suivante de la procédure ; "
        "une lettre ouvre directement l’entrée qui la porte."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,down", "none", "Choisir", key_display="↑ ↓", tooltip="Choisir une entrée du menu"),
        Binding("right", "open", "Ouvrir", show=False, key_display="→ ou Entrée",
                tooltip="Ouvrir l’entrée choisie"),
        Binding("escape", "back", "", show=False),
        lettered("maintain", "Maintenir", tooltip="Transférer des bases vers l’Urssaf"),
        lettered("prerequisites", "Prérequis", tooltip="Cocher et contrôler les prérequis"),
        lettered("follow", "Suivre le transfert", tooltip="Suivre le transfert en cours"),
        lettered("resume", "Reprendre", tooltip="Reprendre le dernier transfert là où il s’est arrêté"),
        lettered("report", "Rapport à envoyer", tooltip="Message à envoyer après le transfert"),
        lettered("history", "Historique",
                 tooltip="Les transferts passés : suivre, reprendre, rapport, supprimer"),
        lettered("settings", "Réglages",
                 tooltip="Votre nom, Sharebox, proxy, destinataires, dates, affichage"),
        lettered("guide", "Guide", tooltip="La procédure en dix pages"),
        lettered("leave", "Quitter", also="ctrl+q", show=True, key_display="Q",
                 tooltip="Fermer le centre de maintenance"),
        lettered("next_theme", "Thème", show=True,
                 tooltip="Changer de thème : sombre, clair, contraste élevé"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self._entries: list[MenuEntry] = []
        self._job: Job | None = None

    def body(self) -> Iterable[Widget]:
        """Menu and purpose side by side, the last transfer below."""
        menu = EndedList(id="menu", classes=f"panel {FIELD}", markup=False)
        menu.border_title = "Menu"
        purpose = Vertical(Prose(id="purpose"), Action("open", primary=True), classes="panel",
                           id="purpose-panel")  # fmt: skip
        last = Vertical(Prose(id="job-status"), classes="panel", id="last")
        last.border_title = "Dernier transfert"
        return [Horizontal(menu, purpose, id="columns"), last]

    def on_mount(self) -> None:
        """Keeps an eye on a running transfer."""
        self.set_interval(WATCH_SECONDS, self._watch)

    def on_screen_resume(self) -> None:
        """Something may have happened in the screens that were opened from here."""
        self._refresh()

    def _watch(self) -> None:
        """Follows a running transfer; costs nothing while there is none."""
        if self.is_active and self._job is not None and self.query_one("#last").has_class("-running"):
            self._refresh()

    def _refresh(self) -> None:
        """Shows the running transfer, or else the last one, and what to do with it."""
        self._job, entries = None, []
        last = self.query_one("#last")
        try:
            self._job = self._last_job()
            last.display = self._job is not None
            if self._job is not None:
                entries = self._describe_job(self._job)
        except TransferError as error:
            last.display = True
            unreadable = Content.assemble(("✗ Illisible", "bold $error"), f"   {error.why}")
            self.query_one("#job-status", Prose).update(unreadable)
        self._fill_menu([*_FIRST, *entries, *_LAST])

    def _last_job(self) -> Job | None:
        jobs = control.list_jobs(self.session.home)
        return next((job for job in jobs if job.running), jobs[0] if jobs else None)

    def _describe_job(self, job: Job) -> list[MenuEntry]:
        """Shows how the job stands, and gives the entries that it adds to the menu."""
        follower = control.Follower(job)
        word, sentence = wording.job_line(follower)
        style = "$primary" if follower.running else "$success" if follower.succeeded else "$warning"
        self.query_one("#last").set_class(follower.running, "-running")
        status = Content.assemble((word, f"bold {style}"), f"   {sentence}")
        self.query_one("#job-status", Prose).update(status)
        if follower.running:
            return [_FOLLOW]
        if follower.succeeded:
            return [_REPORT]
        return [_RESUME]

    def _fill_menu(self, entries: list[MenuEntry]) -> None:
        if entries == self._entries:
            return
        menu = self.query_one("#menu", OptionList)
        chosen = self._entries[menu.highlighted] if menu.highlighted is not None else None
        # What the last transfer calls for is what one most likely wants, once; then the choice is kept.
        called_for = [entry for entry in entries if entry not in (*self._entries, *_FIRST, *_LAST)]
        self._entries = entries
        menu.clear_options()
        menu.add_options(
            Option(Content.assemble((letter_of(entry.action), "bold $primary"), f"  {entry.name}"))
            for entry in entries
        )
        wanted = called_for[0] if called_for else chosen
        menu.highlighted = entries.index(wanted) if wanted in entries else 0
        self._describe(menu.highlighted)

    def _describe(self, index: int) -> None:
        entry = self._entries[index]
        self.query_one("#purpose-panel").border_title = entry.name
        self.query_one("#purpose", Prose).update(entry.purpose)

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        self._describe(event.option_index)

    @on(OptionList.OptionSelected)
    async def _selected(self) -> None:
        await self.run_action("open")

    async def action_open(self) -> None:
        """Does what the highlighted entry says: the blue arrow of the procedure."""
        index = self.query_one("#menu", OptionList).highlighted
        if index is not None:
            await self.run_action(self._entries[index].action)

    def action_maintain(self) -> None:
        """Opens « Maintenir »."""
        self.centre.tell(MaintainChosen())

    def action_prerequisites(self) -> None:
        """Opens « Prérequis »."""
        self.centre.tell(PrerequisitesChosen())

    def action_follow(self) -> None:
        """Joins the running transfer."""
        self._go_on(_FOLLOW, "Aucun transfert n’est en cours.")

    def action_resume(self) -> None:
        """Goes on with the last transfer."""
        self._go_on(_RESUME, "Aucun transfert n’est à reprendre.")

    def _go_on(self, entry: MenuEntry, otherwise: str) -> None:
        self._refresh()  # another window may have begun or removed one
        if self._job is None or entry not in self._entries:
            self.say(otherwise)
        else:
            self.centre.tell(JobChosen(self._job, begin=True))

    def action_report(self) -> None:
        """Opens the message about the last transfer."""
        self._refresh()
        if self._job is None or not any(entry.action == "report" for entry in self._entries):
            self.say("Le rapport sera prêt une fois le transfert terminé.")
        else:
            self.centre.tell(MessageChosen(self._job))

    def action_history(self) -> None:
        """Opens « Historique »."""
        self.centre.tell(HistoryChosen())

    def action_settings(self) -> None:
        """Opens « Réglages »."""
        self.centre.tell(SettingsChosen())

    def action_guide(self) -> None:
        """Opens the guide."""
        self.centre.tell(GuideChosen())

    def action_none(self) -> None:
        """The menu does it."""

    def action_back(self) -> None:
        """There is no screen before this one."""
        self.remark(f"C’est le premier écran : {letter_of('leave')} pour quitter.")
