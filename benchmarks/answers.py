"""How long answers take: all of one application with 10,000 statements, one more statement, a million.

    python -m benchmarks.answers             statements up to a million
    python -m benchmarks.answers 100000      up to fewer

Every statement is offered for one to three of the 171 requirements and 62 commitments, is logged, and every
tenth is confirmed, disputed or withdrawn. The clock runs from the item to the answers; verifying signatures
and proofs is another room's figure.
"""

import gc
import random
import sys
import tracemalloc
from collections.abc import Iterator
from datetime import date
from statistics import median
from time import perf_counter, process_time

from benchmarks._table import Row, figure, report

from haechi.answers.carry import Routes
from haechi.answers.engine import Engine
from haechi.answers.evidence import (
    Confirmation,
    Evidence,
    Item,
    Objection,
    Offer,
    Seen,
    Withdrawal,
    runs_since,
)
from haechi.facts import Facts, load, read
from haechi.facts.load import COMPILED

APP = "image studio"
DAY, TOMORROW = date(2026, 11, 22), date(2026, 11, 23)
NOON = 1_795_348_800
CHECKERS = ("inst.kr", "inst.uk", "inst.sg")
SEEN = (Seen(logs=("kr",)), Seen(logs=("kr",), witnessed=True))


def items(facts: Facts, count: int, subjects: int, seed: int = 7) -> Iterator[Item]:
    """`count` statements about `subjects` applications, the first of which is APP."""
    chance = random.Random(seed)
    targets = [*facts.requirements.values(), *facts.commitments.values()]
    made: list[bytes] = []
    for number in range(count):
        digest = chance.randbytes(32)
        if number % 10 == 9:
            yield _remark(digest, made[chance.randrange(len(made))], number // 10)
            continue
        made.append(digest)
        first, *more = chance.sample(targets, chance.choice((1, 1, 2, 3)))
        issued = NOON - chance.randrange(400) * 86_400
        yield Evidence(
            digest=digest,
            issuer="company.example",
            subject=APP if not number % subjects else f"application {number % subjects}",
            kind=chance.choice(first.evidence),
            offers=tuple(Offer(target.id) for target in (first, *more)),
            issued_at=issued,
            since=runs_since(issued),
            seen=chance.choice(SEEN),
        )


def _remark(digest: bytes, target: bytes, number: int) -> Item:
    by = CHECKERS[number % 3]
    if number % 4 == 0:
        return Withdrawal(digest=digest, issuer="company.example", target=target)
    if number % 4 == 1:
        return Objection(digest=digest, issuer=by, target=target, grounds="wrong_figure", logged=True)
    return Confirmation(digest=digest, issuer=by, target=target, how="verified", logged=True)


def once(call: object, *arguments: object) -> float:
    begun = perf_counter()
    call(*arguments)  # pyright: ignore[reportCallIssue]
    return (perf_counter() - begun) * 1000


def _in_and_out(engine: Engine, item: Item) -> tuple[float, float]:
    put = once(engine.put, item) + once(engine.answers, APP, DAY)
    return put, once(engine.remove, item.digest) + once(engine.answers, APP, DAY)


def one_application(facts: Facts) -> list[Row]:
    """All answers of one application that 10,000 statements are about, and one statement more."""
    engine = Engine(facts, CHECKERS)
    for item in items(facts, 10_000, 1):
        engine.put(item)
    # Two days in turn, so that each try works everything out anew.
    days = [DAY, TOMORROW]
    engine.answers(APP, DAY)
    everything = min(once(engine.answers, APP, days[step % 2]) for step in range(1, 22))
    engine.answers(APP, DAY)
    updates: list[float] = []
    removals: list[float] = []
    for item in list(items(facts, 400, 1, seed=11)):
        tries = [_in_and_out(engine, item) for _ in range(3)]
        updates.append(min(put for put, _ in tries))
        removals.append(min(taken for _, taken in tries))
    updates.sort()
    return [
        figure("all answers of one application, 10,000 statements, warm", everything, "ms", at_most=50),
        figure("one statement more, answers brought up to date: typical", median(updates), "ms", at_most=2),
        figure("one statement more: 99th of 100", updates[int(len(updates) * 0.99)], "ms", at_most=2),
        figure("one statement less: typical", median(removals), "ms", at_most=2),
        figure("answers as JSON", once(engine.answers(APP, DAY).to_json), "ms"),
    ]


def loading() -> list[Row]:
    """Reading the compiled facts anew, as a process does once: parsing, checking shapes, digest."""
    whole = min(once(read, COMPILED) for _ in range(15))
    return [figure("loading the compiled facts", whole, "ms", at_most=15)]


def growth(facts: Facts, largest: int) -> list[Row]:
    """Taking statements in, about one application in 1,000 each: the cost of one must not grow."""
    rows: list[Row] = []
    each: dict[int, float] = {}
    for count in (10_000, 100_000, largest):
        stock = list(items(facts, count, 1_000))
        gc.collect()
        engine = Engine(facts, CHECKERS)
        # Minutes long: the time of this process, so that others' work on the machine does not count.
        begun = process_time()
        for item in stock:
            engine.put(item)
        each[count] = (process_time() - begun) / count * 1e6
        rows.append(figure(f"taking in {count:,} statements, each", each[count], "µs of processor"))
        whole = min(once(engine.answers, APP, day) for day in (TOMORROW, DAY, TOMORROW, DAY))
        rows.append(figure(f"all answers of one application of 1,000, {count:,}", whole, "ms"))
        more = [_in_and_out(engine, item)[0] for item in items(facts, 200, 1, seed=13)]
        rows.append(figure(f"one statement more, {count:,}", median(more), "ms", at_most=2))
    spread = each[largest] / each[10_000]
    rows.append(figure(f"cost of one at {largest:,} over that at 10,000", spread, "×", at_most=2))
    return rows


def memory(facts: Facts) -> list[Row]:
    """What the engine holds for one statement, its record included."""
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    engine = Engine(facts, CHECKERS)
    for item in items(facts, 20_000, 1_000):
        engine.put(item)
    held = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return [figure("memory for one statement", held / len(engine), "bytes")]


def main() -> None:
    facts = load()
    largest = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    rows = [*loading(), figure("working out all routes of the crosswalk", once(Routes.of, facts), "ms")]
    rows += one_application(facts) + growth(facts, largest) + memory(facts)
    report("answers", "Answers: 171 requirements, 62 commitments, 262 relations", rows)


if __name__ == "__main__":
    main()
