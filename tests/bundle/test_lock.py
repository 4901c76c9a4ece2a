"""What is locked is what the program asks for."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from bundling import places, wheels
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

PROJECT = tomllib.loads((places.ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("asked", "file"),
    [
        pytest.param(PROJECT["project"]["dependencies"], places.LOCKED, id="bundle"),
        pytest.param(PROJECT["dependency-groups"]["bundle"], places.TOOLS, id="tools"),
    ],
)
def test_each_dependency_is_locked_at_a_version_that_it_takes(asked: list[str], file: Path) -> None:
    pins = {pin.name: pin for pin in wheels.locked(file)}
    for requirement in map(Requirement, asked):
        (specifier,) = pins[canonicalize_name(requirement.name)].requirement.specifier
        assert specifier.operator == "=="
        assert Version(specifier.version) in requirement.specifier, str(requirement)
    assert all(pin.hashes for pin in pins.values())


def test_no_registry_is_named() -> None:
    for file in (places.LOCKED, places.TOOLS):
        assert "://" not in file.read_text(encoding="utf-8")
