"""OSCAL 1.2.1 as plain dictionaries: a catalog of one regime, a mapping-collection of two; and checks.

The usual validator takes a nonsense relationship, a reference to no control, and two controls with one id;
`check_oscal` finds all three.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import cast
from uuid import NAMESPACE_URL, uuid5

from haechi.answers.note import Note, note
from haechi.facts import Facts, Relation, Requirement
from haechi.words import Text

OSCAL_VERSION = "1.2.1"
NAMESPACE = "https://haechi.example/ns/oscal"
_RELATIONSHIPS = MappingProxyType(
    {
        "equal": "equal-to",
        "subset": "subset-of",
        "superset": "superset-of",
        "intersects": "intersects-with",
    }
)
_TURNED = MappingProxyType({"subset": "superset", "superset": "subset"})
_ALLOWED = frozenset({*_RELATIONSHIPS.values(), "equivalent-to", "no-relationship"})

_WRONG: Mapping[str, Text] = MappingProxyType(
    {
        "relationship": Text("no relationship of OSCAL: {got}", "OSCAL에 없는 관계: {got}"),
        "dangling": Text("refers to no control: {got}", "가리키는 통제 항목이 없음: {got}"),
        "duplicate": Text("two controls have this id: {got}", "같은 식별자의 통제 항목이 둘 이상임: {got}"),
    }
)
Json = dict[str, object]


def oscal_catalog(facts: Facts, regime: str, at: datetime) -> Json:
    """The requirements of one regime as an OSCAL catalog. at: when it is made. Raises UnknownName."""
    found = facts.regime(regime)
    controls = [_control(facts, each) for each in facts.requirements_of(regime)]
    return {
        "catalog": {
            "uuid": _uuid(facts, "catalog", found.id),
            "metadata": _metadata(facts, found.label, at),
            "controls": controls,
        }
    }


def oscal_mapping(facts: Facts, source: str, target: str, at: datetime) -> Json:
    """The judged relations between two regimes, with what was not judged as gaps. Raises UnknownName.

    Each map says in its remarks why, and what evidence of the source lacks for the target.
    """
    ends = (
        {each.id for each in facts.requirements_of(source)},
        {each.id for each in facts.requirements_of(target)},
    )
    maps = [
        _map(facts, relation, start)
        for relation in facts.relations.values()
        for start in (relation.a, relation.b)
        if start in ends[0] and relation.other(start) in ends[1]
    ]
    title = Text(
        f"{facts.regime(source).name} to {facts.regime(target).name}",
        f"{facts.regime(source).name_ko} → {facts.regime(target).name_ko}",
    )
    mapping: Json = {
        "uuid": _uuid(facts, "mapping", source, target),
        "source-resource": {"type": "catalog", "href": f"{source}.json"},
        "target-resource": {"type": "catalog", "href": f"{target}.json"},
        "maps": maps,
    }
    for key, end in (("source-gap-summary", 0), ("target-gap-summary", 1)):
        mapped = {_only(cast("list[Json]", each[("sources", "targets")[end]])) for each in maps}
        missing = sorted(ends[end] - mapped)
        if missing:
            mapping[key] = {
                "uuid": _uuid(facts, key, source, target),
                "unmapped-controls": [{"with-ids": missing}],
            }
    return {
        "mapping-collection": {
            "uuid": _uuid(facts, "mapping-collection", source, target),
            "metadata": _metadata(facts, title, at),
            "provenance": {
                "method": "human",
                "matching-rationale": "functional",
                "status": "draft",
                "mapping-description": "Set-theory relations after NIST IR 8477; proposals of this project.",
            },
            "mappings": [mapping],
        }
    }


def check_oscal(mapping: Json, catalogs: Sequence[Json]) -> tuple[Note, ...]:
    """What is wrong with a mapping-collection and the catalogs it is between; empty when nothing is.

    Codes: answers.oscal.relationship, answers.oscal.dangling, answers.oscal.duplicate.
    """
    ids = Counter(id_ for catalog in catalogs for id_ in _control_ids(_inner(catalog, "catalog")))
    wrong = [_wrong("duplicate", id_) for id_, times in sorted(ids.items()) if times > 1]
    for each in _list(_inner(mapping, "mapping-collection"), "mappings"):
        for one in _list(each, "maps"):
            if one.get("relationship") not in _ALLOWED:
                wrong.append(_wrong("relationship", str(one.get("relationship"))))
            items = (*_list(one, "sources"), *_list(one, "targets"))
            wrong += [_wrong("dangling", str(item["id-ref"])) for item in items if item["id-ref"] not in ids]
    return tuple(wrong)


def _control(facts: Facts, requirement: Requirement) -> Json:
    effective = "none" if requirement.effective is None else requirement.effective.isoformat()
    props = [
        ("article", requirement.article),
        ("title-ko", requirement.name_ko),
        ("force", requirement.force),
        ("effective", effective),
        ("confidence", requirement.confidence),
        ("uncertain", "yes" if facts.is_low(requirement.id) else "no"),
        *(("evidence-kind", kind) for kind in requirement.evidence),
        *(("source", f"{cited.src} {cited.loc}".strip()) for cited in requirement.sources),
    ]
    parts = [
        {"id": f"{requirement.id}_smt", "name": "statement", "prose": requirement.says},
        {"id": f"{requirement.id}_smt.ko", "name": "statement-ko", "prose": requirement.says_ko},
    ]
    return {
        "id": requirement.id,
        "title": requirement.name,
        "props": [oscal_prop(name, value) for name, value in props],
        "parts": parts,
    }


def _map(facts: Facts, relation: Relation, start: str) -> Json:
    word = relation.relation if start == relation.a else _TURNED.get(relation.relation, relation.relation)
    there = relation.other(start)
    lacks = relation.lacks_from(start)
    remarks = [relation.why]
    if lacks is not None:
        remarks.append(f"Evidence for {start} still lacks for {there}: {lacks.en}")
    return {
        "uuid": _uuid(facts, relation.id, start, there),
        "relationship": _RELATIONSHIPS[word],
        "matching-rationale": relation.basis,
        "sources": [{"type": "control", "id-ref": start}],
        "targets": [{"type": "control", "id-ref": there}],
        "props": [
            oscal_prop("relation", relation.id),
            oscal_prop("carry", relation.carry_from(start)),
            oscal_prop("strength", str(relation.strength)),
            oscal_prop("confidence", relation.confidence),
        ],
        "remarks": " ".join(remarks),
    }


def _metadata(facts: Facts, title: Text, at: datetime) -> Json:
    return {
        "title": title.en,
        "last-modified": at.astimezone(UTC).isoformat(timespec="seconds"),
        "version": facts.version,
        "oscal-version": OSCAL_VERSION,
        "props": [oscal_prop("title-ko", title.ko), oscal_prop("data-version", facts.version)],
        "remarks": "What evidence can serve for. Proposals of this project; not legal advice.",
    }


def oscal_prop(name: str, value: str) -> Json:
    """A property in the namespace of this project."""
    return {"name": name, "ns": NAMESPACE, "value": value}


def _uuid(facts: Facts, *parts: str) -> str:
    # From the data version: the same facts give the same document.
    return str(uuid5(NAMESPACE_URL, "/".join((NAMESPACE, facts.version, *parts))))


def _wrong(word: str, got: str) -> Note:
    said = _WRONG[word]
    return note(f"answers.oscal.{word}", got, Text(said.say("en", got=got), said.say("ko", got=got)))


def _control_ids(holder: Json) -> Iterable[str]:
    """The ids of all controls, those in groups and under other controls included."""
    for control in _list(holder, "controls"):
        yield str(control["id"])
        yield from _control_ids(control)
    for group in _list(holder, "groups"):
        yield from _control_ids(group)


def _inner(document: Json, name: str) -> Json:
    return cast("Json", document[name])


def _list(holder: Json, name: str) -> list[Json]:
    return cast("list[Json]", holder.get(name, []))


def _only(items: list[Json]) -> str:
    return str(items[0]["id-ref"])
