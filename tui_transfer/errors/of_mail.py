"""What a failure to send the report by SMTP means, as `meanings` has it of all others.

Of none of them is it said that the report went: the one that leaves it open says so, and what to do then.
"""

from __future__ import annotations

from typing import Final

from tui_transfer.errors.places import Place
from tui_transfer.errors.problems import ExitCode, Meaning, Need, Problem, Recovery

_OTHERWISE: Final = (
    "En attendant, envoyez le rapport avec votre messagerie habituelle : le message est enregistré."
)

MEANINGS_OF_MAIL: Final[dict[Problem, Meaning]] = {
    Problem.MAIL_NOT_SET: Meaning(
        ExitCode.USAGE,
        Recovery.PERMANENT,
        "L’envoi du rapport par ce programme n’est pas réglé",
        "Les réglages ne nomment aucun serveur de messagerie.",
        "Envoyez le rapport avec votre messagerie habituelle, ou faites remplir la messagerie dans « "
        "Réglages » par la personne qui s’occupe de votre informatique.",
        by_command="Dans config.toml, c’est « host », sous [mail]. Pour en faire un brouillon : tui-transfer "
        "report --eml FICHIER.",
        place=Place.MAIL_HOST,
    ),
    Problem.MAIL_UNREACHABLE: Meaning(
        ExitCode.UNREACHABLE,
        Recovery.TRANSIENT,
        "Le serveur de messagerie est injoignable",
        "{host}, port {port} : {reason}.",
        "Vérifiez dans « Réglages » l’adresse de ce serveur et son port, puis la connexion à Internet ; un "
        "port 465 demande la sécurité « tls », un port 587 « starttls ». " + _OTHERWISE,
        place=Place.MAIL_HOST,
    ),
    Problem.MAIL_NOT_SMTP: Meaning(
        ExitCode.USAGE,
        Recovery.PERMANENT,
        "Ce qui répond n’est pas un serveur de messagerie",
        "{host}, port {port} : {reason}.",
        "Vérifiez dans « Réglages » l’adresse de ce serveur et son port. " + _OTHERWISE,
        place=Place.MAIL_HOST,
    ),
    Problem.MAIL_NOT_TLS: Meaning(
        ExitCode.USAGE,
        Recovery.PERMANENT,
        "Le serveur de messagerie ne chiffre pas la connexion dès le début",
        "{host}, port {port}, ne commence pas par une connexion chiffrée (TLS) : {reason}.",
        "Dans « Réglages », essayez la sécurité « starttls », ou le port 465. " + _OTHERWISE,
        place=Place.MAIL,
    ),
    Problem.MAIL_UNSAFE: Meaning(
        ExitCode.USAGE,
        Recovery.PERMANENT,
        "Le serveur de messagerie ne propose pas de chiffrer la connexion",
        "Avec {host}, port {port}, le rapport et le mot de passe partiraient en clair. Rien n’a été envoyé.",
        "Vérifiez dans « Réglages » le port (587 le plus souvent), ou essayez la sécurité « tls » avec le "
        "port 465. " + _OTHERWISE,
        place=Place.MAIL_PORT,
    ),
    Problem.MAIL_CERTIFICATE: Meaning(
        ExitCode.HOST_KEY,
        Recovery.PERMANENT,
        "Le certificat du serveur de messagerie n’est pas accepté",
        "{host} : {reason}. Un autre serveur pourrait se faire passer pour lui ; rien n’a été envoyé.",
        "Vérifiez l’adresse du serveur dans « Réglages », et la date de cette machine ; sinon, montrez ce "
        "texte à la personne qui s’occupe de votre messagerie. " + _OTHERWISE,
        place=Place.MAIL_HOST,
    ),
    Problem.MAIL_PASSWORD_NEEDED: Meaning(
        ExitCode.CREDENTIALS,
        Recovery.PERSON,
        "Le mot de passe de la messagerie est nécessaire",
        "Il n’est jamais enregistré, et doit être donné pour chaque envoi du compte {username}.",
        "Saisissez-le.",
        by_command="Sans écran, il se donne par la variable TUI_TRANSFER_SMTP_PASSWORD, ou par un fichier "
        "que nomme TUI_TRANSFER_SMTP_PASSWORD_FILE.",
        need=Need.MAIL_PASSWORD,
    ),
    Problem.MAIL_CREDENTIALS_REFUSED: Meaning(
        ExitCode.CREDENTIALS,
        Recovery.PERSON,
        "Le serveur de messagerie a refusé le mot de passe",
        "{host} n’accepte pas ce mot de passe pour « {username} ».{said}",
        "Saisissez-le de nouveau. Certaines messageries demandent un mot de passe fait pour les programmes "
        "(« mot de passe d’application »). " + _OTHERWISE,
        need=Need.MAIL_PASSWORD,
    ),
    Problem.MAIL_LOGIN_UNKNOWN: Meaning(
        ExitCode.CREDENTIALS,
        Recovery.PERMANENT,
        "Le serveur de messagerie n’accepte pas de mot de passe",
        "{host} propose {offered}, que ce programme ne sait pas faire.",
        "C’est le cas des messageries qui s’ouvrent dans un navigateur. Envoyez le rapport avec votre "
        "messagerie habituelle : le message est enregistré.",
    ),
    Problem.MAIL_LOGIN_WANTED: Meaning(
        ExitCode.CREDENTIALS,
        Recovery.PERMANENT,
        "Le serveur de messagerie demande de s’identifier",
        "{host} n’envoie rien sans identifiant.{said}",
        "Donnez dans « Réglages » l’identifiant de la messagerie. " + _OTHERWISE,
        place=Place.MAIL_USERNAME,
    ),
    Problem.MAIL_ADDRESS_REFUSED: Meaning(
        ExitCode.REFUSED,
        Recovery.PERMANENT,
        "Le serveur de messagerie a refusé une adresse",
        "{host} n’accepte pas {address} comme {role}.{said} Le rapport n’a été envoyé à personne.",
        "Vérifiez cette adresse dans « Réglages » ; les destinataires de ce rapport-ci restent ceux du "
        "transfert. " + _OTHERWISE,
    ),
    Problem.MAIL_REFUSED: Meaning(
        ExitCode.REFUSED,
        Recovery.PERMANENT,
        "Le serveur de messagerie a refusé le rapport",
        "{host} ne le prend pas.{said}",
        "Montrez ce texte à la personne qui s’occupe de votre messagerie. " + _OTHERWISE,
    ),
    Problem.MAIL_BUSY: Meaning(
        ExitCode.INTERRUPTED,
        Recovery.TRANSIENT,
        "Le serveur de messagerie demande de réessayer plus tard",
        "{host} ne prend pas le rapport maintenant.{said}",
        "Réessayez dans un quart d’heure. " + _OTHERWISE,
    ),
    Problem.MAIL_UNCERTAIN: Meaning(
        ExitCode.INTERRUPTED,
        Recovery.PERSON,
        "Nul ne sait si le rapport est parti",
        "{host} l’a reçu en entier, puis n’a pas répondu ({reason}) : il compte comme non envoyé.",
        "Demandez à qui doit le recevoir s’il est arrivé, avant de le renvoyer. Renvoyé tel quel, il porte "
        "la même référence : les messageries reconnaissent un double.",
    ),
}
