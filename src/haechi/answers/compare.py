"""Whether two reported figures may stand side by side, and why not."""

from collections.abc import Iterator
from dataclasses import dataclass

from haechi.answers.note import Note, note
from haechi.statement.kinds._figures import Figure
from haechi.statement.kinds.pledge_report import Period, PledgeReport
from haechi.words import Text

_SHARES = frozenset({"%", "percent", "share", "ratio", "‰"})


@dataclass(frozen=True, slots=True)
class Reported:
    """One figure of one party on one commitment in one period. statement: digest it was read from."""

    party: str
    commitment: str
    period: Period
    figure: Figure
    statement: bytes


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


def figures_of(report: PledgeReport, statement: bytes) -> tuple[Reported, ...]:
    """Every figure of a report, in its order."""
    return tuple(
        Reported(report.party, section.commitment, report.period, figure, statement)
        for section in report.sections
        for figure in section.figures
    )


def compare(a: Reported, b: Reported) -> Comparison:
    """Compare two figures: same commitment, unit, period, denominator and way of obtaining, else reasons."""
    return Comparison(a, b, tuple(_against(a, b)), tuple(_caution(a, b)))


def _against(a: Reported, b: Reported) -> Iterator[Note]:
    if a.commitment != b.commitment:
        yield _differs("commitment", Text("commitments", "약속"), a.commitment, b.commitment)
    if _plain(a.figure.unit) != _plain(b.figure.unit):
        yield _differs("unit", Text("units", "단위"), a.figure.unit, b.figure.unit)
    if (a.period.first, a.period.last) != (b.period.first, b.period.last):
        yield _differs("period", Text("periods", "기간"), _span(a.period), _span(b.period))
    if a.figure.how != b.figure.how:
        yield _differs("method-class", Text("ways of obtaining", "산출 방식"), a.figure.how, b.figure.how)
    yield from _denominators(a, b)


def _denominators(a: Reported, b: Reported) -> Iterator[Note]:
    first, second = a.figure.denominator, b.figure.denominator
    missing = [each.party for each in (a, b) if each.figure.denominator is None]
    share = _plain(a.figure.unit) in _SHARES
    if missing and (share or len(missing) == 1):
        who = ", ".join(missing)
        yield note(
            "compare.denominator-missing",
            who,
            Text(f"no denominator was stated by: {who}", f"분모를 밝히지 않음: {who}"),
        )
    elif first is not None and second is not None and _plain(first) != _plain(second):
        yield _differs("denominator", Text("denominators", "분모"), first, second)


def _caution(a: Reported, b: Reported) -> Iterator[Note]:
    first, second = a.figure, b.figure
    if first.method is None or second.method is None or _plain(first.method) != _plain(second.method):
        yield note(
            "compare.method-words",
            a.commitment,
            Text("the methods are described in different words", "방법의 설명이 서로 다름"),
        )
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
