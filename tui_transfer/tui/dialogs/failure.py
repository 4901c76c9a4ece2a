"""Any other failure: what happened, why, and what to do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.content import Content

from tui_transfer import __version__, french
from tui_transfer.errors import Need, Place, Problem
from tui_transfer.tui import clipboard, wording
from tui_transfer.tui.answers import Answer, Elsewhere
from tui_transfer.tui.dialogs.dialog import Dialog, list_databases, paragraph
from tui_transfer.tui.happenings import SettingsChosen
from tui_transfer.tui.letters import lettered, numbered
from tui_transfer.tui.support_file import make_support_file
from tui_transfer.tui.widgets.actions import TEXT, Action
from tui_transfer.tui.widgets.prose import Prose

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from textual.widget import Widget

    from tui_transfer.errors import TransferError
    from tui_transfer.job.control import Job
    from tui_transfer.job.state import DatabaseState

_FEW: Final = 3
"""Other databases that are named: at 80 columns and 24 lines, the buttons stay in sight."""
NOT_RESUMABLE: Final = frozenset({Problem.JOURNAL_INVALID, Problem.JOURNAL_NEWER})
"""Of these jobs nobody can tell how to go on; see also `Meaning.needs_new_job`."""


class FailureDialog(Dialog[Answer | Elsewhere | None]):
    """Gives an empty answer to try again, where it is mended instead, or None.

    Args:
        failure: what happened.
        job: None where so little of it can be read that nobody knows what it was to do.
        failed: the databases that failed by themselves; `failure` is that of the first.
        at: when it happened; None for now.
    """

    CSS_PATH = "failure.tcss"
    SHOWS_CONTACT = True
    HELP = (
        "Ce qui s’est passé, pourquoi, et quoi faire, le plus probable d’abord. Rien n’est perdu : "
        "« Reprendre » essaie de nouveau, et le transfert repart de là où il s’est arrêté. « Réglages » mène "
        "au champ à corriger ; Échap en revient. « Copier » et « Fichier d’aide » préparent de quoi demander "
        "de l’aide."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        lettered("settings", "Réglages", tooltip="Aller au réglage à corriger"),
        lettered("transfer", "Bases", tooltip="Revoir la liste des bases, et transférer"),
        lettered("resume", "Reprendre", tooltip="Essayer de nouveau"),
        numbered(1, "proxy", "Passer par un proxy"),
        lettered("copy", "Copier", tooltip="Copier l’erreur, pour la transmettre"),
        lettered("details", "Détails", tooltip="Voir les détails techniques"),
        numbered(2, "support_file", "Fichier d’aide",
                 tooltip="Créer le fichier à joindre à une demande d’aide"),
        Binding("escape", "close", "Fermer", show=False),
    ]  # fmt: skip

    def __init__(
        self,
        failure: TransferError,
        job: Job | None,
        failed: Sequence[DatabaseState] = (),
        *,
        at: datetime | None = None,
    ) -> None:
        super().__init__(failure.title, kind="error")
        self._failure = failure
        self._job = job
        self._failed = failed
        self._at = at or datetime.now(UTC)
        self._has_been_left = False
        if self._likeliest is None:
            self.AUTO_FOCUS = "#action-close"  # type: ignore[misc]

    def body(self) -> Iterable[Widget]:
        """Why, what to do, where the log is; the details are folded."""
        failure = self._failure
        if failure.problem is Problem.HOST_KEY_CHANGED:
            yield from self._two_fingerprints()
        else:
            yield paragraph(self._which() + failure.why)
        yield paragraph(failure.advice, "advice")
        yield from self._others()
        if self._job is not None and self._job.log.exists():
            yield paragraph(f"Journal technique : {self._job.log}", "muted")
        details = Prose(self._details(), id="details", classes="paragraph muted")
        details.display = False
        yield details
        said = Prose(id="said", classes="paragraph")
        said.display = False
        yield said

    def _two_fingerprints(self) -> Iterable[Widget]:
        details = self._failure.details
        host = details.get("host", "Le serveur")
        yield paragraph(
            f"{host} ne présente plus la clé attendue. Quelqu’un se fait peut-être passer pour lui."
        )
        yield paragraph(
            Content.assemble(
                ("Attendue   ", "$muted"), (details.get("expected", "—"), "bold"), "\n",
                ("Présentée  ", "$muted"), (details.get("fingerprint", "—"), "bold $error"),
            )
        )  # fmt: skip

    def _which(self) -> str:
        """The database at fault, where the job has more than one."""
        several = self._job is not None and len(self._job.spec.databases) > 1
        return f"« {self._failed[0].name} » : " if several and self._failed else ""

    def _others(self) -> Iterable[Widget]:
        rows = [
            ("✗", "$error", item.name, item.failure.title.lower())
            for item in self._failed[1:]
            if item.failure
        ]
        if rows:
            yield paragraph(Content("\n").join([Content("En échec aussi :"), list_databases(rows, _FEW)]))

    def buttons(self) -> Iterable[Action]:
        """Where it is mended, « Reprendre » where that makes sense, and what helps to ask for help."""
        for action in self._ways():
            yield Action(action, primary=action == self._likeliest)
        yield Action("copy")
        yield Action("details")
        yield Action("support_file")
        yield Action("close", primary=self._likeliest is None)

    def _ways(self) -> list[str]:
        """What can be done about it, as it is offered."""
        ways = []
        if self._failure.place is not None and self._failure.place is not Place.DATABASES:
            ways.append("settings")
        if self._failure.place is Place.DATABASES or self._failure.meaning.needs_new_job:
            ways.append("transfer")
        if self._resumable:
            ways.append("resume")
        if self._failure.need is Need.PROXY and self._job is not None:
            ways.append("proxy")
        return ways

    @property
    def _likeliest(self) -> str | None:
        """What one most likely wants; none of them where a server may not be the one that it says it is."""
        return None if self._failure.problem is Problem.HOST_KEY_CHANGED else next(iter(self._ways()), None)

    @property
    def _resumable(self) -> bool:
        failure = self._failure
        is_lost = failure.problem in NOT_RESUMABLE or failure.meaning.needs_new_job
        return self._job is not None and not is_lost

    def _details(self) -> str:
        shown = {name: value for name, value in self._failure.details.items() if name != "cause"}
        cause = self._failure.details.get("cause")
        return "\n".join(
            [
                *self._who(),
                f"Date : {french.moment(self._at)}",
                f"Code : {self._failure.problem}{f' ({cause})' if cause else ''}",
                *([f"Transfert : {self._job.id}"] if self._job else []),
                *(wording.detail(name, value) for name, value in shown.items()),
                f"tui-transfer {__version__}",
            ]
        )

    def _who(self) -> list[str]:
        """The association: whoever is asked for help has many."""
        settings = self.centre.session.settings
        of = self._job.spec.manager if self._job else settings.manager.name if settings else ""
        number = self._job.spec.manager_id if self._job else settings.manager.id if settings else None
        return [f"Association : {of}{f' ({number})' if number else ''}"] if of else []

    def action_settings(self) -> None:
        """Goes to the field that is to be corrected, over this dialog: one comes back to « Reprendre »."""
        if "settings" in self._ways():
            self.centre.tell(SettingsChosen(self._failure.field or ""))

    def action_transfer(self) -> None:
        """Goes to the list of databases."""
        if "transfer" in self._ways():
            self.dismiss(Elsewhere.DATABASES)

    def action_proxy(self) -> None:
        """Step 5bis."""
        if "proxy" in self._ways():
            self.dismiss(Elsewhere.PROXY)

    def action_support_file(self) -> None:
        """Writes the file for whoever helps."""
        make_support_file(self, self.centre.session.home, self._say)

    def _say(self, text: str) -> None:
        line = self.query_one("#said", Prose)
        line.update(text)
        line.display = True
        self.call_after_refresh(self.query_one(f"#{TEXT}").scroll_end, animate=False)

    def on_screen_resume(self) -> None:
        """Whoever comes back from « Réglages » has mended it."""
        super().on_screen_resume()
        if self._has_been_left and self._resumable:
            self.set_focus(self.query_one("#action-resume"))

    def on_screen_suspend(self) -> None:
        """Remembers it."""
        super().on_screen_suspend()
        self._has_been_left = True

    def action_resume(self) -> None:
        """Tries again, where that makes sense."""
        if self._resumable:
            self.dismiss(Answer())

    async def action_copy(self) -> None:
        """Copies the text and the details."""
        text = f"{self._failure.as_text()}\n\n{self._details()}\n{self._job.log if self._job else ''}\n"
        said = await clipboard.copy(self.app, text, "Le texte de l’erreur", self.centre.session.home.reports)
        self._say(f"› {said}")

    def action_details(self) -> None:
        """Unfolds or folds the details."""
        details = self.query_one("#details")
        details.display = not details.display

    def action_close(self) -> None:
        """Gives up for now."""
        self.dismiss(None)
