"""The incremental engine: items in and out, answers of any subject on any day.

The same answers follow from the items alone (docs/reference/answers.md); the engine only avoids working
them out again.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from haechi.answers.answer import Answer
from haechi.answers.bucket import Bucket, Direct, judge
from haechi.answers.carry import Routes
from haechi.answers.credit import carried_credit, combined, direct_credit, nothing
from haechi.answers.demand import Demands
from haechi.answers.evidence import Evidence, Item, Objection, utc_day
from haechi.answers.ladder import Assurance
from haechi.answers.shelf import serves_on
from haechi.answers.standing import Ledger
from haechi.facts import Facts

SCHEMA = "haechi.answers/1"
_MAX_VIEWS = 256


class Scope(NamedTuple):
    """Whose evidence counts: that of the subject, and of what it is part of (its provider, its models)."""

    subject: str
    part_of: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All names whose evidence is pooled, each once."""
        return tuple(dict.fromkeys((self.subject, *self.part_of)))


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers of one scope on one day, by requirement and commitment, with the data version used."""

    data_version: str
    scope: Scope
    day: date
    by_target: Mapping[str, Answer]

    def as_dict(self) -> dict[str, object]:
        """JSON form, without the targets for which there is no evidence."""
        return {
            "schema": SCHEMA,
            "data_version": self.data_version,
            "subject": self.scope.subject,
            "part_of": list(self.scope.part_of),
            "as_of": self.day.isoformat(),
            "answers": [
                {**answer.as_dict(), "days_left": answer.days_left(self.day)}
                for _, answer in sorted(self.by_target.items())
                if answer.credits
            ],
        }

    def to_json(self) -> bytes:
        """The one JSON encoding: UTF-8, no spaces, keys and answers sorted. Equal answers, equal bytes."""
        return msgspec.json.encode(self.as_dict(), order="sorted")


def _of(item: Item, names: set[str]) -> bool:
    return isinstance(item, Evidence) and item.subject in names


class _View:
    """The answers of one scope on one day, as far as they are worked out."""

    __slots__ = ("answers", "contested", "day", "directs", "names", "stale")

    def __init__(self, scope: Scope, day: date, answers: dict[str, Answer]) -> None:
        self.names = scope.names
        self.day = day
        self.answers = answers
        self.directs: dict[str, Direct] = {}
        self.contested: dict[str, list[Objection]] = {}
        self.stale: set[str] = set()


class Engine:
    """Counts evidence for every requirement and commitment.

    Always true: the answers depend on the set of items that are in, on the facts and on the day, and on
    nothing else; taking an item out again gives back exactly the answers there were without it.
    checkers: the parties whose confirmations and disputes count for assurance, by issuer name.
    """

    def __init__(self, facts: Facts, checkers: Iterable[str] = ()) -> None:
        """Raises RelationRefused when the facts hold a relation that may carry nothing."""
        self.facts = facts
        self._demands = Demands.of(facts)
        self._routes = Routes.of(facts)
        self._nothing = {target: nothing(demand) for target, demand in self._demands.by_target.items()}
        self._ledger = Ledger(frozenset(checkers))
        self._buckets: dict[str, dict[str, Bucket]] = {}
        self._shelved: dict[bytes, Assurance] = {}
        self._bases: dict[bytes, Assurance] = {}
        self._views: OrderedDict[Scope, _View] = OrderedDict()

    def __len__(self) -> int:
        return len(self._ledger)

    def __contains__(self, digest: object) -> bool:
        return digest in self._ledger.items

    def put(self, item: Item) -> None:
        """Add an item, or replace the one with its digest (the same statement, seen by more since)."""
        self.remove(item.digest)
        self._ledger.put(item)
        self._refresh(item)

    def remove(self, digest: bytes) -> None:
        """Take an item out; nothing happens when it is not in."""
        item = self._ledger.items.get(digest)
        if item is None:
            return
        about = self._ledger.touched_by(item)
        self._ledger.take(digest)
        if isinstance(item, Evidence):
            self._unshelve(item)
        elif about is not None:
            self._refresh(about)

    def answers(self, scope: Scope | str, day: date) -> Answers:
        """The answers of one subject as of `day`, one for every requirement and commitment of the facts."""
        asked = Scope(scope) if isinstance(scope, str) else scope
        view = self._view(asked, day)
        return Answers(self.facts.version, asked, day, MappingProxyType(dict(view.answers)))

    def answer(self, scope: Scope | str, target: str, day: date) -> Answer:
        """The answer for one requirement or commitment. Raises UnknownName for a target not in the facts."""
        if target not in self._nothing:
            self.facts.requirement(target)
        return self._view(Scope(scope) if isinstance(scope, str) else scope, day).answers[target]

    def latest(self, subject: str, target: str, kind: str, day: date) -> Evidence | None:
        """The youngest standing evidence of exactly this kind that had been issued by `day`; None for none.

        It is found even after it ran out: "last reported in 2024" is worth showing.
        """
        bucket = self._buckets.get(subject, {}).get(target)
        shelf = None if bucket is None else bucket.shelves.get(kind)
        issued = [piece for piece in shelf or () if utc_day(piece.issued_at) <= day]
        return max(issued, key=lambda piece: (piece.since, piece.issued_at, piece.digest), default=None)

    def pieces(self, answers: Answers) -> dict[bytes, Evidence]:
        """Every piece of evidence that these answers rest on, by digest; they must be of this engine."""
        used = {
            digest
            for answer in answers.by_target.values()
            for credit in answer.credits
            for digest in credit.evidence
        }
        held = ((digest, self._ledger.items[digest]) for digest in sorted(used))
        return {digest: item for digest, item in held if isinstance(item, Evidence)}

    def items(self, scope: Scope | str) -> tuple[Item, ...]:
        """All evidence of a scope and everything said about it, standing or not, by digest.

        With the facts and the checkers it is all that the answers of the scope depend on.
        """
        names = {scope} if isinstance(scope, str) else set(scope.names)
        held = [each for each in self._ledger.items.values() if _of(each, names)]
        found = {item.digest: item for item in held}
        for each in held:
            found |= {said.digest: said for said in self._ledger.about(each.digest)}
        return tuple(found[digest] for digest in sorted(found))

    @property
    def checkers(self) -> frozenset[str]:
        """The parties whose confirmations and disputes count for assurance."""
        return self._ledger.checkers

    def subjects(self) -> tuple[str, ...]:
        """Every subject about which evidence stands, sorted."""
        return tuple(sorted(self._buckets))

    def _view(self, scope: Scope, day: date) -> _View:
        view = self._views.get(scope)
        if view is None or view.day != day:
            view = self._views[scope] = _View(scope, day, dict(self._nothing))
            view.stale = {target for name in scope.names for target in self._buckets.get(name, ())}
            if len(self._views) > _MAX_VIEWS:
                self._views.popitem(last=False)
        self._views.move_to_end(scope)
        if view.stale:
            self._work_out(view)
        return view

    def _work_out(self, view: _View) -> None:
        ends = set(view.stale)
        for target in view.stale:
            direct = self._judged(view, target)
            if direct is None:
                view.directs.pop(target, None)
            else:
                view.directs[target] = direct
            view.contested[target] = list(self._disputes(view, target))
            ends.update(hop.target for hop in self._routes.onward.get(target, ()))
        view.stale = set()
        for end in ends:
            view.answers[end] = self._answer(view, end)

    def _judged(self, view: _View, target: str, within: int | None = None) -> Direct | None:
        buckets = self._buckets_of(view.names, target)
        return judge(self._demands.by_target[target], buckets, view.day, self._bases, within)

    def _answer(self, view: _View, target: str) -> Answer:
        demand = self._demands.by_target[target]
        own = view.directs.get(target)
        credits_ = [] if own is None else [direct_credit(demand, own)]
        sources = [target]
        for hop in self._routes.into.get(target, ()):
            start = view.directs.get(hop.source)
            if start is not None and demand.valid_days is not None:
                start = self._judged(view, hop.source, demand.valid_days)
            if start is None:
                continue
            low = self._demands.by_target[hop.source].low
            credit = carried_credit(hop, start, demand, source_low=low)
            if credit is not None:
                credits_.append(credit)
                sources.append(hop.source)
        if not credits_:
            return self._nothing[target]
        disputes = [said for source in sources for said in view.contested.get(source, ())]
        return combined(demand, credits_, disputes)

    def _disputes(self, view: _View, target: str) -> Iterator[Objection]:
        for bucket in self._buckets_of(view.names, target):
            for piece in bucket.disputed.values():
                if serves_on(piece, self._demands.days(target, piece.kind), view.day):
                    yield from self._ledger.disputes(piece)

    def _buckets_of(self, names: Iterable[str], target: str) -> list[Bucket]:
        held = (self._buckets[name].get(target) for name in names if name in self._buckets)
        return [bucket for bucket in held if bucket is not None]

    def _refresh(self, item: Item) -> None:
        evidence = self._ledger.touched_by(item)
        if evidence is None:
            return
        self._unshelve(evidence)
        if self._ledger.stands(evidence):
            self._shelve(evidence)

    def _shelve(self, evidence: Evidence) -> None:
        level = self._ledger.level(evidence)
        disputed = bool(self._ledger.disputes(evidence))
        self._shelved[evidence.digest] = level
        if disputed:
            self._bases[evidence.digest] = self._ledger.base(evidence)
        for target, whole in self._offers(evidence).items():
            bucket = self._buckets.setdefault(evidence.subject, {}).setdefault(target, Bucket())
            bucket.put(evidence, level, self._demands.days(target, evidence.kind), whole=whole)
            if disputed:
                bucket.disputed[evidence.digest] = evidence
            self._touch(evidence.subject, target)

    def _unshelve(self, evidence: Evidence) -> None:
        level = self._shelved.pop(evidence.digest, None)
        if level is None:
            return
        self._bases.pop(evidence.digest, None)
        targets = self._buckets.get(evidence.subject, {})
        for target, whole in self._offers(evidence).items():
            bucket = targets[target]
            bucket.take(evidence, level, whole=whole)
            bucket.disputed.pop(evidence.digest, None)
            if not bucket:
                del targets[target]
            self._touch(evidence.subject, target)
        if not targets:
            self._buckets.pop(evidence.subject, None)

    def _offers(self, evidence: Evidence) -> dict[str, bool]:
        """Target to "offered as a whole"; what this data version does not know is left out."""
        offers: dict[str, bool] = {}
        for target, whole in evidence.offers:
            if target in self._nothing:
                offers[target] = offers.get(target, False) or whole
        return offers

    def _touch(self, subject: str, target: str) -> None:
        for view in self._views.values():
            if subject in view.names:
                view.stale.add(target)
