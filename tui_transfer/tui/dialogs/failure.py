"""Any other failure: what happened, why, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.content import Content

from tui_transfer import __version__
from tui_transfer.errors import Problem
from tui_transfer.tui import clipboard, wording
from tui_transfer.tui.answers import Answer
from tui_transfer.tui.dialogs.dialog import Dialog, list_databases, paragraph
from tui_transfer.tui.widgets.actions import Action
from tui_transfer.tui.widgets.prose import Prose

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from textual.widget import Widget

    from tui_transfer.errors import TransferError
    from tui_transfer.job.control import Job
    from tui_transfer.job.state import DatabaseState

_FEW: Final = 3
"""Other databases that are named: at 80 columns and 24 lines, the buttons stay in sight."""
NOT_RESUMABLE: Final = frozenset(
    {
        Problem.HOST_KEY_CHANGED,
        Problem.JOURNAL_INVALID,
        Problem.JOURNAL_NEWER,
        Problem.NAME_TAKEN,
        Problem.ARRIVED_DAMAGED,
    }
)
"""Failures that going on with the same job would only meet again."""


class FailureDialog(Dialog[Answer | None]):
    """Gives an empty answer to try again, or None."""

    CSS_PATH = "failure.tcss"
    HELP = (
        "Ce qui s’est passé, pourquoi, et quoi faire. Rien n’est perdu : le transfert reprend là où il s’est "
        "arrêté. « Copier » prépare le texte à donner à qui vous aide."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "resume", "Reprendre", show=False),
        Binding("c", "copy", "Copier", show=False),
        Binding("d", "details", "Détails", show=False),
        Binding("escape", "close", "Fermer", show=False),
    ]

    def __init__(self, failure: TransferError, job: Job | None, failed: Sequence[DatabaseState] = ()) -> None:
        """`job`: None where so little of it can be read that nobody knows what it was to do.

        `failed`: the databases that failed by themselves; `failure` is that of the first.
        """
        super().__init__(failure.title, kind="error")
        self._failure = failure
        self._job = job
        self._failed = failed

    def body(self) -> Iterable[Widget]:
        """Why, what to do, where the log is; the details are folded."""
        failure = self._failure
        if failure.problem is Problem.HOST_KEY_CHANGED:
            yield from self._two_fingerprints()
        else:
            yield paragraph(self._which() + failure.why)
        yield paragraph(failure.advice, "advice")
        if contact := self.centre.session.contact:
            yield paragraph(contact)
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
        """« Reprendre » where it makes sense, and what helps to ask for help."""
        if self._resumable:
            yield Action("resume", primary=True)
        yield Action("copy")
        yield Action("details")
        yield Action("close")

    @property
    def _resumable(self) -> bool:
        return self._job is not None and self._failure.problem not in NOT_RESUMABLE

    def _details(self) -> str:
        lines = [wording.detail(name, value) for name, value in self._failure.details.items()]
        return "\n".join(
            [
                f"Code : {self._failure.problem}",
                *([f"Transfert : {self._job.id}"] if self._job else []),
                *lines,
                f"tui-transfer {__version__}",
            ]
        )

    def action_resume(self) -> None:
        """Tries again, where that makes sense."""
        if self._resumable:
            self.dismiss(Answer())

    async def action_copy(self) -> None:
        """Copies the text and the details."""
        text = f"{self._failure.as_text()}\n\n{self._details()}\n{self._job.log if self._job else ''}\n"
        said = await clipboard.copy(self.app, text, "Le texte de l’erreur", self.centre.session.home.reports)
        line = self.query_one("#said", Prose)
        line.update(f"› {said}")
        line.display = True

    def action_details(self) -> None:
        """Unfolds or folds the details."""
        details = self.query_one("#details")
        details.display = not details.display

    def action_close(self) -> None:
        """Gives up for now."""
        self.dismiss(None)
