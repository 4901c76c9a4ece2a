"""What holds of every bundle, whatever system it is for."""

from __future__ import annotations

import json
import subprocess
from importlib.metadata import distributions as installed
from typing import TYPE_CHECKING

from bundling import places, wheels
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from pathlib import Path

SUMS = "SHA256SUMS"
BILL = "sbom.cdx.json"


def distributions(*folders: Path) -> dict[str, str]:
    """What Python itself finds in these folders, with the versions."""
    return {
        canonicalize_name(found.metadata["Name"]): found.version
        for found in installed(path=[str(folder) for folder in folders])
    }


def assert_sums_are_true(folder: Path) -> None:
    """Every file is as `SHA256SUMS` says, and none is left out."""
    subprocess.run(
        ["sha256sum", "--check", "--strict", "--quiet", SUMS], cwd=folder, check=True, capture_output=True
    )
    named = {line.split("  ", 1)[1] for line in (folder / SUMS).read_text(encoding="utf-8").splitlines()}
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert named == there - {SUMS}


def assert_bill_is_true(folder: Path, found: dict[str, str], *, others: set[str]) -> None:
    """The bill of materials follows its schema, names what is there and nothing else, as locked."""
    text = (folder / BILL).read_text(encoding="utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    bill = json.loads(text)
    program = bill["metadata"]["component"]
    assert found.pop(program["name"]) == program["version"]
    of_wheels = [one for one in bill["components"] if "file_name=" in one["purl"]]
    assert {one["name"]: one["version"] for one in of_wheels} == found
    pinned = {pin.name: pin.hashes for pin in wheels.locked()}
    for one in of_wheels:
        assert one["hashes"][0]["content"] in pinned[one["name"]], one["name"]
        assert one["licenses"], one["name"]
    assert {one["name"] for one in bill["components"] if one not in of_wheels} >= others
    needed = {ref for one in bill["dependencies"] for ref in one.get("dependsOn", [])}
    assert needed == {one["bom-ref"] for one in bill["components"]}


def assert_no_trace_of_this_machine(folder: Path) -> None:
    """No file that the build wrote, or that is the program's own, names a folder of whoever built it."""
    trace = str(places.ROOT).encode()
    own = [path for path in folder.rglob("*") if path.is_file()]
    assert not [path for path in own if trace in path.read_bytes()]
