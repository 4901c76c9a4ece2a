"""Honest copying: into a real tmux, over a real ssh, beside a display; always into a file; said as it was."""

from __future__ import annotations

import base64
import os
import re
import shlex
import stat
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pexpect
import pytest

from tests.cli.place import COMMAND
from tests.programs import require, require_root
from tests.servers.account import Account
from tests.servers.openssh import openssh
from tests.tui import stage
from tests.tui.conftest import flat
from tui_transfer.job import control
from tui_transfer.job import events as ev
from tui_transfer.report.message import make_message
from tui_transfer.settings import config
from tui_transfer.tui import clipboard
from tui_transfer.tui.app import CentreApp
from tui_transfer.tui.clipboard import Means
from tui_transfer.tui.screens.report import ReportPage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from textual.pilot import Pilot

    from tests.tui.stage import Stage
    from tui_transfer.job.control import Job

RECIPIENTS = "accueil@example.org, equipe@example.org"
FORTY = [f"Base {number:02d} – paie d'été" for number in range(40)]


@pytest.fixture
def job(staged: Stage) -> Job:
    return staged.job(stage.all_delivered())


@pytest.fixture
def app(job: Job, staged: Stage) -> CentreApp:
    return CentreApp(staged.home)


async def open_report(pilot: Pilot[Any]) -> None:
    await pilot.pause()
    await pilot.press("e")
    assert isinstance(pilot.app.screen, ReportPage)


@pytest.mark.parametrize(
    ("environment", "means"),
    [
        ({"TMUX": "/tmp/s,1,0", "DISPLAY": ":0"}, Means.TMUX),
        ({"TMUX": "/tmp/s,1,0", "STY": "1.pts"}, Means.TMUX),
        ({"DISPLAY": ":0"}, Means.DISPLAY),
        ({"WAYLAND_DISPLAY": "wayland-0"}, Means.DISPLAY),
        ({"DISPLAY": ":10", "SSH_CONNECTION": "a 1 b 2"}, Means.TERMINAL),
        ({}, Means.TERMINAL),
        ({"STY": "1.pts-0.serveur", "SSH_TTY": "/dev/pts/0"}, Means.NONE),
        ({"TERM": "linux"}, Means.NONE),
    ],
)
def test_the_means_of_copying(environment: dict[str, str], means: Means) -> None:
    assert clipboard.find_means(environment) is means


# --- The file ---


async def test_each_copy_is_also_a_file_for_its_owner_only_whose_path_is_shown(
    app: CentreApp, staged: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(staged.home.data.parent))
    async with app.run_test() as pilot:
        await open_report(pilot)
        for key, name in (("1", "destinataires"), ("2", "objet"), ("3", "contenu")):
            await pilot.press(key)
            assert f"Fichier : ~/home/reports/{name}.txt" in flat(app)
            file = staged.home.reports / f"{name}.txt"
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
            assert file.read_text("utf-8") == app.clipboard
    assert app.clipboard.startswith("Bonjour,")


async def test_a_file_that_cannot_be_written_is_told_and_the_copy_goes_on(
    app: CentreApp, staged: Stage
) -> None:
    staged.home.reports.write_text("un fichier à la place du dossier")
    async with app.run_test(size=(160, 40)) as pilot:
        await open_report(pilot)
        await pilot.press("1")
        assert "envoyé au terminal" in flat(app)
        assert "Pas de fichier :" in flat(app)
    assert app.clipboard == RECIPIENTS


def test_a_path_elsewhere_than_at_home_is_shown_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert clipboard.brief(tmp_path / "home" / "a b.txt") == "~/a b.txt"
    assert clipboard.brief(tmp_path / "b.txt") == str(tmp_path / "b.txt")


# --- The terminal ---


async def test_without_tmux_or_display_a_copy_goes_to_the_terminal_and_says_only_that(app: CentreApp) -> None:
    async with app.run_test() as pilot:
        await open_report(pilot)
        await pilot.press("1")
        assert app.clipboard == RECIPIENTS
        assert "Destinataires : envoyé au terminal. S’il ne se colle pas : W l’affiche seul." in flat(app)
        assert "copié" not in flat(app)


_DOUBTFUL = "envoyé au terminal, qui peut le couper : vérifiez la fin. Fichier"


@pytest.mark.parametrize(
    ("length", "said", "sent"),
    [
        (clipboard.CERTAIN * 3 // 4, "envoyé au terminal. Fichier", True),
        (clipboard.CERTAIN * 3 // 4 + 1, _DOUBTFUL, True),
        (clipboard.LONGEST * 3 // 4, _DOUBTFUL, True),
        (clipboard.LONGEST * 3 // 4 + 1, "trop long pour être envoyé au terminal. Fichier", False),
    ],
)
async def test_a_text_longer_than_terminals_take(
    app: CentreApp, tmp_path: Path, length: int, said: str, sent: bool
) -> None:
    async with app.run_test():
        told = await clipboard.copy(app, "x" * length, "Contenu", tmp_path, environment={})
    assert f"Contenu : {said}" in told
    assert app.clipboard == ("x" * length if sent else "")
    assert (tmp_path / "contenu.txt").stat().st_size == length


async def test_where_there_is_no_clipboard_none_is_claimed(app: CentreApp, tmp_path: Path) -> None:
    async with app.run_test():
        told = await clipboard.copy(app, "x", "Le texte de l’erreur", tmp_path, environment={"TERM": "linux"})
    assert "pas de presse-papiers dans ce terminal" in told
    assert app.clipboard == ""
    assert (tmp_path / "texte-de-l-erreur.txt").read_text() == "x"


# --- A local display ---


@pytest.mark.parametrize(("keeps", "said"), [("cat", "placé dans le presse-papiers"), ("true", "terminal")])
async def test_beside_a_display_only_a_clipboard_that_gives_the_text_back_is_said_to_have_it(
    app: CentreApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keeps: str, said: str
) -> None:
    kept = tmp_path / "kept"
    program = tmp_path / "bin" / "xclip"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\ncase "$*" in *-o*) {keeps} {kept};; *) cat > {kept};; esac\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    monkeypatch.setenv("DISPLAY", ":9")
    async with app.run_test() as pilot:
        await open_report(pilot)
        await pilot.press("1")
        assert f"Destinataires : {said}" in flat(app) or f"envoyé au {said}" in flat(app)
    assert kept.read_text() == RECIPIENTS
    assert app.clipboard == ("" if keeps == "cat" else RECIPIENTS)


# --- tmux ---


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[str]:
    """The socket of a tmux of our own, which nobody looks at."""
    require("tmux")
    with socket_of_a_tmux(tmp_path) as socket:
        subprocess.run(["tmux", "-S", socket, "-f", "/dev/null", "new-session", "-d", "cat"], check=True)
        yield socket


@contextmanager
def socket_of_a_tmux(folder: Path) -> Iterator[str]:
    """Where a tmux may listen that is ended whatever happens."""
    socket = str(folder / "s")
    try:
        yield socket
    finally:
        subprocess.run(["tmux", "-S", socket, "kill-server"], capture_output=True, check=False)


def buffer(socket: str) -> str:
    """What `prefix ]` would paste."""
    command = ["tmux", "-S", socket, "save-buffer", "-"]
    return subprocess.run(command, capture_output=True, check=True).stdout.decode()


async def test_inside_tmux_the_text_is_in_its_buffer(
    app: CentreApp, tmux: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMUX", f"{tmux},0,0")
    async with app.run_test() as pilot:
        await open_report(pilot)
        await pilot.press("1")
        assert "placé dans le tampon de tmux (préfixe puis ]). S’il ne" in flat(app)
        assert app.clipboard == ""
        assert buffer(tmux) == RECIPIENTS
        told = await clipboard.copy(app, "é\n" * 100_000, "Contenu", app.session.home.reports)
    assert "placé dans le tampon de tmux" in told
    assert buffer(tmux) == "é\n" * 100_000


async def test_a_tmux_too_old_to_hand_on_to_its_terminal_still_gets_the_text(
    app: CentreApp, tmux: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = require("tmux")
    old = tmp_path / "bin" / "tmux"
    old.parent.mkdir()
    old.write_text(f'#!/bin/sh\n[ "$2" = -w ] && exit 1\nexec {real} "$@"\n')
    old.chmod(0o755)
    monkeypatch.setenv("PATH", str(old.parent), prepend=os.pathsep)
    monkeypatch.setenv("TMUX", f"{tmux},0,0")
    async with app.run_test() as pilot:
        await open_report(pilot)
        await pilot.press("1")
        assert "placé dans le tampon de tmux" in flat(app)
    assert buffer(tmux) == RECIPIENTS


async def test_a_tmux_that_is_gone_is_not_said_to_have_it(
    app: CentreApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMUX", f"{tmp_path / 'gone'},0,0")
    async with app.run_test() as pilot:
        await open_report(pilot)
        await pilot.press("1")
        assert "tampon" not in flat(app)
        assert "envoyé au terminal" in flat(app)


# --- A real ssh ---


@contextmanager
def over_ssh(staged: Stage, folder: Path, *through: str) -> Iterator[pexpect.spawn[bytes]]:
    """The program in a session of root's on a real sshd, seen from the terminal that ssh runs in."""
    require_root()
    folder.mkdir()
    root = Account("root", "", folder, 0, 0)
    with openssh(root, allow_exec=True, authentication="publickey") as server:
        program = ["env", "LANG=C.UTF-8", f"{config.HOME_VARIABLE}={staged.home.data}", *COMMAND]
        remote = [*through, shlex.join(program)] if through else program
        ssh = [
            *("-tt", "-F", "none", "-o", "StrictHostKeyChecking=no"),
            *("-o", f"UserKnownHostsFile={folder / 'known'}", "-i", str(server.key_file)),
            *("-p", str(server.port), f"root@{server.host}", shlex.join(remote)),
        ]
        environment = os.environ | {"TERM": "xterm-256color"}
        child = pexpect.spawn(require("ssh"), ssh, dimensions=(24, 80), env=environment, timeout=60)
        try:
            child.expect("Maintenir")
            yield child
        finally:
            child.close(force=True)


def sent_to_the_clipboard(child: pexpect.spawn[bytes]) -> str:
    """The text of the next OSC 52 that reaches the person's terminal."""
    child.expect(rb"\x1b\]52;c?;([A-Za-z0-9+/=]*)(?:\x07|\x1b\\)")
    assert isinstance(child.match, re.Match)
    return base64.b64decode(child.match[1], validate=True).decode()


@pytest.fixture
def long_body(staged: Stage) -> str:
    """The message about forty databases: longer than any buffer on the way."""
    arrived = [event for index in range(40) for event in stage.delivered(index, 84 * stage.MEGA)]
    end = ev.JobSucceeded(at=stage.at(95))
    job = staged.job([stage.started(), stage.connected(), *arrived, end], names=FORTY)
    body = make_message(control.Follower(job).state).body
    assert len(base64.b64encode(body.encode())) < clipboard.LONGEST
    return body


def test_over_ssh_the_persons_terminal_gets_the_text(staged: Stage, tmp_path: Path, long_body: str) -> None:
    with over_ssh(staged, tmp_path / "ssh") as child:
        child.send("e")
        child.expect("SSH")  # greyed, with its reason
        child.send("1")
        assert sent_to_the_clipboard(child) == RECIPIENTS
        child.expect("terminal")
        child.send("3")
        assert sent_to_the_clipboard(child) == long_body


def test_over_ssh_inside_tmux_both_the_buffer_and_the_persons_terminal_get_the_text(
    staged: Stage, tmp_path: Path, long_body: str
) -> None:
    program = require("tmux")
    with (
        socket_of_a_tmux(tmp_path) as socket,
        over_ssh(
            staged, tmp_path / "ssh", program, "-u", "-S", socket, "-f", "/dev/null", "new-session"
        ) as child,
    ):
        child.send("e")
        child.expect("SSH")
        child.send("1")
        assert sent_to_the_clipboard(child) == RECIPIENTS
        assert buffer(socket) == RECIPIENTS
        child.expect("tampon de tmux")
        child.send("3")
        assert sent_to_the_clipboard(child) == long_body
        assert buffer(socket) == long_body
        screen = subprocess.run(["tmux", "-S", socket, "capture-pane", "-p"], capture_output=True, text=True)
        assert "et envoyé au terminal" in " ".join(screen.stdout.split())
