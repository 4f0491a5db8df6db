"""What cosignatures promise: the exact message of the specification, and a time that cannot be moved."""

import os
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from haechi.log.checkpoint import Checkpoint, read_checkpoint
from haechi.log.cosignature import (
    MAX_TIME_S,
    CosignatureMalformed,
    Subtree,
    cosign,
    cosignature_v1_message,
    cosigned_at,
    subtree_v1_message,
)
from haechi.log.note import NoteKey, NoteLine, NoteSigner, SignatureType

REPO = Path(__file__).parents[2]
VECTORS = Path(os.environ.get("HAECHI_VECTORS", REPO.parent / "shared" / "vectors")) / "note"

ROOT = sha256(b"root").digest()
HEAD = Checkpoint("kr.example/log", 20852163, ROOT)
TIME_S = 1_790_000_000
ED25519 = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
ML_DSA = MLDSA44PrivateKey.from_seed_bytes(bytes(range(32)))
WITNESS = NoteSigner("sg.example/witness", SignatureType.COSIGNATURE_V1, ED25519)
LATE_WITNESS = NoteSigner("sg.example/witness", SignatureType.ML_DSA_44, ML_DSA)
BOTH = pytest.mark.parametrize("signer", [WITNESS, LATE_WITNESS], ids=["ed25519", "ml-dsa-44"])


# --- the messages ----------------------------------------------------------------------------------------


def test_the_ed25519_message_is_the_example_of_the_specification():
    # c2sp.org/tlog-cosignature, section "Ed25519 signed message"
    body = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    expected = "cosignature/v1\ntime 1679315147\n" + body
    assert cosignature_v1_message(body.encode(), 1679315147) == expected.encode()


def test_the_ml_dsa_message_is_the_struct_of_the_specification():
    # c2sp.org/tlog-cosignature, section "ML-DSA-44 signed message", field by field
    message = subtree_v1_message("mirror.test/m1", 1679315147, Subtree("example.com/log", 0, 20852163, ROOT))
    assert message == bytes.fromhex(
        "737562747265652f76310a00"  # label, 12 bytes
        "0e6d6972726f722e746573742f6d31"  # cosigner name with its length
        "00000000641850cb"  # time
        "0f6578616d706c652e636f6d2f6c6f67"  # origin with its length
        "0000000000000000"  # start
        "00000000013e2dc3" + ROOT.hex()  # end
    )


def test_an_ml_dsa_line_made_by_others_verifies():
    # torchwood, cmd/litewitness/testdata/mldsa.txt
    if not VECTORS.is_dir():
        pytest.skip(f"no vectors at {VECTORS}; set HAECHI_VECTORS")
    head, note = read_checkpoint((VECTORS / "mldsa-log.checkpoint").read_bytes())
    key = NoteKey.parse((VECTORS / "mldsa-log.vkey").read_text().strip())
    assert cosigned_at(head, key, note.lines[0].signature) == 0


def test_a_subtree_that_starts_late_is_signed_without_a_time():
    late = Subtree("kr.example/log", 256, 512, ROOT)
    assert len(subtree_v1_message("w.example", 0, late)) == 12 + 10 + 8 + 15 + 16 + 32
    with pytest.raises(CosignatureMalformed, match="time"):
        subtree_v1_message("w.example", 1, late)


@pytest.mark.parametrize(
    ("cosigner", "time_s", "subtree"),
    [
        ("", 0, Subtree("o", 0, 1, ROOT)),
        ("w" * 256, 0, Subtree("o", 0, 1, ROOT)),
        ("가" * 86, 0, Subtree("o", 0, 1, ROOT)),
        ("w", 0, Subtree("", 0, 1, ROOT)),
        ("w", 0, Subtree("o" * 256, 0, 1, ROOT)),
        ("w", -1, Subtree("o", 0, 1, ROOT)),
        ("w", 2**63, Subtree("o", 0, 1, ROOT)),
        ("w", 0, Subtree("o", -1, 1, ROOT)),
        ("w", 0, Subtree("o", 2, 1, ROOT)),
        ("w", 0, Subtree("o", 0, 2**63, ROOT)),
        ("w", 0, Subtree("o", 0, 1, ROOT[1:])),
    ],
)
def test_values_the_struct_cannot_carry_are_refused(cosigner: str, time_s: int, subtree: Subtree):
    with pytest.raises(CosignatureMalformed):
        subtree_v1_message(cosigner, time_s, subtree)


def test_names_of_255_bytes_fit():
    name = "가" * 85
    assert name.encode() in subtree_v1_message(name, 0, Subtree("o" * 255, 0, 1, ROOT))


# --- the lines -------------------------------------------------------------------------------------------


@BOTH
def test_a_line_carries_key_id_time_and_signature(signer: NoteSigner):
    line = cosign(HEAD, signer, TIME_S)
    assert NoteLine.parse(line.encode().rstrip("\n")) == line
    assert signer.key.signed(line)
    assert line.signature[:8] == TIME_S.to_bytes(8)
    assert len(line.signature) == 8 + (64 if signer is WITNESS else 2420)
    assert cosigned_at(HEAD, signer.key, line.signature) == TIME_S


@BOTH
@pytest.mark.parametrize("time_s", [0, 1, MAX_TIME_S])
def test_every_time_the_specification_allows_is_signed(signer: NoteSigner, time_s: int):
    assert cosigned_at(HEAD, signer.key, cosign(HEAD, signer, time_s).signature) == time_s


@BOTH
@pytest.mark.parametrize("time_s", [-1, MAX_TIME_S + 1])
def test_no_other_time_is(signer: NoteSigner, time_s: int):
    with pytest.raises(CosignatureMalformed):
        cosign(HEAD, signer, time_s)


@BOTH
def test_a_line_that_states_a_time_beyond_the_bound_verifies_nothing(signer: NoteSigner):
    signature = cosign(HEAD, signer, MAX_TIME_S).signature
    assert cosigned_at(HEAD, signer.key, (MAX_TIME_S + 1).to_bytes(8) + signature[8:]) is None


@BOTH
def test_a_moved_time_does_not_verify(signer: NoteSigner):
    signature = cosign(HEAD, signer, TIME_S).signature
    assert cosigned_at(HEAD, signer.key, (TIME_S + 1).to_bytes(8) + signature[8:]) is None


@BOTH
@pytest.mark.parametrize(
    "head",
    [
        Checkpoint("kr.example/log", 20852164, ROOT),
        Checkpoint("kr.example/log", 20852163, sha256(b"other").digest()),
        Checkpoint("fr.example/log", 20852163, ROOT),
    ],
    ids=["size", "root", "origin"],
)
def test_another_head_does_not_verify(signer: NoteSigner, head: Checkpoint):
    assert cosigned_at(head, signer.key, cosign(HEAD, signer, TIME_S).signature) is None


@BOTH
@pytest.mark.parametrize("cut", [slice(0, 0), slice(0, 8), slice(0, -1), slice(1, None)])
def test_a_signature_of_another_length_does_not_verify(signer: NoteSigner, cut: slice):
    signature = cosign(HEAD, signer, TIME_S).signature
    assert cosigned_at(HEAD, signer.key, signature[cut]) is None
    assert cosigned_at(HEAD, signer.key, signature + b"\0") is None


def test_extension_lines_are_signed_by_ed25519_and_not_by_ml_dsa():
    extended = Checkpoint(HEAD.origin, HEAD.size, HEAD.root, ("more",))
    assert cosigned_at(extended, WITNESS.key, cosign(HEAD, WITNESS, TIME_S).signature) is None
    assert cosigned_at(extended, LATE_WITNESS.key, cosign(HEAD, LATE_WITNESS, TIME_S).signature) == TIME_S


def test_the_cosigner_s_name_is_signed_by_ml_dsa():
    renamed = NoteKey("sg.example/mirror", SignatureType.ML_DSA_44, LATE_WITNESS.key.public)
    assert cosigned_at(HEAD, renamed, cosign(HEAD, LATE_WITNESS, TIME_S).signature) is None


def test_a_plain_key_neither_cosigns_nor_verifies_cosignatures():
    plain = NoteSigner("sg.example/witness", SignatureType.ED25519, ED25519)
    with pytest.raises(CosignatureMalformed, match="signer type"):
        cosign(HEAD, plain, TIME_S)
    assert cosigned_at(HEAD, plain.key, cosign(HEAD, WITNESS, TIME_S).signature) is None
    assert cosigned_at(HEAD, plain.key, ED25519.sign(HEAD.text)) is None


def test_a_log_s_plain_signature_is_no_cosignature():
    for time in (b"", bytes(8)):
        assert cosigned_at(HEAD, WITNESS.key, time + ED25519.sign(HEAD.text)) is None


@pytest.mark.parametrize("at", range(72))
def test_no_flipped_byte_verifies(at: int):
    signature = bytearray(cosign(HEAD, WITNESS, TIME_S).signature)
    signature[at] ^= 1
    assert cosigned_at(HEAD, WITNESS.key, bytes(signature)) is None


@settings(max_examples=30)
@given(st.integers(1, 2**63 - 1), st.binary(min_size=32, max_size=32), st.integers(0, MAX_TIME_S))
def test_every_head_cosigned_verifies_at_its_time(size: int, root: bytes, time_s: int):
    head = Checkpoint("kr.example/log", size, root)
    for signer in (WITNESS, LATE_WITNESS):
        assert cosigned_at(head, signer.key, cosign(head, signer, time_s).signature) == time_s
