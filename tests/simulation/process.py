"""A simulated process, from the inside: a fork of the driver whose every step is a question to it.

What it may be asked to do is any part of the program. Its threads take turns, its clock is simulated, its
channels to a Sharebox are those of `Channel`, and before each change on its disk it says what it is about to
do.
"""

from __future__ import annotations

import gc
import os
import random
import signal
import sys
import traceback
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from tests.simulation import clock, line, threads
from tests.simulation.replacing import replace

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable


@dataclass(frozen=True)
class Habits:
    """What one process is like.

    Attributes:
        seed: of every choice it makes.
        restless: how often its threads give way without need, from 0 to 1.
        cores: how many it is told that there are.
        latency: seconds that a question to the Sharebox takes.
        started: seconds since the simulation began.
        turned: as `Clock.turned`.
    """

    seed: int
    restless: float
    cores: int
    latency: float
    started: float
    turned: float


class Inside:
    """What runs in the process, and its line to the driver."""

    def __init__(self, end: socket.socket, root: Path, habits: Habits) -> None:
        self.root = str(root)
        self.clock = clock.Clock(habits.started, habits.turned)
        self._end = end
        self._habits = habits
        self._channels: dict[int, Channel] = {}
        self.turns = threads.Turns(self.clock, random.Random(habits.seed), habits.restless, self._idle)
        self._silent = 0

    def take_over(self) -> None:
        """Puts everything that waits, tells the time or draws lots under the simulation's rule."""
        clock.use(self.clock)
        threads.take_over(self.turns)
        replace(threads, on_crash=self._crash)
        random.seed(self._habits.seed)
        gc.disable()  # when it runs is a matter of chance
        cores = set(range(self._habits.cores))
        replace(os, urandom=random.Random(self._habits.seed).randbytes, sched_getaffinity=lambda _: cores)

    def ask(self, *question: Any) -> Any:
        """Asks the driver; what came over the channels meanwhile is handed out."""
        given = line.ask(self._end, *question, self.clock.now)
        self.clock.turned = given.turned
        for number, data in given.arrivals:
            if (channel := self._channels.get(number)) is not None:
                channel.arrive(data)
        if given.signal:
            handler = signal.getsignal(given.signal)
            if not callable(handler):  # it is not heard yet: that is the end
                signal.raise_signal(given.signal)
            else:
                handler(given.signal, None)
        return given.value

    def ask_sharebox(self, *question: Any) -> Any:
        """Asks what takes a trip to the Sharebox; other threads may go on then."""
        self.clock.now += self._habits.latency
        value = self.ask(*question)
        self.turns.pause()
        return value

    def channel(self, number: int, on_end: Callable[[], None]) -> Channel:
        """A channel of that number; `on_end` is called when it was lost."""
        channel = self._channels[number] = Channel(self, number, on_end)
        return channel

    def step(self, name: str, path: str | Path) -> None:
        """Says what is about to be done to a file of ours; the disk may refuse.

        Raises:
            OSError: it does.
        """
        where = os.fspath(path)
        if where.startswith(self.root):
            if error := self.ask("step", name, where):
                raise OSError(error, os.strerror(error), where)
            self.turns.pause()

    def _idle(self, deadline: float | None) -> None:
        if deadline is None:
            self.ask("stuck", [turn.name for turn in self.turns._parked])
        else:
            self.ask("idle", deadline)

    def _crash(self, error: BaseException) -> None:
        self.ask("crash", "".join(traceback.format_exception(error)))


class Channel:
    """In place of paramiko's, what an SFTP session speaks over."""

    def __init__(self, inside: Inside, number: int, on_end: Callable[[], None]) -> None:
        self._inside = inside
        self._number = number
        self._on_end = on_end
        self._buffer = bytearray()
        self._ended = False
        self._closed = False
        self._taken = 0
        self._timeout: float | None = None
        self._reader: threads._Turn | None = None

    def settimeout(self, seconds: float | None) -> None:
        self._timeout = seconds

    def sendall(self, data: bytes) -> None:
        if self._closed or self._ended:
            raise OSError("Socket is closed")
        self._inside.ask_sharebox("send", self._number, bytes(data), self._taken)
        if self._closed:
            raise OSError("Socket is closed")

    def recv_stderr_ready(self) -> bool:
        return False

    def recv_ready(self) -> bool:
        return bool(self._buffer)

    def recv(self, count: int) -> bytes:
        turns = self._inside.turns
        deadline = None if self._timeout is None else turns.clock.now + self._timeout
        while not self._buffer:
            if self._closed or self._ended:
                return b""
            self._reader = turns.current
            if not turns.park(deadline):
                raise TimeoutError
        data = bytes(self._buffer[:count])
        del self._buffer[:count]
        self._taken += len(data)
        return data

    def close(self) -> None:
        """Closes it; who waits for it is told."""
        self._closed = True
        self._wake()

    def arrive(self, data: bytes | None) -> None:
        """Takes what came, or its end."""
        if data is None:
            self._ended = True
            self._on_end()
        else:
            self._buffer += data
        self._wake()

    def _wake(self) -> None:
        if self._reader is not None:
            self._inside.turns.wake(self._reader)
            self._reader = None


def fork(
    end: socket.socket,
    root: Path,
    habits: Habits,
    prepare: Callable[[Inside], None],
    body: Callable[[], object],
) -> NoReturn:
    """Goes on as a simulated process: for the child of a fork. Ends with it.

    Args:
        end: the line.
        root: the folder of its home.
        habits: what it is like.
        prepare: puts the simulation under the program.
        body: what it does; ends with `os._exit`, or gives an exit status.
    """
    code = 97
    try:
        inside = Inside(end, root, habits)
        inside.take_over()
        prepare(inside)
        sys.stdin = TextIOWrapper(BytesIO(b""))
        sys.stdout = TextIOWrapper(BytesIO(), write_through=True)
        code = int(body() or 0)  # type: ignore[call-overload]
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 96
    except BaseException:
        line.ask(end, "crash", traceback.format_exc(), 0.0)
    finally:
        os._exit(code)
