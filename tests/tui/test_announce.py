"""What is told to the terminal besides the screen, and what of the screen it can show."""

from __future__ import annotations

import io

import pytest

from tests.tui import stage
from tests.tui.conftest import until
from tests.tui.scenes import follow
from tests.tui.stage import Stage
from tui_transfer import french
from tui_transfer.job import events as ev
from tui_transfer.tui.announce import Announcer
from tui_transfer.tui.app import CentreApp
from tui_transfer.tui.output import LastingOutput

WHOSE = "Association Exemple"


def announced(environment: dict[str, str], *, notify: bool = True) -> tuple[Announcer, list[str]]:
    written: list[str] = []
    return Announcer(written.append, environment, notify=notify), written


def test_title_and_taskbar_follow_once_a_percent_and_are_given_back() -> None:
    announcer, written = announced({"TERM": "xterm-256color"})
    announcer.open()
    for thousandth in range(415, 420):
        announcer.progress(thousandth / 1000)
    announcer.close()
    assert "".join(written) == (
        "\x1b[22;0t\x1b]2;Impact emploi\x07"
        f"\x1b]2;{french.percent(0.41)} – Impact emploi\x07\x1b]9;4;1;41\x07"
        "\x1b]2;Impact emploi\x07\x1b]9;4;0\x07\x1b[23;0t"
    )


def test_the_end_rings_and_is_notified_unless_that_is_turned_off() -> None:
    announcer, written = announced({"TERM": "xterm"})
    announcer.call("Le transfert s’est arrêté. Le proxy; a\x1b refusé.", WHOSE)
    text = "Le transfert s’est arrêté. Le proxy, a refusé."
    assert "".join(written) == f"\x07\x1b]9;{text}\x07\x1b]777;notify;Impact emploi;{text}\x07"
    quiet, written = announced({"TERM": "xterm"}, notify=False)
    quiet.show_notice = lambda *given: pytest.fail("it was turned off")
    quiet.call("Fini.", WHOSE)
    assert written == []


def test_it_is_told_on_the_desktop_too_where_there_is_one() -> None:
    shown: list[tuple[str, str]] = []
    announcer, _ = announced({"TERM": "dumb"})
    announcer.show_notice = lambda *given: shown.append(given)
    announcer.call("Le transfert est terminé.", WHOSE)
    assert shown == [("Association Exemple – Impact emploi", "Le transfert est terminé.")]


@pytest.mark.parametrize(
    ("environment", "title", "rest"),
    [({"TERM": "linux"}, False, False), ({"TERM": "tmux-256color"}, True, False),
     ({"TERM": "xterm", "TMUX": "/tmp/x,1,0"}, True, False), ({"TERM": "xterm"}, True, True)],
)  # fmt: skip
def test_only_what_the_terminal_knows_is_sent(environment: dict[str, str], title: bool, rest: bool) -> None:
    announcer, written = announced(environment)
    announcer.progress(0.5)
    announcer.call("Fini.", WHOSE)
    text = "".join(written)
    assert text.count("\x1b]2;") == title
    assert ("\x1b]9;" in text) == rest
    assert text.replace("\x1b", "").count("\x07") >= 1


async def test_a_transfer_calls_at_its_end(staged: Stage) -> None:
    announcer, written = announced({"TERM": "xterm"})
    job = staged.job(stage.midway(), running=True)
    app = CentreApp(staged.home, announcer=announcer)
    async with app.run_test() as pilot:
        await follow(pilot, job)
        assert "\x1b]9;4;1;" in "".join(written)
        assert "terminé" not in "".join(written)
        stage.append(job, *stage.delivered(1, 212_000_000, "folder"), *stage.delivered(2, 37_000_000, "file"))
        stage.append(job, ev.JobSucceeded(at=stage.at(95)))
        staged.end()
        await until(pilot, lambda: "\x1b]9;Le transfert est terminé.\x07" in written[-1])
    assert "".join(written).endswith("\x1b]9;4;0\x07") or "9;4;0" in "".join(written)


async def test_what_had_ended_before_calls_nobody(staged: Stage) -> None:
    announcer, written = announced({"TERM": "xterm"})
    job = staged.job(stage.all_delivered())
    async with CentreApp(staged.home, announcer=announcer).run_test() as pilot:
        await follow(pilot, job)
    assert "\x07\x1b]9;Le" not in "".join(written)


@pytest.mark.parametrize(
    ("encoding", "console", "shown"),
    [
        ("utf-8", False, "✓ Échap › 12,5\u202fMo « ■·│╭ »"),
        ("utf-8", True, "v Échap > 12,5 Mo « ■·│┌ »"),
        ("iso-8859-1", False, "v Échap > 12,5 Mo « #·|+ »"),
        ("ascii", False, 'v Echap > 12,5 Mo " #.|+ "'),
    ],
)
def test_signs_that_cannot_be_shown_are_replaced_by_others_as_wide(
    encoding: str, console: bool, shown: str
) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, errors="strict", newline="")
    output = LastingOutput(stream, console=console)
    output.write("✓ Échap › 12,5\u202fMo « ■·│╭ »")
    output.flush()
    written = raw.getvalue().decode(encoding)
    assert written == shown
    assert len(written) == len("✓ Échap › 12,5\u202fMo « ■·│╭ »")
