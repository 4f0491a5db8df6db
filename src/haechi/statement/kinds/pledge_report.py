"""`pledge_report`: what a party did on commitments of an instrument in one period."""

from datetime import date
from typing import Annotated, Literal

import msgspec

from haechi.facts import Facts
from haechi.statement.claims import Claim, ClaimMalformed, Name, Reading, Row, Said
from haechi.statement.claims import Kind as KindOf
from haechi.statement.evidence import EvidenceRef
from haechi.statement.kinds._figures import Figure, Interval
from haechi.statement.kinds._life import EXAMPLE_TARGET, neutral
from haechi.words import Text

NAME = "pledge_report"
Progress = Literal["not_started", "planned", "under_way", "done_for_period"]
PROGRESS = {
    "not_started": Text("not started", "시작하지 않음"),
    "planned": Text("planned", "계획됨"),
    "under_way": Text("under way", "진행 중"),
    "done_for_period": Text("done for this period", "이번 기간 이행"),
}


class Period(Claim):
    """first to last day, both included."""

    first: date
    last: date


class Section(Claim):
    """The report on one commitment. commitment: an id of the facts, such as `sbp.1.2`."""

    commitment: Name
    progress: Progress
    summary: Said
    figures: Annotated[tuple[Figure, ...], msgspec.Meta(max_length=32)] = ()
    evidence: Annotated[tuple[EvidenceRef, ...], msgspec.Meta(max_length=32)] = ()


class PledgeReport(Claim):
    """instrument and party: ids of the facts; the party must have joined the instrument."""

    instrument: Name
    party: Name
    period: Period
    sections: Annotated[tuple[Section, ...], msgspec.Meta(min_length=1, max_length=64)]


def _check(claim: PledgeReport, facts: Facts) -> None:
    facts.instrument(claim.instrument)
    facts.party(claim.party)
    if claim.party not in facts.parties_of(claim.instrument):
        raise ClaimMalformed(kind=NAME, why=f"{claim.party} is not among the parties of {claim.instrument}")
    if claim.period.last < claim.period.first:
        raise ClaimMalformed(kind=NAME, why="the period ends before it begins")
    reported = [section.commitment for section in claim.sections]
    if len(set(reported)) != len(reported):
        raise ClaimMalformed(kind=NAME, why="a commitment has two sections")
    for section in claim.sections:
        commitment = facts.commitment(section.commitment)
        if commitment.instrument != claim.instrument:
            raise ClaimMalformed(
                kind=NAME, why=f"{section.commitment} belongs to {commitment.instrument}, not {claim.instrument}"
            )
        section.summary.require(NAME, f"the summary of {section.commitment}")
        for figure in section.figures:
            figure.check(NAME)


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
        rows.append(Row(Text("What was done", "이행 내용"), Text(section.summary.in_("en"), section.summary.in_("ko"))))
        rows += [Row(neutral(figure.name), figure.text()) for figure in section.figures]
        rows += [
            Row(Text("Evidence", "증거"), neutral(f"{ref.name} ({ref.size} B, {ref.digest.hex()[:16]}…)"))
            for ref in section.evidence
        ]
    return Reading(
        Text(
            f"{party.en} reports on {len(claim.sections)} commitment(s) of {instrument.en}.",
            f"{party.ko}의 보고: {instrument.ko}의 약속 {len(claim.sections)}건.",
        ),
        rows,
    )


def _example() -> PledgeReport:
    file = EvidenceRef(digest=EXAMPLE_TARGET, size=4096, media_type="text/csv", name="marked-images-2026-q3.csv")
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
