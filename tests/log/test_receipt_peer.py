"""A second opinion, scitt-cose: it accepts our receipts and refuses changed ones, and we accept its own."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from scitt_cose import build_receipt, build_signed_statement, parse_signed_statement, verify_receipt
from tests.log.receipts import EIGHT, LOG, ORIGIN, STATEMENT, VECTORS, Tree, check
from tests.statement.make import SUBJECT, example, flips, key

from haechi.errors import BadInput
from haechi.findings import Verdict
from haechi.log.merkle import leaf_hash, root_from_inclusion
from haechi.log.receipt import InclusionProof, Receipt
from haechi.statement.envelope import Statement
from haechi.statement.keys import Family, PublicKey, SigningKey

PUBLISHED = VECTORS / "scitt-cose" / "v1"


def public_pem(signer: SigningKey) -> bytes:
    return signer.private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def theirs(raw: bytes, entry: bytes = STATEMENT.digest) -> bool:
    return verify_receipt(raw, leaf_entry_hex=entry.hex(), log_public_key_pem=public_pem(LOG)).ok


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 100])
def test_they_accept_our_receipts_over_our_statements(size: int):
    for index in {0, size // 2, size - 1}:
        result = verify_receipt(
            Tree(size, index).receipt(),
            leaf_entry_hex=STATEMENT.digest_hex,
            log_public_key_pem=public_pem(LOG),
        )
        assert result.ok, result.errors
        assert (result.tree_size, result.leaf_index) == (size, index)
        assert (result.issuer, result.subject) == (ORIGIN, SUBJECT)


def test_they_refuse_what_we_refuse():
    """They do not know our size label: a size that leads to the same root passes there, and nothing else."""
    raw = EIGHT.receipt()
    for at, changed in list(flips(raw))[::5]:
        if theirs(changed):
            assert changed[at - 1 : at] == b"\x83", at  # the size, first of the three parts of the proof
        assert check(changed).verdict is not Verdict.HOLDS
    assert not theirs(raw, bytes(32))


@pytest.mark.parametrize("alg", ["ES256", "EdDSA"])
def test_we_accept_their_receipts(alg: str):
    signer = LOG if alg == "ES256" else key()
    for size, index in ((1, 0), (2, 1), (8, 5), (33, 32)):
        tree = Tree(size, index)
        raw = build_receipt(
            leaf_entry_hex=STATEMENT.digest_hex,
            leaf_index=index,
            tree_entries_hex=[entry.hex() for entry in tree.entries],
            alg=alg,
            log_private_key_pem=signer.to_pem(),
            iss=ORIGIN,
            sub=SUBJECT,
            kid=signer.public.thumbprint,
            iat=1_790_000_000,
        )
        assert check(raw, signer.public).code == "log.receipt.valid-root"
        assert Receipt.from_bytes(raw).proof == tree.inclusion()
        for _, changed in list(flips(raw))[::11]:
            finding = check(changed, signer.public)
            assert finding.code != "log.receipt.valid"


def test_their_statements_are_not_ours_and_ours_can_be_read_there():
    signer = key(Family.ES256)
    built = build_signed_statement(
        b"payload",
        alg="ES256",
        private_key_pem=signer.to_pem(),
        issuer="company.example",
        subject=SUBJECT,
        content_type="application/json",
        kid=signer.public.thumbprint,
    )
    with pytest.raises(BadInput):
        Statement.from_bytes(built)
    statement = example("withdraw", signer)
    read = parse_signed_statement(statement.raw, public_key_pem=public_pem(signer))
    assert read["signature_verified"] is True
    assert (read["issuer"], read["subject"]) == ("company.example", SUBJECT)
    assert read["payload"] == statement.payload


def test_transparent_statements_can_be_read_there():
    from scitt_cose import extract_receipts

    receipts = [EIGHT.receipt(), Tree(9, 5).receipt()]
    assert extract_receipts(STATEMENT.with_receipts(receipts)) == receipts


def published() -> list[Path]:
    return sorted(PUBLISHED.iterdir()) if PUBLISHED.is_dir() else []


def pinned(pem: bytes) -> PublicKey:
    public = serialization.load_pem_public_key(pem)
    if isinstance(public, ed25519.Ed25519PublicKey):
        return PublicKey.from_raw(Family.ED25519, public.public_bytes_raw())
    assert isinstance(public, ec.EllipticCurvePublicKey)
    point = public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    return PublicKey.from_raw(Family.ES256, point[1:])


def test_their_published_vectors():
    """Their wheel has none; with a copy of `test-vectors` under HAECHI_VECTORS/scitt-cose they run here."""
    cases = [path for path in published() if (path / "expected.json").is_file()]
    if not cases:
        pytest.skip(f"no vectors at {PUBLISHED}")
    for case in cases:
        expected = json.loads((case / "expected.json").read_text())
        raw = (case / "receipt.cose").read_bytes()
        public = pinned((case / "log-key.pub").read_bytes()) if "vds2" not in case.name else LOG.public
        assert verified(raw, bytes.fromhex(expected["leaf_entry"]), public) == (
            expected["receipt_valid"] and expected["protected_header"]["receipt"]["vds"] == 1
        ), case.name
        # They name no key, so nothing can be said of whose they are.
        assert check(raw, public).code in ("log.receipt.key-unknown", "log.receipt.malformed")


def verified(raw: bytes, entry: bytes, public: PublicKey) -> bool:
    try:
        receipt = Receipt.from_bytes(raw)
        assert isinstance(receipt.proof, InclusionProof)
        proof = receipt.proof
        root = root_from_inclusion(leaf_hash(entry), proof.index, proof.size, proof.path)
    except BadInput:
        return False
    return receipt.verifies(public, root)
