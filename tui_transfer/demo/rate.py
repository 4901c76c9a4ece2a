"""A slow line, so that gauges are seen to move."""

from __future__ import annotations

import re
import socket
import threading
import time
from typing import TYPE_CHECKING, Final

from tui_transfer.errors import Problem, TransferError

if TYPE_CHECKING:
    from collections.abc import Callable

SMALLEST_RATE: Final = 8_000
LARGEST_RATE: Final = 10_000_000_000
DOWNLOAD_FACTOR: Final = 8
"""How much faster than uploading downloading is, as on an ADSL line."""

_UNITS: Final = {"": 1, "K": 1_000, "M": 1_000_000, "G": 1_000_000_000}
_TICK: Final = 0.05
_SHORTEST_SLEEP: Final = 0.005


def parse_rate(text: str) -> int:
    """Reads a rate as people write it: `8M`, `512k`, `1,5M`, `64000`.

    Returns:
        Bits per second, from 8 kbit/s to 10 Gbit/s.

    Raises:
        TransferError: USAGE.
    """
    found = re.fullmatch(r"([0-9]{1,12}(?:[.,][0-9]{1,6})?)\s?([kKmMgG]?)", text.strip())
    rate = round(float(found[1].replace(",", ".")) * _UNITS[found[2].upper()]) if found else 0
    if not SMALLEST_RATE <= rate <= LARGEST_RATE:
        raise TransferError(
            Problem.USAGE,
            reason=f"« {text} » n’est pas un débit entre 8k et 10G.",
            advice="Donnez des bits par seconde : 8M pour 8 Mbit/s, 512k pour 512 kbit/s.",
        )
    return rate


class TokenBucket:
    """Lets bytes pass at a steady rate; threads that share one share the rate.

    A caller pays for what it moved, and sleeps until that much would have passed. The bucket holds at
    most what passes in 50 ms, so an idle line gives no burst; paying at most `quantum` at a time keeps
    each sleep as short.

    Args:
        rate: bytes per second.
        clock: seconds, monotonic.
        sleep: waits for that many seconds.
    """

    def __init__(
        self,
        rate: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.quantum = max(1, int(rate * _TICK))
        self._rate = rate
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._paid_until = clock()

    def pay(self, amount: int) -> None:
        """Accounts for `amount` bytes, and sleeps if they passed too early.

        Debts too short to sleep for are kept for the next caller, or small packets would cost a sleep each.
        """
        with self._lock:
            now = self._clock()
            self._paid_until = max(self._paid_until, now - _TICK) + amount / self._rate
            wait = self._paid_until - now
        if wait >= _SHORTEST_SLEEP:
            self._sleep(wait)


class Line:
    """Both directions of a line, shared by every connection on it.

    Args:
        upload_rate: bytes per second from client to server; the other way is `DOWNLOAD_FACTOR` faster.
    """

    def __init__(self, upload_rate: int) -> None:
        self.upload_rate = upload_rate
        self.up = TokenBucket(upload_rate)
        self.down = TokenBucket(upload_rate * DOWNLOAD_FACTOR)


class SlowSocket(socket.socket):
    """The server's end of a connection that comes over a `Line`. Takes over the socket it is given."""

    def __init__(self, connection: socket.socket, line: Line) -> None:
        super().__init__(connection.family, connection.type, connection.proto, connection.detach())
        self._line = line

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        """As `socket.recv`, at the line's upload rate."""
        data = super().recv(min(bufsize, self._line.up.quantum), flags)
        self._line.up.pay(len(data))
        return data

    def send(self, data: bytes | bytearray | memoryview, flags: int = 0, /) -> int:  # type: ignore[override]
        """As `socket.send`, at the line's download rate."""
        sent = super().send(memoryview(data)[: self._line.down.quantum], flags)
        self._line.down.pay(sent)
        return sent
