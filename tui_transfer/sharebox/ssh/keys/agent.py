"""The keys that ssh-agent holds, Pageant, or the agent of Windows: it signs, and the keys never leave it.

paramiko's own reader of the answers takes no comment but in UTF-8, and offers the
certificate of an RSA key as the key; so the two questions of the protocol are asked here
(draft-ietf-sshm-ssh-agent).
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Final, Protocol, cast

import paramiko
from paramiko.agent import get_agent_connection

from tui_transfer.sharebox.ssh.fields import Fields, string
from tui_transfer.sharebox.ssh.keys import kinds
from tui_transfer.system import local_socket
from tui_transfer.system.platform import ON_WINDOWS

if TYPE_CHECKING:
    from collections.abc import Sequence

_LIST_SECONDS: Final = 10.0
_SIGN_SECONDS: Final = 120.0
"""The agent may ask a person, or a security key for a touch."""
_LONGEST_ANSWER: Final = 1 << 20
_LIST, _KEYS, _SIGN, _SIGNATURE = 11, 12, 13, 14
_RSA_FLAGS: Final = {"rsa-sha2-256": 2, "rsa-sha2-512": 4}
_CERTIFICATE: Final = kinds.CERTIFICATE


class NoAgentError(Exception):
    """No agent answers."""


class AgentRefusedError(paramiko.SSHException):
    """The agent does not sign: it is locked, it lost the key, or a person refused."""


class _Stream(Protocol):
    def send(self, data: bytes, /) -> object: ...
    def recv(self, count: int, /) -> bytes: ...
    def close(self) -> object: ...


class AgentKey(paramiko.PKey):
    """A key, or the certificate of one, that the agent signs with.

    Args:
        blob: its public half, as SSH sends it.
        comment: what the agent calls it.
    """

    public_blob = None

    def __init__(self, blob: bytes, comment: str) -> None:
        super().__init__()
        fields = Fields(blob)
        self.name = fields.name()
        self.comment = comment
        self.bits = _rsa_bits(self.name, fields)
        self._blob = blob

    def asbytes(self) -> bytes:
        """Its public half."""
        return self._blob

    def get_name(self) -> str:
        """The name of its kind."""
        return self.name

    def get_bits(self) -> int:
        """Bits of an RSA key; 0 where nothing depends on them."""
        return self.bits

    def can_sign(self) -> bool:
        """It can."""
        return True

    @property
    def _fields(self) -> tuple[str, bytes]:
        return self.name, self._blob

    def sign_ssh_data(self, data: bytes, algorithm: str | None = None) -> paramiko.Message:
        """Has the agent sign.

        Raises:
            AgentRefusedError
        """
        plain = (algorithm or "").removesuffix(_CERTIFICATE)
        flags = _RSA_FLAGS.get(plain, 0)
        question = bytes([_SIGN]) + string(self._blob) + string(data) + flags.to_bytes(4, "big")
        try:
            answer = _ask(question, _SIGN_SECONDS)
            if answer.take(1)[0] != _SIGNATURE:
                raise AgentRefusedError("the agent does not sign")
            return paramiko.Message(answer.string())
        except (NoAgentError, ValueError) as error:
            raise AgentRefusedError("the agent gave no answer") from error


def list_keys() -> Sequence[AgentKey]:
    """What the agent holds, in its order.

    Raises:
        NoAgentError
    """
    try:
        answer = _ask(bytes([_LIST]), _LIST_SECONDS)
        if answer.take(1)[0] != _KEYS:
            raise NoAgentError
        pairs = [(answer.string(), answer.string()) for _ in range(answer.integer())]
        return [AgentKey(blob, comment.decode("utf-8", "replace")) for blob, comment in pairs]
    except ValueError as error:
        raise NoAgentError from error


def _ask(question: bytes, seconds: float) -> Fields:
    """Asks over a connection of its own.

    Raises:
        NoAgentError
        ValueError: the answer is cut off, or too long.
    """
    with contextlib.closing(_open(seconds)) as stream:
        try:
            stream.send(string(question))
            length = int.from_bytes(_receive(stream, 4), "big")
            if not 0 < length <= _LONGEST_ANSWER:
                raise ValueError("too long")
            return Fields(_receive(stream, length))
        except OSError as error:
            raise NoAgentError from error


def _open(seconds: float) -> _Stream:
    """A connection to the agent; on Windows there are two kinds, which paramiko finds, without limits."""
    if ON_WINDOWS:
        # The stubs lack that it gives None where there is none.
        found = cast("_Stream | None", get_agent_connection())
    else:
        try:
            found = local_socket.connect(os.environ["SSH_AUTH_SOCK"], seconds)
        except (KeyError, OSError) as error:
            raise NoAgentError from error
    if found is None:
        raise NoAgentError
    return found


def _receive(stream: _Stream, count: int) -> bytes:
    received = b""
    while len(received) < count:
        more = stream.recv(count - len(received))
        if not more:
            raise ValueError("cut off")
        received += more
    return received


def _rsa_bits(name: str, fields: Fields) -> int:
    """`fields` are read up to the name."""
    if name.removesuffix(_CERTIFICATE) != kinds.RSA:
        return 0
    if name.endswith(_CERTIFICATE):
        fields.string()  # a nonce
    fields.number()
    return fields.number().bit_length()
