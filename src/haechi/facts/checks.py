"""The checks that the facts must pass before they are compiled; each takes rows and returns problems.

`check(raw)` runs them all. The shape comes first: the others rely on it and are not run on broken records.
Only the standard library is used here, so that they run inside a package build.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date

from haechi.facts.graph import CarryGraph, Step
from haechi.facts.lawchecks import LAW_CHECKS
from haechi.facts.problem import Problem, problem
from haechi.facts.row import SHEETS, Raw, Rows, as_list, as_mapping, rows
from haechi.facts.shape import check_shape
from haechi.facts.when import When

_PARTIES = ("countries", "organisations", "companies", "institutes")
_KINDS = ("evidence_kinds", "evidence_subkinds")
_JUDGED = ("requirements", "commitments", "classes")

_REFERENCES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("companies", "home", ("countries",)),
    ("organisations", "members", ("countries",)),
    ("institutes", "party", ("countries", "organisations")),
    ("memberships", "instrument", ("instruments",)),
    ("memberships", "parties", _PARTIES),
    ("memberships", "joined_later.party", _PARTIES),
    ("memberships", "not_signed", _PARTIES),
    ("summits", "hosts", ("countries",)),
    ("summits", "instruments", ("instruments",)),
    ("summits", "next", ("summits",)),
    ("summits", "facts.src", ("sources",)),
    ("summits", "initiatives.src", ("sources",)),
    ("instruments", "summit", ("summits",)),
    ("commitments", "instrument", ("instruments",)),
    ("commitments", "evidence", _KINDS),
    ("commitments", "any_of.kinds", _KINDS),
    ("classes", "regime", ("regimes",)),
    ("classes", "applications", ("applications",)),
    ("requirements", "regime", ("regimes",)),
    ("requirements", "applies_to.roles", ("roles",)),
    ("requirements", "applies_to.applications", ("applications",)),
    ("requirements", "applies_to.tiers", ("tiers",)),
    ("requirements", "force", ("force",)),
    ("requirements", "evidence", _KINDS),
    ("requirements", "any_of.kinds", _KINDS),
    ("requirements", "clocks.told", ("authorities",)),
    ("requirements", "clocks.src", ("sources",)),
    ("requirements", "dates.superseded.src", ("sources",)),
    ("requirements", "dates.superseded.by", ("sources",)),
    ("requirements", "dates.transitions.src", ("sources",)),
    ("authorities", "regime", ("regimes",)),
    ("reliefs", "regime", ("regimes",)),
    ("reliefs", "requirements", ("requirements",)),
    ("relations", "a", _JUDGED),
    ("relations", "b", _JUDGED),
)

_WHOLE_DAYS = (
    ("instruments", "date"),
    ("summits", "start"),
    ("summits", "end"),
    ("regimes", "in_force"),
    ("classes", "effective"),
    ("requirements", "effective"),
    ("requirements", "dates.superseded.effective"),
    ("requirements", "dates.superseded.stood_from"),
    ("requirements", "dates.superseded.stood_until"),
    ("requirements", "dates.transitions.placed_before"),
    ("requirements", "dates.transitions.effective"),
    ("reliefs", "effective"),
)
_REDUCED_DATES = (("sources", "date"), ("institutes", "since"), ("memberships", "joined_later.when"))

_HANGUL = re.compile("[가-힣]")
# A company or a standard may keep its Latin proper name in Korean text: KT, IBM, ISO/IEC 42001.
_PROPER_NAMES = frozenset({"companies", "regimes"})
_REMAINDERS = ("a_evidence_lacks_for_b", "b_evidence_lacks_for_a")

_FULL_SIDES = {
    "equal": ("full", "full"),
    "superset": ("full", "partial"),
    "subset": ("partial", "full"),
    "intersects": ("partial", "partial"),
}
_IDS = ("id", "indicator.id", "initiatives.id", "clocks.id")
_ABBREVIATED = frozenset({"EU", "INT"})


def check_ids(table: Rows) -> Iterator[Problem]:
    """Every id is used once over all files, those of indicators, initiatives and clocks included."""
    first: dict[str, str] = {}
    for section in table.values():
        for row in section:
            for used in (used for path in _IDS for used in row.texts(path)):
                if used in first:
                    yield problem("facts.id.duplicate", row.place, first=first[used])
                first.setdefault(used, row.place)


def check_references(table: Rows) -> Iterator[Problem]:
    """Every id that a record names is there, in a section where it belongs; so is every jurisdiction."""
    ids = {section: {row.id for row in found} for section, found in table.items()}
    named = (
        *_REFERENCES,
        *((section, path, ("sources",)) for section in table for path in _source_paths(section)),
    )
    for section, path, targets in named:
        known: set[str] = set[str]().union(*(ids[target] for target in targets))
        for row in table[section]:
            for got in row.texts(path):
                if got not in known:
                    yield problem(
                        "facts.reference.unknown", row.place, field=path, got=got, expected=", ".join(targets)
                    )
    yield from _check_prefixes(table)


def _source_paths(section: str) -> tuple[str, ...]:
    return () if section == "sources" else ("sources", "sources.src")


def _check_prefixes(table: Rows) -> Iterator[Problem]:
    places = _ABBREVIATED | {row.text("alpha2") for row in table["countries"]}
    for row in table["regimes"]:
        if row.text("jurisdiction").partition("-")[0] not in places:
            got = row.text("jurisdiction")
            yield problem(
                "facts.reference.unknown",
                row.place,
                field="jurisdiction",
                got=got,
                expected="countries, EU, INT",
            )
    kinds = {row.id for row in table["evidence_kinds"]}
    for row in table["evidence_subkinds"]:
        parent = row.id.partition(".")[0]
        if parent not in kinds:
            yield problem(
                "facts.reference.unknown", row.place, field="id", got=parent, expected="evidence_kinds"
            )


def check_sources(table: Rows) -> Iterator[Problem]:
    """Every record that can name its sources names at least one."""
    for section in table.values():
        for row in section:
            if "sources" in row.fields and not as_list(row.fields["sources"]):
                yield problem("facts.source.none", row.place)


def check_dates(table: Rows) -> Iterator[Problem]:
    """Dates are ISO 8601 and real; only some fields may stop at the month or the year."""
    reduced = ", ".join(f"{section}.{path}" for section, path in _REDUCED_DATES)
    for section, path in (*_WHOLE_DAYS, *_REDUCED_DATES):
        read: Callable[[str], object] = When.parse if (section, path) in _REDUCED_DATES else _whole_day
        for row in table[section]:
            for got in row.texts(path):
                try:
                    read(got)
                except ValueError:
                    yield problem("facts.date.unreal", row.place, field=path, got=got, reduced=reduced)


def _whole_day(text: str) -> date:
    # fromisoformat alone also takes 20240522 and week dates.
    if len(text) != len("YYYY-MM-DD") or "W" in text:
        raise ValueError(text)
    return date.fromisoformat(text)


def check_korean(table: Rows) -> Iterator[Problem]:
    """Every Korean field contains Hangul, except a proper name kept as it is in English."""
    for section, found in table.items():
        for row in found:
            for field, got in row.every_text():
                if not field.endswith("_ko") or _HANGUL.search(got):
                    continue
                if section in _PROPER_NAMES and row.text("name").startswith(got):
                    continue
                yield problem("facts.korean.missing", row.place, field=field, got=got)
    for row in table["relations"]:
        for field in _REMAINDERS:
            if row.text(field) and not row.text(f"{field}_ko"):
                yield problem("facts.korean.missing", row.place, field=f"{field}_ko", got="")


def check_recalled(table: Rows) -> Iterator[Problem]:
    """What was recalled and not read has low confidence."""
    for section in table.values():
        for row in section:
            confidence = row.text("confidence") or "low"
            if row.text("checked") == "recalled" and confidence != "low":
                yield problem("facts.confidence.recalled", row.place, got=confidence)


def check_relations(table: Rows) -> Iterator[Problem]:
    """Each pair is judged once, gives its reason and a strength of 1 to 10, and keeps classes apart."""
    classes = {row.id for row in table["classes"]}
    first: dict[frozenset[str], str] = {}
    for row in table["relations"]:
        a, b = row.text("a"), row.text("b")
        pair = frozenset((a, b))
        if a == b:
            yield problem("facts.pair.self", row.place, got=a)
        elif pair in first:
            yield problem("facts.pair.twice", row.place, first=first[pair])
        if (a in classes) != (b in classes):
            yield problem("facts.pair.class", row.place, got=f"{a}, {b}")
        if not row.text("why").strip():
            yield problem("facts.why.missing", row.place)
        if not 1 <= row.number("strength") <= 10:
            yield problem("facts.strength.range", row.place, got=row.number("strength"))
        first.setdefault(pair, row.place)


def check_carry(table: Rows) -> Iterator[Problem]:
    """Full carry follows from the relation, runs in no circle but through `equal`, contradicts no entry."""
    steps: list[Step] = []
    for row in table["relations"]:
        a, b, relation = row.text("a"), row.text("b"), row.text("relation")
        sides = zip(("carry_a_to_b", "carry_b_to_a"), _FULL_SIDES[relation], ((a, b), (b, a)), strict=True)
        for field, expected, (start, end) in sides:
            if row.text(field) != expected:
                got = row.text(field)
                yield problem("facts.carry.relation", row.place, relation=relation, field=field, got=got)
            if row.text(field) == "full":
                steps.append(Step(start, end, relation == "equal"))
    graph = CarryGraph.of(steps)
    circles = graph.cycles()
    for circle in circles:
        yield problem("facts.carry.cycle", "crosswalk.yaml", got=" > ".join(circle))
    if circles:
        # Every circle also contradicts each of its own entries; saying so would only bury it.
        return
    for row in table["relations"]:
        a, b = row.text("a"), row.text("b")
        for field, start, end in (("carry_a_to_b", a, b), ("carry_b_to_a", b, a)):
            chain = graph.path(start, end) if row.text(field) == "partial" and a != b else []
            if chain:
                yield problem("facts.carry.contradiction", row.place, got=" > ".join(chain))


def check_memberships(table: Rows) -> Iterator[Problem]:
    """Each instrument has one list of parties, each party is on it once and is of the right kind."""
    kinds = {row.id: row.text("party_kind") for row in table["instruments"]}
    lists = Counter(row.id for row in table["memberships"])
    for row in table["instruments"]:
        if lists[row.id] != 1:
            yield problem("facts.membership.lists", row.place, got=row.id, n=lists[row.id])
    companies = {row.id for row in table["companies"]}
    for row in table["memberships"]:
        listed = row.texts("parties") + row.texts("joined_later.party")
        for got, times in Counter(listed + row.texts("not_signed")).items():
            if times > 1:
                yield problem("facts.membership.party", row.place, got=got, why=f"listed {times} times")
        # Institutes join their network through the country or organisation that they belong to.
        for got in listed:
            if (kinds.get(row.id) == "companies") != (got in companies):
                yield problem("facts.membership.party", row.place, got=got, why=f"{kinds.get(row.id)} only")


_COUNTED = re.compile(r"(\d+) (countries|companies|developers)\b")
_WITH_LATER = re.compile(r"(\d+) with later joiners\b")
# A number that is no part of a date.
_PLAIN_NUMBER = re.compile(r"(?<![\d-])\d{1,3}(?![\d-])")


def check_counts(table: Rows) -> Iterator[Problem]:
    """The count stated for an instrument agrees with its list; an incomplete list is shorter than stated."""
    countries = {row.id for row in table["countries"]}
    for row in table["memberships"]:
        stated, listed = row.text("count_stated"), row.texts("parties")
        if row.fields.get("complete") is False:
            highest = max((int(number) for number in _PLAIN_NUMBER.findall(stated)), default=0)
            if len(listed) >= highest:
                yield problem("facts.count.differs", row.place, stated=stated, got=len(listed))
            continue
        found = {"countries": sum(party in countries for party in listed)}
        got = [(number, found.get(unit, len(listed))) for number, unit in _COUNTED.findall(stated)]
        with_later = len(listed) + len(row.texts("joined_later.party"))
        got += [(number, with_later) for number in _WITH_LATER.findall(stated)]
        wrong = [here for number, here in got if int(number) != here]
        if wrong or not got:
            yield problem(
                "facts.count.differs", row.place, stated=stated, got=wrong[0] if wrong else len(listed)
            )
        elif " EU" in stated and "org.EU" not in listed:
            yield problem("facts.count.differs", row.place, stated=stated, got="no org.EU")


CHECKS: tuple[Callable[[Rows], Iterator[Problem]], ...] = (
    check_ids,
    check_references,
    check_sources,
    check_dates,
    check_korean,
    check_recalled,
    check_relations,
    check_carry,
    check_memberships,
    check_counts,
    *LAW_CHECKS,
)
"""Every check that runs once the shape holds."""


def check(raw: Raw) -> list[Problem]:
    """Everything wrong with the loaded files, in file order; empty when they may be compiled.

    raw: file name without ".yaml" to the document read from it. Nothing is raised for bad facts.
    """
    problems = check_shape(raw)
    if problems:
        return problems
    table = rows(raw)
    problems = [found for one in CHECKS for found in one(table)]
    return problems + list(_check_heads(raw, table))


def _check_heads(raw: Raw, table: Rows) -> Iterator[Problem]:
    sources = {row.id for row in table["sources"]}
    method = as_mapping(raw["crosswalk"]).get("method")
    if method not in sources:
        yield problem(
            "facts.reference.unknown", "crosswalk.yaml", field="method", got=method, expected="sources"
        )
    for file in SHEETS:
        got = str(as_mapping(raw[file]).get("as_of"))
        try:
            _whole_day(got)
        except ValueError:
            yield problem("facts.date.unreal", f"{file}.yaml", field="as_of", got=got, reduced="")
