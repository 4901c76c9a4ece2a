"""Step 3 and 3bis: the button « Transfert database vers Urssaf », and why it is greyed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.containers import Vertical
from textual.content import Content

from tui_transfer import french
from tui_transfer.errors import Problem, TransferError
from tui_transfer.preflight import gate
from tui_transfer.preflight.statements import STATEMENTS, Ticks
from tui_transfer.tui.happenings import JobChosen, PrerequisitesChosen, SettingsChosen, TransferPressed
from tui_transfer.tui.letters import letter_of, lettered
from tui_transfer.tui.screens.page import Page
from tui_transfer.tui.widgets.actions import Action
from tui_transfer.tui.widgets.prose import Prose

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.binding import BindingType
    from textual.widget import Widget


class MaintainPage(Page):
    """The one button, and its state in plain French."""

    TRAIL = "Centre de maintenance › Maintenir"
    HELP = (
        "« Transfert database vers Urssaf » mène au choix des bases. Quand ce bouton est grisé, "
        "l’écran dit pourquoi et quoi faire ; « Mettre à jour » regarde de nouveau si tout est prêt."
    )
    CSS_PATH = "maintain.tcss"
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        lettered("transfer", "Transfert database vers Urssaf",
                 tooltip="Choisir les bases à transférer"),
        lettered("follow", "Suivre le transfert", tooltip="Suivre le transfert en cours"),
        lettered("prerequisites", "Prérequis", tooltip="Cocher et contrôler les prérequis"),
        lettered("settings", "Réglages",
                 tooltip="Remplir ou corriger la configuration"),
        lettered("read_again", "Mettre à jour",
                 tooltip="Relire la configuration et l’état des transferts"),
        lettered("leave", "Quitter", also="ctrl+q", key_display="Q",
                 tooltip="Fermer le centre de maintenance"),
    ]  # fmt: skip

    def body(self) -> Iterable[Widget]:
        """The button, then its state."""
        state = Vertical(
            Prose(id="gate-title"),
            Prose(id="gate-why"),
            Prose(id="gate-advice"),
            classes="panel",
            id="gate",
        )
        return [Action("transfer", primary=True, large=True), state]

    def buttons(self) -> Iterable[Action]:
        """What else there is to do here."""
        yield Action("follow")
        yield Action("settings", primary=True)
        yield Action("prerequisites")
        yield Action("read_again")
        yield Action("leave")

    def on_mount(self) -> None:
        """Puts the focus on what can be done."""
        self._read()
        self._focus_next_step()

    def on_screen_resume(self) -> None:
        """A transfer may have been started or ended meanwhile."""
        self._read()

    def action_read_again(self) -> None:
        """Reads configuration, calendar and jobs again."""
        self._read()
        self._focus_next_step()
        self.say("État relu.")

    def _read(self) -> None:
        self.session.reload()
        reason = self._why_greyed()
        following = reason is not None and reason.problem is Problem.JOB_RUNNING
        self.set_available("transfer", reason is None)
        self.query_one("#action-follow").display = following
        self.set_available("follow", following)
        self.query_one("#action-settings").display = self.session.settings is None
        panel = self.query_one("#gate")
        panel.border_title = "Pourquoi ce bouton est grisé" if reason else "Tout est prêt"
        if reason is None:
            advice = self._unfinished() or self._prerequisites()
            self._show("✓ Le transfert peut commencer.", "success", self._ready(), advice)
        else:
            advice = "\n".join(part for part in (reason.advice, self.session.contact) if part)
            self._show(f"! {reason.title}.", "warning", reason.why, advice)

    def _why_greyed(self) -> TransferError | None:
        session = self.session
        if session.settings is None:
            return session.error
        try:
            return gate.closed(session.home, session.settings.transfer, session.today())
        except TransferError as error:  # the jobs cannot be looked at
            return error

    def _ready(self) -> str:
        assert self.session.settings is not None
        sharebox = self.session.settings.sharebox
        return f"Destination : {sharebox.host}, dossier {sharebox.directory}, compte {sharebox.username}."

    def _unfinished(self) -> str:
        """A new transfer would begin from nothing what one that is not finished has already sent."""
        standing = self.session.now_standing()
        if standing is None or not standing.unfinished:
            return ""
        last = standing.unfinished[0].job
        return (
            f"Le transfert du {french.moment(last.spec.created_at)} n’est pas terminé. Pour le reprendre, "
            "revenez au menu avec Échap ; ce bouton en commence un nouveau."
        )

    def _prerequisites(self) -> str:
        ticks = Ticks(self.session.home)
        if ticks.complete:
            return "Tous les prérequis sont cochés."
        done = len(ticks.all)
        return (
            f"Prérequis : {done} sur {french.count(len(STATEMENTS), 'point')} cochés. "
            f"Appuyez sur {letter_of('prerequisites')} pour les parcourir avant le transfert."
        )

    def _show(self, title: str, style: str, why: str, advice: str) -> None:
        self.query_one("#gate-title", Prose).update(Content.styled(title, f"bold ${style}"))
        self.query_one("#gate-why", Prose).update(why)
        self.query_one("#gate-advice", Prose).update(advice)

    def _focus_next_step(self) -> None:
        for action in ("transfer", "follow", "settings", "leave"):
            button = self.query_one(f"#action-{action}", Action)
            if not button.disabled and button.display:
                self.set_focus(button)
                return

    def action_transfer(self) -> None:
        """Goes to the choice of databases."""
        self.centre.tell(TransferPressed())

    def action_prerequisites(self) -> None:
        """Opens « Prérequis »."""
        self.centre.tell(PrerequisitesChosen())

    def action_settings(self) -> None:
        """Opens « Réglages », which is where a missing or wrong configuration is put right."""
        error = self.session.error
        self.centre.tell(SettingsChosen((error.field if error else None) or ""))

    def action_follow(self) -> None:
        """Joins the transfer that keeps the button grey."""
        job = self.job_at_work()
        if job is None:
            self._read()
        else:
            self.centre.tell(JobChosen(job, begin=False))
