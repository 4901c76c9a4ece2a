"""On Windows, which tests are for another system: a plugin of pytest, that runs there alone.

A test is skipped, and says which system it needs, where it asks for a server or a program of Linux, uses what
Python has there alone, or is marked. What the program itself lacks on Windows still is a failure.
"""

from __future__ import annotations

import os
import re
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.programs import NEEDS_LINUX, NEEDS_REAL_WINDOWS

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

_TESTS: Final = Path(__file__).parent
_OF_LINUX: Final = re.compile(
    r"No module named '(?:fcntl|grp|pty|pwd|resource|termios|tty)'"
    r"|module '(?:os|pexpect|signal|socket|select|time)' has no attribute"
)


def under_wine() -> bool:
    """Whether this Windows is Wine's."""
    if sys.platform == "win32":
        import ctypes

        return hasattr(ctypes.WinDLL("ntdll"), "wine_get_version")
    return False


def pytest_configure() -> None:
    """Wine says that it made a symbolic link, and makes none: who asks for one hears that at once."""
    if under_wine():
        os.symlink = partial(_link, os.symlink)


def _link(make: Callable[..., None], *arguments: Any, **named: Any) -> None:
    frame = sys._getframe(1)
    while frame.f_back is not None and "pathlib" in frame.f_code.co_filename:
        frame = frame.f_back
    if _TESTS in Path(frame.f_code.co_filename).parents:  # and not pytest itself
        pytest.skip(f"{NEEDS_REAL_WINDOWS}: Wine makes no symbolic links")
    make(*arguments, **named)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skips what is marked, and what asks for a server of Linux."""
    wine = under_wine()
    for item in items:
        assert isinstance(item, pytest.Function)
        if item.get_closest_marker("linux"):
            item.add_marker(pytest.mark.skip(reason=NEEDS_LINUX))
        elif wine and (marker := item.get_closest_marker("real_windows")):
            item.add_marker(pytest.mark.skip(reason=f"{NEEDS_REAL_WINDOWS}: {marker.args[0]}"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Takes for skipped what used something of Linux: in the test itself, and not in the program."""
    report = yield
    if report.failed and call.excinfo is not None and _is_of_linux(call.excinfo):
        report.outcome = "skipped"
        reason = f"Skipped: {NEEDS_LINUX}: {call.excinfo.value}"
        report.longrepr = (str(item.path), item.location[1] or 0, reason)
    return report


def _is_of_linux(failure: pytest.ExceptionInfo[BaseException]) -> bool:
    if not isinstance(failure.value, (AttributeError, ImportError)):
        return False
    last = failure.traceback[-1].path
    return _OF_LINUX.search(str(failure.value)) is not None and _TESTS in Path(os.fspath(last)).parents
