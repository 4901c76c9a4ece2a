"""All that a person can do with this program, whatever it is shown by: the screens, or plain lines.

The screens bind keys to these by their values, which are the names of Textual's actions; the plain lines
offer them by their labels. A test holds both to this list: what one offers and the other does not is a fault.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Deed(StrEnum):
    """Something that a person can choose to do, with its French name."""

    label: str

    def __new__(cls, action: str, label: str) -> Deed:
        """The member whose value is the name of the screens' action."""
        deed = str.__new__(cls, action)
        deed._value_ = action
        deed.label = label
        return deed

    # The procedure.
    MAINTAIN = "maintain", "Maintenir : voir si le transfert peut commencer"
    PREREQUISITES = "prerequisites", "Prérequis"
    TRANSFER = "transfer", "Transférer des bases vers l’Urssaf"
    FOLLOW = "follow", "Suivre le transfert en cours"
    RESUME = "resume", "Reprendre le transfert"
    INTERRUPT = "interrupt", "Interrompre le transfert ; il pourra être repris"
    BACKGROUND = "background", "Quitter sans interrompre : le transfert continue"
    STAY = "stay", "Rester"
    LEAVE = "leave", "Quitter"
    READ_AGAIN = "read_again", "Dire où vous en êtes"

    # The databases.
    ADD = "add", "Ajouter une base à la liste"
    REMOVE = "remove", "Retirer une base de la liste"
    TICK = "tick", "Choisir les bases à transférer"
    TICK_ALL = "tick_all", "Choisir toutes les bases, ou aucune"
    MAKE_ACTIVE = "make_active", "Base active : choisie d’avance, ou plus"
    SEARCH = "search", "Chercher des bases dans les dossiers habituels"

    # The prerequisites and the connection.
    SELECT = "select", "Cocher ou décocher un prérequis"
    CHECK_AGAIN = "check_again", "Relancer les contrôles"
    TEST = "test", "Essayer la connexion"
    EXECUTE = "execute", "Passer par ce proxy"
    TRY = "try", "Essayer ce proxy"
    DIRECT = "direct", "Reprendre en direct, sans proxy"

    # The settings.
    SETTINGS = "settings", "Réglages"
    SAVE = "save", "Enregistrer"
    IMPORT_CONFIG = "import_config", "Reprendre la configuration reçue de l’Urssaf"
    FORGET_HOST_KEY = "forget_host_key", "Oublier la clé du serveur"

    # What was done.
    HISTORY = "history", "Historique"
    OPEN = "open", "Dire tout d’un transfert"
    PURGE = "purge", "Supprimer un transfert de cette machine"
    EVERYWHERE = "everywhere", "Supprimer aussi ce qu’il a laissé sur Sharebox"
    HERE = "here", "Supprimer ici seulement"
    REPORT = "report", "Rapport"
    SEND = "send", "Envoyer le rapport"
    REPORT_SENT = "report_sent", "Cocher ou décocher : rapport envoyé"
    COPY_RECIPIENTS = "copy_recipients", "Copier les destinataires"
    COPY_SUBJECT = "copy_subject", "Copier l’objet"
    COPY_BODY = "copy_body", "Copier le contenu"
    PLAIN = "plain", "Lire le message"
    COPY = "copy", "Copier le texte de la dernière erreur"
    DETAILS = "details", "Dire les détails techniques de la dernière erreur"

    # Help.
    GUIDE = "guide", "Guide : la procédure en dix pages"
    SUPPORT_FILE = "support_file", "Préparer le fichier pour qui vous aide"
    HELP = "help", "Aide"
    DEMO = "demo", "S’exercer : la démonstration, où tout est fictif"


ANSWERED: Final = {
    "yes": "« oui » à une question",
    "no": "« non » à une question",
    "accept": "la fin de l’empreinte, ou l’empreinte collée",
    "refuse": "« non » à la question de l’empreinte",
    "submit": "Entrée",
    "cancel": "« non », ou le choix de revenir",
    "close": "Entrée : ce qui est dit n’a pas à être fermé",
    "drop": "« non » à « Enregistrer ces réglages ? »",
    "end": "« oui » à la question de quitter la démonstration",
    "message": "le rapport, au menu",
    "filter": "le début d’un nom",
    "stop": "Ctrl+C",
    "ok": "Entrée : ce qui est dit n’a pas à être fermé",
    "proxy": "« oui » à « Passer par un proxy ? »",
    "secret": "le mot de passe, demandé quand il en faut un",
    "retry": "l’essai de la connexion, au menu",
    "back": "le choix de revenir",
    "reveal": "« oui » à la question d’afficher ce qui se tape",
}
"""What the screens have a key for, and the plain lines ask or do without being told."""

OF_THE_SCREEN: Final = frozenset(
    {
        "none",
        "app.focus_next",
        "app.focus_previous",
        "browse",
        "complete",
        "explain_quit",
        "leave(-1)",
        "leave(1)",
        "move(-1)",
        "move(1)",
        "neighbour(-1)",
        "neighbour(1)",
        "next_theme",
        "palette",
        "press",
        "scroll_bottom",
        "scroll_top",
        "select_cursor",
        "step(0)",
        "step(1)",
        "step(2)",
        "step(3)",
        "turn(-1)",
        "turn(1)",
        "turn_page(-1)",
        "turn_page(1)",
    }
)
"""What moves about on a screen or colours it, and does nothing else. The theme is among the settings, too."""
