"""TLS to a proxy, under what looks like a plain socket.

An `ssl.SSLSocket` will not do for SSH, whose reader and writers are threads of their own: OpenSSL lets only
one thread at a time use a connection. Here the owner gets one end of a pair of sockets; two threads carry
bytes between the other end and the network, and take turns at encryption, which never waits.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from typing import Final

_PIECE: Final = 1 << 16
_WORDS: Final[dict[int, str]] = {
    9: "il n'est pas encore valable",
    10: "il est périmé",
    18: "il n'est signé que par lui-même",
    19: "son autorité n'est pas connue de cette machine",
    20: "son autorité n'est pas connue de cette machine",
    62: "il est établi pour un autre nom",
    64: "il est établi pour une autre adresse",
}
"""By OpenSSL's numbers of what it found wrong."""


def in_words(error: ssl.SSLCertVerificationError) -> str:
    """Puts what is wrong with a certificate into French, without final full stop."""
    return _WORDS.get(error.verify_code, error.verify_message)


def encrypt(link: socket.socket, host: str) -> socket.socket:
    """Begins TLS on a connected socket, with a certificate that the system trusts for `host`.

    Args:
        link: to the server. It belongs to this module from now on, and is closed when it is of no more use.
        host: the name or address that the certificate must bear.

    Returns:
        The socket to use instead. Closing it, or an end on the network, ends both.

    Raises:
        ssl.SSLCertVerificationError: the certificate is not trusted, or is another host's.
        ssl.SSLError: the server does not speak TLS.
        EOFError: it closed the connection meanwhile.
        OSError: the connection broke.
    """
    carrier = _Carrier(link, host)
    try:
        carrier.shake_hands()
    except BaseException:
        link.close()
        raise
    return carrier.start()


class _Carrier:
    """Encrypts and carries what passes between two sockets.

    What is to be sent because of what was received (an answer to a change of keys) waits for the next bytes
    that are sent: so neither direction ever waits for the other.
    """

    def __init__(self, link: socket.socket, host: str) -> None:
        context = ssl.create_default_context()
        context.options |= ssl.OP_NO_RENEGOTIATION
        self._link = link
        self._received = ssl.MemoryBIO()
        self._to_send = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._received, self._to_send, server_hostname=host)
        self._turn = threading.Lock()

    def shake_hands(self) -> None:
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                self._link.sendall(self._to_send.read())
                data = self._link.recv(_PIECE)
                if not data:
                    raise EOFError from None
                self._received.write(data)
            else:
                self._link.sendall(self._to_send.read())
                return

    def start(self) -> socket.socket:
        ours, owners = socket.socketpair()
        reader = threading.Thread(target=self._carry_back, args=[ours], name="TLS, back", daemon=True)
        writer = threading.Thread(target=self._carry, args=[ours, reader], name="TLS", daemon=True)
        reader.start()
        writer.start()
        return owners

    def _carry(self, ours: socket.socket, reader: threading.Thread) -> None:
        """Until the owner closes its end; then ends everything."""
        with contextlib.suppress(OSError):  # the network is gone, or the owner
            while data := ours.recv(_PIECE):
                with self._turn:
                    self._tls.write(data)
                    encrypted = self._to_send.read()
                self._link.sendall(encrypted)
        for end in (self._link, ours):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        reader.join()
        self._link.close()
        ours.close()

    def _carry_back(self, ours: socket.socket) -> None:
        """Until the network ends; then the owner reads the end of the stream."""
        with contextlib.suppress(OSError):  # a broken or forged stream ends too
            while plain := self._decrypt_some():
                ours.sendall(plain)
        with contextlib.suppress(OSError):
            ours.shutdown(socket.SHUT_WR)

    def _decrypt_some(self) -> bytes:
        """What comes next from the network; nothing at its end."""
        while True:
            with self._turn:
                try:
                    return self._tls.read(_PIECE)
                except ssl.SSLWantReadError:
                    pass
            data = self._link.recv(_PIECE)
            if not data:
                return b""
            with self._turn:
                self._received.write(data)
