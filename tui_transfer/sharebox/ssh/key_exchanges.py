"""Exchanges of keys that paramiko lacks, and its own with the checks that it does not make.

paramiko takes 1 and p - 1 for a public value, which make the secret known to everybody, and of a group
exchange groups of 1,024 bits, whatever was asked for.
"""

from __future__ import annotations

import secrets
from functools import partial
from hashlib import sha512
from typing import Final

import paramiko
from paramiko.kex_gex import KexGexSHA256
from paramiko.kex_group14 import KexGroup14SHA256

from tui_transfer.sharebox.ssh.violations import ProtocolViolationError, TooShortError

LEAST_BITS: Final = 2048
"""Of a Diffie-Hellman group, and of an RSA key."""
MOST_BITS: Final = 8192
_EXPONENT_BITS: Final = 1024
_REPLY: Final = 31
_GROUP: Final = 31
_GROUP_REPLY: Final = 33


class CheckedGroup(KexGroup14SHA256):
    """Diffie-Hellman in a group of RFC 3526, by the RFCs 4253 and 8268: group 14, and the base of others."""

    def parse_next(self, ptype: int, m: paramiko.Message) -> None:
        """Takes the next message of the exchange."""
        if ptype == _REPLY and not self.transport.server_mode:
            _check_public_value(m, self.P)
        super().parse_next(ptype, m)


class LargeGroup(CheckedGroup):
    """The same in one of the larger groups, with SHA-512 (RFC 8268).

    Args:
        transport: which exchanges keys.
        bits: of the group's prime.
        offset: what RFC 3526 adds to the digits of π that it is made of.
    """

    hash_algo = sha512

    def __init__(self, transport: paramiko.Transport, bits: int, offset: int) -> None:
        super().__init__(transport)
        self.P = modp_prime(bits, offset)  # type: ignore[misc] # of the class alone, say the stubs


class CheckedGroupExchange(KexGexSHA256):
    """Diffie-Hellman in a group that the server chooses (RFC 4419), of 2,048 bits at least (RFC 8270)."""

    min_bits = LEAST_BITS
    preferred_bits = 3072
    max_bits = MOST_BITS

    def _generate_x(self) -> None:
        """Draws the secret exponent: as long as in a fixed group. One as long as the prime takes seconds."""
        self.x = secrets.randbits(_EXPONENT_BITS) | 1 << (_EXPONENT_BITS - 1)

    def parse_next(self, ptype: int, m: paramiko.Message) -> None:
        """Takes the next message of the exchange."""
        if not self.transport.server_mode:
            if ptype == _GROUP:
                _check_group(paramiko.Message(m.asbytes()))
            elif ptype == _GROUP_REPLY and self.p is not None:
                _check_public_value(m, self.p)
        super().parse_next(ptype, m)


def _check_group(message: paramiko.Message) -> None:
    prime, generator = message.get_mpint(), message.get_mpint()
    if prime < 0 or prime.bit_length() > MOST_BITS:
        raise ProtocolViolationError("le groupe Diffie-Hellman n’a pas de sens")
    if prime.bit_length() < LEAST_BITS:
        raise TooShortError(f"un groupe Diffie-Hellman de {prime.bit_length()} bits")
    if prime % 2 == 0 or not 1 < generator < prime - 1:
        raise ProtocolViolationError("le groupe Diffie-Hellman n’a pas de sens")


def _check_public_value(message: paramiko.Message, prime: int) -> None:
    """Of the reply that holds it after the host key (RFC 4253, section 8; RFC 4419, section 3)."""
    copy = paramiko.Message(message.asbytes())
    copy.get_string()
    if not 1 < copy.get_mpint() < prime - 1:
        raise ProtocolViolationError("sa valeur d’échange de clés est hors limites")


def modp_prime(bits: int, offset: int) -> int:
    """A prime of RFC 3526: 2^bits - 2^(bits - 64) - 1 + 2^64 · (⌊2^(bits - 130) π⌋ + offset)."""
    return (1 << bits) - (1 << (bits - 64)) - 1 + ((_pi(bits - 130) + offset) << 64)


def _pi(bits: int) -> int:
    """⌊2^bits π⌋, by Machin's formula: π = 16 arctan(1/5) - 4 arctan(1/239)."""
    guard = 64
    one = 1 << (bits + guard)

    def arctan_of_inverse(number: int) -> int:
        total = term = one // number
        divisor, sign = 3, -1
        while term:
            term //= number * number
            total += sign * (term // divisor)
            divisor, sign = divisor + 2, -sign
        return total

    return (16 * arctan_of_inverse(5) - 4 * arctan_of_inverse(239)) >> guard


LARGE_GROUPS: Final = {
    f"diffie-hellman-group{number}-sha512": partial(LargeGroup, bits=bits, offset=offset)
    for number, bits, offset in (
        (15, 3072, 1690314),
        (16, 4096, 240904),
        (17, 6144, 929484),
        (18, 8192, 4743158),
    )
}
"""By their names, each to be made for a transport."""
