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
from haechi.statement.kinds._serves import Offers, check_serves, serves_rows
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


Subdivision = Annotated[
    str, msgspec.Meta(min_length=4, max_length=6, pattern=r"^[A-Z]{2}-[A-Z0-9]{1,3}(?![\s\S])")
]


class Notified(Claim, frozen=True, kw_only=True):
    """An authority that was told, and when. authority_id: its id in the facts, such as `auth.US-CA.oes`."""

    authority: Annotated[Name, titled("Authority", "기관")]
    country: Annotated[CountryCode, titled("Country", "국가")]
    at: Annotated[Moment, titled("When", "시각")]
    authority_id: Annotated[Name | None, titled("Authority's id", "기관 식별자")] = None


class IncidentReport(Claim, frozen=True, kw_only=True):
    """One incident. All moments carry their time zone, as deadlines need it.

    application: the AI system in its use, in the issuer's own naming. occurred: when it began; known: when
    the issuer became aware of it. countries, subdivisions: where people were affected, ISO 3166-1 and 3166-2;
    each subdivision lies in one of the countries. deaths, imminent_danger, widespread: what some deadlines
    depend on; left out means not known. ordered: when an order to act came in; stopped: when the system was
    stopped or the content taken down.
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
    subdivisions: Annotated[
        tuple[Subdivision, ...], msgspec.Meta(max_length=64), titled("States and regions", "주·지역")
    ] = ()
    deaths: Annotated[
        Annotated[int, msgspec.Meta(ge=0, lt=1 << 53)] | None, titled("Deaths", "사망자 수")
    ] = None
    imminent_danger: Annotated[
        bool | None, titled("Imminent danger to life or of grave injury", "생명·중상해의 임박한 위험")
    ] = None
    widespread: Annotated[bool | None, titled("Widespread infringement", "광범위한 침해")] = None
    ordered: Annotated[Moment | None, titled("Order received", "명령 접수")] = None
    stopped: Annotated[Moment | None, titled("Stopped or taken down", "중지 또는 삭제")] = None
    cause: Annotated[Said | None, titled("Cause", "원인")] = None
    correction: Annotated[Said | None, titled("Correction", "시정")] = None
    notified: Annotated[tuple[Notified, ...], msgspec.Meta(max_length=64), titled("Notified", "통보")] = ()
    evidence: Annotated[tuple[EvidenceRef, ...], msgspec.Meta(max_length=64), titled("Evidence", "증거")] = ()
    serves: Offers = ()


def _check(claim: IncidentReport, facts: Facts) -> None:
    for where, said in (
        ("happened", claim.happened),
        ("cause", claim.cause),
        ("correction", claim.correction),
    ):
        if said is not None:
            said.require(NAME, where)
    _check_moments(claim)
    _check_places(claim)
    _check_harm(claim)
    for told in claim.notified:
        _check_authority(told, facts)
    check_serves(NAME, claim.serves, facts)


def _check_moments(claim: IncidentReport) -> None:
    moments = {
        "occurred": claim.occurred,
        "known": claim.known,
        "ordered": claim.ordered,
        "stopped": claim.stopped,
    }
    for where, at in moments.items():
        if at is not None:
            require_plausible(NAME, where, at)
    for told in claim.notified:
        require_plausible(NAME, "notified.at", told.at)
    if claim.known < claim.occurred:
        raise _wrong("it was known before it occurred", "발생하기 전에 인지했다고 되어 있음")
    if claim.stopped is not None and claim.stopped < claim.occurred:
        raise _wrong("it was stopped before it occurred", "발생하기 전에 중지했다고 되어 있음")


def _check_places(claim: IncidentReport) -> None:
    if len(set(claim.countries)) != len(claim.countries):
        raise _wrong("a country is listed twice", "같은 국가가 두 번 있음")
    if len(set(claim.subdivisions)) != len(claim.subdivisions):
        raise _wrong("a subdivision is listed twice", "같은 주·지역이 두 번 있음")
    for place in claim.subdivisions:
        if place[:2] not in claim.countries:
            raise _wrong(
                f"subdivisions: {place} lies in none of the countries",
                f"subdivisions: {place}이(가) 어느 국가에도 속하지 않음",
            )


def _check_harm(claim: IncidentReport) -> None:
    if not claim.deaths:
        return
    # One severity is named; a death may also come with a disruption of critical infrastructure.
    if claim.severity not in ("death_or_grave_harm", "critical_infrastructure"):
        raise _wrong(
            f"deaths: {claim.deaths}, but the severity is {claim.severity}",
            f"deaths: 사망자 {claim.deaths}명인데 심각도가 {SEVERITY[claim.severity].ko}임",
        )
    if claim.affected is not None and claim.deaths > claim.affected:
        raise _wrong("more deaths than people affected", "사망자가 영향받은 사람보다 많음")


def _check_authority(told: Notified, facts: Facts) -> None:
    if told.authority_id is None:
        return
    jurisdiction = facts.regime(facts.authority(told.authority_id).regime).jurisdiction
    if told.country not in {jurisdiction.partition("-")[0], *facts.members_of(jurisdiction)}:
        raise _wrong(
            f"notified: {told.authority_id} is no authority of {told.country}",
            f"notified: {told.authority_id}은(는) {told.country}의 기관이 아님",
        )


def _wrong(en: str, ko: str) -> ClaimMalformed:
    return ClaimMalformed(kind=NAME, why=Text(en, ko))


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
    ]
    if claim.subdivisions:
        rows.append(Row(Text("States and regions", "주·지역"), neutral(", ".join(claim.subdivisions))))
    rows.append(said_row(Text("What happened", "경위"), claim.happened))
    if claim.affected is not None:
        rows.append(Row(Text("People affected", "영향받은 사람"), neutral(f"{claim.affected:,}")))
    rows += _conditions(claim)
    if claim.cause is not None:
        rows.append(said_row(Text("Cause", "원인"), claim.cause))
    if claim.correction is not None:
        rows.append(said_row(Text("Correction", "시정"), claim.correction))
    rows += [_told(told, facts) for told in claim.notified]
    rows += serves_rows(claim.serves, facts)
    rows += [file_row(ref) for ref in claim.evidence]
    return Reading(Text("An incident is reported.", "사고를 보고합니다."), rows)


_YES_NO = {True: Text("yes", "예"), False: Text("no", "아니요")}


def _conditions(claim: IncidentReport) -> list[Row]:
    """What deadlines depend on, as far as it was said; nothing is shown for what is not known."""
    rows: list[Row] = []
    if claim.deaths is not None:
        rows.append(Row(Text("Deaths", "사망자"), neutral(f"{claim.deaths:,}")))
    if claim.imminent_danger is not None:
        rows.append(Row(Text("Imminent danger", "임박한 위험"), _YES_NO[claim.imminent_danger]))
    if claim.widespread is not None:
        rows.append(Row(Text("Widespread infringement", "광범위한 침해"), _YES_NO[claim.widespread]))
    if claim.ordered is not None:
        rows.append(Row(Text("Order received", "명령 접수"), _moment(claim.ordered)))
    if claim.stopped is not None:
        rows.append(Row(Text("Stopped or taken down", "중지 또는 삭제"), _moment(claim.stopped)))
    return rows


def _told(told: Notified, facts: Facts) -> Row:
    country, at = country_label(facts, told.country), _moment(told.at).en
    known = neutral(told.authority)
    if told.authority_id is not None:
        label = facts.authority(told.authority_id).label
        known = Text(f"{told.authority}: {label.en}", f"{told.authority}: {label.ko}")
    return Row(
        Text("Notified", "통보"),
        Text(f"{known.en} ({country.en}) {at}", f"{known.ko} ({country.ko}) {at}"),
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
        countries=("KR", "US"),
        happened=Said(en="A filter was off for six hours.", ko="여섯 시간 동안 필터가 꺼져 있었습니다."),
        affected=1200,
        subdivisions=("US-CA",),
        deaths=0,
        imminent_danger=False,
        widespread=False,
        stopped=datetime(2026, 9, 1, 9, 20, tzinfo=UTC),
        notified=(
            Notified(
                authority="MSIT",
                country="KR",
                at=datetime(2026, 9, 2, 1, 0, tzinfo=UTC),
                authority_id="auth.KR.msit",
            ),
        ),
    ),
    evidence=lambda claim: claim.evidence,
)
