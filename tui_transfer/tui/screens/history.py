"""« Historique »: the jobs of the past, and the one that is going on."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, ClassVar, Final

import msgspec
from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import DataTable

from tui_transfer.errors import Problem, TransferError
from tui_transfer.job import control
from tui_transfer.job.remains import spool_contents
from tui_transfer.report.message import describe_spool
from tui_transfer.system.cancellation import Cancellation
from tui_transfer.tui.answers import Purge
from tui_transfer.tui.background import in_background
from tui_transfer.tui.happenings import JobChosen, JobUnreadable, MessageChosen, PurgeAsked, SecretNeeded
from tui_transfer.tui.letters import lettered
from tui_transfer.tui.past_jobs import PastJobs, names_in
from tui_transfer.tui.recovery import forget_refused, needs_secret
from tui_transfer.tui.screens.page import Page
from tui_transfer.tui.widgets.actions import FIELD, Action
from tui_transfer.tui.widgets.prose import Prose
from tui_transfer.tui.widgets.tick_table import GAP, FrugalTable, clipped, cut_off

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from textual import events
    from textual.widget import Widget

    from tui_transfer.job.control import Follower, Job
    from tui_transfer.job.orders import Orders
    from tui_transfer.settings.config import ShareboxSettings
    from tui_transfer.tui.answers import Answer
    from tui_transfer.tui.past_jobs import PastJob
    from tui_transfer.worker.leftovers import Leftovers

LOOK_SECONDS: Final = 2.0
_STATE: Final = 13
_DATE: Final = 16
_LEAST: Final = 10
_AROUND: Final = 4
"""Columns around the table's own: the panel's border and padding, and a scrollbar."""


class JobTable(FrugalTable):
    """One job a line; the arrow leads from the last one on to the buttons."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right", "select_cursor", "Ouvrir", show=False),
    ]


class HistoryPage(Page):
    """All jobs, the newest first; those that another window begins appear by themselves."""

    TRAIL = "Centre de maintenance › Historique"
    LEAD = "Les transferts faits depuis cette machine, le plus récent en haut."
    HELP = (
        "Un transfert en cours, même lancé d’une autre fenêtre, s’affiche ici : ouvrez-le pour le suivre. "
        "Terminé, son rapport peut être envoyé de nouveau. Interrompu ou bloqué, il reprend là où il s’est "
        "arrêté. Un transfert « refusé » n’a pas commencé : ouvrez-le pour savoir pourquoi. Un transfert "
        "« abîmé » a un journal qui a été modifié : il n’est ni repris ni supprimé."
    )
    CSS_PATH = "history.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,down", "none", "Choisir", key_display="↑ ↓", tooltip="Choisir un transfert"),
        Binding("right", "open", "Ouvrir", show=False, key_display="→ ou Entrée",
                tooltip="Suivre, voir ce qui bloque, ou lire le rapport"),
        lettered("report", "Envoyer le rapport", tooltip="Le message à envoyer, de nouveau"),
        lettered("resume", "Reprendre", tooltip="Reprendre là où le transfert s’est arrêté"),
        Binding("delete,backspace", "purge", "Supprimer", show=False, key_display="Suppr",
                tooltip="Supprimer ce transfert de cette machine, après confirmation"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self._rows: tuple[PastJob, ...] = ()
        self._looking = False
        self._purging = False
        """Whether a removal is being prepared or done."""
        self._passwords: dict[tuple[str, int, str], str] = {}
        """Of accounts that the settings do not name any more, as they were given here."""
        self._unreached: ShareboxSettings | None = None
        """Where the last removal could not clean."""
        self._leaving = Cancellation()
        """Ends what waits for the Sharebox there; the job is kept then."""
        self._widths = (_LEAST, _LEAST)

    @cached_property
    def _past(self) -> PastJobs:
        return PastJobs(self.session.home, self.session.jobs)

    def body(self) -> Iterable[Widget]:
        """The table, then the highlighted job in sentences."""
        yield Vertical(
            JobTable(id="jobs", classes=f"panel {FIELD}"),
            Prose("Lecture des transferts…", id="empty"),
            id="rows",
        )
        yield Prose(id="about")

    def buttons(self) -> Iterable[Action]:
        """What to do with the highlighted job."""
        yield Action("open", primary=True)
        yield Action("report")
        yield Action("resume")
        yield Action("purge")

    def on_unmount(self) -> None:
        """Ends a removal that waits for the Sharebox."""
        self._leaving.cancel()

    def on_mount(self) -> None:
        """Looks again every now and then."""
        self._show_what_there_is()
        self.set_interval(LOOK_SECONDS, self._look)

    def on_screen_resume(self) -> None:
        """Something may have happened in the screens that were opened from here."""
        self._look()

    def on_resize(self, event: events.Resize) -> None:
        """Names take what room there is."""
        self._lay_out()

    def action_none(self) -> None:
        """The table does it."""

    # ── The table ─────────────────────────────────────────────

    def _look(self) -> None:
        if self.is_active and not self._looking:
            self._looking = True
            in_background(self, self._past.look, self._looked)

    def _looked(self, result: tuple[PastJob, ...] | TransferError) -> None:
        self._looking = False
        if isinstance(result, TransferError):
            self.say_failure(result)
            return
        before, self._rows = self._rows, result
        if [row.name for row in before] != [row.name for row in result]:
            self._lay_out(self._name_at(before))
        else:
            for index, row in enumerate(result):
                self.query_one(JobTable).set_row(index, self._cells(row))
        self.query_one("#empty", Prose).update("Aucun transfert n’a encore été fait depuis cette machine.")
        self._show_what_there_is()
        self._describe()

    def _name_at(self, rows: tuple[PastJob, ...]) -> str | None:
        row = self.query_one(JobTable).under_cursor(rows)
        return row.name if row else None

    def _lay_out(self, chosen: str | None = None) -> None:
        """Begins anew; the same job stays highlighted, or its place where it is gone."""
        table = self.query_one(JobTable)
        place = table.cursor_row
        chosen = chosen or self._name_at(self._rows)
        room = self.room - _AROUND - _STATE - _DATE - 4 * GAP
        longest = max((len(row.sharebox) for row in self._rows), default=0)
        sharebox = max(_LEAST, min(longest, room * 3 // 5))
        self._widths = (max(_LEAST, room - sharebox), sharebox)
        table.set_columns(
            [
                ("État", _STATE),
                ("Date", _DATE),
                ("Bases", self._widths[0]),
                ("Sharebox", self._widths[1]),
            ]
        )
        for row in self._rows:
            table.add_row(*self._cells(row))
        if self._rows:
            names = [row.name for row in self._rows]
            table.move_cursor(row=names.index(chosen) if chosen in names else min(place, len(names) - 1))

    def _cells(self, row: PastJob) -> list[Text]:
        return [
            Text(row.state.ljust(_STATE), style=self.app.theme_variables[row.style], no_wrap=True),
            Text(row.created),
            self._subject(row),
            clipped(row.sharebox, self._widths[1]),
        ]

    def _subject(self, row: PastJob) -> Text:
        """Its databases, whose names often differ at their ends; of a refusal the reason, as it begins."""
        width = self._widths[0]
        if row.refused:
            return cut_off(row.databases[0], width)
        return clipped(names_in(row.databases, width), width)

    def _show_what_there_is(self) -> None:
        """A sentence instead of an empty table; buttons without anything to do are not shown."""
        some = bool(self._rows)
        self.query_one("#empty").display = not some
        for widget in self.query("#jobs, #about, Action"):
            widget.display = some
        if some and self.focused is None:
            self.set_focus(self.query_one(JobTable))

    @on(DataTable.RowHighlighted)
    def _describe(self) -> None:
        """The highlighted job in sentences, and what can be done with it."""
        row = self._chosen
        self.query_one("#about", Prose).update(row.about if row else "")
        self.set_available("open", row is not None)
        self.set_available("report", row is not None and row.succeeded)
        self.set_available("resume", row is not None and row.stopped)
        self.set_available("purge", row is not None and row.error is None and not row.running)

    @property
    def _chosen(self) -> PastJob | None:
        return self.query_one(JobTable).under_cursor(self._rows)

    def theme_changed(self) -> None:
        """Colours the states anew as well."""
        self._lay_out()

    # ── What the keys do ──────────────────────────────────────

    @on(DataTable.RowSelected)
    def action_open(self) -> None:
        """Does what one most likely wants of this job."""
        row = self._chosen
        if row is None:
            return
        if row.error is not None:
            self.centre.tell(JobUnreadable(row.error, row.job, lambda _: self._look()))
        elif row.succeeded:
            self.action_report()
        elif row.job is not None:
            self.centre.tell(JobChosen(row.job, begin=False))

    def action_report(self) -> None:
        """Opens the message about this job."""
        row = self._chosen
        if row is not None and row.job is not None:
            self.centre.tell(MessageChosen(row.job))

    def action_resume(self) -> None:
        """Goes on with this job, unless another one is at work: there is one at a time."""
        row = self._chosen
        if row is None or row.job is None:
            return
        if any(other.running for other in self._rows):
            self.say(
                "Un autre transfert est en cours : celui-ci pourra reprendre quand il sera terminé.",
                "warning",
            )
            return
        self.centre.tell(JobChosen(row.job, begin=True))

    def action_purge(self) -> None:
        """Asks before removing this job."""
        row = self._chosen
        if row is not None and row.job is not None and not self._purging:
            self._purging = True
            in_background(self, partial(_read_leftovers, row.job), self._ask)

    def _ask(self, result: tuple[Follower, list[Leftovers], str] | TransferError) -> None:
        self._purging = False
        if isinstance(result, TransferError):
            self.say_failure(result)
            return
        if not self.is_active:  # something else was opened meanwhile
            return
        follower, left, kept = result
        self.centre.tell(PurgeAsked(follower, left, kept, partial(self._agreed, follower, bool(left))))

    def _agreed(self, follower: Follower, left: bool, choice: Purge | None) -> None:
        if choice is not None:
            self._purge(follower, on_sharebox=left and choice is Purge.EVERYWHERE)

    def _purge(self, follower: Follower, *, on_sharebox: bool) -> None:
        self._purging = True
        where = "de cette machine et de Sharebox" if on_sharebox else "de cette machine"
        self.say(f"Suppression {where}…")
        self._unreached = None
        orders = partial(self._orders_for, self.session.orders()) if on_sharebox else None
        in_background(
            self,
            partial(_remove, follower.job, orders, self._could_not_clean, self._leaving),
            partial(self._purged, follower, on_sharebox),
        )

    def _orders_for(self, orders: Orders, place: ShareboxSettings) -> Orders:
        """A password belongs to one account, and is shown to no other."""
        own = orders.sftp_password if self._is_own(place) else None
        return msgspec.structs.replace(orders, sftp_password=self._passwords.get(place.account, own))

    def _is_own(self, place: ShareboxSettings) -> bool:
        settings = self.session.settings
        return settings is None or settings.sharebox.account == place.account

    def _could_not_clean(self, left: Leftovers, error: TransferError) -> None:
        self._unreached = self._unreached or left.sharebox

    def _purged(self, follower: Follower, on_sharebox: bool, result: list[str] | TransferError) -> None:
        self._purging = False
        if not isinstance(result, TransferError):
            cleaned = f" Supprimé de Sharebox : {', '.join(result)}." if result else ""
            self.say(f"Le transfert est supprimé de cette machine.{cleaned}", "success")
            self._look()
            return
        sharebox = self._unreached or follower.state.sharebox
        if self._passwords.pop(sharebox.account, None) is None and self._is_own(sharebox):
            forget_refused(result, self.session)
        if needs_secret(result, sharebox):
            self.say("")
            self.centre.tell(SecretNeeded(result, sharebox, partial(self._answered, follower, sharebox)))
        else:
            locally = "« Ici seulement » le supprime sans toucher à Sharebox."
            advice = locally if on_sharebox and result.problem is not Problem.JOB_RUNNING else result.advice
            self.say(
                f"Conservé. {result.title}. {result.why} {advice} {self.session.contact}".rstrip(), "error"
            )

    def _answered(self, follower: Follower, place: ShareboxSettings, answer: Answer | None) -> None:
        if answer is None:
            self.say("Le transfert est conservé.")
            return
        session = self.session
        if answer.sftp_password and not self._is_own(place):
            self._passwords[place.account] = answer.sftp_password
        else:
            session.sftp_password = answer.sftp_password or session.sftp_password
        session.key_passphrase = answer.key_passphrase or session.key_passphrase
        self._purge(follower, on_sharebox=True)


# The libraries of the connection take a while to load: beside the screen, and only when needed.


def _read_leftovers(job: Job) -> tuple[Follower, list[Leftovers], str]:
    """The job, what it may have left at each destination, and what stays of its databases here, in French."""
    from tui_transfer.worker.leftovers import leftovers_by_place

    follower = control.Follower(job)
    return follower, leftovers_by_place(follower.state), describe_spool(spool_contents(job))


def _remove(
    job: Job,
    make_orders: Callable[[ShareboxSettings], Orders] | None,
    unreached: Callable[[Leftovers, TransferError], object],
    cancellation: Cancellation,
) -> list[str]:
    """Removes the job; with `make_orders` what it left on the Sharebox first, whose names it gives."""
    from tui_transfer.report.receipts import keep_receipt_of

    removed: list[str] = []
    follower = control.Follower(job)
    if follower.succeeded:
        keep_receipt_of(follower)  # the proof outlives the job
    if make_orders is None:
        control.remove(job)
    else:
        from tui_transfer.worker.leftovers import discard

        discard(follower, make_orders, removed.append, cancellation, unreached)
    return removed
