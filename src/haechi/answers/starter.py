"""The starter path of a small firm: each duty in two sentences, and what is made easier for firms like it.

A relief whose size of firm was not said stays unknown; it is never left out and never promised.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from haechi.answers.applies import Applies, Duty, where
from haechi.answers.profile import Profile
from haechi.facts import Facts, Firm, Relief, Requirement
from haechi.words import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Help:
    """One relief for one application.

    applies: whether the firm is one of those it is for. usable: whether it could be used on the day. eases:
    the duties among those found that become easier; empty for help with none in particular. low: uncertain.
    """

    relief: Relief
    applies: Applies
    usable: bool
    eases: tuple[str, ...]
    low: bool

    def as_dict(self) -> dict[str, object]:
        """JSON form."""
        return {
            "relief": self.relief.id,
            "regime": self.relief.regime,
            "article": self.relief.article,
            "kind": self.relief.kind,
            "en": self.relief.says,
            "ko": self.relief.says_ko,
            "applies": str(self.applies),
            "effective": self.relief.effective.isoformat(),
            "usable": self.usable,
            "eases": list(self.eases),
            "low": self.low,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One duty of the path. sentences: what it asks; since when, and what can serve as evidence."""

    duty: Duty
    sentences: tuple[Text, Text]
    helps: tuple[Help, ...]

    def as_dict(self) -> dict[str, object]:
        """JSON form."""
        return {
            "requirement": self.duty.requirement,
            "applies": str(self.duty.applies),
            "sentences": [{"en": each.en, "ko": each.ko} for each in self.sentences],
            "reliefs": [each.relief.id for each in self.helps],
            "low": self.duty.low,
        }


@dataclass(frozen=True, slots=True)
class Path:
    """What a small firm should look at first. steps: the most binding and earliest first."""

    steps: tuple[Step, ...]
    helps: tuple[Help, ...]

    def as_dict(self) -> dict[str, object]:
        """JSON form."""
        return {
            "steps": [each.as_dict() for each in self.steps],
            "reliefs": [each.as_dict() for each in self.helps],
        }


_FORCES = ("must", "effort", "should", "may", "proposed")


def starter(profile: Profile, found: Sequence[Duty], facts: Facts, day: date) -> Path:
    """The path: duties that apply or may apply, and every relief of the regimes concerned.

    Duties come in the order of their force, then those that apply before those that may, then by date. Mere
    recommendations and bills are left to the full list.
    """
    kept = [each for each in found if each.applies is not Applies.NO and each.force in ("must", "effort")]
    kept.sort(key=_urgency)
    helps = tuple(reliefs(profile, kept, facts, day))
    steps = tuple(
        Step(
            duty=each,
            sentences=sentences(facts.requirement(each.requirement), each, facts),
            helps=tuple(one for one in helps if each.requirement in one.eases),
        )
        for each in kept
    )
    return Path(steps, helps)


def _urgency(duty: Duty) -> tuple[int, bool, date, str]:
    unsure = duty.applies is Applies.UNKNOWN
    return (_FORCES.index(duty.force), unsure, duty.effective or date.max, duty.requirement)


def reliefs(profile: Profile, found: Iterable[Duty], facts: Facts, day: date) -> list[Help]:
    """Every relief that is or may be open to the firm, in the order of the facts."""
    duties = {each.requirement for each in found}
    helps: list[Help] = []
    for relief in facts.reliefs.values():
        here = where(profile, facts, facts.regime(relief.regime))
        applies = _least(here, _for_firm(profile, relief.firms))
        eases = tuple(id_ for id_ in relief.requirements if id_ in duties)
        # A relief from duties that surely do not apply would only be noise.
        if applies is Applies.NO or (relief.requirements and not eases):
            continue
        helps.append(
            Help(
                relief=relief,
                applies=applies,
                usable=relief.effective <= day,
                eases=eases,
                low=facts.is_low(relief.id),
            )
        )
    return helps


def _least(first: Applies, second: Applies) -> Applies:
    if Applies.NO in (first, second):
        return Applies.NO
    return Applies.UNKNOWN if Applies.UNKNOWN in (first, second) else Applies.YES


def _for_firm(profile: Profile, firms: tuple[Firm, ...]) -> Applies:
    """Whether the firm is one of `firms`: yes when it surely is one, no when it surely is none."""
    if not firms:
        return Applies.YES
    # "Small firm or start-up" is enough wherever both are meant, without knowing which of the two.
    if profile.small_firm and {"sme", "start_up"} <= set(firms):
        return Applies.YES
    known = [_is(profile, firm) for firm in firms]
    if any(known):
        return Applies.YES
    return Applies.UNKNOWN if None in known else Applies.NO


def _is(profile: Profile, firm: Firm) -> bool | None:
    size = profile.firm_size
    if profile.small_firm is False and firm != "small_mid_cap":
        return False
    match firm:
        case "start_up":
            return profile.start_up
        case "sme":
            return None if size is None else size in ("micro", "sme")
        case "micro" | "small_mid_cap":
            return None if size is None else size == firm


def sentences(requirement: Requirement, duty: Duty, facts: Facts) -> tuple[Text, Text]:
    """Two sentences about one duty: what is asked; how strongly, since when, and what can serve as evidence.

    The first is the facts' own.
    """
    regime = facts.regime(requirement.regime).label
    kinds = [facts.evidence_kind(kind).label for kind in requirement.evidence]
    what = Text(
        f"{regime.en}, {requirement.article}: {_first(requirement.says)}",
        f"{regime.ko} {requirement.article}: {_first(requirement.says_ko)}",
    )
    since, serve = _since(duty), (_list(kinds, "en"), _list(kinds, "ko"))
    return what, Text(
        f"{since.en}; can serve as evidence: {serve[0]}.",
        f"{since.ko}; 증거가 될 수 있는 것: {serve[1]}.",
    )


def _first(said: str) -> str:
    """The first sentence; an abbreviation such as "Art. 5" does not end one."""
    return (
        re.split(r"(?<=[a-z0-9)][.;])\s+(?=[A-Z])|(?<=[가-힣]\.)\s+", said, maxsplit=1)[0].rstrip(";.") + "."
    )


def _list(labels: Sequence[Text], lang: str) -> str:
    return ", ".join(label.ko if lang == "ko" else label.en for label in labels)


_SINCE: Mapping[str, Text] = MappingProxyType(
    {
        "must": Text("It is a duty", "의무입니다"),
        "effort": Text("It is a duty to try", "노력 의무입니다"),
    }
)


def _since(duty: Duty) -> Text:
    word = _SINCE[duty.force]
    if duty.effective is None:
        return Text(f"{word.en}, but no date is set", f"{word.ko}(날짜 미정)")
    day = duty.effective.isoformat()
    if str(duty.status) == "applies":
        return Text(f"{word.en} since {day}", f"{day}부터 적용되는 {word.ko}")
    return Text(f"{word.en} from {day} on, not yet", f"{day}부터 적용될 {word.ko}(아직 아님)")
