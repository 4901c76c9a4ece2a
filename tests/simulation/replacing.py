"""Puts things in the place of a module's own. Whoever imported them by name before keeps the originals."""

from __future__ import annotations


def replace(owner: object, **things: object) -> None:
    """Has the attributes of a module or class be `things` from now on."""
    for name, thing in things.items():
        setattr(owner, name, thing)
