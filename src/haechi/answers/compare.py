"""Whether two reported figures may stand side by side, and why not."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from haechi.answers.note import Note, note
from haechi.statement.kinds._figures import HOW, Figure, Interval, Period
from haechi.statement.kinds._measures import METHODS, Measured
from haechi.statement.kinds.pledge_report import PledgeReport
from haechi.words import Text

_SHARES = frozenset({"%", "percent", "share", "ratio", "‰"})


@dataclass(frozen=True, slots=True)
class Reported:
    """One figure of one party on one commitment in one period. statement: digest it was read from.

    figure: in the party's own words, or typed, where unit and scope are fixed.
    """

    party: str
    commitment: str
    period: Period
    figure: Figure | Measured
    statement: bytes

    @property
    def label(self) -> Text:
        """What was counted: the measure, or the party's own words, the same in both languages."""
        if isinstance(self.figure, Measured):
            return self.figure.rule.label
        return Text(self.figure.name, self.figure.name)

    @property
    def method(self) -> Text:
        """How it was obtained: stands beside the number, so that no claim passes for a count."""
        figure = self.figure
        return METHODS[figure.method] if isinstance(figure, Measured) else HOW[figure.how]

    def as_dict(self) -> dict[str, object]:
        """JSON form."""
        seen = _seen(self)
        return {
            "party": self.party,
            "commitment": self.commitment,
            "en": self.label.en,
            "ko": self.label.ko,
            "value": self.figure.value,
            "unit": seen.unit,
            "method": seen.how,
            "scope": seen.scope,
            "denominator": seen.denominator,
            "period": [self.period.first.isoformat(), self.period.last.isoformat()],
            "statement": self.statement.hex(),
        }


class _Seen(NamedTuple):
    """A figure reduced to what a comparison looks at; measure, scope, group: None for a free figure."""

    measure: str | None
    unit: str
    how: str
    denominator: str | None
    scope: str | None
    group: str | None
    interval: Interval | None
    words: str | None


def _seen(one: Reported) -> _Seen:
    figure = one.figure
    if isinstance(figure, Measured):
        return _Seen(
            figure.measure,
            figure.unit,
            figure.method,
            figure.denominator,
            figure.place,
            figure.group,
            figure.interval,
            figure.how,
        )
    words = figure.method
    return _Seen(None, figure.unit, figure.how, figure.denominator, None, None, figure.interval, words)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Whether two figures are comparable. against: every reason why not; caution: what to say beside them."""

    a: Reported
    b: Reported
    against: tuple[Note, ...]
    caution: tuple[Note, ...]

    @property
    def comparable(self) -> bool:
        """Whether they may be shown in one column."""
        return not self.against


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Figures that count the same thing. columns: each holds what may stand together; one alone stands alone.

    refused: for every pair of columns the reasons why their first figures may not be compared.
    """

    commitment: str
    label: Text
    columns: tuple[tuple[Reported, ...], ...]
    refused: tuple[Comparison, ...]

    def as_dict(self) -> dict[str, object]:
        """JSON form."""
        return {
            "commitment": self.commitment,
            "en": self.label.en,
            "ko": self.label.ko,
            "comparable": [[each.as_dict() for each in column] for column in self.columns],
            "refused": [
                {
                    "a": {"party": each.a.party, "statement": each.a.statement.hex()},
                    "b": {"party": each.b.party, "statement": each.b.statement.hex()},
                    "against": [reason.as_dict() for reason in each.against],
                }
                for each in self.refused
            ],
        }


def figures_of(report: PledgeReport, statement: bytes) -> tuple[Reported, ...]:
    """Every figure of a report, in its order: of each section the free ones, then the typed ones."""
    return tuple(
        Reported(report.party, section.commitment, _period(figure, report), figure, statement)
        for section in report.sections
        for figure in (*section.figures, *section.measures)
    )


def _period(figure: Figure | Measured, report: PledgeReport) -> Period:
    own = figure.period if isinstance(figure, Measured) else None
    return own or report.period


def side_by_side(figures: Iterable[Reported]) -> tuple[SideBySide, ...]:
    """All figures by what they count, in the order of commitments and labels; never two alike in two places.

    A figure joins the first column whose every figure it is comparable with.
    """
    by: dict[tuple[str, str], list[Reported]] = {}
    for each in sorted(figures, key=lambda one: (one.party, one.period.last, one.statement)):
        by.setdefault((each.commitment, each.label.en), []).append(each)
    return tuple(_together(by[key]) for key in sorted(by))


def _together(figures: list[Reported]) -> SideBySide:
    columns: list[list[Reported]] = []
    for each in figures:
        fits = (column for column in columns if all(compare(one, each).comparable for one in column))
        found = next(fits, None)
        if found is None:
            columns.append([each])
        else:
            found.append(each)
    refused = [
        compare(first[0], second[0]) for at, first in enumerate(columns) for second in columns[at + 1 :]
    ]
    return SideBySide(
        figures[0].commitment, figures[0].label, tuple(tuple(each) for each in columns), tuple(refused)
    )


def compare(a: Reported, b: Reported) -> Comparison:
    """Compare two figures: same measure, unit, period, denominator, scope and way of obtaining, else reasons.

    Money in two currencies is refused and not converted: which rate to take, the average of the period or
    that of a day, is the reader's choice.
    """
    return Comparison(a, b, tuple(_against(a, b)), tuple(_caution(a, b)))


def _against(a: Reported, b: Reported) -> Iterator[Note]:
    first, second = _seen(a), _seen(b)
    if a.commitment != b.commitment:
        yield _differs("commitment", Text("commitments", "약속"), a.commitment, b.commitment)
    if first.measure != second.measure:
        own = "own words"
        yield _differs("measure", Text("measures", "측정 항목"), first.measure or own, second.measure or own)
    if _plain(first.unit) != _plain(second.unit):
        yield _units(first, second)
    if (a.period.first, a.period.last) != (b.period.first, b.period.last):
        yield _differs("period", Text("periods", "기간"), _span(a.period), _span(b.period))
    if first.how != second.how:
        yield _differs("method-class", Text("ways of obtaining", "산출 방식"), first.how, second.how)
    if first.scope is not None and second.scope is not None and first.scope != second.scope:
        yield _differs("scope", Text("scopes", "범위"), first.scope, second.scope)
    if first.group is not None and second.group is not None and _plain(first.group) != _plain(second.group):
        yield _differs("group", Text("groups", "집단"), first.group, second.group)
    yield from _denominators(a, b)


def _units(first: _Seen, second: _Seen) -> Note:
    money = first.measure is not None and first.measure == second.measure
    if not money:
        return _differs("unit", Text("units", "단위"), first.unit, second.unit)
    return note(
        "compare.currency",
        "currency",
        Text(
            f"different currencies: {first.unit} / {second.unit}; convert at a rate of your own choice",
            f"통화가 다름: {first.unit} / {second.unit}. 환율은 읽는 사람이 정해야 함",
        ),
    )


def _denominators(a: Reported, b: Reported) -> Iterator[Note]:
    first, second = _seen(a), _seen(b)
    missing = [each.party for each in (a, b) if _seen(each).denominator is None]
    share = first.measure is None and _plain(first.unit) in _SHARES
    if missing and (share or len(missing) == 1):
        who = ", ".join(missing)
        yield note(
            "compare.denominator-missing",
            who,
            Text(f"no denominator was stated by: {who}", f"분모를 밝히지 않음: {who}"),
        )
        return
    one, other = first.denominator, second.denominator
    if one is not None and other is not None and _plain(one) != _plain(other):
        yield _differs("denominator", Text("denominators", "분모"), one, other)


def _caution(a: Reported, b: Reported) -> Iterator[Note]:
    first, second = _seen(a), _seen(b)
    if first.words is None or second.words is None or _plain(first.words) != _plain(second.words):
        yield note(
            "compare.method-words",
            a.commitment,
            Text("the methods are described in different words", "방법의 설명이 서로 다름"),
        )
    if first.how in ("audited", "measured") and first.measure is not None:
        return  # a full count has no interval to miss
    one, other = first.interval, second.interval
    if one is None or other is None:
        yield note(
            "compare.no-interval",
            a.commitment,
            Text(
                "a figure has no interval: a difference may be chance",
                "구간이 없는 수치가 있어 차이가 우연일 수 있음",
            ),
        )
    elif one.level == other.level and one.low <= other.high and other.low <= one.high:
        yield note(
            "compare.overlap",
            a.commitment,
            Text("the intervals overlap: no clear difference", "구간이 겹쳐 뚜렷한 차이가 없음"),
        )


def _differs(code: str, what: Text, first: str, second: str) -> Note:
    return note(
        f"compare.{code}",
        code,
        Text(f"different {what.en}: {first} / {second}", f"{what.ko}이(가) 다름: {first} / {second}"),
    )


def _plain(words: str) -> str:
    return " ".join(words.split()).casefold()


def _span(period: Period) -> str:
    return f"{period.first.isoformat()}..{period.last.isoformat()}"
