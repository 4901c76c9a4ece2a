"""Jobs and events to test with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tui_transfer.job.spec import JobSpec, make_spec
from tui_transfer.settings.config import Manager, Settings, ShareboxSettings

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def settings() -> Settings:
    return Settings(
        manager=Manager(name="Association Exemple"),
        sharebox=ShareboxSettings(host="sharebox.example.org", username="exemple"),
    )


def spec(*names: str) -> JobSpec:
    databases = [(name, Path("/srv") / name) for name in names or ("Base",)]
    return make_spec(settings(), databases, START)
