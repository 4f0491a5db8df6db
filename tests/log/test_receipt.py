"""A receipt holds for one statement at one place of one tree, and for nothing else."""

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.log.receipts import EIGHT, LOG, ORIGIN, STATEMENT, VECTORS, Tree, check
from tests.statement.make import SUBJECT, flips, key

from haechi.errors import BadInput
from haechi.findings import Verdict
from haechi.log.receipt import (
    MAX_RECEIPT_BYTES,
    SIZE,
    VDP,
    VDS,
    ConsistencyProof,
    InclusionProof,
    Receipt,
    ReceiptSigner,
    check_consistency_receipt,
    check_receipt,
)
from haechi.statement import cbor
from haechi.statement.keys import Family
from haechi.statement.sign1 import ALG, CWT_CLAIMS, KID, encode_sign1, sig_structure


@pytest.mark.parametrize("family", list(Family), ids=str)
def test_every_family_signs_receipts(family: Family):
    finding = check(EIGHT.receipt(key(family)), key(family).public)
    assert finding.code == "log.receipt.valid"
    assert finding.facts == {"origin": ORIGIN, "size": 8, "index": 5}
    assert finding.say("en") != finding.say("ko")


@given(st.integers(1, 40), st.data())
def test_every_place_of_every_tree_has_its_receipt(size: int, data: st.DataObject):
    tree = Tree(size, data.draw(st.integers(0, size - 1)))
    raw = tree.receipt()
    assert check(raw).verdict is Verdict.HOLDS
    receipt = Receipt.from_bytes(raw)
    assert (receipt.origin, receipt.subject, receipt.kid) == (ORIGIN, SUBJECT, LOG.public.thumbprint)
    assert receipt.proof == tree.inclusion()
    assert receipt.size_signed


def test_the_receipt_is_what_the_standard_says():
    """Tag 18, vds 1, a detached payload, one inclusion proof; our size in the protected header."""
    raw = EIGHT.receipt()
    protected_raw, unprotected, payload, signature = cbor2.loads(raw[1:])
    protected = cbor2.loads(protected_raw)
    proof = EIGHT.inclusion()
    assert (raw[0], payload, len(signature)) == (0xC0 | 18, None, 64)
    assert protected == {
        ALG: -7,
        KID: LOG.public.thumbprint,
        CWT_CLAIMS: {1: ORIGIN, 2: SUBJECT},
        VDS: 1,
        SIZE: 8,
    }
    assert unprotected == {VDP: {-1: [cbor2.dumps([8, 5, list(proof.path)])]}}
    assert cbor.encode(protected) == protected_raw


# One changed byte, in the statement or in the receipt


@pytest.mark.parametrize("family", [Family.ES256, Family.ED25519], ids=str)
def test_any_changed_byte_of_a_receipt_is_noticed(family: Family):
    """The unprotected proof included: its size is signed, and with it only one index fits the path."""
    raw = EIGHT.receipt(key(family))
    for at, changed in flips(raw):
        assert check(changed, key(family).public).verdict is not Verdict.HOLDS, at


def test_any_changed_byte_of_a_statement_is_noticed():
    raw = EIGHT.receipt()
    for _, changed in flips(STATEMENT.digest):
        assert check(raw, entry=changed).code == "log.receipt.invalid"


def test_a_missing_or_added_byte_is_noticed():
    raw = EIGHT.receipt()
    for at in range(len(raw)):
        assert check(raw[:at]).verdict is Verdict.FAILS
        assert check(raw[:at] + raw[at + 1 :]).verdict is not Verdict.HOLDS
        assert check(raw[:at] + b"\x00" + raw[at:]).verdict is not Verdict.HOLDS
    assert check(raw + b"\x00").verdict is Verdict.FAILS


def proving(proof: object, **header: object) -> bytes:
    """Our receipt with another proof, and perhaps with other signed labels, signed by the log's key."""
    protected = cbor2.loads(cbor2.loads(EIGHT.receipt()).value[0])
    for name, value in header.items():
        label = {"size": SIZE, "vds": VDS, "claims": CWT_CLAIMS, "kid": KID, "alg": ALG}[name]
        if value is None:
            protected.pop(label, None)
        else:
            protected[label] = value
    raw = cbor.encode(protected)
    return encode_sign1(raw, {VDP: proof}, None, LOG.sign(sig_structure(raw, EIGHT.root())))


def body(size: int, index: int, path: tuple[bytes, ...]) -> bytes:
    return cbor.encode([size, index, list(path)])


PATH = EIGHT.inclusion().path


def test_a_receipt_signed_anew_with_the_usual_parts_holds():
    assert check(proving({-1: [body(8, 5, PATH)]})).code == "log.receipt.valid"


def test_the_size_is_bound_although_the_standard_does_not_bind_it():
    """Leaf 5 of 8 leads to the same root with size 7: without our label the receipt would hold."""
    shrunk = {-1: [body(7, 5, PATH)]}
    assert check(proving(shrunk, size=None)).code == "log.receipt.valid-root"
    assert check(proving(shrunk)).code == "log.receipt.malformed"
    assert "7" not in check(proving(shrunk, size=None)).say("en")


@pytest.mark.parametrize("size", range(1, 18))
def test_with_the_size_signed_one_index_fits(size: int):
    for index in range(size):
        tree = Tree(size, index)
        usual = Receipt.from_bytes(tree.receipt())
        for other in range(size):
            proofs: dict[object, object] = {VDP: {-1: [body(size, other, tree.inclusion().path)]}}
            holds = check(usual.envelope.encode(proofs)).verdict is Verdict.HOLDS
            assert holds == (other == index)


@pytest.mark.parametrize(
    "proof",
    [
        {},
        {-1: []},
        {-1: [body(8, 5, PATH), body(8, 5, PATH)]},
        {-1: [body(8, 5, PATH)], -2: [body(8, 5, PATH)]},
        {-3: [body(8, 5, PATH)]},
        {-1: body(8, 5, PATH)},
        {-1: [[8, 5, list(PATH)]]},
        {-1: [b""]},
        {-1: [cbor.encode([8, 5])]},
        {-1: [cbor.encode([8, 5, list(PATH), 0])]},
        {-1: [cbor.encode([8, True, list(PATH)])]},
        {-1: [cbor.encode([8, -1, list(PATH)])]},
        {-1: [cbor.encode([8, 5.5, list(PATH)])]},
        {-1: [cbor.encode({0: 8})]},
        {-1: [body(8, 5, PATH) + b"\x00"]},
        {-1: [b"\x83\x18\x08" + body(8, 5, PATH)[2:]]},  # a long integer
        {-1: [body(8, 5, PATH[:2])]},
        {-1: [body(8, 5, (*PATH, bytes(32)))]},
        {-1: [body(8, 5, (PATH[0][:31], *PATH[1:]))]},
        {-1: [body(8, 5, (bytes(32),) * 65)]},
        {-1: [body(8, 8, PATH)]},
        {-1: [body((1 << 64) - 1, 5, (bytes(32),) * 64)]},
        {-2: [body(5, 8, PATH)]},
    ],
)
def test_other_proofs_are_malformed(proof: object):
    finding = check(proving(proof))
    assert finding.code == "log.receipt.malformed"
    assert finding.say("en") != finding.say("ko")


@pytest.mark.parametrize(
    "header",
    [
        {"size": 9},
        {"size": 8.0},
        {"size": "8"},
        {"vds": 2},
        {"vds": True},
        {"vds": None},
        {"claims": [1]},
        {"claims": {1: ORIGIN, 2: 5}},
        {"claims": {1: ORIGIN, 2: "two\nlines"}},
        {"claims": {1: "", 2: SUBJECT}},
        {"kid": "text"},
        {"alg": None},
    ],
)
def test_other_headers_are_malformed(header: dict[str, object]):
    assert check(proving({-1: [body(8, 5, PATH)]}, **header)).code == "log.receipt.malformed"


def test_an_attached_root_is_malformed():
    raw = Receipt.from_bytes(EIGHT.receipt())
    attached = encode_sign1(
        raw.envelope.protected_raw, raw.envelope.unprotected, EIGHT.root(), raw.envelope.signature
    )
    assert check(attached).code == "log.receipt.malformed"


def test_receipts_are_bounded():
    assert check(EIGHT.receipt() + bytes(MAX_RECEIPT_BYTES)).code == "log.receipt.malformed"
    deep = InclusionProof(1 << 62, 0, (bytes(32),) * 62)
    raw = ReceiptSigner(ORIGIN, key(Family.ML_DSA_65)).inclusion(deep, bytes(32), "가" * 512)
    assert len(raw) < MAX_RECEIPT_BYTES
    assert Receipt.from_bytes(raw).proof == deep


# Whose receipt, and of what


def test_a_receipt_speaks_about_its_own_subject():
    finding = check(EIGHT.receipt(subject="urn:another"))
    assert finding.code == "log.receipt.wrong-subject"
    assert finding.facts == {"got": "urn:another", "expected": SUBJECT}
    assert check(proving({-1: [body(8, 5, PATH)]}, claims={1: ORIGIN}, size=None)).verdict is Verdict.HOLDS


def test_a_receipt_of_another_key_is_undecided_and_a_false_one_fails():
    other = key(Family.ES256, seed=2)
    assert check(EIGHT.receipt(other)).code == "log.receipt.key-unknown"
    assert check(EIGHT.receipt(other)).verdict is Verdict.UNDECIDED
    assert check(EIGHT.receipt(), other.public, LOG.public).verdict is Verdict.HOLDS
    assert check_receipt(EIGHT.receipt(), STATEMENT.digest, SUBJECT, []).code == "log.receipt.key-unknown"
    claimed = Receipt.from_bytes(EIGHT.receipt()).envelope  # names the log's key
    raw = encode_sign1(
        claimed.protected_raw,
        claimed.unprotected,
        None,
        other.sign(sig_structure(claimed.protected_raw, EIGHT.root())),
    )
    assert check(raw).code == "log.receipt.invalid"


def test_a_kid_of_another_maker_means_the_only_pinned_key():
    raw = proving({-1: [body(8, 5, PATH)]}, kid=b"key-1", size=None)
    assert check(raw).code == "log.receipt.valid-root"
    assert check(raw, LOG.public, key(Family.ES256, seed=2).public).code == "log.receipt.key-unknown"
    assert (
        check(proving({-1: [body(8, 5, PATH)]}, kid=bytes(32), size=None)).code == "log.receipt.key-unknown"
    )
    assert check(proving({-1: [body(8, 5, PATH)]}, kid=None, size=None)).code == "log.receipt.key-unknown"


def test_a_statement_is_no_receipt_and_a_receipt_no_statement():
    assert check(STATEMENT.raw).code == "log.receipt.malformed"
    with pytest.raises(BadInput):
        type(STATEMENT).from_bytes(EIGHT.receipt())


@given(st.binary(max_size=300))
def test_random_bytes_are_malformed(raw: bytes):
    for prefix in (b"", b"\xd2\x84"):
        assert check(prefix + raw).code == "log.receipt.malformed"


@given(st.data())
def test_a_damaged_receipt_never_holds(data: st.DataObject):
    raw = bytearray(EIGHT.receipt(key()))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    if bytes(raw) != EIGHT.receipt(key()):
        assert check(bytes(raw), key().public).verdict is not Verdict.HOLDS


# Consistency


@given(st.integers(2, 40), st.data())
def test_a_log_signs_that_it_only_grew(new: int, data: st.DataObject):
    old = data.draw(st.integers(1, new - 1))
    tree = Tree(new, 0)
    raw = ReceiptSigner(ORIGIN, LOG).consistency(tree.consistency(old), tree.root(), SUBJECT)
    finding = check_consistency_receipt(raw, tree.root(old), tree.root(), [LOG.public])
    assert finding.code == "log.consistency.valid"
    assert (finding.facts["old_size"], finding.facts["new_size"]) == (old, new)
    assert check(raw).code == "log.receipt.malformed"
    other = [key(Family.ES256, seed=2).public]
    assert check_consistency_receipt(raw, tree.root(old), tree.root(), other).verdict is Verdict.UNDECIDED
    assert check_consistency_receipt(raw, bytes(32), tree.root(), [LOG.public]).verdict is Verdict.FAILS
    assert check_consistency_receipt(raw, tree.root(old), bytes(32), [LOG.public]).verdict is Verdict.FAILS


def test_any_changed_byte_of_a_consistency_receipt_is_noticed():
    tree = Tree(7, 0)
    raw = ReceiptSigner(ORIGIN, LOG).consistency(tree.consistency(6), tree.root(), SUBJECT)
    for at, changed in flips(raw):
        finding = check_consistency_receipt(changed, tree.root(6), tree.root(), [LOG.public])
        assert finding.verdict is not Verdict.HOLDS, at


@pytest.mark.parametrize("new", range(2, 18))
def test_with_the_newer_size_signed_one_older_size_fits(new: int):
    tree = Tree(new, 0)
    for old in range(1, new):
        raw = ReceiptSigner(ORIGIN, LOG).consistency(tree.consistency(old), tree.root(), SUBJECT)
        envelope = Receipt.from_bytes(raw).envelope
        for other in range(1, new):
            changed = envelope.encode({VDP: {-2: [body(other, new, tree.consistency(old).path)]}})
            finding = check_consistency_receipt(changed, tree.root(old), tree.root(), [LOG.public])
            assert (finding.verdict is Verdict.HOLDS) == (other == old)


def test_a_false_consistency_receipt_fails():
    tree = Tree(7, 0)
    raw = ReceiptSigner(ORIGIN, LOG).consistency(tree.consistency(6), tree.root(), SUBJECT)
    envelope = Receipt.from_bytes(raw).envelope
    forged = encode_sign1(envelope.protected_raw, envelope.unprotected, None, bytes(64))
    finding = check_consistency_receipt(forged, tree.root(6), tree.root(), [LOG.public])
    assert finding.code == "log.receipt.invalid"
    for wrong in (b"", EIGHT.receipt()):
        finding = check_consistency_receipt(wrong, tree.root(6), tree.root(), [LOG.public])
        assert finding.code == "log.receipt.malformed"


# The examples published with RFC 9942; their keys are not


def vector(name: str) -> bytes:
    path = VECTORS / "cose-receipts" / f"{name}.cbor"
    if not path.is_file():
        pytest.skip(f"no vector at {path}: set HAECHI_VECTORS")
    return path.read_bytes()


HASHES = [
    "3d06455dd33da4e9bbd8090677a2d0955e6dffe4b920696 05a468920d1198095".replace(" ", ""),
    "987ba8093cabe31046a77bbe9aa4b5f62675d943386c7fbbe249cbaca5da242d",
    "33a5211719e06238a191c7244a7633187da2c9aaa5bc6dec54e2cbb498255434",
    "4d75742d9ea02f7767dcd554a7878ff22cdb208be9f3d35f7aa7700b57e741c0",
]


@pytest.mark.parametrize(
    ("name", "proof"),
    [
        (
            "inclusion-receipt",
            InclusionProof(5, 3, tuple(map(bytes.fromhex, (HASHES[0], HASHES[2], HASHES[3])))),
        ),
        ("consistency-receipt", ConsistencyProof(3, 5, tuple(map(bytes.fromhex, HASHES)))),
    ],
)
def test_the_published_receipts_are_read_and_written_again(
    name: str, proof: InclusionProof | ConsistencyProof
):
    raw = vector(name)
    receipt = Receipt.from_bytes(raw)
    assert receipt.origin == "https://transparency-service.example.com"
    assert (receipt.subject, receipt.kid, receipt.envelope.alg) == (None, b"test-key-1", -7)
    assert receipt.proof == proof
    assert not receipt.size_signed
    signer = ReceiptSigner(ORIGIN, LOG)
    if isinstance(proof, InclusionProof):
        ours = signer.inclusion(proof, bytes(32), SUBJECT)
    else:
        ours = signer.consistency(proof, bytes(32), SUBJECT)
    assert cbor2.loads(ours).value[1] == cbor2.loads(raw).value[1]
    assert Receipt.from_bytes(ours).envelope.encode() == ours
    assert receipt.envelope.encode() == raw


@pytest.mark.parametrize("name", ["inclusion-receipt", "consistency-receipt"])
def test_the_published_receipts_are_read_strictly(name: str):
    raw = vector(name)
    for at in range(len(raw)):
        with pytest.raises(BadInput):
            Receipt.from_bytes(raw[:at])
    with pytest.raises(BadInput):
        Receipt.from_bytes(raw + b"\x00")
