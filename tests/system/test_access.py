"""What is this account's alone on Windows, too, whatever folder it is made in."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.on_windows import under_wine
from tui_transfer.job import attempts
from tui_transfer.system import access, files
from tui_transfer.system.access import close_to_others, let_in, others_may_read
from tui_transfer.system.files import keep_private_folder, make_private_folder, write_private

USER = "S-1-5-21-1-2-3-1001"


@pytest.mark.parametrize(
    ("access_list", "others"),
    [
        ("D:P(A;OICI;FA;;;OW)(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)", set()),  # as Python 3.12.4 makes folders
        (f"D:AI(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)(A;OICIID;FA;;;{USER})", {USER}),  # a profile
        ("D:AI(A;ID;FA;;;BA)(A;OICIIOID;GA;;;CO)(A;ID;0x1301bf;;;AU)(A;ID;0x1200a9;;;BU)", {"AU", "BU"}),
        (f"D:(D;;FA;;;AN)(A;;FR;;;WD)(XA;;FX;;;{USER};(WIN://SYSAPPID Exists))", {"WD", USER}),
        ("O:BAG:BAD:(OA;;CR;ab721a53;;DU)S:(AU;SA;FA;;;WD)", {"DU"}),
        ("D:P", set()),
        ("", {"NO_ACCESS_CONTROL"}),
        ("D:NO_ACCESS_CONTROL", {"NO_ACCESS_CONTROL"}),
    ],
)
def test_whom_an_access_list_lets_in(access_list: str, others: set[str]) -> None:
    assert let_in(access_list) == others


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A folder that is everybody's, with a file in it."""
    folder = tmp_path / "shared"
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    (folder / "before").write_text("x")
    if sys.platform == "win32":
        for path, inherited in ((folder, "OICI"), (folder / "before", "")):
            access._put(path, f"D:P(A;{inherited};FA;;;WD)(A;{inherited};FA;;;{access._own_number()})")
    assert others_may_read(folder)
    return folder


def test_what_is_made_in_a_folder_of_everybody_is_this_account_s(
    shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if sys.platform == "win32":
        monkeypatch.setattr(files, "PRIVATE_FOLDER", 0o777)  # which counts for nothing before Python 3.12.4
    made = make_private_folder(shared / "home" / "jobs")
    write_private(shared / "config.toml", b"x")
    write_private(made / "job.json", b"x")
    attempts._append(shared / attempts.NAME, b"{}\n")
    for path in (
        shared / "home",
        made,
        made / "job.json",
        *(shared / name for name in ("config.toml", attempts.NAME)),
    ):
        assert not others_may_read(path), path
    assert others_may_read(shared)
    assert (shared / "config.toml").read_bytes() + (made / "job.json").read_bytes() == b"xx"


@pytest.mark.skipif(sys.platform != "win32", reason="elsewhere each file has a mode of its own")
def test_a_folder_of_ours_that_was_there_is_closed(shared: Path) -> None:
    keep_private_folder(shared)
    assert not others_may_read(shared)
    assert (shared / "before").read_text() == "x"
    (shared / "after").write_text("y")
    if not under_wine():  # which hands no access list on
        assert not others_may_read(shared / "before")
        assert not others_may_read(shared / "after")


@pytest.mark.skipif(sys.platform != "win32", reason="elsewhere there is nothing to close")
def test_what_cannot_be_closed_or_looked_at_is_left(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    close_to_others(shared / "absent")
    assert not others_may_read(shared / "absent")
    monkeypatch.setattr(access, "keeps_rights", lambda _: False)  # another machine's, or a stick
    keep_private_folder(shared)
    assert others_may_read(shared)
