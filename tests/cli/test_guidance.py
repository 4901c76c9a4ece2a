"""`tui-transfer guide`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_transfer.guide.pages import guide_pages
from tui_transfer.guide.text import render, whole

if TYPE_CHECKING:
    from tests.cli.place import Place


def test_the_whole_guide_goes_through_a_pipe(place: Place) -> None:
    done = place.run("guide", TERM="xterm")
    assert (done.code, done.err) == (0, "")
    assert done.out == f"{whole()}\n"
    assert "Impact emploi  Centre de maintenance" in done.out


def test_a_page_alone(place: Place) -> None:
    assert place.run("guide", "8", TERM="xterm").out == f"{render(guide_pages()[7])}\n"
    assert place.run("guide", "11").code == 2


def test_where_it_is_listened_to_nothing_is_drawn(place: Place) -> None:
    aloud = f"{whole(aloud=True)}\n"
    assert place.run("guide", "--plain", TERM="xterm").out == aloud
    assert place.run("guide", TERM="dumb").out == aloud
    assert place.run("guide", TERM="xterm", ACCESSIBLE="1").out == aloud
    assert "┌" not in aloud


def test_it_needs_neither_settings_nor_a_home(place: Place) -> None:
    place.home.config_file.write_text("???")
    assert place.run("guide", "1").code == 0
