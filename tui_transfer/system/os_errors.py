"""What the operating system and the network say, in French words for a sentence's end."""

from __future__ import annotations

import errno
import socket
from typing import Final

from tui_transfer.system.opening import is_in_use

DISK_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
"""What a write meets where there is no room left."""

_WORDS: Final[dict[int, str]] = {
    errno.EACCES: "accès refusé",
    errno.EPERM: "opération interdite",
    errno.ENOENT: "ce fichier ou ce dossier n’existe pas",
    errno.ENOTDIR: "un élément de ce chemin n’est pas un dossier",
    errno.EISDIR: "un dossier porte ce nom",
    errno.EEXIST: "un autre élément porte ce nom",
    errno.ELOOP: "lien symbolique inattendu, ou qui tourne en rond",
    errno.ENAMETOOLONG: "ce chemin est trop long",
    errno.EIO: "erreur matérielle du disque",
    errno.ESTALE: "le lecteur réseau a été déconnecté",
    errno.EROFS: "ce disque est en lecture seule",
    errno.ENOSPC: "il n’y a plus d’espace libre",
    errno.EDQUOT: "votre quota est atteint",
    errno.EFBIG: "fichier trop gros pour ce disque",
    errno.EMFILE: "trop de fichiers ouverts",
    errno.ECONNREFUSED: "la connexion est refusée",
    errno.ECONNRESET: "la connexion a été coupée",
    errno.ECONNABORTED: "la connexion a été coupée",
    errno.EPIPE: "la connexion a été coupée",
    errno.ETIMEDOUT: "pas de réponse dans le délai",
    errno.ENETUNREACH: "le réseau est injoignable",
    errno.EHOSTUNREACH: "la machine est injoignable",
    errno.ENETDOWN: "le réseau est coupé",
    errno.EADDRNOTAVAIL: "cette adresse n’est pas utilisable",
}


def in_words(error: OSError) -> str:
    """Puts an error of the system or the network into words, without final full stop."""
    if isinstance(error, socket.gaierror):
        if error.errno == socket.EAI_AGAIN:
            return "le service de noms (DNS) ne répond pas"
        return "ce nom de machine est inconnu"
    if is_in_use(error):
        return "un autre programme l’a ouvert"
    if isinstance(error, TimeoutError):
        return _WORDS[errno.ETIMEDOUT]
    known = _WORDS.get(error.errno) if error.errno is not None else None
    return known or error.strerror or str(error) or type(error).__name__
