"""Small changes to the loaded facts: each returns a function that alters a copy in place."""

from collections.abc import Callable, Mapping
from typing import Any

Documents = dict[str, dict[str, Any]]
Alter = Callable[[Documents], object]


def record(raw: Mapping[str, dict[str, Any]], section: str, id_: str) -> dict[str, Any]:
    """One record, by its own id or by the instrument it lists."""
    rows = [row for document in raw.values() for row in document.get(section, ())]
    return next(row for row in rows if id_ in (row.get("id"), row.get("instrument")))


def put(section: str, id_: str, **fields: object) -> Alter:
    """Set fields of a record."""
    return lambda raw: record(raw, section, id_).update(fields)


def drop(section: str, id_: str, field: str) -> Alter:
    """Remove a field of a record."""

    def alter(raw: Documents) -> None:
        del record(raw, section, id_)[field]

    return alter


def put_in(section: str, id_: str, path: str, value: object) -> Alter:
    """Set what stands at a dotted path in a record; a number is a place in a list."""

    def alter(raw: Documents) -> None:
        *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
        found: Any = record(raw, section, id_)
        for step in way:
            found = found[step]
        found[last] = value

    return alter


def head(file: str, **fields: object) -> Alter:
    """Set fields of a file's head."""
    return lambda raw: raw[file].update(fields)


def add(file: str, section: str, **fields: object) -> Alter:
    """Append a record."""
    return lambda raw: raw[file][section].append(fields)


def relate(*sentences: str) -> Alter:
    """Append relations such as "EU.4 superset KR.36", each with the carry that belongs to it."""
    carry = {"equal": ("full", "full"), "superset": ("full", "partial"), "subset": ("partial", "full")}

    def alter(raw: Documents) -> None:
        relations = raw["crosswalk"]["relations"]
        for number, sentence in enumerate(sentences):
            a, relation, b = sentence.split()
            a_to_b, b_to_a = carry.get(relation, ("partial", "partial"))
            new = {"id": f"xw.new{number}", "a": a, "relation": relation, "b": b}
            relations.append({**relations[0], **new, "carry_a_to_b": a_to_b, "carry_b_to_a": b_to_a})

    return alter
