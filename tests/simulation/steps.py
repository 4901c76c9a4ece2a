"""Every change to a file that a process makes is a step, told before it is made.

A step is a moment at which a process can be killed, its disk can refuse, or somebody else can act. Data that
are written through a buffer are no step of their own: what makes them durable, or visible under a name, is.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_ONE_NAME: Final = ("unlink", "mkdir", "rmdir")
_TWO_NAMES: Final = ("replace", "rename")


def _nobody(name: str, path: str) -> None:
    """Listens as long as nobody else does."""


_listener: Callable[[str, str], None] = _nobody


def tell(listener: Callable[[str, str], None] | None) -> None:
    """Has `listener` told the name and the path of what is about to be done. It may raise."""
    global _listener
    _listener = listener or _nobody


def _step(name: str, path: str) -> None:
    _listener(name, path)


def install() -> None:
    """Puts functions that tell what they do in the place of `os`'s."""
    for name in _ONE_NAME:
        _watch_name(name)
    for name in _TWO_NAMES:
        _watch_rename(name)
    _watch_descriptor("fsync")


def _watch_name(name: str) -> None:
    original = getattr(os, name)

    def watched(path: Any, *args: Any, dir_fd: int | None = None, **kwargs: Any) -> Any:
        _step(name, _full(path, dir_fd))
        if dir_fd is not None:
            kwargs["dir_fd"] = dir_fd
        return original(path, *args, **kwargs)

    setattr(os, name, watched)


def _watch_rename(name: str) -> None:
    original = getattr(os, name)

    def watched(source: Any, target: Any, **kwargs: Any) -> Any:
        _step(name, os.fspath(target))
        return original(source, target, **kwargs)

    setattr(os, name, watched)


def _watch_descriptor(name: str) -> None:
    original = getattr(os, name)

    def watched(descriptor: int) -> Any:
        _step(name, _path(descriptor))
        return original(descriptor)

    setattr(os, name, watched)


def _path(descriptor: int) -> str:
    return str(Path(f"/proc/self/fd/{descriptor}").readlink())


def _full(path: Any, dir_fd: int | None) -> str:
    name = os.fsdecode(path)
    return name if dir_fd is None else f"{_path(dir_fd)}/{name}"


install()
