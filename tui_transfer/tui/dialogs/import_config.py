"""The configuration that was received: where it is, or what it holds; shown whole before it counts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.binding import Binding
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Label

from tui_transfer.errors import TransferError
from tui_transfer.settings.takeover import Offer, describe, examine, read_offer, take_over
from tui_transfer.tui.dialogs.dialog import Dialog, paragraph
from tui_transfer.tui.letters import lettered
from tui_transfer.tui.paths import restarted
from tui_transfer.tui.widgets.actions import TEXT, Action
from tui_transfer.tui.widgets.field import Field
from tui_transfer.tui.widgets.path_input import PathInput
from tui_transfer.tui.widgets.prose import Prose

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual import events
    from textual.binding import BindingType
    from textual.widget import Widget

    from tui_transfer.settings.config import Home

_ASK: Final = (
    "Tapez l’emplacement du fichier « config.toml » (Tab complète) et Entrée, ou collez ici tout son "
    "contenu. Rien ne change avant votre accord."
)


class ReceivedInput(PathInput):
    """A field for a path, or for the whole text of a configuration, which is taken as it is pasted."""

    def on_paste(self, event: events.Paste) -> None:
        """Textual would keep the first line alone."""
        if "\n" in event.text.strip() and isinstance(self.screen, ImportDialog):
            event.prevent_default()
            event.stop()
            offer = examine(event.text.encode("utf-8", "surrogatepass"), self.screen.home.config_file)
            self.call_later(self.screen.offer, offer)


class ImportDialog(Dialog[bool]):
    """Gives whether a configuration was taken over."""

    AUTO_FOCUS = "#path"
    HELP = (
        "Ce fichier dit où vont vos bases et avec quel compte. Il est lu en entier et vous est montré ; "
        "« Oui » le met à la place des réglages d’avant, dont une copie est gardée à côté. Il ne contient "
        "aucun mot de passe."
    )
    CSS_PATH = "import_config.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        lettered("yes", "Oui"),
        lettered("no", "Non"),
        Binding("escape", "cancel", "Annuler", show=False),
    ]

    def __init__(self, home: Home) -> None:
        super().__init__("Configuration reçue de l’Urssaf")
        self.home = home
        self._offer: Offer | None = None

    def body(self) -> Iterable[Widget]:
        """The field; what was found takes its place."""
        yield paragraph(_ASK, "ask")
        yield Field("Fichier reçu", ReceivedInput(f"{Path.home()}/", id="path"))
        yield Prose(id="failure", classes="error")

    def buttons(self) -> Iterable[Action]:
        """« Oui » and « Non » once there is something to agree to: until then letters go into the field."""
        yield Action("yes", primary=True)
        yield Action("no")
        yield Action("cancel")

    def on_mount(self) -> None:
        """Begins in the person's own folder."""
        field = self.query_one("#path", Input)
        field.select_on_focus = False
        field.cursor_position = len(field.value)
        self._show_answers(False)

    @on(Input.Submitted, "#path")
    async def _given(self, event: Input.Submitted) -> None:
        path = Path(restarted(event.value.strip())).expanduser().absolute()
        file = path / "config.toml" if path.is_dir() else path
        try:
            await self.offer(read_offer(file))
        except TransferError as error:
            self.query_one("#failure", Prose).update(f"✗ {error.why}")

    async def offer(self, offer: Offer) -> None:
        """Shows what a configuration says, or everything that is wrong with it."""
        self._offer = offer if offer.settings is not None else None
        text = self.query_one(f"#{TEXT}")
        if offer.settings is None:
            count = len(offer.faults)
            title = "Ce fichier a un défaut" if count == 1 else f"Ce fichier a {count} défauts"
            lines = [Content.styled(f"✗ {title} : voyez avec qui vous l’a donné.", "bold $error")]
            lines += [Content(f"• {fault}") for fault in offer.faults]
            self.query_one("#failure", Prose).update(Content("\n").join(lines))
            return
        for widget in self.query(".ask, Field, #failure"):
            widget.display = False
        rows = [
            Horizontal(Label(label, classes="muted"), Prose(said), classes="row")
            for label, said in describe(offer.settings, self.home)
        ]
        kept = self.home.config_file.exists()
        question = (
            "Remplacer vos réglages par ceux-ci ? Une copie des vôtres est gardée."
            if kept
            else ("Prendre ces réglages ?")
        )
        await text.mount(*rows, paragraph(question, "question"))
        self._show_answers(True)
        self.set_focus(self.query_one("#action-yes", Action))

    def _show_answers(self, shown: bool) -> None:
        for action in ("yes", "no"):
            self.query_one(f"#action-{action}", Action).display = shown
        self.query_one("#action-cancel", Action).display = not shown

    def action_yes(self) -> None:
        """Puts it in its place."""
        if self._offer is None:
            return
        try:
            take_over(self.home, self._offer)
        except TransferError as error:
            failure = self.query_one("#failure", Prose)
            failure.display = True
            failure.update(f"✗ {error.title}. {error.why}")
            return
        self.dismiss(True)

    def action_no(self) -> None:
        """Changes nothing."""
        self.dismiss(False)

    def action_cancel(self) -> None:
        """Changes nothing, at any time."""
        self.dismiss(False)
