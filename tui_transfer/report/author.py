"""Who decided something: in French."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui_transfer.job.spec import Decision


def describe_author(decision: Decision) -> str:
    """Which account decided; in brackets the machine, and who the environment says was behind it."""
    details = {"machine": decision.host, "par sudo": decision.sudo_user, "session de": decision.logname}
    told = [f"{word} {name}" for word, name in details.items() if name and name != decision.by]
    return f"{decision.by} ({', '.join(told)})" if told else decision.by
