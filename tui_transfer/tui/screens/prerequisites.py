"""Step 0: what a person ticks, and what the program checks itself."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll

from tui_transfer import french
from tui_transfer.errors import TransferError
from tui_transfer.preflight.checks import Verdict, check_all, selections
from tui_transfer.preflight.statements import STATEMENTS, Group, Ticks
from tui_transfer.report.author import describe_author
from tui_transfer.settings import config
from tui_transfer.tui.background import in_background
from tui_transfer.tui.happenings import MaintainChosen, TrialAsked
from tui_transfer.tui.letters import letter_of, lettered
from tui_transfer.tui.screens.page import Page
from tui_transfer.tui.widgets.actions import Action
from tui_transfer.tui.widgets.prose import Prose
from tui_transfer.tui.widgets.tick_list import Row, TickList

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.widget import Widget

    from tui_transfer.preflight.checks import Check
    from tui_transfer.preflight.statements import Statement
    from tui_transfer.settings.config import Settings, ShareboxSettings

_SIGNS: Final = {
    Verdict.OK: ("✓ conforme", "$success"),
    Verdict.WARNING: ("! à voir  ", "$warning"),
    Verdict.FAILED: ("✗ bloquant", "$error"),
}
_UNDER_WAY: Final = ("…", "contrôles en cours", "$muted")
_CHECKS_TITLE: Final = "Contrôlé par le programme"
_UNMET_TITLE: Final = "À régler, d’après les contrôles du programme"
_ORDER: Final = {Verdict.FAILED: 0, Verdict.WARNING: 1, Verdict.OK: 2}
_EXPIRED: Final = " (coche expirée)"
_FOR_A_DAY: Final = " Cette coche vaut 24 heures."
_CHECK_PREFIX: Final = "check:"
_NO_TICK: Final = (
    "Ce point se contrôle tout seul, sans coche : "
    f"appuyez sur {letter_of('check_again')} pour tout contrôler de nouveau."
)
_PAUSE: Final = 4.0
"""Seconds between two looks at the databases."""
_SHARE: Final = 0.05
"""The most of the time that looking may take: a big folder on a slow disk is looked at less often."""


class PrerequisitesPage(Page):
    """One list in three groups, and a line of help for the highlighted one."""

    TRAIL = "Centre de maintenance › Prérequis"
    HELP = (
        "Cochez ce qui est fait. Les coches sont retenues, avec leur auteur et leur date, et figurent dans "
        "le rapport : les prérequis sur les données peuvent être faits des jours avant le transfert ; ceux "
        "du jour (antivirus, logiciel fermé) valent 24 heures. Le programme contrôle "
        "lui-même ce qu’il peut voir, et regarde de nouveau les bases tant que cet écran est ouvert ; "
        f"{letter_of('check_again')} contrôle aussi l’accès à Sharebox."
    )
    CSS_PATH = "prerequisites.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,down", "none", "Choisir", key_display="↑ ↓", tooltip="Choisir une ligne"),
        Binding("space", "none", "Cocher", key_display="Espace",
                tooltip="Cocher ou décocher ; Entrée coche et passe au suivant"),
        lettered("check_again", "Mettre à jour",
                 tooltip="Contrôler de nouveau ce que le programme peut voir, Sharebox compris"),
        lettered("test", "Tester la connexion",
                 tooltip="Essayer la connexion à Sharebox, étape par étape"),
        lettered("maintain", "Maintenir", tooltip="Passer au transfert"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self._ticks: Ticks | None = None
        self._checks: list[Check] | None = None
        self._checks_failure = ""
        self._all_under_way = False
        self._runs = 0
        self._rest_until = 0.0
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
        yield Action("test")

    def on_mount(self) -> None:
        """Shows what was ticked and runs the checks."""
        self._ticks = Ticks(self.session.home)
        self._show_rows()
        self.action_check_again()
        self.set_interval(_PAUSE, self._look_again)

    def action_none(self) -> None:
        """The list does it."""

    def action_maintain(self) -> None:
        """Goes on to the transfer."""
        self.centre.tell(MaintainChosen(instead=True))

    def action_test(self) -> None:
        """Tries the connection, and explains each stage."""
        orders = self.session.orders()
        if self.session.settings is not None:
            self.centre.tell(TrialAsked(self.session.settings, orders))
        elif self.session.error is not None:
            self.say_failure(self.session.error)

    def action_check_again(self) -> None:
        """Runs all checks, beside the screen."""
        session = self.session
        session.reload()
        if session.settings is None:
            assert session.error is not None
            self._checks, self._checks_failure = [], f"{session.error.title}. {session.error.why}"
        elif not self._all_under_way:
            self._all_under_way = True
            self._check(session.settings, None)  # told at once; the Sharebox may take seconds to answer
            self._check(session.settings, session.settings.sharebox)
        self._show_rows()

    def _look_again(self) -> None:
        """Looks at the databases again, while somebody is looking at this screen."""
        settings = self.session.settings
        rested = not self._runs and time.monotonic() >= self._rest_until
        if settings is not None and self.is_active and rested:
            self._check(settings, None)

    def _check(self, settings: Settings, sharebox: ShareboxSettings | None) -> None:
        """Runs the checks, that of the network only with `sharebox`, and shows what they found."""
        home = self.session.home
        databases = [(item.name, config.resolve(item.path, home.config_file)) for item in settings.databases]
        selected = selections(settings)
        begun = time.monotonic()
        self._runs += 1

        def checked(result: list[Check] | TransferError) -> None:
            self._runs -= 1
            if sharebox is not None:
                self._all_under_way = False
            else:
                now = time.monotonic()
                self._rest_until = now + (now - begun) / _SHARE
            self._checked(result)

        in_background(self, lambda: check_all(databases, selected, home, sharebox), checked)

    def _checked(self, result: list[Check] | TransferError) -> None:
        """Shows results in the place of the former ones; only what differs is drawn."""
        if isinstance(result, TransferError):
            self._checks, self._checks_failure = [], f"{result.title}. {result.why}"
        else:
            found = {check.key: check for check in (*(self._checks or ()), *result)}
            self._checks, self._checks_failure = list(found.values()), ""
        self._show_rows()
        self._explain(self._highlighted_key)

    def _show_rows(self) -> None:
        assert self._ticks is not None
        met, unmet = self._check_rows()
        rows = [Row(None, "", _UNMET_TITLE), *unmet] if unmet else []
        for group in Group:
            rows.append(Row(None, "", str(group)))
            rows += [self._statement_row(item) for item in STATEMENTS if item.group is group]
        rows += [Row(None, "", _CHECKS_TITLE), *met] if met else []
        listing = self.query_one(TickList)
        listing.set_rows(rows)
        title = f"{len(self._ticks.all)} sur {french.count(len(STATEMENTS), 'point')} cochés{self._found()}"
        if listing.border_title != title:  # set, it would be drawn again
            listing.border_title = title

    def _statement_row(self, statement: Statement) -> Row:
        assert self._ticks is not None
        if statement.key in self._ticks.keys:
            return Row(statement.key, "[✓]", statement.text, "bold $success")
        expired = any(tick.key == statement.key for tick in self._ticks.expired)
        return Row(statement.key, "[ ]", f"{statement.text}{_EXPIRED if expired else ''}", "$muted")

    def _found(self) -> str:
        """What the checks found, in the title: whatever is in sight of the list, it is."""
        verdicts = [check.verdict for check in self._checks or ()]
        failed, doubtful = verdicts.count(Verdict.FAILED), verdicts.count(Verdict.WARNING)
        return "".join(
            [
                f", {french.count(failed, 'bloquant')}" if failed else "",
                f", {french.count(doubtful, 'à voir', 'à voir')}" if doubtful else "",
            ]
        )

    def _check_rows(self) -> tuple[list[Row], list[Row]]:
        """What is as it should be, or not known yet; and what is not, the worst first: that comes on top."""
        found = sorted(self._checks or (), key=lambda check: _ORDER[check.verdict])
        rows = {
            check.key: Row(
                _CHECK_PREFIX + check.key, _SIGNS[check.verdict][0], check.title, _SIGNS[check.verdict][1]
            )
            for check in found
        }
        met = [rows[check.key] for check in self._checks or () if check.verdict is Verdict.OK]
        unmet = [rows[check.key] for check in found if check.verdict is not Verdict.OK]
        if self._all_under_way:
            met.append(Row(f"{_CHECK_PREFIX}wait", *_UNDER_WAY))
        elif not rows:
            unmet = [Row(f"{_CHECK_PREFIX}none", "–", "contrôles impossibles", "$muted")]
        return met, unmet

    @on(TickList.Entered)
    def _entered(self, event: TickList.Entered) -> None:
        """Ticks, and goes on: on what is ticked already, it changes nothing."""
        if self._ticks is not None and event.key not in self._ticks.keys:
            self._tick(event.key)
        self.query_one(TickList).action_cursor_down()

    @on(TickList.Ticked)
    def _chosen(self, event: TickList.Ticked) -> None:
        self._tick(event.key)

    def _tick(self, key: str) -> None:
        """Ticks or unticks."""
        assert self._ticks is not None
        if key.startswith(_CHECK_PREFIX):
            self.say(_NO_TICK)
            return
        ticked = key not in self._ticks.keys
        try:
            self._ticks.set_ticked(key, ticked)
        except TransferError as error:
            self.say_failure(error)
            return
        self.say("")
        self._show_rows()
        self._explain(key)

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
        expired = next((item for item in self._ticks.expired if item.key == key), None)
        if tick is not None:
            who = f"\nCoché par {describe_author(tick)} le {french.moment(tick.at)}."
            return statement.help + who + (_FOR_A_DAY if statement.lasts else "")
        if expired is not None:
            who = f"\nLa coche de {describe_author(expired)}, le {french.moment(expired.at)}, a expiré : "
            return f"{statement.help}{who}cela n’est sûr que pour un jour. Vérifiez, puis cochez de nouveau."
        return statement.help
