"""The ways through the procedure, each from the first screen to where it ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from tests.cli.place import archives, extract, place_for
from tests.servers.processes import free_port, wait_until
from tests.servers.squid import PASSWORD as PROXY_PASSWORD
from tests.servers.squid import USERNAME as PROXY_USERNAME
from tui_transfer.job import control, report_mark
from tui_transfer.preflight.statements import STATEMENTS
from tui_transfer.settings.config import TransferSettings

if TYPE_CHECKING:
    from pathlib import Path

    from tests.scenarios.player import Player
    from tests.scenarios.world import World
    from tests.servers.openssh import SshServer

MOST_KEYS: Final = 45
"""That a first-time user presses from an empty home to « C’est fini », characters of fields apart."""

Way = Callable[["World"], None]


@dataclass(frozen=True)
class Scenario:
    """A way through, by its name."""

    name: str
    told: str
    quick: bool
    """Whether the tests play it."""
    play: Way


SCENARIOS: Final[dict[str, Scenario]] = {}


def scenario(told: str, *, quick: bool = True) -> Callable[[Way], Way]:
    """Enters a function among the scenarios, under its name with dashes."""

    def enter(play: Way) -> Way:
        name = play.__name__.replace("_", "-")
        SCENARIOS[name] = Scenario(name, told, quick, play)
        return play

    return enter


# ── What many have in common ──────────────────────────────────


def _to_the_bases(person: Player) -> None:
    """Steps 1 to 3."""
    person.see("centre", "Maintenir", "Quitter")
    person.choose("Maintenir")
    person.see("maintenir", "Le transfert peut commencer")
    person.choose("Transfert database vers Urssaf")
    person.see("bases", "[✓]")


def _begin(person: Player) -> None:
    """The end of step 4, and step 5."""
    person.choose("Transférer")
    person.see("confirmation", "Confirmer le transfert ?", "Oui", "Non")
    person.answer("Oui", "Confirmer le transfert ?")


def _accept_key(person: Player, server: SshServer) -> None:
    person.terminal.wait_for_form(server.fingerprint)
    person.see("cle-inconnue", server.fingerprint)
    person.type(server.fingerprint)
    person.press("Enter")


def _give_password(person: Player, password: str) -> None:
    person.terminal.wait_for_form("Mot de passe", "Continuer")
    person.see("mot-de-passe", "Mot de passe")
    person.type(password)
    assert password not in person.terminal.screen()
    person.press("Enter")


def _to_the_message(person: Player) -> None:
    """Steps 5c and 6."""
    person.see("verifie", "OK", limit=180)
    person.answer("OK", "OK")
    person.see("message", "Message à envoyer", "Copier le contenu")


def _wait_for_sent(world: World, least: int) -> None:
    """Until the server has more than `least` bytes of the first base."""
    wait_until(
        lambda: control.Follower(world.place.job()).state.databases[0].acknowledged > least,
        what="some to be sent",
    )


def _leave(person: Player) -> None:
    person.choose("Quitter")
    assert person.terminal.exit_status() == 0


def _arrived(server: SshServer, folder: Path, count: int = 1) -> None:
    """What arrived opens."""
    found = archives(server.root)
    assert len(found) == count
    for archive in found:
        extract(archive, folder / "out" / archive.stem)


# ── The ways ──────────────────────────────────────────────────


@scenario("everything goes well: known key, password, message saved")
def direct(world: World) -> None:
    server = world.server()
    world.place.configure(server, {"Base active": world.base()})
    world.tick_all()
    with world.centre() as person:
        _to_the_bases(person)
        _begin(person)
        _give_password(person, server.password)
        _to_the_message(person)
        person.choose("Enregistrer le message")
        person.see("enregistre", ".eml")
        person.choose("Quitter")
        person.answer("Quitter quand même", "Le rapport n’est pas encore envoyé")
        assert person.terminal.exit_status() == 0
    _arrived(server, world.folder)


@scenario("5bis: no direct connection; a wrong proxy password, then the right one", quick=False)
def proxy(world: World) -> None:
    server = world.server()
    outside = free_port()
    world.place.configure(server, {"Base active": world.base()}, port=outside)
    world.tick_all()
    proxy = world.proxy(allowed_ports=[outside], behind=(outside, server.port))
    with world.centre() as person:
        _to_the_bases(person)
        _begin(person)
        person.see("injoignable", "Rien ne répond au port")
        person.answer("Passer par un proxy", "Rien ne répond au port")
        person.terminal.wait_for_form("Exécuter", "Annuler")
        person.see("proxy", "Exécuter")
        for value in (proxy.host, str(proxy.port), PROXY_USERNAME):
            person.fill(value)
        person.type("incorrect")
        person.press("Enter")
        person.terminal.wait_for_form("Le proxy a refusé", PROXY_USERNAME)
        person.see("proxy-refuse", "Le proxy a refusé")
        person.type(PROXY_PASSWORD)
        person.press("Enter")
        _give_password(person, server.password)
        _to_the_message(person)
    _arrived(server, world.folder)


@scenario("first contact: a wrong fingerprint is pasted, then the right one")
def unknown_key(world: World) -> None:
    server = world.server()
    world.place.configure(server, {"Base active": world.base()}, key=None)
    world.tick_all()
    with world.centre() as person:
        _to_the_bases(person)
        _begin(person)
        person.terminal.wait_for_form(server.fingerprint)
        person.type("SHA256:" + "A" * 43)
        person.press("Enter")
        person.see("cle-differente", "Ce n’est pas l’empreinte affichée")
        assert control.running_job(world.place.home) is None
        person.press("C-u")
        _accept_key(person, server)
        _give_password(person, server.password)
        _to_the_message(person)
    _arrived(server, world.folder)


@scenario("a wrong password is refused, and asked for again")
def wrong_password(world: World) -> None:
    server = world.server()
    world.place.configure(server, {"Base active": world.base()})
    world.tick_all()
    with world.centre() as person:
        _to_the_bases(person)
        _begin(person)
        _give_password(person, "incorrect")
        person.terminal.wait_for_form("Sharebox a refusé")
        person.see("refuse", "Sharebox a refusé")
        _give_password(person, server.password)
        _to_the_message(person)
    assert server.refused_passwords() == 1
    _arrived(server, world.folder)


@scenario("the line is cut twice, and the transfer goes on by itself", quick=False)
def cut(world: World) -> None:
    server = world.server()
    line = world.line(server)
    world.place.configure(server, {"Base active": world.noise(3_000_000)}, port=line.port)
    world.tick_all()
    with world.centre() as person:
        _to_the_bases(person)
        _begin(person)
        person.terminal.wait_for("Mot de passe")
        line.cuts = [1_000_000, 0]
        _give_password(person, server.password)
        person.see("coupure", "Attente du réseau")
        _to_the_message(person)
    assert line.connections >= 3
    _arrived(server, world.folder)


@scenario("interrupted by a person, the program closed, and resumed where it was", quick=False)
def resume(world: World) -> None:
    server = world.server()
    line = world.line(server)
    line.rate = 200_000
    world.place.configure(server, {"Base active": world.noise(6_000_000)}, port=line.port)
    world.tick_all()
    with world.centre() as person:
        _to_the_bases(person)
        _begin(person)
        _give_password(person, server.password)
        _wait_for_sent(world, 500_000)
        person.see("envoi", "Base active")
        person.choose("Quitter")
        person.see("quitter", "Interrompre")
        person.answer("Interrompre (reprise possible)", "Interrompre (reprise possible)")
        person.answer("Oui", "Interrompre le transfert ?")
        wait_until(lambda: control.running_job(world.place.home) is None, what="the end of the worker")
        person.see("interrompu", "repris")
        _leave(person)
    line.rate = None
    with world.centre() as person:
        person.see("a-reprendre", "Reprendre")
        person.choose("Reprendre le transfert")
        _give_password(person, server.password)
        _to_the_message(person)
    assert control.Follower(world.place.job()).state.databases[0].resumed_from > 500_000
    _arrived(server, world.folder)


@scenario("the base changes while it is read: it is not sent", quick=False)
def changed_base(world: World) -> None:
    server = world.server()
    base = world.noise(30_000_000)  # time to change it before its end is read
    world.place.configure(server, {"Base active": base})
    world.place.change(transfer=TransferSettings(compression=9))
    world.tick_all()
    with world.centre() as person:
        _to_the_bases(person)
        _begin(person)
        _give_password(person, server.password)
        # Not before: the worker that the password begins anew would read all of the changed base.
        _wait_for_sent(world, 500_000)
        with base.open("ab") as file:
            file.write(b"de plus")
        person.see("base-changee", "La base a changé", limit=300)
    assert archives(server.root) == []


@scenario("SQLite finds the base damaged: it is not sent until a person says so")
def damaged_base(world: World) -> None:
    server = world.server()
    base = world.base(rows=400_000)
    with base.open("r+b") as file:
        file.seek(40 * 4096)
        file.write(bytes(20 * 4096))
    world.place.configure(server, {"Base active": base})
    world.tick_all()
    with world.centre() as person:
        _to_the_bases(person)
        _begin(person)
        _give_password(person, server.password)
        person.see("base-endommagee", "endommagée", limit=180)
        assert archives(server.root) == []


@scenario("the archives are encrypted: a passphrase is shown once, and opens them")
def encrypted(world: World) -> None:
    server = world.server()
    world.place.configure(server, {"Base active": world.base()})
    world.place.change(transfer=TransferSettings(encrypt=True))
    world.tick_all()
    with world.centre() as person:
        _to_the_bases(person)
        _begin(person)
        person.see("phrase-secrete", "Avez-vous noté la phrase secrète ?")
        person.answer("Oui", "Avez-vous noté la phrase secrète ?")
        _give_password(person, server.password)
        _to_the_message(person)
    assert len(archives(server.root)) == 1


@scenario("the account on the Sharebox is full")
def full_account(world: World) -> None:
    server = world.server()
    world.small_account(server, "1m")
    world.place.configure(server, {"Base active": world.noise(4_000_000)})
    world.tick_all()
    with world.centre() as person:
        _to_the_bases(person)
        _begin(person)
        _give_password(person, server.password)
        person.see("plein", "plus de place sur Sharebox", limit=120)
    assert archives(server.root) == []


@scenario("3bis: the GO is not given yet")
def before_the_go(world: World) -> None:
    server = world.server()
    world.place.configure(server, {"Base active": world.base()})
    later = date.today() + timedelta(days=2)
    world.place.change(transfer=TransferSettings(opens_on=later))
    with world.centre() as person:
        person.choose("Maintenir")
        person.see("grise", "Le GO n’est pas encore donné")
        _leave(person)


@scenario("a first-time user: from an empty home, with the Urssaf's file, to « C’est fini »")
def first_start(world: World) -> None:
    server = world.server()
    base = world.base()
    received = place_for(world.folder / "recu", "")
    received.configure(server, {"Base active": base}, key=None)
    with world.centre() as person:
        person.see("premier-demarrage", "Configuration reçue", "S’exercer", "Guide")
        person.choose("Configuration reçue")
        person.terminal.wait_for_form("Fichier reçu")
        person.type(str(received.home.config_file))
        person.press("Enter")
        person.see("configuration-recue", "Prendre ces réglages ?", server.host)
        person.answer("Oui", "Prendre ces réglages ?")
        person.see("centre-regle", "Prérequis", "Maintenir")
        person.choose("Prérequis")
        person.see("prerequis", "0 sur 10 points cochés", "Concernant vos données")
        person.press("Home")
        for ticked in range(1, len(STATEMENTS) + 1):
            person.do("Space")
            person.terminal.wait_for(f"{ticked} sur 10 points cochés")
            person.press("Down")
        person.see("prerequis-coches", "10 sur 10")
        person.choose("Maintenir")
        person.see("maintenir", "Le transfert peut commencer")
        person.choose("Transfert database vers Urssaf")
        person.see("bases", "[✓]")
        _begin(person)
        _accept_key(person, server)
        _give_password(person, server.password)
        _to_the_message(person)
        person.choose("Enregistrer le message")
        person.see("enregistre", ".eml")
        person.choose("[ ] Rapport envoyé")
        person.see("c-est-fini", "C’est fini", "Rapport envoyé, coché", "Antivirus")
        _leave(person)
    _arrived(server, world.folder)
    assert report_mark.sent(world.place.job()) is not None
    assert person.keys <= MOST_KEYS, f"{person.keys} keys"
