"""Evidence of one kind for one target, kept so that the best piece on a day is found at once."""

from bisect import bisect_left, insort
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from haechi.answers.evidence import Evidence, utc_day
from haechi.answers.ladder import Assurance


class Best(NamedTuple):
    """The best piece on a shelf; a lower `rank` is better. expires: its last day, None without end."""

    rank: tuple[bool, int, int, bytes]
    evidence: Evidence
    expires: date | None

    @property
    def whole(self) -> bool:
        """Whether it was offered for the whole of the target."""
        return not self.rank[0]

    @property
    def assurance(self) -> Assurance:
        """How it was checked."""
        return Assurance(-self.rank[1])


# Youngest first, then by digest, so that the order never depends on who came first; then the day of issue.
# Days are ordinals here: comparing integers is what makes ten thousand pieces cheap.
_Entry = tuple[int, bytes, int, Evidence]
# Partly offered after wholly offered, then by falling assurance.
_Group = tuple[bool, int]


class Shelf:
    """Evidence of one kind for one target.

    Always true: pieces are grouped by (whole, assurance) and sorted within by youth and digest; what is
    found depends on what was put here and never on the order of putting. valid_days: None without end.
    """

    __slots__ = ("_groups", "_valid_days")

    def __init__(self, valid_days: int | None) -> None:
        self._valid_days = valid_days
        self._groups: dict[_Group, list[_Entry]] = {}

    def __bool__(self) -> bool:
        return bool(self._groups)

    def put(self, evidence: Evidence, assurance: Assurance, *, whole: bool) -> None:
        """Add a piece that is not here yet."""
        insort(self._groups.setdefault((not whole, -assurance), []), _entry(evidence), key=_order)

    def take(self, evidence: Evidence, assurance: Assurance, *, whole: bool) -> None:
        """Remove a piece that was put with the same words."""
        group = self._groups[not whole, -assurance]
        del group[bisect_left(group, _order(_entry(evidence)), key=_order)]
        if not group:
            del self._groups[not whole, -assurance]

    def best(self, day: date, within: int | None = None) -> Best | None:
        """The best live piece: offered wholly, then best checked, then youngest, then smallest digest.

        within: a tighter limit in days, where evidence is counted for another target that sets one.
        """
        valid_days = self._valid_days if within is None else _tighter(self._valid_days, within)
        today = day.toordinal()
        # No calendar has a day before 1, so without a limit nothing is too old.
        oldest = 0 if valid_days is None else today - valid_days
        for group in sorted(self._groups) if len(self._groups) > 1 else self._groups:
            for age, digest, issued, evidence in self._groups[group]:
                if -age < oldest:
                    break
                if issued <= today:
                    return Best((*group, age, digest), evidence, last_day(evidence.since, valid_days))
        return None

    def __iter__(self) -> Iterator[Evidence]:
        return (entry[3] for group in self._groups.values() for entry in group)


def last_day(since: date, valid_days: int | None) -> date | None:
    """The last day on which evidence serves; None without end.

    >>> last_day(date(2026, 8, 1), 180)
    datetime.date(2027, 1, 28)
    """
    if valid_days is None or since.toordinal() + valid_days > date.max.toordinal():
        return None
    return date.fromordinal(since.toordinal() + valid_days)


def serves_on(evidence: Evidence, valid_days: int | None, day: date) -> bool:
    """Whether evidence had been issued by `day` and has not run out."""
    last = last_day(evidence.since, valid_days)
    return utc_day(evidence.issued_at) <= day and (last is None or day <= last)


def _tighter(valid_days: int | None, within: int) -> int:
    return within if valid_days is None else min(valid_days, within)


def _entry(evidence: Evidence) -> _Entry:
    return (-evidence.since.toordinal(), evidence.digest, utc_day(evidence.issued_at).toordinal(), evidence)


def _order(entry: _Entry) -> tuple[int, bytes]:
    return entry[:2]
