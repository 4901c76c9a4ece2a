"""What each failure means: exit code, what makes it go away, and the French words for it.

This is the one place that decides whether a failure is permanent, passes by itself, or needs a person, and
what that person is asked for. Screens, plain lines, JSON and the report all read it from here.
"""

from __future__ import annotations

from typing import Final

from tui_transfer.errors.of_mail import MEANINGS_OF_MAIL
from tui_transfer.errors.places import Place
from tui_transfer.errors.problems import ExitCode, Meaning, Need, Problem, Recovery, Words

_OUT_OF_THE_NETWORK: Final = (
    "Si {right}, votre réseau ne laisse peut-être sortir que par un proxy : votre service informatique "
    "connaît son adresse, son port et vos identifiants."
)
_UNREACHABLE: Final = {
    "name": Words(
        "Aucun serveur ne porte le nom « {host} »",
        "{host}, port {port} : {reason}. L’adresse de Sharebox est sans doute mal écrite.",
        "Comparez-la, lettre par lettre, avec celle que l’Urssaf vous a donnée. "
        + _OUT_OF_THE_NETWORK.format(right="elle est juste"),
        Place.HOST,
    ),
    "refused": Words(
        "Rien ne répond au port {port} de « {host} »",
        "{host}, port {port} : {reason}. Cette machine existe : c’est sans doute le port de Sharebox qui est "
        "faux, ou cette adresse est celle d’une autre.",
        "Comparez-les avec ceux que l’Urssaf vous a donnés ; le port est le plus souvent 22. S’ils sont "
        "justes, Sharebox est peut-être arrêté : réessayez plus tard. "
        + _OUT_OF_THE_NETWORK.format(right="cela dure"),
        Place.PORT,
    ),
    "other-port": Words(
        "Le port {port} n’est sans doute pas celui de Sharebox",
        "{host}, port {port} : {reason} ; mais un serveur comme Sharebox y répond au port {other_port}.",
        "Vérifiez le port que l’Urssaf vous a donné, et corrigez-le. "
        + _OUT_OF_THE_NETWORK.format(right="celui-ci est juste"),
        Place.PORT,
    ),
    "network": Words(
        "Cet ordinateur n’a pas accès au réseau",
        "{host}, port {port} : {reason}.",
        "Vérifiez le câble ou le Wi-Fi, puis reprenez. "
        + _OUT_OF_THE_NETWORK.format(right="vos autres programmes ont accès à Internet"),
    ),
}
"""By what is known of a direct connection that was not made; see `sharebox.proxy.direct_failure`."""

MEANINGS: Final[dict[Problem, Meaning]] = {
    Problem.UNEXPECTED: Meaning(
        ExitCode.UNEXPECTED,
        Recovery.PERMANENT,
        "Une erreur imprévue s’est produite",
        "{reason}",
        "Rien n’est perdu : reprenez le transfert. Si l’erreur revient, transmettez le journal technique "
        "{log} à qui vous aide.",
    ),
    Problem.USAGE: Meaning(
        ExitCode.USAGE, Recovery.PERMANENT, "La commande est incorrecte", "{reason}", "{advice}"
    ),
    Problem.CONFIGURATION_MISSING: Meaning(
        ExitCode.USAGE,
        Recovery.PERMANENT,
        "Aucune configuration n’est installée",
        "Le fichier {file} n’existe pas.",
        "Déposez-y le fichier config.toml fourni par l’Urssaf, ou remplissez « Réglages » dans le centre de "
        "maintenance.",
        place=Place.SETTINGS,
        by_command="Pour vous entraîner sans configuration : tui-transfer demo.",
    ),
    Problem.CONFIGURATION_INVALID: Meaning(
        ExitCode.USAGE,
        Recovery.PERMANENT,
        "La configuration est inutilisable",
        "Fichier {file}, {where} : {reason}.",
        "Attendu : {expected}. Corrigez-le dans « Réglages », ou dans ce fichier.",
        place=Place.SETTINGS,
    ),
    Problem.CONFIGURATION_UNWRITABLE: Meaning(
        ExitCode.LOCAL_DISK,
        Recovery.PERMANENT,
        "La configuration n’a pas pu être enregistrée",
        "Fichier {file} : {reason}.",
        "Vérifiez vos droits sur ce dossier et l’espace libre. L’ancienne configuration est intacte.",
    ),
    Problem.SECRET_ON_COMMAND_LINE: Meaning(
        ExitCode.USAGE,
        Recovery.PERMANENT,
        "Un mot de passe ne se donne pas sur la ligne de commande",
        "Il serait visible des autres utilisateurs de la machine et resterait dans l’historique.",
        "Retirez-le de {option} et donnez-le par la variable d’environnement {variable}.",
    ),
    Problem.SECRET_FILE_UNREADABLE: Meaning(
        ExitCode.USAGE,
        Recovery.PERMANENT,
        "Le fichier d’un mot de passe est illisible",
        "Fichier {file}, désigné par {variable} : {reason}.",
        "Il doit contenir le mot de passe seul, sur une ligne, et être lisible de ce compte.",
    ),
    Problem.SECRET_UNFIT: Meaning(
        ExitCode.USAGE,
        Recovery.PERMANENT,
        "Un mot de passe ou une phrase secrète ne convient pas",
        "Ce que donne {variable} {reason}.",
        "{advice}",
    ),
    Problem.TERMINAL_UNSUITABLE: Meaning(
        ExitCode.USAGE,
        Recovery.PERMANENT,
        "Ce terminal ne peut pas afficher le centre de maintenance",
        "{reason}",
        "Ajoutez --plain pour faire la même chose en lignes simples, ou transférez sans écran : "
        "tui-transfer run.",
    ),
    Problem.JOB_UNKNOWN: Meaning(
        ExitCode.USAGE,
        Recovery.PERMANENT,
        "Ce transfert n’existe pas",
        "Dans {folder}, aucun transfert ne correspond à « {job} », ou plusieurs y correspondent.",
        "La commande « tui-transfer jobs » donne la liste des transferts connus.",
    ),
    Problem.NOTHING_TO_RESUME: Meaning(
        ExitCode.NOTHING_TO_RESUME,
        Recovery.PERMANENT,
        "Rien à reprendre",
        "{reason}",
        "Pour transférer de nouveau : tui-transfer run.",
    ),
    Problem.JOB_RUNNING: Meaning(
        ExitCode.RUNNING,
        Recovery.PERSON,
        "Un transfert est déjà en cours",
        "C’est le transfert {job} ; il n’y en a qu’un à la fois.",
        "Attendez sa fin, ou suivez-le depuis le centre de maintenance.",
        by_command="Pour l’ouvrir : tui-transfer.",
    ),
    Problem.JOB_STARTING: Meaning(
        ExitCode.RUNNING,
        Recovery.PERSON,
        "Un transfert est déjà en cours",
        "Il vient d’être lancé, et démarre ; il n’y en a qu’un à la fois.",
        "Attendez sa fin, ou suivez-le depuis le centre de maintenance.",
        by_command="Pour l’ouvrir : tui-transfer.",
    ),
    Problem.JOB_OVERTAKEN: Meaning(
        ExitCode.RUNNING,
        Recovery.PERSON,
        "Un autre transfert a commencé entre-temps",
        "Le transfert {job} a été lancé après que celui-ci a été demandé : les mêmes bases seraient "
        "peut-être remises deux fois.",
        "Voyez ce qu’il est devenu dans « Historique », puis recommencez s’il le faut.",
        by_command="En ligne de commande : tui-transfer jobs.",
    ),
    Problem.JOB_BEING_REMOVED: Meaning(
        ExitCode.RUNNING,
        Recovery.PERSON,
        "Ce transfert est en train d’être supprimé",
        "Le transfert {job} est en cours de suppression.",
        "Attendez sa fin. Si elle échoue, le transfert est conservé et peut être repris.",
    ),
    Problem.JOB_ELSEWHERE: Meaning(
        ExitCode.RUNNING,
        Recovery.PERSON,
        "Ce transfert ne peut pas être interrompu d’ici",
        "{reason}",
        "Il continue. Interrompez-le là où il a été lancé.",
    ),
    Problem.VIEW_LEFT: Meaning(
        ExitCode.INTERRUPTED,
        Recovery.PERSON,
        "Le transfert continue sans cette commande",
        "Elle ne faisait que suivre le transfert {job}, lancé ailleurs.",
        "Pour le suivre de nouveau : tui-transfer resume. Pour l’interrompre : tui-transfer resume --stop.",
    ),
    Problem.JOURNAL_INVALID: Meaning(
        ExitCode.UNEXPECTED,
        Recovery.PERMANENT,
        "Le journal de ce transfert est abîmé",
        "Fichier {file}, ligne {line} : {reason}.",
        "Ne modifiez pas ce fichier. Lancez un nouveau transfert, et conservez ce dossier pour le support.",
    ),
    Problem.JOURNAL_NEWER: Meaning(
        ExitCode.USAGE,
        Recovery.PERMANENT,
        "Ce transfert vient d’une version plus récente du programme",
        "Le fichier {file} est au format {found}, cette version lit jusqu’au format {known}.",
        "Mettez tui-transfer à jour, puis relancez.",
    ),
    Problem.NOT_OPEN_YET: Meaning(
        ExitCode.NOT_NOW,
        Recovery.PERMANENT,
        "Le GO n’est pas encore donné",
        "Les transferts ouvrent le {date}.",
        "Attendez cette date, puis rouvrez le centre de maintenance.",
    ),
    Problem.CLOSED: Meaning(
        ExitCode.NOT_NOW,
        Recovery.PERMANENT,
        "La période de transfert est terminée",
        "Les transferts ont fermé le {date}.",
        "Contactez l’équipe Impact emploi association pour obtenir un nouveau GO.",
    ),
    Problem.CONFIRMATION_NEEDED: Meaning(
        ExitCode.USAGE,
        Recovery.PERSON,
        "La confirmation n’a pas été donnée",
        "{reason}",
        "Répondez « oui », ou ajoutez --yes pour confirmer d’avance.",
    ),
    Problem.PREREQUISITE_UNMET: Meaning(
        ExitCode.PREREQUISITE,
        Recovery.PERMANENT,
        "Un prérequis n’est pas rempli",
        "{reason}",
        "{advice}",
    ),
    Problem.DATABASE_NONE: Meaning(
        ExitCode.PREREQUISITE,
        Recovery.PERMANENT,
        "Aucune base à transférer",
        "Aucune base n’est cochée, ni nommée, ni active dans la liste.",
        "Cochez au moins une base dans la liste.",
        place=Place.DATABASES,
        by_command="Ou nommez-la : tui-transfer run NOM.",
    ),
    Problem.DATABASE_UNKNOWN: Meaning(
        ExitCode.USAGE,
        Recovery.PERMANENT,
        "Base inconnue : {name}",
        "Ce n’est ni le nom d’une base de la configuration, ni un chemin existant.",
        "Bases connues : {known}. Vérifiez l’orthographe, ou donnez le chemin complet.",
        place=Place.DATABASES,
    ),
    Problem.DATABASE_MISSING: Meaning(
        ExitCode.PREREQUISITE,
        Recovery.PERMANENT,
        "La base est introuvable",
        "Rien n’existe à l’emplacement {path}.",
        "Le lecteur réseau ou la clé USB est peut-être à brancher. Sinon, elle a été déplacée ou renommée : "
        "retirez-la de la liste, et ajoutez-la où elle est maintenant.",
        place=Place.DATABASES,
    ),
    Problem.DATABASE_UNREADABLE: Meaning(
        ExitCode.PREREQUISITE,
        Recovery.PERMANENT,
        "La base ne peut pas être lue",
        "{path} : {reason}.",
        "Fermez Impact emploi s’il est ouvert, puis reprenez. Sinon, vérifiez vos droits sur ce fichier, ou "
        "lancez le programme avec le compte d’Impact emploi.",
    ),
    Problem.DATABASE_LOCKED: Meaning(
        ExitCode.PREREQUISITE,
        Recovery.PERMANENT,
        "La base est verrouillée par un autre programme",
        "{path} : {reason}.",
        "Fermez Impact emploi et son gestionnaire de services, sur tous les postes, puis reprenez.",
    ),
    Problem.DATABASE_NESTED: Meaning(
        ExitCode.PREREQUISITE,
        Recovery.PERMANENT,
        "Une base se trouve à l’intérieur d’une autre",
        "« {inner} » ({inner_path}) est dans « {outer} » ({outer_path}) : ses données partiraient deux fois.",
        "Retirez l’une des deux de la liste.",
        place=Place.DATABASES,
    ),
    Problem.DATABASE_SPECIAL_FILE: Meaning(
        ExitCode.PREREQUISITE,
        Recovery.PERMANENT,
        "La base contient un élément qui n’est pas un fichier",
        "{path} est {kind} : il ne peut pas être archivé.",
        "Fermez le programme qui l’a créé, ou déplacez-le hors du dossier de la base, puis reprenez.",
    ),
    Problem.DATABASE_INCOMPLETE: Meaning(
        ExitCode.PREREQUISITE,
        Recovery.PERMANENT,
        "Un fichier de la base ne peut pas partir avec elle",
        "{companion} fait partie de la base {path} : {reason}. Sans lui, il y manquerait des données.",
        "Rendez ce fichier lisible ou remettez-le à sa place, puis reprenez.",
    ),
    Problem.DATABASE_LINK: Meaning(
        ExitCode.PREREQUISITE,
        Recovery.PERMANENT,
        "La base contient un lien qui ne peut pas être transféré",
        "{path} renvoie vers {target} : {reason}.",
        "Remplacez ce lien par les données elles-mêmes, ou supprimez-le s’il ne sert plus, puis reprenez.",
    ),
    Problem.DATABASE_FILE_NAME: Meaning(
        ExitCode.PREREQUISITE,
        Recovery.PERMANENT,
        "Un nom de fichier ne peut pas être archivé",
        "{path} : {reason}.",
        "Renommez ce fichier, puis reprenez.",
    ),
    Problem.DATABASE_DAMAGED: Meaning(
        ExitCode.PREREQUISITE,
        Recovery.PERSON,
        "La base est endommagée",
        "{path} : son contrôle y trouve des erreurs ({reason}). Elle n’a pas reçu son nom sur Sharebox.",
        "Fermez Impact emploi, remettez en place une sauvegarde saine, puis lancez un nouveau transfert. Si "
        "cette base doit partir telle qu’elle est, reprenez ce transfert en le confirmant.",
        need=Need.DAMAGE,
    ),
    Problem.DATABASE_CHANGED: Meaning(
        ExitCode.SOURCE_CHANGED,
        Recovery.PERMANENT,
        "La base a changé pendant sa lecture",
        "{path} : {reason}. Une copie incohérente n’est jamais envoyée.",
        "Fermez Impact emploi sur tous les postes, puis reprenez le transfert.",
    ),
    Problem.SHAREBOX_UNREACHABLE: Meaning(
        ExitCode.UNREACHABLE,
        Recovery.PERSON,
        "La connexion à Sharebox en mode direct n’a pu s’établir",
        "{host}, port {port} : {reason}.",
        "Si l’adresse et le port sont ceux que l’Urssaf vous a donnés, votre réseau impose sans doute un "
        "proxy. Demandez à votre service informatique son adresse, son port et vos identifiants, et "
        "saisissez-les.",
        need=Need.PROXY,
        network=True,
        place=Place.HOST,
        causes=_UNREACHABLE,
    ),
    Problem.PROXY_UNREACHABLE: Meaning(
        ExitCode.PROXY,
        Recovery.PERSON,
        "Le proxy ne répond pas",
        "{proxy_host}, port {proxy_port} : {reason}.",
        "Vérifiez l’adresse et le port auprès de votre service informatique.",
        need=Need.PROXY,
        network=True,
    ),
    Problem.PROXY_CREDENTIALS_NEEDED: Meaning(
        ExitCode.PROXY,
        Recovery.PERSON,
        "Le proxy demande un identifiant et un mot de passe",
        "{proxy_host} n’accepte pas de connexion anonyme.",
        "Saisissez les identifiants du proxy ; votre service informatique les connaît.",
        need=Need.PROXY_PASSWORD,
        by_command="Sans écran, le mot de passe se donne par la variable TUI_TRANSFER_PROXY_PASSWORD.",
    ),
    Problem.PROXY_CREDENTIALS_REFUSED: Meaning(
        ExitCode.PROXY,
        Recovery.PERSON,
        "Le proxy a refusé l’identifiant ou le mot de passe",
        "{proxy_host} a répondu : {reason}.",
        "Vérifiez-les avant un nouvel essai : trop d’erreurs peuvent bloquer votre compte.",
        need=Need.PROXY_PASSWORD,
    ),
    Problem.PROXY_CERTIFICATE_UNKNOWN: Meaning(
        ExitCode.PROXY,
        Recovery.PERSON,
        "Le certificat du proxy n’est pas reconnu",
        "{proxy_host} : {reason}. Rien ne lui a été envoyé.",
        "Vérifiez l’adresse du proxy, ou demandez à votre service informatique d’installer son autorité de "
        "certification sur cette machine.",
        need=Need.PROXY,
    ),
    Problem.PROXY_METHOD_UNKNOWN: Meaning(
        ExitCode.PROXY,
        Recovery.PERSON,
        "Le proxy demande une identification que ce programme ne sait pas faire",
        "{proxy_host} n’accepte que : {methods}. Votre mot de passe ne lui a pas été envoyé.",
        "Demandez à votre service informatique un accès avec identifiant et mot de passe (ce qu’il appelle "
        "NTLM, Digest ou Basic), ou un accès sans identification vers Sharebox.",
        need=Need.PROXY,
    ),
    Problem.PROXY_FORBIDDEN: Meaning(
        ExitCode.PROXY,
        Recovery.PERSON,
        "Le proxy interdit la connexion à Sharebox",
        "{proxy_host} refuse le passage vers {host}, port {port} : {reason}.",
        "Vérifiez l’adresse et le port de Sharebox. S’ils sont justes, demandez à votre service informatique "
        "d’autoriser la sortie (« CONNECT ») vers {host}, port {port}, ou à l’Urssaf une adresse Sharebox "
        "sur le port 443.",
        need=Need.PROXY,
        place=Place.PORT,
    ),
    Problem.PROXY_NO_ROUTE: Meaning(
        ExitCode.PROXY,
        Recovery.PERSON,
        "Le proxy n’arrive pas à joindre Sharebox",
        "{proxy_host} a répondu : {reason}.",
        "Vérifiez l’adresse de Sharebox ({host}, port {port}), puis réessayez plus tard.",
        need=Need.PROXY,
        network=True,
        place=Place.HOST,
    ),
    Problem.PROXY_PROTOCOL: Meaning(
        ExitCode.PROXY,
        Recovery.PERSON,
        "La réponse du proxy est incompréhensible",
        "{proxy_host}, port {proxy_port} : {reason}.",
        "Vérifiez l’adresse, le port et le type du proxy (HTTP, HTTPS ou SOCKS5 : votre service informatique "
        "le connaît).",
        need=Need.PROXY,
        network=True,
    ),
    Problem.PROXY_NOT_SSH: Meaning(
        ExitCode.PROXY,
        Recovery.PERSON,
        "Le proxy ne laisse pas passer la liaison avec Sharebox",
        "{proxy_host} dit laisser passer vers {host}, port {port}, puis {reason}. Il coupe sans doute ce qui "
        "n’est pas du Web.",
        "Demandez à votre service informatique d’ouvrir le port {port} vers {host} à la liaison chiffrée "
        "SSH, sans en inspecter le contenu (« inspection TLS »). S’il l’est déjà, Sharebox est peut-être "
        "saturé : réessayez plus tard.",
        need=Need.PROXY,
        network=True,
    ),
    Problem.NOT_SSH: Meaning(
        ExitCode.UNREACHABLE,
        Recovery.PERSON,
        "Ce qui répond n’est pas un serveur Sharebox",
        "{host}, port {port} : {reason}.",
        "Vérifiez l’adresse et le port de Sharebox. S’ils sont justes, un portail ou un pare-feu de votre "
        "réseau répond peut-être à sa place : essayez par le proxy.",
        need=Need.PROXY,
        network=True,
        place=Place.PORT,
    ),
    Problem.NOT_SSH_BEHIND_PROXY: Meaning(
        ExitCode.UNREACHABLE,
        Recovery.PERSON,
        "Ce qui répond derrière le proxy n’est pas un serveur Sharebox",
        "{host}, port {port} : {reason}.",
        "Vérifiez l’adresse et le port de Sharebox, auprès de l’Urssaf.",
        need=Need.PROXY,
        network=True,
        place=Place.PORT,
    ),
    Problem.SERVER_SILENT: Meaning(
        ExitCode.UNREACHABLE,
        Recovery.PERSON,
        "Sharebox ne dit rien",
        "{host}, port {port} : {reason}.",
        "Réessayez dans quelques minutes : le serveur est peut-être bloqué. Sinon, un pare-feu de votre "
        "réseau retient sans doute ce qui n’est pas du Web : demandez à votre service informatique le proxy "
        "à utiliser, ou d’ouvrir le port {port} vers {host} à la liaison chiffrée SSH.",
        need=Need.PROXY,
        network=True,
    ),
    Problem.SERVER_CLOSED: Meaning(
        ExitCode.INTERRUPTED,
        Recovery.TRANSIENT,
        "Sharebox ferme la connexion aussitôt",
        "{host}, port {port} : {reason}. Il a peut-être trop de connexions à la fois, ou refuse votre "
        "adresse ; ou un pare-feu de votre réseau coupe ce qui n’est pas du Web.",
        "Réessayez plus tard. Si cela dure, demandez à votre service informatique d’ouvrir le port {port} "
        "vers {host} à la liaison chiffrée SSH, ou quel proxy utiliser ; et à l’Urssaf si votre adresse est "
        "autorisée.",
        need=Need.PROXY,
        network=True,
    ),
    Problem.SERVER_BUSY: Meaning(
        ExitCode.INTERRUPTED,
        Recovery.TRANSIENT,
        "Sharebox n’accepte pas de connexion en ce moment",
        "{host}, port {port} : {reason}.",
        "Réessayez plus tard. Si cela dure, transmettez cette réponse à l’Urssaf.",
        network=True,
    ),
    Problem.WEAK_SERVER: Meaning(
        ExitCode.HOST_KEY,
        Recovery.PERMANENT,
        "Le serveur ne propose aucun chiffrement sûr",
        "{host} ne propose que : {offered}.",
        "Rien n’a été envoyé. Signalez-le à l’Urssaf : ce serveur doit être mis à jour.",
    ),
    Problem.ALGORITHM_UNKNOWN: Meaning(
        ExitCode.HOST_KEY,
        Recovery.PERMANENT,
        "Le serveur ne propose que des chiffrements que ce programme ne connaît pas",
        "{host} propose : {offered}. Rien ne dit que ce n’est pas sûr, mais ce programme ne le connaît pas.",
        "Rien n’a été envoyé. Mettez tui-transfer à jour, ou demandez à l’Urssaf que ce serveur accepte "
        "aussi l’un de ceux-ci : {known}.",
    ),
    Problem.PROTOCOL_VIOLATED: Meaning(
        ExitCode.UNREACHABLE,
        Recovery.PERMANENT,
        "Le serveur répond de travers",
        "{host}, port {port}, ne suit pas les règles de la liaison chiffrée SSH : {reason}.",
        "Rien n’a été envoyé. Vérifiez l’adresse et le port de Sharebox, puis réessayez. Si cela se répète, "
        "transmettez ce message à l’Urssaf.",
        network=True,
        place=Place.HOST,
    ),
    Problem.HOST_KEY_UNKNOWN: Meaning(
        ExitCode.HOST_KEY,
        Recovery.PERSON,
        "Premier contact avec ce serveur : sa clé est inconnue",
        "{host} présente la clé {key_type} {fingerprint}.",
        "Comparez cette empreinte avec celle que l’Urssaf vous a communiquée, et n’acceptez que si elle est "
        "identique.",
        need=Need.HOST_KEY,
    ),
    Problem.HOST_KEY_CHANGED: Meaning(
        ExitCode.HOST_KEY,
        Recovery.PERMANENT,
        "La clé du serveur a changé : connexion refusée",
        "{host} présente {fingerprint} ; la clé attendue est {expected}. Quelqu’un se fait peut-être passer "
        "pour Sharebox.",
        "Rien n’a été envoyé. Appelez l’Urssaf. Si elle confirme que sa clé a changé, « Oublier la clé » "
        "dans « Réglages », puis reprenez : la nouvelle vous sera montrée, et vous comparerez son empreinte.",
        place=Place.HOST_KEY,
        by_command="Dans config.toml, l’empreinte confirmée par l’Urssaf remplace « host_key », sous "
        "[sharebox], ou s’y ajoute si plusieurs serveurs portent ce nom.",
    ),
    Problem.PASSWORD_NEEDED: Meaning(
        ExitCode.CREDENTIALS,
        Recovery.PERSON,
        "Le mot de passe Sharebox est nécessaire",
        "Il n’est jamais enregistré, et doit être donné pour chaque connexion du compte {username}.",
        "Saisissez-le.",
        need=Need.PASSWORD,
        by_command="Sans écran, il se donne par la variable TUI_TRANSFER_SFTP_PASSWORD.",
    ),
    Problem.CREDENTIALS_REFUSED: Meaning(
        ExitCode.CREDENTIALS,
        Recovery.PERSON,
        "Sharebox a refusé les identifiants",
        "{host} n’accepte pas {method} pour « {username} ».{said}",
        "Vérifiez le mot de passe, ou la clé, et l’identifiant reçus de l’Urssaf, puis réessayez.",
        need=Need.PASSWORD,
        place=Place.USERNAME,
    ),
    # Not transient, although the link is at fault: each new try of a password that nobody has confirmed yet
    # may be one more wrong one, and accounts get locked.
    Problem.LOGIN_UNANSWERED: Meaning(
        ExitCode.INTERRUPTED,
        Recovery.PERSON,
        "Sharebox n’a pas répondu à l’identification",
        "{reason}. Le mot de passe de « {username} » n’a été ni accepté ni refusé ; il n’a pas été renvoyé : "
        "trop d’essais peuvent bloquer un compte.",
        "Vérifiez ce mot de passe, puis reprenez le transfert.",
        need=Need.PASSWORD,
    ),
    Problem.ANSWER_NEEDED: Meaning(
        ExitCode.QUESTION,
        Recovery.PERSON,
        "Sharebox pose une question à laquelle vous seul pouvez répondre",
        "{host} demande à « {username} » : « {question} ». Personne n’a répondu.",
        "Reprenez le transfert quand vous avez de quoi répondre (le code, par exemple) : elle sera posée de "
        "nouveau.",
    ),
    Problem.PASSWORD_EXPIRED: Meaning(
        ExitCode.QUESTION,
        Recovery.PERSON,
        "Le mot de passe Sharebox a expiré",
        "{host} demande à « {username} » d’en choisir un nouveau ; rien n’a été choisi à votre place.{said}",
        "Reprenez le transfert pour choisir un nouveau mot de passe, ou demandez-le à l’administrateur de "
        "Sharebox.",
    ),
    Problem.KEY_UNREADABLE: Meaning(
        ExitCode.CREDENTIALS,
        Recovery.PERMANENT,
        "La clé d’accès à Sharebox ne peut pas être lue",
        "Fichier {file} : {reason}.",
        "Vérifiez que ce fichier est bien là, que c’est une clé privée et que vous pouvez le lire ; ou "
        "corrigez « Fichier de clé » dans « Réglages ». Puis reprenez.",
        place=Place.KEY_FILE,
    ),
    Problem.KEY_UNSUITABLE: Meaning(
        ExitCode.CREDENTIALS,
        Recovery.PERMANENT,
        "Ce fichier ne contient pas de clé d’accès utilisable",
        "Fichier {file} : {reason}.",
        "{advice}",
        place=Place.KEY_FILE,
    ),
    Problem.KEY_PASSPHRASE_NEEDED: Meaning(
        ExitCode.CREDENTIALS,
        Recovery.PERSON,
        "La clé d’accès est protégée par une phrase secrète",
        "Fichier {file}.",
        "Saisissez la phrase secrète.",
        need=Need.PASSPHRASE,
        by_command="Sans écran, elle se donne par la variable TUI_TRANSFER_KEY_PASSPHRASE.",
    ),
    Problem.KEY_PASSPHRASE_WRONG: Meaning(
        ExitCode.CREDENTIALS,
        Recovery.PERSON,
        "La phrase secrète de la clé est incorrecte",
        "Fichier {file}.",
        "Vérifiez majuscules et disposition du clavier, puis saisissez-la de nouveau.",
        need=Need.PASSPHRASE,
    ),
    Problem.AGENT_UNUSABLE: Meaning(
        ExitCode.CREDENTIALS,
        Recovery.PERMANENT,
        "Aucune clé d’accès n’est donnée par l’agent de cette machine",
        "Agent SSH, qui garde les clés de la liaison chiffrée : {reason}.",
        "{advice}",
        place=Place.KEY_FILE,
    ),
    Problem.ARCHIVE_PASSPHRASE_NEEDED: Meaning(
        ExitCode.QUESTION,
        Recovery.PERSON,
        "La phrase secrète des archives est demandée",
        "Les archives de ce transfert sont chiffrées, et leur phrase secrète n’est enregistrée nulle part.",
        "{advice}",
        need=Need.ARCHIVE_PASSPHRASE,
    ),
    Problem.ARCHIVE_PASSPHRASE_WRONG: Meaning(
        ExitCode.QUESTION,
        Recovery.PERSON,
        "Ce n’est pas la phrase secrète de ces archives",
        "Ce transfert a commencé avec une autre.",
        "Saisissez celle que vous avez notée ; celle que le programme a faite est de six mots en minuscules, "
        "joints par des tirets. Si elle est perdue, lancez un nouveau transfert, qui aura la sienne.",
        need=Need.ARCHIVE_PASSPHRASE,
    ),
    Problem.SFTP_UNAVAILABLE: Meaning(
        ExitCode.REFUSED,
        Recovery.PERMANENT,
        "Ce serveur n’offre pas de dépôt de fichiers",
        "{host} : {reason}.",
        "Signalez-le à l’Urssaf : le compte « {username} » n’a pas accès au dépôt de fichiers (SFTP).",
    ),
    Problem.DIRECTORY_MISSING: Meaning(
        ExitCode.REFUSED,
        Recovery.PERMANENT,
        "Le dossier de dépôt n’existe pas sur Sharebox",
        "Dossier {directory} : {reason}.",
        "Comparez-le avec celui que l’Urssaf vous a donné, et corrigez « Dossier » dans « Réglages », puis "
        "reprenez. S’il est juste, demandez à l’Urssaf de créer ce dossier.",
        place=Place.DIRECTORY,
    ),
    Problem.SHAREBOX_PERMISSION: Meaning(
        ExitCode.REFUSED,
        Recovery.PERMANENT,
        "Un droit manque sur Sharebox",
        "L’opération « {operation} {path} » est refusée : {reason}.",
        "Vérifiez « Dossier » dans « Réglages ». S’il est juste, demandez à l’Urssaf le droit d’y écrire et "
        "d’y renommer, puis reprenez le transfert.",
        place=Place.DIRECTORY,
        by_command="Si Sharebox n’y accepte que des noms en « .7z », écrivez « temporary_names = false » "
        "sous [sharebox] dans config.toml ; le dossier y est « directory ».",
    ),
    Problem.SHAREBOX_FULL: Meaning(
        ExitCode.REFUSED,
        Recovery.PERMANENT,
        "Il n’y a plus de place sur Sharebox",
        "{path} : {reason}.",
        "Demandez de la place à l’Urssaf, puis reprenez : ce qui est déjà envoyé ne le sera pas deux fois.",
    ),
    Problem.SHAREBOX_REFUSED: Meaning(
        ExitCode.REFUSED,
        Recovery.PERMANENT,
        "Sharebox a refusé une opération",
        "L’opération « {operation} {path} » est refusée : {reason}.",
        "Reprenez le transfert. Si le refus persiste, transmettez ce message à l’Urssaf.",
    ),
    Problem.NAME_TAKEN: Meaning(
        ExitCode.REFUSED,
        Recovery.PERMANENT,
        "Un autre fichier du même nom est déjà sur Sharebox",
        "{path} existe déjà, et ce transfert n’en est pas l’auteur ou son contenu diffère.",
        "Il n’a pas été touché. Tant qu’il est là, reprendre ce transfert n’y changerait rien : lancez un "
        "nouveau transfert, dont les fichiers porteront un autre nom.",
        needs_new_job=True,
    ),
    Problem.DISK_FULL: Meaning(
        ExitCode.LOCAL_DISK,
        Recovery.PERMANENT,
        "Le disque de cette machine est plein",
        "{path} : {reason}.",
        "Libérez de la place, puis reprenez : le travail déjà fait est conservé.",
    ),
    Problem.DISK_UNWRITABLE: Meaning(
        ExitCode.LOCAL_DISK,
        Recovery.PERMANENT,
        "Impossible d’écrire sur le disque de cette machine",
        "{path} : {reason}.",
        "Vérifiez que ce dossier existe et que vous pouvez y écrire, puis reprenez.",
    ),
    Problem.SPOOL_DAMAGED: Meaning(
        ExitCode.LOCAL_DISK,
        Recovery.PERMANENT,
        "Le disque de cette machine ne rend pas ce qui y a été écrit",
        "{path} : {reason}. Rien de ce qui est altéré n’a reçu son nom définitif sur Sharebox.",
        "Faites vérifier ce disque, puis reprenez : ce qui est altéré sera refait à partir de la base.",
    ),
    Problem.CONTENT_MISMATCH: Meaning(
        ExitCode.MISMATCH,
        Recovery.PERMANENT,
        "Ce qui est arrivé n’est pas ce qui a été envoyé",
        "{path} : {reason}.",
        "Le fichier n’a pas reçu son nom définitif. Reprenez le transfert : il sera vérifié et réparé.",
    ),
    Problem.ARRIVED_DAMAGED: Meaning(
        ExitCode.MISMATCH,
        Recovery.PERMANENT,
        "Le fichier a changé en recevant son nom définitif",
        "{path} : {reason}. Vérifié sous son nom provisoire, il n’est plus le même.",
        "Signalez à l’administrateur de Sharebox que ce fichier n’est pas valable. Tant qu’il est là, "
        "reprendre ce transfert n’y changerait rien : lancez un nouveau transfert, dont les fichiers "
        "porteront un autre nom.",
        needs_new_job=True,
    ),
    Problem.DELIVERY_LOST: Meaning(
        ExitCode.LOST,
        Recovery.PERMANENT,
        "Le fichier remis a disparu de Sharebox",
        "{path} y était arrivé en entier, et n’y est plus ; renvoyé une fois, il a disparu de nouveau. "
        "Le plus souvent, un antivirus ou un filtre du serveur l’écarte, ou un automate relève les fichiers. "
        "Quelqu’un a pu aussi le supprimer.",
        "Demandez à l’administrateur de Sharebox ce qu’est devenu ce fichier, d’après les journaux du "
        "serveur. S’il a été pris en charge, gardez sa réponse écrite : c’est la seule preuve de la remise. "
        "S’il a été écarté ou supprimé, demandez qu’il ne le soit plus, puis reprenez : l’archive, gardée "
        "sur cette machine, sera renvoyée.",
    ),
    Problem.CONNECTION_LOST: Meaning(
        ExitCode.INTERRUPTED,
        Recovery.TRANSIENT,
        "La connexion à Sharebox a été perdue",
        "{reason}.",
        "Reprenez le transfert : il continuera là où il s’est arrêté.",
    ),
    Problem.INTERRUPTED: Meaning(
        ExitCode.INTERRUPTED,
        Recovery.PERSON,
        "Le transfert a été interrompu",
        "{reason}.",
        "Reprenez-le quand vous voulez : il continuera là où il s’est arrêté.",
    ),
    **MEANINGS_OF_MAIL,
}
