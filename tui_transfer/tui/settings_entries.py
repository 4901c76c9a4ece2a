"""The fields of « Réglages »: which setting each stands for, and what is said of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from tui_transfer.errors.places import LABELS
from tui_transfer.errors.places import SECTIONS as HEADINGS
from tui_transfer.settings.config import DEFAULT_RECIPIENTS
from tui_transfer.tui.theme import THEME_NAMES

ABSENT: Final = "absent"
"""Of a section that need not be there, the choice that there is none."""
YES, NO = "true", "false"


@dataclass(frozen=True)
class FormEntry:
    """A field: the key that it stands for, and what is said of it."""

    key: str
    hint: str
    placeholder: str = ""
    """What an empty field means."""
    kind: Literal["text", "path", "date", "list", "address"] = "text"
    choices: tuple[tuple[str, str], ...] = ()
    """Values and their words, the default first; empty for a text."""
    default: str = ""
    """What is shown where the file says nothing."""

    @property
    def label(self) -> str:
        """Its name, by which errors speak of it, too."""
        return LABELS[self.key]

    @property
    def id(self) -> str:
        """The key as the name of a widget."""
        return self.key.replace(".", "-").replace("_", "-")

    @property
    def section(self) -> str:
        """The table of the file that it is in."""
        return self.key.partition(".")[0]


@dataclass(frozen=True)
class Section:
    """Fields under one heading."""

    entries: tuple[FormEntry, ...]

    @property
    def title(self) -> str:
        """Its heading."""
        return HEADINGS[self.entries[0].section]


SECTIONS: Final = (
    Section((
        FormEntry("manager.name",
              "Le nom de votre association ou de votre service, tel que l’Urssaf le lira dans le rapport et "
              "dans le nom des archives.", "obligatoire"),
        FormEntry("manager.id",
              "Votre SIRET (14 chiffres), ou le numéro que l’Urssaf vous a donné : il vient en tête du nom "
              "des archives et de l’objet du message.", "aucun"),
        FormEntry("manager.contact",
              "En cas de difficulté : un service, son téléphone, ses heures. Montré avec chaque erreur, et "
              "dans le rapport.",
              "personne, par exemple le service paie, 01 23 45 67 89"),
    )),
    Section((
        FormEntry("sharebox.host",
              "L’adresse du serveur, donnée par l’Urssaf. Collez-la entière, comme "
              "sftp://compte@serveur:22/dossier : elle est répartie dans les champs.",
              "obligatoire, par exemple sharebox.exemple.fr", "address"),
        FormEntry("sharebox.port",
              "Un nombre donné par l’Urssaf ; 22, sauf indication contraire.",
              "22", "address"),
        FormEntry("sharebox.username",
              "Le compte que l’Urssaf vous a ouvert. Son mot de passe n’est pas enregistré : il est demandé "
              "au moment du transfert.", "obligatoire", "address"),
        FormEntry("sharebox.directory",
              "Le dossier du serveur où déposer les archives, si l’Urssaf vous en a indiqué un.",
              "celui où le compte arrive", "address"),
        FormEntry("sharebox.key_file",
              "Si l’Urssaf vous a remis un fichier de clé, son emplacement ; Tab le complète. « agent » : "
              "les clés que votre machine garde déjà. Sans clé, un mot de passe est demandé.",
              "aucun : mot de passe", "path"),
    )),
    Section((
        FormEntry("proxy.kind",
              "La sortie de votre réseau vers Internet, essayée quand la connexion directe échoue. Votre "
              "service informatique la connaît.",
              choices=((ABSENT, "aucun"), ("http", "HTTP"), ("https", "HTTPS"), ("socks5", "SOCKS5"))),
        FormEntry("proxy.host",
              "L’adresse du proxy. Collez-la entière, comme http://proxy:8080 : elle est répartie.",
              "obligatoire, par exemple proxy.exemple.fr", "address"),
        FormEntry("proxy.port",
              "Le port du proxy, souvent 3128 ou 8080.", "3128", "address"),
        FormEntry("proxy.username",
              "Si le proxy en demande un ; son mot de passe est demandé au moment du transfert.", "aucun",
              "address"),
    )),
    Section((
        FormEntry("report.recipients",
              "Une adresse de messagerie par ligne. La ligne vide en ajoute une ; videz une ligne pour la "
              "retirer.", "ajouter une adresse", "list", default=", ".join(DEFAULT_RECIPIENTS)),
    )),
    Section((
        FormEntry("mail.security",
              "« non » : le rapport part de votre propre messagerie. Sinon, comment le serveur d’envoi est "
              "protégé : votre fournisseur de messagerie le dit.",
              choices=((ABSENT, "non"), ("starttls", "STARTTLS"), ("tls", "TLS"), ("none", "en clair"))),
        FormEntry("mail.host",
              "Le serveur qui envoie le courriel (SMTP), donné par votre fournisseur de messagerie.",
              "obligatoire, par exemple smtp.exemple.fr", "address"),
        FormEntry("mail.port",
              "Le port du serveur d’envoi : 587, ou 465 pour une liaison chiffrée dès le début (TLS).", "587",
              "address"),
        FormEntry("mail.username",
              "Si le serveur d’envoi en demande un ; son mot de passe est demandé au moment de l’envoi.",
              "aucun"),
        FormEntry("mail.sender",
              "L’adresse de messagerie au nom de laquelle le rapport part.",
              "obligatoire, par exemple accueil@association.fr"),
    )),
    Section((
        FormEntry("transfer.opens_on",
              "La date du GO de l’Urssaf : avant elle, le bouton du transfert est grisé.", "sans limite",
              "date"),
        FormEntry("transfer.closes_on",
              "Le dernier jour où un transfert peut commencer.",
              "sans limite", "date"),
        FormEntry("transfer.retry_for",
              "En minutes : une connexion perdue est rétablie d’elle-même pendant ce temps, avant que le "
              "transfert ne s’arrête.", "30"),
        FormEntry("transfer.compression",
              "auto : réglée sur la connexion et l’ordinateur ; ou un chiffre, de 0 (rapide) à 9 (petit).",
              "auto"),
        FormEntry("transfer.encrypt",
              "Oui : les archives ne s’ouvrent qu’avec une phrase secrète, montrée une fois et à donner à "
              "l’Urssaf par téléphone.", choices=((NO, "non"), (YES, "oui"))),
    )),
    Section((
        FormEntry("display.theme",
              "Les couleurs de l’écran.", choices=tuple(THEME_NAMES.items())),
        FormEntry("display.notify",
              "Faire sonner le terminal et afficher une notification à la fin d’un transfert.",
              choices=((YES, "oui"), (NO, "non"))),
    )),
)  # fmt: skip

ENTRIES: Final = tuple(entry for section in SECTIONS for entry in section.entries)
SWITCHES: Final = {
    entry.section: entry for entry in ENTRIES if entry.choices and entry.choices[0][0] == ABSENT
}
"""Of each section that need not be there, the field that says whether it is."""
