"""The letters of the keyboard: each means one thing, on every screen and in every dialog.

This table alone gives letters their meaning. A screen names an action and its label, and takes the letter
from here (`lettered`); the help shows the table, and texts that name a letter ask for it (`letter_of`). Who
adds an action finds the letter that already has its meaning, or takes a free one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from textual.binding import Binding


@dataclass(frozen=True)
class Letter:
    """A letter, what it means in French, and the names of the actions that do it."""

    key: str
    meaning: str
    actions: tuple[str, ...]


LETTERS: Final = (
    Letter("a", "Ajouter à la liste", ("add",)),
    Letter("b", "Base active : cochée d’avance", ("make_active",)),
    Letter("c", "Copier le texte affiché", ("copy",)),
    Letter("d", "Démonstration, pour s’exercer", ("demo",)),
    Letter("e", "Envoyer le rapport", ("report", "send")),
    Letter("f", "Guide", ("guide",)),
    Letter("g", "Réglages", ("settings",)),
    Letter("h", "Historique", ("history",)),
    Letter("i", "Interrompre le transfert", ("interrupt",)),
    Letter("j", "Mettre à jour ce qui est affiché", ("read_again", "check_again")),
    Letter("k", "Ici seulement, sans toucher à Sharebox", ("here",)),
    Letter("l", "Changer de thème", ("next_theme",)),
    Letter("m", "Maintenir", ("maintain",)),
    Letter("n", "Non", ("no", "drop")),
    Letter("o", "Oui, OK", ("yes", "ok", "everywhere")),
    Letter("p", "Prérequis", ("prerequisites",)),
    Letter("q", "Quitter", ("leave", "background", "end")),
    Letter("r", "Reprendre un transfert arrêté", ("resume", "direct")),
    Letter("s", "Enregistrer", ("save",)),
    Letter("t", "Transférer, suivre le transfert", ("transfer", "follow")),
    Letter("u", "Configuration reçue de l’Urssaf", ("import_config",)),
    Letter("v", "« Rapport envoyé » : cocher, décocher", ("report_sent",)),
    Letter("w", "Voir en entier : détails, texte seul", ("details", "plain")),
    Letter("x", "Exécuter", ("execute",)),
    Letter("y", "Essayer la connexion", ("test", "try", "retry", "secret")),
    Letter("z", "Tout cocher, ou tout décocher", ("tick_all",)),
)
DIGITS: Final = "123456789"
"""They stand for what bears that number on the screen."""
DIGITS_MEANING: Final = "Ce qui porte ce chiffre à l’écran"

_BY_ACTION: Final = {action: letter for letter in LETTERS for action in letter.actions}


def letter_of(action: str) -> str:
    """The letter that does `action`, as it is printed on the key.

    Raises:
        KeyError: no letter does it.
    """
    return _BY_ACTION[action].key.upper()


def lettered(
    action: str,
    label: str,
    *,
    also: str = "",
    tooltip: str = "",
    show: bool = False,
    key_display: str | None = None,
) -> Binding:
    """A binding of the letter that means `action`.

    Args:
        action: one of those in the table.
        label: what the button says.
        also: other keys that do the same, with commas between them.
        tooltip: what the help says, where the label is not enough.
        show: whether the line of keys at the bottom names it.
        key_display: what is shown for all these keys.

    Raises:
        KeyError: no letter means that.
    """
    keys = ",".join(filter(None, (_BY_ACTION[action].key, also)))
    return Binding(keys, action, label, show=show, key_display=key_display, tooltip=tooltip)


def numbered(number: int, action: str, label: str, *, tooltip: str = "") -> Binding:
    """A binding of a digit, for what bears this number on the screen."""
    return Binding(DIGITS[number - 1], action, label, show=False, tooltip=tooltip)
