"""Every kind, found through the registry: a new one is held to all of this without touching these tests."""

import json
import re
from collections.abc import Iterator
from hashlib import sha256

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import inspect
from tests.statement.make import FACTS, about, example, example_payload, key

from haechi.errors import BadInput
from haechi.findings import Verdict
from haechi.statement import cbor
from haechi.statement.claims import (
    AnyKind,
    ClaimMalformed,
    Row,
    check_claim,
    claim_of,
    convert_claim,
    decode_claim,
    encode_claim,
    kind_names,
    kind_of,
)
from haechi.statement.envelope import HashEnvelope, Statement, content_type_of, sign_statement
from haechi.statement.evidence import EvidenceRef
from haechi.statement.jsonform import claim_json, from_json, json_schema, statement_json
from haechi.statement.reference import fields_of
from haechi.words import LANGS, Text

KINDS = kind_names()
HANGUL = re.compile(r"[가-힣]")
each_kind = pytest.mark.parametrize("name", KINDS)


@each_kind
def test_the_example_is_signed_read_and_told(name: str):
    kind = kind_of(name)
    statement = Statement.from_bytes(example(name).raw)
    assert statement.check_signature().verdict is Verdict.HOLDS
    assert check_claim(statement, FACTS).as_dict("ko")["code"] == "statement.claim.valid"
    assert claim_of(statement, FACTS) == kind.example()


@each_kind
def test_the_registry_names_the_kind_as_its_module(name: str):
    kind = kind_of(name)
    assert kind.name == name
    for text in (kind.title, kind.about):
        assert text.en
        assert HANGUL.search(text.ko)
    assert kind.example() == kind.example()


def texts_of(kind: AnyKind) -> Iterator[Text]:
    reading = kind.read(kind.example(), FACTS)
    yield reading.sentence
    for row in reading.rows:
        yield row.label
        yield row.value


@each_kind
def test_the_reading_speaks_both_languages(name: str):
    kind = kind_of(name)
    reading = kind.read(kind.example(), FACTS)
    assert reading.sentence.en != reading.sentence.ko
    assert HANGUL.search(reading.sentence.ko)
    assert not HANGUL.search(reading.sentence.en)
    assert all(row.label.en and row.label.ko and row.value.en and row.value.ko for row in reading.rows)
    assert any(HANGUL.search(row.label.ko) for row in reading.rows)
    for text in texts_of(kind):
        assert all(text.say(lang).strip() for lang in LANGS)


@each_kind
def test_labels_are_translated_unless_they_are_the_issuers_own_words(name: str):
    kind = kind_of(name)
    own = json.dumps(claim_json(kind.example()), ensure_ascii=False)
    for row in kind.read(kind.example(), FACTS).rows:
        translated = HANGUL.search(row.label.ko) and not HANGUL.search(row.label.en)
        assert translated or row.label.en in own or row.label.en in ("HOLDS", "FAILS", "UNDECIDED"), row


@each_kind
def test_rows_point_at_the_statements_spoken_about(name: str):
    kind = kind_of(name)
    claim = kind.example()
    rows: list[Row] = kind.read(claim, FACTS).rows
    assert {row.target for row in rows if row.target is not None} == set(kind.targets(claim))
    assert all(type(ref) is EvidenceRef for ref in kind.evidence(claim))


@each_kind
def test_json_leads_back_to_the_same_bytes(name: str):
    kind = kind_of(name)
    spelled = json.loads(json.dumps(claim_json(kind.example())))
    claim = convert_claim(kind, from_json(spelled), FACTS)
    assert claim == kind.example()
    assert encode_claim(kind, claim, FACTS) == example_payload(kind)
    shown = statement_json(example(name), FACTS)
    assert json.loads(json.dumps(shown))["claim"] == spelled


@each_kind
def test_the_json_schema_is_one_and_fits(name: str):
    schema = json_schema(kind_of(name))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    spelled = claim_json(kind_of(name).example())
    assert isinstance(spelled, dict)
    validator.validate(spelled)
    for field in spelled:
        required = {each.path for each in fields_of(kind_of(name)) if each.required}
        without = {name: value for name, value in spelled.items() if name != field}
        assert validator.is_valid(without) == (field not in required)
    assert not validator.is_valid({**spelled, "unheard_of": 1})
    assert not validator.is_valid([spelled])


def maps_in(value: object, path: tuple[object, ...] = ()) -> Iterator[tuple[object, ...]]:
    if isinstance(value, dict):
        yield path
        for name, inner in value.items():
            yield from maps_in(inner, (*path, name))
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from maps_in(inner, (*path, at))


def plain(kind: AnyKind) -> object:
    """The example as CBOR holds it: maps, lists and leaves that may be changed."""
    return cbor.decode(example_payload(kind), where="payload", max_bytes=1 << 16)


@each_kind
def test_an_unknown_field_is_refused_wherever_it_stands(name: str):
    kind = kind_of(name)
    schema = jsonschema.Draft202012Validator(json_schema(kind))
    for path in maps_in(plain(kind)):
        value, spelled = plain(kind), json.loads(json.dumps(claim_json(kind.example())))
        for whole in (value, spelled):
            inner = whole
            for step in path:
                inner = inner[step]  # type: ignore[index]
            inner["unheard_of"] = 1  # type: ignore[index]
        with pytest.raises(ClaimMalformed) as refused:
            decode_claim(kind, cbor.encode(value), FACTS)
        assert "unheard_of" in refused.value.say("ko")
        assert not schema.is_valid(spelled)


@each_kind
def test_a_payload_has_one_encoding(name: str):
    kind = kind_of(name)
    payload = example_payload(kind)
    decode_claim(kind, payload, FACTS)
    value = plain(kind)
    assert isinstance(value, dict)
    first, *others = value.items()
    other_orders = [dict([*others, first]), dict(reversed(value.items()))]
    loose = {
        "trailing": payload + b"\x00",
        "truncated": payload[:-1],
        "long-form": b"\xb8" + bytes((payload[0] & 0x1F,)) + payload[1:],
        "indefinite": b"\xbf" + payload[1:] + b"\xff",
        "tag": b"\xd9\xd9\xf7" + payload,
    }
    for rule, raw in loose.items():
        with pytest.raises(cbor.CborMalformed) as refused:
            decode_claim(kind, raw, FACTS)
        assert refused.value.facts["rule"] == rule
    for order in other_orders:
        if list(order) != list(value):
            with pytest.raises(cbor.CborMalformed) as refused:
                decode_claim(kind, b"".join([payload[:1], *map(pair, order.items())]), FACTS)
            assert refused.value.facts["rule"] == "key-order"


def pair(item: tuple[object, object]) -> bytes:
    return cbor.encode(item[0]) + cbor.encode(item[1])


@each_kind
def test_defaults_are_left_out_and_never_written(name: str):
    kind = kind_of(name)
    for field in msgspec.structs.fields(kind.payload):
        value = plain(kind)
        assert isinstance(value, dict)
        if field.required or field.encode_name in value:
            continue
        default = msgspec.to_builtins(field.default, builtin_types=(bytes,))
        with pytest.raises(ClaimMalformed) as refused:
            decode_claim(kind, cbor.encode({**value, field.encode_name: default}), FACTS)
        assert "one allowed form" in refused.value.say("en")


@each_kind
@given(data=st.data())
def test_a_damaged_payload_is_refused_or_is_another_claim(name: str, data: st.DataObject):
    kind = kind_of(name)
    raw = bytearray(example_payload(kind))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    try:
        claim = decode_claim(kind, bytes(raw), FACTS)
    except BadInput:
        return
    assert encode_claim(kind, claim, FACTS) == bytes(raw)
    reading = kind.read(claim, FACTS)
    assert all(row.value.en for row in reading.rows)


def structs_in(type_: inspect.Type) -> Iterator[inspect.StructType]:
    if isinstance(type_, inspect.Metadata):
        yield from structs_in(type_.type)
    elif isinstance(type_, inspect.UnionType):
        for each in type_.types:
            yield from structs_in(each)
    elif isinstance(type_, inspect.VarTupleType):
        yield from structs_in(type_.item_type)
    elif isinstance(type_, inspect.StructType):
        yield type_
        for field in type_.fields:
            yield from structs_in(field.type)


@each_kind
def test_only_the_payload_itself_has_defaults_that_say_something(name: str):
    """`plain_claim` looks for them there, and nowhere deeper."""
    payload, *inside = structs_in(inspect.type_info(kind_of(name).payload))
    assert payload.cls is kind_of(name).payload
    for struct in inside:
        assert all(field.required or not field.default for field in struct.fields), struct.cls


@each_kind
def test_payloads_have_types_with_one_encoding_only(name: str):
    """No dictionaries with free keys, no sets, no lists that could be shared and changed."""
    allowed = (
        inspect.StrType,
        inspect.BytesType,
        inspect.IntType,
        inspect.FloatType,
        inspect.BoolType,
        inspect.DateType,
        inspect.DateTimeType,
        inspect.LiteralType,
        inspect.VarTupleType,
        inspect.StructType,
        inspect.UnionType,
        inspect.Metadata,
    )
    for struct in structs_in(inspect.type_info(kind_of(name).payload)):
        assert struct.forbid_unknown_fields
        assert all(isinstance(field.type, allowed) for field in struct.fields), struct.cls


LEAVES: list[object] = [
    None,
    True,
    0,
    -1,
    1 << 63,
    0.5,
    "",
    "x",
    "가\n",
    "\u202e",
    b"",
    bytes(32),
    [],
    {},
    [[]],
]


def leaves_in(value: object, path: tuple[object, ...] = ()) -> Iterator[tuple[object, ...]]:
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    yield path
    for name, inner in children:
        yield from leaves_in(inner, (*path, name))


@each_kind
def test_any_field_of_any_type_is_taken_or_refused_in_words(name: str):
    kind = kind_of(name)
    for path in leaves_in(plain(kind)):
        for leaf in LEAVES:
            value: object = {"": plain(kind)}
            inner = value
            for step in ("", *path)[:-1]:
                inner = inner[step]  # type: ignore[index]
            inner[("", *path)[-1]] = leaf  # type: ignore[index]
            whole = value[""]
            try:
                claim = convert_claim(kind, whole, FACTS)
                payload = encode_claim(kind, claim, FACTS)
            except BadInput:
                continue
            assert decode_claim(kind, payload, FACTS) == claim
            kind.read(claim, FACTS)


@each_kind
def test_every_field_has_a_title_in_both_languages(name: str):
    for field in fields_of(kind_of(name)):
        assert field.title.en, field
        assert HANGUL.search(field.title.ko), field
        assert not HANGUL.search(field.title.en), field


@each_kind
def test_only_the_digest_may_be_signed(name: str):
    kind = kind_of(name)
    payload = example_payload(kind)
    envelope = HashEnvelope(content_type_of(name))
    hidden = sign_statement(key(), about(name), sha256(payload).digest(), hash_envelope=envelope)
    assert claim_of(hidden, FACTS) is None
    assert check_claim(hidden, FACTS).code == "statement.claim.withheld"
    assert claim_of(hidden, FACTS, payload) == kind.example()
    with pytest.raises(ClaimMalformed):
        claim_of(hidden, FACTS, payload + b"\x00")
