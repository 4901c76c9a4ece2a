"""Reads what a proxy asks of those who want to pass: the header Proxy-Authenticate (RFC 9110, section 11)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_TOKEN: Final = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"  # noqa: S105
_ITEM: Final = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*"?)+', re.DOTALL)
"""Commas separate items, except between quotes."""
_PARAMETER: Final = re.compile(rf'({_TOKEN})[ \t]*=[ \t]*(?:({_TOKEN})|"((?:[^"\\]|\\.)*)")', re.DOTALL)
_SCHEME: Final = re.compile(rf"({_TOKEN})(?:[ \t]+(.*))?", re.DOTALL)


@dataclass(frozen=True)
class Challenge:
    """One way to identify oneself that the proxy offers.

    Args:
        scheme: its name, in lower case.
        token: the data of a scheme that has no parameters, in Base64; empty if there are none.
        parameters: by their names in lower case.
    """

    scheme: str
    token: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)


def read_challenges(headers: Iterable[tuple[bytes, bytes]]) -> list[Challenge]:
    """The challenges of a reply, in the proxy's order; what is none is passed over.

    Args:
        headers: of the reply, their names in lower case. Texts are read as UTF-8, and other bytes kept in
            such a way that `encode("utf-8", "surrogateescape")` gives them back.
    """
    found: list[tuple[str, str, dict[str, str]]] = []
    for name, value in headers:
        if name != b"proxy-authenticate":
            continue
        for match in _ITEM.finditer(value.decode("utf-8", "surrogateescape")):
            item = match[0].strip(" \t")
            if found and (parameter := _PARAMETER.fullmatch(item)):
                _add(found[-1][2], parameter)
            elif begin := _SCHEME.fullmatch(item):
                rest = (begin[2] or "").strip(" \t")
                parameters: dict[str, str] = {}
                if parameter := _PARAMETER.fullmatch(rest):
                    _add(parameters, parameter)
                    rest = ""
                found.append((begin[1].lower(), rest, parameters))
    return [Challenge(*parts) for parts in found]


def _add(parameters: dict[str, str], match: re.Match[str]) -> None:
    name, plain, quoted = match.groups()
    parameters[name.lower()] = (
        plain if plain is not None else re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL)
    )
