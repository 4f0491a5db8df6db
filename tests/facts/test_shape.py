"""The shape that the checks demand is the shape that the structs read: neither can move alone."""

import msgspec
import pytest

from haechi.facts import compiled, instrument, law, membership, requirement, source
from haechi.facts.commitment import Indicator
from haechi.facts.compiled import Compiled
from haechi.facts.record import Record
from haechi.facts.row import SHEETS
from haechi.facts.shape import SHAPES

NESTED: dict[str, type[Record]] = {
    "joiner": membership.Joiner,
    "summit_fact": instrument.SummitFact,
    "initiative": instrument.Initiative,
    "indicator": Indicator,
    "cited": source.Cited,
    "scope": requirement.Scope,
    "dates": law.Dates,
    "was": law.Was,
    "transition": law.Transition,
    "clock": law.ClockRule,
    "choice": law.Choice,
    "threshold": law.Threshold,
}


def struct_of(shape: str) -> type[Record]:
    if shape in NESTED:
        return NESTED[shape]
    kinds = {field.name: field.type for field in msgspec.structs.fields(Compiled)}
    return kinds[shape].__args__[0]


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_the_struct_has_the_fields_of_the_shape(shape: str):
    fields = {field.name: field.required for field in msgspec.structs.fields(struct_of(shape))}
    # A relation without a reason has a check of its own, so the shape lets it pass and the struct does not.
    expected = {field.name: field.required or field.name == "why" for field in SHAPES[shape]}
    assert fields == expected


def test_every_section_of_the_files_is_compiled():
    sections = {section for sheet in SHEETS.values() for section in sheet.sections}
    assert sections | {"files", "method"} == {field.name for field in msgspec.structs.fields(Compiled)}
    assert sections | set(NESTED) == set(SHAPES)


@pytest.mark.parametrize(
    "struct",
    [*NESTED.values(), *(struct_of(section) for sheet in SHEETS.values() for section in sheet.sections)],
)
def test_records_are_frozen_and_refuse_unknown_fields(struct: type[Record]):
    assert struct.__struct_config__.frozen
    assert struct.__struct_config__.forbid_unknown_fields
    assert compiled.Head.__struct_config__.forbid_unknown_fields
