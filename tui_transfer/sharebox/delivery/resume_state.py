"""What a process remembers of one delivery from one connection to the next.

Without it each connection would read again all that is on the Sharebox, and on a line that is cut every few
minutes a large archive would never be through. Nothing of it outlives the process.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tui_transfer.sharebox.delivery.growing import HEADER_BYTES
from tui_transfer.sharebox.delivery.verification import ReadBack

if TYPE_CHECKING:
    from tui_transfer.sharebox.delivery.meanwhile import Ranges

_LOOKED_AT_AGAIN: Final = 32_000


@dataclass(frozen=True)
class Whole:
    """How a partial file became whole, and the server accepted its closing.

    Attributes:
        over: the connection that ended it, as `Sharebox.connection` tells.
        afresh: whether nothing was known of the file when that connection began: all of it was compared or
            acknowledged over that one.
        same: what of it was read back over that connection, before the closing.
    """

    over: object
    afresh: bool
    same: Ranges


@dataclass
class ResumeState:
    """What earlier attempts know.

    Attributes:
        first: the offset from which the archive is sent in order: what comes before it is written last.
        same_until: up to this offset the partial file was compared with the archive, or acknowledged. A
            server that breaks down may lose what it acknowledged: only verifying the whole proves it.
        whole: how the partial file became whole; None as long as it is not.
        read_back: by path, how far files were read back.
        sent_from: the offset from which it was sent last, 0 where nothing was there.
    """

    first: int = HEADER_BYTES
    same_until: int = HEADER_BYTES
    whole: Whole | None = None
    read_back: defaultdict[str, ReadBack] = field(default_factory=lambda: defaultdict(ReadBack))
    sent_from: int = 0

    @property
    def is_blank(self) -> bool:
        """Whether nothing is known of the partial file."""
        return self.same_until == self.first and self.whole is None

    def forget(self) -> None:
        """Forgets what was on the Sharebox: it is no longer as it was, or may not be."""
        self.same_until, self.whole = self.first, None
        self.read_back.clear()

    def send_from(self, first: int) -> None:
        """Has the archive be sent in order from that offset on; what is known of another way is of no use."""
        if first != self.first:
            self.first = first
            self.forget()

    def begin_comparing(self, there: int) -> int:
        """From which offset a partial file of `there` bytes is to be compared. Its end always is, if only to
        see that it can be read, and so verified.
        """
        known = self.same_until if there >= self.same_until else self.first
        self.forget()
        self.same_until = max(self.first, known - _LOOKED_AT_AGAIN)
        return self.same_until
