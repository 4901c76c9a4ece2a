"""The entries of the menu, and which of them there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tui_transfer.job.standing import Standing


@dataclass(frozen=True)
class MenuEntry:
    """A line of the menu: the action it does, its name, and what it is for."""

    action: str
    name: str
    purpose: str


MAINTAIN: Final = MenuEntry(
    "maintain",
    "Maintenir",
    "Transférer les bases de données vers l’Urssaf : choix des bases, confirmation, "
    "compression, envoi sur l’espace sécurisé Sharebox, vérification.\n\n"
    "Rien n’est envoyé sans votre accord, et vos bases ne sont jamais modifiées.",
)
PREREQUISITES: Final = MenuEntry(
    "prerequisites",
    "Prérequis",
    "Ce qu’il faut avoir fait avant le transfert : vos données, votre installation.\n\n"
    "Vous cochez ce qui est fait ; le programme contrôle lui-même ce qu’il peut voir. "
    "Tout est retenu, vous pouvez y revenir plusieurs jours de suite.",
)
FOLLOW: Final = MenuEntry(
    "follow",
    "Suivre le transfert",
    "Voir où en est le transfert en cours : compression, envoi, vérification de chaque base.",
)
RESUME: Final = MenuEntry(
    "resume",
    "Reprendre le transfert",
    "Il continuera là où il s’est arrêté : ce qui est déjà envoyé ne l’est pas une seconde fois.\n\n"
    "S’il attend quelque chose de vous, un mot de passe ou un proxy, le programme le demandera.",
)
REPORT: Final = MenuEntry(
    "report",
    "Rapport à envoyer",
    "Le message qui annonce le transfert à l’équipe Impact emploi association : "
    "l’envoyer, le copier ou l’enregistrer.",
)
HISTORY: Final = MenuEntry(
    "history",
    "Historique",
    "Les transferts faits depuis cette machine, et celui qui est en cours, même lancé d’une autre fenêtre : "
    "suivre, reprendre, renvoyer le rapport, supprimer.",
)
SETTINGS: Final = MenuEntry(
    "settings",
    "Réglages",
    "Votre nom, l’espace Sharebox, le proxy, les destinataires du rapport, les dates, le thème, "
    "les notifications.",
)
GUIDE: Final = MenuEntry(
    "guide",
    "Guide",
    "Toute la procédure en dix pages, avec ce que montre chaque écran, les problèmes les plus probables, et "
    "le sens des mots employés.",
)
QUIT: Final = MenuEntry(
    "leave",
    "Quitter",
    "Fermer le centre de maintenance.\n\n"
    "Un transfert en cours continue sans lui ; rouvrez-le pour le suivre.",
)
REPORT_SENT: Final = MenuEntry(
    "report",
    "C’est fini",
    "Tout est remis, et le rapport est envoyé.\n\nCe qui se passe maintenant, ce que vous pouvez rouvrir, et "
    "ce qui est à conserver. Le message peut y être relu.",
)
IMPORT: Final = MenuEntry(
    "import_config",
    "Configuration reçue",
    "Vous avez reçu de l’Urssaf un fichier « config.toml » ? Donnez son emplacement, ou collez son contenu : "
    "il vous est montré avant de compter.\n\nIl dit où vont vos bases, et avec quel compte.",
)
DEMO: Final = MenuEntry(
    "demo",
    "S’exercer",
    "Une démonstration de toute la procédure, avec des bases inventées et un Sharebox d’essai, sur cette "
    "machine.\n\nRien de ce qui est à vous n’y sert : ni vos réglages, ni vos bases, ni vos transferts. Elle "
    "s’efface quand vous la quittez.",
)

STEPS: Final = (
    ("Réglages", SETTINGS),
    ("Prérequis", PREREQUISITES),
    ("Transférer", MAINTAIN),
    ("Rapport", REPORT),
)
"""The four steps of the way, and the entries that say what they are."""


def menu(
    standing: Standing | None, *, is_first_start: bool, is_all_done: bool, practising: bool
) -> list[MenuEntry]:
    """The entries, from top to bottom.

    Args:
        standing: what the jobs call for, as far as it is known.
        is_first_start: nothing was set up yet.
        is_all_done: everything is handed over, and the report sent.
        practising: a demonstration is under way already.
    """
    if is_first_start:
        return [IMPORT, SETTINGS, DEMO, GUIDE, PREREQUISITES, MAINTAIN, HISTORY, QUIT]
    called: list[MenuEntry] = []
    if standing is not None and standing.running is not None:
        called.append(FOLLOW)
    elif standing is not None and standing.unfinished:
        called.append(RESUME)
    if standing is not None and standing.finished is not None:
        called.append(REPORT if standing.unsent or not is_all_done else REPORT_SENT)
    rest = [HISTORY, SETTINGS, GUIDE] if practising else [HISTORY, SETTINGS, DEMO, GUIDE]
    return [MAINTAIN, PREREQUISITES, *called, *rest, QUIT]
