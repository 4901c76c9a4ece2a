"""Step 5a and 5b: the transfer, followed from its journal. Nothing to do but wait."""

from __future__ import annotations

import time
from contextlib import suppress
from textwrap import shorten
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from tui_transfer.errors import Problem, TransferError
from tui_transfer.job import control
from tui_transfer.job.attendance import Attendance
from tui_transfer.job.control import Follower
from tui_transfer.job.state import JobStatus
from tui_transfer.preflight.unmet import waive_damage
from tui_transfer.report.message import describe_words
from tui_transfer.tui import wording
from tui_transfer.tui.background import in_background
from tui_transfer.tui.happenings import (
    JobBlocked,
    JobJoined,
    JobSucceeded,
    JobUnreadable,
    LoginQuestionAsked,
    MessageChosen,
)
from tui_transfer.tui.letters import lettered
from tui_transfer.tui.recovery import corrected_host_key, forget_refused, still_asked
from tui_transfer.tui.screens.page import Page
from tui_transfer.tui.widgets.actions import Action
from tui_transfer.tui.widgets.gauge import Gauge
from tui_transfer.tui.widgets.latest import Latest
from tui_transfer.tui.widgets.progress_table import ProgressTable
from tui_transfer.tui.widgets.prose import Prose

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from textual import events
    from textual.screen import Screen
    from textual.widget import Widget

    from tui_transfer.job.control import Job
    from tui_transfer.job.orders import Orders
    from tui_transfer.settings.config import ShareboxSettings
    from tui_transfer.tui.answers import Answer

POLL_SECONDS: Final = 0.5
_LONGEST_WORDS: Final = 160
"""Characters of what a Sharebox says that are shown: some greet with a page of law."""
_FIGURES_SECONDS: Final = 2.0
"""The gauge moves at each poll; the figures, which are more to send over an SSH connection, less often."""
_PANEL: Final = 3
"""Columns that the table's panel takes: its border and its margin."""


class TransferPage(Page):
    """A view of one job. It writes nothing: it starts workers and reads the journal.

    Args:
        job: the job to follow.
        begin: whether to go on with it at once: to ask what it needs, or else to start a worker.
        joined: whether another window has begun it, which also asks what it needs.
        clock: the time of day, in seconds.
    """

    TRAIL = "Maintenir › Transfert"
    HELP = (
        "C est la compression de la base, T son transfert vers l’espace sécurisé Sharebox, puis sa "
        "vérification. Aucune intervention n’est requise. Vous pouvez fermer ce terminal : le transfert "
        "continue, et le centre de maintenance le retrouve."
    )
    CSS_PATH = "transfer.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        lettered("resume", "Reprendre", tooltip="Reprendre là où le transfert s’est arrêté"),
        lettered("report", "Envoyer le rapport", tooltip="Le rapport, une fois terminé"),
        lettered("leave", "Quitter", also="ctrl+q", key_display="Q",
                 tooltip="Fermer le centre de maintenance, avec ou sans interruption"),
        Binding("escape", "back", "Retour", tooltip="Revenir au menu ; le transfert continue"),
    ]  # fmt: skip

    def __init__(
        self, job: Job, *, begin: bool, joined: bool = False, clock: Callable[[], float] = time.time
    ) -> None:
        super().__init__()
        self.job = job
        self._begin = begin
        self._joined = joined
        self._question: Screen[Any] | None = None
        """What asks for what the job needs."""
        self._clock = clock
        self._follower: Follower | None = None
        self._figures_at = float("-inf")
        self._starting = False
        self._interrupting = False
        self._attendance = Attendance()
        self._asked = 0
        self._said = ""
        """Number of the Sharebox's question that was shown last."""
        self._settled = False
        """Whether the end of the last worker was seen and told."""
        self._has_worked = False
        """Whether a worker was seen at it, so that its end is news."""

    def body(self) -> Iterable[Widget]:
        """What is being done, how far it is, and each database."""
        yield Prose(id="doing")
        yield Static(id="reassurance")
        yield Gauge(id="overall")
        yield Static(id="pace")
        yield Vertical(ProgressTable(id="progress"), classes="panel", id="rows")
        yield Static("C : compression   T : transfert vers Sharebox, puis vérification", id="legend")
        yield Latest(id="latest")

    def buttons(self) -> Iterable[Action]:
        """« Reprendre » and « Envoyer le rapport » come when they make sense."""
        yield Action("resume", primary=True)
        yield Action("report", primary=True)
        yield Action("leave")

    def on_mount(self) -> None:
        """Reads the journal, and starts a worker if that was asked for."""
        try:
            self._follower = Follower(self.job, unread=True)
            self._hear(self._follower)
        except TransferError as error:
            self._show_buttons()
            unreadable = JobUnreadable(error, self.job)
            self.call_after_refresh(lambda: self.centre.tell(unreadable))
            return
        self._draw_all()
        if self._begin and not self._follower.running:
            self.action_resume()
        else:
            self._poll()
        self.set_interval(POLL_SECONDS, self._tick)

    def on_unmount(self) -> None:
        """Nothing is followed any more, and nobody answers for this page."""
        self._attendance.close()
        self.centre.announcer.progress(None)

    def on_resize(self, event: events.Resize) -> None:
        """Names and gauges take what room there is."""
        if self._follower is not None:
            self._draw_all()

    # ── Following ─────────────────────────────────────────────

    def _tick(self) -> None:
        """Looks at the journal, unless a modal covers the screen or nothing can happen any more."""
        if self.is_active and (self._starting or not self._settled):
            self._poll()
        elif self._settled and not self._starting:
            self._look_elsewhere()

    def _look_elsewhere(self) -> None:
        """Another window may have gone on with it: what was answered there is not asked here again."""
        follower = self._follower
        if follower is None or follower.succeeded:
            return
        with suppress(TransferError):
            if self.job.running:
                self._settled = False
                if self._question is not None and self._question is self.app.screen:
                    self._question.dismiss(None)
                self._question = None
                self.say("Le transfert se poursuit dans une autre fenêtre ; celle-ci le suit.")

    def _poll(self) -> None:
        follower = self._follower
        assert follower is not None
        try:
            self._hear(follower)
        except TransferError as error:
            self._settled = True
            self._ask(error)
            return
        self._draw()
        if (said := follower.state.said) != self._said:
            self._said = said
            self.say(describe_words(shorten(said, _LONGEST_WORDS, placeholder=" …")) if said else "")
        self._show_question(follower)
        if not follower.running and not self._starting:
            self._settled = True
            self._conclude(follower)

    def _hear(self, follower: Follower) -> None:
        """Reads what is new in the journal."""
        latest = self.query_one(Latest)
        for event, state in follower.steps():
            latest.hear(event, state, follower)

    def _show_question(self, follower: Follower) -> None:
        """Asks what the Sharebox asks, where it is this page that the worker hears."""
        asked = follower.state.question
        if (
            asked is None
            or asked.number == self._asked
            or not (follower.running and self._attendance.is_open)
        ):
            return
        self._asked = asked.number
        sharebox = self._sharebox
        self.centre.announcer.call("Sharebox pose une question.", self.job.spec.manager)

        def answer(given: list[str] | None) -> None:
            self._attendance.answer(asked.number, given)

        account = f"{sharebox.username} sur {sharebox.host}"
        self.centre.tell(LoginQuestionAsked(asked, account, answer))

    def _start(self, orders: Orders) -> None:
        self._starting, self._settled, self._interrupting = True, False, False
        self._joined, self._question = False, None
        self._show_buttons()
        # Not on a button: there is nothing to do but wait, and Enter must not quit.
        self.set_focus(self.query_one(ProgressTable))
        self.query_one("#doing", Prose).update("Démarrage du transfert…")
        self._figures_at = float("-inf")  # what failed before is not shown as if it had now
        is_new = self._follower is not None and self._follower.state.status is JobStatus.CREATED
        start = control.start_new if is_new else control.start
        self._asked = 0
        in_background(self, lambda: start(self.job, orders, self._attendance), self._started)

    def _started(self, result: int | TransferError) -> None:
        self._starting = False
        if self._interrupting:
            self.interrupt(self.job)
        if not isinstance(result, TransferError):
            return
        if result.problem is Problem.JOB_RUNNING and result.details["job"] == self.job.id:
            return  # somebody else was faster, and is followed
        self._settled = True
        self._draw()
        if self.job.folder.exists():
            self._ask(result)
        elif (first := self._that_runs(result)) is not None:
            self.centre.tell(JobJoined(first))
        else:  # another transfer kept it from beginning
            self.centre.tell(JobUnreadable(result, None, lambda _: self.action_back()))

    def _that_runs(self, result: TransferError) -> Job | None:
        """The transfer that kept this one from beginning, if it is one of this home that can be followed."""
        if result.problem is not Problem.JOB_RUNNING:
            return None
        with suppress(TransferError):
            return control.find(self.session.home, result.details.get("job", ""))
        return None

    def _conclude(self, follower: Follower) -> None:
        """The worker has ended: success, an interruption that was asked for, or something to ask."""
        self._draw()
        self._call(follower)
        if follower.succeeded:
            self.centre.tell(JobSucceeded(self.job, follower.state))
            return
        failure = follower.failure
        if self._joined and failure is not None:
            begins = follower.state.status is JobStatus.CREATED
            self.say(
                "Ce transfert démarre dans une autre fenêtre ; celle-ci le suit."
                if begins
                else f"{failure.title}. L’autre fenêtre le demande ; « Reprendre » le demande ici."
            )
        elif self._interrupting:
            self.say("")
        elif failure is not None:
            self._ask(failure)
        self.set_focus(self.query_one("#action-resume", Action))

    def _call(self, follower: Follower) -> None:
        """Calls the person, who may be looking elsewhere, unless it is they who ended the worker."""
        whose = self.job.spec.manager
        if follower.succeeded and self._has_worked:
            self.centre.announcer.call("Le transfert est terminé.", whose)
        elif not self._interrupting and self._has_worked and follower.failure is not None:
            self.centre.announcer.call(f"Le transfert s’est arrêté. {follower.failure.title}.", whose)

    def _ask(self, failure: TransferError) -> None:
        assert self._follower is not None
        forget_refused(failure, self.session, self.job.id)
        self.say(f"{failure.title}.", "warning")
        self.centre.tell(JobBlocked(failure, self._follower, self._answered))
        self._question = None if self.app.screen is self else self.app.screen

    def _answered(self, answer: Answer | None) -> None:
        """Keeps what was given and goes on; without an answer the job waits to be resumed."""
        if answer is None:
            self.set_focus(self.query_one("#action-resume", Action))
            return
        session = self.session
        session.sftp_password = answer.sftp_password or session.sftp_password
        session.key_passphrase = answer.key_passphrase or session.key_passphrase
        if answer.archive_password:
            session.archive_passwords[self.job.id] = answer.archive_password
        self.say("")
        try:
            if answer.proxy is not None:
                session.keep_proxy(answer.proxy)
            if answer.host_key is not None:
                session.keep_host_key(self._sharebox, answer.host_key)
        except TransferError as error:  # the job keeps it all the same
            self.say(f"{error.title}. {error.why}", "warning")
        if answer.proxy is not None:  # only now: keeping another proxy drops the password of the one before
            session.proxy_password = answer.proxy_password
        damage = waive_damage(self._follower.state, asked=True) if answer.damage and self._follower else None
        self._start(session.orders(answer.proxy, answer.host_key, self.job.id, damage))

    # ── Drawing ───────────────────────────────────────────────

    @property
    def _sharebox(self) -> ShareboxSettings:
        """Where the databases go: a mended configuration counts from the next worker on."""
        return self._follower.state.sharebox if self._follower else self.job.spec.sharebox

    @property
    def _at_work(self) -> bool:
        return self._starting or (self._follower is not None and self._follower.running)

    def _draw_all(self) -> None:
        """Lays the table out anew: at the start, and when window or theme change."""
        assert self._follower is not None
        inside = self.room - _PANEL
        databases, shares = self._follower.state.databases, self._follower.progress.shares
        self.query_one(ProgressTable).lay_out(inside, databases, shares, running=self._at_work)
        self.query_one(Latest).lay_out(self.size)
        self._draw()

    def _draw(self) -> None:
        """Brings what changed to the screen."""
        assert self._follower is not None
        state, running = self._follower.state, self._follower.running
        self._has_worked |= running
        progress, now = self._follower.progress, self._clock()
        self.query_one(Gauge).show(progress.share)
        self.centre.announcer.progress(progress.share if running else None)
        if now - self._figures_at >= _FIGURES_SECONDS or not running:
            self._figures_at = now
            if not self._starting or running:
                self.query_one("#doing", Prose).update(wording.doing(state, now, running=running))
            databases = wording.begun_anew(state) if self._starting and not running else state.databases
            self.query_one(ProgressTable).show(databases, progress.shares, running=self._at_work)
            self.set_text("#pace", wording.pace(state, progress, now, running=running))
            self.set_text("#reassurance", wording.reassurance(state, now, running=self._at_work))
            self.query_one(Latest).show()
        self._show_buttons()

    def _show_buttons(self) -> None:
        follower = self._follower
        stopped = follower is not None and not follower.running and not self._starting
        succeeded = follower is not None and follower.succeeded
        self._show_button("resume", stopped and not succeeded)
        self._show_button("report", succeeded)

    def _show_button(self, action: str, shown: bool) -> None:
        button = self.query_one(f"#action-{action}", Action)
        if button.display != shown or button.disabled == shown:
            button.display = shown
            self.set_available(action, shown)

    # ── What the keys do ──────────────────────────────────────

    def action_resume(self) -> None:
        """Goes on: whatever failed may have been mended. Only what nothing can be tried without is asked."""
        assert self._follower is not None
        failure = self._follower.failure
        if failure is None:
            self._start(self.session.orders(job=self.job.id))
        elif (asked := still_asked(failure, self._sharebox, self.session, self.job.id)) is not None:
            self._ask(asked)
        else:
            host_key = corrected_host_key(failure, self._sharebox, self.session)
            self._start(self.session.orders(host_key=host_key, job=self.job.id))

    def theme_changed(self) -> None:
        """Colours the rows anew as well."""
        if self._follower is not None:
            self._draw_all()

    def action_report(self) -> None:
        """Goes on to the report."""
        self.centre.tell(MessageChosen(self.job, instead=True))

    def job_at_work(self) -> Job | None:
        """A worker that is being started counts as one."""
        return self.job if self._starting else super().job_at_work()

    def interrupt(self, job: Job) -> None:
        """The end is then no surprise; a worker that is being started is ended once it is there."""
        self._interrupting = True
        if self._starting:
            self.say("Interruption demandée : le transfert s’arrête dès qu’il a démarré.")
        else:
            super().interrupt(job)
