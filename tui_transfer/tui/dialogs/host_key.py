"""The first contact with a server: is it the one that the Urssaf told about?"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input

from tui_transfer.preflight.fingerprint import LEAST_SIGNS, Comparison, Presented, Verdict, compare
from tui_transfer.tui.answers import Answer
from tui_transfer.tui.dialogs.dialog import Dialog, paragraph
from tui_transfer.tui.widgets.actions import Action
from tui_transfer.tui.widgets.field import Field, PastedInput
from tui_transfer.tui.widgets.prose import Prose

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.widget import Widget

    from tui_transfer.errors import TransferError
    from tui_transfer.tui.practice import Practice

_HOW: Final = (
    "Collez l’empreinte reçue de l’Urssaf, sous n’importe quelle forme : le programme compare. Ou tapez ses "
    f"{LEAST_SIGNS} derniers signes."
)


class HostKeyDialog(Dialog[Answer | None]):
    """Gives the fingerprint, once what was typed shows that it was compared, or None."""

    SHOWS_CONTACT = True
    CSS_PATH = "host_key.tcss"
    AUTO_FOCUS = "#received"
    HELP = (
        "L’empreinte identifie le serveur. Comparez-la avec celle que l’Urssaf vous a donnée : ses derniers "
        "signes, ou toute l’empreinte reçue, montrent que c’est fait. Elle sera retenue, et la question ne "
        "reviendra pas. Si elle diffère, refusez : rien n’est envoyé, et le transfert attend."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "accept", "Accepter", show=False),
        Binding("escape", "refuse", "Refuser", show=False),
    ]

    def __init__(
        self, failure: TransferError, practice: Practice | None = None, contact: str | None = None
    ) -> None:
        """`contact`: whom the settings name for help."""
        super().__init__(failure.title)
        self._failure = failure
        self._practice = practice
        self._contact = contact

    def body(self) -> Iterable[Widget]:
        """The fingerprint, in large, what to compare it with, and where to show that this was done."""
        details = self._failure.details
        host, kind = details.get("host", "le serveur"), details.get("key_type", "")
        yield paragraph(f"Empreinte de la clé {kind} que présente {host} :")
        yield paragraph(Content.styled(self._presented, "bold"), "fingerprint")
        if self._practice is not None:
            text = f" : l’empreinte attendue est\n{self._practice.fingerprint}"
            yield paragraph(Content.assemble(("Démonstration", "bold"), text), "warning")
        yield paragraph(_HOW)
        yield Field("Empreinte reçue", PastedInput(id="received"))
        yield Prose(self._missing, id="verdict", classes="muted")

    @property
    def _missing(self) -> str:
        whom = f" : {self._contact}" if self._contact else " à l’Urssaf"
        return f"Pas d’empreinte reçue ? Demandez-la{whom}. Rien n’est envoyé d’ici là."

    def buttons(self) -> Iterable[Action]:
        """« Accepter » and « Refuser »."""
        yield Action("accept", primary=True)
        yield Action("refuse")

    @property
    def _presented(self) -> str:
        return self._failure.details.get("fingerprint", "")

    @on(Input.Changed)
    def _edited(self) -> None:
        """Compares at each key; too few signs are no error before they are said to be all."""
        received = self.query_one("#received", PastedInput).text
        if len(received.strip()) < LEAST_SIGNS:
            self._say(self._missing, "muted", may_accept=True)
        else:
            self._judge(received)

    def _judge(self, received: str) -> Comparison:
        comparison = compare(Presented.of(self._failure.details), received)
        if comparison.verdict is Verdict.EQUAL:
            self._say(
                "✓ C’est la même clé : Entrée l’accepte. Elle sera retenue.", "success", may_accept=True
            )
        else:
            said = f"✗ {comparison.explanation} {comparison.next_step(self._contact)}".strip()
            self._say(said, "error", may_accept=comparison.verdict is not Verdict.DIFFERENT)
        return comparison

    def _say(self, text: str, kind: str, *, may_accept: bool) -> None:
        verdict = self.query_one("#verdict", Prose)
        verdict.set_classes(kind)
        verdict.update(text)
        self.query_one("#dialog").set_class(not may_accept, "-error")
        self.query_one("#action-accept", Action).disabled = not may_accept
        self.call_after_refresh(self._fit)
        self.call_after_refresh(verdict.scroll_visible, animate=False)

    @on(Input.Submitted)
    def action_accept(self) -> None:
        """Goes on, and pins the key, if it was compared."""
        received = self.query_one("#received", PastedInput)
        if self._judge(received.text).verdict is Verdict.EQUAL:
            self.dismiss(Answer(host_key=self._presented))
        else:
            self.set_focus(received)

    def action_refuse(self) -> None:
        """Nothing is sent."""
        self.dismiss(None)
