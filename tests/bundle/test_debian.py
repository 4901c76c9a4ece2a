"""The Debian package, installed below a folder of its own by the real dpkg, and removed."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.programs import require, require_root

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.bundle.conftest import Built

pytestmark = pytest.mark.timeout(900)  # whoever comes first builds for all, on a machine that others use

SETTINGS = """\
[manager]
name = "Alice"
[sharebox]
host = "sharebox.example.org"
username = "alice"
"""


class System:
    """A system that has dpkg's own files, and what is installed with it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        state = root / "var" / "lib" / "dpkg"
        for name in ("updates", "info"):
            (state / name).mkdir(parents=True)
        (state / "status").touch()

    def dpkg(self, *arguments: str) -> str:
        # Scripts run outside, told by DPKG_ROOT where to act; Python is this machine's.
        command = [require("dpkg"), f"--root={self.root}", "--force-script-chrootless", "--force-depends"]
        environment = {**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}
        done = subprocess.run(
            [*command, *arguments], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def there(self) -> set[str]:
        """What is in it, but for dpkg's own files."""
        return {
            str(path.relative_to(self.root))
            for path in self.root.rglob("*")
            if not path.is_dir() and path.relative_to(self.root).parts[:2] != ("var", "lib")
        }


@pytest.fixture
def package(shipped: Callable[[str], Built]) -> Path:
    return shipped("linux").files("*.deb")[0]


def test_it_installs_runs_and_goes_and_leaves_what_is_peoples(package: Path, tmp_path: Path) -> None:
    require_root()
    system = System(tmp_path / "root")
    home = system.root / "home" / "alice"
    home.mkdir(parents=True)

    system.dpkg("--install", str(package))
    assert not system.dpkg("--verify", "tui-transfer")
    program = system.root / "opt" / "tui-transfer" / "tui-transfer"
    assert (system.root / "usr/bin/tui-transfer").readlink().as_posix() == "/opt/tui-transfer/tui-transfer"
    assert system.there() >= {
        "usr/share/man/man1/tui-transfer.1.gz",
        "usr/share/man/fr/man1/tui-transfer.1.gz",
        "usr/share/bash-completion/completions/tui-transfer",
        "usr/share/applications/tui-transfer.desktop",
        "usr/share/doc/tui-transfer/copyright",
    }
    assert list(program.parent.rglob("__pycache__")), "modules would be compiled at each start"
    before = system.there()

    alice = {"PATH": "/usr/bin:/bin", "HOME": str(home), "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
    settings = home / ".config" / "tui-transfer" / "config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text(SETTINGS, encoding="utf-8")
    done = subprocess.run(
        [program, "config", "show"], env=alice, cwd="/", capture_output=True, text=True, check=False
    )
    assert "Alice" in done.stdout, done.stdout + done.stderr

    system.dpkg("--purge", "tui-transfer")
    assert settings.exists()
    assert not (system.root / "opt" / "tui-transfer").exists()
    assert system.there() & before == set()


def test_it_asks_for_nothing_but_the_systems_python(package: Path) -> None:
    done = subprocess.run(
        [require("dpkg-deb"), "--field", str(package), "Depends", "Architecture"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == ["Depends: python3 (>= 3.11)", "Architecture: all"]
