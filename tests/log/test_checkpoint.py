"""What checkpoints promise: one text for each state, both lines or none, and no changed byte that HOLDS."""

import base64
import os
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from haechi.errors import TooLarge
from haechi.findings import Verdict
from haechi.log.checkpoint import (
    MAX_CHECKPOINT_BYTES,
    Checkpoint,
    CheckpointMalformed,
    CheckpointSigner,
    ExtensionUnsigned,
    LineMissing,
    WrongOrigin,
    check_checkpoint,
    examine_checkpoint,
    open_checkpoint,
    read_checkpoint,
)
from haechi.log.cosignature import cosign
from haechi.log.merkle import EMPTY_ROOT, MAX_SIZE
from haechi.log.note import (
    LineInvalid,
    NoKnownKey,
    Note,
    NoteKey,
    NoteLine,
    NoteMalformed,
    NoteSigner,
    SignatureType,
    VkeyMalformed,
    sign_note,
)

REPO = Path(__file__).parents[2]
VECTORS = Path(os.environ.get("HAECHI_VECTORS", REPO.parent / "shared" / "vectors")) / "note"

ORIGIN = "kr.example/log"
TIME_S = 1_790_000_000
ROOT = sha256(b"root").digest()
ED25519 = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
ML_DSA = MLDSA44PrivateKey.from_seed_bytes(bytes(range(32)))
SIGNER = CheckpointSigner(ORIGIN, ED25519, ML_DSA)
PLAIN, LATE = SIGNER.keys
OTHER = CheckpointSigner(
    "fr.example/log",
    Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))),
    MLDSA44PrivateKey.from_seed_bytes(bytes(range(1, 33))),
)
WITNESS = NoteSigner(
    "sg.example/witness",
    SignatureType.COSIGNATURE_V1,
    Ed25519PrivateKey.from_private_bytes(bytes(range(2, 34))),
)

GOOD = SIGNER.sign(20852163, ROOT, TIME_S)
NOTE = Note.parse(GOOD)
CHECKPOINT = Checkpoint(ORIGIN, 20852163, ROOT)


def code(raw: bytes, keys: tuple[NoteKey, ...] = SIGNER.keys, origin: str = ORIGIN) -> str:
    finding, checkpoint = check_checkpoint(raw, keys, origin)
    assert (checkpoint is not None) == (finding.verdict is Verdict.HOLDS)
    assert finding.say("en")
    assert finding.say("ko")
    return finding.code.removeprefix("log.checkpoint.")


# --- known answers ---------------------------------------------------------------------------------------

# c2sp.org/tlog-checkpoint, the example
SPEC = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9"
    "nTo+zyWE+xeMcTOAYQ8=\n"
).encode()


def test_the_example_of_the_specification_is_read_and_written_back():
    checkpoint, note = read_checkpoint(SPEC)
    assert checkpoint.origin == "example.com/behind-the-sofa"
    assert checkpoint.size == 20852163
    assert checkpoint.root.hex().startswith("0ac5186a")
    assert checkpoint.text == note.text
    assert note.encode() == SPEC


def test_the_example_of_the_specification_is_undecided_under_our_keys():
    assert code(SPEC, (PLAIN,), "example.com/behind-the-sofa") == "key-unknown"


# torchwood, cmd/litewitness/testdata/mldsa.txt: a log that signs with ML-DSA-44 alone and states no time
def _torchwood() -> tuple[bytes, NoteKey]:
    folder = VECTORS
    if not folder.is_dir():
        pytest.skip(f"no vectors at {folder}; set HAECHI_VECTORS")
    vkey = (folder / "mldsa-log.vkey").read_text().strip()
    return (folder / "mldsa-log.checkpoint").read_bytes(), NoteKey.parse(vkey)


def test_an_ml_dsa_checkpoint_made_by_others_is_signed():
    raw, key = _torchwood()
    opened = open_checkpoint(raw, [key], "example.com/mldsa-log")
    assert opened.checkpoint.size == 1
    assert [(signed.key, signed.time_s) for signed in opened.signers] == [(key, 0)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"\n1\n", b"\n2\n"),
        (b"+zoE", b"+zoF"),
        (b"td9FxQAAAAAAAAAA", b"td9FxQAAAAAAAAAB"),
        (b"td9FxQAAAAAAAAAAkjF", b"td9FxQAAAAAAAAAAkjG"),
    ],
    ids=["size", "root", "time", "signature"],
)
def test_an_ml_dsa_checkpoint_made_by_others_fails_when_changed(old: bytes, new: bytes):
    raw, key = _torchwood()
    assert raw.count(old) >= 1
    assert code(raw.replace(old, new, 1), (key,), "example.com/mldsa-log") == "signature-invalid"


# --- the accepted case -----------------------------------------------------------------------------------


def test_a_log_signs_with_both_keys_under_its_origin():
    opened = open_checkpoint(GOOD, SIGNER.keys, ORIGIN)
    assert opened.checkpoint == CHECKPOINT
    assert [(signed.key, signed.time_s) for signed in opened.signers] == [(PLAIN, None), (LATE, TIME_S)]
    assert opened.names == [ORIGIN]
    assert opened.note.encode() == GOOD
    assert code(GOOD) == "signed"


def test_the_text_is_three_lines():
    assert NOTE.text == f"{ORIGIN}\n20852163\n{base64.b64encode(ROOT).decode()}\n".encode()


@pytest.mark.parametrize("keys", [(PLAIN,), (LATE,)], ids=["ed25519", "ml-dsa-44"])
def test_whoever_pins_one_key_needs_one_line(keys: tuple[NoteKey, ...]):
    assert code(GOOD, keys) == "signed"
    (line,) = [line for line in NOTE.lines if keys[0].signed(line)]
    assert code(Note(NOTE.text, (line,)).encode(), keys) == "signed"


def test_a_witness_is_verified_and_not_required():
    witnessed = NOTE.with_lines([cosign(CHECKPOINT, WITNESS, TIME_S + 5)]).encode()
    keys = (*SIGNER.keys, WITNESS.key)
    assert open_checkpoint(GOOD, keys, ORIGIN).names == [ORIGIN]
    opened = open_checkpoint(witnessed, keys, ORIGIN)
    assert opened.names == [ORIGIN, WITNESS.name]
    assert opened.signers[-1].time_s == TIME_S + 5


def test_of_two_cosignatures_by_one_witness_the_newest_time_counts():
    lines = [cosign(CHECKPOINT, WITNESS, TIME_S + late) for late in (5, 9, 7)]
    opened = open_checkpoint(NOTE.with_lines(lines).encode(), (*SIGNER.keys, WITNESS.key), ORIGIN)
    assert [s.time_s for s in opened.signers if s.key == WITNESS.key] == [TIME_S + 9]


# --- one change each -------------------------------------------------------------------------------------


@pytest.mark.parametrize("flip", [0x01, 0x20, 0x80])
def test_no_flipped_byte_holds(flip: int):
    for at in range(len(GOOD)):
        changed = GOOD[:at] + bytes([GOOD[at] ^ flip]) + GOOD[at + 1 :]
        finding, checkpoint = check_checkpoint(changed, SIGNER.keys, ORIGIN)
        assert finding.verdict is Verdict.FAILS, at
        assert checkpoint is None


def test_no_byte_taken_out_holds():
    for at in range(len(GOOD)):
        assert check_checkpoint(GOOD[:at] + GOOD[at + 1 :], SIGNER.keys, ORIGIN)[0].verdict is Verdict.FAILS


@pytest.mark.parametrize("index", [0, 1], ids=["ed25519", "ml-dsa-44"])
def test_a_stripped_line_is_noticed(index: int):
    left = Note(NOTE.text, (NOTE.lines[1 - index],)).encode()
    assert code(left) == "line-missing"
    with pytest.raises(LineMissing, match=SIGNER.keys[index].key_id.hex()):
        open_checkpoint(left, SIGNER.keys, ORIGIN)


@pytest.mark.parametrize("index", [0, 1], ids=["ed25519", "ml-dsa-44"])
def test_a_line_from_another_checkpoint_fails(index: int):
    donor = Note.parse(SIGNER.sign(20852164, ROOT, TIME_S))
    lines = list(NOTE.lines)
    lines[index] = donor.lines[index]
    assert code(Note(NOTE.text, tuple(lines)).encode()) == "signature-invalid"


def test_the_time_of_an_ml_dsa_line_is_signed():
    plain, late = NOTE.lines
    moved = late._replace(signature=(TIME_S + 1).to_bytes(8) + late.signature[8:])
    assert code(Note(NOTE.text, (plain, moved)).encode()) == "signature-invalid"


def test_key_ids_swapped_between_the_lines_fail():
    plain, late = NOTE.lines
    swapped = (plain._replace(key_id=late.key_id), late._replace(key_id=plain.key_id))
    assert code(Note(NOTE.text, swapped).encode()) == "signature-invalid"


def test_a_name_swapped_for_the_witness_s_fails():
    line = cosign(CHECKPOINT, WITNESS, TIME_S)
    plain, late = NOTE.lines
    swapped = (plain._replace(name=WITNESS.name), late, line._replace(name=ORIGIN))
    assert code(Note(NOTE.text, swapped).encode(), (*SIGNER.keys, WITNESS.key)) == "line-missing"


def test_duplicated_lines_change_nothing_and_count_once():
    doubled = Note(NOTE.text, NOTE.lines * 3).encode()
    opened = open_checkpoint(doubled, SIGNER.keys, ORIGIN)
    assert [signed.key for signed in opened.signers] == [PLAIN, LATE]


def test_a_duplicate_that_does_not_verify_fails():
    plain, late = NOTE.lines
    bad = plain._replace(signature=bytes(64))
    assert code(Note(NOTE.text, (plain, late, bad)).encode()) == "signature-invalid"


def test_a_bad_witness_line_fails_the_whole_note():
    bad = NoteLine(WITNESS.name, WITNESS.key.key_id, bytes(72))
    raw = NOTE.with_lines([bad]).encode()
    assert code(raw) == "signed"
    assert code(raw, (*SIGNER.keys, WITNESS.key)) == "signature-invalid"


def test_unknown_signers_are_ignored_up_to_the_bound():
    strangers = [NoteLine(f"w{at}.example", bytes([0, 0, 0, at]), bytes(72)) for at in range(98)]
    assert code(NOTE.with_lines(strangers).encode()) == "signed"
    assert code(NOTE.with_lines([*strangers, NoteLine("w", bytes(4), b"\0")]).encode()) == "malformed"


def test_another_log_s_checkpoint_fails_even_with_its_keys_pinned():
    raw = OTHER.sign(5, ROOT, TIME_S)
    assert code(raw, OTHER.keys, "fr.example/log") == "signed"
    assert code(raw, (*OTHER.keys, *SIGNER.keys)) == "wrong-origin"


def test_another_log_cannot_speak_for_this_origin():
    forged = sign_note(NOTE.text, [NoteSigner("fr.example/log", SignatureType.ED25519, ED25519)])
    key = NoteKey("fr.example/log", SignatureType.ED25519, PLAIN.public)
    assert code(forged, (*SIGNER.keys, key)) == "key-unknown"


@pytest.mark.parametrize("keys", [(), OTHER.keys, (WITNESS.key,)], ids=["none", "others", "witness"])
def test_without_a_key_of_the_log_nothing_is_decided(keys: tuple[NoteKey, ...]):
    raw = NOTE.with_lines([cosign(CHECKPOINT, WITNESS, TIME_S)]).encode()
    finding, checkpoint = check_checkpoint(raw, keys, ORIGIN)
    assert finding.code == "log.checkpoint.key-unknown"
    assert finding.verdict is Verdict.UNDECIDED
    assert checkpoint is None


def test_a_log_that_rotated_its_keys_is_undecided_not_failed():
    new = Ed25519PrivateKey.from_private_bytes(bytes(32)), MLDSA44PrivateKey.from_seed_bytes(bytes(32))
    rotated = CheckpointSigner(ORIGIN, *new)
    assert code(rotated.sign(5, ROOT, TIME_S)) == "key-unknown"


# --- form ------------------------------------------------------------------------------------------------

B64 = base64.b64encode(ROOT).decode()
EMPTY = base64.b64encode(EMPTY_ROOT).decode()


def resigned(text: str) -> bytes:
    """A note whose Ed25519 line is right for `text`, so that only the text can be at fault."""
    return sign_note(text.encode(), [NoteSigner(ORIGIN, SignatureType.ED25519, ED25519)])


@pytest.mark.parametrize("size", ["0", "1", "10", str(2**32), str(MAX_SIZE)])
def test_sizes_in_their_one_spelling_are_read(size: str):
    root = EMPTY if size == "0" else B64
    assert code(resigned(f"{ORIGIN}\n{size}\n{root}\n"), (PLAIN,)) == "signed"


@pytest.mark.parametrize(
    "size",
    [
        *["", "00", "01", "-0", "-1", "+1", " 1", "1 ", "1_0", "0x1", "1e3", "1.0", "１", "一", "٣", "a"],
        *[str(MAX_SIZE + 1), str(2**64), "9" * 19, "9" * 20, "9" * 5000],
    ],
)
def test_any_other_size_is_malformed(size: str):
    assert code(resigned(f"{ORIGIN}\n{size}\n{B64}\n"), (PLAIN,)) == "malformed"


@pytest.mark.parametrize(
    "root",
    [
        "",
        "=",
        B64.rstrip("="),
        B64 + "=",
        B64 + " ",
        " " + B64,
        B64[:-2] + chr(ord(B64[-2]) + 1) + "=",
        B64[4:],
        "AAAA" + B64,
        B64.replace("=", "A"),
        ROOT.hex(),
        base64.urlsafe_b64encode(b"\xfb" * 32).decode(),
        "é" + B64[1:],
    ],
)
def test_any_other_root_is_malformed(root: str):
    assert code(resigned(f"{ORIGIN}\n7\n{root}\n"), (PLAIN,)) == "malformed"


@pytest.mark.parametrize(
    "text",
    [
        "\n",
        f"{ORIGIN}\n",
        f"{ORIGIN}\n7\n",
        f"\n{ORIGIN}\n7\n{B64}\n",
        f"\n7\n{B64}\n",
        f"{ORIGIN}\n\n7\n{B64}\n",
        f"{ORIGIN}\n7\n{B64}\n\n",
        f"{ORIGIN}\n7\n{B64}\n\nextension\n",
        f"{ORIGIN}\n7\n{B64}\n" + "x" * 1025 + "\n",
        f"{ORIGIN}\n7\n{B64}\n" + "x\n" * 17,
        f"{ORIGIN}\n0\n{B64}\n",
        "k" * 256 + f"\n7\n{B64}\n",
    ],
)
def test_any_other_text_is_malformed(text: str):
    assert code(resigned(text), (PLAIN,)) == "malformed"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        NOTE.text,
        GOOD.replace(b"\n", b"\r\n"),
        GOOD.replace(b"\n\n", b"\r\n\r\n"),
        GOOD + b"\n",
        GOOD + b"trailing",
        GOOD + b"\0",
        GOOD[:-1],
        b"\n" + GOOD,
        b"\xef\xbb\xbf" + GOOD,
    ],
)
def test_any_other_note_is_malformed_or_another_log_s(raw: bytes):
    assert code(raw) in {"malformed", "wrong-origin"}


def test_the_bound_on_size_is_checked_before_anything_is_read():
    raw = b"x" * (MAX_CHECKPOINT_BYTES + 1)
    assert code(raw) == "malformed"
    with pytest.raises(TooLarge):
        open_checkpoint(raw, SIGNER.keys, ORIGIN)


def test_extension_lines_are_kept_and_signed_by_ed25519():
    text = f"{ORIGIN}\n7\n{B64}\none\ntwo\n"
    raw = resigned(text)
    assert open_checkpoint(raw, [PLAIN], ORIGIN).checkpoint.extensions == ("one", "two")
    assert code(raw.replace(b"two", b"twO"), (PLAIN,)) == "signature-invalid"


def test_extension_lines_that_nobody_signed_fail():
    checkpoint = Checkpoint(ORIGIN, 7, ROOT, ("slipped in",))
    late = NoteSigner(ORIGIN, SignatureType.ML_DSA_44, ML_DSA)
    line = cosign(checkpoint, late, TIME_S)
    assert code(Note(Checkpoint(ORIGIN, 7, ROOT).text, (line,)).encode(), (LATE,)) == "signed"
    with pytest.raises(ExtensionUnsigned):
        open_checkpoint(Note(checkpoint.text, (line,)).encode(), [LATE], ORIGIN)
    assert code(Note(checkpoint.text, (line,)).encode(), (LATE,)) == "extension-unsigned"


# --- making ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("origin", "size", "root"),
    [
        ("", 7, ROOT),
        ("a\nb", 7, ROOT),
        ("a\tb", 7, ROOT),
        ("a\udc80", 7, ROOT),
        ("o" * 256, 7, ROOT),
        (ORIGIN, -1, ROOT),
        (ORIGIN, MAX_SIZE + 1, ROOT),
        pytest.param(ORIGIN, 10**5000, ROOT, id="more digits than Python prints"),
        (ORIGIN, 7, ROOT[:31]),
        (ORIGIN, 7, ROOT + b"\0"),
        (ORIGIN, 0, ROOT),
    ],
)
def test_values_that_make_no_checkpoint_are_refused(origin: str, size: int, root: bytes):
    with pytest.raises(CheckpointMalformed) as caught:
        Checkpoint(origin, size, root)
    assert len(str(caught.value)) < 250


def test_a_log_signs_nothing_it_could_not_read_back():
    with pytest.raises(CheckpointMalformed):
        SIGNER.sign(0, ROOT, TIME_S)
    assert code(SIGNER.sign(0, EMPTY_ROOT, TIME_S)) == "signed"


@pytest.mark.parametrize("origin", ["", "kr example", "kr+example", "k" * 256])
def test_an_origin_that_is_no_key_name_cannot_sign(origin: str):
    with pytest.raises(VkeyMalformed):
        CheckpointSigner(origin, ED25519, ML_DSA)


def test_each_error_has_its_own_code():
    errors = [CheckpointMalformed, ExtensionUnsigned, LineInvalid, LineMissing, NoKnownKey, NoteMalformed]
    assert len({error.code for error in [*errors, WrongOrigin]}) == 7


def test_examining_gives_the_signers_too():
    finding, opened = examine_checkpoint(GOOD, SIGNER.keys, ORIGIN)
    assert finding.verdict is Verdict.HOLDS
    assert opened == open_checkpoint(GOOD, SIGNER.keys, ORIGIN)
    assert finding.facts["size"] == 20852163


# --- any checkpoint --------------------------------------------------------------------------------------

LINES = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60)
CHECKPOINTS = st.builds(
    Checkpoint,
    LINES,
    st.integers(1, MAX_SIZE),
    st.binary(min_size=32, max_size=32),
    st.lists(LINES, max_size=3).map(tuple),
)


@given(CHECKPOINTS)
def test_every_checkpoint_is_read_back_from_its_text(checkpoint: Checkpoint):
    assert Checkpoint.from_text(checkpoint.text) == checkpoint


@given(st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_text_from_anywhere_is_read_back_the_same_or_refused(tail: bytes):
    for text in (tail, f"{ORIGIN}\n7\n{B64}\n".encode() + tail):
        try:
            checkpoint = Checkpoint.from_text(text)
        except CheckpointMalformed:
            continue
        assert checkpoint.text == text


@settings(max_examples=20, deadline=None)
@given(st.integers(1, MAX_SIZE), st.binary(min_size=32, max_size=32), st.integers(0, 2**63 - 1))
def test_every_state_signed_is_opened(size: int, root: bytes, time_s: int):
    opened = open_checkpoint(SIGNER.sign(size, root, time_s), SIGNER.keys, ORIGIN)
    assert (opened.checkpoint.size, opened.checkpoint.root) == (size, root)
    assert opened.signers[1].time_s == time_s
