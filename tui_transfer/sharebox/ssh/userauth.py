"""The user authentication protocol, RFC 4252 and 4256: one request, and what the server says to it.

It decides nothing; `authentication` does. paramiko has a handler of its own for this, which asks for the
service anew with each request (many servers end the connection then), takes whatever ends a connection for a
refusal, and decodes loosely. So this one stands in its place: messages wait here for the thread that logs in.
"""

from __future__ import annotations

import queue
import weakref
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import paramiko
from paramiko import common

from tui_transfer.sharebox.ssh.conversation import Prompt, Question
from tui_transfer.sharebox.wire import Reader, displayed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_SERVICE: Final = "ssh-userauth"
_NEXT_SERVICE: Final = "ssh-connection"
_MOST_PROMPTS: Final = 16
_LONGEST_BANNER: Final = 2000
_LOOK_SECONDS: Final = 0.5
_OF_THE_METHOD: Final = 60
"""The number of a message that only the method in use gives a meaning (RFC 4252, section 6)."""


class UserAuthProtocolError(paramiko.SSHException):
    """The server does not keep to the protocol."""


class UnsignedError(Exception):
    """The key's holder, such as an agent, did not sign."""


@dataclass(frozen=True)
class Accepted:
    """The person is known."""


@dataclass(frozen=True)
class Failure:
    """Not known yet: `methods` can go on, in the server's order; `partial` where this request did succeed."""

    methods: tuple[str, ...]
    partial: bool


@dataclass(frozen=True)
class NewPasswordWanted:
    """The password was right, and has to be changed; `text` is what the server says to that."""

    text: str


Reply = Accepted | Failure | NewPasswordWanted | Question


class UserAuth:
    """The login of `username` on one connection, whose host key was accepted.

    Args:
        transport: after its handshake; nobody logs in on it by other means.
        username: of the account.

    Attributes:
        banners: what the server had to say meanwhile (RFC 4252, section 5.4), fit to be shown.
    """

    def __init__(self, transport: paramiko.Transport, username: str) -> None:
        self.banners: list[str] = []
        self._transport = transport
        self._username = username
        self._mailbox = _Mailbox(transport, self.banners)
        transport.auth_handler = self._mailbox  # type: ignore[assignment]

    def ask_for_service(self) -> None:
        """Asks for the service, once in a connection.

        Raises:
            SSHException, EOFError: the connection was lost, or the server does not keep to the protocol.
        """
        message = _message(common.MSG_SERVICE_REQUEST)
        message.add_string(_SERVICE)
        kind, _ = self._exchange(message)
        if kind != common.MSG_SERVICE_ACCEPT:
            raise UserAuthProtocolError(f"message {kind} in place of the service")

    def none(self) -> Reply:
        """Asks what the server accepts, without any secret."""
        return self._request("none")

    def public_key(self, key: paramiko.PKey, algorithm: str) -> Reply:
        """Shows a key and signs with it.

        Args:
            key: with its certificate, if that is to be shown.
            algorithm: of the signature, as the server's list has it.

        Raises:
            UnsignedError: nothing was shown.
            SSHException, EOFError: as for every request.
        """
        certificate = getattr(key, "public_blob", None)
        shown: bytes = certificate.key_blob if certificate else key.asbytes()
        signed = paramiko.Message()
        signed.add_string(self._transport.session_id or b"")
        signed.add_byte(common.byte_chr(common.MSG_USERAUTH_REQUEST))
        self._add_head(signed, "publickey")
        _add_key(signed, algorithm, shown)
        try:
            signature = key.sign_ssh_data(signed.asbytes(), algorithm.removesuffix("-cert-v01@openssh.com"))
        except (paramiko.SSHException, OSError) as error:
            raise UnsignedError(str(error)) from error

        def add(message: paramiko.Message) -> None:
            _add_key(message, algorithm, shown)
            message.add_string(signature if isinstance(signature, bytes) else signature.asbytes())

        return self._request("publickey", add)

    def password(self, password: str, new: str | None = None) -> Reply:
        """Shows the password, and the one that is to take its place (RFC 4252, section 8)."""

        def add(message: paramiko.Message) -> None:
            message.add_boolean(new is not None)
            message.add_string(password)
            if new is not None:
                message.add_string(new)

        return self._request("password", add)

    def interactive(self) -> Reply:
        """Begins a conversation, which goes on with `answer` for as long as questions come back."""

        def add(message: paramiko.Message) -> None:
            message.add_string("")  # a language
            message.add_string("")  # which kind of conversation: as the server likes

        return self._request("keyboard-interactive", add)

    def answer(self, answers: Sequence[str]) -> Reply:
        """Answers a question, prompt by prompt."""
        message = _message(common.MSG_USERAUTH_INFO_RESPONSE)
        message.add_int(len(answers))
        for answer in answers:
            message.add_string(answer)
        return self._decoded("keyboard-interactive", *self._exchange(message))

    def _request(self, method: str, add: Callable[[paramiko.Message], None] = lambda _: None) -> Reply:
        message = _message(common.MSG_USERAUTH_REQUEST)
        self._add_head(message, method)
        add(message)
        return self._decoded(method, *self._exchange(message))

    def _add_head(self, message: paramiko.Message, method: str) -> None:
        for text in (self._username, _NEXT_SERVICE, method):
            message.add_string(text)

    def _exchange(self, message: paramiko.Message) -> tuple[int, bytes]:
        self._mailbox.expects_answer = True
        self._transport._send_user_message(message)  # type: ignore[attr-defined]  # waits while keys are renewed
        while True:
            try:
                arrived = self._mailbox.arrived.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                if self._transport.is_active():
                    continue
                arrived = None
            if arrived is None:
                raise self._transport.get_exception() or EOFError()
            return arrived

    def _decoded(self, method: str, kind: int, body: bytes) -> Reply:
        reader = Reader(body, UserAuthProtocolError)
        reply: Reply
        if kind == common.MSG_USERAUTH_SUCCESS:
            reply = Accepted()
        elif kind == common.MSG_USERAUTH_FAILURE:
            names = reader.string().decode("ascii", "replace").split(",")
            reply = Failure(tuple(name for name in names if name), reader.byte() != 0)
        elif kind == _OF_THE_METHOD and method == "password":
            reply = NewPasswordWanted(displayed(reader.string()))
            reader.rest()  # a language, which some leave out
        elif kind == _OF_THE_METHOD and method == "keyboard-interactive":
            reply = _question(reader)
        else:
            raise UserAuthProtocolError(f"message {kind} in answer to {method}")
        reader.end()
        return reply


def _question(reader: Reader) -> Question:
    title, text = displayed(reader.string()), displayed(reader.string(), _LONGEST_BANNER)
    reader.string()  # a language
    count = reader.uint32()
    if count > _MOST_PROMPTS:
        raise UserAuthProtocolError(f"a question of {count} prompts")
    prompts = (Prompt(displayed(reader.string()), hidden=reader.byte() == 0) for _ in range(count))
    return Question(title, text, tuple(prompts))


class _Mailbox:
    """Stands where paramiko has its handler. paramiko's thread puts in what the server says of the login."""

    def __init__(self, transport: paramiko.Transport, banners: list[str]) -> None:
        self.arrived: queue.SimpleQueue[tuple[int, bytes] | None] = queue.SimpleQueue()
        """Number and body of a message; None once nothing more will come."""
        self.expects_answer = False
        self.authenticated = False
        self.banner: bytes | None = None
        self._transport: paramiko.Transport = weakref.proxy(transport)
        self._banners = banners
        self._handler_table: dict[int, Callable[[paramiko.Message], None]] = {
            kind: partial(self._take, kind)
            for kind in (
                common.MSG_SERVICE_ACCEPT,
                common.MSG_USERAUTH_SUCCESS,
                common.MSG_USERAUTH_FAILURE,
                _OF_THE_METHOD,
            )
        }
        self._handler_table[common.MSG_USERAUTH_BANNER] = self._note_banner

    def is_authenticated(self) -> bool:
        """Asked by paramiko before it does anything with channels."""
        return self.authenticated

    def get_username(self) -> str:
        """Asked by paramiko's own log alone."""
        return ""

    def abort(self) -> None:
        """Called by paramiko when the connection has ended."""
        self.arrived.put(None)

    def _take(self, kind: int, message: paramiko.Message) -> None:
        if not self.expects_answer:
            raise UserAuthProtocolError(f"message {kind} that nothing was asked for")
        self.expects_answer = False
        if kind == common.MSG_USERAUTH_SUCCESS:
            self.authenticated = True
            # From the next byte on what was agreed to begin « delayed » does, such as compression.
            self._transport._auth_trigger()  # type: ignore[attr-defined]
        self.arrived.put((kind, message.get_remainder()))

    def _note_banner(self, message: paramiko.Message) -> None:
        text = displayed(Reader(message.get_remainder(), UserAuthProtocolError).string(), _LONGEST_BANNER)
        if text and sum(map(len, self._banners)) < _LONGEST_BANNER:
            self._banners.append(text)


def _message(kind: int) -> paramiko.Message:
    message = paramiko.Message()
    message.add_byte(common.byte_chr(kind))
    return message


def _add_key(message: paramiko.Message, algorithm: str, shown: bytes) -> None:
    message.add_boolean(True)
    message.add_string(algorithm)
    message.add_string(shown)
