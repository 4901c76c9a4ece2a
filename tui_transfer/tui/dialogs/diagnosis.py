"""« Tester la connexion »: each stage up to the drop folder, as it comes."""

from __future__ import annotations

import time
from contextlib import closing
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

import msgspec
from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content

from tui_transfer import __version__, french
from tui_transfer.errors import Need, TransferError
from tui_transfer.preflight.findings import Finding, Outcome, Stage, as_text, stages
from tui_transfer.settings import config
from tui_transfer.system.cancellation import Cancellation
from tui_transfer.tui import clipboard
from tui_transfer.tui.background import in_background
from tui_transfer.tui.dialogs.dialog import Dialog
from tui_transfer.tui.happenings import SecretNeeded
from tui_transfer.tui.letters import letter_of, lettered
from tui_transfer.tui.widgets.actions import TEXT, Action
from tui_transfer.tui.widgets.prose import Prose
from tui_transfer.tui.widgets.tick_list import Row, TickList

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from textual import events
    from textual.widget import Widget

    from tui_transfer.job.orders import Orders
    from tui_transfer.settings.config import Settings
    from tui_transfer.tui.answers import Answer

_SIGNS: Final = {
    Outcome.OK: ("✓", "$success"),
    Outcome.LOOK: ("!", "$warning"),
    Outcome.BLOCKING: ("✗", "$error"),
    Outcome.NOT_TRIED: ("–", "$muted"),
}
_SIGN_WIDTH: Final = 13
_TITLE_WIDTH: Final = 15
_TIME_WIDTH: Final = 7
_GAP: Final = "  "
_AROUND: Final = 28
"""Columns of the dialog that are not for the text of a line: frame, padding, sign."""
_LEAST_STAGES: Final = 3
"""Lines of the list of stages that stay in sight."""
_TYPE_IT: Final = f"Appuyez sur {letter_of('secret')} pour le saisir ; il n’est enregistré nulle part."


class DiagnosisDialog(Dialog[None]):
    """Shows a diagnosis with these settings, which need not be saved, and these secrets.

    Args:
        settings: where to.
        orders: the secrets.
        servers: the folder of what is known of servers.
    """

    SHOWS_CONTACT = True
    CSS_PATH = "diagnosis.tcss"
    AUTO_FOCUS = "#stages"
    HELP = (
        "La connexion à Sharebox est essayée étape par étape, comme un transfert la ferait, sans rien "
        "transférer : un petit fichier d’essai est écrit puis supprimé. Aucune clé n’est acceptée ici, et "
        "chaque mot de passe n’est envoyé qu’une fois. « Copier » prépare le texte à donner à qui vous aide."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        lettered("copy", "Copier", tooltip="Copier le résultat, pour qui vous aide"),
        lettered("retry", "Réessayer"),
        lettered("secret", "Saisir le mot de passe", tooltip="Saisir le mot de passe, puis réessayer"),
        Binding("escape", "close", "Fermer", show=False),
    ]

    def __init__(self, settings: Settings, orders: Orders, servers: Path) -> None:
        super().__init__("Essai de la connexion à Sharebox")
        self._settings = settings
        self._servers = servers
        self._orders = orders
        self._found: dict[Stage, Finding] = {}
        self._stop = Cancellation()
        self._is_running = False
        self._accident = ""
        """What kept the diagnosis from its end."""
        self._began = 0.0
        self._row: int | None = None
        """The row that the program highlighted; once the person has moved, it stays theirs."""

    def body(self) -> Iterable[Widget]:
        """What came of it all, a line a stage, then what was found in the highlighted one."""
        yield Prose(id="verdict")
        yield TickList(id="stages")
        yield Prose(id="explanation")

    def buttons(self) -> Iterable[Action]:
        """What to do with the result."""
        yield Action("copy")
        yield Action("retry")
        yield Action("secret")
        yield Action("close")

    def on_mount(self) -> None:
        """Begins at once."""
        listing = self.query_one(TickList)
        listing.remove_class("panel")
        self.set_interval(1, self._tick)
        self._begin()

    def on_unmount(self) -> None:
        """Nobody looks any more: the trial ends at once, or takes its file away first."""
        self._stop.cancel()

    # ── The work ──────────────────────────────────────────────

    def _begin(self) -> None:
        self._stop.cancel()
        stop = self._stop = Cancellation()
        self._accident = ""
        self._found, self._is_running, self._began, self._row = {}, True, time.monotonic(), None
        settings, orders, servers = self._settings, self._orders, self._servers
        sharebox = config.located(settings.sharebox, self.centre.session.home)
        settings = msgspec.structs.replace(settings, sharebox=sharebox)

        def work() -> None:
            # SSH is loaded only when someone asks for a diagnosis.
            from tui_transfer.preflight.diagnosis import diagnose
            from tui_transfer.sharebox.ssh.knowledge import KnownServers

            with closing(diagnose(settings, orders, stop, KnownServers(servers))) as findings:
                for finding in findings:
                    if stop.is_set:
                        return
                    self.call_later(self._add, stop, finding)

        in_background(self, work, partial(self._end, stop))
        self._show()

    def _add(self, stop: Cancellation, finding: Finding) -> None:
        if stop is self._stop:
            self._found[finding.stage] = finding
            self._began = time.monotonic()
            self._show()

    def _end(self, stop: Cancellation, result: TransferError | None) -> None:
        if stop is not self._stop:
            return
        self._is_running = False
        if isinstance(result, TransferError):
            self._accident = f"{result.title}. {result.why}"
        self._keep_secrets()
        self._show()

    def _keep_secrets(self) -> None:
        """One that was refused is not sent twice; one that was accepted need not be typed again."""
        orders = self._orders
        if self._outcome(Stage.PROXY) is Outcome.BLOCKING:
            orders = msgspec.structs.replace(orders, proxy_password=None)
        if self._outcome(Stage.LOGIN) is Outcome.BLOCKING:
            self.centre.session.sftp_password_was_refused(orders.sftp_password)
            orders = msgspec.structs.replace(orders, sftp_password=None, key_passphrase=None)
        self._orders = orders
        session, ours = self.centre.session, self._settings.sharebox
        theirs = session.settings.sharebox if session.settings else None
        if self._outcome(Stage.LOGIN) is Outcome.OK and theirs is not None and ours.account == theirs.account:
            session.sftp_password = orders.sftp_password or session.sftp_password
            session.key_passphrase = orders.key_passphrase or session.key_passphrase

    def _outcome(self, stage: Stage) -> Outcome | None:
        found = self._found.get(stage)
        return found.outcome if found else None

    # ── What is shown ─────────────────────────────────────────

    def _show(self) -> None:
        order = stages(self._settings)
        listing = self.query_one(TickList)
        listing.set_rows([self._row_of(stage) for stage in order])
        if self._row is None or listing.highlighted == self._row:
            self._row = self._most_telling(order)
            listing.highlighted = self._row
        self._explain()
        sign, verdict = self._verdict(order)
        self.query_one("#verdict", Prose).update(Content.styled(verdict, f"bold {sign}"))
        self.query_one("#action-retry").disabled = self._is_running
        self.query_one("#action-copy").disabled = self._is_running
        lacking = not self._is_running and self._wanted_secret is not None
        self.query_one("#action-secret").display = lacking
        self.query_one("#action-retry").display = not lacking

    def _verdict(self, order: Sequence[Stage]) -> tuple[str, str]:
        """What it comes to, as a style and a sentence: one need not read the stages."""
        if (at_work := self._stage_at_work) is not None:
            return "$primary", f"… Essai en cours : {at_work.lower()}."
        if self._accident:
            return "$error", f"✗ {self._accident}"
        for outcome, words in (
            (Outcome.BLOCKING, "✗ Un transfert échouerait : {}."),
            (Outcome.NOT_TRIED, "! L’essai s’est arrêté avant la fin : {}."),
            (Outcome.LOOK, "! La connexion fonctionne ; un point mérite un regard : {}."),
        ):
            stage = next((stage for stage in order if self._outcome(stage) is outcome), None)
            if stage is not None:
                failure = self._found[stage].failure
                what = failure.title if failure else str(stage)
                style = "$error" if outcome is Outcome.BLOCKING else "$warning"
                return style, words.format(f"{what[:1].lower()}{what[1:]}")
        return "$success", "✓ La connexion fonctionne : un transfert peut commencer."

    def _fit(self) -> None:
        """The explanation is seen to its end: the list of the stages, which can be scrolled, makes room."""
        super()._fit()
        body, listing = self.query_one(f"#{TEXT}"), self.query_one(TickList)
        most = body.styles.max_height
        others = (self.query_one("#verdict"), self.query_one("#explanation"))
        taken = sum(other.size.height + other.styles.margin.height for other in others)
        room = (int(most.value) if most else self.size.height) - taken
        listing.styles.height = max(_LEAST_STAGES, min(len(stages(self._settings)), room))
        self.call_after_refresh(listing.scroll_to_highlight)

    def _row_of(self, stage: Stage) -> Row:
        found = self._found.get(stage)
        if found is not None:
            sign, style = _SIGNS[found.outcome]
            return self._line(f"{sign} {found.outcome}", style, stage, found.time, found.sentence)
        if stage is self._stage_at_work:
            seconds = int(time.monotonic() - self._began)
            return self._line("▸ en cours", "$primary", stage, french.duration(seconds) if seconds else "")
        return self._line("· attente", "$muted", stage)

    def _line(self, sign: str, style: str, stage: Stage, taken: str = "", sentence: str = "") -> Row:
        text = f"{stage:<{_TITLE_WIDTH}}{taken:>{_TIME_WIDTH}}{_GAP}"
        room = self._width - _AROUND - len(text)
        if len(sentence) > room:
            sentence = f"{sentence[: room - 1].rstrip()}…"
        return Row(stage, sign.ljust(_SIGN_WIDTH), text + sentence, style)

    @property
    def _width(self) -> int:
        """Columns of the dialog; see its style."""
        columns = self.app.size.width
        return min(104 if columns >= 100 else 78, columns * 96 // 100)

    def on_resize(self, event: events.Resize) -> None:
        """The lines are as long as there is room."""
        self._show()

    @property
    def _stage_at_work(self) -> Stage | None:
        if not self._is_running:
            return None
        return next((stage for stage in stages(self._settings) if stage not in self._found), None)

    def _most_telling(self, order: Sequence[Stage]) -> int:
        """While it runs, the stage at work; then the one that stops a transfer, or asks for a look."""
        if (at_work := self._stage_at_work) is not None:
            return order.index(at_work)
        for wanted in (Outcome.BLOCKING, Outcome.LOOK, Outcome.NOT_TRIED):
            for position, stage in enumerate(order):
                if self._outcome(stage) is wanted:
                    return position
        return len(order) - 1

    @on(TickList.Highlighted)
    def _explain(self) -> None:
        listing = self.query_one(TickList)
        order = stages(self._settings)
        if listing.highlighted is None or listing.highlighted >= len(order):
            return
        found = self._found.get(order[listing.highlighted])
        if found is None:
            self._say(self._accident or "Le résultat arrive dans quelques secondes.")
            return
        advice = _TYPE_IT if self._asks_for_secret(found) else found.failure.advice if found.failure else ""
        sentence = found.sentence or "Dépend de ce qui précède."
        self._say(f"{sentence}\n› {advice}" if advice else sentence)

    def _asks_for_secret(self, found: Finding) -> bool:
        return found.stage is Stage.LOGIN and found.outcome is Outcome.NOT_TRIED and bool(found.failure)

    def _say(self, text: str) -> None:
        self.query_one("#explanation", Prose).update(text)
        self.call_after_refresh(self._fit)

    def _tick(self) -> None:
        """The seconds of the stage at work."""
        if self._is_running:
            self._show()

    # ── Keys ──────────────────────────────────────────────────

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is nothing to copy or to try again before the end, nor again without a secret that lacks."""
        if action in {"copy", "retry", "secret"} and self._is_running:
            return None
        return action not in {"retry", "secret"} or (action == "secret") == (self._wanted_secret is not None)

    @property
    def _wanted_secret(self) -> TransferError | None:
        login = self._found.get(Stage.LOGIN)
        failure = login.failure if login else None
        return failure if failure and failure.need in (Need.PASSWORD, Need.PASSPHRASE) else None

    async def action_copy(self) -> None:
        """Copies the result as text."""
        session = self.centre.session
        head = f"Essai de la connexion à Sharebox, {french.moment(datetime.now().astimezone())}"
        order = stages(self._settings)
        findings = [self._found[stage] for stage in order if stage in self._found]
        text = f"{head}, tui-transfer {__version__}\n\n{as_text(findings)}"
        self._say(await clipboard.copy(self.app, text, "Le diagnostic", session.home.reports))

    def action_retry(self) -> None:
        """Tries everything again."""
        self.set_focus(self.query_one(TickList))
        self._begin()

    def action_secret(self) -> None:
        """Asks for the password or the passphrase, and tries again with it."""
        failure = self._wanted_secret
        if failure is not None:
            self.centre.tell(SecretNeeded(failure, self._settings.sharebox, self._take_secret))

    def _take_secret(self, answer: Answer | None) -> None:
        if answer is None:
            return
        changes = {
            name: secret
            for name in ("sftp_password", "key_passphrase")
            if (secret := getattr(answer, name)) is not None
        }
        self._orders = msgspec.structs.replace(self._orders, **changes)
        self.action_retry()

    def action_close(self) -> None:
        """Leaves, at any moment."""
        self.dismiss(None)
