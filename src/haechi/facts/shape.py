"""The fields that each record of the facts must and may have, and the check that it has them.

Written as text so that the whole shape fits on one page: `name` is required, `name?` may be absent;
after a colon stands the kind of value: text (the default, not blank), prose (may be blank), text0 and
int0 (may be null), int, flag, texts (list of text), a word list of `terms`, `{shape}` or `[shape]`
(one, or a list, of a nested shape; `[words]` is a list of words of one list). The msgspec structs hold the
same shape; a test keeps them together.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple, cast

from haechi.facts.problem import Problem, problem
from haechi.facts.row import SHEETS, Raw, Row, as_list, as_mapping
from haechi.facts.terms import TERMS


class Field(NamedTuple):
    """One field of a shape; nested is the shape inside, "" when there is none."""

    name: str
    required: bool
    kind: str
    nested: str


_TEXT_KINDS = {"text": "text", "prose": "text", "text0": "text or null"}
_OTHER_KINDS = {"int": "a whole number", "int0": "a whole number or null", "flag": "true or false"}


def _field(text: str) -> Field:
    name, _, kind = text.partition(":")
    kind = kind or "text"
    nested = kind[1:-1] if kind[0] in "[{" else ""
    return Field(name.removesuffix("?"), not name.endswith("?"), kind, nested)


def _shape(text: str) -> tuple[Field, ...]:
    return tuple(_field(word) for word in text.split())


_READ = "checked:Checked confidence:Confidence"

SHAPES: Mapping[str, tuple[Field, ...]] = MappingProxyType(
    {
        "sources": _shape("id title title_ko? publisher date type checked:Checked note?"),
        "evidence_kinds": _shape("id name name_ko meaning default_valid_days:int0"),
        "evidence_subkinds": _shape("id name name_ko"),
        "roles": _shape("id name name_ko"),
        "applications": _shape("id name name_ko modality"),
        "tiers": _shape("id name name_ko"),
        "force": _shape("id name name_ko"),
        "countries": _shape("id alpha2 alpha3 name name_ko"),
        "organisations": _shape("id name name_ko members?:texts"),
        "companies": _shape("id name name_ko home"),
        "institutes": _shape(
            f"id party name name_ko since:text0 network_member:flag sources:texts {_READ} note?"
        ),
        "memberships": _shape(
            "instrument parties:texts joined_later?:[joiner] some_joined_later?:flag not_signed?:texts "
            f"complete?:flag count_stated sources:texts {_READ} note?"
        ),
        "joiner": _shape("party when confidence?:Confidence"),
        "summits": _shape(
            "id name name_ko place start:text0 end:text0 hosts:texts instruments:texts next:text0 theme? "
            f"status? facts?:[summit_fact] initiatives?:[initiative] sources:texts {_READ}"
        ),
        "summit_fact": _shape("fact fact_ko? src"),
        "initiative": _shape("id name what src"),
        "instruments": _shape(
            "id summit name name_ko date kind:InstrumentKind party_kind:PartyKind sources:texts"
        ),
        "commitments": _shape(
            "id instrument locator topic text text_ko evidence:texts indicator:{indicator} sources:[cited] "
            f"{_READ} any_of?:[choice] part?:Part note?"
        ),
        "indicator": _shape("id name name_ko unit unit_ko rule"),
        "cited": _shape("src loc"),
        "regimes": _shape(
            "id name name_ko jurisdiction kind:RegimeKind status:RegimeStatus in_force:text0 authority "
            "sources:texts note?"
        ),
        "classes": _shape(
            f"id regime locator name name_ko applications:texts effective sources:[cited] {_READ} "
            "threshold?:{threshold} needs_effect?:flag note?"
        ),
        "threshold": _shape("exponent:int bound:Bound revenue_usd_above?:int"),
        "authorities": _shape(f"id regime name name_ko words:texts sources:[cited] {_READ}"),
        "reliefs": _shape(
            "id regime article name name_ko kind:ReliefKind firms:[Firm] requirements:texts says says_ko "
            f"effective sources:[cited] {_READ} note?"
        ),
        "requirements": _shape(
            "id regime article topic name name_ko says says_ko applies_to:{scope} force effective:text0 "
            f"date_notes? deadline? evidence_valid_days?:int evidence:texts sources:[cited] {_READ} "
            "dates?:{dates} clocks?:[clock] any_of?:[choice] large_only?:flag note?"
        ),
        "dates": _shape("superseded?:[was] transitions?:[transition]"),
        "was": _shape("effective src by stood_from? stood_until?"),
        "transition": _shape("placed_before effective src loc why why_ko"),
        "clock": _shape(
            "id name name_ko length:int0 unit:ClockUnit starts:ClockStart triggers:[Trigger] zone src loc "
            "told?:texts"
        ),
        "choice": _shape("kinds:texts why why_ko"),
        "scope": _shape("roles:texts applications:texts tiers:texts"),
        # `why` is optional here only so that its absence gets a code of its own in `checks`.
        "relations": _shape(
            "id topic a relation:SetRelation b strength:int basis:Basis why?:prose why_ko "
            "a_evidence_lacks_for_b? a_evidence_lacks_for_b_ko? b_evidence_lacks_for_a? "
            "b_evidence_lacks_for_a_ko? carry_a_to_b:Carry carry_b_to_a:Carry confidence:Confidence "
            "status:RelationStatus"
        ),
    }
)
"""Every section of the files, and the shapes nested in them."""


def check_shape(raw: Raw) -> list[Problem]:
    """Missing files, wrong schemas, and every field that is missing, unknown or of the wrong kind."""
    problems: list[Problem] = []
    for file, sheet in SHEETS.items():
        place = f"{file}.yaml"
        document = as_mapping(raw.get(file))
        if not document:
            problems.append(problem("facts.file.missing", place))
            continue
        if document.get("schema") != sheet.schema:
            got = document.get("schema")
            problems.append(problem("facts.file.schema", place, got=got, expected=sheet.schema))
        problems += _in_head(place, {*_HEAD.get(file, _HEAD[""]), *sheet.sections}, document)
        for section in [section for section in sheet.sections if section in document]:
            problems += _in_section(file, section, document[section])
    return problems


def _in_section(file: str, section: str, value: object) -> Iterator[Problem]:
    if not isinstance(value, list):
        yield problem("facts.shape.type", f"{file}.yaml", field=section, expected="a list", got=value)
    for item in as_list(cast("object", value)):
        yield from _in_record(Row(file, section, as_mapping(item)).place, section, item)


_HEAD = {"": ("schema", "as_of"), "crosswalk": ("schema", "as_of", "method")}


def _in_head(place: str, allowed: set[str], document: Mapping[str, object]) -> Iterator[Problem]:
    for name in sorted(allowed - set(document)):
        yield problem("facts.shape.missing", place, field=name)
    for name in sorted(set(document) - allowed):
        yield problem("facts.shape.unknown", place, field=name, section="the file")


def _in_record(place: str, shape: str, item: object) -> Iterator[Problem]:
    if not isinstance(item, dict):
        yield problem("facts.shape.type", place, field=shape, expected="a mapping", got=item)
        return
    values = as_mapping(cast("object", item))
    fields = {field.name: field for field in SHAPES[shape]}
    for name in values:
        if name not in fields:
            yield problem("facts.shape.unknown", place, field=name, section=shape)
    for name, field in fields.items():
        if name in values:
            yield from _in_field(place, field, values[name])
        elif field.required:
            yield problem("facts.shape.missing", place, field=name)


def _in_field(place: str, field: Field, value: object) -> Iterator[Problem]:
    if field.nested in TERMS:
        yield from _in_words(place, field, value)
    elif field.kind.startswith("["):
        if not isinstance(value, list):
            yield problem("facts.shape.type", place, field=field.name, expected="a list", got=value)
        for item in as_list(cast("object", value)):
            yield from _in_record(place, field.nested, item)
    elif field.kind.startswith("{"):
        yield from _in_record(place, field.nested, value)
    elif field.kind in TERMS:
        if not isinstance(value, str) or value not in TERMS[field.kind]:
            expected = ", ".join(sorted(TERMS[field.kind]))
            yield problem("facts.shape.word", place, field=field.name, got=value, expected=expected)
    elif not _fits(field.kind, value):
        kinds = {**_TEXT_KINDS, **_OTHER_KINDS, "texts": "a list of texts"}
        yield problem("facts.shape.type", place, field=field.name, expected=kinds[field.kind], got=value)


def _in_words(place: str, field: Field, value: object) -> Iterator[Problem]:
    """A list of words of one word list."""
    if not isinstance(value, list):
        yield problem("facts.shape.type", place, field=field.name, expected="a list", got=value)
    for item in as_list(cast("object", value)):
        if not isinstance(item, str) or item not in TERMS[field.nested]:
            expected = ", ".join(sorted(TERMS[field.nested]))
            yield problem("facts.shape.word", place, field=field.name, got=item, expected=expected)


def _fits(kind: str, value: object) -> bool:
    if value is None:
        return kind.endswith("0")
    if kind == "texts":
        return isinstance(value, list) and all(_fits("text", item) for item in as_list(cast("object", value)))
    if kind in _TEXT_KINDS:
        return isinstance(value, str) and (kind == "prose" or bool(value.strip()))
    if kind == "flag":
        return isinstance(value, bool)
    # bool is an int to Python; `strength: yes` must not pass for 1.
    return isinstance(value, int) and not isinstance(value, bool)
