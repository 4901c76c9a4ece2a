"""The passphrase that was made for a transfer's archives, shown this once, before anything is begun."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.widgets import Static

from tui_transfer.tui.dialogs.dialog import YesNo, paragraph

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.widget import Widget


class PassphraseDialog(YesNo):
    """« Oui »: it is noted."""

    ALLOW_SELECT: ClassVar[bool] = False  # what is selected goes to clipboards, and what they keep
    CSS_PATH = "passphrase.tcss"
    HELP = (
        "« Oui » : la phrase est notée, le transfert commence. « Non » : rien ne commence, et le prochain "
        "essai en montrera une autre. Le programme ne la garde pas : s’il faut reprendre le transfert, il la "
        "demande."
    )

    def __init__(self, passphrase: str) -> None:
        super().__init__("Avez-vous noté la phrase secrète ?", kind="warning")
        self._passphrase = passphrase

    def body(self) -> Iterable[Widget]:
        """What for, the passphrase, and by which way to tell it."""
        yield paragraph("Les archives de ce transfert sont chiffrées, et s’ouvrent avec cette phrase :")
        yield Static(self._passphrase, classes="passphrase", markup=False)
        yield paragraph(
            "Elle n’est affichée que cette fois, et n’est enregistrée nulle part. Sans elle, personne "
            "n’ouvre les archives, et un transfert interrompu ne peut pas être repris."
        )
        yield paragraph(
            "Donnez-la par téléphone à qui reçoit les archives : six mots, joints par des tirets. Jamais par "
            "le message qui les annonce.",
            "warning",
        )
