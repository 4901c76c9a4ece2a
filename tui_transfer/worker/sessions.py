"""One connection for two threads: a session for each, and one way back for both after it was lost."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from tui_transfer.errors import Recovery, TransferError
from tui_transfer.job import events as ev
from tui_transfer.sharebox.delivery.exploration import find_out
from tui_transfer.worker.recorder import now

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui_transfer.sharebox.ssh.sharebox import Sharebox
    from tui_transfer.system.cancellation import Cancellation
    from tui_transfer.worker.backoff import Backoff
    from tui_transfer.worker.connector import Connector
    from tui_transfer.worker.recorder import Recorder

_MOST_EXPLORATIONS: Final = 2
"""That are cut before what the server can do is found out on the way."""


class Sessions:
    """The sessions of the one connection that there is. Thread-safe.

    A thread opens the connection, works in a session of it, and tells when that was lost. Whoever notices
    first waits and connects again; the other joins.

    Args:
        connector: the way there.
        recorder: is told of every pause.
        backoff: how long to try again after the connection was lost.
        cancellation: ends every wait of the connection, pauses too.
    """

    def __init__(
        self, connector: Connector, recorder: Recorder, backoff: Backoff, cancellation: Cancellation
    ) -> None:
        self._connector = connector
        self._recorder = recorder
        self._backoff = backoff
        self._cancellation = cancellation
        self._lock = threading.Lock()
        """Held while connecting and pausing, too: the other thread has nothing to do meanwhile."""
        self._connection: Sharebox | None = None
        self._beside: Sharebox | None = None
        self._first_in_use = threading.Lock()
        self._explorations = 0
        """That were cut, one after another."""
        self._end: TransferError | None = None
        """What was given up for. A password that was refused, for instance, is not shown again."""

    def open(self) -> Sharebox:
        """The open connection, made now if there is none, however often it takes.

        Raises:
            TransferError: what keeps it from being made; INTERRUPTED.
        """
        with self._lock:
            while self._connection is None:
                self._check_cancelled()
                if self._end is not None:
                    raise self._end
                try:
                    self._connection = self._explored(self._connector.open())
                except TransferError as error:
                    self._connector.close()
                    self._pause_after(error)
            return self._connection

    def finds_otherwise(self, connection: Sharebox) -> bool:
        """Tries anew what the server can do, after it refused something; whether that is not what was known.

        Raises:
            TransferError: CONNECTION_LOST, INTERRUPTED.
        """
        with self._lock:
            knowledge = connection.knowledge
            if connection is not self._connection or not knowledge.is_complete:
                return False
            known = knowledge.abilities
            knowledge.doubt()
            find_out(connection)
            return knowledge.is_complete and knowledge.abilities != known

    def _explored(self, connection: Sharebox) -> Sharebox:
        """The connection, once it is known what the server can do. Where cuts keep that from being found out,
        more is hoped for than may be so, and what is refused tells.
        """
        self._explorations += 1
        find_out(connection, by_trial=self._explorations <= _MOST_EXPLORATIONS)
        self._explorations = 0
        return connection

    def recover(self, lost: Sharebox, error: TransferError) -> None:
        """Closes the connection `lost` after `error` and pauses, unless the other thread has done so already.

        Raises:
            TransferError: `error`, where another attempt cannot help; what was given up for; INTERRUPTED.
        """
        self._check_cancelled(error)
        if not _passes(error):
            raise error
        with self._lock:
            if lost is self._connection:
                self._connector.close()
                self._connection = self._beside = None
                self._pause_after(error)
            elif self._end is not None and _passes(self._end):
                raise self._end

    @contextmanager
    def first(self, connection: Sharebox) -> Iterator[Sharebox]:
        """The connection's first session, for one thread at a time."""
        with self._first_in_use:
            yield connection

    @contextmanager
    def second(self, connection: Sharebox) -> Iterator[Sharebox]:
        """A session beside the first; where the server allows no other, the first, in its turn."""
        beside = self._open_beside(connection)
        if beside is not None:
            yield beside
        else:
            with self._first_in_use:
                yield connection

    def has_second(self, connection: Sharebox) -> bool:
        """Whether `second` gives another session than `first`.

        Raises:
            TransferError: CONNECTION_LOST.
        """
        return self._open_beside(connection) is not None

    def _open_beside(self, connection: Sharebox) -> Sharebox | None:
        """Asked once of a server that refuses: some drop the connection in place of an answer."""
        with self._lock:
            if self._beside is None or self._beside.connection is not connection.connection:
                knowledge = connection.knowledge
                if not knowledge.abilities.takes_two_sessions:
                    return None
                with knowledge.at_risk("takes_two_sessions"):
                    self._beside = connection.open_second_session()
                knowledge.learn(takes_two_sessions=self._beside is not None)
            return self._beside

    def _pause_after(self, error: TransferError) -> None:
        """Waits before the next attempt to connect.

        Raises:
            TransferError: `error` itself, where trying again cannot help or has been tried for long enough;
                INTERRUPTED.
        """
        self._check_cancelled(error)
        if _passes(error) and self._connector.blames_question():
            self._explorations = 0
            return
        pause = self._backoff.next_pause() if _passes(error) else None
        if pause is None:
            self._end = error
            raise error
        self._recorder.record(
            ev.Waiting(at=now(), attempt=pause.attempt, seconds=pause.seconds, reason=error.why)
        )
        self._cancellation.wait(pause.seconds)
        self._check_cancelled(error)

    def _check_cancelled(self, error: TransferError | None = None) -> None:
        if self._cancellation.is_set:
            # Ending the connection is how the work is ended: that is not its failure.
            raise self._cancellation.error() from error


def _passes(error: TransferError) -> bool:
    return error.meaning.recovery is Recovery.TRANSIENT
