"""The procedure on screen, by keyboard, as far as Wine's console carries it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pexpect
import pytest

from tests.cli.place import archives, content, extract
from tests.windows.place import windows_place
from tests.windows.screen import on_screen

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.openssh import SshServer
    from tests.windows.wine import Wine

pytestmark = pytest.mark.windows


def test_the_procedure_from_the_first_screen_to_the_report(
    windows: Wine, ssh_server: SshServer, tmp_path: Path
) -> None:
    base = tmp_path / "paie.dat"
    base.write_bytes(b"paie" * 10_000)
    place = windows_place(windows, tmp_path / "home", "")
    place.seen_here.secrets.clear()  # a person types them
    place.configure(ssh_server, {"Base active": base}, key=None)
    with on_screen(windows.command(), windows.environment(place.environment)) as screen:
        screen.wait_for("Maintenir")
        screen.press("m")
        screen.wait_for("Transfert", "Urssaf")
        screen.press("t")
        screen.wait_for("Base")
        screen.press("t")
        screen.wait_for("Oui", "Non")
        screen.press("o")
        screen.wait_for("inconnue")
        screen.press(ssh_server.fingerprint[-6:] + "\r")
        screen.wait_for("mot de passe")
        screen.press(ssh_server.password + "\r")
        screen.wait_for("relecture", "OK")
        screen.press("\r")
        screen.wait_for("Message")
        screen.press("q")
        screen.wait_for("Quitter")
        screen.press("q")
        screen.program.expect(pexpect.EOF)
        screen.program.wait()
        assert screen.program.exitstatus == 0
    (archive,) = archives(ssh_server.root)
    assert content(extract(archive, tmp_path / "out")) == {"paie.dat": base.read_bytes()}
