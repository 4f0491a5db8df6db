"""All evidence offered for one target by one subject, and what it amounts to on a day."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import msgspec

from haechi.answers.demand import Asked, Demand
from haechi.answers.evidence import Evidence
from haechi.answers.ladder import Assurance, State
from haechi.answers.note import Note
from haechi.answers.shelf import Best, Shelf


class Bucket:
    """Live evidence of one subject for one target, a shelf a kind; disputed: digests that are contested."""

    __slots__ = ("disputed", "shelves")

    def __init__(self) -> None:
        self.shelves: dict[str, Shelf] = {}
        self.disputed: dict[bytes, Evidence] = {}

    def __bool__(self) -> bool:
        return bool(self.shelves)

    def put(self, evidence: Evidence, assurance: Assurance, valid_days: int | None, *, whole: bool) -> None:
        """Add a piece that is not here yet. valid_days: how long its kind serves at this target."""
        kind = shelf_kind(evidence)
        shelf = self.shelves.get(kind)
        if shelf is None:
            shelf = self.shelves[kind] = Shelf(valid_days)
        shelf.put(evidence, assurance, whole=whole)

    def take(self, evidence: Evidence, assurance: Assurance, *, whole: bool) -> None:
        """Remove a piece that was put with the same words."""
        kind = shelf_kind(evidence)
        self.shelves[kind].take(evidence, assurance, whole=whole)
        if not self.shelves[kind]:
            del self.shelves[kind]


class Direct(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the evidence offered for a target itself amounts to. used: the pieces counted, best of each kind.

    kinds: all live kinds that serve as more than a report, counted or not.
    """

    state: State
    assurance: Assurance
    undisputed: Assurance
    used: tuple[Evidence, ...]
    kinds: frozenset[str]
    expires: date | None
    why: tuple[Note, ...]
    lacks: tuple[Note, ...]

    @property
    def digests(self) -> tuple[bytes, ...]:
        """The digests counted, each once, in the order of the kinds asked for."""
        return tuple(dict.fromkeys(piece.digest for piece in self.used))


def shelf_kind(evidence: Evidence) -> str:
    """The shelf that the evidence stands on. Withheld content has one of its own, which serves as no kind."""
    return f"~{evidence.kind}" if evidence.withheld else evidence.kind


def judge(
    demand: Demand,
    buckets: Sequence[Bucket],
    day: date,
    bases: Mapping[bytes, Assurance],
    within: int | None = None,
) -> Direct | None:
    """What the evidence in `buckets` amounts to on `day`; None when nothing is live.

    FULL: every kind asked for is there, wholly offered, and one of them is more than a report. PARTIAL: some
    kind that is more than a report is there. CLAIMED: anything else that is live. bases: what the assurance
    of disputed pieces would be without the disputes. within: a tighter limit in days than the demand's own.
    """
    live = _live(buckets, day, within)
    found = [(asked, _first(live, asked.served_by)) for asked in demand.asked]
    have = [(asked, best) for asked, best in found if best is not None]
    if not any(asked.proof for asked, _ in have):
        return _claim(demand, live, bases)
    full = all(best is not None and best.whole for _, best in found)
    # A report beside partial evidence adds words, not evidence: it must not lower what was shown.
    counted = have if full else [(asked, best) for asked, best in have if asked.proof]
    return Direct(
        state=State.FULL if full else State.PARTIAL,
        assurance=min(best.assurance for _, best in counted),
        undisputed=min(_base(best, bases) for _, best in counted),
        used=tuple(best.evidence for _, best in counted),
        kinds=frozenset(kind for kind in live if kind in demand.proof_kinds),
        expires=_earliest([best for _, best in counted]),
        why=tuple(asked.offered for asked, _ in counted),
        lacks=tuple(_lack(asked, best) for asked, best in found if best is None or not best.whole),
    )


def _lack(asked: Asked, best: Best | None) -> Note:
    return asked.missing if best is None else asked.part


def _base(best: Best, bases: Mapping[bytes, Assurance]) -> Assurance:
    return bases.get(best.evidence.digest, best.assurance)


def _claim(demand: Demand, live: Mapping[str, Best], bases: Mapping[bytes, Assurance]) -> Direct | None:
    best = _first(live, live)
    if best is None:
        return None
    return Direct(
        state=State.CLAIMED,
        assurance=best.assurance,
        undisputed=_base(best, bases),
        used=(best.evidence,),
        kinds=frozenset(),
        expires=best.expires,
        why=(demand.claimed,),
        lacks=demand.unmet,
    )


def _live(buckets: Sequence[Bucket], day: date, within: int | None) -> dict[str, Best]:
    """The best live piece of every kind that has one."""
    live: dict[str, Best] = {}
    for bucket in buckets:
        for kind, shelf in bucket.shelves.items():
            best = shelf.best(day, within)
            if best is not None and (kind not in live or best.rank < live[kind].rank):
                live[kind] = best
    return live


def _first(live: Mapping[str, Best], kinds: Iterable[str]) -> Best | None:
    return min((live[kind] for kind in kinds if kind in live), key=lambda best: best.rank, default=None)


def _earliest(pieces: Sequence[Best]) -> date | None:
    return min((piece.expires for piece in pieces if piece.expires is not None), default=None)
