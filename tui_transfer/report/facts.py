"""The facts of a report for a program that reads it: what is attached to the message, as JSON.

Its keys are those of the manifests that lie beside the archives (`manifest.md`), so that each can be matched
with the other; nothing in it is typeset.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from tui_transfer import __version__
from tui_transfer.errors import harmless_json

if TYPE_CHECKING:
    from tui_transfer.job.spec import Waiver
    from tui_transfer.job.state import DatabaseState, JobState

FORMAT: Final = 1


def encode_facts(state: JobState) -> bytes:
    """A JSON document of ASCII letters, indented."""
    facts = {
        "type": "transfer.report",
        "format": FORMAT,
        "program": f"tui-transfer {__version__}",
        "job": state.spec.id,
        "manager_id": state.spec.manager_id,
        "manager": state.spec.manager,
        "contact": state.spec.contact,
        "created_at": state.spec.created_at,
        "started_at": state.started_at,
        "ended_at": state.ended_at,
        "status": str(state.status),
        "exit_code": int(state.exit_code),
        "databases": [_database(state, index) for index in range(len(state.databases))],
        "prerequisites": [
            {"key": tick.key, "ticked_by": tick.by, "ticked_at": tick.at} for tick in state.spec.prerequisites
        ],
        "waiver": _waiver(state.spec.waiver),
    }
    return msgspec.json.format(harmless_json(msgspec.json.encode(facts)), indent=1) + b"\n"


def _database(state: JobState, index: int) -> dict[str, Any]:
    item = state.databases[index]
    return {
        "database": item.name,
        "position": {"number": index + 1, "of": len(state.databases)},
        "kind": item.kind,
        "size": item.size,
        "files": item.files,
        "read_at": item.read_at,
        "changed_since": item.changed_since,
        "content": item.content,
        "archive": {"name": item.archive, "size": item.packed, "sha256": item.sha256},
        "verified": item.verified,
        "read_meanwhile": item.read_meanwhile,
        "delivered": item.delivered,
        "delivered_at": item.delivered_at,
        **_place(state, item),
        "refused": sorted(item.refused),
        "integrity": item.integrity and item.integrity.integrity,
        "damage_waiver": _waiver(item.damage_waiver),
        "problem": item.problem,
    }


def _place(state: JobState, item: DatabaseState) -> dict[str, str]:
    sharebox = item.destination or state.sharebox
    return {"sharebox": sharebox.host, "directory": sharebox.directory}


def _waiver(given: Waiver | None) -> dict[str, Any] | None:
    if given is None:
        return None
    return {"by": given.by, "at": given.at, "asked": given.asked, "findings": given.findings}
