"""The questions that « Oui » or « Non » answers."""

from __future__ import annotations

from textual.content import Content

from tui_transfer.tui.dialogs.dialog import YesNo


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
