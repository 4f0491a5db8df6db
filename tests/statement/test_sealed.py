"""Sealed content: only its recipients read it, all of them the same, and it has one form."""

import hashlib
from pathlib import Path

import cbor2
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st
from tests.statement.make import about, example_payload, flips, key

from haechi.errors import BadInput, HaechiError, Refused, TooLarge
from haechi.facts import load
from haechi.findings import Verdict
from haechi.statement import cbor
from haechi.statement.claims import check_claim, claim_of, kind_of
from haechi.statement.envelope import HashEnvelope, Statement, sign_statement
from haechi.statement.header import SEALED_TYPE, Sharing
from haechi.statement.keyring import load_key, load_seal_key, save_key
from haechi.statement.keys import KeyLocked, KeyMalformed, SigningKey
from haechi.statement.parcel import PARCEL_TYPE, Parcel, ParcelMalformed
from haechi.statement.seal_keys import Recipient, RecipientMalformed, SealKey
from haechi.statement.sealed import (
    MAX_RECIPIENTS,
    MAX_SEALED_BYTES,
    SIZES,
    NotForThisKey,
    SealMalformed,
    Wrapped,
    read_sealed,
    seal,
)
from haechi.statement.sharing import (
    ContentAbsent,
    NotWider,
    check_inner_claim,
    inner_claim,
    open_content,
    open_released,
    require_wider,
    sign_encrypted,
    sign_encrypted_file,
    sign_kept,
)

KEYS = [SealKey.generate() for _ in range(3)]
PUBLIC = [one.public for one in KEYS]
OTHER = SealKey.generate()
CONTEXT = b"a statement's header"
SECRET = b"the figure is 41.7 %"
SEALED = seal(SECRET, PUBLIC, CONTEXT)
FACTS = load()
AMBER = about("withdraw", sharing=Sharing.AMBER)
WITHDRAW = kind_of("withdraw")


@pytest.mark.parametrize("own", KEYS)
def test_every_recipient_reads_the_same(own: SealKey):
    opened = read_sealed(SEALED).open([OTHER, own], CONTEXT)
    assert (opened.content, opened.by) == (SECRET, own.public.text)
    assert read_sealed(SEALED).open_with(opened.key, CONTEXT) == SECRET


def test_nobody_else_reads_it_and_it_opens_for_its_own_statement_only():
    for keys, context in (([OTHER], CONTEXT), ([], CONTEXT), (KEYS, b"another statement's header")):
        with pytest.raises(NotForThisKey):
            read_sealed(SEALED).open(keys, context)
    with pytest.raises(NotForThisKey):
        read_sealed(SEALED).open_with(bytes(32), CONTEXT)


@given(st.integers(1, MAX_RECIPIENTS))
def test_neither_recipients_nor_their_number_stand_in_it(count: int):
    public = [SealKey.generate().public for _ in range(count)]
    raw = seal(SECRET, public, CONTEXT)
    for one in public:
        assert one.raw not in raw
        assert one.thumbprint not in raw
    assert SECRET not in raw
    assert len(read_sealed(raw).shares) == next(size for size in SIZES if size >= count)


def test_the_place_of_a_recipient_says_nothing():
    places = {
        next(at for at, share in enumerate(read_sealed(raw).shares) if _opens(raw, share))
        for raw in (seal(SECRET, PUBLIC[:1], CONTEXT) for _ in range(60))
    }
    assert len(places) == SIZES[0]


def _opens(raw: bytes, share: Wrapped) -> bool:
    sealed = read_sealed(raw)
    try:
        return sealed._replace(shares=(share,)).open(KEYS[:1], CONTEXT).content == SECRET
    except NotForThisKey:
        return False


def test_a_changed_byte_is_refused_or_was_in_another_recipients_share():
    sealed = read_sealed(SEALED)
    own = next(at for at, share in enumerate(sealed.shares) if _opens(SEALED, share))
    untouched = 0
    for at, raw in flips(SEALED):
        try:
            opened = read_sealed(raw).open(KEYS[:1], CONTEXT)
        except (BadInput, Refused):
            continue
        untouched += 1
        # What still opens has the same content: some other share was hit, and our own was not.
        assert opened.content == SECRET
        assert read_sealed(raw).shares[own] == sealed.shares[own], at
    assert untouched == 3 * 80 * (len(sealed.shares) - 1)


def test_one_ciphertext_cannot_say_two_things():
    """AES-GCM alone allows it; the commitment in the header does not."""
    sealed = read_sealed(SEALED)
    opened = sealed.open(KEYS, CONTEXT)
    forged = AESGCM(bytes(32)).encrypt(
        sealed.iv, b"something else", cbor.encode(["Encrypt", sealed.protected, CONTEXT])
    )
    assert sealed._replace(ciphertext=forged).commit == sealed.commit
    with pytest.raises(NotForThisKey):
        sealed._replace(ciphertext=forged).open_with(bytes(32), CONTEXT)
    assert hashlib.sha256(b"haechi content key\0" + opened.key).digest() == sealed.commit


def test_it_is_the_structure_of_the_draft():
    tagged = cbor2.loads(SEALED)
    assert tagged.tag == 96
    protected, unprotected, ciphertext, recipients = tagged.value
    assert cbor2.loads(protected)[1] == 3
    assert set(unprotected) == {5}
    assert len(ciphertext) == len(SECRET) + 16
    for header, plain, wrapped in recipients:
        assert cbor2.loads(header) == {1: 50}
        assert set(plain) == {-4}
        assert (len(plain[-4]), len(wrapped)) == (32, 48)


LOOSE = {
    "no tag": cbor2.dumps,
    "another tag": lambda parts: cbor2.dumps(cbor2.CBORTag(16, parts)),
    "a kid": lambda parts: _tagged(
        [*parts[:3], [[one[0], {**one[1], 4: b"kr"}, one[2]] for one in parts[3]]]
    ),
    "three shares": lambda parts: _tagged([*parts[:3], parts[3][:3]]),
    "no share": lambda parts: _tagged([*parts[:3], []]),
    "another algorithm": lambda parts: _tagged([cbor2.dumps({1: 1, "commit": bytes(32)}), *parts[1:]]),
    "no commitment": lambda parts: _tagged([cbor2.dumps({1: 3}), *parts[1:]]),
    "a longer iv": lambda parts: _tagged([parts[0], {5: bytes(16)}, *parts[2:]]),
    "a byte more": lambda parts: _tagged(parts) + b"\0",
    "detached": lambda parts: _tagged([parts[0], parts[1], None, parts[3]]),
    "a text": lambda parts: _tagged([parts[0], parts[1], "text", parts[3]]),
}


def _tagged(parts: list[object]) -> bytes:
    return cbor2.dumps(cbor2.CBORTag(96, parts))


def test_the_accepted_form():
    assert read_sealed(_tagged(cbor2.loads(SEALED).value)).open(KEYS, CONTEXT).content == SECRET


@pytest.mark.parametrize("how", LOOSE)
def test_one_change_in_the_form_is_refused(how: str):
    with pytest.raises((SealMalformed, cbor.CborMalformed)):
        read_sealed(LOOSE[how](cbor2.loads(SEALED).value))


def test_recipients_and_sizes_are_bounded():
    for bad in ([], [SealKey.generate().public for _ in range(MAX_RECIPIENTS + 1)]):
        with pytest.raises(SealMalformed):
            seal(SECRET, bad, CONTEXT)
    with pytest.raises(TooLarge):
        seal(bytes(MAX_SEALED_BYTES), PUBLIC, CONTEXT)
    with pytest.raises(HaechiError):
        read_sealed(b"\xd8\x60" + bytes(MAX_SEALED_BYTES + 1))


# Keys


def test_a_key_is_told_read_and_kept(tmp_path: Path):
    public = KEYS[0].public
    assert Recipient.from_text(public.text) == Recipient.from_cose(public.cose_key) == public
    plain, locked = save_key(tmp_path, "a", KEYS[0]), save_key(tmp_path, "b", KEYS[0], b"words")
    assert plain.stat().st_mode & 0o777 == 0o600
    assert load_seal_key(plain, b"needless").public == load_seal_key(locked, b"words").public == public
    for secret in (None, b"other"):
        with pytest.raises(KeyLocked):
            load_seal_key(locked, secret)
    assert KEYS[0].private.private_bytes_raw().hex() not in repr(KEYS[0])


def test_a_key_has_one_duty(tmp_path: Path):
    signing, opening = save_key(tmp_path, "sign", SigningKey.generate()), save_key(tmp_path, "open", KEYS[0])
    with pytest.raises(KeyMalformed):
        load_seal_key(signing)
    with pytest.raises(KeyMalformed):
        load_key(opening)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x25519:",
        PUBLIC[0].text + "A",
        PUBLIC[0].text[:-1],
        PUBLIC[0].text.replace("x25519", "X25519"),
        "x25519:" + "A" * 43,  # zero: of small order
        "x25519:AQ" + "A" * 41,  # one: of small order
        "x25519:7" + "_" * 41 + "3",  # the field's prime: another name of zero
        "x25519:" + "_" * 42 + "8",  # not canonical
        "x25519:" + "_" * 42 + "9",  # bits beyond the last byte
    ],
    ids=range(10),  # the keys are fresh in each run
)
def test_weak_and_misspelled_keys_are_refused(text: str):
    with pytest.raises(RecipientMalformed):
        Recipient.from_text(text)


# Statements


def test_an_encrypted_claim_is_read_by_its_recipients_only():
    payload = example_payload(WITHDRAW)
    statement = sign_encrypted(key(), AMBER, payload, PUBLIC)
    assert payload not in statement.raw
    assert statement.check_signature().verdict is Verdict.HOLDS
    assert check_claim(statement, FACTS).code == "statement.claim.encrypted"
    assert claim_of(statement, FACTS) is None
    opened = open_content(statement, None, KEYS[2:])
    assert inner_claim(statement, opened, FACTS) == WITHDRAW.example()
    assert [one.code for one in check_inner_claim(statement, opened, FACTS)] == ["statement.claim.valid"]
    with pytest.raises(NotForThisKey):
        open_content(statement, None, [OTHER])
    assert opened.key is not None
    released = open_released(statement, None, opened.key, bytes(32))
    assert (released.parcel, released.finding.code) == (opened.parcel, "statement.opened.released")


def test_content_that_is_no_claim_of_its_kind_fails():
    statement = sign_encrypted(key(), AMBER, b"\xa0", PUBLIC)
    opened = open_content(statement, None, KEYS)
    assert [one.code for one in check_inner_claim(statement, opened, FACTS)] == ["statement.claim.invalid"]


def test_nobody_signs_anothers_ciphertext_as_their_own():
    stolen = sign_encrypted(key(), AMBER, example_payload(WITHDRAW), PUBLIC).payload
    again = sign_statement(key(), AMBER, stolen)
    assert open_content(again, None, KEYS).finding.verdict is Verdict.HOLDS
    for signer, said in ((key(seed=2), AMBER), (key(), replace_about(subject="another"))):
        with pytest.raises(NotForThisKey):
            open_content(sign_statement(signer, said, stolen), None, KEYS)


def replace_about(**changes: object):
    return about("withdraw", **({"sharing": Sharing.AMBER} | changes))


@pytest.mark.parametrize("level", [Sharing.AMBER, Sharing.AMBER_STRICT])
def test_an_encrypted_file_comes_back_with_its_name_and_type(level: Sharing):
    parcel = Parcel("text/csv", "annex.csv", b"a,b\n1,2\n")
    made = sign_encrypted_file(key(), about("document", sharing=level), parcel, PUBLIC)
    assert made.statement.hash_envelope == HashEnvelope(SEALED_TYPE)
    assert made.statement.payload == hashlib.sha256(made.file).digest()
    assert parcel.body not in made.file
    assert open_content(made.statement, made.file, KEYS).parcel == parcel
    assert open_content(made.statement, made.file + b"x", KEYS).finding.code == "statement.opened.differs"
    with pytest.raises(ContentAbsent):
        open_content(made.statement, None, KEYS)


def test_what_is_kept_leaves_a_digest_that_nobody_can_guess():
    parcel = Parcel("text/plain", "answer.txt", b"yes")
    said = about("document", sharing=Sharing.RED)
    made, again = sign_kept(key(), said, parcel), sign_kept(key(), said, parcel)
    assert made.statement.payload != again.statement.payload
    assert made.statement.hash_envelope == HashEnvelope(PARCEL_TYPE)
    assert open_content(made.statement, made.file, ()).parcel == parcel
    assert open_content(made.statement, again.file, ()).finding.verdict is Verdict.FAILS


FORMS = {
    "amber in the clear": (Sharing.AMBER, None, example_payload(WITHDRAW)),
    "amber+strict in the clear": (Sharing.AMBER_STRICT, None, example_payload(WITHDRAW)),
    "amber, an open file": (Sharing.AMBER, HashEnvelope("text/csv"), bytes(32)),
    "red in the clear": (Sharing.RED, None, example_payload(WITHDRAW)),
    "red, encrypted": (Sharing.RED, None, SEALED),
}


@pytest.mark.parametrize("case", FORMS)
def test_restricted_content_cannot_even_be_signed_in_the_open(case: str):
    level, envelope, payload = FORMS[case]
    with pytest.raises(BadInput):
        sign_statement(key(), about("withdraw", sharing=level), payload, hash_envelope=envelope)


def test_a_label_changed_after_signing_is_not_a_statement_or_not_signed():
    for level in (Sharing.CLEAR, Sharing.GREEN):
        raw = sign_statement(key(), about("withdraw", sharing=level), example_payload(WITHDRAW)).raw
        amber = raw.replace(level.encode(), b"AMBER"[: len(level)].ljust(len(level), b"R"))
        with pytest.raises(BadInput):
            Statement.from_bytes(amber)


@pytest.mark.parametrize(
    "change",
    [
        {"salt": bytes(15)},
        {"type": "csv"},
        {"name": "../annex"},
        {"name": ".."},
        {"name": "a" * 256},
        {"body": "text"},
        {"more": 1},
    ],
)
def test_a_parcel_has_one_form(change: dict[str, object]):
    fields = {"salt": bytes(16), "type": "text/csv", "name": "annex.csv", "body": b"x"}
    assert Parcel.decode(cbor.encode(fields)) == Parcel("text/csv", "annex.csv", b"x")
    with pytest.raises(ParcelMalformed):
        Parcel.decode(cbor.encode(fields | change))


def test_nothing_narrows():
    levels = [Sharing.RED, Sharing.AMBER_STRICT, Sharing.AMBER, Sharing.GREEN, Sharing.CLEAR]
    for old in levels:
        for new in levels:
            if levels.index(new) > levels.index(old):
                require_wider(old, new)
                continue
            with pytest.raises(NotWider):
                require_wider(old, new)
