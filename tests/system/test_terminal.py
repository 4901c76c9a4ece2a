"""What a person sits at, and what merely calls itself a terminal."""

from __future__ import annotations

import importlib
import inspect
import os
import sys
from contextlib import closing
from pathlib import Path
from typing import Literal

import pytest

from tui_transfer.system.terminal import SCREEN, is_terminal
from tui_transfer.tui.output import LastingOutput, lasting_output


def test_nobody_is_where_there_is_no_terminal(tmp_path: Path) -> None:
    file = tmp_path / "file"
    with file.open("w") as stream:
        assert not is_terminal(stream)
    assert not is_terminal(stream)  # closed
    assert not is_terminal(None)


@pytest.mark.parametrize("mode", ["r", "w"])
def test_the_empty_device_is_no_terminal(mode: Literal["r", "w"]) -> None:
    with Path(os.devnull).open(mode) as stream:
        assert stream.isatty() == (sys.platform == "win32")  # as scheduled tasks have it there
        assert not is_terminal(stream)


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are made otherwise there")
def test_a_terminal_is_one() -> None:
    ours, theirs = os.openpty()
    with closing(os.fdopen(theirs)) as stream:
        assert is_terminal(stream)
    os.close(ours)


def test_what_outlives_the_terminal_is_the_stream_that_the_screen_is_drawn_on() -> None:
    kind = "windows" if sys.platform == "win32" else "linux"
    drawn = importlib.import_module(f"textual.drivers.{kind}_driver")
    assert f"self._file = sys.{SCREEN}" in inspect.getsource(drawn)
    before = getattr(sys, SCREEN)
    with lasting_output({}) as output:
        assert isinstance(output, LastingOutput)
        assert getattr(sys, SCREEN) is output
    assert getattr(sys, SCREEN) is before
