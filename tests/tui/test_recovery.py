"""Step 5bis, and whatever else a blocked job asks: what is shown, and what the next worker is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec
import pytest
from textual import events
from textual.widgets import Input

from tests.servers.processes import wait_until
from tests.tui import stage
from tests.tui.conftest import flat, flat_dialog, until
from tests.tui.patience import type_at_once
from tests.tui.scenes import follow, settle
from tests.tui.stage import FINGERPRINT, OTHER_FINGERPRINT
from tui_transfer.errors import Problem, TransferError
from tui_transfer.job import events as ev
from tui_transfer.settings import config
from tui_transfer.settings.config import ProxySettings
from tui_transfer.tui.app import CentreApp
from tui_transfer.tui.dialogs.failure import FailureDialog
from tui_transfer.tui.dialogs.host_key import HostKeyDialog
from tui_transfer.tui.dialogs.proxy_form import ProxyForm, host_error, port_error
from tui_transfer.tui.dialogs.secret import SecretDialog
from tui_transfer.tui.screens.transfer import TransferPage
from tui_transfer.tui.widgets.actions import Action
from tui_transfer.tui.widgets.field import Choice
from tui_transfer.tui.widgets.prose import Prose

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from tests.servers.openssh import SshServer
    from tests.servers.squid import SquidServer
    from tests.tui.conftest import Workers
    from tests.tui.stage import Stage
    from tui_transfer.job.events import JobBlocked


SECRET = "canari-é€:9"


@pytest.fixture
def app(staged: Stage, workers: Workers) -> CentreApp:
    return CentreApp(staged.home)


async def fill(pilot: Pilot[Any], **values: str) -> None:
    for name, value in values.items():
        pilot.app.screen.query_one(f"#{name}", Input).value = value
    await pilot.pause()


def sharebox_of(server: SshServer) -> config.ShareboxSettings:
    return config.ShareboxSettings(
        host=server.host, port=server.port, username="exemple", host_key=server.fingerprint
    )


async def test_a_damaged_base_goes_only_with_a_yes(app: CentreApp, staged: Stage, workers: Workers) -> None:
    found = {"path": "/srv/impact/base.db", "reason": "page 7"}
    job = staged.job(
        [
            stage.started(),
            ev.IntegrityChecked(at=stage.at(1), database=0, integrity="damaged", found="page 7"),
            ev.DatabaseFailed(at=stage.at(1), database=0, problem="database-damaged", details=found),
            stage.blocked("database-damaged", 0, **found),
        ]
    )
    async with app.run_test() as pilot:
        await follow(pilot, job)
        text = flat(app)
        assert "Transférer une base endommagée ?" in text
        assert "base endommagée : page 7." in text
        await pilot.press("enter")  # « Non » has the focus
        await settle(pilot)
        assert workers.jobs == []
        await pilot.press("r")
        await settle(pilot)
        await pilot.press("o")
        await settle(pilot)
    assert [started.id for started in workers.jobs] == [job.id]
    waiver = workers.orders[0].damage
    assert waiver is not None
    assert waiver.asked
    assert waiver.findings == ("Base active : page 7",)


# ── 5bis ──────────────────────────────────────────────────────

DIRECT = stage.blocked("sharebox-unreachable", host="sharebox.example.org", port=22, reason="aucune réponse")


async def test_the_proxy_form_checks_each_field(app: CentreApp, staged: Stage, workers: Workers) -> None:
    job = staged.job([stage.started(), DIRECT])
    async with app.run_test() as pilot:
        await follow(pilot, job)
        assert "La connexion à Sharebox en mode direct n’a pu s’établir" in flat(app)
        await fill(pilot, host="un proxy", port="70000", password=SECRET)
        await pilot.press("tab", "tab", "tab", "tab", "enter")
        text = flat_dialog(app)
        assert "Un nom de serveur s’écrit sans espace" in text
        assert "Un port est un nombre de 1 à 65535, le plus souvent 3128 ou 8080." in text
        assert "Ce mot de passe demande un identifiant." in text
        assert SECRET not in text
        assert app.screen.focused is app.screen.query_one("#host")
    assert workers.jobs == []


async def test_what_is_typed_at_once_after_enter_goes_to_the_next_field(
    app: CentreApp, staged: Stage, workers: Workers
) -> None:
    """Over a slow connection a name, Enter and a password arrive together."""
    job = staged.job([stage.started(), DIRECT])
    async with app.run_test() as pilot:
        await follow(pilot, job)
        app.screen.query_one("#port", Input).value = ""
        type_at_once(app, "p", "enter", "1", "enter", "u", "enter", "s")
        await until(pilot, lambda: app.screen.query_one("#password", Input).value != "")
        await settle(pilot)
        values = [app.screen.query_one(f"#{name}", Input).value for name in ("host", "port", "username")]
        assert values == ["p", "1", "u"]
        assert app.screen.query_one("#password", Input).value == "s"
    assert workers.jobs == []


async def test_an_address_pasted_into_the_proxy_form_is_spread_and_its_password_wiped(
    app: CentreApp, staged: Stage, workers: Workers
) -> None:
    job = staged.job([stage.started(), DIRECT])
    async with app.run_test(size=(80, 24)) as pilot:
        await follow(pilot, job)
        app.post_message(events.Paste(f"socks5://exemple:{SECRET}@proxy.example.org:1080/"))
        await until(pilot, lambda: app.screen.query_one("#port", Input).value == "1080")
        assert app.screen.query_one("#host", Input).value == "proxy.example.org"
        assert app.screen.query_one("#username", Input).value == "exemple"
        assert app.screen.query_one("#kind", Choice).value == "socks5"
        assert app.screen.query_one("#password", Input).value == ""
        assert SECRET not in flat(app)
        assert "n’est pas repris : saisissez-le" in flat(app)
        app.screen.query_one("#host", Input).value = "http://autre:8080"  # as if it was typed
        await pilot.press("f1", "escape")
        await pilot.click("#action-execute")
        await settle(pilot)
    assert workers.orders[0].proxy == ProxySettings(kind="http", host="autre", port=8080, username="exemple")


async def test_each_field_of_the_proxy_form_has_its_help(
    app: CentreApp, staged: Stage, workers: Workers
) -> None:
    job = staged.job([stage.started(), DIRECT])
    async with app.run_test(size=(80, 24)) as pilot:
        await follow(pilot, job)
        said = set()
        for name in ("kind", "host", "port", "username", "password"):
            app.screen.query_one(f"#{name}").focus()
            await pilot.pause()
            said.add(app.screen.query_one("#hint", Prose).text.plain)
        assert len(said) == 5
        assert "F3 montre" in flat(app)


async def test_executer_resumes_the_same_job_through_the_proxy(
    app: CentreApp, staged: Stage, workers: Workers
) -> None:
    job = staged.job([stage.started(), DIRECT])
    async with app.run_test() as pilot:
        await follow(pilot, job)
        await fill(pilot, host="proxy.example.org", port="1080", username="exemple", password=SECRET)
        await pilot.press("shift+tab", "right", "right")
        await pilot.click("#action-execute")
        await settle(pilot)
    proxy = ProxySettings(kind="socks5", host="proxy.example.org", port=1080, username="exemple")
    assert [started.id for started in workers.jobs] == [job.id]
    assert workers.orders[0].proxy == proxy
    assert workers.orders[0].proxy_password == SECRET
    assert config.load(staged.home.config_file).proxy == proxy
    assert_not_on_disk(staged)


async def test_a_password_that_others_may_read_is_told_below_it(app: CentreApp, staged: Stage) -> None:
    job = staged.job([stage.started(), DIRECT])
    async with app.run_test() as pilot:
        await follow(pilot, job)
        said = "le mot de passe passe en clair jusqu’au proxy"
        assert said not in flat(app)
        await fill(pilot, password=SECRET)
        await settle(pilot)
        assert f"{said}, s’il ne connaît que" in flat(app)
        app.screen.query_one("#kind", Choice).value = "socks5"
        await settle(pilot)
        assert f"{said} : SOCKS5" in flat(app)
        app.screen.query_one("#kind", Choice).value = "https"
        await settle(pilot)
        assert said not in flat(app)


async def test_the_script_that_knows_the_proxy_is_told(
    app: CentreApp, staged: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("auto_proxy", "http://wpad.example.org/proxy.pac")
    job = staged.job([stage.started(), DIRECT])
    async with app.run_test() as pilot:
        await follow(pilot, job)
        assert "par un script (PAC), http://wpad.example.org/proxy.pac" in flat(app)


async def test_the_proxy_of_the_machine_is_proposed_without_its_password(
    app: CentreApp, staged: Stage, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", f"http://exemple:{quote(SECRET)}@proxy.example.org:8080")
    job = staged.job([stage.started(), DIRECT])
    async with app.run_test() as pilot:
        await follow(pilot, job)
        values = {field.id: field.value for field in app.screen.query(Input)}
        assert values == {
            "host": "proxy.example.org", "port": "8080", "username": "exemple", "password": ""
        }  # fmt: skip
        assert "Celui que cette machine connaît, par la variable https_proxy, est proposé" in flat(app)
    assert workers.jobs == []


async def test_a_trial_goes_to_the_server_and_starts_nothing(
    app: CentreApp, staged: Stage, workers: Workers, ssh_server: SshServer, squid_open: SquidServer
) -> None:
    job = staged.job([stage.started(sharebox=sharebox_of(ssh_server)), DIRECT])
    async with app.run_test(size=(120, 36)) as pilot:
        await follow(pilot, job)
        await fill(pilot, host=squid_open.host, port=str(squid_open.port))
        await pilot.click("#action-try")
        await until(pilot, lambda: "Sharebox répond par ce proxy" in flat(app))
        assert "C’est bien le serveur attendu" in flat(app)
        assert app.screen.query_one("#action-execute", Action).has_focus
        assert isinstance(app.screen, ProxyForm)
    assert workers.jobs == []
    wait_until(lambda: "Connection closed by" in ssh_server.log(), what="the end in sshd's log")
    assert ssh_server.authentication_requests() == []


async def test_a_trial_says_that_another_server_answers(
    app: CentreApp, staged: Stage, workers: Workers, ssh_server: SshServer, squid_open: SquidServer
) -> None:
    sharebox = msgspec.structs.replace(sharebox_of(ssh_server), host_key=OTHER_FINGERPRINT)
    job = staged.job([stage.started(sharebox=sharebox), DIRECT])
    async with app.run_test(size=(120, 36)) as pilot:
        await follow(pilot, job)
        await fill(pilot, host=squid_open.host, port=str(squid_open.port))
        await pilot.click("#action-try")
        await until(pilot, lambda: "La clé du serveur a changé" in flat(app))
        assert "répond par ce proxy" not in flat(app)


async def test_a_trial_with_a_wrong_password_is_made_once(
    app: CentreApp, staged: Stage, workers: Workers, ssh_server: SshServer, squid_with_password: SquidServer
) -> None:
    job = staged.job([stage.started(sharebox=sharebox_of(ssh_server)), DIRECT])
    proxy = squid_with_password
    async with app.run_test(size=(120, 36)) as pilot:
        await follow(pilot, job)
        await fill(pilot, host=proxy.host, port=str(proxy.port), username="exemple", password=SECRET)
        await pilot.click("#action-try")
        await until(pilot, lambda: "Le proxy a refusé l’identifiant ou le mot de passe" in flat(app))
        assert app.screen.query_one("#password", Input).value == ""
        assert app.screen.query_one("#password", Input).has_focus
    assert workers.jobs == []


async def test_the_direct_way_can_be_tried_again(app: CentreApp, staged: Stage, workers: Workers) -> None:
    job = staged.job([stage.started(), DIRECT])
    async with app.run_test() as pilot:
        await follow(pilot, job)
        await pilot.click("#action-direct")
        await settle(pilot)
    assert [orders.proxy for orders in workers.orders] == [None]


async def test_a_refused_proxy_keeps_the_values_but_not_the_password(
    app: CentreApp, staged: Stage, workers: Workers
) -> None:
    proxy = ProxySettings(host="proxy.example.org", port=8080, username="exemple")
    refused = stage.blocked("proxy-credentials-refused", proxy_host=proxy.host, reason="407")
    job = staged.job([stage.started(proxy=proxy), refused])
    app.session.proxy_password = SECRET
    async with app.run_test() as pilot:
        await follow(pilot, job)
        assert isinstance(app.screen, ProxyForm)
        assert "Le proxy a refusé l’identifiant ou le mot de passe" in flat(app)
        values = {field.id: field.value for field in app.screen.query(Input)}
        assert values == {
            "host": "proxy.example.org", "port": "8080", "username": "exemple", "password": ""
        }  # fmt: skip
        assert app.screen.focused is app.screen.query_one("#password")
        await pilot.press("escape")
        assert app.screen.query_one("#action-resume", Action).has_focus
    assert app.session.orders().proxy_password is None
    assert workers.jobs == []


@pytest.mark.parametrize(
    ("typed", "fine"),
    [
        ("proxy.example.org", True),
        ("192.0.2.7", True),
        ("2001:db8::7", True),
        ("", False),
        ("http://proxy", False),
        ("moi@proxy", False),
        ("un proxy", False),
    ],
)
def test_addresses(typed: str, fine: bool) -> None:
    assert (host_error(typed) is None) is fine


@pytest.mark.parametrize(
    ("typed", "fine"),
    [("1", True), ("65535", True), ("0", False), ("65536", False), ("٣", False), ("22 ", False), ("", False)],
)
def test_ports(typed: str, fine: bool) -> None:
    assert (port_error(typed) is None) is fine


# ── Keys, passwords, other failures ───────────────────────────

UNKNOWN = stage.blocked(
    "host-key-unknown", host="sharebox.example.org", key_type="ED25519", fingerprint=FINGERPRINT
)


@pytest.mark.parametrize("received", [FINGERPRINT[-6:], FINGERPRINT, FINGERPRINT.removeprefix("SHA256:")])
async def test_a_key_whose_fingerprint_was_compared_is_pinned(
    app: CentreApp, staged: Stage, workers: Workers, received: str
) -> None:
    job = staged.job([stage.started(), UNKNOWN])
    async with app.run_test() as pilot:
        await follow(pilot, job)
        assert isinstance(app.screen, HostKeyDialog)
        assert FINGERPRINT in flat(app)
        app.post_message(events.Paste(received))
        await until(pilot, lambda: app.screen.query_one("#received", Input).value == received)
        await pilot.press("enter")
        await settle(pilot)
    assert workers.orders[0].host_key == FINGERPRINT
    assert config.load(staged.home.config_file).sharebox.host_key == FINGERPRINT


async def test_several_lines_may_be_pasted(app: CentreApp, staged: Stage, workers: Workers) -> None:
    """Those of a mail, or of known_hosts: what fits may stand in any of them."""
    received = f"Bonjour,\nRSA {OTHER_FINGERPRINT}\n\nED25519 {FINGERPRINT}\nL'Urssaf\n"
    job = staged.job([stage.started(), UNKNOWN])
    async with app.run_test() as pilot:
        await follow(pilot, job)
        app.post_message(events.Paste(received))
        await until(pilot, lambda: app.screen.query_one("#received", Input).value != "")
        await pilot.press("enter")
        await settle(pilot)
    assert workers.orders[0].host_key == FINGERPRINT


async def test_the_program_compares_what_is_pasted_and_one_key_accepts(
    app: CentreApp, staged: Stage, workers: Workers
) -> None:
    job = staged.job([stage.started(), UNKNOWN])
    async with app.run_test(size=(80, 24)) as pilot:
        await follow(pilot, job)
        assert "Pas d’empreinte reçue ? Demandez-la à l’Urssaf." in flat(app)
        app.post_message(events.Paste(f"Voici : {FINGERPRINT}"))
        await until(pilot, lambda: "C’est la même clé : Entrée l’accepte" in flat(app))
        await pilot.press("enter")
        await settle(pilot)
    assert workers.orders[0].host_key == FINGERPRINT


async def test_another_key_is_refused_in_red_and_whom_to_call_is_named(
    app: CentreApp, staged: Stage, workers: Workers
) -> None:
    manager = config.Manager(name="Association Exemple", contact="Mme Petit, 01 23 45 67 89")
    config.save(staged.home.config_file, stage.settings(manager=manager))
    app.session.reload()
    job = staged.job([stage.started(), UNKNOWN])
    async with app.run_test(size=(80, 24)) as pilot:
        await follow(pilot, job)
        assert "Demandez-la : Mme Petit, 01 23 45 67 89." in flat(app)
        app.post_message(events.Paste(OTHER_FINGERPRINT))
        await until(pilot, lambda: "Ce n’est pas l’empreinte affichée" in flat(app))
        text = flat(app)
        assert "N’acceptez pas. Appelez Mme Petit, 01 23 45 67 89" in text
        assert "Rien n’a été envoyé." in text
        assert app.screen.query_one("#action-accept", Action).disabled
        assert app.screen.query_one("#dialog").has_class("-error")
        await pilot.press("enter")
        assert isinstance(app.screen, HostKeyDialog)
        await pilot.press("home", "ctrl+k")
        assert not app.screen.query_one("#action-accept", Action).disabled
        assert not app.screen.query_one("#dialog").has_class("-error")
    assert workers.orders == []


async def test_what_is_typed_after_pasting_counts(app: CentreApp, staged: Stage) -> None:
    job = staged.job([stage.started(), UNKNOWN])
    async with app.run_test() as pilot:
        await follow(pilot, job)
        app.post_message(events.Paste(f"{FINGERPRINT}\n"))
        await until(pilot, lambda: app.screen.query_one("#received", Input).value != "")
        await pilot.press("home", "ctrl+k", "x", "enter")
        assert isinstance(app.screen, HostKeyDialog)


async def test_what_the_server_says_is_shown(app: CentreApp, staged: Stage) -> None:
    said = "Maintenance samedi de 8 h à 12 h. " * 20
    connected = msgspec.structs.replace(stage.connected(), said=said)
    job = staged.job([stage.started(), connected], running=True)
    async with app.run_test() as pilot:
        await follow(pilot, job)
        assert "Le serveur dit : « Maintenance samedi de 8 h à 12 h." in flat(app)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Il faut au moins les 6 derniers signes"),
        ("oui", "Il faut au moins les 6 derniers signes"),
        (FINGERPRINT[-5:], "Il faut au moins les 6 derniers signes"),
        (FINGERPRINT[-6:].swapcase(), "les majuscules et les minuscules comptent"),
        (OTHER_FINGERPRINT, "Ce n’est pas l’empreinte affichée"),
    ],
)
async def test_a_key_that_was_not_compared_is_not_accepted(
    app: CentreApp, staged: Stage, workers: Workers, typed: str, said: str
) -> None:
    job = staged.job([stage.started(), UNKNOWN])
    async with app.run_test() as pilot:
        await follow(pilot, job)
        app.screen.query_one("#received", Input).value = typed
        await pilot.press("enter")
        assert isinstance(app.screen, HostKeyDialog)
        assert said in flat(app)
        accept = app.screen.query_one("#action-accept", Action)
        assert accept.disabled is (typed == OTHER_FINGERPRINT)
        if not accept.disabled:
            await pilot.press("tab", "enter")
            assert isinstance(app.screen, HostKeyDialog)
    assert workers.orders == []
    assert config.load(staged.home.config_file).sharebox.host_key is None


async def test_refusing_a_key_sends_nothing(app: CentreApp, staged: Stage, workers: Workers) -> None:
    job = staged.job([stage.started(), UNKNOWN])
    async with app.run_test() as pilot:
        await follow(pilot, job)
        await pilot.press("escape")
        assert isinstance(app.screen, TransferPage)
    assert workers.orders == []
    assert config.load(staged.home.config_file).sharebox.host_key is None


async def test_a_changed_key_shows_both_and_cannot_be_accepted(app: CentreApp, staged: Stage) -> None:
    changed = stage.blocked(
        "host-key-changed", host="sharebox.example.org", fingerprint=OTHER_FINGERPRINT, expected=FINGERPRINT
    )
    job = staged.job([stage.started(), changed])
    async with app.run_test() as pilot:
        await follow(pilot, job)
        assert FINGERPRINT in flat(app)
        assert OTHER_FINGERPRINT in flat(app)
        ways = {"Réglages", "Reprendre", "Copier", "Détails", "Fichier d’aide", "Fermer"}
        assert {button.label for button in app.screen.query(Action)} == ways
        assert app.screen.query_one("#action-close").has_focus
        await pilot.press("a", "o")
        assert isinstance(app.screen, FailureDialog)


async def test_a_job_goes_on_with_the_key_that_was_put_in_the_configuration(
    app: CentreApp, staged: Stage, workers: Workers
) -> None:
    changed = stage.blocked(
        "host-key-changed", host="sharebox.example.org", fingerprint=OTHER_FINGERPRINT, expected=FINGERPRINT
    )
    job = staged.job([stage.started(), changed])
    async with app.run_test() as pilot:
        await follow(pilot, job)
        await pilot.press("escape")
        confirmed = msgspec.structs.replace(stage.settings().sharebox, host_key=OTHER_FINGERPRINT)
        config.save(staged.home.config_file, stage.settings(sharebox=confirmed))
        await pilot.press("r")
        await settle(pilot)
    assert [orders.host_key for orders in workers.orders] == [OTHER_FINGERPRINT]


async def test_the_password_is_masked_kept_in_memory_and_written_nowhere(
    app: CentreApp, staged: Stage, workers: Workers
) -> None:
    job = staged.job([stage.started(), stage.blocked("password-needed", username="exemple")])
    async with app.run_test() as pilot:
        await follow(pilot, job)
        await pilot.press("enter")
        assert "Saisissez le mot de passe" in flat(app)
        await fill(pilot, secret=SECRET)
        assert SECRET not in flat(app)
        workers.begins = staged.run  # otherwise the next look finds the same failure again
        await pilot.press("enter")
        await until(pilot, lambda: workers.orders)
        assert workers.orders[0].sftp_password == SECRET
        assert app.session.orders().sftp_password == SECRET, "it must not be asked twice"
    assert SECRET not in repr(app.session)
    assert_not_on_disk(staged)


REFUSED = stage.blocked(
    "credentials-refused", host="sharebox.example.org", username="exemple", method="le mot de passe"
)
UNANSWERED = stage.blocked("login-unanswered", username="exemple", reason="la connexion a été perdue")


@pytest.mark.parametrize("failed", [REFUSED, UNANSWERED], ids=lambda failed: failed.problem)
async def test_a_password_that_did_not_do_is_forgotten_and_asked_again(
    app: CentreApp, staged: Stage, failed: JobBlocked
) -> None:
    job = staged.job([stage.started(), failed])
    app.session.sftp_password = SECRET
    async with app.run_test() as pilot:
        await follow(pilot, job)
        assert isinstance(app.screen, SecretDialog)
        failure = TransferError(Problem(failed.problem), **failed.details)
        assert failure.title in flat(app)
        assert failure.why in flat(app)
    assert app.session.orders().sftp_password is None


async def test_no_password_is_asked_where_a_key_was_refused(app: CentreApp, staged: Stage) -> None:
    sharebox = msgspec.structs.replace(stage.settings().sharebox, key_file="/home/exemple/id")
    job = staged.job([stage.started(sharebox=sharebox), REFUSED])
    async with app.run_test() as pilot:
        await follow(pilot, job)
        assert isinstance(app.screen, FailureDialog)


async def test_a_failure_says_why_and_what_to_do_and_unfolds(
    app: CentreApp, staged: Stage, workers: Workers
) -> None:
    job = staged.job([*stage.midway(), stage.blocked("sharebox-full", 1, path="/depot/x", reason="plein")])
    job.log.write_text("trace")
    async with app.run_test(size=(140, 36)) as pilot:
        await follow(pilot, job)
        text = flat(app)
        assert "Il n’y a plus de place sur Sharebox" in text
        assert "Demandez de la place à l’Urssaf" in text
        assert "worker.log" in text
        assert "Code : sharebox-full" not in text
        await pilot.press("w")
        assert "Code : sharebox-full" in flat(app)
        await pilot.press("c")
        await settle(pilot)
        assert "envoyé au terminal" in flat(app)
        await pilot.press("r")
        await settle(pilot)
    assert [started.id for started in workers.jobs] == [job.id]


async def test_what_failed_of_several_databases_is_named(app: CentreApp, staged: Stage) -> None:
    def failed(database: int, problem: str) -> ev.DatabaseFailed:
        return ev.DatabaseFailed(at=stage.at(20), database=database, problem=problem, details={"path": "/x"})

    events = [
        stage.started(),
        stage.connected(),
        failed(0, "database-missing"),
        *stage.delivered(1, 1000),
        failed(2, "database-changed"),
        stage.blocked("database-missing", 0, path="/x"),
    ]
    job = staged.job(events)
    async with app.run_test() as pilot:
        await follow(pilot, job)
        text = flat(app)
        assert isinstance(app.screen, FailureDialog)
        assert "La base est introuvable « Base active » : Rien n’existe à l’emplacement /x." in text
        assert "En échec aussi : ✗ Paie 2021 la base a changé" in text


def assert_not_on_disk(staged: Stage) -> None:
    files = [path for path in staged.home.data.rglob("*") if path.is_file()]
    assert files
    assert [path for path in files if SECRET.encode() in path.read_bytes()] == []
