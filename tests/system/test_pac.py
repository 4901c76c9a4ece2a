"""The script by which a machine finds its proxy is told, whoever names it, and never run."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tui_transfer.system.pac import proxy_script, script_hint

if TYPE_CHECKING:
    from pathlib import Path

ADDRESS = "http://wpad.example.org/proxy.pac"


@pytest.fixture(autouse=True)
def desktop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for `gsettings`, which the machines of tests do not have."""
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin{os.pathsep}/usr/bin")
    monkeypatch.delenv("auto_proxy", raising=False)
    monkeypatch.delenv("AUTO_PROXY", raising=False)
    return tmp_path


def gnome(folder: Path, mode: str) -> None:
    program = folder / "gsettings"
    program.write_text(f"#!/bin/sh\ncase $3 in mode) echo \"'{mode}'\";; *) echo \"'{ADDRESS}'\";; esac\n")
    program.chmod(0o755)


@pytest.mark.parametrize("name", ["auto_proxy", "AUTO_PROXY"])
def test_of_the_environment(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "http://gestionnaire:s3cret@wpad.example.org/proxy.pac\x1b[2J")
    assert proxy_script() == f"{ADDRESS}\N{REPLACEMENT CHARACTER}[2J"
    assert ADDRESS in script_hint(ADDRESS)


@pytest.mark.skipif(os.name != "posix", reason="Windows has it in its registry")
@pytest.mark.parametrize(("mode", "expected"), [("auto", ADDRESS), ("manual", None), ("none", None)])
def test_of_the_desktop(desktop: Path, mode: str, expected: str | None) -> None:
    gnome(desktop, mode)
    assert proxy_script() == expected


def test_none() -> None:
    assert proxy_script() is None


@pytest.mark.skipif(os.name != "posix", reason="a script in place of a program")
def test_a_desktop_that_does_not_answer_is_not_waited_for(desktop: Path) -> None:
    program = desktop / "gsettings"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    assert proxy_script() is None
