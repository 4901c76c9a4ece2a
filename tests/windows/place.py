"""A home on that Windows, and the commands that are run in it."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.cli.place import Place, Server, place_for
from tests.servers.processes import wait_until
from tests.windows.wine import Result, Wine, in_windows
from tui_transfer.job.events import Event, WorkerStarted
from tui_transfer.job.journal import JournalReader
from tui_transfer.settings import config

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

INSIDE = Path(__file__).with_name("inside")


@dataclass(frozen=True)
class WindowsPlace:
    """A home in a folder that both systems see: the tests read there what Windows wrote."""

    windows: Wine
    seen_here: Place

    def configure(self, server: Server, databases: Mapping[str, Path], **more: Any) -> None:
        """Writes the settings, with the paths as Windows has them."""
        paths = {name: Path(in_windows(path)) for name, path in databases.items()}
        self.seen_here.configure(server, paths, **more)

    @property
    def environment(self) -> dict[str, str]:
        return self.seen_here.secrets | {config.HOME_VARIABLE: in_windows(self.seen_here.folder)}

    def run(self, *arguments: str, **more: str) -> Result:
        """Runs a command of the program to its end."""
        return self.windows.run(self.windows.command(*arguments), self.environment | more)

    @contextmanager
    def started(self, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        """Starts a command; its worker goes on, if nothing ends it."""
        with started(self.windows, self.windows.command(*arguments), self.environment) as process:
            yield process

    def events(self) -> list[Event]:
        """What the journal of the only job holds so far."""
        journals = list(self.seen_here.home.jobs.glob("*/journal.jsonl"))
        return list(JournalReader(journals[0]).read()) if journals else []

    def wait_for(self, condition: Callable[[Event], bool], what: str) -> Event:
        """Waits until the journal tells of something."""
        wait_until(lambda: any(map(condition, self.events())), what=what, seconds=120)
        return next(filter(condition, self.events()))

    def worker(self) -> int:
        """The number that Windows gave the newest worker."""
        return [event.pid for event in self.events() if isinstance(event, WorkerStarted)][-1]


def windows_place(windows: Wine, folder: Path, password: str) -> WindowsPlace:
    return WindowsPlace(windows, place_for(folder, password))


@contextmanager
def started(
    windows: Wine, command: list[str], environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a command with pipes for input and output; it is over after the block, or is ended."""
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=windows.environment(environment),
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
