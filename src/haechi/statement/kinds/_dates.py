"""Days and moments in claims: plausible ones only."""

from datetime import date, datetime
from typing import Annotated

import msgspec

from haechi.statement.claims import ClaimMalformed
from haechi.words import Text

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
FIRST_YEAR, LAST_YEAR = 1900, 2199


def require_plausible(kind: str, where: str, day: date) -> None:
    """Raise ClaimMalformed for a year outside 1900 to 2199: a slip of the pen, or a trap for calendars.

    The ends of Python's own calendar cannot be moved to another time zone without an overflow.
    """
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ClaimMalformed(
            kind=kind,
            why=Text(
                f"{where}: the year {day.year} is not plausible", f"{where}: {day.year}년은 있을 수 없는 해임"
            ),
        )
