"""What an SFTP server says, in French words for a sentence's end."""

from __future__ import annotations

import re
from typing import Final

_BY_STATUS: Final[dict[int, str]] = {
    1: "fin de fichier inattendue",
    2: "ce fichier n’existe pas",
    3: "accès refusé",
    4: "échec, sans autre précision",
    5: "demande jugée incorrecte",
    8: "opération non prise en charge",
    9: "fichier qui n’est plus ouvert",
    10: "ce dossier n’existe pas",
    11: "un fichier de ce nom existe déjà",
    12: "espace protégé en écriture",
    13: "support absent",
    14: "plus de place",
    15: "quota dépassé",
    16: "compte inconnu",
    17: "fichier verrouillé par un autre",
}
"""From 9 on by later versions of the protocol (draft-ietf-secsh-filexfer-13, section 9.1), which some servers
send in version 3 too."""
_NO_SPACE: Final = frozenset({14, 15})
_FULL: Final = re.compile(
    r"quota|no (more )?(free )?space|out of (disk )?space|(not enough|insufficient) (\w+ )?space"
    r"|enospc|edquot|(disk|space|storage|volume|device|file ?system)\b.{0,20}\b(full|exceed)"
    r"|plus (de place|d’espace)|(espace|disque|place).{0,30}(insuffisant|plein|satur|dépass)",
    re.IGNORECASE,
)


def in_words(code: int, text: str) -> str:
    """Puts an SFTP status (draft-ietf-secsh-filexfer-02, section 7) into words, with the server's own."""
    words = _BY_STATUS.get(code, f"code SFTP {code}")
    return f"{words} (« {text} »)" if text else words


def means_full(code: int, text: str) -> bool:
    """Whether the server says that there is no room for more, by a code or in its own words."""
    return code in _NO_SPACE or bool(_FULL.search(text))
