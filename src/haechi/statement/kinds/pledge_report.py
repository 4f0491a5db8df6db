"""`pledge_report`: what a party did on commitments of an instrument in one period."""

from datetime import date
from functools import lru_cache
from typing import Annotated, Literal

import msgspec

from haechi.facts import Facts
from haechi.statement.claims import Claim, ClaimMalformed, Name, Reading, Row, Said, titled
from haechi.statement.claims import Kind as KindOf
from haechi.statement.evidence import EvidenceRef
from haechi.statement.kinds._dates import require_plausible
from haechi.statement.kinds._figures import Figure, Interval, Period
from haechi.statement.kinds._life import EXAMPLE_TARGET, file_row, neutral, said_row
from haechi.statement.kinds._measures import Measured
from haechi.statement.kinds._serves import Offers, Serves, check_serves, serves_rows
from haechi.words import Text

NAME = "pledge_report"
Progress = Literal["not_started", "planned", "under_way", "done_for_period"]
PROGRESS = {
    "not_started": Text("not started", "시작하지 않음"),
    "planned": Text("planned", "계획됨"),
    "under_way": Text("under way", "진행 중"),
    "done_for_period": Text("done for this period", "이번 기간 이행"),
}


class Section(Claim, frozen=True, kw_only=True):
    """The report on one commitment. commitment: an id of the facts, such as `sbp.1.2`.

    measures: typed figures, for commitments on investment, small firms, talent, vulnerable groups and
    diversity; figures: any others, in words.
    """

    commitment: Annotated[Name, titled("Commitment", "약속")]
    progress: Annotated[Progress, titled("Progress", "진행 상태")]
    summary: Annotated[Said, titled("What was done", "이행 내용")]
    figures: Annotated[tuple[Figure, ...], msgspec.Meta(max_length=32), titled("Figures", "수치")] = ()
    measures: Annotated[
        tuple[Measured, ...], msgspec.Meta(max_length=32), titled("Typed figures", "정형 수치")
    ] = ()
    evidence: Annotated[tuple[EvidenceRef, ...], msgspec.Meta(max_length=32), titled("Evidence", "증거")] = ()


class PledgeReport(Claim, frozen=True, kw_only=True):
    """instrument and party: ids of the facts; the party must have joined the instrument.

    serves: what the report is offered for besides the commitments of its sections.
    """

    instrument: Annotated[Name, titled("Instrument", "문서")]
    party: Annotated[Name, titled("Party", "당사자")]
    period: Annotated[Period, titled("Period", "기간")]
    sections: Annotated[
        tuple[Section, ...], msgspec.Meta(min_length=1, max_length=64), titled("Sections", "약속별 보고")
    ]
    serves: Offers = ()


def _check(claim: PledgeReport, facts: Facts) -> None:
    facts.instrument(claim.instrument)
    facts.party(claim.party)
    if claim.party not in _joined(facts, claim.instrument):
        raise _wrong(
            f"{claim.party} is not among the parties of {claim.instrument}",
            f"{claim.party}은(는) {claim.instrument}의 당사자가 아님",
        )
    require_plausible(NAME, "period.first", claim.period.first)
    require_plausible(NAME, "period.last", claim.period.last)
    if claim.period.last < claim.period.first:
        raise _wrong("the period ends before it begins", "기간의 끝이 시작보다 앞섬")
    reported = [section.commitment for section in claim.sections]
    if len(set(reported)) != len(reported):
        raise _wrong("a commitment has two sections", "한 약속이 두 번 보고됨")
    for section in claim.sections:
        _check_section(section, claim.instrument, facts)
    check_serves(NAME, claim.serves, facts)
    for offer in claim.serves:
        if offer.target in reported:
            raise _wrong(
                f"serves: {offer.target} has a section of its own",
                f"serves: {offer.target}에는 이미 보고가 있음",
            )


def _check_section(section: Section, instrument: str, facts: Facts) -> None:
    commitment = facts.commitment(section.commitment)
    if commitment.instrument != instrument:
        raise _wrong(
            f"{commitment.id} belongs to {commitment.instrument}, not {instrument}",
            f"{commitment.id}은(는) {instrument}이 아니라 {commitment.instrument}에 속함",
        )
    section.summary.require(NAME, f"the summary of {commitment.id}")
    for figure in section.figures:
        figure.check(NAME)
    for measured in section.measures:
        measured.check(NAME)
        if measured.rule.part != commitment.part:
            raise _wrong(
                f"{measured.measure} belongs to {measured.rule.part}; {commitment.id} takes "
                f"{commitment.part or 'no typed figures'}",
                f"{measured.measure}은(는) {measured.rule.part} 항목이며 {commitment.id}에는 "
                f"{commitment.part or '정형 수치가 없음'}",
            )
    counted = [(each.measure, each.group, each.unit, each.place, each.period) for each in section.measures]
    if len(set(counted)) != len(counted):
        raise _wrong(
            f"{commitment.id}: two figures count the same", f"{commitment.id}: 같은 것을 센 수치가 둘 있음"
        )


@lru_cache(maxsize=64)
def _joined(facts: Facts, instrument: str) -> frozenset[str]:
    # The facts make the whole time series for each question; a log asks for every report.
    return frozenset(facts.parties_of(instrument).ids)


def _wrong(en: str, ko: str) -> ClaimMalformed:
    return ClaimMalformed(kind=NAME, why=Text(en, ko))


def _read(claim: PledgeReport, facts: Facts) -> Reading:
    party, instrument = facts.party(claim.party).label, facts.instrument(claim.instrument).label
    period = f"{claim.period.first.isoformat()} – {claim.period.last.isoformat()}"
    rows = [
        Row(Text("Party", "당사자"), party),
        Row(Text("Instrument", "문서"), instrument),
        Row(Text("Period", "기간"), neutral(period)),
    ]
    for section in claim.sections:
        commitment, progress = facts.commitment(section.commitment).label, PROGRESS[section.progress]
        rows.append(
            Row(
                Text(f"Commitment {section.commitment}", f"약속 {section.commitment}"),
                Text(f"{commitment.en} [{progress.en}]", f"{commitment.ko} [{progress.ko}]"),
            )
        )
        rows.append(said_row(Text("What was done", "이행 내용"), section.summary))
        rows += [Row(neutral(figure.name), figure.text()) for figure in section.figures]
        rows += [Row(measured.rule.label, measured.text()) for measured in section.measures]
        rows += [file_row(ref) for ref in section.evidence]
    rows += serves_rows(claim.serves, facts)
    return Reading(
        Text(
            f"{party.en} reports on {len(claim.sections)} commitment(s) of {instrument.en}.",
            f"{party.ko}의 보고: {instrument.ko}의 약속 {len(claim.sections)}건.",
        ),
        rows,
    )


def _example() -> PledgeReport:
    file = EvidenceRef(
        digest=EXAMPLE_TARGET, size=4096, media_type="text/csv", name="marked-images-2026-q3.csv"
    )
    return PledgeReport(
        instrument="ins.seoul.pledge",
        party="co.naver",
        period=Period(first=date(2026, 7, 1), last=date(2026, 9, 30)),
        sections=(
            Section(
                commitment="sbp.1.2",
                progress="under_way",
                summary=Said(en="Generated images carry a mark.", ko="생성 이미지에 표시를 넣습니다."),
                figures=(
                    Figure(
                        name="images marked",
                        value=99.2,
                        unit="%",
                        how="measured",
                        denominator="images generated in the period",
                        interval=Interval(low=98.9, high=99.5, level=0.95),
                        method="detector run on a random sample of 5,000 delivered images; Wilson interval",
                    ),
                ),
                evidence=(file,),
            ),
            Section(
                commitment="sbp.2.2",
                progress="under_way",
                summary=Said(en="Credits and joint projects.", ko="크레딧과 공동 프로젝트를 제공합니다."),
                measures=_example_measures(),
            ),
        ),
        serves=(Serves(target="G7.10", whole=False),),
    )


def _example_measures() -> tuple[Measured, ...]:
    return (
        Measured(
            measure="small_firms_reached",
            value=412.0,
            method="measured",
            scope="country",
            country="KR",
            how="contracts signed in the period, each firm once",
        ),
        Measured(
            measure="funds_for_small_firms",
            value=8_500_000_000.0,
            method="audited",
            scope="country",
            country="KR",
            currency="KRW",
            how="payments of the fund in the period, before tax",
            auditor="Example Audit LLC",
        ),
    )


KIND = KindOf(
    name=NAME,
    title=Text("Pledge report", "서약 이행 보고"),
    about=Text(
        "Progress of one party on commitments of one instrument in one period, with figures and evidence.",
        "한 당사자가 한 기간에 한 문서의 약속을 어떻게 이행했는지 수치와 증거로 보고합니다.",
    ),
    payload=PledgeReport,
    check=_check,
    read=_read,
    example=_example,
    evidence=lambda claim: tuple(ref for section in claim.sections for ref in section.evidence),
)
