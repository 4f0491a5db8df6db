"""What tlog proofs promise: readable without a network, trusted only under pinned keys."""

import base64
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from tests.log import naive

from haechi.errors import TooLarge
from haechi.findings import Verdict, overall
from haechi.log.checkpoint import MAX_CHECKPOINT_BYTES, CheckpointSigner
from haechi.log.merkle import MAX_SIZE
from haechi.log.note import Note, NoteKey
from haechi.log.proof import (
    MAX_EXTRA_BYTES,
    MAX_PATH,
    MAX_PROOF_BYTES,
    TlogProof,
    TlogProofMalformed,
    check_tlog_proof,
)

ORIGIN = "kr.example/log"
SIGNER = CheckpointSigner(
    ORIGIN,
    Ed25519PrivateKey.from_private_bytes(bytes(range(32))),
    MLDSA44PrivateKey.from_seed_bytes(bytes(range(32))),
)
ENTRIES = [sha256(bytes([at])).digest() for at in range(7)]
INDEX = 4
LEAVES = [naive.leaf(entry) for entry in ENTRIES]
ROOT = naive.mth(LEAVES)
PROOF = TlogProof(INDEX, tuple(naive.path(INDEX, LEAVES)), SIGNER.sign(7, ROOT, 1_790_000_000))
GOOD = PROOF.encode()


def codes(
    raw: bytes, entry: bytes = ENTRIES[INDEX], keys: tuple[NoteKey, ...] = SIGNER.keys, origin: str = ORIGIN
) -> list[str]:
    findings = check_tlog_proof(raw, entry, keys, origin)
    assert all(finding.say("en") and finding.say("ko") for finding in findings)
    return [finding.code.removeprefix("log.") for finding in findings]


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


# --- known answers ---------------------------------------------------------------------------------------

H1, H2 = sha256(b"hash1").digest(), sha256(b"hash2").digest()


@pytest.mark.parametrize(
    ("proof", "text"),
    [
        # transparency-dev/formats, proof/tlog_proof_test.go, TestMarshal
        (
            TlogProof(5, (H1, H2), b"test checkpoint\n"),
            f"c2sp.org/tlog-proof@v1\nindex 5\n{b64(H1)}\n{b64(H2)}\n\ntest checkpoint\n",
        ),
        (
            TlogProof(10, (H1,), b"checkpoint data\n", b"extra information"),
            (
                f"c2sp.org/tlog-proof@v1\nextra {b64(b'extra information')}\nindex 10\n{b64(H1)}\n\n"
                "checkpoint data\n"
            ),
        ),
        (TlogProof(0, (), b"checkpoint\n"), "c2sp.org/tlog-proof@v1\nindex 0\n\ncheckpoint\n"),
    ],
)
def test_the_text_is_the_one_others_write(proof: TlogProof, text: str):
    assert proof.encode() == text.encode()
    assert TlogProof.parse(text.encode()) == proof


def test_the_example_of_the_specification_is_read_up_to_its_elisions():
    # c2sp.org/tlog-proof, the example, without its extra line (which is no base64) and cosignatures (elided)
    raw = (
        b"c2sp.org/tlog-proof@v1\nindex 73894\n"
        b"gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=\nB95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=\n"
        b"EKNzoDWG8LGC0Yp9o+sv3qllpMP9uHQ9B20KNL+Q1zs=\nRoopEkOdqkYqMB4MJXrbt/hMjOxsVn0IrWjpz1ZMMes=\n"
        b"AHCioX9nLjsrse6YhjRRmk1WUEirVOLLRoOQ6vfO5vk=\n\n"
        b"example.com/fancylog\n109482\nsFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=\n"
    )
    proof = TlogProof.parse(raw)
    assert proof.index == 73894
    assert len(proof.path) == 5
    assert proof.checkpoint.startswith(b"example.com/fancylog\n")
    assert proof.encode() == raw


# --- the accepted case -----------------------------------------------------------------------------------


def test_an_entry_of_the_log_is_proved_by_the_file_alone():
    assert codes(GOOD) == ["proof.readable", "checkpoint.signed", "inclusion.valid"]


def test_extra_data_changes_nothing_and_is_kept():
    raw = TlogProof(INDEX, PROOF.path, PROOF.checkpoint, "덧붙임".encode()).encode()
    assert codes(raw) == codes(GOOD)
    assert TlogProof.parse(raw).extra == "덧붙임".encode()


def test_empty_extra_data_is_not_the_same_as_none():
    raw = TlogProof(INDEX, PROOF.path, PROOF.checkpoint, b"").encode()
    assert b"\nextra \n" in raw
    assert TlogProof.parse(raw).extra == b""
    assert TlogProof.parse(GOOD).extra is None


def test_the_only_entry_of_a_log_needs_no_path():
    raw = TlogProof(0, (), SIGNER.sign(1, LEAVES[0], 0)).encode()
    assert codes(raw, ENTRIES[0]) == ["proof.readable", "checkpoint.signed", "inclusion.valid"]


# --- one change each -------------------------------------------------------------------------------------


def test_no_flipped_byte_holds():
    for at in range(len(GOOD)):
        changed = GOOD[:at] + bytes([GOOD[at] ^ 1]) + GOOD[at + 1 :]
        assert overall(check_tlog_proof(changed, ENTRIES[INDEX], SIGNER.keys, ORIGIN)) is Verdict.FAILS, at


def test_another_entry_is_not_proved():
    assert codes(GOOD, ENTRIES[0]) == ["proof.readable", "checkpoint.signed", "inclusion.mismatch"]


@pytest.mark.parametrize("index", [0, 5, 6])
def test_another_index_is_not_proved(index: int):
    raw = TlogProof(index, PROOF.path, PROOF.checkpoint).encode()
    assert overall(check_tlog_proof(raw, ENTRIES[INDEX], SIGNER.keys, ORIGIN)) is Verdict.FAILS


@pytest.mark.parametrize("index", [7, 8, MAX_SIZE - 1])
def test_an_index_beyond_the_tree_is_malformed(index: int):
    raw = TlogProof(index, PROOF.path, PROOF.checkpoint).encode()
    assert codes(raw)[-1] == "inclusion.malformed"


@pytest.mark.parametrize("path", [PROOF.path[1:], PROOF.path[:-1], (*PROOF.path, H1), ()])
def test_a_path_of_another_length_is_malformed(path: tuple[bytes, ...]):
    assert codes(TlogProof(INDEX, path, PROOF.checkpoint).encode())[-1] == "inclusion.malformed"


def test_a_path_in_another_order_is_not_proved():
    raw = TlogProof(INDEX, PROOF.path[::-1], PROOF.checkpoint).encode()
    assert codes(raw)[-1] == "inclusion.mismatch"


def test_a_path_proves_nothing_under_a_checkpoint_that_does_not_hold():
    stripped = Note.parse(PROOF.checkpoint)
    raw = TlogProof(INDEX, PROOF.path, Note(stripped.text, stripped.lines[:1]).encode()).encode()
    assert codes(raw) == ["proof.readable", "checkpoint.line-missing"]
    assert codes(GOOD, origin="fr.example/log") == ["proof.readable", "checkpoint.wrong-origin"]
    assert codes(GOOD, keys=()) == ["proof.readable", "checkpoint.key-unknown"]


# --- form and bounds -------------------------------------------------------------------------------------

NODE = b64(PROOF.path[0]).encode()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n\n",
        b"\n" + GOOD,
        GOOD.replace(b"@v1", b"@v2"),
        GOOD.replace(b"\n", b"\r\n"),
        GOOD.replace(b"\n\n", b"\n", 1),
        GOOD.replace(b"index 4\n", b""),
        GOOD.replace(b"index 4", b"index"),
        GOOD.replace(b"index 4", b"index "),
        GOOD.replace(b"index 4", b"index  4"),
        GOOD.replace(b"index 4", b"index 4 "),
        GOOD.replace(b"index 4", b"index 04"),
        GOOD.replace(b"index 4", b"index +4"),
        GOOD.replace(b"index 4", b"index -4"),
        GOOD.replace(b"index 4", b"index 4_0"),
        GOOD.replace(b"index 4", "index ٤".encode()),
        GOOD.replace(b"index 4", b"index 9223372036854775807"),
        GOOD.replace(b"index 4", b"index 9223372036854775808"),
        GOOD.replace(b"index 4", b"index " + b"9" * 5000),
        GOOD.replace(b"index 4", b"Index 4"),
        GOOD.replace(b"index 4", b"index 4\nindex 4"),
        GOOD.replace(b"index 4", b"index 4\nextra AAAA"),
        GOOD.replace(b"index 4", b"extra AAAA\nextra AAAA\nindex 4"),
        GOOD.replace(b"index 4", b"extra\nindex 4"),
        GOOD.replace(b"index 4", b"extra AAA\nindex 4"),
        GOOD.replace(b"index 4", b"extra AB==\nindex 4"),
        GOOD.replace(b"index 4", b"extra AAAA \nindex 4"),
        GOOD.replace(NODE, NODE[:-1]),
        GOOD.replace(NODE, NODE + b"="),
        GOOD.replace(NODE, NODE + b" "),
        GOOD.replace(NODE, NODE[4:]),
        GOOD.replace(NODE, b"AAAA" + NODE),
        GOOD.replace(NODE, "é".encode() + NODE),
        GOOD.replace(NODE, NODE[:-2] + bytes([NODE[-2] + 1]) + b"="),
        GOOD.replace(NODE + b"\n", (NODE + b"\n") * (MAX_PATH + 1)),
        GOOD[: GOOD.index(b"\n\n") + 2],
    ],
)
def test_anything_but_the_form_is_refused(raw: bytes):
    with pytest.raises(TlogProofMalformed):
        TlogProof.parse(raw)
    assert codes(raw) == ["proof.malformed"]


@pytest.mark.parametrize("tail", [b"\n", b"x", b"\0", b"\r\n"])
def test_trailing_bytes_break_the_checkpoint(tail: bytes):
    assert codes(GOOD + tail) == ["proof.readable", "checkpoint.malformed"]


def test_the_bound_on_size_is_checked_before_anything_is_read():
    raw = b"x" * (MAX_PROOF_BYTES + 1)
    assert codes(raw) == ["proof.malformed"]
    with pytest.raises(TooLarge):
        TlogProof.parse(raw)


@pytest.mark.parametrize(
    ("index", "path", "checkpoint", "extra"),
    [
        (-1, (), b"c", None),
        (MAX_SIZE, (), b"c", None),
        (0, (H1[1:],), b"c", None),
        (0, (H1,) * (MAX_PATH + 1), b"c", None),
        (0, (), b"", None),
        (0, (), b"c" * (MAX_CHECKPOINT_BYTES + 1), None),
        (0, (), b"c", bytes(MAX_EXTRA_BYTES + 1)),
    ],
    ids=[
        "below 0",
        "no such leaf",
        "short node",
        "long path",
        "no checkpoint",
        "long checkpoint",
        "long extra",
    ],
)
def test_values_the_text_cannot_carry_are_refused(
    index: int, path: tuple[bytes, ...], checkpoint: bytes, extra: bytes | None
):
    with pytest.raises(TlogProofMalformed):
        TlogProof(index, path, checkpoint, extra)


def test_the_largest_proof_is_read_back():
    proof = TlogProof(MAX_SIZE - 1, (H1,) * MAX_PATH, b"c" * MAX_CHECKPOINT_BYTES, bytes(MAX_EXTRA_BYTES))
    assert TlogProof.parse(proof.encode()) == proof


# --- any proof -------------------------------------------------------------------------------------------

PROOFS = st.builds(
    TlogProof,
    st.integers(0, MAX_SIZE - 1),
    st.lists(st.binary(min_size=32, max_size=32), max_size=MAX_PATH).map(tuple),
    st.binary(min_size=1, max_size=200),
    st.none() | st.binary(max_size=100),
)


@given(PROOFS)
def test_every_proof_is_read_back_as_written(proof: TlogProof):
    assert TlogProof.parse(proof.encode()) == proof


@given(st.binary(max_size=200))
def test_bytes_from_anywhere_are_read_back_the_same_or_refused(tail: bytes):
    for raw in (tail, b"c2sp.org/tlog-proof@v1\nindex 1\n" + tail):
        try:
            proof = TlogProof.parse(raw)
        except TlogProofMalformed:
            continue
        assert proof.encode() == raw


@given(st.integers(1, 40), st.data())
def test_every_entry_of_every_small_log_is_proved(size: int, data: st.DataObject):
    entries = [sha256(bytes([at])).digest() for at in range(size)]
    index = data.draw(st.integers(0, size - 1))
    leaves = [naive.leaf(entry) for entry in entries]
    checkpoint = SIGNER.sign(size, naive.mth(leaves), 0)
    raw = TlogProof(index, tuple(naive.path(index, leaves)), checkpoint).encode()
    assert codes(raw, entries[index])[-1] == "inclusion.valid"
