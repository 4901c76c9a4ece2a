"""The line between a simulated process and the driver: a question, an answer, in turn.

The process waits for each answer, so that nothing happens on one side while the other one works: of several
processes only one ever runs, and who is asked when is the driver's choice.
"""

from __future__ import annotations

import marshal
import socket
from typing import Any, Final, NamedTuple

_LONGEST: Final = 4 << 20
_PATIENCE: Final = 60.0
"""Seconds of real time after which a process that asks nothing is taken to have lost its way."""


class Answer(NamedTuple):
    """What the driver answers.

    Attributes:
        value: to the question.
        arrivals: what has come over each channel meanwhile; None for its end.
        signal: the number of a signal that was sent; 0 for none.
        turned: seconds by which the clock on the wall is turned now.
    """

    value: Any = None
    arrivals: tuple[tuple[int, bytes | None], ...] = ()
    signal: int = 0
    turned: float = 0.0


def pair() -> tuple[socket.socket, socket.socket]:
    """Both ends of a line: the driver's, the process's."""
    ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for end in ends:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _LONGEST)
    ends[0].settimeout(_PATIENCE)
    return ends


def ask(end: socket.socket, *question: Any) -> Answer:
    """Asks the driver."""
    end.send(marshal.dumps(question))
    return Answer(*marshal.loads(end.recv(_LONGEST)))


def hear(end: socket.socket) -> tuple[Any, ...] | None:
    """The next question of a process; None once it is gone."""
    try:
        data = end.recv(_LONGEST)
    except ConnectionResetError:
        return None
    return marshal.loads(data) if data else None


def answer(end: socket.socket, given: Answer) -> None:
    """Answers it."""
    end.send(marshal.dumps(tuple(given)))
