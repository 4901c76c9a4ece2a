"""A stage for each test, and an app that is looked at through Textual's pilot."""

from __future__ import annotations

import html
import os
import re
from typing import TYPE_CHECKING, Any

import pytest
from textual.pilot import Pilot

from tests.tui import patience, stage
from tests.tui.patience import until as until
from tests.tui.stage import Stage, settings
from tui_transfer.job import control
from tui_transfer.tui import clipboard, mailer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from textual.app import App

    from tui_transfer.job.attendance import Attendance
    from tui_transfer.job.control import Job
    from tui_transfer.job.orders import Orders


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the clipboard, the display nor the proxies of whoever runs the tests."""
    stage.use_utc()
    for name in ("TMUX", "DISPLAY", "WAYLAND_DISPLAY", "SSH_CONNECTION", "SSH_TTY"):
        monkeypatch.delenv(name, raising=False)
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """As much time as it takes, for keys and for the programs that a screen asks."""
    monkeypatch.setattr(Pilot, "press", patience.press)
    monkeypatch.setattr(clipboard, "_PATIENCE", patience.LONGEST)
    monkeypatch.setattr(mailer, "_PATIENCE", patience.LONGEST)


@pytest.fixture
def databases(tmp_path: Path) -> list[Path]:
    """Three real ones: a file, a folder, a file that only `settings` would know."""
    folder = tmp_path / "bases"
    (folder / "archives").mkdir(parents=True)
    (folder / "archives" / "2020.dat").write_bytes(b"x" * 2_000)
    (folder / "base.db").write_bytes(b"SQLite format 3\0" + b"x" * 84_000)
    (folder / "paie.fdb").write_bytes(b"x" * 37_000)
    return [folder / "base.db", folder / "archives", folder / "paie.fdb"]


@pytest.fixture
def staged(tmp_path: Path, databases: list[Path]) -> Iterator[Stage]:
    """A home whose list holds the first two databases."""
    given = settings(("Base active", "Archives"), [str(path) for path in databases[:2]])
    with Stage(tmp_path / "home", given) as staged:
        yield staged


class Workers:
    """Stands in for `control.start` and `control.stop`: keeps what they were given, starts nothing."""

    def __init__(self) -> None:
        self.orders: list[Orders] = []
        self.jobs: list[Job] = []
        self.stopped: list[Job] = []
        self.begins: Callable[[Job], None] = lambda job: None
        """What a worker does to its job at once."""

    def start(self, job: Job, orders: Orders, attendance: Attendance | None = None) -> int:
        self.jobs.append(job)
        self.orders.append(orders)
        self.begins(job)
        return 1

    def stop(self, job: Job) -> None:
        self.stopped.append(job)


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> Workers:
    """No worker process: the tests write the journals."""
    workers = Workers()
    monkeypatch.setattr(control, "start", workers.start)
    monkeypatch.setattr(control, "start_new", workers.start)
    monkeypatch.setattr(control, "stop", workers.stop)
    return workers


async def rounds(pilot: Pilot[Any], seconds: float, count: int = 6) -> None:
    """Lets a timer of that interval go off `count` times: what looks as often has had its chances."""
    gone: list[None] = []
    timer = pilot.app.set_interval(seconds, lambda: gone.append(None))
    await until(pilot, lambda: len(gone) >= count)
    timer.stop()


_CELL = 12.2
"""Width of a column in Textual's pictures."""


def shown(app: App[Any]) -> str:
    """The text on the screen, line by line, no-break spaces as plain ones."""
    lines: dict[float, str] = {}
    picture = app.export_screenshot()
    for x, y, text in re.findall(
        r'<text[^>]* x="([\d.]+)" y="([\d.]+)" textLength[^>]*>([^<]*)</text>', picture
    ):
        line = lines.get(float(y), "").ljust(round(float(x) / _CELL))
        lines[float(y)] = line + html.unescape(text)
    return "\n".join(lines[y] for y in sorted(lines)).replace("\xa0", " ").replace("\u202f", " ")


def flat(app: App[Any]) -> str:
    """The text on the screen as running text, without frames and line ends."""
    return _run_on(shown(app))


def flat_dialog(app: App[Any]) -> str:
    """The text of the dialog on top as running text, without the page seen on its left and right."""
    region = app.screen.query_one("#dialog").region
    return _run_on("\n".join(line[region.x : region.right] for line in shown(app).split("\n")))


def _run_on(text: str) -> str:
    return " ".join(re.sub(r"[│╭╮╰╯─]", " ", text).split())
