"""The procedure, steps 0 to 6 with 3bis and 5bis, by keyboard alone at 80×24, against real servers."""

from __future__ import annotations

import os
import re
import shlex
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import date, timedelta
from pathlib import Path

import psutil
import pytest

from tests.cli.place import COMMAND, Place, archives, extract, place_for
from tests.procedure.terminal import Terminal, terminal
from tests.programs import require, require_root
from tests.servers.account import Account
from tests.servers.openssh import SshServer, openssh
from tests.servers.processes import free_port, wait_until
from tests.servers.relay import Relay, relay
from tests.servers.squid import PASSWORD as PROXY_PASSWORD
from tests.servers.squid import USERNAME as PROXY_USERNAME
from tests.servers.squid import squid
from tui_transfer.cli.lines import JsonOutput, follow
from tui_transfer.job import control
from tui_transfer.job.events import ArchiveSealed
from tui_transfer.job.journal import JournalReader
from tui_transfer.preflight.statements import STATEMENTS, Ticks
from tui_transfer.settings import config
from tui_transfer.settings.config import ProxySettings, TransferSettings


@pytest.fixture
def base(tmp_path: Path) -> Path:
    path = tmp_path / "bases" / "active.db"
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE paie (nom TEXT, net REAL)")
        connection.executemany("INSERT INTO paie VALUES (?, ?)", ((f"n{i}", i) for i in range(50_000)))
        connection.commit()
    return path


@pytest.fixture
def place(tmp_path: Path, ssh_server: SshServer, base: Path) -> Place:
    made = place_for(tmp_path / "home", ssh_server.password)
    made.secrets.clear()  # a person types them
    made.configure(ssh_server, {"Base active": base}, key=None)
    return made


@contextmanager
def _centre(place: Place) -> Iterator[Terminal]:
    with terminal(COMMAND, place.environment()) as opened:
        opened.wait_for("Centre de maintenance", "Maintenir")
        yield opened


def _to_the_list(centre: Terminal, maintain: str = "m") -> None:
    """Steps 2 and 3; `maintain` is the key that opens « Maintenir »."""
    centre.press(maintain)
    centre.wait_for("Transfert database vers Urssaf", "Le transfert peut commencer")
    centre.press("t")
    centre.wait_for("[✓] Base active")


def _begin(centre: Terminal) -> None:
    """The end of step 4, and step 5."""
    centre.press("t")
    centre.answer("o", "Oui", "Non")


def _accept_key(centre: Terminal, server: SshServer) -> None:
    centre.wait_for_form("sa clé est inconnue", server.fingerprint)
    centre.type(server.fingerprint[-6:])
    centre.press("Enter")


def _give_password(centre: Terminal, server: SshServer) -> None:
    centre.wait_for_form("Le mot de passe Sharebox est nécessaire")
    centre.type(server.password)
    assert server.password not in centre.screen()
    centre.press("Enter")


def _to_the_report(centre: Terminal) -> None:
    """Steps 5c and 6."""
    centre.answer("Enter", "OK", "relecture", limit=120)
    centre.wait_for("Message à envoyer", "Copier les destinataires", "Copier le contenu")


def test_the_procedure_from_the_first_screen_to_the_report(
    place: Place, ssh_server: SshServer, base: Path, tmp_path: Path
) -> None:
    other = tmp_path / "bases" / "Archives d'été"
    other.mkdir()
    (other / "Salariés 2020.txt").write_text("Élodie;1200,00\n" * 1000)
    with _centre(place) as centre:
        # 0: the prerequisites are ticked.
        centre.press("p")
        centre.wait_for("Concernant vos données")
        for _ in STATEMENTS:
            centre.press("Space", "Down")
        centre.wait_until(lambda _: Ticks(place.home).complete, "every statement to be ticked")
        centre.press("Escape")
        centre.wait_for("Ensuite : Maintenir")  # the arrow is on it
        _to_the_list(centre, "Enter")
        # 4: a base is added by typing its path.
        centre.press("a")
        centre.wait_for_form("Ajouter une base")
        centre.type(str(other))
        centre.press("Enter")
        centre.wait_for("Nom dans la liste Archives d'été")
        centre.press("Enter")
        centre.wait_for("[✓] Archives d'été")
        _begin(centre)
        _accept_key(centre, ssh_server)
        _give_password(centre, ssh_server)
        _to_the_report(centre)
        # 6: the message is saved as a file whose place is shown.
        centre.press("s")
        centre.wait_for(".eml")
        centre.press("q")
        centre.answer("q", "Le rapport n’est pas encore envoyé", "Quitter quand même")
        assert centre.exit_status() == 0
    assert len(archives(ssh_server.root)) == 2
    for archive in archives(ssh_server.root):
        extract(archive, tmp_path / "out" / archive.stem)
    assert config.load(place.home.config_file).sharebox.host_key == ssh_server.fingerprint
    assert len(place.job().spec.prerequisites) == len(STATEMENTS)
    saved = list(place.home.reports.glob("*.eml"))
    assert len(saved) == 1
    assert b"Service_Impact" in saved[0].read_bytes() or b"Service Impact" in saved[0].read_bytes()


def test_step_5bis_through_a_proxy(place: Place, ssh_server: SshServer, base: Path, tmp_path: Path) -> None:
    """The direct port is closed; the proxy is first given with a wrong password, then with the right one."""
    outside = free_port()
    behind = (outside, ssh_server.port)
    place.configure(ssh_server, {"Base active": base}, key=None, port=outside)
    with (
        squid(allowed_ports=[outside], asks=["basic"], behind=behind) as proxy,
        _centre(place) as centre,
    ):
        _to_the_list(centre)
        _begin(centre)
        # A port that refuses may be mistyped: that is asked first, and the proxy is one key away.
        centre.answer("1", "Rien ne répond au port", "Passer par un proxy", limit=120)
        centre.wait_for_form("La connexion à Sharebox en mode direct n’a pu s’établir", "Exécuter", "Annuler")
        for value in (proxy.host, str(proxy.port), PROXY_USERNAME):
            centre.fill(value)
        centre.type("incorrect")
        centre.press("Enter")
        centre.wait_for_form(
            "Le proxy a refusé l’identifiant ou le mot de passe", proxy.host, str(proxy.port), PROXY_USERNAME
        )
        assert "incorrect" not in centre.screen()
        wait_until(lambda: bool(proxy.attempts()), what="the log tells of it")
        assert len(proxy.attempts()) == 1
        centre.type(PROXY_PASSWORD)
        centre.press("Enter")
        _accept_key(centre, ssh_server)
        _give_password(centre, ssh_server)
        _to_the_report(centre)
    (archive,) = archives(ssh_server.root)
    extract(archive, tmp_path / "out")
    kept = config.load(place.home.config_file).proxy
    assert kept == ProxySettings(host=proxy.host, port=proxy.port, username=PROXY_USERNAME)
    events = list(JournalReader(place.job().journal).read())
    assert sum(isinstance(event, ArchiveSealed) for event in events) == 1
    _assert_nowhere_in(place.folder, PROXY_PASSWORD, ssh_server.password)


def _assert_nowhere_in(folder: Path, *secrets: str) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not [secret for secret in secrets if secret.encode() in content], path


def test_the_button_is_greyed_before_the_go_and_reread_after(place: Place) -> None:
    """Step 3bis, with « Mettre à jour » and with « Quitter »."""
    later = date.today() + timedelta(days=2)
    place.change(transfer=TransferSettings(opens_on=later))
    with _centre(place) as centre:
        centre.press("m")
        centre.wait_for("Le GO n’est pas encore donné")
        centre.press("t")
        centre.wait_for("Le GO n’est pas encore donné")
        place.change(transfer=TransferSettings(opens_on=date.today()))
        centre.press("j")
        centre.wait_for("Le transfert peut commencer")
        centre.press("q")
        assert centre.exit_status() == 0


# --- The terminal goes away, and comes back ---


@pytest.fixture
def slow_line(place: Place, ssh_server: SshServer, tmp_path: Path) -> Iterator[Relay]:
    """A line on which the place's base takes a good while: time to look, leave and come back.

    A test that has seen enough opens it.
    """
    base = tmp_path / "bases" / "grosse.bin"
    base.write_bytes(os.urandom(8_000_000))
    with relay(ssh_server.port) as line:
        line.rate = 200_000
        place.configure(ssh_server, {"Base active": base}, port=line.port)
        yield line


def _start_transfer(centre: Terminal, server: SshServer) -> None:
    _to_the_list(centre)
    _begin(centre)
    _give_password(centre, server)
    _see_it_sent(centre)


def _see_it_sent(window: Terminal, amount: str = r"[1-9][\d,]* [KM]o") -> None:
    """Waits until some of the base is said to have arrived."""
    window.wait_for("Base active")
    window.wait_until(lambda text: re.search(f"{amount} envoyés", text) is not None, "some to be sent")


def test_a_closed_terminal_does_not_stop_the_transfer_and_reopening_shows_it(
    place: Place, ssh_server: SshServer, slow_line: Relay
) -> None:
    with _centre(place) as centre:
        _start_transfer(centre, ssh_server)
        centre.close_window()
    assert control.running_job(place.home) is not None
    with _centre(place) as centre:
        centre.wait_for("Suivre le transfert")
        centre.press("t")
        _see_it_sent(centre)
        slow_line.rate = None
        centre.wait_for("OK", "relecture", limit=120)
    assert control.Follower(place.job()).succeeded


@contextmanager
def _centre_over_ssh(place: Place, folder: Path) -> Iterator[tuple[Terminal, Relay]]:
    """The Centre in a session of root's on a real sshd, and the line that leads there."""
    require_root()
    folder.mkdir()
    root = Account("root", "", folder, 0, 0)
    with openssh(root, allow_exec=True, authentication="publickey") as server, relay(server.port) as line:
        remote = ["env", "LANG=C.UTF-8", f"{config.HOME_VARIABLE}={place.folder}", *COMMAND]
        trusting = ["-o", "StrictHostKeyChecking=no", "-o", f"UserKnownHostsFile={folder / 'known'}"]
        command = [
            *(require("ssh"), "-tt", "-F", "none", *trusting),
            *("-i", str(server.key_file), "-p", str(line.port), f"root@{server.host}", shlex.join(remote)),
        ]
        with terminal(command, place.environment()) as opened:
            opened.wait_for("Centre de maintenance", "Maintenir")
            yield opened, line


def _views(place: Place) -> list[psutil.Process]:
    """The programs that have a screen of `place` open."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):  # it has ended
            if process.cmdline() == COMMAND and process.environ()[config.HOME_VARIABLE] == str(place.folder):
                found.append(process)
    return found


def test_an_ssh_session_that_hangs_and_is_cut_leaves_the_transfer_to_another_window(
    place: Place, ssh_server: SshServer, slow_line: Relay, tmp_path: Path
) -> None:
    with _centre_over_ssh(place, tmp_path / "root") as (there, session):
        _start_transfer(there, ssh_server)
        (hung,) = _views(place)
        worker = control.Follower(place.job()).state.worker_pid
        with _centre(place) as here:
            here.wait_for("Suivre le transfert")
            here.press("t")
            for window in there, here:
                _see_it_sent(window)
            session.silence()
            slow_line.rate = None
            here.wait_for("OK", "relecture", limit=120)
            assert hung.is_running()
            session.cut()
            assert psutil.wait_procs([hung], timeout=60)[1] == []
    assert control.Follower(place.job()).state.worker_pid == worker
    assert len(archives(ssh_server.root)) == 1


@pytest.mark.parametrize("attempt", range(3))
def test_a_program_whose_terminal_closes_ends(place: Place, attempt: int) -> None:
    """`close_window` sees to it; several times, as it depends on what was being drawn at that instant."""
    with _centre(place) as centre:
        centre.press("l", "Enter", "p")  # something to draw
        centre.close_window()


def test_a_lost_network_is_shown_and_waited_for(place: Place, ssh_server: SshServer, tmp_path: Path) -> None:
    base = tmp_path / "bases" / "moyenne.bin"
    base.write_bytes(os.urandom(3_000_000))
    with relay(ssh_server.port) as line:
        place.configure(ssh_server, {"Base active": base}, port=line.port)
        with _centre(place) as centre:
            _to_the_list(centre)
            _begin(centre)
            centre.wait_for("Le mot de passe Sharebox est nécessaire")
            line.cuts = [1_000_000, 0]
            _give_password(centre, ssh_server)
            centre.wait_for("Attente du réseau : tentative")
            _to_the_report(centre)
        assert line.connections >= 3
    (archive,) = archives(ssh_server.root)
    assert (extract(archive, tmp_path / "out") / base.name).read_bytes() == base.read_bytes()


def test_leaving_asks_and_can_go_on_in_the_background(
    place: Place, ssh_server: SshServer, slow_line: Relay
) -> None:
    with _centre(place) as centre:
        _start_transfer(centre, ssh_server)
        centre.press("q")
        centre.answer("Escape", "Quitter, le transfert continue", "Interrompre (reprise possible)", "Rester")
        centre.press("q")
        centre.answer("q", "Quitter, le transfert continue")
        assert centre.exit_status() == 0
    assert control.running_job(place.home) is not None
    slow_line.rate = None
    follower = control.Follower(place.job())
    assert follow(follower, JsonOutput()) == 0


def test_an_interrupted_transfer_is_resumed_where_it_was(
    place: Place, ssh_server: SshServer, slow_line: Relay
) -> None:
    with _centre(place) as centre:
        _start_transfer(centre, ssh_server)
        _see_it_sent(centre, r"[1-9],\d Mo")
        centre.press("q")
        centre.answer("i", "Interrompre (reprise possible)")
        centre.answer("o", "Interrompre le transfert ?")
        centre.wait_for("Le transfert est arrêté, rien n’est perdu ; il peut être repris")
        centre.press("q")
        assert centre.exit_status() == 0
    assert control.running_job(place.home) is None
    sent = control.Follower(place.job()).state.databases[0].acknowledged
    slow_line.rate = None
    with _centre(place) as centre:
        centre.press("r")
        centre.wait_for("Reprendre")
        centre.press("r")
        _give_password(centre, ssh_server)
        centre.wait_for("OK", "relecture", limit=120)
    resumed_from = control.Follower(place.job()).state.databases[0].resumed_from
    assert resumed_from >= sent > 500_000
