"""Numbers, sizes, durations and dates as French readers expect them."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

NARROW: Final = "\u202f"
"""The narrow no-break space, which separates thousands and comes before « ; : ! ? %»."""
NO_BREAK: Final = "\u00a0"
_BEFORE_SIGN: Final = re.compile(r" (?=[:;!?»])|(?<=«) ")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_KNOWN: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""A time of which every system knows what clocks showed."""
_MONTHS: Final = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)


def number(value: float, decimals: int = 0) -> str:
    """`1234.5` as « 1 234,5 », with a narrow no-break space."""
    return f"{value:,.{decimals}f}".replace(",", NARROW).replace(".", ",")


def size(count: float) -> str:
    """A number of bytes in octets, Ko, Mo, Go or To, powers of 1000, three figures at most."""
    if count < 1000:
        return f"{number(count)}{NO_BREAK}o"
    value = float(count)
    for unit in ("Ko", "Mo", "Go", "To"):
        value /= 1000
        decimals = 1 if value < 99.95 else 0
        if value < 999.5 or unit == "To":
            return f"{number(value, decimals)}{NO_BREAK}{unit}"
    raise AssertionError("unreachable")


def rate(bytes_per_second: float) -> str:
    """A throughput, for instance « 1,2 Mo/s »."""
    return f"{size(bytes_per_second)}/s"


def percent(fraction: float) -> str:
    """A fraction from 0 to 1 as a whole percentage; 100 % only when it is whole."""
    return f"{int(fraction * 100)}{NARROW}%"


def duration(seconds: float) -> str:
    """A time span in its one or two largest units, for instance « 3 min 20 s »."""
    total = max(0, round(seconds))
    if total < 60:
        return f"{total}{NO_BREAK}s"
    if total < 3600:
        minutes, rest = divmod(total, 60)
        tail = f" {rest:02d}{NO_BREAK}s" if minutes < 10 and rest else ""
        return f"{minutes}{NO_BREAK}min{tail}"
    hours, minutes = divmod(round(total / 60), 60)
    tail = f" {minutes:02d}{NO_BREAK}min" if minutes else ""
    return f"{hours}{NO_BREAK}h{tail}"


def day(value: date) -> str:
    """A date in full, for instance « 2 mars 2022 », « 1er » for the first of a month."""
    number_in_month = "1er" if value.day == 1 else str(value.day)
    return f"{number_in_month}{NO_BREAK}{_MONTHS[value.month - 1]} {value.year}"


def instant(seconds: float) -> datetime:
    """The time so many seconds after 1970, or before; for what lies beyond all calendars, their end.

    Files may be dated anyhow, and Windows itself counts from 1970 on.
    """
    try:
        return _EPOCH + timedelta(seconds=seconds)
    except (OverflowError, ValueError):  # too far, or no number
        return datetime.max.replace(tzinfo=UTC) if seconds > 0 else datetime.min.replace(tzinfo=UTC)


def at_this_machine(value: datetime) -> datetime:
    """The time as its clocks show it; without its zone's history where the system tells none."""
    try:
        return value.astimezone()
    except (OSError, OverflowError):  # Windows: before 1970, or too far
        try:
            return value.astimezone(_KNOWN.astimezone().tzinfo)
        except (OSError, OverflowError):
            return value


def moment(value: datetime) -> str:
    """A time in the reader's zone, for instance « 2 mars 2022 à 14 h 05 »."""
    local = at_this_machine(value)
    return f"{day(local)} à {_clock(local)}"


def _clock(local: datetime) -> str:
    return f"{local.hour}{NO_BREAK}h{NO_BREAK}{local.minute:02d}"


def time_of_day(value: datetime, *, seconds: bool = False) -> str:
    """A time of today, as the clock on the wall shows it."""
    local = at_this_machine(value)
    clock = _clock(local)
    return f"{clock}{NO_BREAK}min{NO_BREAK}{local.second:02d}{NO_BREAK}s" if seconds else clock


def period(begin: datetime, end: datetime | None) -> str:
    """A span of time, for instance « le 2 mars 2022, de 14 h 05 à 15 h 10 »; without `end`, when it began."""
    begin = at_this_machine(begin)
    end = at_this_machine(begin if end is None else end)
    if (end.date(), _clock(end)) == (begin.date(), _clock(begin)):
        return f"le {moment(begin)}"
    if end.date() == begin.date():
        return f"le {day(begin)}, de {_clock(begin)} à {_clock(end)}"
    return f"du {moment(begin)} au {moment(end)}"


def short_moment(value: datetime) -> str:
    """A time for a table, for instance « 02/03/2022 14:05 »."""
    return at_this_machine(value).strftime("%d/%m/%Y %H:%M")


def count(quantity: int, singular: str, plural: str | None = None) -> str:
    """« 1 base », « 2 bases »; zero is singular in French."""
    word = singular if abs(quantity) < 2 else (plural or singular + "s")
    return f"{number(quantity)}{NO_BREAK}{word}"


def enumeration(words: Sequence[str]) -> str:
    """The words in one sentence: « a », « a et b », « a, b et c »."""
    return " et ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def agree(quantity: int, one: str, many: str) -> str:
    """Words as they are said of one thing, or of many; zero is singular in French."""
    return one if abs(quantity) < 2 else many


def some_of(names: Sequence[str], most: int, total: int | None = None) -> str:
    """The first names, and how many more there are: « a, b et 3 autres ».

    Args:
        names: what there is.
        most: names that are told.
        total: how many there are, where `names` are only some.
    """
    told = names[:most]
    rest = (len(names) if total is None else total) - len(told)
    return ", ".join(told) + (f" et {count(rest, 'autre')}" if rest else "")


def folded(text: str) -> str:
    """The same without accents and capitals: how people look for a word."""
    apart = unicodedata.normalize("NFD", text)
    return "".join(char for char in apart if not unicodedata.combining(char)).casefold()


def typeset(text: str) -> str:
    """The same text, of the same length, with no-break spaces where French wants them."""
    return _BEFORE_SIGN.sub(NO_BREAK, text)
