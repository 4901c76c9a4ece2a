"""What a process remembers of one delivery from one connection to the next.

Without it each connection would read again all that is on the Sharebox, and on a line that is cut every few
minutes a large archive would never be through. Nothing of it outlives the process.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tui_transfer.sharebox.growing import HEADER_BYTES
from tui_transfer.sharebox.verification import ReadBack

if TYPE_CHECKING:
    from tui_transfer.sharebox.upload import Delivery

_LOOKED_AT_AGAIN: Final = 32_000


@dataclass
class Memory:
    """What earlier attempts know.

    Attributes:
        same_until: up to this offset the partial file was compared with the archive, or acknowledged. A
            server that breaks down may lose what it acknowledged: only verifying the whole proves it.
        is_complete: the partial file was whole, and the server accepted its closing.
        read_back: by path, how far files were read back.
        delivery: what came of it, once the file has its name.
    """

    same_until: int = HEADER_BYTES
    is_complete: bool = False
    read_back: defaultdict[str, ReadBack] = field(default_factory=lambda: defaultdict(ReadBack))
    delivery: Delivery | None = None

    @property
    def is_blank(self) -> bool:
        """Whether nothing is known of the partial file."""
        return self.same_until == HEADER_BYTES and not self.is_complete

    def forget(self) -> None:
        """Forgets what was on the Sharebox: it is no longer as it was, or may not be."""
        self.same_until, self.is_complete = HEADER_BYTES, False
        self.read_back.clear()

    def begin_comparing(self, there: int) -> int:
        """From which offset a partial file of `there` bytes is to be compared. Its end always is, if only to
        see that it can be read, and so verified.
        """
        known = self.same_until if there >= self.same_until else HEADER_BYTES
        self.forget()
        self.same_until = max(HEADER_BYTES, known - _LOOKED_AT_AGAIN)
        return self.same_until
