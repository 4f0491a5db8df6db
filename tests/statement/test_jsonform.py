"""JSON is a view: whatever a claim holds can be spelled in it and read back."""

import json

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.statement.make import FACTS, about, example, key

from haechi.statement.claims import ClaimMalformed, Said, convert_claim, encode_claim, kind_of
from haechi.statement.envelope import HashEnvelope, sign_statement
from haechi.statement.jsonform import claim_json, from_json, json_schema, statement_json, to_json

TRICKY = [
    "sha256:" + "0" * 64,
    "hex:",
    "hex:00ff",
    "text:hex:00",
    "text:text:hex:00",
    "text:plain",
    "hex:0",
    "text:",
]
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.binary(max_size=40) | st.text() | st.sampled_from(TRICKY),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(PLAIN)
def test_spelling_and_reading_are_inverse(value: object):
    assert from_json(json.loads(json.dumps(to_json(value)))) == value


def test_bytes_are_spelled_by_their_length():
    assert to_json(bytes(32)) == "sha256:" + "00" * 32
    assert to_json(b"\x00\xff") == "hex:00ff"
    assert to_json((b"", "a")) == ["hex:", "a"]


@pytest.mark.parametrize("words", TRICKY)
def test_words_that_look_like_bytes_stay_words(words: str):
    kind = kind_of("withdraw")
    claim = msgspec.structs.replace(kind.example(), reason=Said(en=words))
    assert convert_claim(kind, from_json(claim_json(claim)), FACTS) == claim


@pytest.mark.parametrize(
    "digest",
    ["sha256:" + "0" * 63, "sha256:" + "0" * 64 + "\n", "SHA256:" + "0" * 64, "hex:" + "0" * 62, "0" * 64],
)
def test_a_digest_is_32_bytes_in_one_spelling(digest: str):
    kind = kind_of("withdraw")
    spelled = {**claim_json(kind.example()), "target": digest}  # type: ignore[dict-item]
    assert not jsonschema.Draft202012Validator(json_schema(kind)).is_valid(spelled) or digest.endswith("\n")
    with pytest.raises(ClaimMalformed):
        convert_claim(kind, from_json(spelled), FACTS)


def test_a_statement_as_json_says_everything_its_header_says():
    statement = example("document")
    shown = statement_json(statement, FACTS)
    assert shown["digest"] == statement.digest_hex
    assert shown["title"] == {"en": "Document", "ko": "문서"}
    assert shown["key"] == {"thumbprint": statement.kid.hex(), "family": "Ed25519"}
    assert shown["bytes"] == len(statement.raw)
    assert shown["facts_version"] == FACTS.version
    assert json.dumps(shown)


def test_what_is_not_at_hand_is_null():
    envelope = HashEnvelope("text/csv", "https://files.example/a.csv")
    hidden = sign_statement(key(), about("document"), bytes(32), hash_envelope=envelope)
    shown = statement_json(hidden, FACTS)
    assert shown["claim"] is None
    assert shown["hash_envelope"] == {
        "payload": "sha256:" + "00" * 32,
        "content_type": "text/csv",
        "location": "https://files.example/a.csv",
    }
    future = statement_json(sign_statement(key(), about("moon_landing"), b"\xa0"), FACTS)
    assert (future["title"], future["claim"]) == (None, None)


def test_numbers_from_json_have_one_encoding():
    kind = kind_of("pledge_report")
    spelled = json.loads(json.dumps(claim_json(kind.example())))
    figure = spelled["sections"][0]["figures"][0]
    figure |= {"value": 99, "interval": {"low": 98, "high": 100, "level": 0.95}}
    whole = encode_claim(kind, convert_claim(kind, from_json(spelled), FACTS), FACTS)
    figure |= {"value": 99.0, "interval": {"low": 98.0, "high": 100.0, "level": 0.95}}
    assert encode_claim(kind, convert_claim(kind, from_json(spelled), FACTS), FACTS) == whole
