"""A day known exactly, or only to the month, the year, or "by" a day.

>>> When.parse("2024-11").first, When.parse("2024-11").last
(datetime.date(2024, 11, 1), datetime.date(2024, 11, 30))
"""

import re
from calendar import monthrange
from datetime import date
from typing import NamedTuple, Self

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MONTH = re.compile(r"\d{4}-\d{2}", re.ASCII)
_YEAR = re.compile(r"\d{4}", re.ASCII)


class When(NamedTuple):
    """The first and the last day on which something may have happened, both included."""

    first: date
    last: date

    @property
    def exact(self) -> bool:
        """Whether the day itself is known."""
        return self.first == self.last

    @classmethod
    def parse(cls, text: str) -> Self:
        """The span meant by "2024-05-22", "2024-05", "2024" or "by 2025-02-07".

        "by" a day leaves the first day open: it is date.min. Raises ValueError for anything else and for
        a day that no calendar has. ISO 8601, clause 5.2.2, complete and reduced representations.
        """
        if text.startswith("by "):
            return cls(date.min, cls.parse(text[3:]).last)
        if _DAY.fullmatch(text):
            day = date.fromisoformat(text)
            return cls(day, day)
        if _MONTH.fullmatch(text):
            year, month = int(text[:4]), int(text[5:])
            return cls(date(year, month, 1), date(year, month, monthrange(year, month)[1]))
        if _YEAR.fullmatch(text):
            return cls(date(int(text), 1, 1), date(int(text), 12, 31))
        raise ValueError(f"not a date, a month or a year: {text!r}")
