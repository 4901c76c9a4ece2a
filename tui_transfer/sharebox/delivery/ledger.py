"""What must be known of the delivery of a file over all connections and processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from tui_transfer.sharebox.delivery.evidence import Step

if TYPE_CHECKING:
    from tui_transfer.sharebox.delivery.evidence import Arrival

FREE: Final = "free"
"""In place of a step: nothing of ours has the file's names."""
_WRITTEN: Final = frozenset({Step.SENDING, Step.CLOSING, Step.CLOSED, Step.RENAMING})
"""What a rename was answered is seen again by its effect."""


class Diary(Protocol):
    """Where it is written down, durably, before it is acted upon."""

    def step(self, file: str, step: str) -> None:
        """The next step of `file`, which is not asked of the server before this returns; or `FREE`."""

    def lost(self, file: str, times: int) -> None:
        """`file` is gone, for the so many-th time."""

    def arrived(self, file: str, arrival: Arrival) -> None:
        """`file` was seen to have arrived."""


class Ledger:
    """How far the delivery of one file has come. Used by one thread at a time.

    Attributes:
        name: of the file.
        owned: whether its partial file, if there is one, is ours: written down before it is created.
        step: the last one that was asked of the server.
        about: the SHA-256 of the archive that `step` and `arrival` are about; None while it is not whole.
        losses: how often it was lost.
        arrival: the evidence that it arrived; None as long as there is none.

    Args:
        name: of the file.
        diary: where what changes is written down.
        owned, step, about, losses, arrival: what earlier processes wrote there.
    """

    def __init__(
        self,
        name: str,
        diary: Diary,
        *,
        owned: bool = False,
        step: Step = Step.SENDING,
        about: str | None = None,
        losses: int = 0,
        arrival: Arrival | None = None,
    ) -> None:
        self.name = name
        self.owned = owned
        self.step = step
        self.about = about
        self.losses = losses
        self.arrival = arrival
        self._diary = diary
        self._written: str = step if owned else FREE

    def bind(self, sha256: str) -> None:
        """What is to be delivered is the archive of this hash, or a file that lies beside it. What was known
        of another one that was to bear the same names is of no use any more.
        """
        if self.about not in (None, sha256):
            self.arrival = None
            self.reach(Step.SENDING)
        self.about = sha256

    def own(self) -> None:
        """The partial file is about to be created."""
        self.owned = True
        self._write(self.step)

    def disown(self) -> None:
        """It was not: what is there is another's."""
        self.owned = False
        self._write(FREE)

    def reach(self, step: Step) -> None:
        """This step is about to be asked of the server, or was seen to be the last that was done.

        That a file was seen after its closing is not written down: it is seen again.
        """
        self.step = step
        if self.owned and step in _WRITTEN and (step, self._written) != (Step.CLOSED, Step.CLOSING):
            self._write(step)

    def lose(self) -> int:
        """The file is gone, and is to be sent anew. Gives how often that has happened."""
        self.losses += 1
        self.step = Step.SENDING
        self._written = Step.SENDING
        self._diary.lost(self.name, self.losses)
        return self.losses

    def arrive(self, arrival: Arrival) -> None:
        """The file was seen to have arrived."""
        self.arrival = arrival
        self._diary.arrived(self.name, arrival)

    def _write(self, step: str) -> None:
        if step != self._written:
            self._written = step
            self._diary.step(self.name, step)
