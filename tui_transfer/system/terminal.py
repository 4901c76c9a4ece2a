"""A terminal that a person types at: what was typed and not read yet, and what is not to be shown."""

from __future__ import annotations

import contextlib
import sys
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

SCREEN: Final = "__stdout__" if sys.platform == "win32" else "__stderr__"
"""The stream of `sys` that Textual draws the screen on."""

if sys.platform == "win32":
    import ctypes
    import getpass
    import msvcrt
    from ctypes import wintypes

    def _is_console(stream: TextIO) -> bool:
        """Whether it leads to a console; `NUL`, which also is no file, calls itself a terminal."""
        mode = wintypes.DWORD()
        try:
            handle = msvcrt.get_osfhandle(stream.fileno())
        except (OSError, ValueError):  # none that the system knows
            return False
        return bool(ctypes.windll.kernel32.GetConsoleMode(wintypes.HANDLE(handle), ctypes.byref(mode)))

    def discard_typed(typed: TextIO, shown: TextIO) -> None:
        """Throws away what was typed so far; see below."""
        shown.flush()
        while msvcrt.kbhit():
            msvcrt.getwch()

    def pasted_too(typed: TextIO) -> str:
        """The lines that came at once after the one just read; see below."""
        lines = []
        while msvcrt.kbhit():
            lines.append(typed.readline())
        return "".join(lines)

    def line_typed(typed: TextIO, seconds: float) -> bool:
        """Waits that long; whether a line was typed meanwhile, see below."""
        time.sleep(seconds)
        ended = False
        while msvcrt.kbhit():
            ended |= msvcrt.getwch() in "\r\n"
        return ended

    def read_hidden(typed: TextIO) -> str:
        """A line that is not shown while it is typed, with its end; without one where the input ends."""
        return getpass.getpass("") + "\n"

    @contextlib.contextmanager
    def without_echo(typed: TextIO) -> Iterator[None]:
        """There a line is hidden while it is read."""
        yield

else:
    import os
    import select
    import termios

    def _is_console(stream: TextIO) -> bool:
        """Elsewhere what calls itself a terminal is one."""
        return True

    _PASTE_SECONDS: Final = 0.1
    """A terminal hands over a paste faster, also over a slow line."""

    def discard_typed(typed: TextIO, shown: TextIO) -> None:
        """Throws away what was typed so far: a whole line, part of one, or many.

        Args:
            typed: where the terminal is read; anything else is left as it is.
            shown: what was written here before is on the terminal first.
        """
        shown.flush()
        with contextlib.suppress(OSError, termios.error):
            termios.tcdrain(shown.fileno())
        with contextlib.suppress(OSError, termios.error):
            termios.tcflush(typed.fileno(), termios.TCIFLUSH)

    def pasted_too(typed: TextIO) -> str:
        """The lines that came at once after the one just read: a person pasted them with it."""
        lines = []
        while select.select([typed], [], [], _PASTE_SECONDS)[0] and (line := typed.readline()):
            lines.append(line)
        return "".join(lines)

    def line_typed(typed: TextIO, seconds: float) -> bool:
        """Waits that long; whether a person typed a line meanwhile, which is read and forgotten.

        A process in the background leaves the terminal to the one in front.
        """
        with contextlib.suppress(OSError, ValueError):  # not a terminal any more, or bytes that are no text
            if os.tcgetpgrp(typed.fileno()) == os.getpgrp():
                if not select.select([typed], [], [], seconds)[0]:
                    return False
                if typed.readline():
                    return True
        time.sleep(seconds)  # nothing to read from, any more
        return False

    def read_hidden(typed: TextIO) -> str:
        """A line that is not shown while it is typed, with its end; without one where the input ends."""
        return typed.readline()

    @contextlib.contextmanager
    def without_echo(typed: TextIO) -> Iterator[None]:
        """While the body runs the terminal does not show what is typed."""
        try:
            before = termios.tcgetattr(typed.fileno())
        except termios.error:  # no terminal, which shows nothing by itself
            yield
            return
        silent = before[:]
        silent[3] &= ~termios.ECHO
        try:
            termios.tcsetattr(typed.fileno(), termios.TCSADRAIN, silent)
            yield
        finally:
            termios.tcsetattr(typed.fileno(), termios.TCSADRAIN, before)


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person is at the other end; a process without a console has no stream at all."""
    try:
        return stream is not None and stream.isatty() and _is_console(stream)
    except ValueError:  # closed
        return False
