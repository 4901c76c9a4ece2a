"""The ways to give a name and a password to an HTTP proxy: Negotiate, NTLM, Digest, Basic."""

from __future__ import annotations

import base64
import struct
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Final

from tui_transfer.sharebox.proxy import digest
from tui_transfer.system import platform

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import spnego

    from tui_transfer.sharebox.proxy.challenges import Challenge
    from tui_transfer.sharebox.proxy.target import ProxyLogin

_NTLM_GREETING: Final = b"NTLMSSP\x00\x01\x00\x00\x00"
"""How NTLM's first message begins; nothing in it depends on the password."""
_UNREADABLE: Final = (ValueError, LookupError, ArithmeticError, struct.error)
"""What pyspnego raises, besides its own errors, on a message that makes no sense."""


class Method(ABC):
    """One way to identify oneself, used for one tunnel.

    Attributes:
        has_proved: the password was put to the test. A refusal is then final, since accounts get locked;
            before, another method may have its turn.
        needs_one_connection: its messages mean nothing on another connection than the first one's.
    """

    has_proved = False
    needs_one_connection = False

    @abstractmethod
    def answer(self, challenge: Challenge) -> bytes | None:
        """The value of Proxy-Authorization that answers the challenge; None if there is none."""

    def continuation(self, challenges: Sequence[Challenge]) -> Challenge | None:
        """Which of the proxy's new challenges goes on with the answer just given, if one does."""
        return None


def methods(
    challenges: Sequence[Challenge], login: ProxyLogin, uri: str
) -> Iterator[tuple[Method, Challenge]]:
    """What the proxy offers and this program knows, strongest first, each with the challenge to answer.

    Args:
        challenges: of the proxy.
        login: its name, and the person's.
        uri: the target of the request.
    """
    for scheme in ("Negotiate", "NTLM"):
        for challenge in _of(scheme, challenges)[:1]:
            yield _Negotiation(scheme, login), challenge
    for challenge in sorted(_of("Digest", challenges), key=_strength, reverse=True):
        if _strength(challenge):
            yield _Digest(login, uri), challenge
    for challenge in _of("Basic", challenges)[:1]:
        yield _Basic(login), challenge


class _Basic(Method):
    """The password itself (RFC 7617)."""

    def __init__(self, login: ProxyLogin) -> None:
        self._login = login

    def answer(self, challenge: Challenge) -> bytes:
        self.has_proved = True
        return b"Basic " + base64.b64encode(f"{self._login.username}:{self._login.password or ''}".encode())


class _Digest(Method):
    """A hash of the password, good for one request (RFC 7616)."""

    def __init__(self, login: ProxyLogin, uri: str) -> None:
        self._login = login
        self._uri = uri
        self._answered = 0

    def answer(self, challenge: Challenge) -> bytes | None:
        name, password = self._login.username or "", self._login.password or ""
        answer = digest.answer(challenge.parameters, name, password, "CONNECT", self._uri)
        if answer is not None:
            self.has_proved = True
            self._answered += 1
        return answer

    def continuation(self, challenges: Sequence[Challenge]) -> Challenge | None:
        """A proxy that says « stale » found the password right, and the challenge too old. Believed once."""
        stale = [
            one for one in _of("Digest", challenges) if one.parameters.get("stale", "").lower() == "true"
        ]
        return max(stale, key=_strength) if stale and self._answered == 1 else None


class _Negotiation(Method):
    """NTLM, or what stands under the name Negotiate: several messages, all on one connection (RFC 4559).

    On Windows, Negotiate is left to the system, which knows Kerberos. Elsewhere NTLM goes under that name
    too, bare, as Windows sends it where it has no ticket. A proxy that wants nothing but Kerberos says no to
    the first message already.
    """

    needs_one_connection = True

    def __init__(self, scheme: str, login: ProxyLogin) -> None:
        self._scheme = scheme
        self._login = login
        self._context: spnego.ContextProxy | None = None

    def answer(self, challenge: Challenge) -> bytes | None:
        # Imported here: it takes a quarter of a second, and few proxies ask for it.
        from spnego.exceptions import InvalidCredentialError, SpnegoError

        try:
            token = self._step(challenge)
        except InvalidCredentialError:  # Windows asked the domain itself
            self.has_proved = True
            return None
        except (SpnegoError, *_UNREADABLE):
            return None
        if not token:
            return None
        self.has_proved = self.has_proved or not token.startswith(_NTLM_GREETING)
        return self._scheme.encode() + b" " + base64.b64encode(token)

    def continuation(self, challenges: Sequence[Challenge]) -> Challenge | None:
        if self._context is None or self._context.complete:
            return None
        return next((one for one in _of(self._scheme, challenges) if one.token), None)

    def _step(self, challenge: Challenge) -> bytes | None:
        if self._context is None:
            self._context = self._begin()
            return self._context.step()
        return self._context.step(base64.b64decode(challenge.token))

    def _begin(self) -> spnego.ContextProxy:
        import spnego

        by_system = platform.ON_WINDOWS and self._scheme == "Negotiate"
        return spnego.client(
            self._login.username,
            self._login.password or "",
            hostname=self._login.host,
            service="HTTP",
            protocol="negotiate" if by_system else "ntlm",
            options=spnego.NegotiateOptions.use_sspi if by_system else spnego.NegotiateOptions.use_ntlm,
        )


def _of(scheme: str, challenges: Sequence[Challenge]) -> list[Challenge]:
    return [challenge for challenge in challenges if challenge.scheme == scheme.lower()]


def _strength(challenge: Challenge) -> int:
    return digest.strength(challenge.parameters)
