"""Secrets that nobody types: where they are looked for, and in which order."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tui_transfer.errors import Problem, TransferError
from tui_transfer.job.orders import Orders
from tui_transfer.settings.secrets import given_secret
from tui_transfer.settings.variables import SECRET_VARIABLES

if TYPE_CHECKING:
    from pathlib import Path

NAME = "TUI_TRANSFER_SMTP_PASSWORD"


@pytest.fixture
def places(tmp_path: Path) -> dict[str, str]:
    """All three at once."""
    (tmp_path / "file").write_bytes("du fichier é\r\n".encode())
    (tmp_path / "smtp_password").write_text("des accréditations", "utf-8")
    return {
        NAME: "de la variable",
        f"{NAME}_FILE": str(tmp_path / "file"),
        "CREDENTIALS_DIRECTORY": str(tmp_path),
    }


def test_the_nearest_comes_first(places: dict[str, str]) -> None:
    assert given_secret(NAME, places) == "de la variable"
    assert given_secret(NAME, places | {NAME: ""}) == "du fichier é"
    assert given_secret(NAME, places | {NAME: "", f"{NAME}_FILE": ""}) == "des accréditations"
    assert given_secret(NAME, {}) is None
    assert given_secret("TUI_TRANSFER_SFTP_PASSWORD", {"CREDENTIALS_DIRECTORY": "/nulle/part"}) is None


def test_every_secret_has_the_same_ways(tmp_path: Path) -> None:
    environment = {}
    names = ("sftp_password", "key_passphrase", "proxy_password", "archive_password")
    for name in names:
        (tmp_path / name).write_text(name.upper())
        environment[f"TUI_TRANSFER_{name.upper()}_FILE"] = str(tmp_path / name)
    by_file = Orders.from_environment(environment)
    by_credentials = Orders.from_environment({"CREDENTIALS_DIRECTORY": str(tmp_path)})
    for orders in (by_file, by_credentials):
        assert [getattr(orders, name) for name in names] == [name.upper() for name in names]


@pytest.mark.linux
def test_bytes_that_are_no_text_are_refused_whichever_secret_they_are_in() -> None:
    for variable in SECRET_VARIABLES:
        with pytest.raises(TransferError) as caught:
            given_secret(variable, {variable: os.fsdecode(b"canari\xe9")})
        assert caught.value.problem is Problem.SECRET_UNFIT
        assert variable in caught.value.as_text()
        assert "canari" not in caught.value.as_text()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "n’existe pas"),
        (b"un\ndeux\n", "il a plusieurs lignes"),
        (b"\xff\xfe", "il n’est pas en UTF-8"),
        (b"x" * 5000, "il est beaucoup trop gros"),
    ],
)
def test_a_file_that_holds_no_password_is_no_empty_password(
    tmp_path: Path, content: bytes | None, reason: str
) -> None:
    file = tmp_path / "file"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(TransferError) as caught:
        given_secret(NAME, {f"{NAME}_FILE": str(file)})
    assert caught.value.problem is Problem.SECRET_FILE_UNREADABLE
    assert reason in caught.value.why
    assert str(file) in caught.value.why
