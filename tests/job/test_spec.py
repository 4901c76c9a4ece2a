from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.job.examples import START, settings, spec
from tui_transfer.errors import Problem, TransferError
from tui_transfer.job.spec import FORMAT, JobSpec, make_spec, slug, titled


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Association Exemple", "association-exemple"),
        ("Profession Sport Et Loisirs 35", "profession-sport-et-loisirs-35"),
        ("A" + 39 * "a", "a" * 40),
    ],
)
def test_a_simple_name_is_its_own_slug(text: str, expected: str) -> None:
    assert slug(text, titled) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Cœur d'Été – Æsop", "coeur-d-ete-aesop"),
        ("../../etc/passwd", "etc-passwd"),
        ("日本", "sans-nom"),
        ("", "sans-nom"),
        ("A" + 40 * "a", "a" * 31),
        ("Base " * 9, "base-base-base-base-base-base-b"),
        ("Association 0123abcd", "association-0123abcd"),
    ],
)
def test_a_slug_that_lost_something_ends_in_a_digest(text: str, expected: str) -> None:
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    assert slug(text, titled) == f"{expected}-{digest}"


ALIKE = (
    ("Profession Sport & Loisirs 35", "Profession Sport et Loisirs 35", "Profession Sport Et Loisirs 35"),
    ("Fédération", "Federation", "FEDERATION", "federation", "Fe\u0301deration"),
    ("Office des sports de la ville et du canton de A", "Office des sports de la ville et du canton de B"),
    ("PAIE.DB", "Paie.db", "Paie", "paie", "Paie ", " Paie", "Paie\u200b"),
    ("", " ", "-", "日本", "日", "Sans Nom", "sans-nom"),
)


@pytest.mark.parametrize("texts", ALIKE)
@pytest.mark.parametrize("plain", [titled, str.capitalize])
def test_texts_that_look_alike_have_slugs_of_their_own(
    texts: tuple[str, ...], plain: Callable[[str], str]
) -> None:
    assert len({slug(text, plain) for text in texts}) == len(texts)


_ANY_TEXT = st.text() | st.from_regex(r"[Aa]( ?[Bb]?[é0-9a-f]){0,12}", fullmatch=True)


@given(_ANY_TEXT, _ANY_TEXT)
def test_other_texts_have_other_slugs_that_any_disk_can_hold(one: str, other: str) -> None:
    for plain in (titled, str.capitalize):
        slugs = {slug(one, plain), slug(other, plain)}
        assert len(slugs) == len({one, other})
        assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", found) and len(found) <= 40 for found in slugs)


@given(_ANY_TEXT)
def test_no_text_has_the_slug_of_another_as_its_name(text: str) -> None:
    """Whoever knows how digests are made could otherwise name a base so that it takes another's place."""
    for plain in (titled, str.capitalize):
        found = slug(text, plain)
        imitation = plain(found.replace("-", " "))
        assert imitation == text or slug(imitation, plain) != found


def test_archives_are_named_after_manager_database_and_job() -> None:
    made = spec("Base active")
    assert re.fullmatch(r"20260302-090000-[0-9a-f]{16}", made.id)
    assert made.databases[0].archive == f"association-exemple_base-active_{made.id}.7z"


def test_a_managers_number_comes_first_in_the_name_as_it_is() -> None:
    for number in ("73282932000074", "TC-0042"):
        manager = msgspec.structs.replace(settings().manager, id=number, contact="Accueil, 01 23 45 67 89")
        told = msgspec.structs.replace(settings(), manager=manager)
        made = make_spec(told, [("Base active", Path("/srv/base"))], START)
        assert made.databases[0].archive == f"{number}_association-exemple_base-active_{made.id}.7z"
        again = JobSpec.decode(made.encode(), Path("job.json"))
        assert (again.manager_id, again.contact) == (number, "Accueil, 01 23 45 67 89")


def test_two_databases_never_share_an_archive_name() -> None:
    names = ("Base é", "Base e", "Base E", "base-e-2", "base e 2", "PAIE.DB", "Paie.db")
    archives = [item.archive for item in spec(*names).databases]
    assert len({archive.casefold() for archive in archives}) == len(names)
    assert all(re.fullmatch(r"[a-z0-9_-]+\.7z", archive) for archive in archives)


def test_jobs_of_one_second_share_nothing() -> None:
    """As those that cron starts at once in many homes."""
    made = [spec() for _ in range(100)]
    assert len({job.id for job in made}) == len({job.databases[0].archive for job in made}) == 100


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
    assert str(Path("/x/job.json")) in caught.value.why
