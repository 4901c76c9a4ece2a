"""A worker keeps the machine awake for as long as it works."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from tui_transfer.job import control
from tui_transfer.job.orders import Orders
from tui_transfer.job.spec import make_spec
from tui_transfer.settings import config
from tui_transfer.system import standby

if TYPE_CHECKING:
    from pathlib import Path


WORKER = """
import contextlib, sys
from pathlib import Path
from tui_transfer.job import control
from tui_transfer.system import standby

job = control.load(Path(sys.argv[1]))

@contextlib.contextmanager
def told():
    print(job.journal.exists(), file=sys.stderr)
    yield
    print("job.blocked" in job.journal.read_text("utf-8"), file=sys.stderr)

standby.held_off = told
from tui_transfer.worker.__main__ import main
main()
"""
"""A worker that tells, where Linux holds nothing off, what its journal has when that begins and ends."""


def test_standby_is_held_off_from_before_the_first_event_until_after_the_last(tmp_path: Path) -> None:
    settings = config.Settings(
        manager=config.Manager(name="Association Exemple"),
        sharebox=config.ShareboxSettings(host="127.0.0.1", username="exemple"),
    )
    gone = [("Base", tmp_path / "gone.db")]
    home = config.Home(tmp_path / "config.toml", tmp_path)
    job = control.create(home, make_spec(settings, gone, datetime.now().astimezone()))
    done = subprocess.run(
        [sys.executable, "-c", WORKER, str(job.folder)],
        input=Orders(folder=os.fsencode(job.folder)).encode(),
        capture_output=True,
        check=False,
    )
    log = job.log.read_bytes()  # where it prints what it tells
    told = [line for line in log.splitlines() if line in {b"False", b"True"}]
    assert told == [b"False", b"True"], log + done.stderr


def test_a_failure_goes_through() -> None:
    with pytest.raises(ValueError, match="as it is"), standby.held_off():
        raise ValueError("as it is")


@pytest.mark.skipif(sys.platform != "win32", reason="only Windows tells what was asked of it")
def test_windows_is_told_when_it_begins_and_when_it_ends() -> None:
    if sys.platform == "win32":  # for the types
        import ctypes

        tell = ctypes.windll.kernel32.SetThreadExecutionState
        from_now_on = -0x8000_0000  # as a signed number
        assert tell(0x8000_0000) is not None
        with standby.held_off():
            assert tell(0x8000_0001) == from_now_on | 1
        assert tell(0x8000_0000) == from_now_on
