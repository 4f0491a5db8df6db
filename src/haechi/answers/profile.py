"""The profile of an application: what it does, where, for whom. What was not said stays unknown.

BadInput
├── ProfileMalformed       a field has the wrong shape or an unknown name
└── ProfileContradicts     two fields cannot both be true
"""

from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Annotated, Literal, NamedTuple

import msgspec

from haechi.errors import BadInput
from haechi.facts import Facts
from haechi.misfit import misfit_of
from haechi.statement.sentence import Sentence
from haechi.words import Text

Modality = Literal["text", "image", "audio", "video", "tools", "decision", "control", "ranking", "model"]
Autonomy = Literal["suggests", "acts_with_approval", "acts_alone"]
Users = Literal["public", "businesses", "staff", "public_bodies"]
Group = Literal["children", "older_people", "people_with_disabilities", "low_income", "migrants", "patients"]
FirmSize = Literal["micro", "sme", "small_mid_cap", "large"]
Place = Annotated[str, msgspec.Meta(pattern=r"^([A-Z]{2}|EU)(-[A-Z0-9]{1,3})?$")]

_FRONTIER_FLOOR_FLOP = 1e23  # the lowest figure that any regime of the facts speaks of is 100 times this


class ProfileMalformed(BadInput):
    """A profile field with a wrong value; facts: why."""

    code = "answers.profile"
    what = Text("the profile is not valid: {why}", "프로필이 올바르지 않습니다: {why}")
    hint = Text(
        "leave out what you do not know; it stays unknown", "모르는 항목은 비워 두세요. 미상으로 남습니다"
    )


class ProfileContradicts(BadInput):
    """Two fields that cannot both be true; facts: place (the fields), why (a Text)."""

    code = "answers.profile-contradicts"
    what = Sentence("{place}: {why}", "{place}: {why}")
    hint = Text(
        "change one of these fields, or leave it out when you are not sure: {place}",
        "다음 항목 중 하나를 고치거나 확실하지 않으면 비워 두세요: {place}",
    )


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An application in its use. None means unknown; an empty tuple means "none of them".

    name: the subject of its statements. applications, roles: ids of the vocabulary. countries: ISO 3166
    codes with subdivisions ("US-CA"), or EU. compute_flop: training operations of the model. placed_on: first
    day on the market. high_impact: whether it materially affects life, safety or fundamental rights.
    small_firm: whether the provider is a small firm or a start-up; firm_size, start_up: the same more
    exactly, for reliefs that draw their own lines.
    """

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
    party: str | None = None
    applications: tuple[str, ...] | None = None
    roles: tuple[str, ...] | None = None
    modalities: tuple[Modality, ...] | None = None
    countries: tuple[Place, ...] | None = None
    users: tuple[Users, ...] | None = None
    vulnerable_groups: tuple[Group, ...] | None = None
    compute_flop: Annotated[float, msgspec.Meta(ge=0)] | None = None
    revenue_usd: Annotated[float, msgspec.Meta(ge=0)] | None = None
    autonomy: Autonomy | None = None
    high_impact: bool | None = None
    small_firm: bool | None = None
    firm_size: FirmSize | None = None
    start_up: bool | None = None
    placed_on: date | None = None

    def places(self, facts: Facts) -> frozenset[str] | None:
        """Every jurisdiction that the countries lie in: subdivisions bring their country, members the EU."""
        if self.countries is None:
            return None
        found = set(self.countries) | {place.partition("-")[0] for place in self.countries}
        if found & facts.members_of("EU"):
            found.add("EU")
        return frozenset(found)


class _Clash(NamedTuple):
    place: str
    holds: Callable[[Profile, Facts], bool]
    why: Text


def _has(field: tuple[str, ...] | None, name: str) -> bool:
    return field is not None and name in field


def _wrong_modality(profile: Profile, facts: Facts) -> bool:
    if not profile.applications or profile.modalities is None:
        return False
    said = set(profile.modalities)
    for application in profile.applications:
        own = {word.strip() for word in facts.application(application).modality.split(",")}
        if own.isdisjoint({"any", "all"}) and own.isdisjoint(said):
            return True
    return False


def _little_compute(profile: Profile, _facts: Facts) -> bool:
    if profile.compute_flop is None or not _has(profile.roles, "frontier_developer"):
        return False
    return profile.compute_flop < _FRONTIER_FLOOR_FLOP


def _no_model(profile: Profile, _facts: Facts) -> bool:
    if not _has(profile.roles, "frontier_developer"):
        return False
    return not (_has(profile.roles, "gpai_provider") or _has(profile.roles, "provider"))


def _idle_agent(profile: Profile, _facts: Facts) -> bool:
    return _has(profile.applications, "app.agent") and profile.autonomy == "suggests"


def _rich_small_firm(profile: Profile, _facts: Facts) -> bool:
    return profile.small_firm is True and profile.revenue_usd is not None and profile.revenue_usd > 500e6


def _size_twice(profile: Profile, _facts: Facts) -> bool:
    if profile.small_firm is None or profile.firm_size is None:
        return False
    if profile.small_firm:
        return profile.firm_size == "large" and profile.start_up is not True
    return profile.firm_size in ("micro", "sme")


def _start_up_not_small(profile: Profile, _facts: Facts) -> bool:
    return profile.start_up is True and profile.small_firm is False


def _model_in_use(profile: Profile, _facts: Facts) -> bool:
    if profile.applications is None or "app.model" not in profile.applications:
        return False
    return len(profile.applications) > 1 and "app.genai" not in profile.applications


_CLASHES = (
    _Clash(
        "applications, modalities",
        _wrong_modality,
        Text(
            "an application here works in none of the modalities given",
            "주어진 양식으로는 작동하지 않는 응용이 있음",
        ),
    ),
    _Clash(
        "roles, compute_flop",
        _little_compute,
        Text(
            "a frontier developer with so little training compute",
            "프런티어 개발자라기에는 학습 연산량이 너무 적음",
        ),
    ),
    _Clash(
        "roles",
        _no_model,
        Text("a frontier developer also provides a model", "프런티어 개발자는 모델 제공자이기도 함"),
    ),
    _Clash(
        "applications, autonomy",
        _idle_agent,
        Text(
            "an agent that acts with tools does more than suggest",
            "도구로 행동하는 에이전트는 제안 이상을 함",
        ),
    ),
    _Clash(
        "small_firm, revenue_usd",
        _rich_small_firm,
        Text("a small firm with over 500 million dollars of revenue", "매출이 5억 달러를 넘는 중소기업"),
    ),
    _Clash(
        "small_firm, firm_size",
        _size_twice,
        Text("the size of the firm is given twice and differs", "기업 규모가 서로 다르게 적힘"),
    ),
    _Clash(
        "small_firm, start_up",
        _start_up_not_small,
        Text(
            "a start-up that is no small firm or start-up", "스타트업인데 중소기업·스타트업이 아니라고 적힘"
        ),
    ),
    _Clash(
        "applications",
        _model_in_use,
        Text(
            "a model as such is not an application; make a profile of each",
            "모델 자체는 응용이 아님. 각각의 프로필을 만들어야 함",
        ),
    ),
)


def read_profile(values: Mapping[str, object], facts: Facts) -> Profile:
    """The checked profile in plain values, as YAML or JSON give them.

    Raises ProfileMalformed, UnknownName (with the nearest right ids) or ProfileContradicts.
    """
    try:
        profile = msgspec.convert(dict(values), Profile)
    except msgspec.ValidationError as error:
        raise ProfileMalformed(why=misfit_of(error)) from error
    check_profile(profile, facts)
    return profile


def check_profile(profile: Profile, facts: Facts) -> None:
    """Raise UnknownName or ProfileContradicts unless the profile can be true."""
    for application in profile.applications or ():
        facts.application(application)
    for role in profile.roles or ():
        facts.role(role)
    for place in profile.countries or ():
        if place != "EU":
            facts.country(f"c.{place.partition('-')[0]}")
    if profile.party is not None:
        facts.party(profile.party)
    for clash in _CLASHES:
        if clash.holds(profile, facts):
            raise ProfileContradicts(place=clash.place, why=clash.why)


FIELDS: Mapping[str, Text] = MappingProxyType(
    {
        "applications": Text("kind of application", "응용의 종류"),
        "roles": Text("role", "역할"),
        "modalities": Text("modalities", "양식"),
        "countries": Text("countries", "국가"),
        "users": Text("users", "이용자"),
        "vulnerable_groups": Text("vulnerable groups", "취약계층"),
        "compute_flop": Text("training compute", "학습 연산량"),
        "revenue_usd": Text("revenue", "매출"),
        "autonomy": Text("autonomy", "자율성"),
        "high_impact": Text("material effect on people", "사람에 대한 중대한 영향"),
        "small_firm": Text("small firm or start-up", "중소기업·스타트업"),
        "firm_size": Text("size of the firm", "기업 규모"),
        "start_up": Text("start-up", "스타트업"),
        "placed_on": Text("first day on the market", "출시일"),
    }
)
"""The fields that decide anything, with their names for people."""
