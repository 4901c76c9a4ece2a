from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo

import pytest

from tui_transfer import french


def _plain(text: str) -> str:
    return text.replace(french.NARROW, "_").replace(french.NO_BREAK, "~")


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, "0~o"),
        (999, "999~o"),
        (1000, "1,0~Ko"),
        (99_949, "99,9~Ko"),
        (99_951, "100~Ko"),
        (999_499, "999~Ko"),
        (999_501, "1,0~Mo"),
        (27_400_000, "27,4~Mo"),
        (2_147_483_648, "2,1~Go"),
        (5_000_000_000_000_000, "5_000~To"),
    ],
)
def test_sizes(count: int, expected: str) -> None:
    assert _plain(french.size(count)) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.4, "0~s"),
        (59.4, "59~s"),
        (59.6, "1~min"),
        (200, "3~min 20~s"),
        (185, "3~min 05~s"),
        (725, "12~min"),
        (3600, "1~h"),
        (3599.7, "1~h"),
        (7500, "2~h 05~min"),
        (-3, "0~s"),
    ],
)
def test_durations(seconds: float, expected: str) -> None:
    assert _plain(french.duration(seconds)) == expected


@pytest.mark.parametrize(("fraction", "expected"), [(0, "0_%"), (0.999, "99_%"), (1, "100_%")])
def test_a_percentage_is_a_hundred_only_when_all_is_done(fraction: float, expected: str) -> None:
    assert _plain(french.percent(fraction)) == expected


def test_dates() -> None:
    assert _plain(french.day(date(2022, 3, 2))) == "2~mars 2022"
    assert _plain(french.day(date(2022, 8, 1))) == "1er~août 2022"


@pytest.mark.parametrize(("quantity", "expected"), [(0, "0~base"), (1, "1~base"), (2, "2~bases")])
def test_plurals(quantity: int, expected: str) -> None:
    assert _plain(french.count(quantity, "base")) == expected


@pytest.mark.parametrize(("quantity", "expected"), [(0, "une"), (1, "une"), (2, "des"), (21, "des")])
def test_words_agree_with_how_many_there_are(quantity: int, expected: str) -> None:
    assert french.agree(quantity, "une", "des") == expected


@pytest.mark.parametrize(
    ("names", "most", "total", "expected"),
    [
        ([], 3, None, ""),
        (["a"], 3, None, "a"),
        (["a", "b", "c"], 3, None, "a, b, c"),
        (["a", "b", "c", "d"], 3, None, "a, b, c et 1~autre"),
        (["a"] * 24, 3, None, "a, a, a et 21~autres"),
        (["a", "b"], 2, 3, "a, b et 1~autre"),
    ],
)
def test_the_first_of_many_names(names: list[str], most: int, total: int | None, expected: str) -> None:
    assert _plain(french.some_of(names, most, total)) == expected


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        (None, "le 2~mars 2022 à 14~h~05"),
        (datetime(2022, 3, 2, 14, 5, 59), "le 2~mars 2022 à 14~h~05"),
        (datetime(2022, 3, 2, 15, 10), "le 2~mars 2022, de 14~h~05 à 15~h~10"),
        (datetime(2022, 3, 3, 14, 5), "du 2~mars 2022 à 14~h~05 au 3~mars 2022 à 14~h~05"),
    ],
)
def test_periods(end: datetime | None, expected: str) -> None:
    assert _plain(french.period(datetime(2022, 3, 2, 14, 5), end)) == expected


@pytest.mark.parametrize(
    ("seconds", "year"),
    [(0, 1970), (-1e9, 1938), (-3e9, 1874), (1e11, 5138), (1e18, 9999), (-1e18, 1), (float("inf"), 9999)],
)
def test_a_file_may_be_dated_anyhow(seconds: float, year: int) -> None:
    moment = french.instant(seconds)
    assert moment.year == year
    assert french.short_moment(moment)[-3] == ":"


@pytest.mark.parametrize("error", [OSError(22, "Invalid argument"), OverflowError()])
def test_a_time_for_which_the_system_tells_no_zone_is_shown_all_the_same(error: Exception) -> None:
    class Early(datetime):
        """What Windows says of times before 1970; a double, since other systems know them."""

        def astimezone(self, tz: tzinfo | None = None) -> Early:
            if tz is None:
                raise error
            return super().astimezone(tz)

    assert french.short_moment(Early(1950, 7, 1, 12, 30, tzinfo=UTC)).startswith("01/07/1950 ")
