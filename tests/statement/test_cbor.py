"""Strict CBOR: what is taken has one encoding; the rest is refused by name, in little time and memory."""

import math
import time
import tracemalloc

import cbor2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from haechi.errors import TooLarge
from haechi.statement.breach import HIDDEN_TEXT, MAX_DEPTH, RULES, first_breach, shortest_float
from haechi.statement.cbor import CborMalformed, decode, encode
from haechi.words import LANGS

KIB = 1024
HEX = bytes.fromhex


def read(raw: bytes, *, sorted_keys: bool = True) -> object:
    return decode(raw, where="bytes", max_bytes=64 * KIB, sorted_keys=sorted_keys)


SEEN = st.text(st.characters(codec="utf-8").filter(lambda char: not HIDDEN_TEXT.match(char)), max_size=12)
INTEGERS = st.integers(-(1 << 64), (1 << 64) - 1)
FLOATS = st.floats(allow_nan=False, allow_infinity=False).map(lambda value: value + 0.0 if value else 0.0)
PLAIN = st.recursive(
    st.none() | st.booleans() | INTEGERS | FLOATS | SEEN | st.binary(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(INTEGERS | SEEN, inner, max_size=4),
    max_leaves=12,
)


@given(PLAIN)
def test_a_value_comes_back_as_it_was(value: object):
    back = read(encode(value))
    assert back == value
    assert repr(sorted_deeply(back)) == repr(sorted_deeply(value))  # 5 is not 5.0, and True is not 1


@given(PLAIN)
def test_the_encoding_is_what_the_standard_says(value: object):
    """Length for length as in cbor2, whose canonical form differs in the order of keys only."""
    raw = encode(value)
    assert len(raw) == len(cbor2.dumps(value, canonical=True))
    assert cbor2.loads(raw) == value


@given(PLAIN, PLAIN)
def test_two_values_never_share_an_encoding(one: object, other: object):
    same = repr(sorted_deeply(one)) == repr(sorted_deeply(other))
    assert (encode(one) == encode(other)) == same


def sorted_deeply(value: object) -> object:
    if isinstance(value, dict):
        return "map", sorted((repr(k), repr(sorted_deeply(v))) for k, v in value.items())
    return [sorted_deeply(item) for item in value] if isinstance(value, list) else value


@given(st.binary(max_size=64))
@example(HEX("a201000000"))
def test_random_bytes_are_refused_or_have_one_encoding(raw: bytes):
    rule = first_breach(raw, sorted_keys=True).rule
    try:
        value = read(raw)
    except CborMalformed:
        assert rule != "form"
        return
    assert encode(value) == raw
    assert rule == "form"  # the slow walk finds nothing either


@given(PLAIN, st.data())
def test_a_changed_encoding_is_refused_or_another_value(value: object, data: st.DataObject):
    raw = bytearray(encode(value))
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    try:
        other = read(bytes(raw))
    except CborMalformed:
        return
    assert repr(sorted_deeply(other)) != repr(sorted_deeply(value))


@pytest.mark.parametrize(
    ("value", "raw"),
    [
        # RFC 8949 appendix A, values that we take.
        (0, "00"),
        (23, "17"),
        (24, "1818"),
        (1000000000000, "1b000000e8d4a51000"),
        (18446744073709551615, "1bffffffffffffffff"),
        (-18446744073709551616, "3bffffffffffffffff"),
        (-1000, "3903e7"),
        (0.0, "f90000"),
        (1.0, "f93c00"),
        (1.1, "fb3ff199999999999a"),
        (65504.0, "f97bff"),
        (100000.0, "fa47c35000"),
        (3.4028234663852886e38, "fa7f7fffff"),
        (1.0e300, "fb7e37e43c8800759c"),
        (5.960464477539063e-8, "f90001"),
        (0.00006103515625, "f90400"),
        (-4.1, "fbc010666666666666"),
        (None, "f6"),
        ("", "60"),
        ("ü", "62c3bc"),
        ("𐅑", "64f0908591"),
        ([1, [2, 3], [4, 5]], "8301820203820405"),
        ({"a": 1, "b": [2, 3]}, "a26161016162820203"),
    ],
)
def test_examples_of_the_standard(value: object, raw: str):
    assert encode(value).hex() == raw
    assert read(HEX(raw)) == value


def test_keys_are_sorted_by_their_bytes_not_by_length():
    # RFC 8949 section 4.2.1: 10, 100, -1, "z", "aa". RFC 7049 would put -1 before 100.
    order = [10, 100, -1, "z", "aa"]
    assert encode(dict.fromkeys(reversed(order), 0)).hex() == "a50a0018640020006" + "17a0062616100"
    assert list(read(encode(dict.fromkeys(order, 0)))) == order  # type: ignore[call-overload]


REFUSED = [
    ("truncated", ""),
    ("truncated", "18"),
    ("truncated", "8201"),
    ("truncated", "5bffffffffffffffff"),  # huge declared lengths
    ("truncated", "7a7fffffff"),
    ("truncated", "9bffffffffffffffff"),
    ("truncated", "bbffffffffffffffff"),
    ("trailing", "0000"),
    ("trailing", "a0f6"),
    ("indefinite", "9f00ff"),
    ("indefinite", "bf6100ff"),
    ("indefinite", "5f4100ff"),
    ("indefinite", "7f6161ff"),
    ("long-form", "1800"),
    ("long-form", "190017"),
    ("long-form", "1a0000ffff"),
    ("long-form", "1b00000000ffffffff"),
    ("long-form", "580141"),
    ("long-form", "7801" + "61"),
    ("long-form", "980100"),
    ("long-form", "b8010000"),
    ("long-form", "fa3f800000"),
    ("long-form", "fb3ff0000000000000"),
    ("tag", "c074323031332d30332d32315432303a30343a30305a"),
    ("tag", "c249010000000000000000"),
    ("tag", "c5821a3fffffff01"),  # 2 to the power of a billion
    ("tag", "d81c80"),
    ("tag", "d8238162"),
    ("tag", "d9d9f700"),
    ("tag", "8201c100"),
    ("simple", "f7"),
    ("simple", "e0"),
    ("simple", "f8ff"),
    ("reserved", "1c"),
    ("reserved", "ff"),
    ("reserved", "fc"),
    ("depth", "81" * (MAX_DEPTH + 1) + "00"),
    ("key-type", "a1f500"),
    ("key-type", "a1f93c0000"),
    ("key-type", "a1414100"),
    ("key-type", "a18000"),
    ("key-type", "a1f600"),
    ("duplicate-key", "a200010002"),
    ("duplicate-key", "a2616101616102"),
    ("key-order", "a201000000"),
    ("key-order", "a2626161006162" + "00"),
    ("utf-8", "61ff"),
    ("utf-8", "63eda080"),
    ("hidden-text", "6100"),
    ("hidden-text", "6109"),
    ("hidden-text", "611b"),
    ("hidden-text", "62c285"),
    ("hidden-text", "63e280ae"),  # right-to-left override
    ("hidden-text", "63e280a8"),  # line separator
    ("hidden-text", "63efbbbf"),  # byte order mark
    ("hidden-text", "64f3a08181"),  # invisible tag letter
    ("not-finite", "f97e00"),
    ("not-finite", "f97c00"),
    ("not-finite", "f9fc00"),
    ("not-finite", "fb7ff0000000000000"),
    ("negative-zero", "f98000"),
]


@pytest.mark.parametrize(("rule", "raw"), REFUSED)
def test_each_looseness_is_refused_by_its_name(rule: str, raw: str):
    with pytest.raises(CborMalformed) as refused:
        read(HEX(raw))
    assert (refused.value.code, refused.value.facts["rule"]) == ("statement.cbor", rule)
    assert RULES[rule].ko in refused.value.say("ko")
    assert RULES[rule].en in refused.value.say("en")


INSIDE = [(rule, raw) for rule, raw in REFUSED if rule not in ("truncated", "trailing", "depth")]


@pytest.mark.parametrize(("rule", "raw"), INSIDE)
def test_the_looseness_is_refused_inside_other_values_too(rule: str, raw: str):
    with pytest.raises(CborMalformed) as refused:
        read(b"\xa1\x61a\x81" + HEX(raw))
    assert refused.value.facts["rule"] == rule


def test_every_rule_is_exercised():
    unseen = set(RULES) - {rule for rule, _ in REFUSED}
    assert unseen == {"integer-range", "type", "items", "form"}  # the first two are of encoding, see below


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ("integer-range", 1 << 64),
        ("integer-range", -(1 << 64) - 1),
        ("not-finite", math.nan),
        ("not-finite", -math.inf),
        ("negative-zero", -0.0),
        ("hidden-text", "a\u202eb"),
        ("hidden-text", "\ud800"),
        ("key-type", {1.0: 0}),
        ("key-type", {b"": 0}),
        ("type", {1, 2}),
        ("type", object()),
        ("items", [0] * 60_000),
    ],
)
def test_what_would_be_refused_is_not_written_either(rule: str, value: object):
    with pytest.raises(CborMalformed) as refused:
        encode(value, where="claim")
    assert refused.value.facts["rule"] == rule
    assert refused.value.say("ko").startswith("claim")


def test_headers_of_other_makers_may_be_unsorted_and_nothing_else():
    unsorted = HEX("a2040001" + "00")
    assert read(unsorted, sorted_keys=False) == {4: 0, 1: 0}
    for rule, raw in REFUSED:
        if rule != "key-order":
            with pytest.raises(CborMalformed):
                read(HEX(raw), sorted_keys=False)


def test_keys_that_python_holds_equal_are_told_apart():
    assert read(HEX("a10100")) == {1: 0}  # now the shape of {1: ...} is remembered
    for raw in ("a1f500", "a1f93c0000", "a1fb3ff000000000000000"):
        for sorted_keys in (True, False):
            with pytest.raises(CborMalformed):
                read(HEX(raw), sorted_keys=sorted_keys)


def test_size_is_bounded_before_any_work():
    assert read(encode(b"x" * (64 * KIB - 3))) == b"x" * (64 * KIB - 3)
    with pytest.raises(TooLarge) as refused:
        read(encode(b"x" * (64 * KIB - 2)))
    assert refused.value.facts == {"what_is": "bytes", "limit": 64 * KIB, "got": 64 * KIB + 1}


def bombs() -> dict[str, bytes]:
    shared = b"\xd8\x1c\x81\x00" + b"".join(
        b"\xd8\x1c\x97" + bytes((0xD8, 0x1D, level)) * 23 for level in range(10)
    )
    words = HEX("d90100") + b"\x99\x20\x00\x79\x70\x00" + b"a" * 0x7000 + HEX("d81900") * 0x1FFF
    return {
        "a million nested arrays": b"\x81" * 1_000_000,
        "nested arrays": b"\x81" * (64 * KIB),
        "nested maps": b"\xa1\x00" * (32 * KIB),
        "nested tags": b"\xc1" * (64 * KIB),
        "23 to the power of 10 through shared values": b"\x8b" + shared,
        "a quarter of a gigabyte through shared text": words,
        "a bigfloat": HEX("c5821a3fffffff01"),
        "numbers of one byte": b"\x99\xff\xf0" + b"\x00" * 0xFFF0,
        "small arrays": b"\x99\x7f\xf0" + b"\x81\x00" * 0x7FF0,
        "empty maps": b"\x99\xff\xf0" + b"\xa0" * 0xFFF0,
        "a huge declared text": b"\x7b\x7f\xff\xff\xff\xff\xff\xff\xff",
    }


@pytest.mark.parametrize("name", bombs())
def test_bombs_cost_little(name: str):
    raw = bombs()[name]
    tracemalloc.start()
    begun = time.perf_counter()
    with pytest.raises((CborMalformed, TooLarge)):
        read(raw)
    took = time.perf_counter() - begun
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(f"{name}: {len(raw):,} bytes refused in {took * 1000:.1f} ms, {peak / KIB:,.0f} KiB")  # noqa: T201
    assert peak < 16 * KIB * KIB


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_is_as_short_as_it_can_be(value: float):
    raw = shortest_float(value)
    assert cbor2.loads(raw) == value
    assert len(raw) == len(cbor2.dumps(value, canonical=True))


@pytest.mark.parametrize("lang", LANGS)
def test_the_reason_is_said_in_the_readers_language(lang: str):
    with pytest.raises(CborMalformed) as refused:
        read(b"\xc1\x00")
    english = "bytes is not strict CBOR: a tag (byte 0)"
    korean = "bytes이(가) 엄격한 CBOR가 아닙니다: 태그가 있음 (바이트 0)"
    assert refused.value.say(lang) == {"en": english, "ko": korean}[lang]  # type: ignore[arg-type]
    assert refused.value.as_dict()["code"] == "statement.cbor"
