"""What the strict Ed25519 profile promises: one answer, rule by rule, whatever library stands behind it."""

import json
import os
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from nacl.bindings import crypto_sign_open
from nacl.exceptions import BadSignatureError

from haechi.errors import BadInput
from haechi.statement.ed25519 import WeakPublicKey, check_public_key, sign, verify

REPO = Path(__file__).parents[2]
VECTORS = Path(os.environ.get("HAECHI_VECTORS", REPO.parent / "shared" / "vectors")) / "ed25519"

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SIGN = 1 << 255

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
MESSAGE = b"the same answer everywhere"
SIGNATURE = KEY.sign(MESSAGE)

# What the flags of the vectors must not name for a signature to be valid under the profile.
REFUSED = {"low_order_A", "low_order_R", "non_canonical_A", "non_canonical_R", "low_order_residue"}


# --- the 914 vectors of C2SP/CCTV, ed25519/ed25519vectors.json -------------------------------------------


class Vector(NamedTuple):
    number: int
    key: bytes
    signature: bytes
    message: bytes
    flags: frozenset[str]


@cache
def vectors() -> list[Vector]:
    path = VECTORS / "ed25519vectors.json"
    if not path.is_file():
        pytest.skip(f"no vectors at {path}; set HAECHI_VECTORS")
    rows = json.loads(path.read_text())
    return [
        Vector(
            row["number"],
            bytes.fromhex(row["key"]),
            bytes.fromhex(row["sig"]),
            row["msg"].encode(),
            frozenset(row["flags"] or ()),
        )
        for row in rows
    ]


def openssl(vector: Vector) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(vector.key).verify(vector.signature, vector.message)
    except (InvalidSignature, ValueError):
        return False
    return True


def libsodium(vector: Vector) -> bool:
    try:
        crypto_sign_open(vector.signature + vector.message, vector.key)
    except BadSignatureError:
        return False
    return True


def test_every_vector_is_judged_by_its_flags():
    assert len(vectors()) == 914
    wrong = [v for v in vectors() if verify(v.key, v.signature, v.message) != REFUSED.isdisjoint(v.flags)]
    assert not wrong


def test_the_accepted_vectors_are_exactly_those_of_libsodium():
    ours = {v.number for v in vectors() if verify(v.key, v.signature, v.message)}
    assert ours == {v.number for v in vectors() if libsodium(v)}
    assert len(ours) == 43


def test_openssl_alone_would_accept_165_more_and_each_breaks_a_rule_checked_before_the_library():
    more = [v for v in vectors() if openssl(v) and not verify(v.key, v.signature, v.message)]
    assert len(more) == 165
    assert all(v.flags & (REFUSED - {"low_order_residue"}) for v in more)


def test_after_the_rules_checked_in_front_both_libraries_agree():
    passed = [v for v in vectors() if (REFUSED - {"low_order_residue"}).isdisjoint(v.flags)]
    assert len(passed) == 106
    assert all(openssl(v) == libsodium(v) == verify(v.key, v.signature, v.message) for v in passed)


def test_with_openssl_in_libsodium_s_place_every_answer_stays(monkeypatch: pytest.MonkeyPatch):
    def by_openssl(signed: bytes, key: bytes) -> bool:
        return openssl(Vector(0, key, signed[:64], signed[64:], frozenset()))

    expected = [verify(v.key, v.signature, v.message) for v in vectors()]
    monkeypatch.setattr("haechi.statement.ed25519._equation_holds", by_openssl)
    assert [verify(v.key, v.signature, v.message) for v in vectors()] == expected


def test_every_rule_but_the_equation_stands_without_any_library(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("haechi.statement.ed25519._equation_holds", lambda *_: True)
    assert verify(PUBLIC, SIGNATURE, MESSAGE)
    passed = {v.number for v in vectors() if verify(v.key, v.signature, v.message)}
    assert passed == {v.number for v in vectors() if (REFUSED - {"low_order_residue"}).isdisjoint(v.flags)}
    r, s = SIGNATURE[:32], SIGNATURE[32:]
    assert not verify(PUBLIC, r + L.to_bytes(32, "little"), MESSAGE)
    assert verify(PUBLIC, r + (L - 1).to_bytes(32, "little"), MESSAGE)
    for y in range(P, SIGN):
        assert not verify(PUBLIC, y.to_bytes(32, "little") + s, MESSAGE)
        assert not verify(PUBLIC, (y | SIGN).to_bytes(32, "little") + s, MESSAGE)
    for size in (0, 63, 65):
        assert not verify(PUBLIC, (SIGNATURE * 2)[:size], MESSAGE)


def test_the_equation_is_the_one_without_a_cofactor():
    only = [v for v in vectors() if v.flags & REFUSED == {"low_order_residue"}]
    assert len(only) == 63
    assert not any(verify(v.key, v.signature, v.message) for v in only)


def test_keys_and_points_of_mixed_order_pass():
    mixed = [v for v in vectors() if v.flags == {"low_order_component_A", "low_order_component_R"}]
    assert len(mixed) == 35
    assert all(verify(v.key, v.signature, v.message) for v in mixed)


@pytest.mark.parametrize("flag", ["low_order_A", "non_canonical_A"])
def test_a_key_the_vectors_flag_is_refused_at_enrolment(flag: str):
    keys = {v.key for v in vectors() if flag in v.flags}
    assert keys
    for key in keys:
        with pytest.raises(WeakPublicKey):
            check_public_key(key)


# --- RFC 8032 section 7.1, tests 1 to 3 ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("public", "message", "signature"),
    [
        (
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            (
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
                "d25bf5f0595bbe24655141438e7a100b"
            ),
        ),
        (
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            (
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
                "387b2eaeb4302aeeb00d291612bb0c00"
            ),
        ),
        (
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            (
                "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
                "4a7c15e9716ed28dc027beceea1ec40a"
            ),
        ),
    ],
)
def test_the_vectors_of_rfc_8032_verify(public: str, message: str, signature: str):
    check_public_key(bytes.fromhex(public))
    assert verify(bytes.fromhex(public), bytes.fromhex(signature), bytes.fromhex(message))


# --- rules, each as the accepted case and one change -----------------------------------------------------


def test_the_accepted_case():
    check_public_key(PUBLIC)
    assert verify(PUBLIC, SIGNATURE, MESSAGE)


@pytest.mark.parametrize("at", range(64))
def test_any_flipped_byte_of_the_signature_is_refused(at: int):
    flipped = bytearray(SIGNATURE)
    flipped[at] ^= 1
    assert not verify(PUBLIC, bytes(flipped), MESSAGE)


def test_a_second_encoding_of_s_is_refused():
    s = int.from_bytes(SIGNATURE[32:], "little")
    assert not verify(PUBLIC, SIGNATURE[:32] + (s + L).to_bytes(32, "little"), MESSAGE)


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_a_key_of_another_length_is_refused(size: int):
    raw = (PUBLIC * 2)[:size]
    with pytest.raises(WeakPublicKey, match=f"length {size}"):
        check_public_key(raw)
    assert not verify(raw, SIGNATURE, MESSAGE)


@pytest.mark.parametrize("size", [0, 63, 65, 128])
def test_a_signature_of_another_length_is_refused(size: int):
    assert not verify(PUBLIC, (SIGNATURE * 2)[:size], MESSAGE)


def test_a_refused_key_is_both_bad_input_and_a_wrong_value():
    assert issubclass(WeakPublicKey, BadInput)
    assert issubclass(WeakPublicKey, ValueError)


# --- the curve, worked out again with nothing but Python's numbers ----------------------------------------

Point = tuple[int, int]


def add(one: Point, two: Point) -> Point:
    (x1, y1), (x2, y2) = one, two
    t = D * x1 * x2 * y1 * y2 % P
    return (
        (x1 * y2 + x2 * y1) * pow(1 + t, -1, P) % P,
        (y1 * y2 + x1 * x2) * pow(1 - t, -1, P) % P,
    )


def times(scalar: int, point: Point) -> Point:
    result = (0, 1)
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def x_of(y: int) -> int | None:
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    root = pow(square, (P + 3) // 8, P)
    if root * root % P != square:
        root = root * pow(2, (P - 1) // 4, P) % P
    return root if root * root % P == square else None


@cache
def small_order_points() -> frozenset[Point]:
    """All eight: multiples of a point of order 8, found by taking the large order out of some points."""
    for y in range(2, 100):
        x = x_of(y)
        if x is None:
            continue
        torsion = times(L, (x, y))
        points = frozenset(times(n, torsion) for n in range(8))
        if len(points) == 8:
            return points
    raise AssertionError("no point of full order below y = 100")


def small_order_encodings() -> set[bytes]:
    """Every 32 bytes that some decoder takes for one of the eight points, canonical or not."""
    return {
        (number | sign).to_bytes(32, "little")
        for _, y in small_order_points()
        for number in (y, y + P)
        if number < SIGN
        for sign in (0, SIGN)
    }


def test_every_encoding_of_the_eight_small_order_points_is_refused_as_a_key_and_as_r():
    encodings = small_order_encodings()
    assert len(encodings) == 14  # 5 values of y, two of them below 19, each with both sign bits
    for raw in encodings:
        with pytest.raises(WeakPublicKey):
            check_public_key(raw)
        assert not verify(raw, SIGNATURE, MESSAGE)
        assert not verify(PUBLIC, raw + SIGNATURE[32:], MESSAGE)


@pytest.mark.parametrize("y", range(P, SIGN))
@pytest.mark.parametrize("sign", [0, SIGN])
def test_no_encoding_of_y_beyond_the_prime_is_a_key(y: int, sign: int):
    with pytest.raises(WeakPublicKey, match="non-canonical"):
        check_public_key((y | sign).to_bytes(32, "little"))


@settings(max_examples=60)
@given(st.integers(0, P - 1), st.sampled_from([0, SIGN]))
def test_a_key_is_on_the_curve(y: int, sign: int):
    assume(y not in {small for _, small in small_order_points()})
    raw = (y | sign).to_bytes(32, "little")
    if x_of(y) is None:
        with pytest.raises(WeakPublicKey, match="not on the curve"):
            check_public_key(raw)
    else:
        check_public_key(raw)


@settings(max_examples=30)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200))
def test_whatever_an_honest_signer_makes_is_accepted(seed: bytes, message: bytes):
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public = key.public_key().public_bytes_raw()
    check_public_key(public)
    assert verify(public, key.sign(message), message)
    assert not verify(public, key.sign(message), message + b".")


@settings(max_examples=30)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200))
def test_signatures_are_those_of_another_library(seed: bytes, message: bytes):
    key = Ed25519PrivateKey.from_private_bytes(seed)
    assert sign(seed + key.public_key().public_bytes_raw(), message) == key.sign(message)
