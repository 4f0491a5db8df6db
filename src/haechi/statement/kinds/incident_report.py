"""`incident_report`: one incident of one application, with the times that deadlines are counted from."""

from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec

from haechi.facts import Facts
from haechi.statement.claims import (
    Claim,
    ClaimMalformed,
    CountryCode,
    Kind,
    Name,
    Reading,
    Row,
    Said,
    titled,
)
from haechi.statement.evidence import EvidenceRef
from haechi.statement.kinds._dates import Moment, require_plausible
from haechi.statement.kinds._life import country_label, file_row, neutral, said_row
from haechi.words import Text

NAME = "incident_report"
Severity = Literal["near_miss", "minor", "serious", "death_or_grave_harm", "critical_infrastructure"]
SEVERITY = {
    "near_miss": Text("near miss", "사고로 이어지지 않음"),
    "minor": Text("minor harm", "경미한 피해"),
    "serious": Text("serious harm", "중대한 피해"),
    "death_or_grave_harm": Text("death or grave harm to health", "사망 또는 심각한 건강 피해"),
    "critical_infrastructure": Text("disruption of critical infrastructure", "핵심 기반시설 장애"),
}


class Notified(Claim, frozen=True, kw_only=True):
    """An authority that was told, and when."""

    authority: Annotated[Name, titled("Authority", "기관")]
    country: Annotated[CountryCode, titled("Country", "국가")]
    at: Annotated[Moment, titled("When", "시각")]


class IncidentReport(Claim, frozen=True, kw_only=True):
    """One incident. occurred, known, notified.at: moments with their time zone, as deadlines need them.

    application: the AI system in its use, in the issuer's own naming; countries: where people were affected.
    """

    application: Annotated[Name, titled("Application", "응용")]
    occurred: Annotated[Moment, titled("Occurred", "발생")]
    known: Annotated[Moment, titled("Known", "인지")]
    severity: Annotated[Severity, titled("Severity", "심각도")]
    countries: Annotated[
        tuple[CountryCode, ...], msgspec.Meta(min_length=1, max_length=64), titled("Countries", "국가")
    ]
    happened: Annotated[Said, titled("What happened", "경위")]
    affected: Annotated[
        Annotated[int, msgspec.Meta(ge=0, lt=1 << 53)] | None, titled("People affected", "영향받은 사람 수")
    ] = None
    cause: Annotated[Said | None, titled("Cause", "원인")] = None
    correction: Annotated[Said | None, titled("Correction", "시정")] = None
    notified: Annotated[tuple[Notified, ...], msgspec.Meta(max_length=64), titled("Notified", "통보")] = ()
    evidence: Annotated[tuple[EvidenceRef, ...], msgspec.Meta(max_length=64), titled("Evidence", "증거")] = ()


def _check(claim: IncidentReport, _facts: Facts) -> None:
    for where, said in (
        ("happened", claim.happened),
        ("cause", claim.cause),
        ("correction", claim.correction),
    ):
        if said is not None:
            said.require(NAME, where)
    require_plausible(NAME, "occurred", claim.occurred)
    require_plausible(NAME, "known", claim.known)
    for told in claim.notified:
        require_plausible(NAME, "notified.at", told.at)
    if claim.known < claim.occurred:
        raise ClaimMalformed(
            kind=NAME, why=Text("it was known before it occurred", "발생하기 전에 인지했다고 되어 있음")
        )
    if len(set(claim.countries)) != len(claim.countries):
        raise ClaimMalformed(kind=NAME, why=Text("a country is listed twice", "같은 국가가 두 번 있음"))


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
        rows.append(Row(Text("People affected", "영향받은 사람"), neutral(f"{claim.affected:,}")))
    if claim.cause is not None:
        rows.append(said_row(Text("Cause", "원인"), claim.cause))
    if claim.correction is not None:
        rows.append(said_row(Text("Correction", "시정"), claim.correction))
    rows += [_told(told, facts) for told in claim.notified]
    rows += [file_row(ref) for ref in claim.evidence]
    return Reading(Text("An incident is reported.", "사고를 보고합니다."), rows)


def _told(told: Notified, facts: Facts) -> Row:
    country, at = country_label(facts, told.country), _moment(told.at).en
    return Row(
        Text("Notified", "통보"),
        Text(f"{told.authority} ({country.en}) {at}", f"{told.authority} ({country.ko}) {at}"),
    )


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
