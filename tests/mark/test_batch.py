"""A million marks are one log entry, and each item has a proof of its own."""

from datetime import UTC, datetime

import msgspec
import pytest
from tests.statement.make import FACTS, about, key

from haechi.errors import BadInput
from haechi.findings import Verdict
from haechi.log.frontier import Frontier
from haechi.log.hashes import leaf_hash
from haechi.mark.batch import (
    BatchEmpty,
    ItemProof,
    Tree,
    build_batch,
    check_item_proof,
    decode_item,
    encode_item,
    items_file,
    leaves_in,
)
from haechi.statement.claims import encode_claim, kind_of
from haechi.statement.envelope import sign_statement
from haechi.statement.kinds.content_mark import KIND, Batch, ContentMark, MarkedItem

ITEM = KIND.example().item
assert ITEM is not None


def item(number: int) -> MarkedItem:
    assert ITEM is not None
    label = msgspec.structs.replace(ITEM.label, id=f"{number:016x}")
    made = datetime(2026, 9, 20, 4, number % 60, tzinfo=UTC)
    return msgspec.structs.replace(ITEM, label=label, made=made)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 33])
def test_each_item_is_proven_under_the_signed_root(size: int):
    built = build_batch([item(n) for n in range(size)], FACTS)
    batch = built.claim.batch
    assert batch is not None
    statement = sign_statement(
        key(), about("content_mark"), encode_claim(kind_of("content_mark"), built.claim, FACTS)
    )
    proofs = [ItemProof.from_bytes(proof.to_bytes()) for proof in built.proofs(statement.digest)]
    assert len(proofs) == size
    for number, proof in enumerate(proofs):
        assert check_item_proof(proof, statement.digest, batch).code == "mark.batch.included"
        assert decode_item(proof.item, FACTS) == item(number)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13, 64, 100])
def test_the_tree_is_that_of_the_log(size: int):
    leaves = [bytes((n,)) for n in range(size)]
    frontier = Frontier()
    frontier.extend([leaf_hash(leaf) for leaf in leaves])
    assert Tree(leaves).root == frontier.root()


def proof_and_batch() -> tuple[ItemProof, Batch]:
    built = build_batch([item(n) for n in range(5)], FACTS)
    assert built.claim.batch is not None
    return list(built.proofs(b"\x01" * 32))[3], built.claim.batch


def test_one_changed_thing_makes_a_proof_fail():
    proof, batch = proof_and_batch()
    assert check_item_proof(proof, b"\x01" * 32, batch).verdict is Verdict.HOLDS
    changes = [
        {"item": encode_item(item(9))},
        {"index": 2},
        {"size": 6},
        {"path": (*proof.path[:-1], bytes(32))},
        {"path": proof.path[:-1]},
    ]
    for change in changes:
        changed = msgspec.structs.replace(proof, **change)
        assert check_item_proof(changed, b"\x01" * 32, batch).code == "mark.batch.mismatch", change
    assert check_item_proof(proof, b"\x02" * 32, batch).code == "mark.batch.other-statement"
    other = msgspec.structs.replace(batch, root=bytes(32))
    assert check_item_proof(proof, b"\x01" * 32, other).verdict is Verdict.FAILS


def test_any_cut_proof_file_is_refused():
    raw = proof_and_batch()[0].to_bytes()
    ItemProof.from_bytes(raw)
    for cut in range(0, len(raw), 7):
        with pytest.raises(BadInput):
            ItemProof.from_bytes(raw[:cut])
    with pytest.raises(BadInput):
        ItemProof.from_bytes(bytes(100_000))


def test_the_file_of_all_items_leads_to_the_same_root():
    items = [item(n) for n in range(11)]
    raw = items_file(items)
    built = build_batch(items, FACTS)
    assert built.claim.batch is not None
    assert Tree(leaves_in(raw)).root == built.claim.batch.root
    with pytest.raises(BadInput):
        list(leaves_in(raw[:-1]))


def test_a_batch_names_its_times_and_is_never_empty():
    built = build_batch([item(n) for n in (30, 5, 50)], FACTS)
    assert built.claim.batch is not None
    assert (built.claim.batch.first.minute, built.claim.batch.last.minute) == (5, 50)
    with pytest.raises(BatchEmpty):
        build_batch([], FACTS)


def test_a_mark_is_an_item_or_a_batch_and_never_both():
    built = build_batch([item(1)], FACTS)
    for wrong in (ContentMark(), ContentMark(item=item(1), batch=built.claim.batch)):
        with pytest.raises(BadInput):
            encode_claim(KIND, wrong, FACTS)
    nothing = msgspec.structs.replace(item(1), watermark=None, fingerprints=None, credential=None)
    with pytest.raises(BadInput):
        encode_claim(KIND, ContentMark(item=nothing), FACTS)
    label = msgspec.structs.replace(item(1).label, serves=("KR.no.such",))
    with pytest.raises(BadInput):
        encode_claim(KIND, ContentMark(item=msgspec.structs.replace(item(1), label=label)), FACTS)
