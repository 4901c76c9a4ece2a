"""paramiko's transport, made fit for any server: all safe algorithms, and no trust in its messages."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, ClassVar, Final

import paramiko
from paramiko.common import MSG_NAMES, MSG_UNIMPLEMENTED, cMSG_UNIMPLEMENTED
from paramiko.compress import ZlibCompressor, ZlibDecompressor
from paramiko.kex_curve25519 import KexCurve25519

from tui_transfer.errors import decoded
from tui_transfer.sharebox.ssh import chacha, security
from tui_transfer.sharebox.ssh.key_exchanges import (
    LARGE_GROUPS,
    LEAST_BITS,
    CheckedGroup,
    CheckedGroupExchange,
)
from tui_transfer.sharebox.ssh.violations import (
    OldProtocolError,
    ProtocolViolationError,
    TooShortError,
    UnprovenKeyError,
    as_lost,
)
from tui_transfer.sharebox.ssh.watch import ListeningPacketizer

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from typing_extensions import Buffer

LONGEST_PACKET: Final = (256 << 10) + 1024
"""Bytes, once somebody is logged in: as OpenSSH takes them. Our own window of a packet is 32 KiB."""
_MOST_EXTENSIONS: Final = 1024
_MOST_LINES_LOGGED: Final = 500
_VERSIONS: Final = ("2.0", "1.99")
_UNKNOWN: Final = frozenset(range(256)) - MSG_NAMES.keys()
"""Numbers of messages that paramiko does not know at all."""

logging.getLogger("paramiko").addHandler(logging.NullHandler())  # what it logs belongs into a log, or nowhere


class _Inflater(ZlibDecompressor):
    """Unpacks a packet, however small it comes, to no more than a packet may have."""

    def __call__(self, data: Buffer) -> bytes:
        unpacked = self.z.decompress(data, LONGEST_PACKET)
        if self.z.unconsumed_tail:
            raise ProtocolViolationError("un paquet compressé est trop grand")
        return unpacked


class SshTransport(paramiko.Transport):
    """A client's transport over `tunnel`.

    Attributes:
        saved_exception: what ended its thread: one of `connection.LOST`, whatever was raised there.
    """

    _preferred_ciphers: ClassVar = security.CIPHERS
    _preferred_macs: ClassVar = security.MACS
    _preferred_keys: ClassVar = security.HOST_KEYS
    _preferred_compression: ClassVar = security.COMPRESSIONS
    _kex_info: ClassVar[dict[str, Any]] = {
        **paramiko.Transport._kex_info,  # type: ignore[attr-defined] # the stubs lack what has an underscore
        **LARGE_GROUPS,
        "curve25519-sha256": KexCurve25519,  # RFC 8731; what libssh.org called it before is the same
        "diffie-hellman-group14-sha256": CheckedGroup,
        "diffie-hellman-group-exchange-sha256": CheckedGroupExchange,
    }
    _cipher_info: ClassVar[dict[str, Any]] = {
        **paramiko.Transport._cipher_info,  # type: ignore[attr-defined]
        chacha.NAME: {"class": chacha.ChaChaPoly, "block-size": 8, "key-size": 64, "is_aead": True},
    }
    _compression_info: ClassVar[dict[str, Any]] = {
        "none": (None, None),
        "zlib": (ZlibCompressor, _Inflater),
        "zlib@openssh.com": (ZlibCompressor, _Inflater),  # begins once somebody is let in
    }
    _preferred_kex: ClassVar = tuple(filter(_kex_info.__contains__, security.KEY_EXCHANGES))

    def __init__(self, tunnel: socket.socket) -> None:
        self._end: Exception | None = None
        self._lines_logged = 0
        super().__init__(tunnel, packetizer_class=ListeningPacketizer)
        self._handler_table: dict[int, Callable[[paramiko.Message], object]]
        for kind in _UNKNOWN:
            self._handler_table[kind] = self._answer_unimplemented
        self._handler_table[MSG_UNIMPLEMENTED] = lambda message: None

    @property
    def saved_exception(self) -> Exception | None:
        """What ended the thread, until somebody was told."""
        return self._end

    @saved_exception.setter
    def saved_exception(self, error: Exception | None) -> None:
        self._end = None if error is None else as_lost(error)

    def _log(self, level: int, msg: str | list[str], *args: object) -> None:
        """A server can have a line logged for each of its messages: they are not written without end."""
        if self.logger.isEnabledFor(level) and self._lines_logged < _MOST_LINES_LOGGED:
            self._lines_logged += 1
            super()._log(level, msg, *args)  # type: ignore[misc]

    # Before and while keys are exchanged

    def _check_banner(self) -> None:
        """Reads the server's identification."""
        said = self.listener.read_identification()
        # What is hashed are its bytes, also where they are no text.
        self.remote_version = said.decode() if said.isascii() else said  # type: ignore[assignment]
        parts = decoded(said).split(" ", 1)[0].split("-", 2)
        if len(parts) == 3 and parts[1].startswith("1.") and parts[1] != "1.99":
            raise OldProtocolError
        if len(parts) < 3 or parts[1] not in _VERSIONS:
            raise ProtocolViolationError("il annonce une version inconnue du protocole")

    @property
    def listener(self) -> ListeningPacketizer:
        """Its packetizer."""
        assert isinstance(self.packetizer, ListeningPacketizer)
        return self.packetizer

    def _really_parse_kex_init(self, m: paramiko.Message, ignore_first_byte: bool = False) -> dict[str, Any]:
        """Reads an offer. Where the cipher authenticates by itself, no other check needs to be agreed on."""
        offer: dict[str, Any] = super()._really_parse_kex_init(m, ignore_first_byte)  # type: ignore[misc]
        for way in ("client", "server"):
            if security.authenticates(offer[f"{way}_encrypt_algo_list"]):
                offer[f"{way}_mac_algo_list"] = list(security.MACS)
        return offer

    def _verify_key(self, host_key: bytes, sig: bytes) -> None:
        """Sees that the host key is one that is safe, and the server's own."""
        key: paramiko.PKey = self._key_info[self.host_key_type](paramiko.Message(host_key))  # type: ignore[attr-defined]
        if isinstance(key, paramiko.RSAKey) and key.get_bits() < LEAST_BITS:
            raise TooShortError(f"une clé de serveur RSA de {key.get_bits()} bits")
        try:
            is_proved = key.verify_ssh_sig(self.H or b"", paramiko.Message(sig))
        except Exception as error:  # a signature that cannot even be read
            raise UnprovenKeyError from error
        if not is_proved:
            raise UnprovenKeyError
        if self.host_key not in (None, key):
            raise ProtocolViolationError("il a changé de clé en cours de connexion")
        self.host_key = key

    def _parse_ext_info(self, msg: paramiko.Message) -> None:
        """Reads what the server can do besides (RFC 8308); the announced number is not believed."""
        extensions: dict[str, bytes] = {}
        for _ in range(min(msg.get_int(), _MOST_EXTENSIONS)):
            if not msg.get_remainder():
                raise ProtocolViolationError("sa liste d’extensions est incomplète")
            name = decoded(msg.get_binary())
            extensions[name] = msg.get_binary()
        self.server_extensions = extensions

    # Messages that come at any time

    def _parse_disconnect(self, m: paramiko.Message) -> None:
        """The packetizer has read it."""

    def _answer_unimplemented(self, message: paramiko.Message) -> None:
        """Answers a message of a kind that does not exist (RFC 4253, section 11.4)."""
        answer = paramiko.Message()
        answer.add_byte(cMSG_UNIMPLEMENTED)
        answer.add_int(message.seqno)
        self._send_message(answer)  # type: ignore[attr-defined]

    def _auth_trigger(self) -> None:
        """Somebody is let in: the packets may be larger from now on."""
        self.listener.longest_packet = LONGEST_PACKET
        super()._auth_trigger()  # type: ignore[misc]
