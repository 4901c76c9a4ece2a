"""After step 6: « C’est fini », what happens next, and what to keep."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Label

from tui_transfer.errors import TransferError
from tui_transfer.job import control, report_mark
from tui_transfer.job.control import Follower
from tui_transfer.report.message import conclusion
from tui_transfer.report.reminders import afterwards, describe_sent
from tui_transfer.tui.happenings import MessageChosen
from tui_transfer.tui.letters import lettered
from tui_transfer.tui.screens.page import Page
from tui_transfer.tui.widgets.actions import FIELD, Action
from tui_transfer.tui.widgets.prose import Prose

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from textual.widget import Widget

    from tui_transfer.job.control import Job


class FinishedPage(Page):
    """What was done with `job`, and what comes after it."""

    TRAIL = "Maintenir › C’est fini"
    HELP = (
        "Tout est remis, et le rapport est envoyé. Si vous l’avez coché par erreur, V décoche « Rapport "
        "envoyé » : il vous sera de nouveau rappelé. Les transferts et leurs messages restent dans "
        "l’historique."
    )
    CSS_PATH = "finished.tcss"
    AUTO_FOCUS = "#action-back"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,down", "none", "Lire", key_display="↑ ↓", tooltip="Faire défiler le texte"),
        Binding("escape", "back", "Menu", tooltip="Revenir au centre de maintenance"),
        lettered("report", "Revoir le message", tooltip="Relire le message envoyé"),
        lettered("report_sent", "Décocher « Rapport envoyé »",
                 tooltip="Le rapport n’est pas envoyé : le rappeler"),
        lettered("leave", "Quitter", also="ctrl+q", key_display="Q",
                 tooltip="Fermer le centre de maintenance"),
    ]  # fmt: skip

    def __init__(self, job: Job, said: str = "") -> None:
        super().__init__()
        self._said = said
        self._job = job
        self._failure: TransferError | None = None

    def body(self) -> Iterable[Widget]:
        """What was done, then what comes after it, a row each."""
        text = VerticalScroll(*self._rows(), id="text", classes=f"panel {FIELD}")
        text.border_title = "C’est fini"
        return [text]

    def _rows(self) -> Iterator[Widget]:
        try:
            follower = Follower(control.load(self._job.folder))
        except TransferError as error:  # another window may have removed it
            self._failure = error
            return
        yield _done(conclusion(follower.state))
        if (mark := report_mark.sent(self._job)) is not None:
            yield _done(describe_sent(mark))
        for title, sentence in afterwards(follower):
            yield Horizontal(Label(title, classes="muted"), Prose(sentence), classes="row")

    def buttons(self) -> Iterable[Action]:
        """Back, and what can still be done."""
        yield Action("back", primary=True)
        yield Action("report")
        yield Action("report_sent")
        yield Action("leave")

    def on_mount(self) -> None:
        """Says so where there is no such job any more."""
        if self._said:
            self.say(self._said, "success")
        if self._failure is not None:
            self.say(f"{self._failure.title}. {self._failure.why}", "error")
        for action in ("report", "report_sent"):
            self.set_available(action, self._failure is None)

    def action_none(self) -> None:
        """The text scrolls by itself."""

    def action_report(self) -> None:
        """Shows the message again."""
        self.centre.tell(MessageChosen(self._job, instead=True))

    def action_report_sent(self) -> None:
        """Takes back that the report was sent."""
        try:
            report_mark.unmark(self._job)
        except TransferError as error:
            self.say(f"{error.title}. {error.why}", "error")
            return
        self.action_report()


def _done(sentence: str) -> Prose:
    return Prose(Content.assemble(("✓ ", "$success"), (sentence, "bold")), classes="done")
