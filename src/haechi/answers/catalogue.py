"""The facts asked in time: what the law says on a day, as we knew it on another.

BadInput
└── HistoryRefused    a dated entry that names nothing, or whose days are not in order
NotFound
└── NotKnownThen      no data version had been published by that day
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Self

from haechi.errors import BadInput, NotFound
from haechi.facts import Facts, Requirement, Transition, Was
from haechi.words import Lang, Text


class HistoryRefused(BadInput):
    """An entry of the history that cannot be used; facts: requirement, why."""

    code = "answers.history"
    what = Text("history of {requirement}: {why}", "{requirement}의 이력: {why}")
    hint = Text("correct the entry; nothing was loaded", "항목을 고치세요. 불러온 것은 없습니다")


class NotKnownThen(NotFound):
    """No data version had been published by that day; facts: what_is, name (the day)."""

    code = "answers.not-known-then"
    hint = Text("ask for a later day", "더 늦은 날짜를 지정하세요")


class LawStatus(StrEnum):
    """Whether a requirement applies on a day. NO_DATE: a bill, or a treaty that is not in force."""

    APPLIES = "applies"
    NOT_YET = "not_yet"
    NO_DATE = "no_date"


_STATUS: Mapping[LawStatus, Text] = {
    LawStatus.APPLIES: Text("applies since {effective}", "{effective}부터 적용 중"),
    LawStatus.NOT_YET: Text("not yet: applies from {effective}", "아직 아님: {effective}부터 적용"),
    LawStatus.NO_DATE: Text("no date: a bill or not in force", "날짜 없음: 법안이거나 발효 전"),
}
_SUPERSEDED = Text("the earlier date {was} was superseded", "이전 날짜 {was}은(는) 대체됨")
_FORESEEN = Text("later moved to {to}", "이후 {to}(으)로 변경됨")


@dataclass(frozen=True, slots=True, kw_only=True)
class LawOn:
    """One requirement as the law stood on `as_of`.

    effective: the date the law named on that day. superseded: earlier dates, oldest first. moved_to: the date
    that a later law put in place of `effective`, None when it still stands. low: an uncertain fact.
    """

    requirement: str
    as_of: date
    status: LawStatus
    effective: date | None
    superseded: tuple[Was, ...]
    moved_to: date | None
    transitions: tuple[Transition, ...]
    force: str
    low: bool

    @property
    def days_until(self) -> int | None:
        """Days until it applies; 0 or less when it does, None without a date."""
        return None if self.effective is None else (self.effective - self.as_of).days

    def say(self, lang: Lang) -> str:
        """The status in one line, with what it replaced and what replaced it."""
        parts = [_STATUS[self.status].say(lang, effective=self.effective)]
        parts += [_SUPERSEDED.say(lang, was=was.effective) for was in self.superseded]
        if self.moved_to is not None:
            parts.append(_FORESEEN.say(lang, to=self.moved_to))
        return "; ".join(parts)

    def as_dict(self) -> dict[str, object]:
        """JSON form."""
        return {
            "requirement": self.requirement,
            "as_of": self.as_of.isoformat(),
            "status": str(self.status),
            "effective": None if self.effective is None else self.effective.isoformat(),
            "superseded": [
                {"effective": was.effective.isoformat(), "source": was.src, "by": was.by}
                for was in self.superseded
            ],
            "moved_to": None if self.moved_to is None else self.moved_to.isoformat(),
            "force": self.force,
            "low": self.low,
        }


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One data version, asked by day.

    Always true: every date of every requirement names sources that it has, and what was superseded stood for
    a day or more. The checks of the facts hold the same; facts may also come from elsewhere.
    """

    facts: Facts

    @classmethod
    def of(cls, facts: Facts) -> Self:
        """The catalogue of one data version. Raises HistoryRefused; nothing is half-loaded."""
        for requirement in facts.requirements.values():
            for was in requirement.dates.superseded:
                _admit(facts, requirement, was)
            for later in requirement.dates.transitions:
                _known(facts, requirement, later.src)
        return cls(facts)

    @property
    def version(self) -> str:
        """SHA-256 of the compiled facts, in hex."""
        return self.facts.version

    def law_on(self, requirement: str, as_of: date) -> LawOn:
        """One requirement as the law stood on `as_of`. Raises UnknownName.

        A day on which an earlier date still stood is answered with that date; dates whose time is not known
        are only shown as superseded.
        """
        found = self.facts.requirement(requirement)
        entries = found.dates.superseded
        then = next((was for was in entries if was.stood_on(as_of)), None)
        effective = found.effective if then is None else then.effective
        earlier = entries if then is None else entries[: entries.index(then)]
        if effective is None or found.force == "proposed":
            status = LawStatus.NO_DATE
        else:
            status = LawStatus.APPLIES if effective <= as_of else LawStatus.NOT_YET
        return LawOn(
            requirement=found.id,
            as_of=as_of,
            status=status,
            effective=effective,
            superseded=earlier,
            moved_to=None if then is None else found.effective,
            transitions=found.dates.transitions,
            force=found.force,
            low=self.facts.is_low(found.id),
        )


class Editions:
    """Data versions by the day they were published: what we knew then. Always sorted by day."""

    def __init__(self, published: Iterable[tuple[date, Catalogue]]) -> None:
        self._published = sorted(published, key=lambda each: (each[0], each[1].version))

    def known_at(self, day: date) -> Catalogue:
        """The catalogue that was current at the end of `day`. Raises NotKnownThen."""
        at = bisect_right([published for published, _ in self._published], day)
        if at == 0:
            raise NotKnownThen(what_is=Text("data version", "자료 판"), name=day.isoformat())
        return self._published[at - 1][1]


def _admit(facts: Facts, requirement: Requirement, was: Was) -> None:
    for source in (was.src, was.by):
        _known(facts, requirement, source)
    if was.stood_from and was.stood_until and was.stood_until <= was.stood_from:
        raise HistoryRefused(requirement=requirement.id, why=f"stood until {was.stood_until} is too early")
    if was.effective == requirement.effective:
        raise HistoryRefused(requirement=requirement.id, why=f"{was.effective} is not superseded")


def _known(facts: Facts, requirement: Requirement, source: str) -> None:
    if source not in facts.sources:
        raise HistoryRefused(requirement=requirement.id, why=f"no such source: {source}")
