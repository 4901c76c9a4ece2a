"""Reads TOML that anybody may have written: whatever is wrong with it is one error."""

from __future__ import annotations

import re
import sys
import tomllib
from typing import Any


def parse(text: str) -> dict[str, Any]:
    """The tables of `text`.

    Raises:
        tomllib.TOMLDecodeError: it is no TOML; or nested too deep, or with a number of too many digits, which
            Python's reader lets end in other errors. It tells the line where that is known.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except RecursionError as error:
        raise tomllib.TOMLDecodeError("Nested too deep") from error
    except ValueError as error:
        long = re.search(rf"[0-9_]{{{sys.get_int_max_str_digits()},}}", text)
        line = text.count("\n", 0, long.start()) + 1 if long else 1
        raise tomllib.TOMLDecodeError(f"{error} (at line {line}, column 1)") from error
