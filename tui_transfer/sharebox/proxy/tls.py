"""TLS to a proxy, under what looks like a plain socket.

An `ssl.SSLSocket` will not do for SSH, whose reader and writers are threads of their own: OpenSSL lets only
one thread at a time use a connection. Here the owner gets one end of a pair of sockets; a thread carries
bytes between the other end and the network.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_PIECE: Final = 1 << 16


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


class _Encrypted(socket.socket):
    """What the owner gets.

    Attributes:
        network: the socket that carries it.
    """

    network: socket.socket


class _Carrier:
    """Encrypts and carries what passes between two sockets, in a thread that waits for neither alone."""

    def __init__(self, link: socket.socket, host: str) -> None:
        context = ssl.create_default_context()
        context.options |= ssl.OP_NO_RENEGOTIATION
        self._link = link
        self._ours: socket.socket
        self._received = ssl.MemoryBIO()
        self._to_send = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._received, self._to_send, server_hostname=host)
        self._for_link = b""
        self._for_owner = b""
        self._owner_is_there = True
        self._network_is_there = True

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
        self._ours, plain = socket.socketpair()
        owners = _Encrypted(plain.family, plain.type, plain.proto, plain.detach())
        owners.network = self._link
        threading.Thread(target=self._carry, name="TLS", daemon=True).start()
        return owners

    def _carry(self) -> None:
        """Until the owner has closed its end, and what it said is sent; then ends everything."""
        with self._link, self._ours:
            self._link.setblocking(False)
            self._ours.setblocking(False)
            self._decrypt()  # what came with the end of the handshake
            while self._owner_is_there or self._for_link:
                self._carry_some()

    def _carry_some(self) -> None:
        """Waits for what either end can do next, and does it. What one does not take is not read from the
        other.
        """
        readable, writable, _ = select.select(
            [end for end, data in self._waited_for() if not data],
            [end for end, data in ((self._ours, self._for_owner), (self._link, self._for_link)) if data],
            [],
        )
        if self._link in readable:
            self._hear_network()
        if self._ours in readable:
            self._hear_owner()
        if self._ours in writable:
            self._tell_owner()
        if self._link in writable:
            self._tell_network()

    def _waited_for(self) -> Iterator[tuple[socket.socket, bytes]]:
        """The ends that may say more, each with what the other has not taken yet."""
        if self._network_is_there:
            yield self._link, self._for_owner
        if self._owner_is_there:
            yield self._ours, self._for_link

    def _hear_network(self) -> None:
        try:
            data = self._link.recv(_PIECE)
        except OSError:
            data = b""
        if data:
            self._received.write(data)
        else:
            self._received.write_eof()
        self._decrypt()

    def _decrypt(self) -> None:
        try:
            while plain := self._tls.read(_PIECE):
                self._for_owner += plain
        except ssl.SSLWantReadError:
            self._for_link += self._to_send.read()
            return
        except OSError:  # a broken or forged stream ends too
            pass
        self._lose_network()

    def _lose_network(self) -> None:
        """The owner hears to the end what was said, then the end of the stream."""
        self._network_is_there = False
        self._for_link = b""
        if not self._for_owner:
            self._tell_end()

    def _hear_owner(self) -> None:
        try:
            data = self._ours.recv(_PIECE)
        except OSError:
            data = b""
        if not data:
            self._owner_is_there = False
        elif self._network_is_there:
            self._tls.write(data)
            self._for_link += self._to_send.read()

    def _tell_owner(self) -> None:
        try:
            self._for_owner = self._for_owner[self._ours.send(self._for_owner) :]
        except OSError:
            self._for_owner, self._owner_is_there = b"", False
        if not self._for_owner and not self._network_is_there:
            self._tell_end()

    def _tell_end(self) -> None:
        with contextlib.suppress(OSError):  # the owner is gone
            self._ours.shutdown(socket.SHUT_WR)

    def _tell_network(self) -> None:
        try:
            self._for_link = self._for_link[self._link.send(self._for_link) :]
        except OSError:
            self._lose_network()
