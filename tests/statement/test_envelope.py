"""A statement is read in one way only, and any changed byte is noticed."""

import hashlib
import time
import tracemalloc
from collections.abc import Callable

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.statement.make import FACTS, NOW, SUBJECT, about, example, flips, forged, header_of, key

from haechi.errors import BadInput, TooLarge
from haechi.findings import Verdict, overall
from haechi.statement import cbor
from haechi.statement.claims import check_claim
from haechi.statement.envelope import (
    ENCRYPTED,
    MAX_RECEIPTS,
    MAX_STATEMENT_BYTES,
    MAX_TRANSPARENT_BYTES,
    RECEIPTS,
    HashEnvelope,
    Sharing,
    Statement,
    check_format,
    content_type_of,
    labelled_for_anybody,
    sign_statement,
)
from haechi.statement.header import CNF, HAECHI, IAT, ISS, SEALED_TYPE, SUB, write_header
from haechi.statement.keys import Family
from haechi.statement.seal_keys import SealKey
from haechi.statement.sealed import seal
from haechi.statement.sign1 import ALG, CONTENT_TYPE, CWT_CLAIMS, KID, encode_sign1, sig_structure

Change = Callable[[dict], None]
SEALED = seal(b"content", [SealKey.generate().public], b"")
FAMILIES = list(Family)


def verdict(raw: bytes) -> Verdict:
    """Everything there is to check in a statement by itself."""
    finding, statement = check_format(raw)
    findings = [finding]
    if statement is not None:
        findings += [statement.check_signature(), check_claim(statement, FACTS)]
    return overall(findings)


@pytest.mark.parametrize("family", FAMILIES, ids=str)
def test_every_family_signs_and_verifies(family: Family):
    statement = example("document", key(family))
    assert statement.check_signature().as_dict("en")["code"] == "statement.signature.valid"
    assert statement.check_signature().facts["alg"] == str(family)
    assert verdict(statement.raw) is Verdict.HOLDS
    assert Statement.from_bytes(statement.raw) == statement


def test_what_was_said_is_read_back():
    said = about("document", subject="한국어 제목, 한 줄", sharing=Sharing.GREEN)
    statement = sign_statement(key(), said, b"payload")
    assert statement.about == said
    assert (statement.payload, statement.hash_envelope, statement.receipts) == (b"payload", None, ())
    assert statement.kid == key().public.thumbprint
    assert statement.key == key().public
    assert statement.digest == hashlib.sha256(statement.raw).digest()
    assert statement.digest_hex == statement.digest.hex()


@pytest.mark.parametrize("sharing", Sharing)
@pytest.mark.parametrize(
    "hashed", [None, HashEnvelope("text/csv"), HashEnvelope("text/csv", "https://a.example/b")]
)
def test_the_header_is_the_deterministic_encoding_of_its_map(sharing: Sharing, hashed: HashEnvelope | None):
    for family in FAMILIES:
        raw = write_header(about("document", sharing=sharing), key(family).alg, key(family).public, hashed)
        assert cbor.encode(cbor2.loads(raw)) == raw


def test_signing_refuses_what_reading_would_refuse():
    for changes in (
        {"issuer": "가나다"},
        {"subject": "two\nlines"},
        {"subject": "a\u202eb"},
        {"kind": "Upper"},
    ):
        with pytest.raises(BadInput):
            sign_statement(key(), about(**{"kind": "document"} | changes), b"")


# One changed byte


@pytest.mark.parametrize("family", [Family.ED25519, Family.ES256], ids=str)
def test_any_changed_byte_is_noticed(family: Family):
    statement = example("withdraw", key(family))
    for at, raw in flips(statement.raw):
        finding, read = check_format(raw)
        if read is None:
            assert finding.code == "statement.format.malformed"
            continue
        assert read.check_signature().verdict is not Verdict.HOLDS, at
        assert read.digest != statement.digest


@pytest.mark.parametrize("family", [Family.ML_DSA_44, Family.ML_DSA_65], ids=str)
def test_any_changed_byte_is_noticed_in_long_signatures(family: Family):
    statement = example("withdraw", key(family))
    for at, raw in list(flips(statement.raw))[::7]:
        assert verdict(raw) is not Verdict.HOLDS, at


def test_a_change_is_found_by_the_check_it_belongs_to():
    statement = example()
    raw = statement.raw
    in_words = raw.index("유출".encode())
    in_kid = raw.index(statement.kid)
    in_key = raw.rindex(key().public.raw)
    in_signature = len(raw) - 64

    def code(at: int, pattern: int = 1) -> str:
        changed = raw[:at] + bytes((raw[at] ^ pattern,)) + raw[at + 1 :]
        finding, read = check_format(changed)
        return finding.code if read is None else read.check_signature().code

    assert code(in_words + 2) == "statement.signature.invalid"
    assert code(raw.index(b"company") + 1) == "statement.signature.invalid"
    assert code(in_signature) == "statement.signature.invalid"
    assert code(in_kid) == "statement.format.malformed"
    assert code(in_key) == "statement.format.malformed"
    assert code(0) == "statement.format.malformed"


def test_a_missing_or_added_byte_is_noticed():
    raw = example().raw
    for at in range(len(raw)):
        assert verdict(raw[:at]) is Verdict.FAILS
        assert verdict(raw[:at] + raw[at + 1 :]) is not Verdict.HOLDS
        assert verdict(raw[:at] + b"\x00" + raw[at:]) is not Verdict.HOLDS
    assert verdict(raw + b"\x00") is Verdict.FAILS


# Headers: the accepted statement plus one change, signed by its key


def changed(change: Change, payload: bytes = b"p") -> bytes:
    header = header_of(sign_statement(key(), about("document"), payload))
    change(header)
    return forged(header, payload)


def setting(*path: object, to: object) -> Change:
    def change(header: dict) -> None:
        inner = header
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] = to

    return change


def dropping(*path: object) -> Change:
    def change(header: dict) -> None:
        inner = header
        for step in path[:-1]:
            inner = inner[step]
        del inner[path[-1]]

    return change


def test_the_unchanged_header_is_accepted():
    assert Statement.from_bytes(changed(lambda _header: None)).check_signature().verdict is Verdict.HOLDS


OTHER = key(seed=2).public
REFUSED: dict[str, tuple[str, Change]] = {
    "crit": ("statement.envelope", setting(2, to=[1])),
    "no alg": ("statement.envelope", dropping(ALG)),
    "alg as text": ("statement.envelope", setting(ALG, to="EdDSA")),
    "alg as true": ("statement.envelope", setting(ALG, to=True)),
    "alg of another family": ("statement.key", setting(ALG, to=-7)),
    "alg unknown": ("statement.key", setting(ALG, to=-36)),
    "no kid": ("statement.envelope", dropping(KID)),
    "kid of 31 bytes": ("statement.envelope", setting(KID, to=key().public.thumbprint[:31])),
    "kid of 33 bytes": ("statement.envelope", setting(KID, to=key().public.thumbprint + b"\x00")),
    "kid as text": ("statement.envelope", setting(KID, to="k" * 32)),
    "kid of another key": ("statement.key", setting(KID, to=OTHER.thumbprint)),
    "key of another kid": ("statement.key", setting(CWT_CLAIMS, CNF, 1, -2, to=OTHER.raw)),
    "small-order key": ("statement.key", setting(CWT_CLAIMS, CNF, 1, -2, to=b"\x01" + bytes(31))),
    "key with a kid inside": ("statement.key", setting(CWT_CLAIMS, CNF, 1, 2, to=b"k")),
    "private key": ("statement.key", setting(CWT_CLAIMS, CNF, 1, -4, to=bytes(32))),
    "kty true": ("statement.key", setting(CWT_CLAIMS, CNF, 1, 1, to=True)),
    "cnf empty": ("statement.envelope", setting(CWT_CLAIMS, CNF, to={})),
    "cnf null": ("statement.envelope", setting(CWT_CLAIMS, CNF, to=None)),
    "cnf with more": ("statement.envelope", setting(CWT_CLAIMS, CNF, 3, to=b"kid")),
    "no claims": ("statement.envelope", dropping(CWT_CLAIMS)),
    "claims as list": ("statement.envelope", setting(CWT_CLAIMS, to=[])),
    "an exp that nobody would heed": ("statement.envelope", setting(CWT_CLAIMS, 4, to=NOW)),
    "no iss": ("statement.envelope", dropping(CWT_CLAIMS, ISS)),
    "no sub": ("statement.envelope", dropping(CWT_CLAIMS, SUB)),
    "no iat": ("statement.envelope", dropping(CWT_CLAIMS, IAT)),
    "iss empty": ("statement.envelope", setting(CWT_CLAIMS, ISS, to="")),
    "iss with a space": ("statement.envelope", setting(CWT_CLAIMS, ISS, to="company .example")),
    "iss with a look-alike": ("statement.envelope", setting(CWT_CLAIMS, ISS, to="c\u043empany.example")),
    "iss with a final newline": ("statement.envelope", setting(CWT_CLAIMS, ISS, to="company.example\n")),
    "iss too long": ("statement.envelope", setting(CWT_CLAIMS, ISS, to="x" * 513)),
    "iss as bytes": ("statement.envelope", setting(CWT_CLAIMS, ISS, to=b"company.example")),
    "sub empty": ("statement.envelope", setting(CWT_CLAIMS, SUB, to="")),
    "sub of two lines": ("statement.envelope", setting(CWT_CLAIMS, SUB, to="a\nb")),
    "sub with a space around": ("statement.envelope", setting(CWT_CLAIMS, SUB, to="a ")),
    "sub too long": ("statement.envelope", setting(CWT_CLAIMS, SUB, to="가" * 513)),
    "sub that turns around": ("statement.cbor", setting(CWT_CLAIMS, SUB, to="a\u202eb")),
    "sub with a control": ("statement.cbor", setting(CWT_CLAIMS, SUB, to="a\x1b[2J")),
    "iat negative": ("statement.envelope", setting(CWT_CLAIMS, IAT, to=-1)),
    "iat in 2200": ("statement.envelope", setting(CWT_CLAIMS, IAT, to=7_258_118_400)),
    "iat as float": ("statement.envelope", setting(CWT_CLAIMS, IAT, to=1.5)),
    "iat as true": ("statement.envelope", setting(CWT_CLAIMS, IAT, to=True)),
    "no haechi": ("statement.envelope", dropping(HAECHI)),
    "haechi as text": ("statement.envelope", setting(HAECHI, to="document")),
    "haechi with more": ("statement.envelope", setting(HAECHI, "x", to=1)),
    "no kind": ("statement.envelope", dropping(HAECHI, "kind")),
    "kind upper": ("statement.envelope", setting(HAECHI, "kind", to="Document")),
    "kind private": ("statement.envelope", setting(HAECHI, "kind", to="_figures")),
    "kind with a newline": ("statement.envelope", setting(HAECHI, "kind", to="document\n")),
    "kind of another content type": ("statement.envelope", setting(HAECHI, "kind", to="withdraw")),
    "tlp unknown": ("statement.envelope", setting(HAECHI, "tlp", to="WHITE")),
    "tlp as list": ("statement.envelope", setting(HAECHI, "tlp", to=["CLEAR"])),
    "no content type": ("statement.envelope", dropping(CONTENT_TYPE)),
    "another content type": ("statement.envelope", setting(CONTENT_TYPE, to="application/cbor")),
    "a label nobody reads": ("statement.envelope", setting(-70001, to="and I take it all back")),
    "a receipt's label": ("statement.envelope", setting(395, to=1)),
    "a text label": ("statement.envelope", setting("note", to=1)),
    "an x5chain": ("statement.envelope", setting(33, to=b"")),
    "a location without a hash": ("statement.envelope", setting(260, to="https://a.example")),
}


@pytest.mark.parametrize("name", REFUSED)
def test_headers_are_refused_for_one_wrong_thing(name: str):
    code, change = REFUSED[name]
    with pytest.raises(BadInput) as refused:
        Statement.from_bytes(changed(change))
    assert refused.value.code == code
    assert refused.value.say("en") != refused.value.say("ko")


def hashing(change: Change | None = None, payload: bytes = bytes(32)) -> bytes:
    envelope = HashEnvelope("text/csv", "https://files.example/a.csv")
    header = header_of(sign_statement(key(), about("document"), bytes(32), hash_envelope=envelope))
    if change is not None:
        change(header)
    return forged(header, payload)


def test_a_hash_envelope_names_its_file():
    statement = Statement.from_bytes(hashing())
    assert statement.hash_envelope == HashEnvelope("text/csv", "https://files.example/a.csv")
    assert check_claim(statement, FACTS).code == "statement.claim.withheld"
    bare = Statement.from_bytes(hashing(dropping(260)))
    assert bare.hash_envelope == HashEnvelope("text/csv")


@pytest.mark.parametrize(
    "change",
    [
        setting(CONTENT_TYPE, to="text/csv"),  # RFC 9995 forbids label 3
        setting(258, to=-44),  # SHA-512
        setting(258, to=-16.0),
        dropping(259),
        setting(259, to="csv"),
        setting(259, to="text/csv\r\nx: y"),
        setting(259, to=0),
        setting(260, to="javascript:alert(1)"),
        setting(260, to="http://files.example/a"),
        setting(260, to=None),
        setting(261, to=1),
    ],
)
def test_other_hash_envelopes_are_refused(change: Change):
    with pytest.raises(BadInput) as refused:
        Statement.from_bytes(hashing(change))
    assert refused.value.code == "statement.envelope"


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_a_hash_of_another_length_is_refused(size: int):
    with pytest.raises(BadInput):
        Statement.from_bytes(hashing(payload=bytes(size)))


# The same statement in another dress


def test_header_labels_in_another_order_are_another_statement_by_the_same_key():
    header = header_of(example("document"))
    turned = Statement.from_bytes(forged(dict(reversed(header.items())), b"p"))
    assert turned.check_signature().verdict is Verdict.HOLDS


def loose_header(statement: Statement) -> dict[str, bytes]:
    raw = statement.envelope.protected_raw
    assert raw[:3] == b"\xa5\x01\x32"
    return {
        "long integer": b"\xa5\x01\x38\x12" + raw[3:],
        "true for 1": b"\xa5\xf5\x32" + raw[3:],
        "1.0 for 1": b"\xa5\xf9\x3c\x00\x32" + raw[3:],
        "long map": b"\xb8\x05" + raw[1:],
        "indefinite map": b"\xbf" + raw[1:] + b"\xff",
        "label twice": b"\xa6\x01\x32" + raw[1:],
        "tag": b"\xc1" + raw,
        "trailing byte": raw + b"\x00",
        "not a map": b"\x80",
        "empty map": b"\xa0",
        "empty": b"",
        "nothing": b"\xf6",
    }


@pytest.mark.parametrize("name", loose_header(example()))
def test_a_loose_header_is_refused_even_when_signed(name: str):
    with pytest.raises(BadInput) as refused:
        Statement.from_bytes(forged(loose_header(example())[name], example().payload))
    expected = (
        "statement.envelope" if name in ("not a map", "empty map", "empty", "nothing") else "statement.cbor"
    )
    assert refused.value.code == expected


def outer(statement: Statement, **parts: bytes) -> bytes:
    """The envelope with one of its parts encoded otherwise."""
    envelope = statement.envelope
    usual = {
        "tag": b"\xd2",
        "array": b"\x84",
        "protected": cbor2.dumps(envelope.protected_raw),
        "unprotected": b"\xa0",
        "payload": cbor2.dumps(statement.payload),
        "signature": cbor2.dumps(envelope.signature),
    }
    return b"".join((usual | parts).values())


def test_the_usual_parts_make_the_statement():
    assert outer(example()) == example().raw


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"tag": b""}, "statement.envelope"),
        ({"tag": b"\xd1"}, "statement.envelope"),
        ({"tag": b"\xd8\x12"}, "statement.envelope"),
        ({"tag": b"\xd2\xd2"}, "statement.cbor"),
        ({"array": b"\x98\x04"}, "statement.cbor"),
        ({"array": b"\x9f", "signature": cbor2.dumps(bytes(64)) + b"\xff"}, "statement.cbor"),
        ({"array": b"\x85", "signature": cbor2.dumps(bytes(64)) + b"\x00"}, "statement.envelope"),
        ({"array": b"\x83", "signature": b""}, "statement.envelope"),
        ({"protected": b"\x40"}, "statement.envelope"),
        ({"protected": b"\xa0"}, "statement.envelope"),
        ({"unprotected": b"\xf6"}, "statement.envelope"),
        ({"unprotected": b"\xa1\x01\x32"}, "statement.envelope"),  # alg in both headers
        ({"unprotected": b"\xa1\x18\x63\x00"}, "statement.envelope"),
        ({"unprotected": b"\xa1\x19\x01\x8a\x80"}, "statement.envelope"),  # no receipts in 394
        ({"unprotected": b"\xa1\x19\x01\x8a\x81\x00"}, "statement.envelope"),
        ({"unprotected": b"\xa2\x19\x01\x8a\x81\x40\x19\x01\x8b\x01"}, "statement.envelope"),
        ({"payload": b"\xf6"}, "statement.envelope"),
        ({"payload": b"\x60"}, "statement.envelope"),
        ({"payload": b"\x5f\x41\x00\xff"}, "statement.cbor"),
        ({"signature": b"\x60"}, "statement.envelope"),
    ],
)
def test_a_loose_envelope_is_refused(parts: dict[str, bytes], code: str):
    with pytest.raises(BadInput) as refused:
        Statement.from_bytes(outer(example(), **parts))
    assert refused.value.code == code


def test_an_es256_signature_has_no_twin():
    """(r, n - s) verifies wherever (r, s) does; as a statement it would have a digest nobody withdrew."""
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    statement = example("document", key(Family.ES256))
    envelope = statement.envelope
    r, s = envelope.signature[:32], int.from_bytes(envelope.signature[32:], "big")
    assert s <= order // 2
    twin = r + (order - s).to_bytes(32, "big")
    assert key(Family.ES256).public.verifies(-7, twin, envelope.signed_bytes())
    with pytest.raises(BadInput) as refused:
        Statement.from_bytes(encode_sign1(envelope.protected_raw, {}, statement.payload, twin))
    assert refused.value.code == "statement.envelope"


@pytest.mark.parametrize("size", [0, 63, 65, 72])
def test_an_es256_signature_has_64_bytes(size: int):
    envelope = example("document", key(Family.ES256)).envelope
    with pytest.raises(BadInput):
        Statement.from_bytes(encode_sign1(envelope.protected_raw, {}, envelope.payload, bytes(size)))


@pytest.mark.parametrize("family", FAMILIES, ids=str)
def test_both_numbers_of_an_algorithm_are_taken_and_signed(family: Family):
    other = {Family.ED25519: -8, Family.ES256: -9}.get(family)
    if other is None:
        other = key(family).alg
    header = header_of(example("document", key(family)))
    header[ALG] = other
    statement = Statement.from_bytes(forged(header, b"p", key(family)))
    assert statement.check_signature().verdict is Verdict.HOLDS


# Keys that do not travel along


def without_key(alg: int = -19) -> bytes:
    def change(header: dict) -> None:
        del header[CWT_CLAIMS][CNF]
        header[ALG] = alg

    return changed(change)


def test_a_statement_without_its_key_waits_for_one():
    statement = Statement.from_bytes(without_key())
    assert statement.key is None
    assert statement.check_signature().code == "statement.signature.key-unknown"
    assert statement.check_signature(OTHER).code == "statement.signature.key-unknown"
    assert statement.check_signature(key().public).code == "statement.signature.valid"
    wrong = Statement.from_bytes(without_key(-48))
    assert wrong.check_signature(key().public).code == "statement.signature.wrong-algorithm"
    assert wrong.check_signature().code == "statement.signature.key-unknown"


def test_a_key_that_travels_along_is_not_replaced_by_another():
    raw = example().raw
    assert Statement.from_bytes(raw).check_signature(OTHER).code == "statement.signature.valid"
    changed_payload = raw.replace("유출".encode(), "유실".encode())
    assert Statement.from_bytes(changed_payload).check_signature(key().public).verdict is Verdict.FAILS


# Receipts in the unprotected header


def test_receipts_come_along_without_changing_the_statement():
    statement = example()
    receipts = [b"one", b"two"]
    read = Statement.from_bytes(statement.with_receipts(receipts))
    assert (read.raw, read.digest, read.receipts) == (statement.raw, statement.digest, (b"one", b"two"))
    assert read.check_signature().verdict is Verdict.HOLDS
    assert len(Statement.from_bytes(statement.with_receipts([b""] * MAX_RECEIPTS)).receipts) == MAX_RECEIPTS
    for wrong in ([], [b""] * (MAX_RECEIPTS + 1)):
        with pytest.raises(BadInput):
            Statement.from_bytes(statement.with_receipts(wrong))


def of_size(size: int) -> Statement:
    def made(payload: int) -> bytes:
        raw = example().envelope.protected_raw
        return encode_sign1(raw, {}, bytes(payload), key().sign(sig_structure(raw, bytes(payload))))

    return Statement.from_bytes(made(size - (len(made(60_000)) - 60_000)))


def test_size_is_bounded_with_and_without_receipts():
    largest = of_size(MAX_STATEMENT_BYTES)
    assert len(largest.raw) == MAX_STATEMENT_BYTES
    assert largest.check_signature().verdict is Verdict.HOLDS
    Statement.from_bytes(largest.with_receipts([bytes(1024)]))
    with pytest.raises(TooLarge) as refused:
        of_size(MAX_STATEMENT_BYTES + 1)
    assert refused.value.code == "input.too-large"
    assert refused.value.facts["got"] == MAX_STATEMENT_BYTES + 1
    with pytest.raises(TooLarge):
        Statement.from_bytes(largest.with_receipts([bytes(MAX_TRANSPARENT_BYTES - MAX_STATEMENT_BYTES)]))
    with pytest.raises(TooLarge):
        Statement.from_bytes(b"\xd2" + b"\x81" * 1_000_000)


# CLEAR, read off without decoding


@pytest.mark.parametrize("sharing", Sharing)
@pytest.mark.parametrize("hashed", [None, HashEnvelope(SEALED_TYPE)])
@pytest.mark.parametrize("kind", ["withdraw", "a_kind_with_a_rather_long_name"])
def test_only_what_anybody_may_have_is_labelled_so(sharing: Sharing, hashed: HashEnvelope | None, kind: str):
    said = about(kind, sharing=sharing)
    if sharing is Sharing.RED and hashed is None:
        pytest.skip("there is no such form")
    for family in FAMILIES:
        payload = SEALED if sharing in ENCRYPTED and hashed is None else bytes(32)
        statement = sign_statement(key(family), said, payload, hash_envelope=hashed)
        assert labelled_for_anybody(statement.raw) == (sharing not in (Sharing.GREEN, Sharing.RED))


@pytest.mark.parametrize("words", ["ctlpeCLEAR", "fhaechi\xa2ctlpeCLEARdkindhwithdraw"])
def test_words_that_look_like_the_label_do_not_count(words: str):
    statement = sign_statement(key(), about(subject=words, sharing=Sharing.GREEN), b"ctlpeCLEAR")
    assert not labelled_for_anybody(statement.raw)


# Whatever comes in


@given(st.binary(max_size=256))
def test_random_bytes_are_refused_as_bad_input(raw: bytes):
    for prefix in (b"", b"\xd2", b"\xd2\x84"):
        assert verdict(prefix + raw) is Verdict.FAILS


@given(st.data())
def test_a_damaged_statement_is_read_or_refused_and_never_holds(data: st.DataObject):
    raw = bytearray(example(data.draw(st.sampled_from(["withdraw", "pledge_report", "policy"]))).raw)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        size = data.draw(st.integers(0, 4))
        raw[at : at + size] = data.draw(st.binary(max_size=4))
    if bytes(raw) not in {example(kind).raw for kind in ("withdraw", "pledge_report", "policy")}:
        assert verdict(bytes(raw)) is not Verdict.HOLDS


@given(st.dictionaries(st.integers(-300, 300) | st.text(max_size=8), st.integers() | st.binary(max_size=8)))
def test_any_header_is_read_or_refused(header: dict[object, object]):
    assert verdict(forged(header, b"p")) is Verdict.FAILS


def test_the_worst_statements_cost_little():
    worst = {
        "a million nested arrays": b"\xd2\x84\x40\xa0" + b"\x81" * 1_000_000,
        "deep unprotected header": outer(example(), unprotected=b"\xa1\x00" * 20_000 + b"\x00"),
        "wide unprotected header": outer(example(), unprotected=b"\xa1\x00\x99\x60\x00" + b"\x00" * 0x6000),
        "deep protected header": forged(b"\xa1\x01" * 4000 + b"\x00", b""),
        "wide protected header": forged(b"\xa1\x01\x99\x1f\x00" + b"\x00" * 0x1F00, b""),
        "protected header above 8 KiB": forged(b"\xa1\x01\x59\x20\x00" + bytes(8192), b""),
    }
    for name, raw in worst.items():
        tracemalloc.start()
        begun = time.perf_counter()
        with pytest.raises(BadInput):
            Statement.from_bytes(raw)
        took = time.perf_counter() - begun
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        print(f"{name}: {len(raw):,} bytes refused in {took * 1000:.1f} ms, {peak >> 10:,} KiB")  # noqa: T201
        assert peak < 8 << 20


def test_content_types_are_those_of_the_kinds():
    assert content_type_of("pledge_report") == "application/vnd.haechi.pledge-report+cbor"
    assert RECEIPTS == 394
    assert SUBJECT in example().about.subject
