"""What a person can choose in plain lines: menus of deeds, and what does each of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Final

from tui_transfer.cli import questions
from tui_transfer.cli.pace import Detail
from tui_transfer.errors import ExitCode
from tui_transfer.job.orders import Orders
from tui_transfer.job.reading import Jobs
from tui_transfer.job.standing import standing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tui_transfer.deeds import Deed
    from tui_transfer.errors import TransferError
    from tui_transfer.job.standing import Standing
    from tui_transfer.settings.config import Home

BACK: Final = "Revenir au menu"


@dataclass
class Visit:
    """What lasts from one choice to the next.

    Attributes:
        home: where the settings and the jobs are.
        detail: how much is said of a transfer.
        practice: whether all is a demonstration's.
        practise: begins a demonstration; None where there is none to begin.
        code: how the last transfer ended, which is how the command ends.
        secrets: what was typed, and not refused since.
        failure: what went wrong last.
        over: whether the person leaves.
    """

    home: Home
    detail: Detail = Detail.NORMAL
    practice: bool = False
    practise: Callable[[], object] | None = None
    code: ExitCode = ExitCode.SUCCESS
    secrets: Orders = field(default_factory=Orders, repr=False)
    failure: TransferError | None = None
    over: bool = False
    _jobs: Jobs = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._jobs = Jobs(self.home)

    def standing(self) -> Standing:
        """Where one stands with all transfers."""
        return standing(self._jobs.look())


DOERS: Final[dict[Deed, Callable[[Visit], None]]] = {}
"""What does each deed that is chosen by itself; the others are choices within one."""


def does(deed: Deed) -> Callable[[Callable[[Visit], None]], Callable[[Visit], None]]:
    """Makes a function the one that does `deed`."""

    def register(function: Callable[[Visit], None]) -> Callable[[Visit], None]:
        DOERS[deed] = function
        return function

    return register


class Menu:
    """A question whose answers are deeds.

    Args:
        question: what is asked; it names what it is about.
        deeds: what can be chosen, in order.
        back: whether one can also go back to where one was.
        leads_on: whether `do` does what is chosen.
    """

    all: ClassVar[list[Menu]] = []

    def __init__(self, question: str, *deeds: Deed, back: bool = False, leads_on: bool = False) -> None:
        self.deeds = deeds
        self.leads_on = leads_on
        self.question = question
        self._back = back
        Menu.all.append(self)

    def ask(self, *, without: Sequence[Deed] = (), default: Deed | None = None) -> Deed | None:
        """Asks for a deed.

        Args:
            without: what makes no sense now.
            default: what an empty line stands for.

        Returns:
            None for going back.

        Raises:
            NoAnswerError: nothing was chosen.
        """
        deeds = [deed for deed in self.deeds if deed not in without]
        labels = [deed.label for deed in deeds] + ([BACK] if self._back else [])
        proposed = deeds.index(default) if default in deeds else None
        place = questions.choose(self.question, labels, proposed)
        return deeds[place] if place < len(deeds) else None

    def do(self, visit: Visit, *, without: Sequence[Deed] = ()) -> None:
        """Asks for deeds and does them, until the person goes back or leaves."""
        while not visit.over and (deed := self.ask(without=without)) is not None:
            DOERS[deed](visit)
