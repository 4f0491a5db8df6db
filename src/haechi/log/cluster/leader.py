"""The sequencer's half of a shared log: parcels in, one transaction, answers out."""

from collections.abc import Sequence
from dataclasses import dataclass

from haechi.log.cluster.parcel import (
    OUTDATED,
    REFUSED,
    Carried,
    ParcelMalformed,
    decode_parcel,
    encode_answer,
)
from haechi.log.cluster.store import Change, PgStore
from haechi.log.store import Entry, Terms

MAX_BATCH = 1024
_PARCELS_AT_ONCE = 16
_TOLD = (
    "UPDATE told SET upto = %s WHERE EXISTS (SELECT 1 FROM moved)"
    " AND (number, front) IN (SELECT * FROM unnest(%b::bigint[], %b::text[]))"
)
_TAKEN = (
    "DELETE FROM parcel WHERE EXISTS (SELECT 1 FROM moved)"
    " AND (number, front) IN (SELECT * FROM unnest(%b::bigint[], %b::text[]))"
)
_ANSWERED = (
    "INSERT INTO answer SELECT f, n, b, clock_timestamp()"
    " FROM unnest(%b::bigint[], %b::text[], %b::bytea[]) AS t(n, f, b) WHERE EXISTS (SELECT 1 FROM moved)"
    " ON CONFLICT (front, number) DO UPDATE SET body = excluded.body, at = excluded.at"
)


@dataclass(frozen=True, slots=True)
class _Parcel:
    number: int
    front: str
    entries: Sequence[Carried] | None


@dataclass(slots=True)
class _Plan:
    """What a batch will do. answers: one list for each parcel."""

    fresh: list[Entry]
    answers: list[list[int]]
    governed: int


def run_round(store: PgStore, governed: int) -> int | None:
    """Append the parcels that wait; index of the newest terms then, None when nothing waited.

    Raises LeaseLost, StoreFailed, StoreMoved, StoreDamaged; nothing was answered then, and the parcels stay.
    """
    parcels = _waiting(store)
    if not parcels:
        return None
    digests = [one.digest for parcel in parcels for one in parcel.entries or ()]
    size = store.head().size
    plan = _plan(parcels, store.find(digests), size, governed)

    keys = [parcel.number for parcel in parcels], [parcel.front for parcel in parcels]
    answers = [encode_answer(answer) for answer in plan.answers]
    store.append(
        plan.fresh,
        also=(
            Change(_TOLD, (size + len(plan.fresh), *keys)),
            Change(_TAKEN, keys),
            Change(_ANSWERED, (*keys, answers)),
        ),
    )
    return plan.governed


def forget_old(store: PgStore) -> None:
    """Remove hints that are old, and the answers of fronts that died meanwhile. Raises StoreFailed."""
    with store.database.translated(), store.database.connect() as db:
        db.execute("DELETE FROM answer WHERE at < clock_timestamp() - INTERVAL '10 minutes'")
        db.execute("DELETE FROM told WHERE at < clock_timestamp() - INTERVAL '1 minute'")


def _waiting(store: PgStore) -> list[_Parcel]:
    """Parcels in their order, about a batch of entries."""
    with store.asking() as db:
        rows = (
            db.cursor(binary=True)
            .execute("SELECT number, front, body FROM parcel ORDER BY number LIMIT %s", (_PARCELS_AT_ONCE,))
            .fetchall()
        )
    parcels: list[_Parcel] = []
    entries = 0
    for number, front, body in rows:
        if entries >= MAX_BATCH:
            break
        try:
            carried = decode_parcel(body)
        except ParcelMalformed:
            carried = None
        parcels.append(_Parcel(number, front, carried))
        entries += len(carried or ())
    return parcels


def _plan(parcels: Sequence[_Parcel], known: dict[bytes, int], size: int, governed: int) -> _Plan:
    """Which entries are new, and what is answered: a place of its own for each, its first one when known.

    An entry that was admitted under older terms than those in force at its place gets none: between
    admission and place no other policy comes into force.
    """
    plan = _Plan([], [], governed)
    for parcel in parcels:
        if parcel.entries is None:
            plan.answers.append([REFUSED])
            continue
        answer: list[int] = []
        for one in parcel.entries:
            place = known.get(one.digest)
            if place is None and one.under < plan.governed:
                place = OUTDATED
            if place is None:
                place = known[one.digest] = size + len(plan.fresh)
                plan.fresh.append(Entry(one.digest, one.statement, Terms(one.under, one.sets)))
                plan.governed = place if one.sets else plan.governed
            answer.append(place)
        plan.answers.append(answer)
    return plan
