"""Forty databases: found, filtered, ticked, remembered and confirmed (U6, U7, U11, U16, U28)."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from textual import events
from textual.widgets import Input

from tests.tui.conftest import flat, shown, until
from tests.tui.scenes import settle
from tests.tui.stage import Stage, settings
from tui_transfer.archive.source import Summary, summarize
from tui_transfer.preflight.choice import Choice
from tui_transfer.preflight.search import Place, known_places, search
from tui_transfer.settings import config
from tui_transfer.settings.config import Home
from tui_transfer.tui.app import CentreApp
from tui_transfer.tui.dialogs import found_databases
from tui_transfer.tui.dialogs.add_database import AddDatabaseDialog
from tui_transfer.tui.dialogs.confirm import ConfirmDialog
from tui_transfer.tui.dialogs.found_databases import FoundDatabasesDialog
from tui_transfer.tui.screens import databases
from tui_transfer.tui.screens.databases import DatabasesPage
from tui_transfer.tui.widgets.database_rows import Rows
from tui_transfer.tui.widgets.tick_table import TickTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from textual.pilot import Pilot

    from tests.tui.conftest import Workers
    from tui_transfer.archive.companions import Selection

LONG = "Association des amis de la bibliothèque municipale de Plouguerneau"


def make_bases(folder: Path, count: int) -> list[Path]:
    folder.mkdir(parents=True)
    paths = [folder / f"base{number:03d}.db" for number in range(count)]
    for path in paths:
        path.write_bytes(b"SQLite format 3\0" + b"x" * 1000)
    return paths


@pytest.fixture
def many(tmp_path: Path) -> Iterator[Stage]:
    """Forty, none of them active."""
    paths = make_bases(tmp_path / "bases", 40)
    names = [f"Association n° {number:02d}" for number in range(40)]
    with Stage(tmp_path / "home", settings(names, [str(path) for path in paths], active=0)) as staged:
        yield staged


async def open_list(pilot: Pilot[Any]) -> DatabasesPage:
    await pilot.press("m", "t")
    await settle(pilot)
    page = pilot.app.screen
    assert isinstance(page, DatabasesPage)
    return page


def rows_in_sight(app: CentreApp) -> int:
    return shown(app).count("[✓]") + shown(app).count("[ ]")


async def test_forty_are_filtered_ticked_and_confirmed_on_a_list_that_scrolls(
    many: Stage, workers: Workers
) -> None:
    many.tick(10)
    app = CentreApp(many.home)
    async with app.run_test(size=(80, 24)) as pilot:
        page = await open_list(pilot)
        assert isinstance(page.focused, TickTable)
        await pilot.press("2")
        app.screen.query_one("#filter", Input).value = "ASSOCIATION N° 3"
        await pilot.pause()
        assert "Association n° 3" in flat(app)
        assert "Association n° 12" not in flat(app)
        await pilot.press("enter", "z")
        assert "10 bases cochées sur 40" in flat(app)
        await pilot.press("escape", "home")  # the whole list again, not the screen before
        assert "Association n° 00" in flat(app)
        await pilot.press("z")
        assert "40 bases cochées sur 40" in flat(app)
        await pilot.press("t")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        text = flat(app)
        assert "40 bases, 40,6 Ko avant compression" in text
        assert "Association n° 00" in text
        assert "sharebox.example.org" in text
        assert "Association n° 39" not in text
        for _ in range(12):
            await pilot.press("pagedown")
        assert "Association n° 39" in flat(app)
        assert "40 bases, 40,6 Ko avant compression" in flat(app)
        await pilot.press("n")
        assert app.screen is page
        await pilot.press("z")
        assert "Aucune base cochée" in flat(app)


async def test_what_the_filter_hides_and_is_ticked_is_told(many: Stage) -> None:
    app = CentreApp(many.home)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_list(pilot)
        await pilot.press("space", "2", *"base039", "enter", "space")
        assert "2 bases cochées sur 40, 2,0 Ko (dont 1 masquée par le filtre)" in flat(app)


async def test_ticks_are_remembered_on_leaving_and_between_starts(many: Stage, workers: Workers) -> None:
    app = CentreApp(many.home)
    async with app.run_test() as pilot:
        await open_list(pilot)
        await pilot.press("space", "down", "space")
        await pilot.press("escape", "t")
        await settle(pilot)
        assert "2 bases cochées" in flat(app)
    again = CentreApp(many.home)
    async with again.run_test() as pilot:
        await open_list(pilot)
        assert "[✓] Association n° 01" in flat(again)
        assert "2 bases cochées" in flat(again)
        await pilot.press("t")
        await until(pilot, lambda: isinstance(again.screen, ConfirmDialog))
        await pilot.press("o")
        await settle(pilot)
    assert workers.jobs
    assert Choice(many.home).ticked(config.load(many.home.config_file).databases) == set()


def test_what_came_into_the_list_since_is_as_at_first(tmp_path: Path) -> None:
    home = Home(tmp_path / "config.toml", tmp_path)
    before = settings(("Une", "Deux"), ("/a", "/b"), active=1).databases
    choice = Choice(home)
    assert choice.ticked(before) == {"Une"}
    choice.keep(before, {"Deux"})
    assert choice.ticked(settings(("Une", "Deux", "Trois"), ("/a", "/b", "/c"), active=3).databases) == {
        "Deux",
        "Trois",
    }
    (tmp_path / "choice.json").write_bytes(b"{")
    assert choice.ticked(before) == {"Une"}


async def test_a_lone_base_is_ticked(tmp_path: Path) -> None:
    (path,) = make_bases(tmp_path / "bases", 1)
    with Stage(tmp_path / "home", settings(("Seule",), (str(path),), active=0)) as staged:
        app = CentreApp(staged.home)
        async with app.run_test() as pilot:
            await open_list(pilot)
            assert "[✓] Seule" in flat(app)


async def test_active_is_set_on_screen_and_kept(many: Stage) -> None:
    app = CentreApp(many.home)
    async with app.run_test() as pilot:
        await open_list(pilot)
        await pilot.press("down", "b")
        assert "« Association n° 01 » est active : elle sera cochée d’avance." in flat(app)
        assert "[✓] Association n° 01" in flat(app)
        assert "✓ active" in flat(app)
        assert [base.name for base in config.load(many.home.config_file).databases if base.active] == [
            "Association n° 01"
        ]
        await pilot.press("b")
        assert "n’est plus active" in flat(app)
    assert not any(base.active for base in config.load(many.home.config_file).databases)


@pytest.mark.parametrize(("size", "least"), [((80, 24), 6), ((120, 50), 28)])
async def test_two_hundred_use_the_height_there_is(tmp_path: Path, size: tuple[int, int], least: int) -> None:
    paths = make_bases(tmp_path / "bases", 200)
    names = [f"Base {number}" for number in range(200)]
    with Stage(tmp_path / "home", settings(names, [str(path) for path in paths], active=0)) as staged:
        app = CentreApp(staged.home)
        async with app.run_test(size=size) as pilot:
            await open_list(pilot)
            assert rows_in_sight(app) >= least
            await pilot.press("end")
            assert "Base 199" in flat(app)


@pytest.mark.parametrize(("room", "columns"), [(40, 2), (70, 3), (92, 4), (120, 5), (180, 6)])
def test_columns_give_way_before_names_are_cut(room: int, columns: int) -> None:
    names = ["x" * 30]
    rows = Rows.fitting(names, room)
    assert len(rows.layout.columns) <= columns + 1
    if room >= 60:
        assert rows.layout.name >= 30
    assert sum(width for _, width in rows.heads) <= room
    if room == 180:
        assert [column.label for column in rows.layout.columns][-1] == "Emplacement"


async def test_a_long_name_is_whole_at_80_columns_while_there_is_anything_to_leave_out(
    tmp_path: Path,
) -> None:
    (path,) = make_bases(tmp_path / "bases", 1)
    name = LONG[:45]
    with Stage(tmp_path / "home", settings((name,), (str(path),), active=0)) as staged:
        app = CentreApp(staged.home)
        async with app.run_test(size=(80, 24)) as pilot:
            await open_list(pilot)
            assert name in shown(app)


async def test_two_hundred_are_looked_at_some_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = make_bases(tmp_path / "bases", 200)
    lock, most, now = threading.Lock(), 0, 0

    def look(path: Path, selection: Selection) -> Summary:
        nonlocal most, now
        with lock:
            now += 1
            most = max(most, now)
        try:
            return summarize(path, selection)
        finally:
            with lock:
                now -= 1

    monkeypatch.setattr(databases, "summarize", look)
    names = [f"Base {number}" for number in range(200)]
    with Stage(tmp_path / "home", settings(names, [str(path) for path in paths], active=200)) as staged:
        app = CentreApp(staged.home)
        async with app.run_test() as pilot:
            await open_list(pilot)
            await until(pilot, lambda: "200 bases cochées sur 200, 203 Ko" in flat(app))
    assert 1 <= most <= 4


# ── Several at once, and those that are looked for ────────────


async def test_several_paths_are_pasted_at_once(many: Stage, tmp_path: Path) -> None:
    new = make_bases(tmp_path / "autres bases", 2)
    known = config.load(many.home.config_file).databases[3]
    app = CentreApp(many.home)
    async with app.run_test(size=(120, 36)) as pilot:
        await open_list(pilot)
        await pilot.press("a")
        assert isinstance(app.screen, AddDatabaseDialog)
        lines = [f'"{new[0]}"', new[1].as_uri(), known.path, "C:\\Impact\\paie.db", "/srv/rien.db"]
        app.post_message(events.Paste("\r\n".join(lines) + "\n"))
        await until(pilot, lambda: isinstance(app.screen, FoundDatabasesDialog))
        text = flat(app)
        assert text.count("[✓]") == 2
        assert f"Déjà dans la liste : « {known.name} »" in text
        assert "C’est un chemin de Windows" in text
        assert "Rien n’existe à cet emplacement" in text
        await pilot.press("a")
        await settle(pilot)
        assert "2 bases ajoutées à la liste, et cochées." in flat(app)
    saved = config.load(many.home.config_file).databases[-2:]
    assert [(base.name, base.path) for base in saved] == [
        ("Base000", str(new[0])),
        ("Base001", str(new[1])),
    ]


async def test_one_path_pasted_in_quotes_is_taken_whatever_stood_there(many: Stage, tmp_path: Path) -> None:
    (new,) = make_bases(tmp_path / "l’autre dossier", 1)
    app = CentreApp(many.home)
    async with app.run_test() as pilot:
        await open_list(pilot)
        await pilot.press("a")
        app.post_message(events.Paste(f'"{new}"\r\n'))
        await until(pilot, lambda: app.screen.query_one("#path", Input).value == str(new))
        await pilot.press("enter", "enter")
        await settle(pilot)
    assert config.load(many.home.config_file).databases[-1].path == str(new)


async def test_bases_are_looked_for_and_only_what_is_ticked_is_added(
    many: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_bases(tmp_path / "documents" / "paie", 3)
    (tmp_path / "documents" / "lettre.txt").write_text("x")
    monkeypatch.setattr(found_databases, "known_places", lambda _: [Place(tmp_path / "documents")])
    before = config.load(many.home.config_file)
    app = CentreApp(many.home)
    async with app.run_test(size=(100, 36)) as pilot:
        await open_list(pilot)
        await pilot.press("1")
        await until(pilot, lambda: "3 bases à cocher" in flat(app))
        assert "[✓]" not in shown(app).split("trouvées")[1]
        assert "lettre" not in flat(app)
        await pilot.press("a")
        assert "Cochez d’abord une base" in flat(app)
        assert config.load(many.home.config_file) == before
        await pilot.press("down", "space", "a")
        await settle(pilot)
    assert [base.path for base in config.load(many.home.config_file).databases[40:]] == [
        str(tmp_path / "documents" / "paie" / "base001.db")
    ]


async def test_a_search_can_be_stopped(many: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stopped = threading.Event()

    def endless(_: object, __: object, is_wanted: Callable[[], bool]) -> Iterator[Path]:
        yield tmp_path / "bases" / "base000.db"
        while is_wanted():
            stopped.wait(0.01)
        stopped.set()

    monkeypatch.setattr(found_databases, "search", endless)
    app = CentreApp(many.home)
    async with app.run_test(size=(100, 36)) as pilot:
        await open_list(pilot)
        await pilot.press("1")
        await until(pilot, lambda: "Recherche en cours" in flat(app))
        await pilot.press("1")
        await until(pilot, lambda: "Recherche en cours" not in flat(app))
        assert stopped.is_set()


def test_a_search_ends_by_itself_and_leaves_out_what_is_not_for_it(tmp_path: Path) -> None:
    make_bases(tmp_path / "a" / "b", 2)
    make_bases(tmp_path / "a" / ".cache", 1)
    make_bases(tmp_path / "a" / "programme", 1)
    make_bases(tmp_path / "a" / "1" / "2" / "3", 1)
    (tmp_path / "a" / "b" / "boucle").symlink_to(tmp_path / "a")
    places = [Place(tmp_path / "a", depth=2), Place(tmp_path / "a" / "b")]

    def found(**more: Any) -> list[Path]:
        return list(search(places, tmp_path / "a" / "programme", lambda: True, **more))

    assert found() == [tmp_path / "a" / "b" / "base000.db", tmp_path / "a" / "b" / "base001.db"]
    ticking = iter(range(100))
    assert found(seconds=0.5, clock=lambda: float(next(ticking))) == []
    assert list(search(places, tmp_path, lambda: False)) == []


def test_known_places_begin_beside_what_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "home" / "Impact emploi").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    folders = [place.folder for place in known_places([tmp_path / "bases" / "base.db"])]
    assert folders[:3] == [tmp_path / "bases", tmp_path, tmp_path / "home" / "Impact emploi"]
    assert folders[-1] == tmp_path / "home"
