"""Secrets that are typed: seen only while one is in their field and asks for it, and never copied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from textual import events

from tests.tui import stage
from tests.tui.conftest import Workers, flat, shown, until
from tests.tui.scenes import follow, settle
from tests.tui.stage import Stage
from tui_transfer.job.events import LoginAsked, Prompt
from tui_transfer.tui import capitals
from tui_transfer.tui.app import CentreApp
from tui_transfer.tui.dialogs.help import HelpDialog
from tui_transfer.tui.dialogs.secret import SecretDialog
from tui_transfer.tui.happenings import LoginQuestionAsked
from tui_transfer.tui.widgets.secret_input import SecretInput

if TYPE_CHECKING:
    from textual.pilot import Pilot

SECRET = "Tournesol-7"
NEEDED = stage.blocked("password-needed", username="exemple")
REFUSED = stage.blocked(
    "credentials-refused",
    host="sharebox.example.org",
    username="exemple",
    method="ce mot de passe",
    said=" Le serveur dit : « 2 attempts left ». Il reste 2 essais avant que le compte ne soit bloqué.",
)
DIRECT = stage.blocked("sharebox-unreachable", host="sharebox.example.org", port=22, reason="aucune réponse")


@pytest.fixture
def app(staged: Stage) -> CentreApp:
    return CentreApp(staged.home)


async def ask(pilot: Pilot[Any], staged: Stage, blocked: Any) -> SecretInput:
    await follow(pilot, staged.job([stage.started(), blocked]))
    return pilot.app.screen.query_one(SecretInput)


@pytest.mark.parametrize("blocked", [NEEDED, DIRECT], ids=["password", "proxy"])
async def test_f3_shows_what_is_typed_and_leaving_the_field_hides_it(
    app: CentreApp, staged: Stage, workers: Workers, blocked: Any
) -> None:
    async with app.run_test() as pilot:
        field = await ask(pilot, staged, blocked)
        app.screen.set_focus(field)
        await pilot.press(*SECRET)
        assert SECRET not in shown(app)
        assert "F3 montre" in flat(app)
        await pilot.press("f3")
        assert SECRET in shown(app)
        await pilot.press("f3")
        assert SECRET not in shown(app)
        await pilot.press("f3", "tab")
        assert SECRET not in shown(app)
        await pilot.press("f3")  # from a button: back to the field
        assert field.has_focus
        assert SECRET in shown(app)
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(app.screen, HelpDialog))
        assert SECRET not in shown(app), "a dialog above lets what is below shine through"


async def test_the_hidden_prompts_of_a_server_can_be_shown_the_others_are(
    app: CentreApp, staged: Stage
) -> None:
    prompts = [Prompt(text="Code :", hidden=False), Prompt(text="Secret :", hidden=True)]
    asked = LoginAsked(at=stage.at(1), number=1, title="", text="", prompts=prompts)
    async with app.run_test() as pilot:
        app.tell(LoginQuestionAsked(asked, "exemple sur ici", lambda _: None))
        await settle(pilot)
        await pilot.press(*"visible", "tab", *SECRET)
        assert "visible" in shown(app)
        assert SECRET not in shown(app)
        await pilot.press("f3")
        assert SECRET in shown(app)
        await pilot.press("up")
        assert SECRET not in shown(app)


async def test_nothing_of_a_secret_is_copied(
    app: CentreApp, staged: Stage, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied: list[str] = []
    async with app.run_test() as pilot:
        monkeypatch.setattr(app, "copy_to_clipboard", copied.append)
        field = await ask(pilot, staged, NEEDED)
        await pilot.press(*SECRET, "f3", "ctrl+shift+a", "ctrl+c")
        await pilot.press("shift+home", "ctrl+x")
        assert field.value == ""
    assert copied == []


async def test_a_secret_is_pasted_without_the_line_ends_of_its_mail(
    app: CentreApp, staged: Stage, workers: Workers
) -> None:
    async with app.run_test() as pilot:
        field = await ask(pilot, staged, NEEDED)
        app.post_message(events.Paste(f"\r\n{SECRET}\r\n"))
        await until(pilot, lambda: field.value != "")
        assert field.value == SECRET
        app.post_message(events.Paste(" "))
        await until(pilot, lambda: field.value != SECRET)
        assert "Il y a une espace au début ou à la fin" in flat(app)


async def test_a_refusal_says_which_account_was_tried_and_what_is_left(
    app: CentreApp, staged: Stage, workers: Workers
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await ask(pilot, staged, REFUSED)
        text = flat(app)
        assert "Essayé avec le compte exemple sur sharebox.example.org" in text
        assert "Il reste 2 essais avant que le compte ne soit bloqué." in text
        assert capitals.AFTER_REFUSAL in text


async def test_one_that_was_refused_in_capitals_is_told_to_be_so(
    app: CentreApp, staged: Stage, workers: Workers
) -> None:
    app.session.sftp_password = SECRET.swapcase()
    async with app.run_test(size=(80, 24)) as pilot:
        await ask(pilot, staged, REFUSED)
        assert "presque tout en majuscules" in flat(app)
        await pilot.press("escape", "r")
        await until(pilot, lambda: isinstance(app.screen, SecretDialog))
        assert "presque tout en majuscules" in flat(app), "nothing else was tried since"
        app.screen.dismiss(None)
        await settle(pilot)
        app.session.sftp_password = SECRET
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, SecretDialog))
        assert "presque tout en majuscules" not in flat(app)


async def test_capitals_are_told_while_they_are_typed(
    app: CentreApp, staged: Stage, workers: Workers
) -> None:
    async with app.run_test() as pilot:
        field = await ask(pilot, staged, NEEDED)
        await pilot.press(*"tOURN")
        assert "Verr. Maj est peut-être enfoncée" in flat(app)
        await pilot.press("e")
        assert "Verr. Maj" not in flat(app)
        field.value = ""
        await pilot.press("enter")
        assert "Saisissez le mot de passe, ou appuyez sur Échap" in flat(app)
        await pilot.press("x")
        assert "Saisissez le mot de passe" not in flat(app)


@pytest.mark.parametrize("typed", ["MOT DE PASSE", "mOT", "ABC123", "éTÉ-2022"])
def test_locked_capitals(typed: str) -> None:
    assert capitals.is_locked_in_capitals(typed)


@pytest.mark.parametrize("typed", ["", "12345678", "Mot", "AB", "Été-2022", "MoT", "mot"])
def test_no_locked_capitals(typed: str) -> None:
    assert not capitals.is_locked_in_capitals(typed)
