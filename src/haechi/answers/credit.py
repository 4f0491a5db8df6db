"""From direct results to the answer of one target: what comes along the routes, and in which order."""

from collections.abc import Iterable

from haechi.answers.answer import Answer, Credit
from haechi.answers.bucket import Direct
from haechi.answers.carry import Hop
from haechi.answers.demand import Demand
from haechi.answers.evidence import Objection
from haechi.answers.ladder import State


def direct_credit(demand: Demand, direct: Direct) -> Credit:
    """The credit of evidence that was offered for the target itself."""
    return Credit(
        state=direct.state,
        assurance=direct.assurance,
        undisputed=direct.undisputed,
        source=demand.target,
        relations=(),
        evidence=direct.digests,
        expires=direct.expires,
        why=direct.why,
        lacks=direct.lacks,
        low=demand.low,
    )


def carried_credit(hop: Hop, start: Direct, demand: Demand, *, source_low: bool) -> Credit | None:
    """The credit that `start` gives along `hop` at the target of `demand`; None when it gives none.

    Full goes on as full where the route hands on full credit, else as partial. Partial goes on as partial
    over one direct relation, and only when a live piece is of a kind that the target asks for: otherwise
    nothing says that the part answered is the part shared. Claims go nowhere, nor does anything without a
    reason. start: judged within the target's own limit of days where it has one.
    """
    if start.state < State.PARTIAL or not hop.why:
        return None
    if start.state is State.PARTIAL and not (hop.direct and start.kinds & demand.proof_kinds):
        return None
    return Credit(
        state=State.FULL if hop.full and start.state is State.FULL else State.PARTIAL,
        assurance=start.assurance,
        undisputed=start.undisputed,
        source=hop.source,
        relations=hop.relations,
        evidence=start.digests,
        expires=start.expires,
        why=hop.why,
        lacks=(*hop.lacks, *start.lacks),
        low=hop.low or source_low or demand.low,
    )


def combined(demand: Demand, credits_: Iterable[Credit], disputes: Iterable[Objection]) -> Answer:
    """The answer of one target. Credits stand side by side and never add up to more than the best of them.

    Order: most answered, best checked, fewest relations, source, relation ids.
    """
    ranked = tuple(sorted(credits_, key=_rank))
    if not ranked:
        return nothing(demand)
    best = ranked[0]
    return Answer(
        target=demand.target,
        state=best.state,
        assurance=best.assurance,
        undisputed=best.undisputed,
        credits=ranked,
        lacks=best.lacks,
        disputes=tuple(sorted(_once(disputes), key=lambda said: (said.issuer, said.digest))),
        low=best.low,
    )


def nothing(demand: Demand) -> Answer:
    """The answer where there is no evidence: every kind asked for is lacking."""
    return Answer(
        target=demand.target,
        state=State.NONE,
        assurance=None,
        undisputed=None,
        credits=(),
        lacks=demand.unmet,
        disputes=(),
        low=demand.low,
    )


def _once(disputes: Iterable[Objection]) -> list[Objection]:
    return list({said.digest: said for said in disputes}.values())


def _rank(credit: Credit) -> tuple[int, int, int, str, tuple[str, ...]]:
    return (-credit.state, -credit.assurance, len(credit.relations), credit.source, credit.relations)
