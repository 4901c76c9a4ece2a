"""The place where one practises: a Sharebox, databases and a configuration, gone afterwards."""

from __future__ import annotations

import secrets
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from tui_transfer.demo.launch import LOOPBACK, PROXY_USERNAME, USERNAME, run_sharebox
from tui_transfer.demo.samples import Samples, make_samples
from tui_transfer.settings import config
from tui_transfer.system.files import disk_errors

if TYPE_CHECKING:
    from types import TracebackType

MANAGER: Final = "Association Démonstration"
RECIPIENTS: Final = ("destinataire@demo.invalid", "copie@demo.invalid")

_DIRECTORY: Final = "depot"
_TYPEABLE: Final = "abcdefghjkmnpqrstuvwxyz"
"""Letters that no keyboard hides and no font confuses."""


@dataclass(frozen=True)
class ProxyAccess:
    """What step 5bis asks for."""

    host: str
    port: int
    username: str
    password: str


class Demo:
    """A temporary home with everything a demonstration needs; `with Demo(…) as demo:` removes it all.

    Whoever starts a worker on this home ends it before leaving the block. If this process is killed, the
    Sharebox ends with it, and the temporary folder stays: it holds nothing but made-up data.

    Args:
        rate: of the line to the Sharebox, in bits per second; None for full speed.
        behind_proxy: refuse direct connections, and start a proxy.
        scale: of the sizes of the databases.

    Entering raises `TransferError`: DISK_FULL, DISK_UNWRITABLE, or UNEXPECTED if the Sharebox does not start.
    """

    home: Path
    """For TUI_TRANSFER_HOME."""
    config_file: Path
    delivered: Path
    """The folder of this machine in which what is sent arrives."""
    samples: Samples
    host: str
    port: int
    username: str
    password: str
    fingerprint: str
    """Of the Sharebox's host key; absent from the configuration, so that accepting it is practised."""
    proxy: ProxyAccess | None
    """With `behind_proxy`; absent from the configuration as well."""

    def __init__(self, *, rate: int | None = None, behind_proxy: bool = False, scale: float = 1.0) -> None:
        self._rate = rate
        self._behind_proxy = behind_proxy
        self._scale = scale
        self._resources = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as resources:
            with disk_errors(Path(tempfile.gettempdir())):
                temporary = tempfile.TemporaryDirectory(prefix="tui-transfer-demo-")  # made 0700
                root = Path(resources.enter_context(temporary))
                self._fill(root)
            self._start_sharebox(root / "sharebox", resources)
            config.save(self.config_file, self._settings())
            self._resources = resources.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._resources.close()

    def _fill(self, root: Path) -> None:
        self.home = root / "accueil"
        self.config_file = self.home / "config.toml"
        self.delivered = root / "sharebox" / _DIRECTORY
        for folder in (self.home, self.delivered.parent, self.delivered, root / "bases"):
            folder.mkdir(mode=0o700)
        self.samples = make_samples(root / "bases", self._scale)

    def _start_sharebox(self, folder: Path, resources: ExitStack) -> None:
        self.username, self.password = USERNAME, _make_password()
        proxy_password = f"{_make_password()}-é" if self._behind_proxy else None
        running = run_sharebox(folder, self.password, rate=self._rate, proxy_password=proxy_password)
        ready = resources.enter_context(running)
        self.host, self.port, self.fingerprint = LOOPBACK, ready.port, ready.fingerprint
        self.proxy = None
        if proxy_password is not None and ready.proxy_port is not None:
            self.proxy = ProxyAccess(LOOPBACK, ready.proxy_port, PROXY_USERNAME, proxy_password)

    def _settings(self) -> config.Settings:
        return config.Settings(
            manager=config.Manager(name=MANAGER),
            sharebox=config.ShareboxSettings(
                host=self.host, port=self.port, username=self.username, directory=f"/{_DIRECTORY}"
            ),
            databases=tuple(
                config.DatabaseSettings(name=sample.name, path=str(sample.path), active=sample.active)
                for sample in self.samples
            ),
            transfer=config.TransferSettings(opens_on=date(2022, 3, 2)),
            report=config.ReportSettings(recipients=RECIPIENTS),
        )


def _make_password() -> str:
    """Random, and easy to copy from the screen by hand."""
    return "-".join("".join(secrets.choice(_TYPEABLE) for _ in range(4)) for _ in range(3))
