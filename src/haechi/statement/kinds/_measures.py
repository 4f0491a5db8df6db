"""Typed figures of a pledge report: investment, small firms, talent, vulnerable groups, diversity.

A measure fixes its unit, so that figures of different companies can be put side by side, or be refused with
reasons. Money stays in the currency in which it was counted (ISO 4217); converting it, at the average rate
of the period or at a day, is left to the reader.
"""

import math
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Annotated, Literal, NamedTuple

import msgspec

from haechi.facts import Part
from haechi.statement.claims import Claim, ClaimMalformed, CountryCode, Name, Prose, titled
from haechi.statement.kinds._currencies import CURRENCIES
from haechi.statement.kinds._dates import require_plausible
from haechi.statement.kinds._figures import Interval, Period, digits
from haechi.words import Text

Unit = Literal[
    "money", "headcount", "people", "organisations", "projects", "hours", "services", "languages", "groups",
    "percent", "points",
]  # fmt: skip
UNITS: Mapping[Unit, Text] = MappingProxyType(
    {
        "money": Text("currency", "통화"),
        "headcount": Text("staff (headcount)", "직원 수"),
        "people": Text("people", "명"),
        "organisations": Text("organisations", "개 기관"),
        "projects": Text("projects", "건"),
        "hours": Text("hours", "시간"),
        "services": Text("services", "개 서비스"),
        "languages": Text("languages", "개 언어"),
        "groups": Text("groups", "개 집단"),
        "percent": Text("%", "%"),
        "points": Text("percentage points", "퍼센트포인트"),
    }
)
"""What a figure is counted in, by the word of the claim."""

MethodClass = Literal["measured", "audited", "estimated", "survey", "claimed"]
METHODS: Mapping[MethodClass, Text] = MappingProxyType(
    {
        "measured": Text("counted or measured by the company", "기업이 집계·측정"),
        "audited": Text("audited by an outside party", "외부 감사를 받음"),
        "estimated": Text("estimated", "추정값"),
        "survey": Text("from a survey", "설문 조사"),
        "claimed": Text("claimed, not measured", "주장값(측정 아님)"),
    }
)
"""How a figure was obtained."""

Measure = Literal[
    "research_spending", "infrastructure_spending",
    "small_firms_reached", "joint_projects", "funds_for_small_firms", "credits_for_small_firms",
    "people_trained", "training_hours", "interns", "research_staff",
    "services_for_groups", "people_of_groups_served", "quality_gap",
    "languages_evaluated", "groups_evaluated", "share_of_staff",
]  # fmt: skip


class MeasureRule(NamedTuple):
    """What a measure counts: the part it belongs to, its unit, and whether a group must be named."""

    part: Part
    unit: Unit
    label: Text
    group: bool = False


MEASURES: Mapping[Measure, MeasureRule] = MappingProxyType(
    {
        "research_spending": MeasureRule(
            "investment", "money", Text("spending on AI research and development", "AI 연구개발 지출")
        ),
        "infrastructure_spending": MeasureRule(
            "investment", "money", Text("spending on AI computing infrastructure", "AI 연산 기반시설 지출")
        ),
        "small_firms_reached": MeasureRule(
            "small_firms",
            "organisations",
            Text("small firms and start-ups reached", "지원한 중소기업·스타트업"),
        ),
        "joint_projects": MeasureRule(
            "small_firms", "projects", Text("joint projects with small firms", "중소기업 공동 프로젝트")
        ),
        "funds_for_small_firms": MeasureRule(
            "small_firms", "money", Text("money paid out to small firms", "중소기업에 지급한 금액")
        ),
        "credits_for_small_firms": MeasureRule(
            "small_firms",
            "money",
            Text("credits given to small firms, at list price", "중소기업 크레딧(정가 기준)"),
        ),
        "people_trained": MeasureRule(
            "talent", "people", Text("people who completed a programme", "교육 과정 수료자")
        ),
        "training_hours": MeasureRule("talent", "hours", Text("hours of training given", "제공한 교육 시간")),
        "interns": MeasureRule("talent", "people", Text("internships completed", "인턴십 수료자")),
        "research_staff": MeasureRule(
            "talent", "headcount", Text("staff in AI research and development", "AI 연구개발 인력")
        ),
        "services_for_groups": MeasureRule(
            "vulnerable_groups",
            "services",
            Text("services live for a vulnerable group", "취약계층 대상 운영 서비스"),
            group=True,
        ),
        "people_of_groups_served": MeasureRule(
            "vulnerable_groups",
            "people",
            Text("people of a vulnerable group served", "서비스를 받은 취약계층"),
            group=True,
        ),
        "quality_gap": MeasureRule(
            "vulnerable_groups",
            "points",
            Text("task success, all users minus the group", "과제 성공률 차이(전체 − 해당 집단)"),
            group=True,
        ),
        "languages_evaluated": MeasureRule(
            "diversity", "languages", Text("languages covered by an evaluation", "평가한 언어")
        ),
        "groups_evaluated": MeasureRule(
            "diversity", "groups", Text("groups covered by an evaluation", "평가한 집단")
        ),
        "share_of_staff": MeasureRule(
            "diversity", "percent", Text("share of staff in AI work", "AI 업무 인력 중 비율"), group=True
        ),
    }
)
"""Every measure; which part of which pledge it belongs to is in the facts (`Commitment.part`)."""

_SHARES = frozenset({"percent", "points"})
_WHOLE = frozenset(UNITS) - _SHARES - {"money", "hours"}
Currency = Annotated[str, msgspec.Meta(min_length=3, max_length=3, pattern="^[A-Z]{3}$")]


class Measured(Claim, frozen=True, kw_only=True):
    """One typed figure. The unit follows from the measure; money names its currency as it was counted.

    method: its class; how: in words, needed unless merely claimed. auditor: who, where audited; sample: how
    many answered, where surveyed. denominator: what a share is a share of. group: whom it is about, where the
    measure is about a group. scope: the world, or one country. period: where it is not that of the report.
    """

    measure: Annotated[Measure, titled("Measure", "측정 항목")]
    value: Annotated[float, titled("Value", "값")]
    method: Annotated[MethodClass, titled("Class of method", "방법의 종류")]
    scope: Annotated[Literal["country", "global"], titled("Scope", "범위")]
    country: Annotated[CountryCode | None, titled("Country", "국가")] = None
    currency: Annotated[Currency | None, titled("Currency (ISO 4217)", "통화 (ISO 4217)")] = None
    denominator: Annotated[Name | None, titled("Share of", "기준")] = None
    group: Annotated[Name | None, titled("Group", "집단")] = None
    period: Annotated[Period | None, titled("Period", "기간")] = None
    how: Annotated[Prose | None, titled("Method", "방법")] = None
    interval: Annotated[Interval | None, titled("Interval", "구간")] = None
    auditor: Annotated[Name | None, titled("Audited by", "감사 기관")] = None
    sample: Annotated[
        Annotated[int, msgspec.Meta(ge=1, lt=1 << 53)] | None, titled("People who answered", "응답자 수")
    ] = None

    @property
    def rule(self) -> MeasureRule:
        """What the measure counts."""
        return MEASURES[self.measure]

    @property
    def unit(self) -> str:
        """The currency of money, else the unit of the measure: what must be equal to compare."""
        return self.currency or self.rule.unit

    @property
    def place(self) -> str:
        """The country's code, or "global"."""
        return self.country or "global"

    def check(self, kind: str) -> None:
        """Raise ClaimMalformed when a needed field is missing, or one is there that has no meaning here."""
        for en, ko in self._faults():
            raise ClaimMalformed(kind=kind, why=Text(f"{self.measure}: {en}", f"{self.measure}: {ko}"))
        if self.period is not None:
            require_plausible(kind, "period.first", self.period.first)
            require_plausible(kind, "period.last", self.period.last)

    def _faults(self) -> Iterator[tuple[str, str]]:
        yield from self._fields()
        yield from self._numbers()
        yield from self._methods()

    def _fields(self) -> Iterator[tuple[str, str]]:
        rule, money = self.rule, self.rule.unit == "money"
        if money != (self.currency is not None):
            yield (
                "money names its currency, nothing else does",
                "금액에는 통화가 있어야 하며 다른 값에는 없어야 함",
            )
        if money and self.currency not in CURRENCIES:
            yield (
                f"{self.currency} is no currency of ISO 4217",
                f"{self.currency}은(는) ISO 4217 통화가 아님",
            )
        if (rule.unit in _SHARES) != (self.denominator is not None):
            yield (
                "a share names its denominator, a count has none",
                "비율에는 기준이 있어야 하며 개수에는 없어야 함",
            )
        if rule.group != (self.group is not None):
            yield (
                "the group it is about is missing, or is none here",
                "대상 집단이 없거나 여기서는 의미가 없음",
            )
        if (self.scope == "country") != (self.country is not None):
            yield (
                "a country belongs to scope country",
                "국가는 범위가 country일 때만, 그때는 반드시 있어야 함",
            )
        if self.period is not None and self.period.last < self.period.first:
            yield "the period ends before it begins", "기간의 끝이 시작보다 앞섬"

    def _numbers(self) -> Iterator[tuple[str, str]]:
        unit, low, high = self.rule.unit, *self._bounds()
        span = self.interval
        numbers = (self.value,) if span is None else (self.value, span.low, span.high)
        if not all(map(math.isfinite, numbers)):
            yield "a value is not a finite number", "유한하지 않은 값이 있음"
            return
        if not low <= self.value <= high:
            yield "the value is out of range", "값이 범위를 벗어남"
        if unit in _WHOLE and self.value != int(self.value):
            yield "a count is a whole number", "개수는 정수여야 함"
        if span is not None and not span.low <= self.value <= span.high:
            yield "the value lies outside its interval", "값이 구간을 벗어남"

    def _bounds(self) -> tuple[float, float]:
        if self.rule.unit == "points":
            return -100.0, 100.0
        return 0.0, 100.0 if self.rule.unit == "percent" else 1e18

    def _methods(self) -> Iterator[tuple[str, str]]:
        method = self.method
        if method != "claimed" and self.how is None:
            yield "how it was obtained is missing", "얻은 방법이 없음"
        if method in ("estimated", "survey") and self.interval is None:
            yield "an estimate or a survey needs its interval", "추정과 설문에는 구간이 있어야 함"
        if method == "claimed" and self.interval is not None:
            yield "a claimed figure has no interval", "주장값에는 구간을 둘 수 없음"
        if (method == "audited") != (self.auditor is not None):
            yield (
                "an auditor belongs to an audited figure",
                "감사 기관은 감사를 받은 값에만, 그때는 반드시 있어야 함",
            )
        if (method == "survey") != (self.sample is not None):
            yield (
                "the number who answered belongs to a survey",
                "응답자 수는 설문에만, 그때는 반드시 있어야 함",
            )

    def text(self) -> Text:
        """The figure in one line per language, every digit that was signed and how it was obtained."""
        span, unit = self.interval, UNITS[self.rule.unit]
        between = "" if span is None else f" [{digits(span.low)}, {digits(span.high)}] @{digits(span.level)}"
        shown = {lang: self.currency or unit.say(lang) for lang in ("en", "ko")}
        more = [each for each in (self.group, self.denominator, self.auditor) if each is not None]
        if self.sample is not None:
            more.append(f"n={self.sample:,}")
        if self.period is not None:
            more.append(f"{self.period.first.isoformat()}..{self.period.last.isoformat()}")
        where = Text("global", "전 세계") if self.country is None else Text(self.country, self.country)
        method = METHODS[self.method]
        value = digits(self.value)
        return Text(
            f"{value} {shown['en']}{between} ({'; '.join([method.en, where.en, *more])})",
            f"{value} {shown['ko']}{between} ({'; '.join([method.ko, where.ko, *more])})",
        )
