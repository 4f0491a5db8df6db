"""Which requirements apply to an application: yes, no or unknown, since when, and why.

Three-valued: a requirement applies when all its conditions hold; it does not when one surely fails; anything
else is unknown and names the fields that would decide it. Nothing unknown is ever shown as "does not apply".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from haechi.answers.catalogue import Catalogue, LawOn, LawStatus
from haechi.answers.note import Note, note
from haechi.answers.profile import FIELDS, Profile
from haechi.facts import Facts, Regime, Requirement, RiskClass
from haechi.words import Text


class Applies(StrEnum):
    """Three answers, not two."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


# Regimes of no single country bind or advise whoever takes them up.
_EVERYWHERE = "INT"

_WORDS: Mapping[str, Text] = MappingProxyType(
    {
        "place.in": Text("offered or used in {what}", "{what}에서 제공되거나 쓰임"),
        "place.out": Text("not offered or used in {what}", "{what}에서 제공되거나 쓰이지 않음"),
        "place.any": Text("not bound to a country", "특정 국가에 한정되지 않음"),
        "role.in": Text("addresses the role: {what}", "대상 역할: {what}"),
        "role.out": Text("addresses other roles: {what}", "다른 역할이 대상임: {what}"),
        "role.any": Text("addresses anybody", "누구나 대상임"),
        "use.in": Text("covers the use: {what}", "해당 응용: {what}"),
        "use.out": Text("covers other uses: {what}", "다른 응용이 대상임: {what}"),
        "use.any": Text("covers any use", "모든 응용이 대상임"),
        "tier.any": Text("for any level of risk", "모든 위험 수준이 대상임"),
        "tier.class": Text("falls into the class: {what}", "해당 위험 분류: {what}"),
        "tier.out": Text("in no class of this regime", "이 제도의 어떤 분류에도 들지 않음"),
        "tier.below": Text("below the threshold of: {what}", "기준 미만: {what}"),
        "tier.more": Text("the class has further conditions: {what}", "분류에 추가 조건이 있음: {what}"),
        "tier.unclear": Text(
            "the facts do not say how this level is drawn", "이 수준을 정하는 기준이 사실에 없음"
        ),
        "large.in": Text("yearly revenue above {what}", "연 매출 {what} 초과"),
        "large.out": Text(
            "for large developers only, above {what} of yearly revenue", "연 매출 {what} 초과 개발자만 대상임"
        ),
        "unknown": Text("not known yet: {what}", "아직 모름: {what}"),
    }
)


@dataclass(frozen=True, slots=True)
class Reason:
    """One condition: its outcome, why, and the profile fields that would decide it while it is unknown."""

    outcome: Applies
    why: Note
    ask: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """One requirement for one application.

    effective: from when for this application, which may be later than for others; None without a date.
    force: must, effort, should, may or proposed.
    """

    requirement: str
    applies: Applies
    force: str
    status: LawStatus
    effective: date | None
    reasons: tuple[Reason, ...]
    law: LawOn
    low: bool

    @property
    def ask(self) -> tuple[str, ...]:
        """The profile fields that would decide it, each once; empty when it is decided."""
        if self.applies is not Applies.UNKNOWN:
            return ()
        return tuple(dict.fromkeys(field for reason in self.reasons for field in reason.ask))

    def as_dict(self) -> dict[str, object]:
        """JSON form."""
        return {
            "requirement": self.requirement,
            "applies": str(self.applies),
            "force": self.force,
            "status": str(self.status),
            "effective": None if self.effective is None else self.effective.isoformat(),
            "why": [{"outcome": str(reason.outcome), **reason.why.as_dict()} for reason in self.reasons],
            "ask": list(self.ask),
            "law": self.law.as_dict(),
            "low": self.low,
        }


def duties(profile: Profile, catalogue: Catalogue, as_of: date) -> tuple[Duty, ...]:
    """Every requirement with whether, how strongly and since when it applies, in the order of the facts."""
    return tuple(_duty(profile, catalogue, found, as_of) for found in catalogue.facts.requirements.values())


def _duty(profile: Profile, catalogue: Catalogue, requirement: Requirement, as_of: date) -> Duty:
    facts = catalogue.facts
    law = catalogue.law_on(requirement.id, as_of)
    tier, classes = _tier(profile, facts, requirement)
    reasons = (
        _place(profile, facts, facts.regime(requirement.regime)),
        _role(profile, facts, requirement),
        _use(profile, facts, requirement),
        tier,
    )
    effective = _effective(profile, law, classes)
    status = law.status
    if status is not LawStatus.NO_DATE and effective is not None:
        status = LawStatus.APPLIES if effective <= as_of else LawStatus.NOT_YET
    return Duty(
        requirement=requirement.id,
        applies=_all(reason.outcome for reason in reasons),
        force=requirement.force,
        status=status,
        effective=effective,
        reasons=reasons,
        law=law,
        low=law.low or any(facts.is_low(each.id) for each in classes),
    )


def _all(outcomes: Iterable[Applies]) -> Applies:
    found = set(outcomes)
    if Applies.NO in found:
        return Applies.NO
    return Applies.UNKNOWN if Applies.UNKNOWN in found else Applies.YES


def _effective(profile: Profile, law: LawOn, classes: tuple[RiskClass, ...]) -> date | None:
    if law.effective is None:
        return None
    days = [law.effective]
    # A class may start later than the requirement (EU Annex I); with several classes the earliest counts.
    if classes and law.moved_to is None:
        days.append(min(each.effective for each in classes))
    if profile.placed_on is not None:
        days += [each.effective for each in law.transitions if profile.placed_on < each.placed_before]
    return max(days)


def _reason(
    outcome: Applies, word: str, ref: str, what: Text | None = None, ask: tuple[str, ...] = ()
) -> Reason:
    said = _WORDS[word]
    if what is not None:
        said = Text(said.say("en", what=what.en), said.say("ko", what=what.ko))
    return Reason(outcome, note(f"applies.{word}", ref, said), ask)


def _unknown(ref: str, *fields: str) -> Reason:
    what = Text(
        ", ".join(FIELDS[field].en for field in fields), ", ".join(FIELDS[field].ko for field in fields)
    )
    return _reason(Applies.UNKNOWN, "unknown", ref, what, fields)


def _joined(labels: Iterable[Text]) -> Text:
    kept = list(labels)
    return Text(", ".join(label.en for label in kept), ", ".join(label.ko for label in kept))


def where(profile: Profile, facts: Facts, regime: Regime) -> Applies:
    """Whether a regime reaches the countries of the profile; unknown while too little was named."""
    return _place(profile, facts, regime).outcome


def _place(profile: Profile, facts: Facts, regime: Regime) -> Reason:
    if regime.jurisdiction == _EVERYWHERE:
        return _reason(Applies.YES, "place.any", regime.id)
    places = profile.places(facts)
    if places is None:
        return _unknown(regime.id, "countries")
    if regime.jurisdiction in places:
        return _reason(Applies.YES, "place.in", regime.id, regime.label)
    country, _, part = regime.jurisdiction.partition("-")
    # "US" without a state says nothing about the law of a state.
    if part and country in places and not any(place.startswith(f"{country}-") for place in places):
        return _unknown(regime.id, "countries")
    return _reason(Applies.NO, "place.out", regime.id, regime.label)


def _role(profile: Profile, facts: Facts, requirement: Requirement) -> Reason:
    asked = requirement.applies_to.roles
    if "anyone" in asked:
        return _reason(Applies.YES, "role.any", requirement.id)
    if profile.roles is None:
        return _unknown(requirement.id, "roles")
    shared = [role for role in asked if role in profile.roles]
    outcome = Applies.YES if shared else Applies.NO
    return _reason(
        outcome,
        "role.in" if shared else "role.out",
        requirement.id,
        _joined(facts.role(r).label for r in shared or asked),
    )


def _use(profile: Profile, facts: Facts, requirement: Requirement) -> Reason:
    asked = requirement.applies_to.applications
    if "app.any" in asked:
        return _reason(Applies.YES, "use.any", requirement.id)
    if profile.applications is None:
        return _unknown(requirement.id, "applications")
    shared = [use for use in asked if use in profile.applications]
    outcome = Applies.YES if shared else Applies.NO
    return _reason(
        outcome,
        "use.in" if shared else "use.out",
        requirement.id,
        _joined(facts.application(a).label for a in shared or asked),
    )


def _tier(profile: Profile, facts: Facts, requirement: Requirement) -> tuple[Reason, tuple[RiskClass, ...]]:
    """The tier's reason, and the classes through which it is reached."""
    tiers = set(requirement.applies_to.tiers)
    # What a regime forbids or wants to be seen is drawn by use and role, which are conditions of their own.
    if tiers & {"any", "minimal", "transparency", "prohibited"}:
        return _reason(Applies.YES, "tier.any", requirement.id), ()
    classes = [each for each in facts.risk_classes.values() if each.regime == requirement.regime]
    compute = [each for each in classes if each.threshold is not None]
    if "frontier" in tiers:
        return _by_compute(profile, requirement, compute)
    return _by_use(profile, requirement, [each for each in classes if each.threshold is None])


def _by_compute(
    profile: Profile, requirement: Requirement, classes: list[RiskClass]
) -> tuple[Reason, tuple[RiskClass, ...]]:
    if not classes:
        return _reason(Applies.UNKNOWN, "tier.unclear", requirement.id), ()
    if profile.compute_flop is None:
        return _unknown(requirement.id, "compute_flop"), ()
    flop = profile.compute_flop
    reached = tuple(each for each in classes if each.threshold and each.threshold.reached(flop))
    if not reached:
        return _reason(Applies.NO, "tier.below", requirement.id, _joined(each.label for each in classes)), ()
    label = _joined(each.label for each in reached)
    if all(each.needs_effect for each in reached) and profile.high_impact is not True:
        return _reason(Applies.UNKNOWN, "tier.more", requirement.id, label, ("high_impact",)), reached
    if requirement.large_only:
        return _by_revenue(profile, requirement, reached), reached
    return _reason(Applies.YES, "tier.class", reached[0].id, label), reached


def _by_revenue(profile: Profile, requirement: Requirement, reached: tuple[RiskClass, ...]) -> Reason:
    """Duties of large developers only: decided by the yearly revenue that the class names."""
    lines = [
        each.threshold.revenue_usd_above
        for each in reached
        if each.threshold is not None and each.threshold.revenue_usd_above is not None
    ]
    if not lines:
        return _reason(Applies.UNKNOWN, "tier.unclear", requirement.id)
    if profile.revenue_usd is None:
        return _unknown(requirement.id, "revenue_usd")
    shown = Text(f"USD {min(lines):,}", f"{min(lines):,}달러")
    large = profile.revenue_usd > min(lines)
    return _reason(
        Applies.YES if large else Applies.NO,
        "large.in" if large else "large.out",
        reached[0].id,
        shown,
    )


def _by_use(
    profile: Profile, requirement: Requirement, classes: list[RiskClass]
) -> tuple[Reason, tuple[RiskClass, ...]]:
    if not classes:
        return _reason(Applies.UNKNOWN, "tier.unclear", requirement.id), ()
    if profile.applications is None:
        return _unknown(requirement.id, "applications"), ()
    named = tuple(each for each in classes if set(each.applications) & set(profile.applications))
    open_ended = [each for each in classes if "app.any" in each.applications]
    if not named:
        return _by_open_class(profile, requirement, open_ended), ()
    label = _joined(each.label for each in named)
    if any(each.needs_effect for each in named):
        if profile.high_impact is None:
            return _reason(Applies.UNKNOWN, "tier.more", requirement.id, label, ("high_impact",)), named
        if not profile.high_impact:
            return _reason(Applies.NO, "tier.more", requirement.id, label), ()
    return _reason(Applies.YES, "tier.class", named[0].id, label), named


def _by_open_class(profile: Profile, requirement: Requirement, classes: list[RiskClass]) -> Reason:
    """No class names the use; one may still be open to further uses that a decree sets."""
    if not classes:
        return _reason(Applies.NO, "tier.out", requirement.id)
    label = _joined(each.label for each in classes)
    if all(each.needs_effect for each in classes):
        if profile.high_impact is None:
            return _reason(Applies.UNKNOWN, "tier.more", requirement.id, label, ("high_impact",))
        if not profile.high_impact:
            return _reason(Applies.NO, "tier.more", requirement.id, label)
    return _reason(Applies.UNKNOWN, "tier.more", requirement.id, label)
