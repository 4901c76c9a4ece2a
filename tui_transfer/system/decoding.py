"""Reads JSON that anybody may have written: whatever is wrong with it is one error."""

from __future__ import annotations

from typing import TypeVar

import msgspec

_Kind = TypeVar("_Kind")


def from_json(content: bytes, kind: type[_Kind]) -> _Kind:
    """`content` as a `kind`.

    Raises:
        msgspec.DecodeError: it is none; msgspec itself lets text that is not UTF-8 and deep nesting end in
            other errors.
    """
    try:
        return msgspec.json.decode(content, type=kind)
    except UnicodeDecodeError as error:
        raise msgspec.DecodeError("texte qui n’est pas en UTF-8") from error
    except RecursionError as error:
        raise msgspec.DecodeError("imbrication trop profonde") from error
