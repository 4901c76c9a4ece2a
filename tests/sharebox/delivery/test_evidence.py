"""The table that says what may be said of a delivery, over everything that can be seen of one."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from tui_transfer.sharebox.delivery.evidence import (
    TABLE,
    Arrival,
    Content,
    Delivery,
    Evidence,
    Look,
    Next,
    Step,
    TrialFate,
    Trouble,
    Verification,
    judge,
)

ALL = [Evidence(*seen) for seen in product(Step, Look, Look, Content, Content, TrialFate)]
SAME = (Content.SAME_HASH, Content.SAME_BYTES, Content.SAME_MEANWHILE)
SEEN = (Look.RIGHT, Look.WRONG)
ASKED = (Step.RENAMING, Step.RENAMED, Step.REFUSED)


def judged(*verdicts: object) -> list[Evidence]:
    """Everything that is judged so."""
    found = [evidence for evidence in ALL if judge(evidence) in verdicts]
    assert found
    return found


def test_everything_has_a_verdict_and_every_row_is_needed() -> None:
    first = {next(row for row in TABLE if row.fits(evidence)) for evidence in ALL}
    assert [row for row in TABLE if row not in first] == []


@pytest.mark.parametrize(
    ("means", "content", "meanwhile"),
    [
        (Verification.SERVER_HASH, Content.SAME_HASH, Content.SAME_HASH),
        (Verification.READ_BACK, Content.SAME_BYTES, Content.SAME_MEANWHILE),
    ],
)
def test_verified_is_only_what_was_compared_and_stands_under_its_final_name(
    means: Verification, content: Content, meanwhile: Content
) -> None:
    """What was read while it was sent counts as the partial file alone."""
    for evidence in judged(means):
        under_its_name = evidence.final_content is content and evidence.final not in (Look.ABSENT, Look.WRONG)
        renamed = (
            evidence.part_content in (content, meanwhile)
            and evidence.step is Step.RENAMED
            and evidence.final is Look.RIGHT
            and evidence.part not in SEEN
            and evidence.final_content is not Content.DIFFERENT
        )
        assert under_its_name or renamed, evidence


def test_a_size_alone_counts_after_a_rename_of_ours_where_reading_is_forbidden() -> None:
    for evidence in judged(Verification.SIZE_ONLY):
        assert evidence.final is Look.RIGHT
        assert evidence.step in ASKED
        assert Content.FORBIDDEN in (evidence.part_content, evidence.final_content)


def test_what_nobody_sees_counts_as_delivered_only_as_a_trial_file_fared() -> None:
    for evidence in judged(Verification.NONE):
        nobody_may_look = evidence.final is Look.FORBIDDEN and evidence.final_content is Content.FORBIDDEN
        match evidence.trial:
            case TrialFate.GONE_AT_CLOSE if evidence.step is Step.CLOSING:
                assert evidence.part is Look.ABSENT
            case TrialFate.GONE_AT_RENAME if evidence.final is Look.ABSENT:
                assert evidence.step in ASKED
            case TrialFate.GONE_AT_CLOSE | TrialFate.GONE_AT_RENAME | TrialFate.HIDDEN:
                assert evidence.step is Step.RENAMED
                assert nobody_may_look
            case _:
                pytest.fail(f"{evidence}")
        assert evidence.part not in SEEN


def test_lost_is_what_is_nowhere_and_no_trial_file_explains() -> None:
    for evidence in judged(Trouble.LOST):
        assert evidence.step is not Step.SENDING
        assert evidence.part in (Look.ABSENT, Look.FORBIDDEN)
        assert evidence.final is Look.ABSENT or evidence.step in (Step.CLOSING, Step.CLOSED)
        assert evidence.final not in SEEN
        if evidence.step is not Step.CLOSED:
            assert evidence.trial is not TrialFate.NONE


def test_nothing_is_sent_or_renamed_where_something_has_the_final_name() -> None:
    for evidence in judged(Next.SEND, Next.RENAME):
        assert evidence.final not in SEEN


def test_nothing_is_renamed_that_was_not_compared_where_it_may_be_read() -> None:
    for evidence in judged(Next.RENAME):
        compared = evidence.part_content in (*SAME, Content.FORBIDDEN)
        assert compared or (evidence.step is Step.RENAMING and evidence.part is Look.FORBIDDEN), evidence


def test_what_is_whole_is_never_sent_again_without_a_reason() -> None:
    for evidence in judged(Next.SEND):
        is_right = evidence.part is Look.RIGHT and evidence.part_content is not Content.DIFFERENT
        assert evidence.step is Step.SENDING or not is_right


def test_nothing_seen_is_no_refusal() -> None:
    """« No such file » is never taken for « nobody may look »."""
    for evidence in ALL:
        if evidence.final is Look.ABSENT and evidence.trial is TrialFate.HIDDEN:
            assert not isinstance(judge(evidence), Verification), evidence


def test_what_is_asked_for_was_not_known_before() -> None:
    """So that carrying out what the table asks for comes to an end."""
    for evidence in judged(Next.COMPARE_FINAL):
        assert evidence.final_content is Content.UNKNOWN
        assert evidence.final is not Look.ABSENT
    for evidence in judged(Next.COMPARE_PART):
        assert evidence.part_content is Content.UNKNOWN
        assert evidence.part is not Look.ABSENT
    for evidence in judged(Next.TRY):
        assert evidence.trial is TrialFate.NONE


def test_nothing_is_called_delivered_without_evidence() -> None:
    arrived = Evidence(Step.RENAMED, Look.ABSENT, Look.RIGHT, Content.SAME_BYTES)
    assert Delivery(Arrival("/depot/a.7z", arrived)).verification is Verification.READ_BACK
    for lacking in (
        replace(arrived, final=Look.ABSENT),
        replace(arrived, step=Step.CLOSED),
        replace(arrived, part_content=Content.UNKNOWN),
        replace(arrived, part=Look.RIGHT),
    ):
        with pytest.raises(ValueError, match="no arrival"):
            Arrival("/depot/a.7z", lacking)


def test_evidence_is_read_as_it_was_written() -> None:
    for evidence in ALL:
        assert Evidence.from_words(evidence.in_words()) == evidence
