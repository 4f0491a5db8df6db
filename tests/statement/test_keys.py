"""Keys: known answers, one family one algorithm, and nothing weak or ambiguous taken as a key."""

import hashlib

import cbor2
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa, rsa
from hypothesis import given
from hypothesis import strategies as st
from tests.statement.make import key

from haechi.errors import BadInput, HaechiError
from haechi.statement import cbor
from haechi.statement.keys import (
    ALGS,
    SIGNING_ALG,
    Family,
    KeyLocked,
    KeyMalformed,
    PublicKey,
    SigningKey,
    is_low_s,
    key_from_cose,
)
from haechi.statement.pkcs8 import encrypted_pem

HEX = bytes.fromhex
FAMILIES = list(Family)
each_family = pytest.mark.parametrize("family", FAMILIES, ids=str)
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
ALL_ALGS = sorted(
    {alg for algs in ALGS.values() for alg in algs} | {-7, -8, -9, -19, -35, -48, -49, -50, 0, 5}
)


# Known answers


def test_the_thumbprint_of_rfc_9679_section_6():
    x = HEX("65eda5a12577c2bae829437fe338701a10aaa375e1bb5b5de108de439c08551d")
    y = HEX("1e52ed75701163f7f9e40ddf9f341b3dc9ba860af7e0ca7ca7e9eecd0084d19c")
    public = PublicKey.from_raw(Family.ES256, x + y)
    assert public.cose_key.hex() == f"a40102200121582 0{x.hex()}225820{y.hex()}".replace(" ", "")
    assert public.thumbprint.hex() == "496bd8afadf307e5b08c64b0421bf9dc01528a344a43bda88fadd1669da253ec"


def test_the_thumbprint_of_rfc_9964_appendix_a():
    """The kid of its ML-DSA-44 example, whose seed is 32 zeros."""
    zeros = SigningKey(Family.ML_DSA_44, mldsa.MLDSA44PrivateKey.from_seed_bytes(bytes(32)))
    assert zeros.public.raw.startswith(
        HEX("ba71f9f64e11baeb58fa9c6fbb6e14e61f18643dab495b47539a9166ca019813")
    )
    assert zeros.public.thumbprint.hex() == "b8969ab4b37da9f0684e42647eb8a0be8b5b661ebf5d76f0583bf5b8d3a8059a"


RFC8032 = [  # section 7.1: secret, public, message, signature
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
            "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
            "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
]


@pytest.mark.parametrize(("secret", "public", "message", "signature"), RFC8032)
def test_the_signatures_of_rfc_8032(secret: str, public: str, message: str, signature: str):
    signer = SigningKey(Family.ED25519, ed25519.Ed25519PrivateKey.from_private_bytes(HEX(secret)))
    assert signer.public.raw.hex() == public
    assert signer.sign(HEX(message)).hex() == signature
    assert signer.public.verifies(-19, HEX(signature), HEX(message))
    assert PublicKey.from_cose(HEX(f"a301012006215820{public}")) == signer.public


# One family, its algorithms


@each_family
def test_a_key_verifies_under_its_own_algorithms_only(family: Family):
    signer = key(family)
    signature = signer.sign(b"message")
    for alg in ALL_ALGS:
        assert signer.public.verifies(alg, signature, b"message") == (alg in ALGS[family])
    assert signer.alg == SIGNING_ALG[family]


@each_family
def test_another_message_or_key_or_length_does_not_verify(family: Family):
    signer, other = key(family), key(family, seed=2)
    signature = signer.sign(b"message")
    assert not signer.public.verifies(signer.alg, signature, b"massage")
    assert not other.public.verifies(signer.alg, signature, b"message")
    for wrong in (b"", signature[:-1], signature + b"\x00", bytes(len(signature)), b"\xff" * len(signature)):
        assert not signer.public.verifies(signer.alg, wrong, b"message")


@each_family
def test_a_public_key_comes_back_from_its_cose_form(family: Family):
    public = key(family).public
    assert PublicKey.from_cose(public.cose_key) == public
    assert PublicKey.from_raw(family, public.raw) == public
    assert key_from_cose(public.cose_key) is key_from_cose(public.cose_key)
    assert cbor.encode(cbor2.loads(public.cose_key)) == public.cose_key
    assert public.thumbprint == hashlib.sha256(public.cose_key).digest()
    assert len({key(each).public.thumbprint for each in FAMILIES}) == len(FAMILIES)


@each_family
def test_fresh_keys_differ_and_hide_their_secret(family: Family):
    one, other = SigningKey.generate(family), SigningKey.generate(family)
    assert one.public != other.public
    assert one.public.thumbprint.hex()[:16] in repr(one)
    assert len(repr(one)) < 60


def test_an_es256_signature_has_the_lower_s_and_both_verify():
    signer = key(Family.ES256)
    for number in range(24):
        message = bytes((number,))
        signature = signer.sign(message)
        assert is_low_s(signature)
        twin = signature[:32] + (ORDER - int.from_bytes(signature[32:], "big")).to_bytes(32, "big")
        assert not is_low_s(twin)
        # Receipts of other makers are signed either way; statements are not taken so (see the envelope).
        assert signer.public.verifies(-7, twin, message)
    assert not is_low_s(bytes(63))
    assert is_low_s(bytes(32) + (ORDER // 2).to_bytes(32, "big"))
    assert not is_low_s(bytes(32) + (ORDER // 2 + 1).to_bytes(32, "big"))


# Not keys


ED = key().public.raw
P256 = key(Family.ES256).public.raw
ML44 = key(Family.ML_DSA_44).public.raw


@pytest.mark.parametrize(
    "members",
    [
        {},
        {1: 1, -1: 6},
        {1: 1, -1: 6, -2: ED[:-1]},
        {1: 1, -1: 6, -2: ED + b"\x00"},
        {1: 1, -1: 6, -2: ED.hex()},
        {1: 1, -1: 4, -2: ED},  # X25519
        {1: 1, -1: 7, -2: ED},  # Ed448
        {1: True, -1: 6, -2: ED},
        {1: 1, 3: -19, -1: 6, -2: ED},  # alg is not a required member
        {1: 1, 2: b"kid", -1: 6, -2: ED},
        {1: 1, -1: 6, -2: ED, -4: bytes(32)},  # a private key
        {"1": 1, -1: 6, -2: ED},
        {1: 2, -1: 1, -2: P256[:32]},
        {1: 2, -1: 1, -2: P256[:32], -3: True},  # a compressed point
        {1: 2, -1: 1, -2: P256[:31], -3: P256[31:]},  # the same 64 bytes, cut elsewhere
        {1: 2, -1: 1, -2: P256[:32], -3: bytes(32)},  # not on the curve
        {1: 2, -1: 1, -2: b"\xff" * 32, -3: P256[32:]},
        {1: 2, -1: 2, -2: P256[:32], -3: P256[32:]},  # P-384
        {1: 3, -1: b"\x01" * 256, -2: b"\x01\x00\x01"},  # RSA
        {1: 4, -1: bytes(32)},  # a shared secret
        {1: 7, 3: -48, -1: ML44[:-1]},
        {1: 7, 3: -49, -1: ML44},
        {1: 7, 3: -50, -1: ML44},
        {1: 7, -1: ML44},
        [1, 2],
    ],
)
def test_other_cose_keys_are_refused(members: object):
    with pytest.raises(KeyMalformed) as refused:
        PublicKey.from_cose(cbor.encode(members))
    assert refused.value.code == "statement.key"
    assert refused.value.say("en") != refused.value.say("ko")


LOW_ORDER = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  # not canonical
    "0200000000000000000000000000000000000000000000000000000000000000",  # not on the curve
]


@pytest.mark.parametrize("point", LOW_ORDER)
def test_weak_ed25519_keys_are_refused(point: str):
    raw = HEX(f"a301012006215820{point}")
    with pytest.raises(KeyMalformed):
        PublicKey.from_cose(raw)
    with pytest.raises(KeyMalformed):
        key_from_cose(raw)


@given(st.binary(max_size=100) | st.binary(max_size=40).map(lambda raw: HEX("a301012006215820") + raw))
def test_random_bytes_are_refused_as_bad_input(raw: bytes):
    try:
        public = PublicKey.from_cose(raw)
    except BadInput:
        return
    assert public.cose_key == raw


# PEM


@each_family
def test_a_key_comes_back_from_its_pem(family: Family):
    signer = key(family)
    plain = signer.to_pem()
    assert plain.startswith(b"-----BEGIN PRIVATE KEY-----")
    assert SigningKey.from_pem(plain).public == signer.public
    assert signer.to_pem(b"") == plain  # an empty answer at the prompt means none


def test_a_passphrase_locks_the_pem():
    signer = key()
    locked = signer.to_pem(b"open sesame")
    assert signer.private.private_bytes_raw() not in locked  # type: ignore[union-attr]
    assert SigningKey.from_pem(locked, b"open sesame").public == signer.public
    assert (
        SigningKey.from_pem(signer.to_pem("열려라 참깨".encode()), "열려라 참깨".encode()).public
        == signer.public
    )
    for wrong in (b"open sesam", b"Open sesame", None):
        with pytest.raises(KeyLocked) as refused:
            SigningKey.from_pem(locked, wrong)
        assert refused.value.code == "statement.key-locked"
    with pytest.raises(KeyLocked):
        SigningKey.from_pem(signer.to_pem(), b"needless")


@each_family
def test_other_tools_open_what_is_locked(family: Family):
    """The file is plain PKCS #8 with PBES2; few rounds here, to be quick."""
    private = key(family).private
    der = private.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem = encrypted_pem(der, b"pass", rounds=1000)
    opened = serialization.load_pem_private_key(pem, b"pass")
    assert (
        opened.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        == der
    )
    assert encrypted_pem(der, b"pass", rounds=1000) != pem
    with pytest.raises(KeyLocked):
        SigningKey.from_pem(pem, b"Pass")


@pytest.mark.parametrize("size", [1, 15, 16, 17, 300, 70_000])
def test_any_length_is_encrypted_and_opened(size: int):
    """DER lengths of one, two and three bytes."""
    pem = encrypted_pem(bytes(size), b"pass", rounds=1)
    assert pem.count(b"\n") == pem.rstrip().count(b"\n") + 1
    assert all(len(line) <= 64 for line in pem.splitlines()[1:-1])


def test_other_private_keys_are_refused():
    def pem(private: object) -> bytes:
        return private.private_bytes(  # type: ignore[attr-defined]
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    others = [
        pem(ec.generate_private_key(ec.SECP384R1())),
        pem(ec.generate_private_key(ec.SECP256K1())),
        pem(rsa.generate_private_key(65537, 2048)),
        pem(mldsa.MLDSA87PrivateKey.from_seed_bytes(bytes(32))),
        key()
        .private.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
        b"",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    ]
    for other in others:
        with pytest.raises(KeyMalformed):
            SigningKey.from_pem(other)


@given(st.binary(max_size=80), st.booleans(), st.none() | st.binary(max_size=4))
def test_no_pem_raises_anything_unforeseen(raw: bytes, locked: bool, passphrase: bytes | None):  # noqa: FBT001
    word = b"ENCRYPTED " if locked else b""
    for pem in (raw, b"-----BEGIN %sPRIVATE KEY-----\n%s\n-----END %sPRIVATE KEY-----\n" % (word, raw, word)):
        with pytest.raises(HaechiError):
            SigningKey.from_pem(pem, passphrase)
