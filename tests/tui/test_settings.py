"""« Réglages »: the form, its checks, and what becomes of the file."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from textual import events
from textual.widgets import Input

from tests.tui import stage
from tests.tui.conftest import flat, shown, until
from tests.tui.stage import Stage, settings
from tui_transfer.errors import Problem, TransferError
from tui_transfer.settings import config
from tui_transfer.settings.config import Home, ProxySettings
from tui_transfer.tui import form_errors
from tui_transfer.tui.app import CentreApp
from tui_transfer.tui.dialogs.unsaved import UnsavedDialog
from tui_transfer.tui.happenings import SettingsChosen
from tui_transfer.tui.screens.home import HomePage
from tui_transfer.tui.screens.maintain import MaintainPage
from tui_transfer.tui.screens.settings import SettingsPage
from tui_transfer.tui.settings_draft import compose, read_draft
from tui_transfer.tui.settings_entries import ABSENT, ENTRIES
from tui_transfer.tui.theme import CONTRAST, LIGHT
from tui_transfer.tui.widgets.actions import Action
from tui_transfer.tui.widgets.field import Choice, Field
from tui_transfer.tui.widgets.list_input import ListInput
from tui_transfer.tui.widgets.settings_form import SettingsForm

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot
    from textual.screen import Screen

    from tui_transfer.tui.session import Session

_PINNED = msgspec.structs.replace(settings().sharebox, host_key=stage.FINGERPRINT)


@pytest.fixture
def pinned(tmp_path: Path) -> Stage:
    """A home whose settings hold a host key and a proxy."""
    proxy = ProxySettings(kind="socks5", host="proxy.example.org", port=1080, username="exemple")
    return Stage(tmp_path, settings(sharebox=_PINNED, proxy=proxy))


def kept(staged: Stage) -> config.Settings:
    return config.load(staged.home.config_file)


async def open_settings(pilot: Pilot[Any]) -> SettingsPage:
    await pilot.press("g")
    assert isinstance(pilot.app.screen, SettingsPage)
    await pilot.pause()
    return pilot.app.screen


async def type_in(pilot: Pilot[Any], id: str, text: str) -> None:
    field = pilot.app.screen.query_one(f"#{id}", Input)
    field.focus()
    field.value = text
    await pilot.pause()


def form_of(page: Screen[Any]) -> SettingsForm:
    return page.query_one(SettingsForm)


def errors(page: SettingsPage) -> dict[str, str]:
    return {field.widget.id or "": field.error for field in page.query(Field) if field.error}


async def test_the_form_shows_the_file_and_saving_it_unchanged_changes_nothing(pinned: Stage) -> None:
    before = pinned.home.config_file.read_bytes()
    app = CentreApp(pinned.home)
    async with app.run_test(size=(110, 50)) as pilot:
        await open_settings(pilot)
        for text in ("Association Exemple", "sharebox.example.org", stage.FINGERPRINT, "(•) SOCKS5", "1080",
                     "accueil@example.org", "equipe@example.org", "02/03/2022", "(•) sombre"):  # fmt: skip
            assert text in flat(app)
        await pilot.press("f4")
        assert "Enregistré" in flat(app)
    assert pinned.home.config_file.read_bytes() == before
    assert list(pinned.home.data.glob("*.old*")) == []


async def test_every_setting_is_changed_by_keyboard_alone(staged: Stage) -> None:
    app = CentreApp(staged.home)
    typed = (
        *"Association Lumière", "down", *"73282932000075", "down", *"Accueil, 01 23", "down",
        *"depot.example.org", "down", *"2222", "down", *"lumiere", "down", *"/arrivee", "down",
        *"~/cle", "down",
        "right", "enter", *"proxy.example.org", "enter", *"8080", "enter", *"lumiere", "enter",
        *"a@example.org", "down", "delete", "down", *"b@example.org", "down", "down",
        "right", "down", *"smtp.example.org", "down", *"2525", "down", *"moi", "down",
        *"moi@example.org", "down",
        *"1/3/2022", "down", *"30.06.2022", "down", *"5", "down", *"7", "down", "right", "down",
        "right", "right", "down", "space", "s",
    )  # fmt: skip
    async with app.run_test(size=(80, 24)) as pilot:
        await open_settings(pilot)
        await pilot.press(*typed)
        await pilot.pause()
        assert "Enregistré" in flat(app)
        assert "sa clé est fausse" in flat(app)
        assert app.theme == CONTRAST.name
        assert app.announcer.notify is False
        assert "Association Lumière" in flat(app)
    assert kept(staged) == config.Settings(
        manager=config.Manager(name="Association Lumière", id="73282932000075", contact="Accueil, 01 23"),
        sharebox=config.ShareboxSettings(
            host="depot.example.org", port=2222, username="lumiere", directory="/arrivee", key_file="~/cle"
        ),
        proxy=ProxySettings(kind="http", host="proxy.example.org", port=8080, username="lumiere"),
        databases=app.session.settings.databases if app.session.settings else (),
        transfer=config.TransferSettings(
            opens_on=date(2022, 3, 1), closes_on=date(2022, 6, 30), retry_for=5, compression=7, encrypt=True
        ),
        report=config.ReportSettings(recipients=("a@example.org", "b@example.org")),
        mail=config.MailSettings(
            host="smtp.example.org", port=2525, username="moi", sender="moi@example.org"
        ),
        display=config.DisplaySettings(theme="contrast", notify=False),
    )
    assert [item.name for item in kept(staged).databases] == ["Base active", "Archives"]


async def test_what_is_wrong_is_said_under_each_field_and_nothing_is_written(staged: Stage) -> None:
    before = staged.home.config_file.read_bytes()
    app = CentreApp(staged.home)
    async with app.run_test(size=(80, 24)) as pilot:
        page = await open_settings(pilot)
        await type_in(pilot, "manager-name", "")
        await type_in(pilot, "sharebox-port", "70000")
        await type_in(pilot, "report-recipients-2", "b")
        await type_in(pilot, "transfer-closes-on", "31/02/2022")
        await pilot.press("f4")
        assert errors(page) == {
            "manager-name": "✗ Indiquez le nom de votre association ou de votre service.",
            "sharebox-port": "✗ Un port est un nombre de 1 à 65535, le plus souvent 22.",
            "report-recipients": "✗ « b » n’est pas une adresse de messagerie : il y manque « @ ».",
            "transfer-closes-on": "✗ Le 31/02/2022 n’existe pas : écrivez jour/mois/année, par exemple "
            "02/03/2022.",
        }
        assert app.focused is not None
        assert app.focused.id == "manager-name"
        assert "4 champs à corriger" in flat(app)
        await pilot.press("x")
        assert "manager-name" not in errors(page), "it is being put right"
        assert "3 champs à corriger" in flat(app)
    assert staged.home.config_file.read_bytes() == before


async def test_dates_that_contradict_each_other_are_told_under_the_field(staged: Stage) -> None:
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        page = await open_settings(pilot)
        await type_in(pilot, "transfer-closes-on", "01/03/2022")
        await pilot.press("f4")
        assert errors(page) == {
            "transfer-closes-on": "✗ La fermeture précède l’ouverture : il faut une date à partir du "
            "2\xa0mars 2022."
        }


async def test_every_field_and_button_is_reached_and_seen_at_80_by_24(pinned: Stage) -> None:
    app = CentreApp(pinned.home)
    async with app.run_test(size=(80, 24)) as pilot:
        page = await open_settings(pilot)
        order = []
        for _ in page.focus_chain:
            focused = app.focused
            assert focused is not None
            order.append(focused.id)
            assert page.region.contains_region(focused.region)
            if isinstance(focused, Input | Choice):
                entry = form_of(page).entry_of(focused)
                assert entry is not None
                order[-1] = entry.id
                form = page.query_one("#form").content_region
                assert form.contains_region(focused.region)
                assert page.query_one("#hint").render()
            await pilot.press("tab")
            await pilot.pause()
        buttons = ["action-save", "action-test", "action-forget-host-key"]
        fields = [entry.id for entry in ENTRIES if entry.section != "mail" or entry.choices]
        assert list(dict.fromkeys(order)) == [*fields, *buttons]
        assert order.count("report-recipients") == 3, "two, and the line that adds one"


@pytest.mark.parametrize(
    ("key", "has_proxy", "focused"),
    [
        ("sharebox.directory", True, "sharebox-directory"),
        ("display.notify", True, "display-notify"),
        ("proxy.port", True, "proxy-port"),
        ("proxy.port", False, "proxy-kind"),
        ("sharebox.host_key", True, "action-forget-host-key"),
        ("databases", True, "manager-name"),
        ("", True, "manager-name"),
    ],
)
async def test_the_form_begins_at_the_field_that_was_asked_for(
    pinned: Stage, key: str, has_proxy: bool, focused: str
) -> None:
    if not has_proxy:
        config.save(pinned.home.config_file, msgspec.structs.replace(kept(pinned), proxy=None))
    app = CentreApp(pinned.home)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.tell(SettingsChosen(key))
        await until(pilot, lambda: isinstance(app.screen, SettingsPage))
        assert app.focused is not None
        assert app.focused.id == focused
        assert app.screen.region.contains_region(app.focused.region)
        if isinstance(app.focused, Input | Choice):
            assert app.screen.query_one("#form").content_region.contains_region(app.focused.region)


async def test_going_up_the_heading_comes_back_with_the_first_field(pinned: Stage) -> None:
    app = CentreApp(pinned.home)
    async with app.run_test(size=(80, 24)) as pilot:
        page = await open_settings(pilot)
        page.query_one("#display-notify").focus()
        await pilot.pause()
        for id, heading in (
            ("proxy-kind", "Proxy"),
            ("sharebox-host", "Sharebox"),
            ("manager-name", "Gestionnaire"),
        ):
            while app.focused is not None and app.focused.id != id:
                await pilot.press("up")
                await pilot.pause()
            assert re.search(rf"│ +{heading} ", shown(app))


async def test_the_proxy_is_given_up_with_its_fields(pinned: Stage) -> None:
    app = CentreApp(pinned.home)
    async with app.run_test(size=(110, 50)) as pilot:
        page = await open_settings(pilot)
        page.query_one("#proxy-kind").focus()
        await pilot.press("right")
        await pilot.pause()
        assert "Identifiant" not in flat(app)
        await pilot.press("s")
    assert kept(pinned).proxy is None


async def test_the_host_key_is_forgotten_after_asking(pinned: Stage) -> None:
    app = CentreApp(pinned.home)
    async with app.run_test(size=(110, 50)) as pilot:
        page = await open_settings(pilot)
        page.query_one("#action-save").focus()
        await pilot.press("delete", "n", "s")
        assert kept(pinned).sharebox.host_key == stage.FINGERPRINT
        await pilot.press("delete", "o")
        assert stage.FINGERPRINT not in flat(app)
        assert page.query_one("#action-forget-host-key", Action).disabled
        assert kept(pinned).sharebox.host_key == stage.FINGERPRINT
        await pilot.press("s")
        assert kept(pinned).sharebox.host_key is None


async def test_the_keys_of_several_servers_are_shown_and_kept(pinned: Stage) -> None:
    several = msgspec.structs.replace(_PINNED, host_key=(stage.FINGERPRINT, stage.OTHER_FINGERPRINT))
    config.save(pinned.home.config_file, msgspec.structs.replace(settings(), sharebox=several))
    app = CentreApp(pinned.home)
    async with app.run_test(size=(110, 50)) as pilot:
        await open_settings(pilot)
        assert stage.FINGERPRINT in flat(app)
        assert stage.OTHER_FINGERPRINT in flat(app)
        await type_in(pilot, "sharebox-directory", "/ailleurs")
        await pilot.press("f4")
    assert kept(pinned).sharebox.host_keys == (stage.FINGERPRINT, stage.OTHER_FINGERPRINT)


async def test_the_key_of_another_server_is_not_kept(pinned: Stage) -> None:
    app = CentreApp(pinned.home)
    async with app.run_test(size=(110, 50)) as pilot:
        await open_settings(pilot)
        await type_in(pilot, "sharebox-host", "autre.example.org")
        assert "oubliée : ce n’est plus le même serveur" in flat(app)
        await type_in(pilot, "sharebox-host", "sharebox.example.org")
        assert stage.FINGERPRINT in flat(app)
        await type_in(pilot, "sharebox-port", "2222")
        await pilot.press("f4")
    assert kept(pinned).sharebox.host_key is None


def secrets(session: Session) -> list[str | None]:
    return [session.sftp_password, session.key_passphrase, session.proxy_password]


async def test_secrets_are_not_tried_on_another_account(pinned: Stage) -> None:
    app = CentreApp(pinned.home)
    async with app.run_test() as pilot:
        session = app.session
        session.sftp_password, session.key_passphrase, session.proxy_password = "a", "b", "c"
        await open_settings(pilot)
        await type_in(pilot, "manager-name", "Autre nom")
        await pilot.press("f4")
        assert secrets(session) == ["a", "b", "c"]
        await type_in(pilot, "sharebox-username", "autre")
        await type_in(pilot, "sharebox-key-file", "/cle")
        await type_in(pilot, "proxy-host", "autre.example.org")
        await pilot.press("f4")
        assert secrets(session) == [None, None, None]


async def test_secrets_are_not_tried_on_an_account_that_another_window_set(pinned: Stage) -> None:
    session = CentreApp(pinned.home).session
    session.sftp_password, session.key_passphrase, session.proxy_password = "a", "b", "c"
    now = kept(pinned)
    sharebox = msgspec.structs.replace(now.sharebox, username="autre")
    config.save(pinned.home.config_file, msgspec.structs.replace(now, sharebox=sharebox))
    assert session.orders().sftp_password is None
    assert secrets(session) == [None, "b", "c"]


async def test_a_theme_is_kept_beside_what_another_window_wrote(staged: Stage) -> None:
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        config.remember_host_key(staged.home, "sharebox.example.org", stage.FINGERPRINT)
        await pilot.press("l")
    assert kept(staged).sharebox.host_key == stage.FINGERPRINT
    assert kept(staged).display.theme == "light"


async def test_a_key_that_another_window_pinned_meanwhile_is_kept(staged: Stage) -> None:
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await open_settings(pilot)
        config.remember_host_key(staged.home, "sharebox.example.org", stage.FINGERPRINT)
        await type_in(pilot, "manager-name", "Autre nom")
        await pilot.press("f4")
    assert kept(staged).sharebox.host_key == stage.FINGERPRINT
    assert kept(staged).manager.name == "Autre nom"


async def test_what_was_left_alone_is_saved_as_another_window_wrote_it(staged: Stage) -> None:
    """Such as the proxy that was given there at step 5bis, which this form would have taken away again."""
    proxy = ProxySettings(host="proxy.example.org", username="exemple")
    app = CentreApp(staged.home)
    async with app.run_test(size=(110, 50)) as pilot:
        page = await open_settings(pilot)
        config.save(staged.home.config_file, msgspec.structs.replace(kept(staged), proxy=proxy))
        await type_in(pilot, "sharebox-directory", "/ici")
        await pilot.press("f4")
        await pilot.pause()
        assert kept(staged).proxy == proxy
        assert kept(staged).sharebox.directory == "/ici"
        assert page.query_one("#proxy-host", Input).value == proxy.host
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, HomePage)


@pytest.mark.parametrize("key", ["escape", "ctrl+q"])
async def test_leaving_asks_only_where_something_changed(staged: Stage, key: str) -> None:
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await open_settings(pilot)
        await pilot.press(*"!", key)
        assert isinstance(app.screen, UnsavedDialog)
        await pilot.press("escape")
        assert isinstance(app.screen, SettingsPage)
        assert app.screen.query_one("#manager-name", Input).value == "!"
        await pilot.press("backspace", *"Association Exemple", key)
        assert not isinstance(app.screen, UnsavedDialog), "it is as it was"


async def test_blanks_around_a_value_of_the_file_are_no_change(staged: Stage) -> None:
    manager = config.Manager(name=" Association Exemple ")
    config.save(staged.home.config_file, msgspec.structs.replace(kept(staged), manager=manager))
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await open_settings(pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, HomePage)


async def test_what_changed_is_saved_or_dropped_on_leaving(staged: Stage) -> None:
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await open_settings(pilot)
        await pilot.press(*"Un", "escape", "n")
        assert isinstance(app.screen, HomePage)
        assert kept(staged).manager.name == "Association Exemple"
        await open_settings(pilot)
        await pilot.press(*"Deux", "escape", "s")
        assert isinstance(app.screen, HomePage)
        assert kept(staged).manager.name == "Deux"
        assert "Deux" in flat(app)
        await open_settings(pilot)
        await pilot.press("delete", "escape", "s")
        assert app.screen.query("#manager-name"), "what is wrong keeps one here"


async def test_the_first_settings_are_written_here(tmp_path: Path) -> None:
    home = Home(tmp_path / "new" / "config.toml", tmp_path / "new")
    app = CentreApp(home)
    async with app.run_test() as pilot:
        await pilot.press("l", "m", "enter")
        assert isinstance(app.screen, SettingsPage)
        assert "Première utilisation" in flat(app)
        await type_in(pilot, "manager-name", "Association Exemple")
        await type_in(pilot, "sharebox-host", "sharebox.example.org")
        await type_in(pilot, "sharebox-username", "exemple")
        await pilot.press("f4")
        assert "Enregistré" in flat(app)
        await pilot.press("escape")
        assert isinstance(app.screen, MaintainPage)
        assert "Le transfert peut commencer" in flat(app)
        assert "Réglages" not in flat(app)
    assert config.load(home.config_file) == config.Settings(
        manager=config.Manager(name="Association Exemple"),
        sharebox=config.ShareboxSettings(host="sharebox.example.org", username="exemple"),
        display=config.DisplaySettings(theme="light"),
    )


_BROKEN = """# donné par l'Urssaf
[manager]
name = "Association Exemple"
[sharebox]
host = "sharebox.example.org"
port = 99999
usernam = "exemple"
directory = "/depot
[[databases]]
name = "Paie"
path = "/srv/paie"
[[databases]]
name = ""
path = "/srv/autre"
"""


async def test_an_invalid_file_is_mended_from_what_could_be_read_and_kept_beside(staged: Stage) -> None:
    file = staged.home.config_file
    file.write_text(_BROKEN)
    app = CentreApp(staged.home)
    async with app.run_test(size=(110, 50)) as pilot:
        page = await open_settings(pilot)
        assert "Les réglages enregistrés sont abîmés (ligne " in flat(app)
        assert page.query_one("#manager-name", Input).value == "Association Exemple"
        assert page.query_one("#sharebox-port", Input).value == "99999"
        assert set(errors(page)) == {"sharebox-port", "sharebox-username"}
        assert file.read_text() == _BROKEN
        await type_in(pilot, "sharebox-port", "")
        await type_in(pilot, "sharebox-username", "exemple")
        await pilot.press("f4")
        assert "est gardé : config.toml.old" in flat(app)
    assert file.with_name("config.toml.old").read_text() == _BROKEN
    assert [item.name for item in kept(staged).databases] == ["Paie"]
    assert kept(staged).sharebox.username == "exemple"


async def test_comments_are_kept_in_a_copy_that_is_named(staged: Stage) -> None:
    file = staged.home.config_file
    commented = "# ne pas toucher\n" + file.read_text()
    file.write_text(commented)
    app = CentreApp(staged.home)
    async with app.run_test(size=(110, 50)) as pilot:
        await open_settings(pilot)
        await pilot.press("f4")
        assert "config.toml.old" in flat(app)
        await pilot.press("f4")
        assert "config.toml.old" not in flat(app), "said once"
    assert file.with_name("config.toml.old").read_text() == commented


async def test_settings_that_cannot_be_written_say_so(staged: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        details = {"file": "config.toml", "reason": "plus d’espace libre"}
        raise TransferError(Problem.CONFIGURATION_UNWRITABLE, **details)

    monkeypatch.setattr(config, "save", refuse)
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await open_settings(pilot)
        await pilot.press(*"Autre", "f4")
        assert "plus d’espace libre" in flat(app)
        await pilot.press("escape", "s")
        assert isinstance(app.screen, SettingsPage), "nothing is lost"


async def test_tab_completes_the_key_file(staged: Stage, databases: list[Path]) -> None:
    folder = databases[0].parent
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        page = await open_settings(pilot)
        await type_in(pilot, "sharebox-key-file", f"{folder}/pa")
        await pilot.press("tab")
        assert page.query_one("#sharebox-key-file", Input).value == f"{folder}/paie.fdb"
        await pilot.press("tab")
        assert app.focused is not None
        assert app.focused.id == "proxy-kind"


async def test_a_theme_that_cannot_be_remembered_is_not_said_to_be(tmp_path: Path) -> None:
    app = CentreApp(Home(tmp_path / "config.toml", tmp_path))
    async with app.run_test() as pilot:
        await pilot.press("l")
        await pilot.pause()
        assert "Thème clair, pour cette fois" in flat(app)


async def test_the_theme_key_and_the_field_agree(staged: Stage) -> None:
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        page = await open_settings(pilot)
        page.query_one("#action-save").focus()
        await pilot.press("l")
        assert app.theme == LIGHT.name
        assert page.query_one("#display-theme", Choice).value == "light"
        await pilot.press("escape")
        assert isinstance(app.screen, HomePage), "it was saved at once"


def test_each_key_of_the_file_has_a_field_or_a_place_of_its_own() -> None:
    """A setting added to the configuration must not be forgotten here."""
    elsewhere = {"sharebox.host_key", "sharebox.temporary_names", "retention.days", "databases"}
    keys = {
        f"{section.name}.{field.name}"
        for section in msgspec.structs.fields(config.Settings)
        if section.name != "databases"
        for kind in (section.type, *getattr(section.type, "__args__", ()))
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct)
        for field in msgspec.structs.fields(kind)
    }
    assert keys | {"databases"} == {entry.key for entry in ENTRIES} | elsewhere


def test_what_the_file_says_comes_back_through_the_form(tmp_path: Path) -> None:
    given = settings(sharebox=msgspec.structs.replace(_PINNED, temporary_names=False))
    file = tmp_path / "config.toml"
    config.save(file, given)
    draft = read_draft(file)
    assert draft.texts["proxy.kind"] == ABSENT
    assert compose(draft, draft.texts, forget_host_key=False) == given


@pytest.mark.parametrize("kind", ["http", "https", "socks5"])
def test_a_proxy_of_any_kind_comes_back_through_the_form(tmp_path: Path, kind: Any) -> None:
    """The file does not name the kind that is the default."""
    given = settings(proxy=ProxySettings(kind=kind, host="proxy.example.org", username="exemple"))
    file = tmp_path / "config.toml"
    config.save(file, given)
    draft = read_draft(file)
    assert draft.texts["proxy.kind"] == kind
    assert compose(draft, draft.texts, forget_host_key=False) == given


@pytest.mark.parametrize("content", [b"", b"[", b"a = [\n1,\n", b"\xff\xfe", b"manager = 3\ndatabases = 4\n"])
def test_nothing_that_a_file_may_hold_keeps_the_form_from_opening(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(content)
    draft = read_draft(file)
    assert draft.texts["manager.name"] == ""
    assert draft.databases == ()


# ── What a file has and no field shows ────────────────────────


async def test_what_no_field_shows_stays_in_the_file(staged: Stage) -> None:
    sharebox = msgspec.structs.replace(kept(staged).sharebox, temporary_names=False)
    retention = config.RetentionSettings(days=30)
    config.save(
        staged.home.config_file, msgspec.structs.replace(kept(staged), sharebox=sharebox, retention=retention)
    )
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await open_settings(pilot)
        await type_in(pilot, "manager-name", "Autre nom")
        await pilot.press("f4")
        await pilot.pause()
    assert kept(staged).manager.name == "Autre nom"
    assert kept(staged).retention == retention
    assert kept(staged).sharebox.temporary_names is False


def test_what_is_wrong_and_no_field_shows_keeps_nothing_from_being_saved(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    config.save(file, settings())
    with file.open("a") as more:
        more.write("[retention]\ndays = 0\n[inconnue]\nx = 1\n")
    draft = read_draft(file)
    assert compose(draft, draft.texts, forget_host_key=False) == settings()


# ── Recipients ────────────────────────────────────────────────


def lines(page: SettingsPage) -> list[str]:
    return [line.value for line in page.query_one(ListInput).lines]


async def test_every_recipient_is_seen_and_a_file_without_any_shows_the_usual_ones(staged: Stage) -> None:
    config.save(
        staged.home.config_file, msgspec.structs.replace(kept(staged), report=config.ReportSettings())
    )
    app = CentreApp(staged.home)
    async with app.run_test(size=(80, 24)) as pilot:
        page = await open_settings(pilot)
        assert lines(page) == [*config.DEFAULT_RECIPIENTS, ""]
        page.query_one("#report-recipients-1").focus()
        await pilot.pause()
        for address in config.DEFAULT_RECIPIENTS:
            assert address in shown(app)
        await pilot.press("f4")
    assert "recipients" not in staged.home.config_file.read_text(), "the default needs no line"


async def test_recipients_are_added_removed_and_pasted_together(staged: Stage) -> None:
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        page = await open_settings(pilot)
        page.query_one("#report-recipients-1").focus()
        await pilot.press("delete", "down")
        assert lines(page) == ["equipe@example.org", ""]
        await pilot.press("down")
        app.post_message(events.Paste("a@example.org; b@example.org\nc@example.org"))
        await until(pilot, lambda: len(lines(page)) == 5)
        assert lines(page) == ["equipe@example.org", "a@example.org", "b@example.org", "c@example.org", ""]
        await until(pilot, lambda: getattr(app.focused, "value", "") == "c@example.org")
        await pilot.press("f4")
    assert kept(staged).report.recipients == (
        "equipe@example.org", "a@example.org", "b@example.org", "c@example.org"
    )  # fmt: skip


async def test_a_wrong_recipient_is_gone_to_and_none_at_all_is_refused(staged: Stage) -> None:
    app = CentreApp(staged.home)
    async with app.run_test(size=(80, 24)) as pilot:
        page = await open_settings(pilot)
        await type_in(pilot, "report-recipients-2", "equipe")
        page.query_one("#manager-name").focus()
        await pilot.press("f4")
        await pilot.pause()
        assert app.focused is not None
        assert app.focused.id == "report-recipients-2"
        assert "« equipe » n’est pas une adresse de messagerie" in flat(app)
        await pilot.press("delete", "up", "delete", "f4")
        await pilot.pause()
        assert errors(page) == {"report-recipients": "✗ Indiquez au moins un destinataire."}


# ── Addresses that are pasted ─────────────────────────────────


def values(page: SettingsPage, section: str = "sharebox") -> list[str]:
    return [page.query_one(f"#{section}-{name}", Input).value for name in ("host", "port", "username")]


@pytest.mark.parametrize("id", ["sharebox-host", "sharebox-directory", "sharebox-port"])
async def test_a_pasted_address_is_spread_over_the_fields(staged: Stage, id: str) -> None:
    app = CentreApp(staged.home)
    async with app.run_test(size=(80, 24)) as pilot:
        page = await open_settings(pilot)
        page.query_one(f"#{id}").focus()
        await pilot.pause()
        app.post_message(events.Paste("  sftp://moi:s3cret@depot.example.org:2222/la \n"))
        await until(pilot, lambda: values(page)[0] == "depot.example.org")
        assert values(page) == ["depot.example.org", "2222", "moi"]
        assert page.query_one("#sharebox-directory", Input).value == "/la"
        text = flat(app)
        assert "Adresse répartie : serveur, port, compte et dossier." in text
        assert "Le mot de passe qu’elle contenait n’est pas gardé" in text
        assert "s3cret" not in text
        await pilot.press("f4")
    assert "s3cret" not in staged.home.config_file.read_text()
    assert kept(staged).sharebox.account == ("depot.example.org", 2222, "moi")


async def test_a_typed_address_is_spread_once_it_is_left_or_saved(staged: Stage) -> None:
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        page = await open_settings(pilot)
        page.query_one("#sharebox-host").focus()
        await pilot.press(*"depot.example.org:2222", "down")
        assert values(page) == ["depot.example.org", "2222", "exemple"]
        page.query_one("#sharebox-host").focus()
        await pilot.press(*"moi:s3cret@ici.example.org", "f4")
    assert kept(staged).sharebox.account == ("ici.example.org", 2222, "moi")


async def test_a_pasted_proxy_brings_its_kind(pinned: Stage) -> None:
    app = CentreApp(pinned.home)
    async with app.run_test(size=(80, 24)) as pilot:
        page = await open_settings(pilot)
        page.query_one("#proxy-host").focus()
        await pilot.pause()
        app.post_message(events.Paste("http://moi@proxy2.example.org:8080/"))
        await until(pilot, lambda: values(page, "proxy") == ["proxy2.example.org", "8080", "moi"])
        assert page.query_one("#proxy-kind", Choice).value == "http"


async def test_the_address_of_a_page_is_doubted(staged: Stage) -> None:
    app = CentreApp(staged.home)
    async with app.run_test(size=(80, 24)) as pilot:
        page = await open_settings(pilot)
        page.query_one("#sharebox-host").focus()
        await pilot.pause()
        app.post_message(events.Paste("https://sharebox.example.org/portail"))
        await until(pilot, lambda: "C’est l’adresse d’une page web" in flat(app))


# ── Words ─────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        ("manager.name", "", "Indiquez le nom de votre association"),
        ("manager.name", "a\u200bb", "caractère invisible"),
        ("manager.id", "732 829", "Un SIRET a 14 chiffres"),
        ("sharebox.host", "", "Indiquez l’adresse du serveur"),
        ("sharebox.host", "mon serveur", "sans espace"),
        ("sharebox.username", "", "Indiquez le compte"),
        ("proxy.port", "80a", "le plus souvent 3128 ou 8080"),
        ("proxy.host", "", "Indiquez l’adresse du proxy"),
        ("mail.sender", "moi@", "il manque ce qui suit « @ »"),
        ("report.recipients", "é@b.fr", "une espace, un accent ou un signe est de trop"),
        ("report.recipients", "", "Indiquez au moins un destinataire"),
        ("transfer.opens_on", "demain", "jour/mois/année"),
        ("transfer.retry_for", "x", "Un nombre entier de minutes"),
        ("transfer.compression", "zip", "Écrivez auto"),
    ],
)
def test_what_is_wrong_is_said_in_words(key: str, text: str, said: str) -> None:
    assert said in form_errors.describe(key, text, "")


async def test_a_siret_is_taken_as_it_is_written(staged: Stage) -> None:
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await open_settings(pilot)
        await type_in(pilot, "manager-id", "732 829 320 00074")
        await pilot.press("f4")
        await pilot.pause()
    assert kept(staged).manager.id == "73282932000074"


def test_each_field_has_its_help_in_plain_french() -> None:
    """No name of a setting, as a file has it, and no English."""
    names = {part for entry in ENTRIES for part in entry.key.split(".") if "_" in part}
    for entry in ENTRIES:
        assert entry.hint.endswith("."), entry.key
        said = f"{entry.label} {entry.hint} {entry.placeholder}"
        assert not any(name in said for name in (*names, "config", "toml", "true", "false")), entry.key
        assert "'" not in said, entry.key
