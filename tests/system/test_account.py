from __future__ import annotations

import socket
import subprocess

from tests.programs import ON_WINDOWS
from tui_transfer.system import account

WHO = ["whoami"] if ON_WINDOWS else ["id", "-un"]  # there it names the machine or the domain first
IDENTITY = subprocess.run(WHO, capture_output=True, text=True, check=True).stdout.strip().rpartition("\\")[2]


def test_who_acts_is_the_account_whatever_the_environment_says() -> None:
    who = account.current({"LOGNAME": "personne", "USER": "personne", "SUDO_USER": "camille"})
    assert who == account.Account(IDENTITY, "camille", "personne", socket.gethostname())


def test_what_the_environment_does_not_say_is_not_made_up() -> None:
    who = account.current({"SUDO_USER": ""})
    assert (who.sudo_user, who.logname) == (None, None)


def test_what_the_environment_says_commands_no_terminal() -> None:
    assert account.current({"SUDO_USER": "\x1b]0;x\x07"}).sudo_user == "�]0;x�"
