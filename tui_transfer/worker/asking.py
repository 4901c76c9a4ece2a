"""Asks whoever started this worker what the Sharebox asks, and waits for the answer."""

from __future__ import annotations

import threading
from typing import IO, TYPE_CHECKING, Final

import msgspec

from tui_transfer.job import events as ev
from tui_transfer.job.attendance import Answers
from tui_transfer.worker.recorder import now

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tui_transfer.job.events import Event
    from tui_transfer.sharebox.ssh.conversation import Question
    from tui_transfer.system.cancellation import Cancellation

_LOOK_SECONDS: Final = 0.5


class Asking:
    """Asks, by a line in the journal; the answers come on `line`, which ends when nobody is there any more.

    Args:
        line: lines of `Answers`.
        record: is told of each question, and that it was answered; not of the answers.
        stop: ends the wait.
    """

    def __init__(self, line: IO[bytes], record: Callable[[Event], None], stop: Cancellation) -> None:
        self._record = record
        self._stop = stop
        self._number = 0
        self._came: Answers | None = None
        self._nobody = False
        self._changed = threading.Condition()
        threading.Thread(target=self._listen, args=(line,), name="attendance", daemon=True).start()

    def __call__(self, question: Question, waits: Callable[[], bool]) -> Sequence[str] | None:
        """An answer for each prompt; None where nobody is there, or gives one while the server `waits`.

        Raises:
            TransferError: INTERRUPTED.
        """
        self._number += 1
        prompts = [ev.Prompt(text=prompt.text, hidden=prompt.hidden) for prompt in question.prompts]
        self._record(
            ev.LoginAsked(
                at=now(), number=self._number, title=question.title, text=question.text, prompts=prompts
            )
        )
        with self._stop.ending(self._wake):
            answers = self._wait(waits)
        self._stop.check()
        given = answers if answers is not None and len(answers) == len(prompts) else None
        self._record(ev.LoginAnswered(at=now(), number=self._number, given=given is not None))
        return given

    def _wait(self, waits: Callable[[], bool]) -> Sequence[str] | None:
        with self._changed:
            while True:
                if self._came is not None and self._came.number == self._number:
                    return self._came.answers
                if self._nobody or self._stop.is_set or not waits():
                    return None
                self._changed.wait(_LOOK_SECONDS)

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _listen(self, line: IO[bytes]) -> None:
        for answer in line:
            try:
                came = msgspec.json.decode(answer, type=Answers)
            except msgspec.DecodeError:
                break
            with self._changed:
                self._came = came
                self._changed.notify_all()
        with self._changed:
            self._nobody = True
            self._changed.notify_all()
