"""The checks of what the law says in numbers: superseded dates, clocks, thresholds, choices and reliefs.

Like `checks`, with the standard library only; the shape was checked before. Nothing is raised for bad facts.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from haechi.facts.problem import Problem, problem
from haechi.facts.row import Row, Rows, as_list, as_mapping

_ZONE = re.compile(r"[A-Z][A-Za-z]+(/[A-Z][A-Za-z_]+)+|UTC", re.ASCII)
_LENGTHS = re.compile(r"(\d+) (days?|hours?)\b")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_EXPONENTS = range(15, 41)


def check_law_dates(table: Rows) -> Iterator[Problem]:
    """What was superseded differs from what stands, stood for a day or more, and is told in the prose too."""
    for row in table["requirements"]:
        dates = as_mapping(row.fields.get("dates"))
        for item in as_list(dates.get("superseded")):
            yield from _superseded(row, as_mapping(item))
        for item in as_list(dates.get("transitions")):
            yield from _transition(row, as_mapping(item))


def _superseded(row: Row, was: Mapping[str, object]) -> Iterator[Problem]:
    # Days in ISO 8601 sort as they stand; what is no day at all is a finding of another check.
    first, until = str(was.get("stood_from", "")), str(was.get("stood_until", ""))
    if was.get("effective") == row.text("effective"):
        yield _dates(row, "superseded.effective", f"{was.get('effective')} still stands")
    if bool(first) != bool(until):
        yield _dates(row, "superseded.stood_from", "one of the two days is missing")
    elif first and _both_days(first, until) and until <= first:
        yield _dates(row, "superseded.stood_until", f"{until} is not after {first}")
    yield from _told(row, "date_notes", str(was.get("effective")))


def _transition(row: Row, later: Mapping[str, object]) -> Iterator[Problem]:
    effective, now = str(later.get("effective")), row.text("effective")
    if _both_days(effective, now) and effective <= now:
        yield _dates(row, "transitions.effective", f"{effective} is not after {now}")
    yield from _told(row, "date_notes", effective)


def _both_days(first: str, second: str) -> bool:
    return bool(_DAY.fullmatch(first) and _DAY.fullmatch(second))


def _dates(row: Row, field: str, why: str) -> Problem:
    return problem("facts.law.dates", row.place, field=f"dates.{field}", why=why)


def _told(row: Row, field: str, day: str) -> Iterator[Problem]:
    if _DAY.fullmatch(day) and day not in row.text(field):
        yield problem("facts.law.prose", row.place, field=field, got=day)


def check_clocks(table: Rows) -> Iterator[Problem]:
    """Each clock can be counted, and the clocks of a requirement say what its `deadline` says in words."""
    for row in table["requirements"]:
        clocks = [as_mapping(item) for item in as_list(row.fields.get("clocks"))]
        for clock in clocks:
            for field, got in _odd(row, clock):
                yield problem("facts.law.clock", row.place, clock=clock.get("id"), field=field, got=got)
        counted = {(str(each.get("length")), str(each.get("unit"))) for each in clocks if each.get("length")}
        told = {(number, unit.rstrip("s") + "s") for number, unit in _LENGTHS.findall(row.text("deadline"))}
        if counted != told or bool(clocks) != bool(row.text("deadline")):
            got = ", ".join(sorted(" ".join(each) for each in counted ^ told)) or "any clock"
            yield problem("facts.law.prose", row.place, field="deadline", got=got)


def _odd(row: Row, clock: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    if not str(clock.get("id")).startswith(f"{row.id}/"):
        yield "id", clock.get("id")
    length = clock.get("length")
    if isinstance(length, int) and length <= 0:
        yield "length", length
    if not as_list(clock.get("triggers")):
        yield "triggers", "none"
    if not _ZONE.fullmatch(str(clock.get("zone"))):
        yield "zone", clock.get("zone")


def check_choices(table: Rows) -> Iterator[Problem]:
    """A choice is between two or more kinds that the record asks for, each of them in one choice."""
    for row in (*table["requirements"], *table["commitments"]):
        choices = [Row(row.file, row.section, as_mapping(item)) for item in as_list(row.fields.get("any_of"))]
        asked = set(row.texts("evidence"))
        used = Counter(kind for choice in choices for kind in choice.texts("kinds"))
        # A party's own report proves nothing alone, so it cannot be one of two ways to show something.
        wrong = [k for k, times in used.items() if k not in asked or times > 1 or k == "pledge_report"]
        wrong += [", ".join(kinds) for choice in choices if len(kinds := choice.texts("kinds")) < 2]
        for got in wrong:
            yield problem("facts.law.choice", row.place, got=got or "nothing")


def check_thresholds(table: Rows) -> Iterator[Problem]:
    """Thresholds of compute and revenue are numbers that a law could mean."""
    for row in table["classes"]:
        threshold = as_mapping(row.fields.get("threshold"))
        if not threshold:
            continue
        exponent, revenue = threshold.get("exponent"), threshold.get("revenue_usd_above", 1)
        if exponent not in _EXPONENTS:
            yield problem("facts.law.threshold", row.place, field="exponent", got=exponent)
        if not isinstance(revenue, int) or revenue <= 0:
            yield problem("facts.law.threshold", row.place, field="revenue_usd_above", got=revenue)


def check_reliefs(table: Rows) -> Iterator[Problem]:
    """A relief eases requirements of its own regime, and an exemption says which."""
    regimes = {row.id: row.text("regime") for row in table["requirements"]}
    for row in table["reliefs"]:
        named, own = row.texts("requirements"), row.text("regime")
        wrong = [got for got in named if regimes.get(got, own) != own]
        if row.text("kind") == "exemption" and not named:
            wrong.append("nothing")
        for got in wrong:
            yield problem("facts.law.relief", row.place, got=got, regime=own)


LAW_CHECKS: tuple[Callable[[Rows], Iterator[Problem]], ...] = (
    check_law_dates,
    check_clocks,
    check_choices,
    check_thresholds,
    check_reliefs,
)
"""The checks of this module, in the order in which they run."""
