"""Step 0: what a person ticks, and what the program checks itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll

from tui_transfer import config, french
from tui_transfer.errors import TransferError
from tui_transfer.preflight.checks import Verdict, check_all
from tui_transfer.preflight.statements import STATEMENTS, Group, Ticks
from tui_transfer.tui.background import in_background
from tui_transfer.tui.screens.page import Page
from tui_transfer.tui.widgets.actions import Action
from tui_transfer.tui.widgets.prose import Prose
from tui_transfer.tui.widgets.tick_list import Row, TickList

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.widget import Widget

    from tui_transfer.preflight.checks import Check

_SIGNS: Final = {
    Verdict.OK: ("✓ conforme", "$success"),
    Verdict.WARNING: ("! à voir  ", "$warning"),
    Verdict.FAILED: ("✗ bloquant", "$error"),
}
_CHECKS_TITLE: Final = "Contrôlé par le programme"
_CHECK_PREFIX: Final = "check:"


class PrerequisitesPage(Page):
    """One list in three groups, and a line of help for the highlighted one."""

    TRAIL = "Centre de maintenance › Prérequis"
    HELP = (
        "Cochez ce qui est fait. Les coches sont retenues, avec leur auteur et leur date, et figurent dans "
        "le rapport. Le programme contrôle lui-même ce qu'il peut voir."
    )
    CSS_PATH = "prerequisites.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,down", "none", "Choisir", key_display="↑ ↓", tooltip="Choisir une ligne"),
        Binding("space", "none", "Cocher", key_display="Espace", tooltip="Cocher ou décocher (ou Entrée)"),
        Binding("r", "check_again", "Relancer les contrôles", show=False,
                tooltip="Contrôler de nouveau ce que le programme peut voir"),
        Binding("m", "maintain", "Maintenir", show=False, tooltip="Passer au transfert"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self._ticks: Ticks | None = None
        self._checks: list[Check] | None = None
        self._checks_failure = ""
        self._highlighted_key = ""

    def body(self) -> Iterable[Widget]:
        """The list, then the help of the highlighted line."""
        yield TickList(id="statements")
        explanation = VerticalScroll(Prose(id="explanation"), classes="panel", id="help", can_focus=False)
        explanation.border_title = "À savoir"
        yield explanation

    def buttons(self) -> Iterable[Action]:
        """What else there is to do here."""
        yield Action("maintain", primary=True)
        yield Action("check_again")

    def on_mount(self) -> None:
        """Shows what was ticked and runs the checks."""
        self._ticks = Ticks(self.session.home)
        self._show_rows()
        self.action_check_again()

    def action_none(self) -> None:
        """The list does it."""

    def action_maintain(self) -> None:
        """Goes on to the transfer."""
        from tui_transfer.tui.screens.maintain import MaintainPage

        self.app.switch_screen(MaintainPage())

    def action_check_again(self) -> None:
        """Runs the checks beside the screen: the Sharebox may take seconds to answer."""
        session = self.session
        session.reload()
        settings = session.settings
        self._checks = None
        if settings is None:
            assert session.error is not None
            self._checks, self._checks_failure = [], f"{session.error.title}. {session.error.why}"
        else:
            file, home, sharebox = session.home.config_file, session.home, settings.sharebox
            databases = [(item.name, config.resolve(item.path, file)) for item in settings.databases]
            in_background(self, lambda: check_all(databases, home, sharebox), self._checked)
        self._show_rows()

    def _checked(self, result: list[Check] | TransferError) -> None:
        if isinstance(result, TransferError):
            self._checks, self._checks_failure = [], f"{result.title}. {result.why}"
        else:
            self._checks, self._checks_failure = result, ""
        self._show_rows()
        self._explain(self._highlighted_key)

    def _show_rows(self) -> None:
        assert self._ticks is not None
        rows: list[Row] = []
        for group in Group:
            rows.append(Row(None, "", str(group)))
            for statement in STATEMENTS:
                if statement.group is group:
                    ticked = statement.key in self._ticks.keys
                    rows.append(
                        Row(statement.key, "[✓]" if ticked else "[ ]", statement.text,
                            "bold $success" if ticked else "$muted")
                    )  # fmt: skip
        rows.append(Row(None, "", _CHECKS_TITLE))
        listing = self.query_one(TickList)
        listing.set_rows([*rows, *self._check_rows()])
        done = len(self._ticks.all)
        listing.border_title = f"{done} sur {french.count(len(STATEMENTS), 'point')} cochés"

    def _check_rows(self) -> list[Row]:
        if self._checks is None:
            return [Row(f"{_CHECK_PREFIX}wait", "…", "contrôles en cours", "$muted")]
        if not self._checks:
            return [Row(f"{_CHECK_PREFIX}none", "–", "contrôles impossibles", "$muted")]
        return [
            Row(_CHECK_PREFIX + check.key, _SIGNS[check.verdict][0], check.title, _SIGNS[check.verdict][1])
            for check in self._checks
        ]

    @on(TickList.Chosen)
    def _chosen(self, event: TickList.Chosen) -> None:
        assert self._ticks is not None
        if event.key.startswith(_CHECK_PREFIX):
            self.say("Ce point est contrôlé par le programme : appuyez sur R pour relancer les contrôles.")
            return
        ticked = event.key not in self._ticks.keys
        try:
            self._ticks.set_ticked(event.key, ticked)
        except TransferError as error:
            self.say(f"{error.title}. {error.why}", "error")
            return
        self.say("")
        self._show_rows()
        self._explain(event.key)

    @on(TickList.Highlighted)
    def _highlight(self, event: TickList.Highlighted) -> None:
        self._highlighted_key = event.key
        self._explain(event.key)

    def _explain(self, key: str) -> None:
        self.query_one("#explanation", Prose).update(self._explanation(key))

    def _explanation(self, key: str) -> str:
        for check in self._checks or ():
            if key == _CHECK_PREFIX + check.key:
                return check.explanation
        if key.startswith(_CHECK_PREFIX):
            return self._checks_failure or "Le résultat arrive dans quelques secondes."
        statement = next((item for item in STATEMENTS if item.key == key), None)
        if statement is None or self._ticks is None:
            return ""
        tick = next((item for item in self._ticks.all if item.key == key), None)
        who = f" Coché par {tick.by} le {french.moment(tick.at)}." if tick else ""
        return statement.help + who
