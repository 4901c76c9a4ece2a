"""The diagnosis of the connection, against real servers and proxies."""

from __future__ import annotations

import os
import re
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.servers.faulty import faulty_server
from tests.servers.openssh import PASSPHRASE, SshServer, openssh
from tests.servers.processes import LOOPBACK, free_port, wait_until
from tests.servers.proftpd import proftpd
from tests.servers.squid import PASSWORD as PROXY_PASSWORD
from tests.servers.squid import USERNAME as PROXY_USERNAME
from tests.servers.squid import SquidServer, squid
from tests.sharebox.helpers import failure
from tests.sharebox.proxy.scripted_proxy import HANG_UP, scripted_proxy
from tests.sharebox.ssh.key_makers import certify, ssh_key
from tests.tui.stage import settings as sample
from tui_transfer.errors import ExitCode, Problem
from tui_transfer.job.orders import Orders
from tui_transfer.preflight.diagnosis import diagnose
from tui_transfer.preflight.findings import Finding, Outcome, Stage, as_text, exit_code
from tui_transfer.settings.config import ProxySettings, Settings, ShareboxSettings
from tui_transfer.sharebox.proxy.routes import CONNECT_SECONDS
from tui_transfer.system.cancellation import Cancellation

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.account import Account
    from tests.sharebox.helpers import Server

OK, LOOK, BLOCKING, NOT_TRIED = Outcome
REST = [Stage.FOLDER, Stage.ROOM, Stage.CAPABILITIES]


def settings(server: Server, proxy: ProxySettings | None = None, **changes: object) -> Settings:
    known: dict[str, object] = {
        "host": server.host,
        "port": server.port,
        "username": server.username,
        "directory": server.directory,
        "host_key": server.fingerprint,
    }
    sharebox = ShareboxSettings(**(known | changes))  # type: ignore[arg-type]
    return sample(sharebox=sharebox, proxy=proxy)


def through(proxy: SquidServer, username: str | None = None) -> ProxySettings:
    return ProxySettings(host=proxy.host, port=proxy.port, username=username)


def look(given: Settings, password: str | None = None, **orders: Any) -> dict[Stage, Finding]:
    """The last finding of each stage, in order; none may name the secrets."""
    found = {
        finding.stage: finding
        for finding in diagnose(given, Orders(sftp_password=password, **orders), Cancellation())
    }
    text = as_text(list(found.values()))
    for secret in (password, *orders.values()):
        assert secret is None or secret not in text
    assert "—" not in text, "a detail is missing"
    return found


def outcomes(found: dict[Stage, Finding]) -> list[Outcome]:
    return [finding.outcome for finding in found.values()]


def test_a_good_connection_is_seen_to_its_end_and_leaves_nothing(ssh_server: SshServer) -> None:
    found = look(settings(ssh_server), ssh_server.password)
    assert list(found) == [stage for stage in Stage if stage is not Stage.PROXY]
    assert set(outcomes(found)) == {OK}
    assert ssh_server.fingerprint in found[Stage.HOST_KEY].sentence
    assert re.search(r"[GT]o libres", found[Stage.ROOM].sentence)
    for said in ("Renommer : oui", "coupé : oui", "par relecture", "disque : oui"):
        assert said in found[Stage.CAPABILITIES].sentence
    timed = [finding.time for stage, finding in found.items() if stage is not Stage.NAME]
    assert all(re.fullmatch(r"[\d,]+\xa0m?s", time) for time in timed)
    assert list(ssh_server.root.iterdir()) == []
    assert exit_code(found.values()) is ExitCode.SUCCESS


def test_a_server_that_runs_commands_hashes_itself(ssh_server_with_exec: SshServer) -> None:
    found = look(settings(ssh_server_with_exec), ssh_server_with_exec.password)
    assert "l’empreinte que le serveur calcule" in found[Stage.CAPABILITIES].sentence
    assert list(ssh_server_with_exec.root.iterdir()) == []


def test_an_unknown_name_is_blocking_unless_a_proxy_may_know_it(ssh_server: SshServer) -> None:
    nowhere = settings(ssh_server, host="sharebox.invalid")
    found = look(nowhere)
    assert outcomes(found) == [BLOCKING] + [NOT_TRIED] * 6
    assert exit_code(found.values()) is ExitCode.UNREACHABLE
    proxy = ProxySettings(host="127.0.0.1", port=free_port())
    found = look(settings(ssh_server, proxy, host="sharebox.invalid"))
    assert outcomes(found)[:3] == [LOOK, NOT_TRIED, BLOCKING]
    assert exit_code(found.values()) is ExitCode.PROXY


def test_a_name_is_looked_up(ssh_server: SshServer) -> None:
    found = look(settings(ssh_server, host="localhost"))
    assert found[Stage.NAME].outcome is OK
    assert re.search(r"localhost a pour adresse (127\.0\.0\.1|::1)", found[Stage.NAME].sentence)


def test_a_closed_port_is_blocking_without_a_proxy(ssh_server: SshServer) -> None:
    found = look(settings(ssh_server, port=free_port()))
    assert outcomes(found) == [OK, BLOCKING] + [NOT_TRIED] * 5
    assert "refusée" in found[Stage.ROUTE].sentence
    assert exit_code(found.values()) is ExitCode.UNREACHABLE
    assert "À faire : Comparez-les avec ceux que l’Urssaf vous a donnés" in as_text(list(found.values()))


def test_behind_a_proxy_the_direct_route_is_only_to_look_at(ssh_server: SshServer) -> None:
    outside = free_port()
    with squid(allowed_ports=[outside], asks=["basic"], behind=(outside, ssh_server.port)) as proxy:
        given = settings(ssh_server, through(proxy, PROXY_USERNAME), port=outside)
        found = look(given, ssh_server.password, proxy_password=PROXY_PASSWORD)
    assert outcomes(found) == [OK, LOOK, OK, OK, OK, OK, OK, OK]
    assert exit_code(found.values()) is ExitCode.SUCCESS
    assert "À faire" not in as_text(list(found.values()))


def test_a_proxy_that_refuses_its_password_is_asked_once(ssh_server: SshServer) -> None:
    outside = free_port()
    with squid(allowed_ports=[outside], asks=["basic"], behind=(outside, ssh_server.port)) as proxy:
        given = settings(ssh_server, through(proxy, PROXY_USERNAME), port=outside)
        found = look(given, ssh_server.password, proxy_password="faux-mot")
        wait_until(lambda: bool(proxy.attempts()), what="the log tells of it")
        assert len(proxy.attempts()) == 1
    assert outcomes(found) == [OK, LOOK, BLOCKING] + [NOT_TRIED] * 5
    assert exit_code(found.values()) is ExitCode.PROXY


def test_a_proxy_that_is_not_needed_is_looked_at_all_the_same(
    ssh_server: SshServer, squid_as_shipped: SquidServer
) -> None:
    found = look(settings(ssh_server, through(squid_as_shipped)), ssh_server.password)
    assert outcomes(found) == [OK, OK, LOOK, OK, OK, OK, OK, OK]
    assert "refuse le passage" in found[Stage.PROXY].sentence


def test_without_the_proxys_password_nothing_is_asked_of_it(
    ssh_server: SshServer, squid_with_password: SquidServer
) -> None:
    found = look(settings(ssh_server, through(squid_with_password, PROXY_USERNAME)), ssh_server.password)
    assert found[Stage.PROXY].outcome is NOT_TRIED
    assert found[Stage.CAPABILITIES].outcome is OK
    assert squid_with_password.requests() == []


def test_where_something_else_answers_the_proxy_may_still_lead_there(ssh_server: SshServer) -> None:
    with scripted_proxy([[b"HTTP/1.1 400 Bad Request\r\n\r\n", HANG_UP]]) as portal:
        port = portal.port
        with squid(allowed_ports=[port], behind=(port, ssh_server.port)) as proxy:
            given = settings(ssh_server, through(proxy), port=port)
            found = look(given, ssh_server.password)
    assert outcomes(found) == [OK, LOOK, OK, OK, OK, OK, OK, OK]
    assert "un serveur HTTP" in found[Stage.ROUTE].sentence


def test_a_first_contact_is_shown_and_never_accepted(ssh_server: SshServer) -> None:
    found = look(settings(ssh_server, host_key=None), ssh_server.password)
    assert outcomes(found) == [OK, OK, LOOK] + [NOT_TRIED] * 4
    assert ssh_server.fingerprint in found[Stage.HOST_KEY].sentence
    assert exit_code(found.values()) is ExitCode.SUCCESS
    assert ssh_server.authentication_requests() == []


def test_a_changed_key_is_blocking_and_gets_no_password(ssh_server: SshServer) -> None:
    found = look(settings(ssh_server, host_key="SHA256:" + "A" * 43), ssh_server.password)
    assert found[Stage.HOST_KEY].outcome is BLOCKING
    assert exit_code(found.values()) is ExitCode.HOST_KEY
    assert ssh_server.authentication_requests() == []


def test_without_a_password_it_stops_there_and_says_so(ssh_server: SshServer) -> None:
    found = look(settings(ssh_server))
    assert outcomes(found) == [OK, OK, OK] + [NOT_TRIED] * 4
    assert "Sans mot de passe" in found[Stage.LOGIN].sentence
    assert exit_code(found.values()) is ExitCode.SUCCESS
    assert all("method none" in line for line in ssh_server.authentication_requests())


def test_a_wrong_password_is_tried_once(ssh_server: SshServer) -> None:
    found = look(settings(ssh_server), "faux-mot")
    assert found[Stage.LOGIN].outcome is BLOCKING
    assert exit_code(found.values()) is ExitCode.CREDENTIALS
    tried = [line for line in ssh_server.authentication_requests() if "method password" in line]
    assert len(tried) == 1


def test_a_key_needs_its_passphrase_and_its_folder_is_not_told(ssh_server: SshServer) -> None:
    file = ssh_server.protected_key_file
    given = settings(ssh_server, key_file=str(file))
    assert look(given)[Stage.LOGIN].outcome is NOT_TRIED
    wrong = look(given, key_passphrase="faux-mot")
    assert wrong[Stage.LOGIN].outcome is BLOCKING
    assert file.name in wrong[Stage.LOGIN].sentence
    assert str(file.parent) not in as_text(list(wrong.values()))
    assert set(outcomes(look(given, key_passphrase=PASSPHRASE))) == {OK}


def test_a_certificate_that_is_left_out_is_told(ssh_server: SshServer, tmp_path: Path) -> None:
    certify(ssh_key(tmp_path / "authority"), ssh_server.key_file, "exemple", "-V", "20200101:20200201")
    found = look(settings(ssh_server, key_file=str(ssh_server.key_file)))
    assert found[Stage.LOGIN].outcome is LOOK
    assert "est accepté par la clé key. Le certificat key-cert.pub" in found[Stage.LOGIN].sentence
    assert "il a expiré le" in found[Stage.LOGIN].sentence


def test_what_is_no_key_is_told_without_its_folder(ssh_server: SshServer) -> None:
    public = ssh_server.key_file.with_name("key.pub")
    found = look(settings(ssh_server, key_file=str(public)))
    assert found[Stage.LOGIN].outcome is BLOCKING
    text = as_text(list(found.values()))
    assert "mettez key dans « Fichier de clé »" in text
    assert str(public.parent) not in text


def test_no_agent_is_blocking(ssh_server: SshServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    found = look(settings(ssh_server, key_file="agent"))
    assert "aucun agent SSH ne répond" in found[Stage.LOGIN].sentence
    assert "ssh-add" in as_text(list(found.values()))


def test_a_missing_folder_is_blocking(ssh_server: SshServer) -> None:
    found = look(settings(ssh_server, directory="/ailleurs"), ssh_server.password)
    assert found[Stage.FOLDER].outcome is BLOCKING
    assert found[Stage.CAPABILITIES].outcome is NOT_TRIED
    assert exit_code(found.values()) is ExitCode.REFUSED


def test_a_folder_that_takes_no_file_is_blocking(ssh_server: SshServer) -> None:
    os.chown(ssh_server.root, 0, 0)
    found = look(settings(ssh_server), ssh_server.password)
    assert found[Stage.FOLDER].outcome is BLOCKING
    failure = found[Stage.FOLDER].failure
    assert failure is not None
    assert failure.problem is Problem.SHAREBOX_PERMISSION
    assert found[Stage.ROOM].outcome is OK, "it is told all the same"


@pytest.mark.parametrize(
    ("denied", "outcome", "said"),
    [
        (["read"], LOOK, "par la taille seulement"),
        (["rename"], BLOCKING, "renommage"),
        (["remove"], LOOK, "est resté"),
        (["fsync"], OK, "disque : non"),
    ],
)
def test_what_a_server_forbids_is_named(
    account: Account, denied: list[str], outcome: Outcome, said: str
) -> None:
    with openssh(account, chroot=True, denied=denied) as server:
        finding = look(settings(server), server.password)[Stage.CAPABILITIES]
        left = list(server.root.iterdir())
    assert (finding.outcome, said in finding.sentence) == (outcome, True), finding
    assert len(left) == ("remove" in denied)
    assert all(path.name in finding.sentence for path in left)


def test_a_server_that_tells_no_room(account: Account) -> None:
    with openssh(account, chroot=True, denied=["statvfs"]) as server:
        found = look(settings(server), server.password)
    assert found[Stage.ROOM].outcome is NOT_TRIED
    assert found[Stage.CAPABILITIES].outcome is OK


def test_a_server_that_tells_of_no_room_and_takes_files(tmp_path: Path) -> None:
    with faulty_server(tmp_path) as server:
        server.faults.room = [4096, 4096, 1000] + [0] * 8
        orders = Orders(sftp_password=server.password)
        found = {finding.stage: finding for finding in diagnose(settings(server), orders, Cancellation())}
    assert (found[Stage.FOLDER].outcome, found[Stage.ROOM].outcome) == (OK, LOOK), "a transfer would try"
    assert exit_code(found.values()) is ExitCode.SUCCESS


@pytest.mark.parametrize("overwrite", [True, False])
def test_proftpd(overwrite: bool) -> None:
    """As it comes, it lets nobody write to a file that is there: a cut delivery begins anew."""
    with proftpd(overwrite=overwrite) as server:
        found = look(settings(server), server.password)
        left = list(server.root.iterdir())
    assert found[Stage.FOLDER].outcome is OK
    assert found[Stage.CAPABILITIES].outcome is (OK if overwrite else LOOK)
    assert f"coupé : {'oui' if overwrite else 'non'}" in found[Stage.CAPABILITIES].sentence
    assert left == []


def test_it_can_be_left_after_any_stage_and_leaves_nothing(ssh_server: SshServer) -> None:
    for count in range(1, 7):
        running = diagnose(settings(ssh_server), Orders(sftp_password=ssh_server.password), Cancellation())
        for _ in range(count):
            next(running)
        running.close()
        assert list(ssh_server.root.iterdir()) == [], count


def test_whoever_leaves_at_any_stage_leaves_nothing(ssh_server: SshServer) -> None:
    """Also where the connection would be ended with the person's wish: a file that was written is removed."""
    for count in range(1, 7):
        cancellation = Cancellation()
        running = diagnose(settings(ssh_server), Orders(sftp_password=ssh_server.password), cancellation)
        for _ in range(count):
            next(running)
        cancellation.cancel()
        running.close()
        assert list(ssh_server.root.iterdir()) == [], count


@pytest.mark.parametrize("wakes", [True, False])
def test_whoever_leaves_waits_for_no_answer(monkeypatch: pytest.MonkeyPatch, *, wakes: bool) -> None:
    if not wakes:  # as on Windows
        monkeypatch.setattr(socket.socket, "shutdown", lambda *_: None)
    cancellation = Cancellation()
    with socket.create_server((LOOPBACK, 0)) as mute:
        host, port = mute.getsockname()
        silent = sample(sharebox=ShareboxSettings(host=host, port=port, username="exemple"))
        running = diagnose(silent, Orders(), cancellation)
        while next(running).stage is not Stage.ROUTE:
            pass
        with mute.accept()[0] as link:

            def leave() -> None:
                link.recv(1)  # the greeting: it waits for the server's
                cancellation.cancel()

            leaving = threading.Thread(target=leave)
            leaving.start()
            began = time.monotonic()
            failure(Problem.INTERRUPTED, lambda: next(running))
            assert time.monotonic() - began < CONNECT_SECONDS / 2
            leaving.join()


@pytest.mark.parametrize("at_close", [True, False])
def test_a_drop_box_that_takes_files_away_is_no_failure(tmp_path: Path, at_close: bool) -> None:
    with faulty_server(tmp_path / "depot") as server:
        server.faults.take_away_at_close = at_close
        server.faults.take_away_at_rename = lambda name: not at_close
        orders = Orders(sftp_password=server.password)
        found = {finding.stage: finding for finding in diagnose(settings(server), orders, Cancellation())}
    assert found[Stage.CAPABILITIES].outcome is LOOK
    assert "dès son arrivée" in found[Stage.CAPABILITIES].sentence
