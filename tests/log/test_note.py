"""What signed notes promise: one spelling each, bounds before work, and no unsigned text ever trusted."""

import base64
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from haechi.errors import TooLarge
from haechi.log import note as notes
from haechi.log.note import (
    MAX_LINES,
    MAX_NOTE_BYTES,
    LineInvalid,
    NoKnownKey,
    Note,
    NoteKey,
    NoteLine,
    NoteMalformed,
    NoteSigner,
    SignatureType,
    VkeyMalformed,
    open_note,
    sign_note,
)
from haechi.statement.ed25519 import WeakPublicKey

ED25519 = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
ML_DSA = MLDSA44PrivateKey.from_seed_bytes(bytes(range(32)))

SIGNER = NoteSigner("kr.example/log", SignatureType.ED25519, ED25519)
STRANGER = NoteSigner("fr.example/log", SignatureType.ED25519, OTHER)
TEXT = "서울 선언\n\n두 번째 단락\n".encode()
GOOD = sign_note(TEXT, [SIGNER])


# --- known answers ---------------------------------------------------------------------------------------

# c2sp.org/signed-note, section "Verifier keys", "Example"
SPEC_VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
SPEC_NOTE = (
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72"
    "IneyaQM=\n"
).encode()

# golang.org/x/mod/sumdb/note, package documentation: the verifier key, text and signed note of its examples
GO_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = (
    b"If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
)
GO_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJ"
    "nAM=\n"
)

# A checkpoint of Go's checksum database and its well-known key; torchwood, cmd/litewitness/testdata/sumdb.txt
SUMDB_VKEY = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
SUMDB_NOTE = (
    "go.sum database tree\n35225469\nvt5T6GaLCXvyHFl9VUvvItR43XZxfLgftEcTyO3eJCQ=\n\n"
    "— sum.golang.org Az3grpukl5AXaVfYkLiDGORx/DN2nlcS5kZHR5uYOBV2KA2HgXpD+gu9HHONebHLAyaKbbTM75QTtPydhKCE"
    "xixSfwQ=\n"
).encode()

KNOWN = {
    "specification": (SPEC_VKEY, SPEC_NOTE),
    "go": (GO_VKEY, GO_TEXT + b"\n" + GO_LINE.encode()),
    "sumdb": (SUMDB_VKEY, SUMDB_NOTE),
}


@pytest.mark.parametrize("name", KNOWN)
def test_notes_made_by_others_open(name: str):
    vkey, raw = KNOWN[name]
    key = NoteKey.parse(vkey)
    text, signers = open_note(raw, [key])
    assert raw.startswith(text + b"\n")
    assert signers == (key,)


@pytest.mark.parametrize("name", KNOWN)
def test_what_others_wrote_is_written_back_byte_for_byte(name: str):
    vkey, raw = KNOWN[name]
    assert Note.parse(raw).encode() == raw
    assert NoteKey.parse(vkey).vkey == vkey


# transparency-dev/formats, note/note_cosigv1_test.go: "native algEd25519CosignatureV1 verifier"
def test_a_cosignature_key_made_by_others_is_read():
    key = NoteKey.parse("remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2")
    assert key.type is SignatureType.COSIGNATURE_V1


# --- keys ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "private", "size"),
    [
        (SignatureType.ED25519, ED25519, 32),
        (SignatureType.COSIGNATURE_V1, ED25519, 32),
        (SignatureType.ML_DSA_44, ML_DSA, 1312),
    ],
)
def test_a_key_id_is_the_hash_of_name_type_and_public_key(
    kind: SignatureType, private: Ed25519PrivateKey | MLDSA44PrivateKey, size: int
):
    key = NoteSigner("kr.example/log", kind, private).key
    raw = private.public_key().public_bytes_raw()
    assert len(key.public) == size
    assert key.key_id == sha256(b"kr.example/log\n" + bytes([kind]) + raw).digest()[:4]
    assert NoteKey.parse(key.vkey) == key


def test_the_same_key_under_two_types_has_two_ids():
    one = NoteKey("kr.example/w", SignatureType.ED25519, SIGNER.key.public)
    two = NoteKey("kr.example/w", SignatureType.COSIGNATURE_V1, SIGNER.key.public)
    assert one.key_id != two.key_id


def _vkey(name: str, key_id: str, raw: bytes) -> str:
    return f"{name}+{key_id}+{base64.b64encode(raw).decode()}"


def _own_vkey(name: str, raw: bytes) -> str:
    return _vkey(name, sha256(name.encode() + b"\n" + raw).hexdigest()[:8], raw)


RAW = b"\x01" + SIGNER.key.public


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "kr.example/log",
        "kr.example/log+c74f20a3",
        SIGNER.key.vkey.replace("kr", "KR"),
        SIGNER.key.vkey + "\n",
        " " + SIGNER.key.vkey,
        SIGNER.key.vkey.rstrip("=") + "+",
        _own_vkey("", RAW),
        _own_vkey("kr example", RAW),
        _own_vkey("kr\u00a0example", RAW),
        _own_vkey("kr\u3000example", RAW),
        _own_vkey("kr\nexample", RAW),
        _own_vkey("k" * 256, RAW),
        _vkey("kr.example/log", "00000000", RAW),
        _vkey("kr.example/log", SIGNER.key.key_id.hex().upper(), RAW),
        _vkey("kr.example/log", "0" + SIGNER.key.key_id.hex(), RAW),
        _own_vkey("kr.example/log", b""),
        _own_vkey("kr.example/log", RAW[:-1]),
        _own_vkey("kr.example/log", RAW + b"\x00"),
        _own_vkey("kr.example/log", b"\x02" + RAW[1:]),
        _own_vkey("kr.example/log", b"\x05" + RAW[1:]),
        _own_vkey("kr.example/log", b"\x06" + RAW[1:]),
        _own_vkey("kr.example/log", b"\xff" + RAW[1:]),
        "kr\udc80.example/log+00000000+AA==",
    ],
)
def test_anything_but_the_one_text_of_a_key_is_refused(vkey: str):
    with pytest.raises(VkeyMalformed):
        NoteKey.parse(vkey)


@pytest.mark.parametrize("at", range(len(SIGNER.key.vkey)))
def test_no_flipped_character_of_a_vkey_gives_the_same_key(at: int):
    vkey = SIGNER.key.vkey
    changed = vkey[:at] + chr(ord(vkey[at]) ^ 1) + vkey[at + 1 :]
    with pytest.raises((VkeyMalformed, WeakPublicKey)):
        NoteKey.parse(changed)


def test_a_vkey_has_no_second_spelling_with_loose_trailing_bits():
    assert SIGNER.key.vkey[-1] != "="  # 33 bytes fill their base64 exactly; ML-DSA's 1313 do not
    vkey = NoteSigner("kr.example/log", SignatureType.ML_DSA_44, ML_DSA).key.vkey
    assert vkey.endswith("=")
    body = vkey.rstrip("=")
    loose = body[:-1] + chr(ord(body[-1]) + 1) + "=" * (len(vkey) - len(body))
    assert base64.b64decode(loose.split("+", 2)[2]) == base64.b64decode(vkey.split("+", 2)[2])
    with pytest.raises(VkeyMalformed):
        NoteKey.parse(loose)


def test_a_small_order_key_is_not_enrolled():
    with pytest.raises(WeakPublicKey):
        NoteKey.parse(_own_vkey("kr.example/log", b"\x01" + bytes(32)))


def test_a_signer_does_not_show_its_private_key_and_keeps_to_its_type():
    assert "private" not in repr(SIGNER)
    with pytest.raises(VkeyMalformed):
        NoteSigner("kr.example/log", SignatureType.ML_DSA_44, ED25519)
    with pytest.raises(VkeyMalformed):
        NoteSigner("kr.example/log", SignatureType.COSIGNATURE_V1, ML_DSA)


# --- opening ---------------------------------------------------------------------------------------------


def test_the_text_keeps_its_blank_lines_and_loses_only_the_last():
    assert open_note(GOOD, [SIGNER.key]) == (TEXT, (SIGNER.key,))


@pytest.mark.parametrize("at", range(len(GOOD)))
def test_no_flipped_byte_opens(at: int):
    changed = GOOD[:at] + bytes([GOOD[at] ^ 1]) + GOOD[at + 1 :]
    with pytest.raises((NoteMalformed, LineInvalid, NoKnownKey)):
        open_note(changed, [SIGNER.key])


def test_lines_of_unknown_keys_are_ignored_even_when_they_are_nonsense():
    nonsense = NoteLine("fr.example/log", b"abcd", b"\x00")
    raw = Note.parse(GOOD).with_lines([nonsense]).encode()
    assert open_note(raw, [SIGNER.key]) == (TEXT, (SIGNER.key,))


def test_a_line_that_shares_only_the_name_or_only_the_id_is_unknown():
    line = Note.parse(GOOD).lines[0]
    same_name = NoteLine(line.name, b"abcd", b"\x00" * 64)
    same_id = NoteLine("fr.example/log", line.key_id, b"\x00" * 64)
    raw = Note.parse(GOOD).with_lines([same_name, same_id]).encode()
    assert open_note(raw, [SIGNER.key]) == (TEXT, (SIGNER.key,))


def test_a_known_key_that_fails_rejects_the_whole_note():
    bad = NoteLine("fr.example/log", STRANGER.key.key_id, bytes(64))
    raw = Note.parse(GOOD).with_lines([bad]).encode()
    assert open_note(raw, [SIGNER.key])[0] == TEXT
    with pytest.raises(LineInvalid, match=r"fr\.example/log"):
        open_note(raw, [SIGNER.key, STRANGER.key])


def test_a_second_line_of_a_known_key_is_verified_too():
    bad = NoteLine(SIGNER.name, SIGNER.key.key_id, bytes(64))
    with pytest.raises(LineInvalid):
        open_note(Note.parse(GOOD).with_lines([bad]).encode(), [SIGNER.key])


def test_swapped_names_make_both_lines_unknown():
    one, two = Note.parse(sign_note(TEXT, [SIGNER, STRANGER])).lines
    swapped = Note(TEXT, (one._replace(name=two.name), two._replace(name=one.name))).encode()
    with pytest.raises(NoKnownKey):
        open_note(swapped, [SIGNER.key, STRANGER.key])


def test_a_repeated_line_counts_its_key_once():
    line = GOOD[GOOD.rindex("—".encode()) :]
    assert open_note(GOOD + line * 3, [SIGNER.key]) == (TEXT, (SIGNER.key,))


@pytest.mark.parametrize("keys", [[], [STRANGER.key]], ids=["none", "another"])
def test_without_a_known_signer_nothing_is_returned(keys: list[NoteKey]):
    with pytest.raises(NoKnownKey):
        open_note(GOOD, keys)


def test_a_cosignature_key_verifies_no_plain_line():
    key = NoteKey(SIGNER.name, SignatureType.COSIGNATURE_V1, SIGNER.key.public)
    line = NoteLine(key.name, key.key_id, ED25519.sign(TEXT))
    with pytest.raises(LineInvalid):
        open_note(Note(TEXT, (line,)).encode(), [key])


# --- form and bounds -------------------------------------------------------------------------------------

LINE = Note.parse(GOOD).lines[0].encode().encode()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n",
        TEXT,
        TEXT + b"\n",
        TEXT + LINE,
        TEXT[:-1] + LINE,
        GOOD[:-1],
        GOOD + b"\n",
        GOOD + b" ",
        GOOD + b"\x00",
        GOOD + b"trailing\n",
        GOOD.replace(b"\n", b"\r\n"),
        GOOD.replace(b"\n", b"\r"),
        GOOD.replace("—".encode(), b"-"),
        GOOD.replace("— ".encode(), "—  ".encode()),
        GOOD.replace("— ".encode(), "—\u00a0".encode()),
        GOOD.replace(b"kr.example/log ", b"kr.example/log  "),
        GOOD.replace(b"kr.example/log ", b"kr+example/log "),
        GOOD.replace(b"kr.example/log ", "kr.example\u2003/log ".encode()),
        GOOD.replace(b"kr.example/log ", b""),
        GOOD.replace(b"kr.example/log ", b"k" * 256 + b" "),
        GOOD[:-2] + b"\n",
        GOOD[:-1] + b"=\n",
        GOOD[:-1] + b"\t\n",
        GOOD[:-1] + b" AAAA\n",
        b"\xff" + GOOD,
        b"\xef\xbb" + GOOD,
        b"\x07" + GOOD,
        b"tab\t" + GOOD,
        TEXT + "\n— kr.example/log AAAAAA==\n".encode(),
        TEXT + "\n— kr.example/log AAAA\n".encode(),
        TEXT + "\n— kr.example/log \n".encode(),
        TEXT + "\n— kr.example/log\n".encode(),
        TEXT + "\n— kr.example/log AAAA_-==\n".encode(),
        TEXT + b"\n" + NoteLine("a", b"abcd", bytes(8193)).encode().encode(),
    ],
)
def test_anything_but_the_form_is_refused(raw: bytes):
    with pytest.raises(NoteMalformed):
        Note.parse(raw)


def test_a_signature_has_no_second_spelling_with_loose_trailing_bits():
    body = LINE.rstrip(b"=\n")
    assert LINE.endswith(b"=\n")
    loose = body[:-1] + bytes([body[-1] + 1]) + LINE[len(body) :]
    assert base64.b64decode(loose.split()[2]) == base64.b64decode(LINE.split()[2])
    with pytest.raises(NoteMalformed):
        Note.parse(GOOD.replace(LINE, loose))


@pytest.mark.parametrize("count", [1, 16, 17, MAX_LINES])
def test_sixteen_signatures_and_many_more_are_accepted(count: int):
    strangers = [NoteLine(f"w{at}.example", bytes([0, 0, 0, at]), bytes(64)) for at in range(count - 1)]
    raw = Note(TEXT, (*strangers, *Note.parse(GOOD).lines)).encode()
    assert len(Note.parse(raw).lines) == count
    assert open_note(raw, [SIGNER.key])[0] == TEXT


def test_one_line_more_than_the_bound_is_refused():
    lines = tuple(NoteLine("w.example", bytes(4), bytes([at])) for at in range(MAX_LINES + 1))
    with pytest.raises(NoteMalformed, match="signature lines"):
        Note.parse(Note(TEXT, lines).encode())


def test_one_byte_more_than_the_bound_is_refused_before_anything_is_read():
    fill = b"x" * (MAX_NOTE_BYTES - len(GOOD))
    assert Note.parse(fill + GOOD).lines
    with pytest.raises(TooLarge):
        Note.parse(b"x" + fill + GOOD)


def test_errors_quote_little_of_what_they_refuse():
    with pytest.raises(NoteMalformed) as caught:
        Note.parse(TEXT + b"\n" + b"x" * 100_000 + b"\n")
    assert len(str(caught.value)) < 200
    assert len(caught.value.say("ko")) < 200


@pytest.mark.parametrize("text", [b"", b"no newline", b"a\r\n", b"\xff\n"])
def test_a_text_no_note_can_carry_is_not_signed(text: bytes):
    with pytest.raises(NoteMalformed):
        sign_note(text, [SIGNER])


def test_a_plain_note_is_signed_by_plain_keys_only():
    with pytest.raises(VkeyMalformed):
        sign_note(TEXT, [NoteSigner("kr.example/w", SignatureType.COSIGNATURE_V1, ED25519)])
    with pytest.raises(NoteMalformed):
        sign_note(TEXT, [])


# --- any note --------------------------------------------------------------------------------------------

CHARS = st.characters(codec="utf-8", exclude_categories=["Cs"]).filter(lambda c: c >= " " or c == "\n")
TEXTS = st.text(CHARS, max_size=200).map(lambda text: (text + "\n").encode())
NAMES = st.text(CHARS.filter(lambda c: not c.isspace() and c != "+"), min_size=1, max_size=60)
LINES = st.builds(NoteLine, NAMES, st.binary(min_size=4, max_size=4), st.binary(min_size=1, max_size=90))


@given(TEXTS, st.lists(LINES, min_size=1, max_size=20))
def test_every_note_is_read_back_as_written(text: bytes, lines: list[NoteLine]):
    note = Note(text, tuple(lines))
    assert Note.parse(note.encode()) == note


@settings(max_examples=50)
@given(TEXTS, NAMES)
def test_every_text_signed_opens_under_its_key_only(text: bytes, name: str):
    signer = NoteSigner(name, SignatureType.ED25519, ED25519)
    raw = sign_note(text, [signer])
    assert open_note(raw, [signer.key, STRANGER.key]) == (text, (signer.key,))
    with pytest.raises(NoKnownKey):
        open_note(raw, [NoteKey(name, SignatureType.ED25519, STRANGER.key.public)])


@given(st.one_of(st.binary(max_size=300), st.binary(max_size=200).map(lambda tail: GOOD + tail)))
def test_bytes_from_anywhere_are_read_back_the_same_or_refused(raw: bytes):
    try:
        note = Note.parse(raw)
    except NoteMalformed:
        return
    assert note.encode() == raw


@pytest.mark.parametrize("type_", list(SignatureType))
def test_what_verified_is_remembered_and_nothing_else(type_: SignatureType, monkeypatch: pytest.MonkeyPatch):
    """It is asked for by key, signature and message together, each with one byte changed."""
    seen = notes._Seen(2)
    monkeypatch.setattr(notes, "_SEEN", seen)
    make = MLDSA44PrivateKey if type_ is SignatureType.ML_DSA_44 else Ed25519PrivateKey
    signer, other = (NoteSigner("kr.example/w", type_, make.generate()) for _ in range(2))
    good = signer.sign(b"message")
    bad = good[:-1] + bytes([good[-1] ^ 1])
    for _ in range(2):  # before and after it is remembered
        assert not signer.key.verifies(bad, b"message")
        assert not signer.key.verifies(good, b"messagf")
        assert not signer.key.verifies(good[:-1], good[-1:] + b"message")
        assert not other.key.verifies(good, b"message")
        assert signer.key.verifies(good, b"message")
    for number in range(5):
        text = b"%d" % number
        assert signer.key.verifies(signer.sign(text), text)
        assert len(seen._seen) <= 2
    assert signer.key.verifies(good, b"message")
