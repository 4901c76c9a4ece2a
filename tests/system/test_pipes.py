"""Who no longer reads is told alike, whatever the system calls it."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys

import pytest

from tui_transfer.system import streams
from tui_transfer.system.streams import HarmlessStream, unless_left


class Left(io.StringIO):
    """A pipe that nobody reads any more; a double, since only Windows says it with this error."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number

    def write(self, text: str) -> int:
        raise OSError(self._number, os.strerror(self._number))

    def flush(self) -> None:
        raise OSError(self._number, os.strerror(self._number))


@pytest.mark.parametrize("number", [errno.EPIPE, errno.EINVAL])
def test_output_that_nobody_reads_is_a_broken_pipe(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "_LEFT", {errno.EINVAL})  # as on Windows
    stream = HarmlessStream(Left(number))
    with pytest.raises(BrokenPipeError) as caught:
        stream.write("x")
    assert caught.value.errno == errno.EPIPE  # by which click knows it
    with pytest.raises(BrokenPipeError):
        stream.flush()
    with unless_left():
        Left(number).write("x")


@pytest.mark.skipif(sys.platform == "win32", reason="there it says that nobody reads")
def test_an_invalid_argument_is_one_elsewhere() -> None:
    for write in (HarmlessStream(Left(errno.EINVAL)).write, Left(errno.EINVAL).write):
        with pytest.raises(OSError, match="Invalid argument") as caught, unless_left():
            write("x")
        assert not isinstance(caught.value, BrokenPipeError)


def test_another_failure_stays_what_it_is() -> None:
    with pytest.raises(OSError, match="No space") as caught, unless_left():
        HarmlessStream(Left(errno.ENOSPC)).write("x")
    assert caught.value.errno == errno.ENOSPC


def test_a_process_that_has_ended_reads_no_more() -> None:
    with subprocess.Popen([sys.executable, "-c", ""], stdin=subprocess.PIPE) as process:
        process.wait()
        assert process.stdin is not None
        with unless_left():
            process.stdin.write(b"x" * 100_000)
            process.stdin.flush()
        with unless_left():
            process.stdin.close()
