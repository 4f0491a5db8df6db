"""Figures: a value with its unit, its denominator, its interval and how it was obtained."""

import math
from datetime import date
from typing import Annotated, Literal

import msgspec

from haechi.statement.claims import Claim, ClaimMalformed, Name, Prose, titled
from haechi.words import Text

How = Literal["measured", "estimated", "claimed"]
HOW = {
    "measured": Text("measured", "측정값"),
    "estimated": Text("estimated", "추정값"),
    "claimed": Text("claimed, not measured", "주장값(측정 아님)"),
}


class Period(Claim, frozen=True, kw_only=True):
    """first to last day, both included."""

    first: Annotated[date, titled("First day", "첫날")]
    last: Annotated[date, titled("Last day", "마지막 날")]


class Interval(Claim, frozen=True, kw_only=True):
    """low <= value <= high at `level` (a probability, such as 0.95)."""

    low: Annotated[float, titled("Lower end", "하한")]
    high: Annotated[float, titled("Upper end", "상한")]
    level: Annotated[float, msgspec.Meta(gt=0, lt=1), titled("Level", "신뢰 수준")]


class Figure(Claim, frozen=True, kw_only=True):
    """One figure. A measured one must carry its interval and its method; a claimed one must not pretend to.

    denominator: what the value is a share or a count of, in words ("images generated in Korea").
    """

    name: Annotated[Name, titled("What is counted or measured", "세거나 잰 것")]
    value: Annotated[float, titled("Value", "값")]
    unit: Annotated[Name, titled("Unit", "단위")]
    how: Annotated[How, titled("How obtained", "얻은 방법의 종류")]
    denominator: Annotated[Name | None, titled("Share or count of", "기준")] = None
    interval: Annotated[Interval | None, titled("Interval", "구간")] = None
    method: Annotated[Prose | None, titled("Method", "방법")] = None

    def check(self, kind: str) -> None:
        """Raise ClaimMalformed when the figure says more than it carries."""
        interval = self.interval
        numbers = (self.value,) if interval is None else (self.value, interval.low, interval.high)
        if not all(map(math.isfinite, numbers)):
            raise self._wrong(kind, "a value is not a finite number", "유한하지 않은 값이 있음")
        if self.how == "measured" and (interval is None or self.method is None):
            raise self._wrong(
                kind, "a measured figure needs its interval and method", "측정값에는 구간과 방법이 있어야 함"
            )
        if self.how == "claimed" and interval is not None:
            raise self._wrong(kind, "a claimed figure has no interval", "주장값에는 구간을 둘 수 없음")
        if interval is not None and not interval.low <= self.value <= interval.high:
            raise self._wrong(kind, "the value lies outside its interval", "값이 구간을 벗어남")

    def _wrong(self, kind: str, en: str, ko: str) -> ClaimMalformed:
        return ClaimMalformed(kind=kind, why=Text(f"{self.name}: {en}", f"{self.name}: {ko}"))

    def text(self) -> Text:
        """The figure in one line per language, every digit that was signed."""
        interval = self.interval
        span = (
            ""
            if interval is None
            else f" [{digits(interval.low)}, {digits(interval.high)}] @{digits(interval.level)}"
        )
        of_en = f", of {self.denominator}" if self.denominator else ""
        of_ko = f", 기준: {self.denominator}" if self.denominator else ""
        line = f"{digits(self.value)} {self.unit}{span}"
        how = HOW[self.how]
        return Text(f"{line} ({how.en}{of_en})", f"{line} ({how.ko}{of_ko})")


def digits(value: float) -> str:
    """The number as it was signed, with commas between thousands."""
    # `g` would show 1234567 as 1.23457e+06: a figure on a page must be the one that was signed.
    return f"{int(value):,}" if abs(value) < 1e15 and value == int(value) else f"{value:,}"
