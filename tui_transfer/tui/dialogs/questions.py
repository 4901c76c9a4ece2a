"""The questions that « Oui » or « Non » answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from tui_transfer.tui.dialogs.dialog import YesNo

if TYPE_CHECKING:
    from collections.abc import Sequence


class RemovalDialog(YesNo):
    """Before a database is taken out of the list."""

    def __init__(self, name: str) -> None:
        super().__init__(
            "Supprimer de la liste ?",
            Content.assemble(("« ", ""), (name, "bold"), " » ne figurera plus dans la liste."),
            "Aucun fichier n’est supprimé ni modifié : vous pourrez l’ajouter de nouveau.",
        )


class ForgettingDialog(YesNo):
    """Before the pinned host key is given up."""

    def __init__(self) -> None:
        super().__init__(
            "Oublier la clé du serveur ?",
            "À la prochaine connexion, le serveur montrera sa clé, et vous la comparerez à celle que "
            "l’Urssaf vous a donnée.",
            "Faites-le seulement si l’Urssaf annonce une nouvelle clé.",
            kind="warning",
        )


class SendingDialog(YesNo):
    """Before the report is sent by SMTP: this leaves the machine, and cannot be taken back."""

    HELP = (
        "« Oui » envoie le message tel qu’il est affiché. Il n’est dit « envoyé » qu’une fois accepté par la "
        "messagerie ; sinon, il reste enregistré, à envoyer autrement."
    )

    def __init__(self, sender: str, recipients: Sequence[str], host: str) -> None:
        super().__init__(
            "Envoyer le rapport ?",
            Content.assemble(
                "De      ", (sender, "bold"), f"\nÀ       {', '.join(recipients)}\nPar     {host}"
            ),
            "Il part aussitôt, et ne peut plus être repris.",
            yes=True,
        )


class InterruptionDialog(YesNo):
    """Before a worker is ended, which others may be following, too."""

    HELP = (
        "« Oui » arrête le transfert ; « Non » le laisse se poursuivre. On peut quitter le centre de "
        "maintenance sans l’arrêter."
    )

    def __init__(self) -> None:
        super().__init__(
            "Interrompre le transfert ?",
            "Il s’arrêtera pour tout le monde, y compris dans les autres fenêtres qui le suivent.",
            "Rien n’est perdu : il pourra être repris là où il en est.",
            kind="warning",
        )
