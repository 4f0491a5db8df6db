"""Libraries for CISO Assistant: one regime as a framework, the relations of two as a mapping set.

YAML as that program reads it: block style, every text in double quotes. Facts only, in English with Korean
translations beside them where the facts have them.
"""

import re
from collections.abc import Iterator
from typing import cast

import msgspec

from haechi.facts import Facts, Relation, Requirement

URN = "urn:haechi:risk"
_WORDS = {"equal": "equal", "subset": "subset", "superset": "superset", "intersects": "intersect"}
_TURNED = {"subset": "superset", "superset": "subset"}
_PUBLISHER = "Haechi"
_COPYRIGHT = "Facts with their sources; Apache-2.0. Relations are proposals, not legal advice."
Tree = dict[str, object]


def ciso_framework(facts: Facts, regime: str) -> str:
    """The requirements of one regime as a library with one framework. Raises UnknownName."""
    found = facts.regime(regime)
    name = _slug(regime)
    nodes = [_node(regime, each) for each in facts.requirements_of(regime)]
    framework: Tree = {
        "urn": f"{URN}:framework:{name}",
        "ref_id": regime,
        "name": found.name,
        "description": f"Requirements of {found.name}, shortened, with their articles.",
        "translations": {"ko": {"name": found.name_ko}},
        "requirement_nodes": nodes,
    }
    return _library(facts, name, found.name, found.name_ko, {"framework": framework})


def ciso_mapping(facts: Facts, source: str, target: str) -> str:
    """The judged relations from one regime to another as a library with one mapping set.

    The strength is that of the facts, 0 to 10; the annotation says why, and what evidence of the source
    still lacks. Raises UnknownName.
    """
    ends = (facts.regime(source), facts.regime(target))
    ids = {each.id for each in facts.requirements_of(source)}
    others = {each.id for each in facts.requirements_of(target)}
    mappings = [
        _mapping(relation, start, source, target)
        for relation in facts.relations.values()
        for start in (relation.a, relation.b)
        if start in ids and relation.other(start) in others
    ]
    name = f"{_slug(source)}-to-{_slug(target)}"
    title = f"{ends[0].name} to {ends[1].name}"
    chosen: Tree = {
        "urn": f"{URN}:req_mapping_set:{name}",
        "ref_id": name,
        "name": title,
        "description": "Judged relations; what was not judged is not listed.",
        "source_framework_urn": f"{URN}:framework:{_slug(source)}",
        "target_framework_urn": f"{URN}:framework:{_slug(target)}",
        "requirement_mappings": mappings,
    }
    needs = [f"{URN}:library:{_slug(each)}" for each in dict.fromkeys((source, target))]
    title_ko = f"{ends[0].name_ko} → {ends[1].name_ko}"
    return _library(facts, name, title, title_ko, {"requirement_mapping_sets": [chosen]}, needs)


def _library(
    facts: Facts, name: str, title: str, title_ko: str, objects: Tree, needs: list[str] | None = None
) -> str:
    library: Tree = {
        "urn": f"{URN}:library:{name}",
        "locale": "en",
        "ref_id": name,
        "name": title,
        "description": f"Data version {facts.version}. What evidence can serve for; not legal advice.",
        "copyright": _COPYRIGHT,
        "version": 1,
        "provider": _PUBLISHER,
        "packager": "haechi",
        "translations": {"ko": {"name": title_ko}},
        **({"dependencies": needs} if needs else {}),
        "objects": objects,
    }
    return "\n".join(_lines(library, 0)) + "\n"


def _node(regime: str, requirement: Requirement) -> Tree:
    korean: Tree = {"name": requirement.name_ko, "description": requirement.says_ko}
    return {
        "urn": _requirement_urn(regime, requirement.id),
        "assessable": True,
        "depth": 1,
        "ref_id": requirement.id,
        "name": f"{requirement.name} ({requirement.article})",
        "description": requirement.says,
        "translations": {"ko": korean},
    }


def _mapping(relation: Relation, start: str, source: str, target: str) -> Tree:
    there = relation.other(start)
    word = relation.relation if start == relation.a else _TURNED.get(relation.relation, relation.relation)
    lacks = relation.lacks_from(start)
    said = [relation.why, *([] if lacks is None else [f"Still lacks: {lacks.en}"]), f"({relation.id})"]
    return {
        "source_requirement_urn": _requirement_urn(source, start),
        "target_requirement_urn": _requirement_urn(target, there),
        "relationship": _WORDS[word],
        "rationale": relation.basis,
        "strength_of_relationship": relation.strength,
        "annotation": " ".join(said),
    }


def _requirement_urn(regime: str, id_: str) -> str:
    return f"{URN}:req_node:{_slug(regime)}:{id_.lower()}"


def _slug(id_: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", id_.lower().removeprefix("reg."))


def _lines(value: object, depth: int) -> Iterator[str]:
    """YAML 1.2 in block style; a JSON string is a double-quoted YAML scalar (YAML 1.2.2, section 7.3.1)."""
    pad = "  " * depth
    if isinstance(value, dict):
        for key, member in cast("Tree", value).items():
            if isinstance(member, (dict, list)):
                yield f"{pad}{key}:"
                yield from _lines(cast("object", member), depth + 1)
            else:
                yield f"{pad}{key}: {_scalar(member)}"
    elif isinstance(value, list):
        for member in cast("list[object]", value):
            if isinstance(member, dict):
                first, *rest = _lines(cast("object", member), depth + 1)
                yield f"{pad}- {first.lstrip()}"
                yield from rest
            else:
                yield f"{pad}- {_scalar(member)}"


def _scalar(value: object) -> str:
    return msgspec.json.encode(value).decode()
