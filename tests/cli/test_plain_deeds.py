"""What the plain lines do besides transferring, at a real terminal: each deed by its own words."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.place import Place, place_for
from tests.cli.terminal import ASKED, Person, at_terminal
from tests.servers.openssh import SshServer
from tests.servers.processes import wait_until
from tests.servers.relay import relay
from tui_transfer.job import control, report_mark
from tui_transfer.preflight.choice import Choice
from tui_transfer.preflight.statements import STATEMENTS, Ticks
from tui_transfer.settings import config

MENU = r"Que voulez-vous faire \?"
AID = "Quelle aide voulez-vous"
_SIGNS = re.compile(r"[^\w\s.,;:!?'’«»()\[\]/<>=+*#@~%&\"–—…°-]")
"""What a screen reader spells out, or leaves out."""


@contextmanager
def spoken(place: Place, *arguments: str, **variables: str) -> Iterator[Person]:
    """Somebody who hears all that is said, in lines of 80 columns and without signs."""
    with at_terminal(place, "--plain", *arguments, **variables) as person:
        yield person
    for line in person.heard.replace("\r", "").splitlines():
        assert not _SIGNS.search(line) or "Le signe" in line, line
        assert _fits(line), line


def _fits(line: str) -> bool:
    """Whether it ends before column 80. What a person typed is not heard, nor its end: questions stand in one
    line with what was said after the answers. Nothing ends in the midst of a long word.
    """
    return all(len(part) <= 80 or " " not in part for part in re.split(r"\s: ", line))


@pytest.fixture
def delivered(tmp_path: Path, ssh_server: SshServer, base: Path) -> Place:
    """A transfer that is done, and whose report is not sent."""
    made = place_for(tmp_path / "home", ssh_server.password)
    made.configure(ssh_server, {"Base active": base})
    assert made.run("run", "--yes").code == 0
    return made


def test_databases_are_added_chosen_and_taken_out(place: Place, tmp_path: Path, base: Path) -> None:
    other = tmp_path / "Bases d'été" / "autre.dat"
    other.parent.mkdir()
    other.write_bytes(b"y" * 3000)
    with spoken(place) as person:
        person.answers(MENU, "Maintenir")
        person.waits_for("Base active, choisie : 1,0.Ko")
        person.answers("des bases", "Ajouter")
        person.answers("Chemin", str(other.with_name("rien")))
        person.waits_for("Rien n’existe à cet emplacement")
        person.answers("Chemin", str(base))
        person.waits_for("déjà dans la liste")
        person.answers("Chemin", f'"{other}"')
        person.answers("Nom de cette base", "base ACTIVE")
        person.waits_for("déjà pris")
        person.answers("Nom de cette base", "")
        person.waits_for("« Autre » est ajoutée à la liste, et choisie")
        person.answers("des bases", "Choisir les bases")
        person.answers("Transférer « Base active »", "non")
        person.answers("Transférer « Autre »", "oui")
        person.waits_for("1.base est choisie")
        assert Choice(place.home).ticked(config.load(place.home.config_file).databases) == {"Autre"}
        person.answers("des bases", "Choisir toutes")
        person.waits_for("2.bases sont choisies")
        person.answers("des bases", "Base active")
        person.answers("Quelle base rendre active", "Autre")
        person.waits_for("« Autre » est active")
        person.answers("des bases", "Retirer")
        person.answers("Quelle base retirer", "Base")
        person.answers("Retirer « Base active »", "oui")
        person.answers("des bases", "Revenir")
        person.leaves(0)
    assert [item.name for item in config.load(place.home.config_file).databases] == ["Autre"]
    assert base.exists()


def test_settings_are_asked_again_where_they_are_wrong_and_kept(place: Place) -> None:
    with spoken(place) as person:
        person.answers(MENU, "Réglages")
        person.waits_for("Gestionnaire. Nom : Association d'Été")
        person.answers("des réglages", "Enregistrer")
        person.answers("Quels réglages changer", "Sharebox")
        person.answers("Sharebox, Serveur", "sharebox.example.org")
        person.answers("Sharebox, Port", "port")
        for field in ("Compte", "Dossier", "Fichier de clé"):
            person.answers(f"Sharebox, {field}", "")
        person.waits_for("Un nombre")
        person.answers("Sharebox, Port", "2222")
        person.answers("Enregistrer ces réglages", "oui")
        person.answers("des réglages", "Revenir")
        person.leaves(0)
    kept = config.load(place.home.config_file).sharebox
    assert (kept.host, kept.port, kept.username) == ("sharebox.example.org", 2222, "exemple")
    assert kept.host_key is None, "it was another server's"


def test_the_first_settings_are_asked_for(tmp_path: Path) -> None:
    place = place_for(tmp_path / "home", "")
    with spoken(place) as person:
        person.waits_for("Aucune configuration n’est installée")
        person.answers(re.escape("Réglages]"), "")
        person.answers("Avez-vous reçu un fichier", "non")
        person.answers("Gestionnaire, Nom", "Association d'Été")
        person.answers("Gestionnaire, Numéro", "")
        person.answers("Gestionnaire, Qui appeler", "")
        person.answers("Sharebox, Serveur", "sftp://exemple@sharebox.example.org:2222/depot")
        for field in (r"Port \[2222\]", r"Compte \[exemple\]", r"Dossier \[/depot\]"):
            person.answers(f"Sharebox, {field}", "")
        person.answers("Sharebox, Fichier de clé", "")
        person.answers("Enregistrer ces réglages", "oui")
        person.answers("des réglages", "Revenir")
        person.leaves(0)
    kept = config.load(place.home.config_file)
    assert kept.manager.name == "Association d'Été"
    assert (kept.sharebox.host, kept.sharebox.port) == ("sharebox.example.org", 2222)


def test_a_configuration_that_was_received_is_taken_over(place: Place, tmp_path: Path) -> None:
    received = tmp_path / "reçu" / "config.toml"
    received.parent.mkdir()
    received.write_bytes(place.home.config_file.read_bytes())
    new = place_for(tmp_path / "new", "")
    with spoken(new) as person:
        person.answers(MENU, "Réglages")
        person.answers("Avez-vous reçu un fichier", "oui")
        person.answers("Chemin du fichier", f"'{received}'")
        person.answers("Prendre ces réglages", "oui")
        person.waits_for("Configuration reprise")
        person.answers("des réglages", "Revenir")
        person.leaves(0)
    assert config.load(new.home.config_file).manager.name == "Association d'Été"


def test_prerequisites_come_after_what_keeps_any_transfer_from_beginning(tmp_path: Path) -> None:
    with spoken(place_for(tmp_path / "home", "")) as person:
        person.answers(MENU, "Transférer")
        person.waits_for("Aucune configuration n’est installée")
        assert "prérequis ne sont pas cochés" not in person.leaves(2)


def test_the_key_of_the_server_is_forgotten(place: Place) -> None:
    with spoken(place) as person:
        person.answers(MENU, "Réglages")
        person.answers("des réglages", "Oublier")
        person.answers("Oublier la clé du serveur Sharebox", "oui")
        person.answers("des réglages", "Oublier")
        person.waits_for("Aucune clé de serveur n’est retenue")
        person.answers("des réglages", "Revenir")
        person.leaves(0)
    assert config.load(place.home.config_file).sharebox.host_key is None


def test_a_prerequisite_is_unticked(place: Place) -> None:
    first, second = STATEMENTS[:2]
    Ticks(place.home).set_ticked(first.key, True)
    with spoken(place) as person:
        person.answers(MENU, "Prérequis")
        person.waits_for("coché par")
        person.answers("des prérequis", "Cocher")
        person.answers("Quel prérequis", "1")
        person.answers(f"Décocher « {re.escape(first.short)} »", "oui")
        person.answers("des prérequis", "Cocher")
        person.answers("Quel prérequis", "2")
        person.answers("Est-ce fait", "oui")
        person.answers("des prérequis", "Relancer")
        person.waits_for("Contrôles en cours.*Sharebox")
        person.answers("des prérequis", "Revenir")
        person.leaves(0)
    assert set(Ticks(place.home).keys) == {second.key}


def test_the_connection_is_tried_with_a_password_that_is_asked(
    tmp_path: Path, ssh_server: SshServer, base: Path
) -> None:
    place = place_for(tmp_path / "home", "")
    place.configure(ssh_server, {"Base active": base})
    with spoken(place) as person:
        person.answers(MENU, "Essayer")
        person.answers("Mot de passe Sharebox", ssh_server.password)
        person.waits_for("La connexion à Sharebox est en ordre")
        assert ssh_server.password not in person.leaves(0)


def test_what_was_done_is_told_in_full_and_removed(delivered: Place) -> None:
    job = delivered.job().id
    with spoken(delivered) as person:
        person.answers(MENU, "Historique")
        person.waits_for("réussi : Base active")
        person.answers("dans l’historique", "Dire tout")
        person.answers("De quel transfert", "1")
        person.waits_for(f"référence {job}")
        person.answers("de ce transfert", "Revenir")
        person.answers("dans l’historique", "Supprimer")
        person.answers("Quel transfert supprimer", "1")
        person.answers("Comment supprimer", "Supprimer ici")
        person.answers("Supprimer 1.transfert", "oui")
        person.answers("dans l’historique", "Revenir")
        person.leaves(0)
    assert control.list_jobs(delivered.home) == []


def test_the_report_is_saved_copied_and_said_to_be_sent(delivered: Place) -> None:
    with spoken(delivered, TERM="dumb") as person:
        person.waits_for("Rapport à envoyer")
        person.answers(re.escape("Rapport]"), "")
        person.answers("du rapport", "Enregistrer")
        person.waits_for("Message enregistré comme brouillon")
        for part in ("les destinataires", "l’objet", "le contenu"):
            person.answers("du rapport", f"Copier {part.replace(chr(39), '’')}")
            person.waits_for(r"Fichier :\s+\S+\.txt")
        person.answers("du rapport", "Cocher")
        person.answers("Le rapport de ce transfert est-il envoyé", "oui")
        person.waits_for("Antivirus : Réactivez-le")
        person.answers("du rapport", "Cocher")
        person.answers("Décocher", "non")
        person.answers("du rapport", "Revenir")
        person.leaves(0)
    assert report_mark.sent(delivered.job()) is not None
    kept = {file.suffix for file in delivered.home.reports.iterdir()}
    assert {".eml", ".txt"} <= kept


def test_an_error_is_told_in_full_and_copied(place: Place) -> None:
    place.change(databases=())
    with spoken(place, TERM="dumb") as person:
        person.answers(MENU, "Transférer")
        person.answers("en revue", "non")
        person.waits_for("Aucune base")
        person.answers(MENU, "Aide")
        person.answers(AID, "Dire les détails")
        person.answers(AID, "Copier le texte de la dernière erreur")
        person.waits_for("Fichier :")
        person.answers(AID, "Revenir")
        person.leaves(3)


def test_the_file_for_whoever_helps_is_made(place: Place, tmp_path: Path) -> None:
    with spoken(place) as person:
        person.answers(MENU, "Aide")
        person.answers(AID, "Préparer")
        person.answers("Essayer aussi la connexion", "non")
        person.answers("Créer ce fichier", "non")
        person.waits_for("La confirmation n’a pas été donnée")
        person.leaves(0)


def test_the_guide_is_read_out_and_the_demonstration_is_one_choice_away(place: Place) -> None:
    with spoken(place) as person:
        person.answers(MENU, "Aide")
        person.answers(AID, "Guide")
        person.answers("Quelle page du guide", "1")
        person.answers(AID, "S’exercer")
        person.waits_for("Démonstration : tout est fictif")
        person.answers(MENU, "Quitter")
        person.answers("Quitter la démonstration", "oui")
        person.waits_for("La démonstration est finie")
        person.answers(AID, "Revenir")
        person.leaves(0)


def test_during_a_transfer_enter_says_where_it_stands_and_leaving_interrupts_nothing(
    tmp_path: Path, ssh_server: SshServer, base: Path
) -> None:
    base.write_bytes(os.urandom(6_000_000))
    place = place_for(tmp_path / "home", ssh_server.password)
    for statement in STATEMENTS:
        Ticks(place.home).set_ticked(statement.key, True)
    with relay(ssh_server.port) as line:
        line.rate = 300_000
        place.configure(ssh_server, {"Base active": base}, port=line.port)
        with spoken(place) as person:
            person.answers(MENU, "Transférer")
            person.answers("Transférer 1.base", "oui")
            person.waits_for("Base active : envoi")
            wait_until(lambda: _acknowledged(place) > 32, what="something to be sent")
            person.program.sendline("")
            person.waits_for(r"En tout : \d+.%.*Base active : envoyé")
            person.program.sendintr()
            person.answers("de ce transfert", "Rester")
            person.program.sendline("")
            person.waits_for("En tout")  # it is followed again
            person.program.sendintr()
            person.answers("de ce transfert", "Quitter sans")
            person.waits_for("Le transfert continue sans vous")
            person.sees_it_end(12)
        assert place.job().running
        with spoken(place) as person:
            person.waits_for("Un transfert est en cours")
            person.answers(re.escape("Suivre le transfert en cours]"), "")
            line.rate = None
            person.waits_for("choisissez « Rapport »")
            person.leaves(0)
    assert control.Follower(place.job()).succeeded


def _acknowledged(place: Place) -> int:
    return control.Follower(place.job()).state.databases[0].acknowledged


def test_ctrl_d_in_a_question_leads_back_to_the_menu(place: Place) -> None:
    with spoken(place) as person:
        person.answers(MENU, "Réglages")
        person.waits_for("des réglages")
        person.waits_for(ASKED)
        person.program.sendeof()
        person.waits_for("Aucune réponse : retour au menu")
        person.leaves(0)
