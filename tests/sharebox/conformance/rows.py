"""The rows: what each asks of a story, and what the matrix says of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from tests.sharebox.conformance.story import SIZE, Ended, Story
from tests.sharebox.conformance.target import Entry, Login, Row, Said

_HEADER_BYTES: Final = 32
_INTERRUPTED: Final = 12
_UNVERIFIED: Final = ("size-only", "none")
_IN_CHECK: Final = {
    "server-hash": "par l’empreinte que le serveur calcule",
    "read-back": "par relecture",
    "size-only": "par la taille seulement",
    "none": "non",
}


def judge(row: Row, entry: Entry, story: Story) -> str:
    """What the matrix says of the row, which `entry` can have.

    Raises:
        AssertionError: the program did not do there what it has to, or did not tell the truth.
    """
    return _JUDGES[row](entry, story)


def _lets_in(login: Login) -> Callable[[Entry, Story], str]:
    def judged(entry: Entry, story: Story) -> str:
        tried = [ended for ended in (story.check, story.cut, story.resumed) if ended.login is login]
        assert tried, f"no command got in by {login}"
        assert tried[0].let_in, _told(tried[0])
        return "yes"

    return judged


def _delivery(entry: Entry, story: Story) -> str:
    assert story.resumed.code == entry.code, _told(story.resumed)
    assert story.archive_is_right, f"the archive is not what was told: {story.names}"
    if entry.manifest:
        assert story.manifest_is_right, f"the manifest: {story.manifest_is_right}, {story.names}"
    else:
        assert story.manifest_is_right is None
        assert "Manifeste refusé" in story.resumed.said, f"it is not told: {story.resumed.said}"
    archive = next(name for name in story.names if name.endswith(".7z"))
    assert all(name.startswith(archive) for name in story.names), f"something is left: {story.names}"
    assert not any(name.endswith(".part") for name in story.names), f"something is left: {story.names}"
    return "yes" if entry.manifest else "yes, no manifest"


def _resume(entry: Entry, story: Story) -> str:
    """Both ends say where it went on: the program its offset, and the line what went over it."""
    assert story.cut.code == _INTERRUPTED, _told(story.cut)
    assert story.cut.sent > 0.45 * SIZE, f"cut after {story.cut.sent} bytes"
    assert story.resumed.code == entry.code, _told(story.resumed)
    offset = story.resumed.offset or 0
    if entry.goes_on:
        assert offset > _HEADER_BYTES, f"resumed from {offset}"
        assert story.resumed.sent < 0.75 * SIZE, f"{story.resumed.sent} bytes were sent again"
        return f"from {offset / 1e6:.1f} MB on"
    assert offset <= _HEADER_BYTES, f"resumed from {offset}"
    assert SIZE < story.resumed.sent < 1.5 * SIZE, f"{story.resumed.sent} bytes were sent again"
    return "from its start"


def _verification(entry: Entry, story: Story) -> str:
    assert story.verified == entry.verified, _told(story.resumed)
    assert entry.code == (13 if entry.verified in _UNVERIFIED else 0)
    came_back = story.cut.answered + story.resumed.answered
    if entry.verified == "read-back":
        assert came_back > 0.95 * SIZE, f"read back, with {came_back} bytes that came"
    elif entry.verified in _UNVERIFIED:
        assert came_back < 0.25 * SIZE, f"not read, with {came_back} bytes that came"
    else:  # what was there when it was cut is read all the same, before more is added to it
        assert came_back < 0.75 * SIZE, f"not read, with {came_back} bytes that came"
    assert story.archive_is_right
    return entry.verified


def _check(entry: Entry, story: Story) -> str:
    """`check` says what `run` then did, and leaves nothing behind."""
    said = story.check.said
    assert story.check.code == 0, _told(story.check)
    assert story.left == [], f"left behind: {story.left}"
    found = re.search(
        r"renommer : (\w+).* reprendre un envoi coupé : (\w+).* vérifier : ([^;.]+?)( ;|\.)", said, re.I
    )
    if entry.said is None:
        assert found is None, f"what it cannot know is said: {said}"
        assert re.search(r"\[à voir\] (Dossier|Capacités)", said), said
        return "says that it does not know"
    assert found is not None, said
    renames, goes_on, verified = found[1] == "oui", found[2] == "oui", found[3]
    assert Said(renames, goes_on) == entry.said, said
    assert verified == _IN_CHECK[entry.verified], said
    assert story.resumed.code == entry.code, f"what it says could not be seen: {_told(story.resumed)}"
    assert goes_on == ((story.resumed.offset or 0) > _HEADER_BYTES), said
    assert verified == _IN_CHECK[story.verified or "none"], said
    return "yes"


def _told(ended: Ended) -> str:
    return f"ended with {ended.code} by {ended.login}: {ended.said[-1500:]}"


_JUDGES: Final[Mapping[Row, Callable[[Entry, Story], str]]] = {
    Row.PASSWORD: _lets_in(Login.PASSWORD),
    Row.KEY: _lets_in(Login.KEY),
    Row.FACTORS: _lets_in(Login.FACTORS),
    Row.DELIVERY: _delivery,
    Row.RESUME: _resume,
    Row.VERIFICATION: _verification,
    Row.CHECK: _check,
}
