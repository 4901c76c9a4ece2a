"""Functions of Windows that Python has no words for, each called with the types that it is written with."""

from __future__ import annotations

import sys

if sys.platform == "win32":
    import ctypes
    from typing import Any

    def function(library: str, name: str, result: Any, *arguments: Any) -> Any:
        """A function of a library of the system; `ctypes.get_last_error` tells why one failed.

        Args:
            library: its name, without ending.
            name: as it is exported there.
            result: the type of what it gives.
            arguments: the types of what it takes.

        Raises:
            OSError: this Windows has no such library.
            AttributeError: the library has no such function.
        """
        prototype = ctypes.WINFUNCTYPE(result, *arguments, use_last_error=True)
        return prototype((name, ctypes.WinDLL(library, use_last_error=True)))
