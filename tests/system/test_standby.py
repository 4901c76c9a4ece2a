"""A worker keeps the machine awake for as long as it works."""

from __future__ import annotations

import inspect
import sys

import pytest

from tui_transfer.system import standby
from tui_transfer.worker import __main__ as worker


def test_standby_is_held_off_while_a_worker_works() -> None:
    lines = inspect.getsource(worker.main).splitlines()
    begin = next(line for line in lines if "standby.held_off()" in line)
    assert ".run()" in lines[lines.index(begin) + 1]


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
