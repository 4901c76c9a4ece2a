"""What may stand in the fields of `job.json` and of the journal; whatever else is there is damage.

Those who read what was decoded rely on it: no view and no fold meets a number or a moment that it cannot
show or reckon with.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from msgspec import Meta

LARGEST: Final = (1 << 63) - 1

Count = Annotated[int, Meta(ge=0, le=LARGEST)]
"""How many of something: bytes, files, attempts; or which one, from 0."""

LAST_PLACE: Final = 10**12
Place = Annotated[int, Meta(ge=0, le=LAST_PLACE)]
"""In a home's sequence: what is greater was never drawn, and would leave no number for who comes next."""

Number = Annotated[int, Meta(ge=-LARGEST, le=LARGEST)]
"""A number that may be below zero."""

Seconds = Annotated[float, Meta(ge=0)]

ProcessNumber = Annotated[int, Meta(ge=1, le=(1 << 31) - 1)]
"""Of one process: 0 and what is below mean groups of them, or all."""

Line = Annotated[str, Meta(pattern=r"\A[^\x00-\x1f\x7f-\x9f\u2028\u2029]*\Z")]
"""A text that takes one line wherever it is shown."""

Hexadecimal = Annotated[str, Meta(pattern=r"\A([0-9a-f]{2}){1,64}\Z")]
"""A few bytes."""

Moment = Annotated[datetime, Meta(tz=True)]
"""A time with its zone; `check_moment` says whether it can be told in another."""

_LAST_MOMENT: Final = datetime.fromisoformat("9999-01-01T00:00:00+00:00").timestamp()


def check_moment(moment: datetime) -> None:
    """Refuses a time that not every zone, or not every system, can tell: before 1970 or beyond year 9998.

    Raises:
        ValueError: msgspec adds where it was found.
    """
    if not 0 <= moment.timestamp() < _LAST_MOMENT:
        raise ValueError("a time out of range")
