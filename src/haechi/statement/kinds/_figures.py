"""Figures: a value with its unit, its denominator, its interval and how it was obtained."""

import math
from typing import Annotated, Literal

import msgspec

from haechi.statement.claims import Claim, ClaimMalformed, Name, Prose
from haechi.words import Text

How = Literal["measured", "estimated", "claimed"]
HOW = {
    "measured": Text("measured", "측정값"),
    "estimated": Text("estimated", "추정값"),
    "claimed": Text("claimed, not measured", "주장값(측정 아님)"),
}


class Interval(Claim):
    """low <= value <= high at `level` (a probability, such as 0.95)."""

    low: float
    high: float
    level: Annotated[float, msgspec.Meta(gt=0, lt=1)]


class Figure(Claim):
    """One figure. A measured one must carry its interval and its method; a claimed one must not pretend to.

    denominator: what the value is a share or a count of, in words ("images generated in Korea").
    """

    name: Name
    value: float
    unit: Name
    how: How
    denominator: Name | None = None
    interval: Interval | None = None
    method: Prose | None = None

    def check(self, kind: str) -> None:
        """Raise ClaimMalformed when the figure says more than it carries."""
        interval = self.interval
        if not math.isfinite(self.value):
            raise ClaimMalformed(kind=kind, why=f"{self.name}: the value is not a finite number")
        if self.how == "measured" and (interval is None or self.method is None):
            raise ClaimMalformed(kind=kind, why=f"{self.name}: a measured figure needs its interval and method")
        if self.how == "claimed" and interval is not None:
            raise ClaimMalformed(kind=kind, why=f"{self.name}: a claimed figure has no interval")
        if interval is not None and not interval.low <= self.value <= interval.high:
            raise ClaimMalformed(kind=kind, why=f"{self.name}: the value lies outside its interval")

    def text(self) -> Text:
        """The figure in one line per language."""
        span = "" if self.interval is None else (
            f" [{self.interval.low:g}, {self.interval.high:g}] @{self.interval.level:g}"
        )
        of_en = f", of {self.denominator}" if self.denominator else ""
        of_ko = f", 기준: {self.denominator}" if self.denominator else ""
        line = f"{self.value:g} {self.unit}{span}"
        how = HOW[self.how]
        return Text(f"{line} ({how.en}{of_en})", f"{line} ({how.ko}{of_ko})")
