"""The whole procedure in plain lines, at a real terminal; and how the screens are told to do with less."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pexpect
import psutil
import pytest

from tests.cli.place import COMMAND, LIMIT, Place, archives, place_for
from tests.cli.terminal import ASKED, at_terminal
from tests.servers.openssh import PASSPHRASE, SshServer
from tests.servers.processes import free_port, wait_until
from tests.servers.relay import relay
from tests.servers.squid import PASSWORD as PROXY_PASSWORD
from tests.servers.squid import USERNAME as PROXY_USERNAME
from tests.servers.squid import squid
from tui_transfer.cli.headless import parse_proxy
from tui_transfer.cli.plain.transfers import proxy_url
from tui_transfer.job import control
from tui_transfer.preflight.statements import STATEMENTS, Ticks
from tui_transfer.settings import config
from tui_transfer.settings.config import ProxySettings

REVIEW = "Passer les prérequis en revue"
CONFIRM = "Transférer 1.base vers"
PASSWORD = "Mot de passe Sharebox"
MENU = r"Que voulez-vous faire \?"
MESSAGE = "choisissez « Rapport »"


@pytest.fixture
def place(tmp_path: Path, ssh_server: SshServer) -> Place:
    database = tmp_path / "base.db"
    database.write_bytes(os.urandom(300_000))
    made = place_for(tmp_path / "home", "")
    made.configure(ssh_server, {"Base active": database})
    return made


def test_from_the_first_question_to_the_message(place: Place, ssh_server: SshServer, tmp_path: Path) -> None:
    """A first contact, whose key is compared; a password that is asked again after a wrong one."""
    place.configure(ssh_server, {"Base active": tmp_path / "base.db"}, key=None)
    signs = ssh_server.fingerprint.removeprefix("SHA256:")
    spoken = " ".join(["SHA256", *(signs[place : place + 4] for place in range(0, len(signs), 4))])
    with at_terminal(place, "--plain") as person:
        person.answers(MENU, "Transférer")
        person.answers(REVIEW, "non")
        person.answers(CONFIRM, "oui")
        person.answers(PASSWORD, "faux-mot")
        person.waits_for(f"présentée, par groupes de quatre signes : {re.escape(spoken)}")
        person.answers("derniers signes", ssh_server.fingerprint[-6:])
        person.answers("Reprendre avec un autre mot de passe", "oui")
        person.answers("Afficher ce mot de passe", "non")
        person.answers(PASSWORD, ssh_server.password)
        person.waits_for("remise")
        person.waits_for(MESSAGE)
        person.answers(MENU, "Rapport")
        person.chooses("Lire", "Revenir")
        text = person.leaves(0)
    assert "Objet\N{NO-BREAK SPACE}: Service Impact Emploi Association" in text
    assert ssh_server.password not in text
    assert len(archives(ssh_server.root)) == 1
    assert config.load(place.home.config_file).sharebox.host_key == ssh_server.fingerprint
    tried = [line for line in ssh_server.authentication_requests() if "method password" in line]
    assert len(tried) == 2


def test_a_key_that_is_not_the_right_one_ends_it(place: Place, ssh_server: SshServer, tmp_path: Path) -> None:
    place.configure(ssh_server, {"Base active": tmp_path / "base.db"}, key=None)
    with at_terminal(place, "--plain") as person:
        person.answers(MENU, "Transférer")
        person.answers(REVIEW, "non")
        person.answers(CONFIRM, "oui")
        person.answers(PASSWORD, ssh_server.password)
        person.answers("derniers signes", "non")
        person.leaves(8)
    assert ssh_server.authentication_requests() == []


def test_step_5bis(place: Place, ssh_server: SshServer, tmp_path: Path) -> None:
    outside = free_port()
    place.configure(ssh_server, {"Base active": tmp_path / "base.db"}, port=outside)
    with (
        squid(allowed_ports=[outside], asks=["basic"], behind=(outside, ssh_server.port)) as proxy,
        at_terminal(place, "--plain") as person,
    ):
        address = f"{PROXY_USERNAME}@{proxy.host}:{proxy.port}"
        person.answers(MENU, "Transférer")
        person.answers(REVIEW, "non")
        person.answers(CONFIRM, "oui")
        person.answers(PASSWORD, ssh_server.password)
        person.answers("Passer par un proxy", "oui")
        person.answers("PORT", f"http://{PROXY_USERNAME}:canari@{proxy.host}:{proxy.port}")
        person.answers("PORT", address)
        person.answers("le mot de passe passe en clair jusqu’au proxy.*Mot de passe du proxy", "faux-mot")
        person.answers("de ce proxy", "Essayer")
        person.waits_for("Le proxy a refusé l’identifiant ou le mot de passe")
        person.answers("de ce proxy", "Passer")
        person.answers("Passer par un proxy", "oui")
        person.answers(re.escape(f"[http://{address}]"), "")
        person.answers("Mot de passe du proxy", PROXY_PASSWORD)
        person.answers("de ce proxy", "Essayer")
        person.waits_for("C’est bien le serveur attendu")
        person.answers("de ce proxy", "")
        person.waits_for(MESSAGE)
        person.leaves(0)
    assert len(archives(ssh_server.root)) == 1


def test_a_passphrase_is_asked_for(place: Place, ssh_server: SshServer, tmp_path: Path) -> None:
    key = str(ssh_server.protected_key_file)
    place.configure(ssh_server, {"Base active": tmp_path / "base.db"}, key_file=key)
    with at_terminal(place, "--plain") as person:
        person.answers(MENU, "Transférer")
        person.answers(REVIEW, "non")
        person.answers(CONFIRM, "oui")
        for phrase in ("fausse phrase", PASSPHRASE):
            person.answers("Reprendre avec une autre phrase", "oui")
            person.answers("Afficher ce mot de passe", "non")
            person.answers("Phrase secrète de la clé", phrase)
        person.waits_for(MESSAGE)
        person.leaves(0)


def test_the_last_one_is_offered_if_it_was_interrupted(place: Place, ssh_server: SshServer) -> None:
    assert place.run("run", "--yes").code == 7, "no password"
    blocked = place.job().id
    with at_terminal(place, "--plain") as person:
        person.waits_for("À reprendre : le transfert du")
        person.answers(re.escape("[2, Reprendre le transfert]"), "")
        person.answers(PASSWORD, ssh_server.password)
        person.waits_for(MESSAGE)
        person.leaves(0)
    assert [job.id for job in control.list_jobs(place.home)] == [blocked]
    with at_terminal(place, "--plain") as person:
        person.answers(MENU, "Transférer")
        person.answers(REVIEW, "non")
        person.answers(CONFIRM, "non")
        person.leaves(2)
    assert len(control.list_jobs(place.home)) == 1


def test_prerequisites_are_gone_through_one_by_one(place: Place) -> None:
    for statement in STATEMENTS[2:]:
        Ticks(place.home).set_ticked(statement.key, True)
    with at_terminal(place, "--plain") as person:
        person.answers(MENU, "Transférer")
        person.answers(f"2.prérequis ne sont pas cochés. {REVIEW}", "oui")
        person.answers(f"Est-ce fait : {re.escape(STATEMENTS[0].text)}", "oui")
        person.answers(f"Est-ce fait : {re.escape(STATEMENTS[1].text)}", "non")
        person.answers(CONFIRM, "non")
        person.leaves(2)
    assert set(Ticks(place.home).keys) == {item.key for item in STATEMENTS} - {STATEMENTS[1].key}


def test_what_cannot_be_promised_of_the_home_is_said_at_the_start(place: Place) -> None:
    place.home.jobs.mkdir(mode=0o755)
    with at_terminal(place, "--plain") as person:
        person.waits_for("D’autres comptes peuvent lire le dossier de travail : voyez les contrôles")
        person.leaves(0)


def test_a_pipe_takes_plain_lines(place: Place) -> None:
    """What is asked goes to the terminal past the pipe, and may be there before what was said earlier."""
    line = f"{shlex.join(COMMAND)} | cat; exit $PIPESTATUS"
    with at_terminal(place, command=["bash", "-c", line]) as person:
        for question, answer in ((MENU, "Transférer"), (REVIEW, "non"), (CONFIRM, "non"), (MENU, "Quitter")):
            person.waits_for(question)
            person.waits_for(r"\s: ")
            person.program.sendline(answer)
        person.sees_it_end(2)


def test_a_running_transfer_is_joined_even_where_nobody_can_answer(
    place: Place, ssh_server: SshServer, tmp_path: Path
) -> None:
    (tmp_path / "base.db").write_bytes(os.urandom(6_000_000))
    place.secrets["TUI_TRANSFER_SFTP_PASSWORD"] = ssh_server.password
    with relay(ssh_server.port) as line:
        line.rate = 100_000
        place.configure(ssh_server, {"Base active": tmp_path / "base.db"}, port=line.port)
        with place.started("run", "--yes") as running:
            assert running.stdout is not None
            running.stdout.readline()
            job = place.job()
            with place.started("--plain") as joined:
                assert joined.stdout is not None
                assert f"Le transfert {job.id} est en cours" in joined.stdout.readline()
                line.rate = None
                said, complaints = joined.communicate(timeout=LIMIT)
            running.communicate(timeout=LIMIT)
    assert (running.returncode, joined.returncode) == (0, 0), complaints
    assert "remise" in said
    assert len(control.list_jobs(place.home)) == 1


def test_where_nobody_can_answer_it_says_so(place: Place) -> None:
    result = place.run("--plain")
    assert result.code == 2
    assert "Personne ne peut répondre" in result.err
    assert "--plain" not in result.err
    assert control.list_jobs(place.home) == []


def test_ctrl_c_at_a_question_leaves(place: Place) -> None:
    with at_terminal(place, "--plain") as person:
        person.waits_for(MENU)
        person.waits_for(ASKED)  # the space is written by what then reads
        # A signal that comes between the two is heard only after the next line.
        asking = psutil.Process(person.program.pid)
        wait_until(lambda: asking.status() == psutil.STATUS_SLEEPING, what="the wait for an answer")
        person.program.sendintr()
        person.waits_for("Abandonné")
        person.program.expect(pexpect.EOF)
        person.program.wait()
        assert person.program.exitstatus == 12
    assert control.list_jobs(place.home) == []


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"TERM": "dumb"}, "Lignes simples, parce que TERM=dumb. Pour les écrans : un autre terminal"),
        ({"ACCESSIBLE": "1"}, "parce que ACCESSIBLE=1. Pour les écrans : tui-transfer --screens"),
    ],
)
def test_who_cannot_see_screens_is_led_here(place: Place, variables: dict[str, str], words: str) -> None:
    with at_terminal(place, **variables) as person:
        person.waits_for(words)
        person.leaves(0)


def test_the_screens_can_be_had_all_the_same(place: Place) -> None:
    assert "\x1b[?1049h" in _screen(place, "--screens", ACCESSIBLE="1")


@pytest.mark.parametrize("where", ["before a command", "demo"])
def test_options_of_the_screen_stand_where_there_is_one(place: Place, where: str) -> None:
    result = place.run("--no-color", "jobs") if where != "demo" else place.run("demo", "--no-mouse", "--help")
    assert result.code == (0 if where == "demo" else 2)


def _screen(place: Place, *arguments: str, **variables: str) -> str:
    """What the first screen writes to a terminal of many colours, until it is left."""
    program = pexpect.spawn(
        COMMAND[0],
        [*COMMAND[1:], *arguments],
        env=place.environment(TERM="xterm-256color", COLORTERM="truecolor", **variables),
        timeout=60,
        encoding="utf-8",
        dimensions=(24, 80),
    )
    program.expect("Quitter|quitter|Aide")
    seen: str = program.before + program.after
    for _ in range(60):
        program.send("q")  # one that comes before all is drawn does nothing
        ended = program.expect([pexpect.EOF, pexpect.TIMEOUT], timeout=1) == 0
        if ended:
            break
    seen += program.before
    program.wait()
    assert program.exitstatus == 0
    return seen


def test_the_mouse_is_left_to_the_terminal_when_asked(place: Place) -> None:
    asked = re.compile(r"\x1b\[\?100[0236]h")
    assert asked.search(_screen(place))
    assert not asked.search(_screen(place, "--no-mouse"))


def test_no_colour_when_asked(place: Place) -> None:
    def colours(seen: str) -> set[tuple[str, ...]]:
        found = re.findall(r"[34]8;2;(\d+);(\d+);(\d+)", seen)
        return {colour for colour in found if len(set(colour)) > 1}

    assert colours(_screen(place))
    assert not colours(_screen(place, "--no-color"))


def test_the_demonstration_in_plain_lines(tmp_path: Path) -> None:
    with at_terminal(place_for(tmp_path, ""), "demo", "--plain", "--behind-proxy") as person:
        person.waits_for(r"Mot de passe Sharebox : (\S+)\r")
        password = person.program.match[1]
        person.waits_for(r"Empreinte attendue : (\S+)\r")
        fingerprint = person.program.match[1]
        person.waits_for(r"Proxy : (\S+), mot de passe (\S+)\r")
        address, proxy_password = person.program.match[1], person.program.match[2]
        person.answers(MENU, "Transférer")
        person.answers(REVIEW, "non")
        person.answers("Transférer .*base", "oui")
        person.answers(PASSWORD, password)
        person.answers("Passer par un proxy", "oui")
        person.answers("PORT", address)
        person.answers("Mot de passe du proxy", proxy_password)
        person.answers("de ce proxy", "")
        person.answers("derniers signes", fingerprint)
        person.waits_for(MESSAGE)
        person.answers(MENU, "Quitter")
        person.answers("Quitter la démonstration", "oui")
        person.sees_it_end(0)


@pytest.mark.parametrize(
    ("host", "username"),
    [
        ("proxy.example.org", None),
        ("2001:db8::1", "camille"),
        ("proxy.example.org", "DOMAINE\\camille"),
        ("proxy.example.org", "camille@example.org"),
        ("proxy.example.org", "paie/été:50 % ?#[1]"),
    ],
)
def test_the_proxy_that_is_proposed_can_be_taken_as_it_is(host: str, username: str | None) -> None:
    proposed = ProxySettings(kind="socks5", host=host, port=1080, username=username)
    assert parse_proxy(proxy_url(proposed)) == proposed
