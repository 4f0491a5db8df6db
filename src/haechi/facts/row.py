"""One record of the YAML as it was read, before it has a type of its own.

The checks work on rows so that they can name the file and the record of every problem, and so that they
run at build time with nothing but the standard library.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple, cast

Raw = Mapping[str, object]
"""The loaded files: name without ".yaml" to the document in it."""


class Sheet(NamedTuple):
    """What one file must hold: the schema it declares and its lists of records."""

    schema: str
    sections: tuple[str, ...]


SHEETS: Mapping[str, Sheet] = MappingProxyType(
    {
        "sources": Sheet("haechi.sources/0.1", ("sources",)),
        "vocabulary": Sheet(
            "haechi.vocabulary/0.2",
            ("evidence_kinds", "evidence_subkinds", "roles", "applications", "tiers", "force"),
        ),
        "participants": Sheet(
            "haechi.participants/0.3",
            ("countries", "organisations", "companies", "institutes", "memberships"),
        ),
        "summits": Sheet("haechi.summits/0.1", ("summits", "instruments")),
        "commitments": Sheet("haechi.commitments/0.3", ("commitments",)),
        "regimes": Sheet("haechi.regimes/0.2", ("regimes", "classes", "authorities", "reliefs")),
        "requirements": Sheet("haechi.requirements/0.3", ("requirements",)),
        "crosswalk": Sheet("haechi.crosswalk/0.2", ("relations",)),
    }
)
"""The eight files of the facts."""


@dataclass(frozen=True, slots=True)
class Row:
    """One record: where it stands and its fields. Fields are trusted once the shape was checked."""

    file: str
    section: str
    fields: Mapping[str, object]

    @property
    def id(self) -> str:
        """The record's own id; a membership list goes by its instrument."""
        return self.text("id") or self.text("instrument")

    @property
    def place(self) -> str:
        """Where a person finds it: file and id."""
        return f"{self.file}.yaml: {self.id}"

    def text(self, field: str) -> str:
        """The field as text; "" when absent, null or not text."""
        value = self.fields.get(field)
        return value if isinstance(value, str) else ""

    def number(self, field: str) -> int:
        """The field as an integer; 0 when absent."""
        value = self.fields.get(field)
        return value if isinstance(value, int) else 0

    def texts(self, path: str) -> list[str]:
        """Every text found at a dotted path, through mappings and lists; empty when there is none."""
        return list(_texts(self.fields, path.split(".")))

    def every_text(self) -> Iterator[tuple[str, str]]:
        """Every text in the record with the name of its field, at any depth."""
        return _named_texts("", self.fields)


Rows = Mapping[str, Sequence[Row]]
"""Section name to its records."""


def _texts(value: object, path: list[str]) -> Sequence[str]:
    if isinstance(value, list):
        return [text for item in cast("list[object]", value) for text in _texts(item, path)]
    if path:
        return (
            _texts(cast("Mapping[str, object]", value).get(path[0]), path[1:])
            if isinstance(value, dict)
            else []
        )
    return [value] if isinstance(value, str) else []


def _named_texts(name: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield name, value
    for field, inner in as_mapping(value).items():
        yield from _named_texts(field, inner)
    for inner in as_list(value):
        yield from _named_texts(name, inner)


def rows(raw: Raw) -> Rows:
    """Every record of the loaded files by section; what is not a list of mappings is left out here."""
    found: dict[str, list[Row]] = {}
    for file, sheet in SHEETS.items():
        document = as_mapping(raw.get(file))
        for section in sheet.sections:
            found[section] = [Row(file, section, as_mapping(item)) for item in as_list(document.get(section))]
    return found


def as_mapping(value: object) -> Mapping[str, object]:
    """The value as a mapping, or an empty one when it is none."""
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}


def as_list(value: object) -> Sequence[object]:
    """The value as a list, or an empty one when it is none."""
    return cast("Sequence[object]", value) if isinstance(value, list) else ()
