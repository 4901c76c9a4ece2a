"""A real squid that passes CONNECT on, with every kind of authentication that proxies ask."""

from __future__ import annotations

import contextlib
import hashlib
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tests.programs import missing, require
from tests.servers.processes import LOOPBACK, free_port, public_folder, running
from tests.servers.squid_authority import authority

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.servers.squid_authority import Authority

USERNAME = "gestionnaire"
PASSWORD = "été:à 5 €"
DOMAIN_USERNAME = "ASSOCIATION\\gestionnaire"
DOMAIN_PASSWORD = "été à 5 €"

Asked = Literal["basic", "digest", "ntlm", "negotiate", "kerberos", "wrapped"]
"""A kind of authentication. `negotiate` takes NTLM, `kerberos` is a Negotiate that does not, and `wrapped` is
squid's own: its wrapper gives NTLM to a helper that believes everybody, and the rest to another."""

_REALM = "test"
_HELPERS = ("/usr/lib/squid", "/usr/lib64/squid", "/usr/libexec/squid", "/opt/homebrew/opt/squid/libexec")


@dataclass(frozen=True)
class SquidServer:
    """Where the proxy listens, its access log, and who checks the passwords of NTLM and Negotiate.

    With TLS, `certificate` is what a client must trust.
    """

    host: str
    port: int
    access_log: Path
    authority: Authority | None = None
    certificate: Path | None = None

    def requests(self) -> list[str]:
        """The lines of the access log that tell of a CONNECT, written when it ends."""
        lines = self.access_log.read_text().splitlines() if self.access_log.exists() else []
        return [line for line in lines if " CONNECT " in line]

    def attempts(self) -> list[str]:
        """Those of the requests that put the password of `USERNAME` to the test, by Basic or Digest."""
        return [line for line in self.requests() if USERNAME in line]


@contextlib.contextmanager
def squid(
    *,
    allowed_ports: Sequence[int | str],
    asks: Sequence[Asked] = (),
    behind: tuple[int, int] | None = None,
    encrypted: bool = False,
) -> Iterator[SquidServer]:
    """Runs squid without a cache, on a free loopback port.

    Args:
        allowed_ports: where CONNECT may go, also « 1024-65535 »; other ports are refused with 403, as
            squid's own configuration does for everything but 443.
        asks: the kinds of authentication it offers, in this order. Basic and Digest accept `USERNAME` and
            `PASSWORD`, the others `DOMAIN_USERNAME` and `DOMAIN_PASSWORD`.
        behind: two ports, outside and inside: CONNECT to the first is led to the second, as by a firewall
            that lets only the proxy through.
        encrypted: it wants TLS, with a certificate for its address.
    """
    program = require("squid")
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(public_folder())
        folder.chmod(0o777)  # squid writes its logs after it became another user
        checker: Authority | None = None
        if {"ntlm", "negotiate", "kerberos"} & set(asks):
            knows_ntlm = "kerberos" not in asks
            checker = stack.enter_context(
                authority(folder, DOMAIN_USERNAME, DOMAIN_PASSWORD, knows_ntlm=knows_ntlm)
            )
        port = free_port()
        certificate = _certificate(folder) if encrypted else None
        access_log = folder / "access.log"
        lines = [
            f"https_port {LOOPBACK}:{port} tls-cert={certificate}"
            if certificate
            else f"http_port {LOOPBACK}:{port}",
            f"pid_filename {folder / 'squid.pid'}",
            f"cache_log {folder / 'cache.log'}",
            f"access_log stdio:{access_log}",
            "buffered_logs off",
            f"coredump_dir {folder}",
            "cache deny all",
            "shutdown_lifetime 0 seconds",
            "visible_hostname proxy.test",
            "pinger_enable off",
            f"acl allowed_port port {' '.join(map(str, allowed_ports))}",
            "acl connect method CONNECT",
            "http_access deny connect !allowed_port",
            *_authentication(folder, asks, checker),
            *(_lead(folder, *behind) if behind else []),
            "http_access allow localhost connect",
            "http_access deny all",
        ]
        config = folder / "squid.conf"
        config.write_text("\n".join(lines) + "\n")
        stack.enter_context(running([program, "-N", "-f", str(config)], port=port, log=folder / "output.log"))
        yield SquidServer(LOOPBACK, port, access_log, checker, certificate)


def _lead(folder: Path, outside: int, inside: int) -> list[str]:
    """Squid asks a program where each request should go."""
    program = folder / "lead.sh"
    answer = f"OK rewrite-url={LOOPBACK}:{inside}"
    program.write_text(f'#!/bin/sh\nwhile read -r request; do echo "{answer}"; done\n')
    program.chmod(0o755)
    return [
        f"acl outside port {outside}",
        f"url_rewrite_program {program}",
        "url_rewrite_children 1",
        "url_rewrite_access allow outside",
    ]


def _certificate(folder: Path) -> Path:
    """One file that holds the key too, which is how squid likes it."""
    file = folder / "certificate.pem"
    command = (
        f"req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=proxy.test -keyout {file} -out {folder}/crt"
    )
    extensions = ["-addext", f"subjectAltName=IP:{LOOPBACK}"]
    subprocess.run(
        [require("openssl"), *command.split(), *extensions], check=True, capture_output=True, timeout=30
    )
    with file.open("ab") as both:
        both.write((folder / "crt").read_bytes())
    file.chmod(0o644)
    return file


def _authentication(folder: Path, asks: Sequence[Asked], checker: Authority | None) -> list[str]:
    lines = []
    for asked in asks:
        if asked == "basic":
            lines += _scheme("basic", f"{_helper('basic_ncsa_auth')} {_basic_users(folder)}")
        elif asked == "digest":
            lines += _scheme("digest", f"{_helper('digest_file_auth')} -c {_digest_users(folder)}")
        elif asked == "wrapped":
            halves = f"--ntlm {_helper('ntlm_fake_auth')} --kerberos {require('cat')}"
            lines += _scheme("negotiate", f"{_helper('negotiate_wrapper_auth')} {halves}")
        else:
            assert checker is not None
            lines += _scheme("ntlm" if asked == "ntlm" else "negotiate", str(checker.helper(folder)))
    return [*lines, "acl known proxy_auth REQUIRED", "http_access deny !known"] if lines else []


def _scheme(name: str, program: str) -> list[str]:
    lines = [f"auth_param {name} program {program}", f"auth_param {name} children 1 startup=1 idle=1"]
    return lines + ([f"auth_param {name} realm {_REALM}"] if name in ("basic", "digest") else [])


def _basic_users(folder: Path) -> Path:
    users = folder / "basic-users"
    command = [require("htpasswd"), "-i", "-c", "-m", str(users), USERNAME]
    subprocess.run(command, input=PASSWORD.encode(), check=True, capture_output=True, timeout=30)
    return users


def _digest_users(folder: Path) -> Path:
    users = folder / "digest-users"
    secret = hashlib.md5(f"{USERNAME}:{_REALM}:{PASSWORD}".encode()).hexdigest()
    users.write_text(f"{USERNAME}:{_REALM}:{secret}\n")
    return users


def _helper(name: str) -> Path:
    """Finds one of squid's helper programs, which systems keep outside the PATH."""
    found = next((file for folder in _HELPERS if (file := Path(folder) / name).exists()), None)
    return found or missing(f"squid's helper « {name} » is not installed")
