"""Step 5a and 5b: the transfer, followed from its journal. Nothing to do but wait."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar, Final

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from tui_transfer import french
from tui_transfer.errors import Problem, TransferError
from tui_transfer.job import control
from tui_transfer.job.control import Follower
from tui_transfer.job.progress import Estimate, Meter
from tui_transfer.tui import wording
from tui_transfer.tui.background import in_background
from tui_transfer.tui.screens.failure import FailureDialog
from tui_transfer.tui.screens.leaving import Leaving, LeavingDialog
from tui_transfer.tui.screens.page import Page
from tui_transfer.tui.screens.recovery import dialog_for, forget_refused
from tui_transfer.tui.screens.success import SuccessDialog
from tui_transfer.tui.widgets.actions import FIELD, Action
from tui_transfer.tui.widgets.gauge import FULL, gauge
from tui_transfer.tui.widgets.tick_table import GAP, FrugalTable, clipped, right

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from textual import events
    from textual.widget import Widget

    from tui_transfer.job.control import Job
    from tui_transfer.job.orders import Orders
    from tui_transfer.job.state import DatabaseState
    from tui_transfer.tui.screens.answers import Answer

POLL_SECONDS: Final = 1.0
_PACE_SECONDS: Final = 2.0
"""Rate and time left change no faster than one can read them."""
_STEP_WIDTH: Final = 9
_SIZE_WIDTH: Final = 7
_COLUMNS: Final = (
    ("C", _STEP_WIDTH),
    ("T", _STEP_WIDTH),
    ("Taille", _SIZE_WIDTH),
    ("Envoyé", _SIZE_WIDTH),
)
_FIGURES: Final = {"Taille", "Envoyé"}
_GAUGE: Final = 13
_WIDE_GAUGE: Final = 30
_LEAST_NAME: Final = 10


class TransferPage(Page):
    """A view of one job. It writes nothing: it starts workers and reads the journal.

    Args:
        job: the job to follow.
        begin: whether to start a worker on it.
    """

    TRAIL = "Maintenir › Transfert"
    HELP = (
        "C est la compression de la base, T son transfert vers l'espace sécurisé Sharebox, puis sa "
        "vérification. Aucune intervention n'est requise. Vous pouvez fermer ce terminal : le transfert "
        "continue, et le centre de maintenance le retrouve."
    )
    CSS_PATH = "transfer.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "resume", "Reprendre", show=False, tooltip="Reprendre là où le transfert s'est arrêté"),
        Binding("m", "message", "Message à envoyer", show=False, tooltip="Le rapport, une fois terminé"),
        Binding("q,ctrl+q", "leave", "Quitter", show=False, key_display="Q",
                tooltip="Fermer le centre de maintenance, avec ou sans interruption"),
        Binding("escape", "back", "Retour", tooltip="Quitter cet écran"),
    ]  # fmt: skip

    def __init__(self, job: Job, *, begin: bool, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.job = job
        self._begin = begin
        self._clock = clock
        self._follower: Follower | None = None
        self._meter = Meter()
        self._paced_at = float("-inf")
        self._name_width, self._gauge_width = _LEAST_NAME, _GAUGE
        self._starting = False
        self._interrupting = False
        self._settled = False
        """Whether the end of the last worker was seen and told."""

    def body(self) -> Iterable[Widget]:
        """What is being done, how far it is, and each database."""
        yield Static(id="doing")
        yield Static(id="overall")
        yield Static(id="pace")
        yield Vertical(FrugalTable(id="progress", classes=FIELD, cursor="none"), classes="panel", id="rows")
        yield Static("C : compression   T : transfert vers Sharebox, puis vérification", id="legend")

    def buttons(self) -> Iterable[Action]:
        """« Reprendre » and « Message à envoyer » come when they make sense."""
        yield Action("resume", primary=True)
        yield Action("message", primary=True)
        yield Action("leave")

    def on_mount(self) -> None:
        """Reads the journal, and starts a worker if that was asked for."""
        try:
            self._follower = Follower(self.job)
        except TransferError as error:
            self._show_buttons()
            dialog = FailureDialog(error, self.job)
            self.call_after_refresh(lambda: self.app.push_screen(dialog))
            return
        self._draw_all()
        if self._begin:
            self._start(self.session.orders())
        else:
            self._poll()
        self.set_interval(POLL_SECONDS, self._tick)

    def on_resize(self, event: events.Resize) -> None:
        """Names and gauges take what room there is."""
        if self._follower is not None:
            self._draw_all()

    # ── Following ─────────────────────────────────────────────

    def _tick(self) -> None:
        """Looks at the journal, unless a modal covers the screen or nothing can happen any more."""
        if self.is_active and (self._starting or not self._settled):
            self._poll()

    def _poll(self) -> None:
        follower = self._follower
        assert follower is not None
        try:
            follower.poll()
        except TransferError as error:
            self._settled = True
            self._ask(error)
            return
        self._draw()
        if not follower.running and not self._starting:
            self._settled = True
            self._conclude(follower)

    def _start(self, orders: Orders) -> None:
        self._starting, self._settled, self._interrupting = True, False, False
        self._show_buttons()
        self.set_text("#doing", "Démarrage du transfert…")
        in_background(self, lambda: control.start(self.job, orders), self._started)

    def _started(self, result: int | TransferError) -> None:
        self._starting = False
        if isinstance(result, TransferError) and result.problem is not Problem.JOB_RUNNING:
            self._settled = True
            self._draw()
            self._ask(result)

    def _conclude(self, follower: Follower) -> None:
        """The worker has ended: success, an interruption that was asked for, or something to ask."""
        self._draw()
        if follower.succeeded:
            self.app.push_screen(SuccessDialog(follower.state), lambda _: self.action_message())
            return
        failure = follower.failure
        if failure is not None and not self._interrupting:
            self._ask(failure)
        self.query_one("#action-resume", Action).focus()

    def _ask(self, failure: TransferError) -> None:
        assert self._follower is not None
        forget_refused(failure, self.session)
        self.say(f"{failure.title}.", "warning")
        self.app.push_screen(dialog_for(failure, self._follower, self.session), self._answered)

    def _answered(self, answer: Answer | None) -> None:
        """Keeps what was given and goes on; without an answer the job waits to be resumed."""
        if answer is None:
            self.query_one("#action-resume", Action).focus()
            return
        session = self.session
        session.sftp_password = answer.sftp_password or session.sftp_password
        session.key_passphrase = answer.key_passphrase or session.key_passphrase
        if answer.proxy is not None:
            session.proxy_password = answer.proxy_password
        self.say("")
        try:
            if answer.proxy is not None:
                session.keep_proxy(answer.proxy)
            if answer.host_key is not None:
                session.keep_host_key(self.job.spec.sharebox, answer.host_key)
        except TransferError as error:  # the job keeps it all the same
            self.say(f"{error.title}. {error.why}", "warning")
        self._start(session.orders(answer.proxy, answer.host_key))

    # ── Drawing ───────────────────────────────────────────────

    def _draw_all(self) -> None:
        """Lays the table out anew: at the start, and when the window changes."""
        assert self._follower is not None
        table = self.query_one(FrugalTable)
        # Around the columns: the panel's border and margin, and a scrollbar.
        room = self.room - 4 - sum(width for _, width in _COLUMNS) - GAP * (len(_COLUMNS) + 1)
        longest = max(len(item.name) for item in self._follower.state.databases)
        self._gauge_width = min(_WIDE_GAUGE, max(_GAUGE, room - max(longest, _LEAST_NAME)))
        self._name_width = max(_LEAST_NAME, room - self._gauge_width)
        columns: list[tuple[str | Text, int]] = [
            ("Base", self._name_width),
            ("Progression", self._gauge_width),
            *((right(label, width) if label in _FIGURES else label, width) for label, width in _COLUMNS),
        ]
        table.set_columns(columns)
        for item in self._follower.state.databases:
            table.add_row(*self._cells(item))
        self._draw()

    def _draw(self) -> None:
        """Brings what changed to the screen."""
        assert self._follower is not None
        state, running = self._follower.state, self._follower.running
        if not self._starting or running:
            self.set_text("#doing", wording.doing(state, running=running))
        self.set_text("#overall", self._overall(state.fraction))
        table = self.query_one(FrugalTable)
        for row, item in enumerate(state.databases):
            table.set_row(row, self._cells(item))
        now = self._clock()
        estimate = self._meter.observe(now, state) if running else Estimate(None, None)
        if now - self._paced_at >= _PACE_SECONDS or not running:
            self._paced_at = now
            self.set_text("#pace", wording.pace(state, estimate))
        self._show_buttons()

    def _overall(self, fraction: float) -> Content:
        percent = f"  {french.percent(fraction):>5}"
        return Content.assemble(gauge(fraction, self.room - len(percent)), (percent, "bold"))

    def _cells(self, item: DatabaseState) -> list[Text]:
        running = self._starting or (self._follower is not None and self._follower.running)
        c, c_style = wording.compression_cell(item, running=running)
        t, t_style = wording.transfer_cell(item, running=running)
        size = "–" if item.size is None else french.size(item.size)
        bar = gauge(item.fraction, self._gauge_width - 6)
        theme = self.app.theme_variables
        return [
            clipped(item.name, self._name_width),
            Text.assemble(*_bar_parts(bar.plain, theme), f" {french.percent(item.fraction):>5}"),
            # Filled up to the next cell, so that the line changes colour less often.
            Text(c.ljust(_STEP_WIDTH + GAP), style=theme.get(c_style[1:], "")),
            Text(t.ljust(_STEP_WIDTH + GAP), style=theme.get(t_style[1:], "")),
            right(size, _SIZE_WIDTH),
            right(french.size(item.acknowledged), _SIZE_WIDTH),
        ]

    def _show_buttons(self) -> None:
        follower = self._follower
        stopped = follower is not None and not follower.running and not self._starting
        succeeded = follower is not None and follower.succeeded
        self._show_button("resume", stopped and not succeeded)
        self._show_button("message", succeeded)

    def _show_button(self, action: str, shown: bool) -> None:
        button = self.query_one(f"#action-{action}", Action)
        if button.display != shown or button.disabled == shown:
            button.display = shown
            self.set_available(action, shown)

    # ── What the keys do ──────────────────────────────────────

    def action_resume(self) -> None:
        """Asks again what the job needs, or simply goes on."""
        assert self._follower is not None
        failure = self._follower.failure
        if failure is None or failure.problem is Problem.INTERRUPTED:
            self._start(self.session.orders())
        else:
            self._ask(failure)

    def action_message(self) -> None:
        """Goes on to the report."""
        from tui_transfer.tui.screens.report import ReportPage

        self.app.switch_screen(ReportPage(self.job))

    def action_leave(self) -> None:
        """Closes the program; asks first while the transfer goes on."""
        self._leave(self.app.exit)

    def action_back(self) -> None:
        """Goes back to the first screen; asks first while the transfer goes on."""
        self._leave(self.app.pop_screen)

    def _leave(self, go: Callable[[], object]) -> None:
        follower = self._follower
        if follower is None or not (follower.running or self._starting):
            go()
            return
        self.app.push_screen(LeavingDialog(), self._left)

    def _left(self, choice: Leaving | None) -> None:
        if choice is Leaving.BACKGROUND:
            self.app.exit()
        elif choice is Leaving.INTERRUPT:
            self._interrupting = True
            self.say("Interruption demandée : le transfert s'arrête proprement…")
            in_background(self, lambda: control.stop(self.job), self._stopped)

    def _stopped(self, result: TransferError | None) -> None:
        if isinstance(result, TransferError):
            self.say(f"{result.title}. {result.why}", "error")


def _bar_parts(bar: str, theme: dict[str, str]) -> list[tuple[str, str]]:
    filled = bar.count(FULL)
    return [(bar[:filled], theme["primary"]), (bar[filled:], theme["muted"])]
