"""Threads that take turns: one runs at a time, and which one goes on is drawn, never left to the system.

`Turns` takes the place of everything in `threading` and `time` that waits. So a process that uses them, and
nothing else, does the same again each time, and a minute's pause costs nothing: where every thread waits,
time leaps to the first that waits no longer.
"""

from __future__ import annotations

import _thread
import concurrent.futures.thread
import queue
import threading
import time
from collections import deque
from concurrent.futures import _base
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from tests.simulation.replacing import replace

if TYPE_CHECKING:
    import random
    from collections.abc import Callable
    from types import TracebackType

    from tests.simulation.clock import Clock

_new_lock: Final = _thread.allocate_lock


class Deadlock(BaseException):
    """Every thread waits for another one, for ever."""


class _Turn:
    """One thread's place among the others."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.baton = _new_lock()
        self.baton.acquire()
        self.deadline: float | None = None
        self.parked = False
        self.woken = False


class Turns:
    """Whose turn it is.

    Args:
        clock: moved on while all threads wait.
        draw: gives every choice.
        restless: how often a thread gives way although it need not, from 0 to 1.
        idle: called where all threads wait, with the time until which they do (None: for ever); it may bring
            about what one of them waits for.
    """

    def __init__(
        self, clock: Clock, draw: random.Random, restless: float, idle: Callable[[float | None], None]
    ) -> None:
        self.clock = clock
        self._draw = draw
        self._restless = restless
        self._idle = idle
        self._ready: list[_Turn] = []
        self._parked: list[_Turn] = []
        self.current = _Turn("main")

    def park(self, deadline: float | None = None) -> bool:
        """Waits until `wake`, or until a time; tells which of both it was."""
        me = self.current
        me.parked, me.woken, me.deadline = True, False, deadline
        self._parked.append(me)
        self._hand_over(me)
        return me.woken

    def wake(self, turn: _Turn) -> bool:
        """Lets a thread that is parked go on; False where it goes on already."""
        if not turn.parked:
            return False
        self._make_ready(turn, woken=True)
        return True

    def pause(self) -> None:
        """A point at which another thread may go on: sometimes one does."""
        if self._ready and self._restless and self._draw.random() < self._restless:
            self.give_way()

    def give_way(self) -> None:
        """Lets any thread go on that can."""
        me = self.current
        self._ready.append(me)
        self._hand_over(me)

    def sleep(self, seconds: float) -> None:
        """In place of `time.sleep`."""
        self.park(self.clock.now + max(0.0, seconds))

    def begin(self, name: str, body: Callable[[], None]) -> _Turn:
        """Makes a thread; its turn comes in time."""
        turn = _Turn(name)
        self._ready.append(turn)

        def run() -> None:
            turn.baton.acquire()
            try:
                body()
            finally:
                following = self._next()
                self.current = following
                following.baton.release()

        _thread.start_new_thread(run, ())
        return turn

    def _make_ready(self, turn: _Turn, *, woken: bool) -> None:
        turn.parked, turn.woken = False, woken
        self._parked.remove(turn)
        self._ready.append(turn)

    def _hand_over(self, me: _Turn) -> None:
        following = self._next()
        if following is not me:
            self.current = following
            following.baton.release()
            me.baton.acquire()

    def _next(self) -> _Turn:
        while not self._ready:
            deadline = min(
                (turn.deadline for turn in self._parked if turn.deadline is not None), default=None
            )
            self._idle(deadline)
            if self._ready:
                break
            if deadline is None:
                raise Deadlock(", ".join(turn.name for turn in self._parked))
            self.clock.now = max(self.clock.now, deadline)
            for turn in list(self._parked):
                if turn.deadline is not None and turn.deadline <= self.clock.now:
                    self._make_ready(turn, woken=False)
        return self._ready.pop(self._draw.randrange(len(self._ready)) if len(self._ready) > 1 else 0)


_turns: Turns
_numbers: Final = count(1)


def _number(thing: Any) -> int:
    """A number in place of an address: sets of such things are in the same order each time."""
    if "_number" not in thing.__dict__:
        thing.__dict__["_number"] = next(_numbers)
    number: int = thing.__dict__["_number"]
    return number


class _AcquireFutures(_base._AcquireFutures):
    def __init__(self, futures: Any) -> None:
        self.futures = sorted(futures, key=_number)


class Lock:
    """In place of `threading.Lock`."""

    def __init__(self) -> None:
        self._held = False
        self._waiting: deque[_Turn] = deque()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if blocking:
            _turns.pause()
        if not self._held:
            self._held = True
            return True
        if not blocking or timeout == 0:
            return False
        me = _turns.current
        self._waiting.append(me)
        if _turns.park(None if timeout < 0 else _turns.clock.now + timeout):
            return True  # `release` gave it over
        if me in self._waiting:
            self._waiting.remove(me)
        return False

    def release(self) -> None:
        if not self._held:
            raise RuntimeError("release unlocked lock")
        while self._waiting:
            if _turns.wake(self._waiting.popleft()):
                return  # it is held by that one now
        self._held = False

    def locked(self) -> bool:
        return self._held

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class Thread(threading.Thread):
    """In place of `threading.Thread`."""

    _turn: _Turn | None = None
    _over = False

    def __hash__(self) -> int:
        return _number(self)

    def start(self) -> None:
        self._joining: list[_Turn] = []
        self._turn = _turns.begin(self.name, self._live)

    def _live(self) -> None:
        active: dict[int, Any] = threading._active  # type: ignore[attr-defined]
        active[_thread.get_ident()] = self
        try:
            self.run()
        except SystemExit:
            pass
        except BaseException as error:
            on_crash(error)
        finally:
            del active[_thread.get_ident()]
            self._over = True
            for turn in self._joining:
                _turns.wake(turn)

    def join(self, timeout: float | None = None) -> None:
        if not self._over:
            self._joining.append(_turns.current)
            _turns.park(None if timeout is None else _turns.clock.now + timeout)

    def is_alive(self) -> bool:
        return self._turn is not None and not self._over

    @property
    def ident(self) -> int | None:
        return None if self._turn is None else id(self._turn)


def on_crash(error: BaseException) -> None:
    """What is told of a thread that ended by an error; replaced by who wants to know."""
    raise error


def take_over(turns: Turns) -> None:
    """Has this process, which runs one thread, go by `turns` from now on."""
    global _turns
    _turns = turns
    pythons_own: Any = threading._PyRLock  # type: ignore[attr-defined]
    replace(threading, Thread=Thread, Lock=Lock, _allocate_lock=Lock, RLock=pythons_own, _time=time.monotonic)
    replace(queue, SimpleQueue=queue._PySimpleQueue, time=time.monotonic)  # type: ignore[attr-defined]
    replace(concurrent.futures.thread, _global_shutdown_lock=Lock())
    replace(_base, _AcquireFutures=_AcquireFutures)
    replace(_base.Future, __hash__=_number)
    replace(time, sleep=turns.sleep)
