"""`incident_report`: one incident of one application, with the times that deadlines are counted from."""

from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec

from haechi.facts import Facts
from haechi.statement.claims import Claim, ClaimMalformed, Kind, Name, Reading, Row, Said
from haechi.statement.evidence import EvidenceRef
from haechi.statement.kinds._life import country_label, neutral, said_row
from haechi.words import Text

NAME = "incident_report"
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Severity = Literal["near_miss", "minor", "serious", "death_or_grave_harm", "critical_infrastructure"]
SEVERITY = {
    "near_miss": Text("near miss", "사고로 이어지지 않음"),
    "minor": Text("minor harm", "경미한 피해"),
    "serious": Text("serious harm", "중대한 피해"),
    "death_or_grave_harm": Text("death or grave harm to health", "사망 또는 심각한 건강 피해"),
    "critical_infrastructure": Text("disruption of critical infrastructure", "핵심 기반시설 장애"),
}
CountryCode = Annotated[str, msgspec.Meta(pattern="^[A-Z]{2}$")]


class Notified(Claim):
    """An authority that was told, and when."""

    authority: Name
    country: CountryCode
    at: Moment


class IncidentReport(Claim):
    """One incident. occurred, known, notified.at: moments with their time zone, as deadlines need them.

    application: the AI system in its use, in the issuer's own naming; countries: where people were affected.
    """

    application: Name
    occurred: Moment
    known: Moment
    severity: Severity
    countries: Annotated[tuple[CountryCode, ...], msgspec.Meta(min_length=1, max_length=64)]
    happened: Said
    affected: Annotated[int, msgspec.Meta(ge=0)] | None = None
    cause: Said | None = None
    correction: Said | None = None
    notified: Annotated[tuple[Notified, ...], msgspec.Meta(max_length=64)] = ()
    evidence: Annotated[tuple[EvidenceRef, ...], msgspec.Meta(max_length=64)] = ()


def _check(claim: IncidentReport, _facts: Facts) -> None:
    for said, where in ((claim.happened, "happened"), (claim.cause, "cause"), (claim.correction, "correction")):
        if said is not None:
            said.require(NAME, where)
    if claim.known < claim.occurred:
        raise ClaimMalformed(kind=NAME, why="it was known before it occurred")
    if len(set(claim.countries)) != len(claim.countries):
        raise ClaimMalformed(kind=NAME, why="a country is listed twice")


def _moment(at: datetime) -> Text:
    return neutral(at.isoformat(timespec="minutes"))


def _read(claim: IncidentReport, facts: Facts) -> Reading:
    places = [country_label(facts, code) for code in claim.countries]
    rows = [
        Row(Text("Application", "응용"), neutral(claim.application)),
        Row(Text("Severity", "심각도"), SEVERITY[claim.severity]),
        Row(Text("Occurred", "발생"), _moment(claim.occurred)),
        Row(Text("Known", "인지"), _moment(claim.known)),
        Row(
            Text("Countries", "국가"),
            Text(", ".join(place.en for place in places), ", ".join(place.ko for place in places)),
        ),
        said_row(Text("What happened", "경위"), claim.happened),
    ]
    if claim.affected is not None:
        rows.append(Row(Text("People affected", "영향받은 사람"), neutral(claim.affected)))
    if claim.cause is not None:
        rows.append(said_row(Text("Cause", "원인"), claim.cause))
    if claim.correction is not None:
        rows.append(said_row(Text("Correction", "시정"), claim.correction))
    for told in claim.notified:
        rows.append(
            Row(Text("Notified", "통보"), neutral(f"{told.authority} ({told.country}) {_moment(told.at).en}"))
        )
    rows += [Row(Text("Evidence", "증거"), neutral(ref.name)) for ref in claim.evidence]
    return Reading(Text("An incident is reported.", "사고를 보고합니다."), rows)


KIND = Kind(
    name=NAME,
    title=Text("Incident report", "사고 보고"),
    about=Text(
        "What happened with one application, when it was known, whom it affected and who was told.",
        "한 응용에서 일어난 일, 인지 시각, 영향, 통보처를 밝힙니다.",
    ),
    payload=IncidentReport,
    check=_check,
    read=_read,
    example=lambda: IncidentReport(
        application="image studio, public beta",
        occurred=datetime(2026, 9, 1, 3, 20, tzinfo=UTC),
        known=datetime(2026, 9, 1, 9, 0, tzinfo=UTC),
        severity="serious",
        countries=("KR", "GB"),
        happened=Said(en="A filter was off for six hours.", ko="여섯 시간 동안 필터가 꺼져 있었습니다."),
        affected=1200,
        notified=(Notified(authority="MSIT", country="KR", at=datetime(2026, 9, 2, 1, 0, tzinfo=UTC)),),
    ),
    evidence=lambda claim: claim.evidence,
)
