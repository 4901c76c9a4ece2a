from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.job.examples import START, settings, spec
from tui_transfer.errors import Problem, TransferError
from tui_transfer.job.spec import FORMAT, JobSpec, make_spec, slug


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Association Exemple", "association-exemple"),
        ("Cœur d'Été – Æsop", "coeur-d-ete-aesop"),
        ("../../etc/passwd", "etc-passwd"),
        ("日本", "sans-nom"),
        ("", "sans-nom"),
        ("a" * 100, "a" * 40),
        ("b" * 39 + " c", "b" * 39),
    ],
)
def test_a_slug_is_plain_ascii_and_never_empty(text: str, expected: str) -> None:
    assert slug(text) == expected


def test_archives_are_named_after_manager_database_and_time() -> None:
    assert spec("Base active").databases[0].archive == "association-exemple_base-active_20260302-090000.7z"


def test_two_databases_never_share_an_archive_name() -> None:
    archives = [item.archive for item in spec("Base é", "Base e", "base-e-2").databases]
    assert len(set(archives)) == 3
    assert all(re.fullmatch(r"[a-z0-9_-]+\.7z", archive) for archive in archives)


def test_a_job_without_database_is_refused() -> None:
    with pytest.raises(TransferError) as caught:
        make_spec(settings(), [], START)
    assert caught.value.problem is Problem.DATABASE_NONE


def test_a_spec_is_read_back_as_it_was_written() -> None:
    written = spec("Base", "Autre")
    assert JobSpec.decode(written.encode(), Path("job.json")) == written


def test_a_spec_of_a_newer_version_is_refused_as_such() -> None:
    content = spec().encode().replace(b'"format": 1', b'"format": 99').replace(b'"manager"', b'"who"')
    with pytest.raises(TransferError) as caught:
        JobSpec.decode(content, Path("job.json"))
    assert caught.value.problem is Problem.JOURNAL_NEWER
    assert caught.value.details["found"] == "99"
    assert caught.value.details["known"] == str(FORMAT)


def test_a_damaged_spec_names_its_file() -> None:
    with pytest.raises(TransferError) as caught:
        JobSpec.decode(b'{"format": 1', Path("/x/job.json"))
    assert caught.value.problem is Problem.JOURNAL_INVALID
    assert "/x/job.json" in caught.value.why
