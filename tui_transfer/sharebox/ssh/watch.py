"""Sees that a connection is alive, and closes it when it is not: no wait is without end.

One mechanism covers every system, route and phase. Whatever arrives from the server proves that it is there;
when nothing did for a while it is asked to answer; when nothing does, the connection is closed, and whoever
waits on it gets an error. (The socket option TCP_USER_TIMEOUT does this too, but on Linux only and as
far as the next proxy only.)

A server that does one thing at a time says nothing while it scans a whole file, and answers no question
either. While such a request is pending it is given the time that the request may take, as long as the system
it runs on acknowledges what it is sent. Behind a proxy that is the proxy's: there a server that dies during
such a request is noticed at the end of that time. Where the system does not tell, no time is given.
"""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Final

import paramiko
from paramiko.common import MSG_DISCONNECT, MSG_KEXINIT
from paramiko.packet import NeedRekeyException

from tui_transfer import french
from tui_transfer.errors import decoded, harmless
from tui_transfer.sharebox.ssh.chacha import ChaChaPacketizer
from tui_transfer.sharebox.ssh.greeting import Greeting
from tui_transfer.sharebox.ssh.security import Offer
from tui_transfer.sharebox.ssh.violations import ProtocolViolationError

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from typing_extensions import Buffer

    from tui_transfer.system.acknowledgements import Acknowledgements

SILENCE_SECONDS: Final = 35.0
"""A pause of 20 s on a link of 64 kbit/s must pass, a dead link be noticed within 45 s."""
_ASK_AFTER_SECONDS: Final = 10.0
_LOOK_EVERY_SECONDS: Final = 0.5
_LONGEST_PACKET_BEFORE_LOGIN: Final = 1 << 16
"""Bytes. Everybody must take 35,000 (RFC 4253, section 6.1), and so nobody needs to send more."""
_LONGEST_TEXT: Final = 4096


class ListeningPacketizer(ChaChaPacketizer):
    """Hears what a server says: when, who it is, what it offers, its texts, and why it takes leave.

    Nothing that the server announces is believed before it is there, and no packet is longer than it may be.
    """

    def __init__(self, tunnel: socket.socket) -> None:
        super().__init__(tunnel)
        self.last_heard = time.monotonic()
        self.greeting = Greeting()
        """What was said up to the identification."""
        self.offer: Offer | None = None
        self.farewell: str | None = None
        """What it said as it ended the connection; empty where it gave no words."""
        self.farewell_code: int | None = None
        """Why, as RFC 4253, section 11.1, numbers it."""
        self.at_end = False
        """Nothing more will be heard: known before anyone who waits on a channel is told."""
        self.is_given_up = False
        """This side ended the connection: who still reads stops, where the system does not wake it."""
        self.longest_packet = _LONGEST_PACKET_BEFORE_LOGIN
        self._cannot_send = False

    def read_identification(self) -> bytes:
        """The server's identification, without the end of its line.

        It is read one byte at a time, so that nothing of what follows is taken.

        Raises:
            NoIdentificationError: something else is there.
            EOFError, OSError: the connection ended before.
        """
        while not self.greeting.hear(self.read_all(1)):
            self.last_heard = time.monotonic()
        assert self.greeting.identification is not None
        return self.greeting.identification

    def handshake_timed_out(self) -> bool:
        """Whether nothing is waited for any more: paramiko asks ten times a second while it reads."""
        return self.is_given_up or super().handshake_timed_out()

    def read_all(self, n: int, check_rekey: bool = False) -> bytes:
        """Reads `n` bytes; by that number paramiko asks for as much as a packet says that it has."""
        if not 0 <= n <= self.longest_packet:
            raise ProtocolViolationError(f"il annonce un paquet de {french.count(n, 'octet')}")
        try:
            return super().read_all(n, check_rekey)
        except (EOFError, OSError):
            self.at_end = True
            raise

    def write_all(self, out: Buffer) -> None:
        """Sends `out`. Where that fails, what the server said as it closed may still have to be read: the end
        is noticed by who reads, and nothing more is sent.
        """
        if not self._cannot_send:
            try:
                super().write_all(out)
            except EOFError:
                self._cannot_send = True

    def read_message(self) -> tuple[int, paramiko.Message]:
        """Reads the next message, as paramiko's transport asks."""
        try:
            kind, message = super().read_message()
            self._note(kind, paramiko.Message(message.asbytes()))
        except NeedRekeyException:
            raise
        except Exception:  # whatever it is, it ends the transport's thread
            self.at_end = True
            raise
        self.last_heard = time.monotonic()
        return kind, message

    def _note(self, kind: int, message: paramiko.Message) -> None:
        if kind == MSG_KEXINIT and self.offer is None:
            self.offer = Offer.read(message)
        elif kind == MSG_DISCONNECT:
            self.at_end = True
            self.farewell_code = message.get_int()
            self.farewell = harmless(decoded(message.get_binary()[:_LONGEST_TEXT])).strip()


class Watchdog:
    """Closes one transport when its server is silent for too long, or a phase lasts too long.

    Args:
        transport: the transport, on which requests are made only after `ask_when_silent`.
        packetizer: its packetizer.
        close: ends the connection, from any thread.
        acknowledgements: what the system knows of the other end; None where it does not tell.
    """

    def __init__(
        self,
        transport: paramiko.Transport,
        packetizer: ListeningPacketizer,
        close: Callable[[], None],
        acknowledgements: Acknowledgements | None,
    ) -> None:
        self.verdict: str | None = None
        """Why the connection was closed, in French; None if it was not."""
        self._transport = transport
        self._packetizer = packetizer
        self._close = close
        self._asks = False
        self._question: threading.Thread | None = None
        self._acknowledgements = acknowledgements
        self._phases: dict[object, tuple[float, str]] = {}
        """When each of those that last is to be over, and what is said where it is not."""
        self._slow: dict[object, float] = {}
        """Until when each slow request that is pending may take."""
        self._looked = time.monotonic()
        self._lock = threading.Lock()
        """Held while `_phases` or `_slow` is changed or read."""
        self._ended = threading.Event()
        threading.Thread(target=self._watch, name="sharebox watchdog", daemon=True).start()

    def end(self) -> None:
        """Ends the watch."""
        self._ended.set()

    def ask_when_silent(self) -> None:
        """From now on a silent server is asked for a sign of life. Servers allow it once a user is known."""
        self._packetizer.last_heard = time.monotonic()
        self._asks = True

    @contextlib.contextmanager
    def phase(self, seconds: float, verdict: str) -> Iterator[None]:
        """Closes the connection if the block lasts longer than `seconds`; `verdict` says what did. There may
        be several at a time, each with its own limit.
        """
        phase = object()
        with self._lock:
            self._phases[phase] = (time.monotonic() + seconds, verdict)
        try:
            yield
        finally:
            with self._lock:
                del self._phases[phase]

    @contextlib.contextmanager
    def slow_request(self, seconds: float) -> Iterator[None]:
        """While the block waits for the answer to a request that takes a server long, it may be silent for so
        many seconds; no phase counts meanwhile. Whoever makes the request has the limit for one that is not
        silent. There may be several at a time.
        """
        request = object()
        with self._lock:
            self._slow[request] = time.monotonic() + seconds
            self._have_the_system_wait()
        try:
            yield
        finally:
            with self._lock:
                del self._slow[request]
                self._have_the_system_wait()

    def _have_the_system_wait(self) -> None:
        if self._acknowledgements is not None:
            remaining = max(self._slow.values(), default=0.0) - time.monotonic()
            self._acknowledgements.wait_for_program(remaining if remaining > SILENCE_SECONDS else None)

    def _watch(self) -> None:
        while not self._ended.wait(_LOOK_EVERY_SECONDS):
            if (verdict := self._judge()) is not None:
                self.verdict = verdict
                self._close()
                return

    def _judge(self) -> str | None:
        now = time.monotonic()
        since, self._looked = self._looked, now
        silence = now - self._packetizer.last_heard
        is_busy = self._is_busy(now)
        with self._lock:
            if is_busy and silence > now - since:
                self._phases = {
                    phase: (end + now - since, said) for phase, (end, said) in self._phases.items()
                }
            end, verdict = min(self._phases.values(), default=(now, ""))
        if now > end:
            return verdict
        if self._asks and silence > SILENCE_SECONDS and not is_busy:
            return f"le serveur n’a plus donné signe de vie pendant {SILENCE_SECONDS:.0f} s"
        if self._asks and silence > _ASK_AFTER_SECONDS:
            self._ask()
        return None

    def _is_busy(self, now: float) -> bool:
        """Whether silence is no wonder: a slow request is pending, and the server's system is there."""
        if self._acknowledgements is None or self._acknowledgements.are_missing():
            return False
        with self._lock:
            return now < max(self._slow.values(), default=0.0)

    def _ask(self) -> None:
        """Sends a request that every server must answer, if only by a refusal (RFC 4254, section 4).

        paramiko waits for the answer, and has no other way; so it does in a thread, which ends with it or
        with the transport.
        """
        if self._question is None or not self._question.is_alive():
            self._question = threading.Thread(target=self._request, name="sharebox keepalive", daemon=True)
            self._question.start()

    def _request(self) -> None:
        with contextlib.suppress(paramiko.SSHException, EOFError, OSError):  # the watch goes on anyway
            self._transport.global_request("keepalive@openssh.com", wait=True)
