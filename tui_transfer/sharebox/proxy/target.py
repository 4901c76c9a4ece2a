"""What the exchanges with proxies are about: the server wanted, and who asks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tui_transfer.errors import Problem, TransferError

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST_NAME: Final = 253


@dataclass(frozen=True)
class Target:
    """The server that a proxy is asked to reach."""

    host: str
    port: int

    def ascii_host(self) -> str:
        """The host as protocols write it: accents in their IDNA form, nothing but letters a URL may hold.

        Raises:
            TransferError: SHAREBOX_UNREACHABLE, if no host can have this name.
        """
        try:
            name = self.host.encode("idna").decode("ascii")
        except UnicodeError:
            name = ""
        if not 0 < len(name) <= _LONGEST_NAME or not all(
            character.isalnum() or character in "-._:" for character in name
        ):
            raise TransferError(
                Problem.SHAREBOX_UNREACHABLE,
                host=self.host,
                port=self.port,
                reason="ce nom de machine n’est pas valable",
            )
        return name

    def authority(self) -> str:
        """Host and port as HTTP writes them.

        Raises:
            TransferError: SHAREBOX_UNREACHABLE, if no host can have this name.
        """
        host = self.ascii_host()
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"


@dataclass(frozen=True)
class ProxyLogin:
    """The proxy as its errors name it, and the credentials for it."""

    host: str
    port: int
    username: str | None
    password: str | None = field(repr=False)

    def unreachable(self, reason: str) -> TransferError:
        """The error for a proxy that does not take the connection."""
        return TransferError(
            Problem.PROXY_UNREACHABLE, proxy_host=self.host, proxy_port=self.port, reason=reason
        )

    def bad_certificate(self, reason: str) -> TransferError:
        """The error for a proxy whose certificate is not trusted."""
        return TransferError(Problem.PROXY_CERTIFICATE_UNKNOWN, proxy_host=self.host, reason=reason)

    def protocol_error(self, reason: str) -> TransferError:
        """The error for an answer that makes no sense."""
        return TransferError(
            Problem.PROXY_PROTOCOL, proxy_host=self.host, proxy_port=self.port, reason=reason
        )

    def wants_tls(self) -> TransferError:
        """The error for a proxy that is spoken to in clear, and wants TLS."""
        return self.protocol_error("il n’accepte que des connexions chiffrées (TLS), son type est HTTPS")

    def no_credentials(self) -> TransferError:
        """The error for a proxy that wants credentials when there are none."""
        return TransferError(Problem.PROXY_CREDENTIALS_NEEDED, proxy_host=self.host)

    def bad_credentials(self, reason: str) -> TransferError:
        """The error for credentials that the proxy refused."""
        return TransferError(Problem.PROXY_CREDENTIALS_REFUSED, proxy_host=self.host, reason=reason)

    def unknown_methods(self, schemes: Iterable[str]) -> TransferError:
        """The error for a proxy that takes a name and password in no way known here."""
        names = ", ".join(dict.fromkeys(scheme.capitalize() for scheme in schemes)) or "aucune méthode"
        return TransferError(Problem.PROXY_METHOD_UNKNOWN, proxy_host=self.host, methods=names)

    def forbidden(self, target: Target, reason: str) -> TransferError:
        """The error for a proxy whose rules forbid the target."""
        return TransferError(
            Problem.PROXY_FORBIDDEN, proxy_host=self.host, host=target.host, port=target.port, reason=reason
        )

    def no_route(self, target: Target, reason: str) -> TransferError:
        """The error for a proxy that cannot reach the target itself."""
        return TransferError(
            Problem.PROXY_NO_ROUTE, proxy_host=self.host, host=target.host, port=target.port, reason=reason
        )
